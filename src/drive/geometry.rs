//! PURE. Geometry: from rolling wheels to the way of the body.

use std::f64::consts::SQRT_2;

use serde::{Deserialize, Serialize};

use super::mixer::{MAX_MOTORS, WheelSpeeds};
use super::odometry::Pose;
use super::wheels::Wheels;

/// A robot's drawing, in metres and radians; every length is positive.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Geometry {
    /// Its kind.
    pub wheels: Wheels,
    /// Distance between the left and right wheels, m.
    pub track_m: f64,
    /// Distance between the front and rear axles, m; of no account for two wheels and for skidding ones.
    pub wheelbase_m: f64,
    /// How far the front wheels of a car turn to one side, rad, below π/2.
    pub steering_lock_rad: f64,
}

/// A short way of the body in its own frame, or its speed if it took a second; REP-103.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Way {
    /// Ahead, m.
    pub ahead_m: f64,
    /// To the left, m.
    pub left_m: f64,
    /// Turned left, rad.
    pub turned_rad: f64,
}

impl Geometry {
    /// The way of the body after its wheels rolled so far, m, in the order of the motors. `steering`: where the servo
    /// of a car stands, −1…1, left positive.
    #[must_use]
    pub fn way(&self, rolled_m: [f64; MAX_MOTORS], steering: f64) -> Way {
        let [a, b, c, d] = rolled_m;
        let (mean, across, turning) = ((a + b + c + d) / 4.0, (b + c - a - d) / 4.0, (b + d - a - c) / 4.0);
        match self.wheels {
            Wheels::Differential => {
                Way { ahead_m: f64::midpoint(a, b), left_m: 0.0, turned_rad: (b - a) / self.track_m }
            }
            Wheels::Skid => Way { ahead_m: mean, left_m: 0.0, turned_rad: turning / (self.track_m / 2.0) },
            Wheels::Mecanum => {
                let arm = f64::midpoint(self.track_m, self.wheelbase_m);
                Way { ahead_m: mean, left_m: across, turned_rad: turning / arm }
            }
            Wheels::Omni => {
                let arm = (self.track_m + self.wheelbase_m) / (2.0 * SQRT_2);
                Way { ahead_m: mean * SQRT_2, left_m: across * SQRT_2, turned_rad: turning / arm }
            }
            Wheels::Ackermann => {
                let turned_rad = a * (steering * self.steering_lock_rad).tan() / self.wheelbase_m;
                Way { ahead_m: a, left_m: 0.0, turned_rad }
            }
        }
    }

    /// How fast the rim of a wheel moves when the body goes ahead at `speed`, in the same unit: wheels that stand
    /// aslant roll slower than the body goes.
    #[must_use]
    pub fn rim_speed(&self, speed: f64) -> f64 {
        match self.wheels {
            Wheels::Omni => speed / SQRT_2,
            Wheels::Differential | Wheels::Skid | Wheels::Mecanum | Wheels::Ackermann => speed,
        }
    }

    /// The speed of the body, m/s and rad/s, when its wheels turn at these speeds and full speed ahead is
    /// `top_speed_mps`. It is what they should make; nobody measured it.
    #[must_use]
    pub fn speed(&self, wheels: &WheelSpeeds, top_speed_mps: f64) -> Way {
        let rim = self.rim_speed(top_speed_mps);
        let mut rolled = [0.0; MAX_MOTORS];
        for (slot, speed) in rolled.iter_mut().zip(wheels.as_slice()) {
            *slot = f64::from(*speed) / 1000.0 * rim;
        }
        let steering = wheels.as_slice().get(1).map_or(0.0, |speed| f64::from(*speed) / 1000.0);
        self.way(self.by_side(rolled, wheels.as_slice().len()), steering)
    }

    /// A differential robot may have two motors a side; a side goes as far as they do on average.
    pub(super) fn by_side(&self, [a, b, c, d]: [f64; MAX_MOTORS], motors: usize) -> [f64; MAX_MOTORS] {
        if self.wheels == Wheels::Differential && motors == MAX_MOTORS {
            [f64::midpoint(a, c), f64::midpoint(b, d), 0.0, 0.0]
        } else {
            [a, b, c, d]
        }
    }
}

impl Pose {
    /// The pose after a short way, taken as an arc at its middle heading.
    #[must_use]
    pub fn moved(self, way: Way) -> Self {
        let (sin, cos) = (self.heading_rad + way.turned_rad / 2.0).sin_cos();
        Self {
            x_m: self.x_m + way.ahead_m * cos - way.left_m * sin,
            y_m: self.y_m + way.ahead_m * sin + way.left_m * cos,
            heading_rad: turned(self.heading_rad + way.turned_rad),
        }
    }
}

/// A heading within one turn, −π…π.
fn turned(heading_rad: f64) -> f64 {
    use std::f64::consts::{PI, TAU};
    (heading_rad + PI).rem_euclid(TAU) - PI
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drive::Twist;
    use crate::drive::mixer::mix;
    use proptest::prelude::*;

    fn geometry(wheels: Wheels) -> Geometry {
        Geometry { wheels, track_m: 0.2, wheelbase_m: 0.3, steering_lock_rad: 0.5 }
    }

    fn speed(wheels: Wheels, linear: f64, lateral: f64, angular: f64) -> Way {
        geometry(wheels).speed(&mix(wheels, Twist { linear, lateral, angular }), 2.0)
    }

    fn is_near(way: Way, ahead_m: f64, left_m: f64, turned_rad: f64) {
        let off = (way.ahead_m - ahead_m).abs() + (way.left_m - left_m).abs() + (way.turned_rad - turned_rad).abs();
        assert!(off < 1e-2, "{way:?} instead of {ahead_m}, {left_m}, {turned_rad}");
    }

    /// Goal: each kind goes as fast ahead as its configuration says, and turns as its drawing says.
    #[test]
    fn every_kind_has_its_speeds() {
        for kind in Wheels::ALL {
            is_near(speed(kind, 1.0, 0.0, 0.0), 2.0, 0.0, 0.0);
        }
        is_near(speed(Wheels::Differential, 0.0, 0.0, 1.0), 0.0, 0.0, 2.0 / 0.1);
        is_near(speed(Wheels::Skid, 0.0, 0.0, 1.0), 0.0, 0.0, 2.0 / 0.1);
        is_near(speed(Wheels::Mecanum, 0.0, 0.5, 0.0), 0.0, 1.0, 0.0);
        is_near(speed(Wheels::Mecanum, 0.0, 0.0, 1.0), 0.0, 0.0, 2.0 / 0.25);
        is_near(speed(Wheels::Omni, 0.0, -1.0, 0.0), 0.0, -2.0, 0.0);
        // Each omni wheel is 0.1 to the side and 0.15 ahead, at 45 degrees: its arm is (0.1 + 0.15) / √2.
        is_near(speed(Wheels::Omni, 0.0, 0.0, 1.0), 0.0, 0.0, 2.0 / SQRT_2 / (0.25 / SQRT_2));
        // Wheels of a car at full lock roll around a point at wheelbase / tan(lock) to the side.
        is_near(speed(Wheels::Ackermann, 0.5, 0.0, 1.0), 1.0, 0.0, 0.5_f64.tan() / 0.3);
        is_near(speed(Wheels::Ackermann, 0.0, 0.0, 1.0), 0.0, 0.0, 0.0);
    }

    /// Goal: a differential robot with two motors a side is the same robot.
    #[test]
    fn two_motors_a_side_are_one() {
        let of = |speeds: &[i16]| geometry(Wheels::Differential).speed(&WheelSpeeds::new(speeds), 2.0);
        assert_eq!(of(&[300, 700]), of(&[300, 700, 300, 700]));
    }

    proptest! {
        /// Goal: a way and the same way mirrored end at mirrored places.
        #[test]
        fn ways_are_symmetric(ahead_m in -1.0..1.0f64, left_m in -1.0..1.0f64, turned_rad in -1.0..1.0f64) {
            let left = Pose::default().moved(Way { ahead_m, left_m, turned_rad });
            let right = Pose::default().moved(Way { ahead_m, left_m: -left_m, turned_rad: -turned_rad });
            prop_assert!((left.x_m - right.x_m).abs() < 1e-9 && (left.y_m + right.y_m).abs() < 1e-9);
            prop_assert!((left.heading_rad + right.heading_rad).abs() < 1e-9);
        }
    }
}
