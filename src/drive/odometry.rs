//! PURE. Odometry: where the robot has gone, from what its wheels have counted.

use serde::{Deserialize, Serialize};

use super::geometry::Geometry;
use super::mixer::MAX_MOTORS;

/// Position and heading in the plane, REP-103, relative to where counting began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Pose {
    /// Metres forward of the start.
    pub x_m: f64,
    /// Metres left of the start.
    pub y_m: f64,
    /// Radians, left positive, −π…π.
    pub heading_rad: f64,
}

/// Follows a pose through wheel counts.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Odometry {
    geometry: Geometry,
    counts_per_m: f64,
    last: Option<[i32; MAX_MOTORS]>,
    pose: Pose,
}

impl Odometry {
    /// Starts at the origin. `counts_per_m`: encoder counts that a wheel makes on a metre, positive.
    #[must_use]
    pub fn new(geometry: Geometry, counts_per_m: f64) -> Self {
        Self { geometry, counts_per_m, last: None, pose: Pose::default() }
    }

    /// Takes the wheels' counters in the order of the motors, which may wrap, and returns the new pose. `steering`:
    /// where the servo of a car stands, −1…1, left positive.
    pub fn update(&mut self, counts: &[i32], steering: f64) -> Pose {
        let mut now = [0; MAX_MOTORS];
        now.iter_mut().zip(counts).for_each(|(slot, count)| *slot = *count);
        if let Some(last) = self.last {
            let rolled =
                std::array::from_fn(|wheel| f64::from(now[wheel].wrapping_sub(last[wheel])) / self.counts_per_m);
            let rolled = self.geometry.by_side(rolled, counts.len());
            self.pose = self.pose.moved(self.geometry.way(rolled, steering));
        }
        self.last = Some(now);
        self.pose
    }

    /// The robot's counters began anew: the next counts set the start, the pose stays.
    pub fn counters_restarted(&mut self) {
        self.last = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drive::{Way, Wheels};
    use std::f64::consts::PI;

    fn odometry(wheels: Wheels) -> Odometry {
        Odometry::new(Geometry { wheels, track_m: 0.2, wheelbase_m: 0.3, steering_lock_rad: 0.5 }, 1000.0)
    }

    /// Goal: a straight line is straight, a spin on the spot stays there, and left is left.
    #[test]
    fn known_paths_end_where_geometry_says() {
        let mut odometry = odometry(Wheels::Differential);
        odometry.update(&[0, 0], 0.0);
        let pose = odometry.update(&[1000, 1000], 0.0);
        assert!((pose.x_m - 1.0).abs() < 1e-9 && pose.y_m.abs() < 1e-9);
        // A quarter turn left on the spot: each wheel rolls track/2 · π/2 = 157 mm.
        let pose = odometry.update(&[1000 - 157, 1000 + 157], 0.0);
        assert!((pose.heading_rad - 1.57).abs() < 0.01 && (pose.x_m - 1.0).abs() < 1e-9);
        let pose = odometry.update(&[1843, 2157], 0.0);
        assert!((pose.y_m - 1.0).abs() < 0.01, "forward now leads to the left of the start");
    }

    /// Goal: a robot that goes sideways is followed sideways, and a car around its curve.
    #[test]
    fn sideways_and_around_the_curve() {
        let mut mecanum = odometry(Wheels::Mecanum);
        mecanum.update(&[0; 4], 0.0);
        let pose = mecanum.update(&[-500, 500, 500, -500], 0.0);
        assert!((pose.y_m - 0.5).abs() < 1e-9 && pose.x_m.abs() < 1e-9 && pose.heading_rad.abs() < 1e-9);
        let mut car = odometry(Wheels::Ackermann);
        car.update(&[0, 0], 1.0);
        // Half a circle to the left, in centimetres: its radius is 0.3 / tan(0.5) = 0.549 m.
        let pose = (1..=172).map(|cm| car.update(&[cm * 10, 0], 1.0)).last().unwrap();
        assert!(pose.x_m.abs() < 0.02 && (pose.y_m - 1.098).abs() < 0.02, "{pose:?}");
    }

    /// Goal: neither a wrapping counter nor a restarted one makes the robot leap.
    #[test]
    fn wrapped_and_restarted_counters_do_not_leap() {
        let mut odometry = odometry(Wheels::Differential);
        odometry.update(&[i32::MAX, i32::MAX], 0.0);
        let pose = odometry.update(&[i32::MIN + 9, i32::MIN + 9], 0.0);
        assert!((pose.x_m - 0.01).abs() < 1e-9);
        odometry.counters_restarted();
        assert_eq!(odometry.update(&[0, 0], 0.0), pose);
    }

    /// Goal: headings stay within one turn however often the robot spins.
    #[test]
    fn heading_stays_within_one_turn() {
        let mut pose = Pose::default();
        for _ in 0..1000 {
            pose = pose.moved(Way { ahead_m: 0.0, left_m: 0.0, turned_rad: 0.5 });
            assert!((-PI..=PI).contains(&pose.heading_rad));
        }
    }
}
