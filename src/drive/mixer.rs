//! PURE. Mixer: Twist to wheel speeds, all scaled alike when one saturates.

use super::motion::Twist;

/// Motors a robot has at most; the protocol's DRIVE has room for as many.
pub const MAX_MOTORS: usize = 4;

/// Full speed of a motor, permille.
const FULL: f64 = 1000.0;

/// One speed per motor, permille of full, −1000…1000; motor 0 is on the left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WheelSpeeds {
    permille: [i16; MAX_MOTORS],
    motors: usize,
}

impl WheelSpeeds {
    /// All `motors` at rest; more than [`MAX_MOTORS`] are cut to that many.
    #[must_use]
    pub fn zero(motors: usize) -> Self {
        Self { permille: [0; MAX_MOTORS], motors: motors.min(MAX_MOTORS) }
    }

    /// The speeds, one a motor.
    #[must_use]
    pub fn as_slice(&self) -> &[i16] {
        &self.permille[..self.motors]
    }

    /// Whether every motor is at rest.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.as_slice().iter().all(|speed| *speed == 0)
    }

    /// Scales `fractions` of full speed alike so that the fastest is at most 1, and rounds them.
    fn saturated<const N: usize>(fractions: [f64; N]) -> Self {
        let fastest = fractions.iter().fold(1.0_f64, |most, speed| most.max(speed.abs()));
        let mut speeds = Self::zero(N);
        for (slot, speed) in speeds.permille.iter_mut().zip(fractions) {
            *slot = permille(speed / fastest);
        }
        speeds
    }
}

/// Rounds a fraction of full speed to permille.
fn permille(fraction: f64) -> i16 {
    // The clamp makes the conversion exact; NaN cannot come from a Stick, and would become 0.
    #[expect(clippy::cast_possible_truncation, reason = "clamped to ±1000 just before")]
    let value = (fraction * FULL).round().clamp(-FULL, FULL) as i16;
    value
}

/// How a robot's wheels make its motion.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mixer {
    /// Two wheels, or two sides: left and right (differential drive).
    #[default]
    Arcade,
}

impl Mixer {
    /// Number of motors.
    #[must_use]
    pub fn motors(self) -> usize {
        match self {
            Self::Arcade => 2,
        }
    }

    /// Wheel speeds of a motion. `left = linear − angular`, `right = linear + angular`; if one would
    /// pass full speed, both shrink alike, so that the curve stays the curve.
    #[must_use]
    pub fn mix(self, twist: Twist) -> WheelSpeeds {
        match self {
            Self::Arcade => WheelSpeeds::saturated([twist.linear - twist.angular, twist.linear + twist.angular]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn mix(linear: f64, angular: f64) -> [i16; 2] {
        let speeds = Mixer::Arcade.mix(Twist { linear, angular, ..Twist::ZERO });
        [speeds.as_slice()[0], speeds.as_slice()[1]]
    }

    /// Goal: the wheels turn the way a person expects.
    #[test]
    fn arcade_turns_as_the_stick_points() {
        assert_eq!(mix(1.0, 0.0), [1000, 1000]);
        assert_eq!(mix(-0.5, 0.0), [-500, -500]);
        assert_eq!(mix(0.0, 0.4), [-400, 400]);
        assert_eq!(mix(1.0, -1.0), [1000, 0], "full forward and right: the left wheel leads");
        assert_eq!(mix(0.0, 0.0), [0, 0]);
    }

    proptest! {
        /// Goal: saturation keeps the curve, and nothing passes full speed.
        #[test]
        fn saturation_keeps_the_ratio_of_the_wheels(linear in -1.0..1.0f64, angular in -1.0..1.0f64) {
            let [left, right] = mix(linear, angular).map(f64::from);
            prop_assert!(left.abs() <= 1000.0 && right.abs() <= 1000.0);
            let (want_left, want_right) = (linear - angular, linear + angular);
            // Cross product of the two pairs: zero but for rounding to whole permille.
            prop_assert!((left * want_right - right * want_left).abs() <= 2.0);
        }

        /// Goal: mirrored sticks make mirrored wheels.
        #[test]
        fn left_and_right_are_symmetric(linear in -1.0..1.0f64, angular in -1.0..1.0f64) {
            let [left, right] = mix(linear, angular);
            prop_assert_eq!(mix(linear, -angular), [right, left]);
            prop_assert_eq!(mix(-linear, -angular), [-left, -right]);
        }
    }
}
