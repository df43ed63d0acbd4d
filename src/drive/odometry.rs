//! PURE. Odometry: where the robot has gone, from what its wheels have counted.

use std::f64::consts::{PI, TAU};

/// Position and heading in the plane, REP-103, relative to where counting began.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pose {
    /// Metres forward of the start.
    pub x_m: f64,
    /// Metres left of the start.
    pub y_m: f64,
    /// Radians, left positive, −π…π.
    pub heading_rad: f64,
}

impl Pose {
    /// The pose after each wheel of a differential drive rolled its `left_m` and `right_m`, on a
    /// short arc taken at its middle heading.
    #[must_use]
    pub fn rolled(self, left_m: f64, right_m: f64, track_m: f64) -> Self {
        let turn = (right_m - left_m) / track_m;
        let distance = f64::midpoint(left_m, right_m);
        let middle = self.heading_rad + turn / 2.0;
        let heading = self.heading_rad + turn;
        Self {
            x_m: self.x_m + distance * middle.cos(),
            y_m: self.y_m + distance * middle.sin(),
            heading_rad: (heading + PI).rem_euclid(TAU) - PI,
        }
    }
}

/// Follows a pose through wheel counts.
#[derive(Clone, Debug)]
pub struct Odometry {
    track_m: f64,
    counts_per_m: f64,
    last: Option<[i32; 2]>,
    pose: Pose,
}

impl Odometry {
    /// Starts at the origin. `track_m`: distance between left and right wheels; `counts_per_m`:
    /// encoder counts that a wheel makes on a metre. Both are positive.
    #[must_use]
    pub fn new(track_m: f64, counts_per_m: f64) -> Self {
        Self { track_m, counts_per_m, last: None, pose: Pose::default() }
    }

    /// Takes the wheels' counters (left, right), which may wrap, and returns the new pose.
    pub fn update(&mut self, counts: [i32; 2]) -> Pose {
        if let Some(last) = self.last {
            let rolled = |wheel: usize| f64::from(counts[wheel].wrapping_sub(last[wheel])) / self.counts_per_m;
            self.pose = self.pose.rolled(rolled(0), rolled(1), self.track_m);
        }
        self.last = Some(counts);
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

    /// Goal: a straight line is straight, a spin on the spot stays there, and left is left.
    #[test]
    fn known_paths_end_where_geometry_says() {
        let mut odometry = Odometry::new(0.2, 1000.0);
        odometry.update([0, 0]);
        let pose = odometry.update([1000, 1000]);
        assert!((pose.x_m - 1.0).abs() < 1e-9 && pose.y_m.abs() < 1e-9);
        // A quarter turn left on the spot: each wheel rolls track/2 · π/2 = 157 mm.
        let pose = odometry.update([1000 - 157, 1000 + 157]);
        assert!((pose.heading_rad - 1.57).abs() < 0.01 && (pose.x_m - 1.0).abs() < 1e-9);
        let pose = odometry.update([1843, 2157]);
        assert!((pose.y_m - 1.0).abs() < 0.01, "forward now leads to the left of the start");
    }

    /// Goal: neither a wrapping counter nor a restarted one makes the robot leap.
    #[test]
    fn wrapped_and_restarted_counters_do_not_leap() {
        let mut odometry = Odometry::new(0.2, 1000.0);
        odometry.update([i32::MAX, i32::MAX]);
        let pose = odometry.update([i32::MIN + 9, i32::MIN + 9]);
        assert!((pose.x_m - 0.01).abs() < 1e-9);
        odometry.counters_restarted();
        assert_eq!(odometry.update([0, 0]), pose);
    }

    /// Goal: headings stay within one turn however often the robot spins.
    #[test]
    fn heading_stays_within_one_turn() {
        let mut pose = Pose::default();
        for _ in 0..1000 {
            pose = pose.rolled(-0.05, 0.05, 0.2);
            assert!((-PI..=PI).contains(&pose.heading_rad));
        }
    }
}
