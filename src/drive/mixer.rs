//! PURE. Mixer: Twist to wheel speeds and back; all scaled alike when one saturates.

use serde::{Deserialize, Serialize};

use super::motion::Twist;
use super::wheels::Wheels;

/// Motors a robot has at most; the protocol's DRIVE has room for as many.
pub const MAX_MOTORS: usize = 4;

/// Full speed of a motor, permille.
const FULL: f64 = 1000.0;

/// One speed per motor, permille of full, −1000…1000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<i16>", into = "Vec<i16>")]
pub struct WheelSpeeds {
    permille: [i16; MAX_MOTORS],
    motors: usize,
}

impl From<Vec<i16>> for WheelSpeeds {
    fn from(permille: Vec<i16>) -> Self {
        Self::new(&permille)
    }
}

impl From<WheelSpeeds> for Vec<i16> {
    fn from(speeds: WheelSpeeds) -> Self {
        speeds.as_slice().to_vec()
    }
}

impl WheelSpeeds {
    /// All `motors` at rest; more than [`MAX_MOTORS`] are cut to that many.
    #[must_use]
    pub fn zero(motors: usize) -> Self {
        Self { permille: [0; MAX_MOTORS], motors: motors.min(MAX_MOTORS) }
    }

    /// These speeds, permille; more than [`MAX_MOTORS`] are cut to that many.
    #[must_use]
    pub fn new(permille: &[i16]) -> Self {
        let mut speeds = Self::zero(permille.len());
        speeds.permille.iter_mut().zip(permille).for_each(|(slot, speed)| *slot = *speed);
        speeds
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

    /// The same motors, each speed changed by `change`, which is given the motor's number.
    #[must_use]
    pub fn map(&self, mut change: impl FnMut(usize, i16) -> i16) -> Self {
        let mut changed = *self;
        changed.permille[..self.motors]
            .iter_mut()
            .enumerate()
            .for_each(|(motor, speed)| *speed = change(motor, *speed));
        changed
    }

    /// Scales `fractions` of full speed alike so that the fastest is at most 1, and rounds them.
    fn saturated<const N: usize>(fractions: [f64; N]) -> Self {
        let fastest = fractions.iter().fold(1.0_f64, |most, speed| most.max(speed.abs()));
        Self::new(&fractions.map(|speed| permille(speed / fastest)))
    }

    /// The speed of a motor as a fraction of full; 0 for one that there is not.
    fn fraction(&self, motor: usize) -> f64 {
        self.as_slice().get(motor).map_or(0.0, |speed| f64::from(*speed) / FULL)
    }
}

/// Rounds a fraction of full speed to permille.
pub(super) fn permille(fraction: f64) -> i16 {
    // The clamp makes the conversion exact; NaN cannot come from a Stick, and would become 0.
    #[expect(clippy::cast_possible_truncation, reason = "clamped to ±1000 just before")]
    let value = (fraction * FULL).round().clamp(-FULL, FULL) as i16;
    value
}

/// Wheel speeds of a motion, as fractions with v ahead, s to the left and t turning left:
///
/// | wheels | speeds |
/// | --- | --- |
/// | differential, skid | left v − t, right v + t |
/// | mecanum, omni | front left v − s − t, front right v + s + t, rear left v + s − t, rear right v − s + t |
/// | ackermann | drive v, steering t |
///
/// If one would pass full speed, all shrink alike, so that the curve stays the curve. A car's two cannot: its turn *is*
/// the steering, as a share of its lock, and the turning rate follows from the speed.
#[must_use]
pub fn mix(wheels: Wheels, twist: Twist) -> WheelSpeeds {
    let Twist { linear: v, lateral: s, angular: t } = twist;
    match wheels {
        Wheels::Differential => WheelSpeeds::saturated([v - t, v + t]),
        Wheels::Skid => WheelSpeeds::saturated([v - t, v + t, v - t, v + t]),
        Wheels::Mecanum | Wheels::Omni => WheelSpeeds::saturated([v - s - t, v + s + t, v + s - t, v - s + t]),
        Wheels::Ackermann => WheelSpeeds::new(&[permille(v), permille(t)]),
    }
}

/// The motion that wheel speeds make: [`mix`] backwards. A differential robot may have four motors.
#[must_use]
pub fn unmix(wheels: Wheels, speeds: &WheelSpeeds) -> Twist {
    let [a, b, c, d] = [0, 1, 2, 3].map(|motor| speeds.fraction(motor));
    match wheels {
        Wheels::Differential if speeds.motors == 2 => {
            Twist { linear: f64::midpoint(a, b), lateral: 0.0, angular: (b - a) / 2.0 }
        }
        Wheels::Differential | Wheels::Skid => {
            Twist { linear: (a + b + c + d) / 4.0, lateral: 0.0, angular: (b + d - a - c) / 4.0 }
        }
        Wheels::Mecanum | Wheels::Omni => {
            Twist { linear: (a + b + c + d) / 4.0, lateral: (b + c - a - d) / 4.0, angular: (b + d - a - c) / 4.0 }
        }
        Wheels::Ackermann => Twist { linear: a, lateral: 0.0, angular: b },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn twist(linear: f64, lateral: f64, angular: f64) -> Twist {
        Twist { linear, lateral, angular }
    }

    fn wheels(kind: Wheels, linear: f64, lateral: f64, angular: f64) -> Vec<i16> {
        mix(kind, twist(linear, lateral, angular)).as_slice().to_vec()
    }

    /// Goal: the wheels turn the way a person expects.
    #[test]
    fn every_kind_goes_as_the_stick_points() {
        use Wheels::{Ackermann, Differential, Mecanum, Omni, Skid};
        assert_eq!(wheels(Differential, 1.0, 0.0, 0.0), [1000, 1000]);
        assert_eq!(wheels(Differential, -0.5, 0.0, 0.0), [-500, -500]);
        assert_eq!(wheels(Differential, 0.0, 0.0, 0.4), [-400, 400]);
        assert_eq!(wheels(Differential, 1.0, 0.0, -1.0), [1000, 0], "ahead and right: the left wheel leads");
        assert_eq!(wheels(Differential, 0.0, 1.0, 0.0), [0, 0], "it cannot go sideways");
        assert_eq!(wheels(Skid, 0.5, 0.0, 0.25), [250, 750, 250, 750]);
        for sideways in [Mecanum, Omni] {
            assert_eq!(wheels(sideways, 0.0, 1.0, 0.0), [-1000, 1000, 1000, -1000], "to the left");
            assert_eq!(wheels(sideways, 0.0, 0.0, 1.0), [-1000, 1000, -1000, 1000], "turning left");
            assert_eq!(wheels(sideways, 1.0, 1.0, 0.0), [0, 1000, 1000, 0]);
        }
        assert_eq!(wheels(Ackermann, 1.0, 0.0, -1.0), [1000, -1000], "full speed, full lock to the right");
        assert!(Wheels::ALL.iter().all(|kind| mix(*kind, Twist::ZERO).is_zero()));
    }

    fn any_kind() -> impl Strategy<Value = Wheels> {
        prop::sample::select(Wheels::ALL.to_vec())
    }

    proptest! {
        /// Goal: saturation keeps the curve, and nothing passes full speed.
        #[test]
        fn saturation_keeps_the_curve(kind in any_kind(), v in -1.0..1.0f64, s in -1.0..1.0f64, t in -1.0..1.0f64) {
            let s = if kind.strafes() { s } else { 0.0 };
            let speeds = mix(kind, twist(v, s, t));
            prop_assert!(speeds.as_slice().iter().all(|speed| speed.abs() <= 1000));
            let made = unmix(kind, &speeds);
            // The motions are multiples of each other: cross products are zero but for rounding to whole permille.
            for (a, b, c, d) in [(made.linear, t, made.angular, v), (made.linear, s, made.lateral, v), (made.lateral, t, made.angular, s)] {
                prop_assert!((a * b - c * d).abs() <= 2e-3);
            }
        }

        /// Goal: without saturation, wheels make the very motion that was asked for, and back.
        #[test]
        fn wheels_and_motion_are_round_trips(kind in any_kind(), v in -0.3..0.3f64, s in -0.3..0.3f64, t in -0.3..0.3f64) {
            let s = if kind.strafes() { s } else { 0.0 };
            let speeds = mix(kind, twist(v, s, t));
            let made = unmix(kind, &speeds);
            prop_assert!((made.linear - v).abs() < 1e-3 && (made.lateral - s).abs() < 1e-3 && (made.angular - t).abs() < 1e-3);
            let again = mix(kind, made);
            prop_assert!(speeds.as_slice().iter().zip(again.as_slice()).all(|(a, b)| (a - b).abs() <= 1));
        }

        /// Goal: mirrored sticks make mirrored wheels.
        #[test]
        fn left_and_right_are_symmetric(kind in any_kind(), v in -1.0..1.0f64, s in -1.0..1.0f64, t in -1.0..1.0f64) {
            let here = wheels(kind, v, s, t);
            let mirrored = match (wheels(kind, v, -s, -t).as_slice(), kind) {
                (&[drive, steering], Wheels::Ackermann) => vec![drive, -steering],
                (&[left, right], _) => vec![right, left],
                (&[a, b, c, d], _) => vec![b, a, d, c],
                (other, _) => other.to_vec(),
            };
            prop_assert_eq!(&here, &mirrored);
            let back = wheels(kind, -v, -s, -t);
            prop_assert!(here.iter().zip(&back).all(|(a, b)| *a == -*b));
        }
    }
}
