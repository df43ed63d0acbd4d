//! PURE. Stick and Twist; the only place where signs are defined.
//!
//! Signs follow REP-103: x forward, y left, left turn positive. A stick pushed forward is positive
//! `forward`, pushed right is positive `right`; so a stick to the right asks for a negative turn.

use serde::{Deserialize, Serialize};

use super::wheels::Wheels;

/// Deflections up to this count as released: a resting thumb or a worn spring drives nothing.
const NEUTRAL_ZONE: f64 = 0.02;

/// A checked stick position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written")]
pub struct Stick {
    right: f64,
    forward: f64,
    strafe: f64,
}

/// A stick as it stands in a recording.
#[derive(Deserialize)]
struct Written {
    right: f64,
    forward: f64,
    strafe: f64,
}

impl TryFrom<Written> for Stick {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        Self::new(written.right, written.forward)
            .and_then(|stick| stick.with_strafe(written.strafe))
            .ok_or("a stick lies between −1 and 1")
    }
}

impl Stick {
    /// The released stick.
    pub const NEUTRAL: Self = Self { right: 0.0, forward: 0.0, strafe: 0.0 };

    /// Checks a position: `x` right and `y` forward of centre, each −1…1.
    ///
    /// This is the only way in, so nothing inside meets NaN, infinity or a value out of range.
    /// `None` for those: they are refused, never clamped into motion.
    #[must_use]
    pub fn new(x: f64, y: f64) -> Option<Self> {
        (fits(x) && fits(y)).then_some(Self { right: x, forward: y, strafe: 0.0 })
    }

    /// The same position with a push to the side as well: `strafe` right of centre, −1…1. Robots that cannot go
    /// sideways take no note of it. `None` as in [`Stick::new`].
    #[must_use]
    pub fn with_strafe(self, strafe: f64) -> Option<Self> {
        fits(strafe).then_some(Self { strafe, ..self })
    }

    /// Right, forward and sideways, as they were given.
    #[must_use]
    pub fn axes(self) -> (f64, f64, f64) {
        (self.right, self.forward, self.strafe)
    }

    /// The same direction at `share` of the way, 0…1, but for the steering of a car: a slow one steers as far as a fast
    /// one. A share beyond counts as its nearest end, no number as 0.
    #[must_use]
    pub fn slowed(self, wheels: Wheels, share: f64) -> Self {
        let share = if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) };
        let right = if wheels.steer() { self.right } else { self.right * share };
        Self { right, forward: self.forward * share, strafe: self.strafe * share }
    }

    /// Whether the stick is released.
    #[must_use]
    pub fn is_neutral(self) -> bool {
        [self.right, self.forward, self.strafe].into_iter().all(|axis| axis.abs() <= NEUTRAL_ZONE)
    }

    /// The motion that this position asks for.
    #[must_use]
    pub fn twist(self) -> Twist {
        if self.is_neutral() {
            return Twist::ZERO;
        }
        Twist { linear: self.forward, lateral: -self.strafe, angular: -self.right }
    }
}

fn fits(value: f64) -> bool {
    (-1.0..=1.0).contains(&value)
}

/// A motion of the body: the planar `Twist` of REP-103, in fractions of the robot's full speed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Twist {
    /// Forward, −1…1 of full speed.
    pub linear: f64,
    /// To the left, −1…1 of full speed; only robots with wheels for it can.
    pub lateral: f64,
    /// Left turn, −1…1 of the full turning rate.
    pub angular: f64,
}

impl Twist {
    /// At rest.
    pub const ZERO: Self = Self { linear: 0.0, lateral: 0.0, angular: 0.0 };

    /// The same motion at `factor` of its speed, with a car's steering as it is.
    #[must_use]
    pub fn slowed(self, wheels: Wheels, factor: f64) -> Self {
        let angular = if wheels.steer() { self.angular } else { self.angular * factor };
        Self { linear: self.linear * factor, lateral: self.lateral * factor, angular }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: what is not a position never becomes one.
    #[test]
    fn stick_refuses_what_is_not_a_position() {
        for bad in [f64::NAN, f64::INFINITY, -f64::INFINITY, 1.000_1, -1.000_1, 1e300] {
            assert_eq!(Stick::new(bad, 0.0), None);
            assert_eq!(Stick::new(0.0, bad), None);
            assert_eq!(Stick::NEUTRAL.with_strafe(bad), None);
        }
        assert!(Stick::new(1.0, -1.0).is_some());
    }

    /// Goal: the signs of REP-103, stated once.
    #[test]
    fn forward_is_positive_and_left_turns_are_positive() {
        let twist = |x, y| Stick::new(x, y).unwrap().twist();
        assert!(twist(0.0, 1.0).linear > 0.0);
        assert!(twist(0.0, -1.0).linear < 0.0);
        assert!(twist(-1.0, 0.0).angular > 0.0);
        assert!(twist(1.0, 0.0).angular < 0.0);
        assert_eq!(twist(0.01, -0.01), Twist::ZERO);
        assert!(Stick::NEUTRAL.with_strafe(-1.0).unwrap().twist().lateral > 0.0);
        assert!(!Stick::NEUTRAL.with_strafe(0.5).unwrap().is_neutral());
    }
}
