//! PURE. Stick, Twist and Limiter; the only place where signs are defined.
//!
//! Signs follow REP-103: x forward, y left, left turn positive. A stick pushed forward is positive
//! `forward`, pushed right is positive `right`; so a stick to the right asks for a negative turn.

use std::time::Duration;

/// Deflections up to this count as released: a resting thumb or a worn spring drives nothing.
const NEUTRAL_ZONE: f64 = 0.02;

/// A checked stick position.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stick {
    right: f64,
    forward: f64,
}

impl Stick {
    /// The released stick.
    pub const NEUTRAL: Self = Self { right: 0.0, forward: 0.0 };

    /// Checks a position: `x` right and `y` forward of centre, each −1…1.
    ///
    /// This is the only way in, so nothing inside meets NaN, infinity or a value out of range.
    /// `None` for those: they are refused, never clamped into motion.
    #[must_use]
    pub fn new(x: f64, y: f64) -> Option<Self> {
        let fits = |value: f64| (-1.0..=1.0).contains(&value);
        (fits(x) && fits(y)).then_some(Self { right: x, forward: y })
    }

    /// Whether the stick is released.
    #[must_use]
    pub fn is_neutral(self) -> bool {
        self.right.abs() <= NEUTRAL_ZONE && self.forward.abs() <= NEUTRAL_ZONE
    }

    /// The motion that this position asks for.
    #[must_use]
    pub fn twist(self) -> Twist {
        if self.is_neutral() { Twist::ZERO } else { Twist { linear: self.forward, angular: -self.right } }
    }
}

/// A motion of the body: the planar `Twist` of REP-103, in fractions of the robot's full speed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Twist {
    /// Forward, −1…1 of full speed.
    pub linear: f64,
    /// Left turn, −1…1 of the full turning rate.
    pub angular: f64,
}

impl Twist {
    /// At rest.
    pub const ZERO: Self = Self { linear: 0.0, angular: 0.0 };

    /// The same motion at `factor` of its speed.
    #[must_use]
    pub fn scaled(self, factor: f64) -> Self {
        Self { linear: self.linear * factor, angular: self.angular * factor }
    }
}

/// Lets a motion change no faster than the robot should.
#[derive(Clone, Debug)]
pub struct Limiter {
    /// Zero to full takes this long.
    accelerate: Duration,
    /// Full to zero takes this long.
    brake: Duration,
    now: Twist,
}

impl Limiter {
    /// A limiter at rest. `accelerate`: time from zero to full speed; `brake`: from full to zero.
    #[must_use]
    pub fn new(accelerate: Duration, brake: Duration) -> Self {
        Self { accelerate, brake, now: Twist::ZERO }
    }

    /// Moves towards `target` for `dt` and returns the motion reached.
    pub fn step(&mut self, target: Twist, dt: Duration) -> Twist {
        let up = fraction(dt, self.accelerate);
        let down = fraction(dt, self.brake);
        self.now = Twist {
            linear: approach(self.now.linear, target.linear, up, down),
            angular: approach(self.now.angular, target.angular, up, down),
        };
        self.now
    }

    /// Forgets the motion: the next step starts from rest.
    pub fn cut(&mut self) {
        self.now = Twist::ZERO;
    }
}

/// Share of a full swing that fits into `dt`; all of it if the swing takes no time.
fn fraction(dt: Duration, swing: Duration) -> f64 {
    if swing.is_zero() { f64::INFINITY } else { dt.as_secs_f64() / swing.as_secs_f64() }
}

/// Moves `now` towards `target`, by `up` where the magnitude grows and by `down` where it shrinks.
/// A change of direction brakes to zero within its step; the next one accelerates.
fn approach(now: f64, target: f64, up: f64, down: f64) -> f64 {
    let reversing = now * target < 0.0;
    let goal = if reversing { 0.0 } else { target };
    let step = if goal.abs() < now.abs() { down } else { up };
    if (goal - now).abs() <= step { goal } else { now + step * (goal - now).signum() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MS: Duration = Duration::from_millis(1);

    /// Goal: what is not a position never becomes one.
    #[test]
    fn stick_refuses_what_is_not_a_position() {
        for bad in [f64::NAN, f64::INFINITY, -f64::INFINITY, 1.000_1, -1.000_1, 1e300] {
            assert_eq!(Stick::new(bad, 0.0), None);
            assert_eq!(Stick::new(0.0, bad), None);
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
    }

    /// Goal: full speed takes the configured time, stopping too.
    #[test]
    fn limiter_takes_its_time_up_and_down() {
        let mut limiter = Limiter::new(Duration::from_millis(300), Duration::from_millis(60));
        let full = Twist { linear: 1.0, angular: 0.0 };
        let up = (1..=1000).find(|_| limiter.step(full, MS).linear >= 1.0).unwrap();
        let down = (1..=1000).find(|_| limiter.step(Twist::ZERO, MS).linear <= 0.0).unwrap();
        assert!((299..=301).contains(&up), "{up} ms up");
        assert!((59..=61).contains(&down), "{down} ms down");
    }

    proptest! {
        /// Goal: at any step width the limiter neither overshoots nor exceeds its rates.
        #[test]
        fn limiter_never_exceeds_its_rates(
            targets in prop::collection::vec((-1.0..1.0f64, -1.0..1.0f64, 0u64..200), 1..50)
        ) {
            let mut limiter = Limiter::new(Duration::from_millis(300), Duration::from_millis(60));
            let mut before = Twist::ZERO;
            for (linear, angular, ms) in targets {
                let after = limiter.step(Twist { linear, angular }, Duration::from_millis(ms));
                for (from, to, goal) in [(before.linear, after.linear, linear), (before.angular, after.angular, angular)] {
                    let share = Duration::from_millis(ms).as_secs_f64();
                    prop_assert!(to.abs() - from.abs() <= share / 0.3 + 1e-9);
                    prop_assert!((to - from).abs() <= share / 0.06 + 1e-9);
                    prop_assert!(to.abs() <= from.abs().max(goal.abs()) + 1e-9);
                    prop_assert!(from * to >= 0.0, "a reversal passes through zero");
                }
                before = after;
            }
        }
    }
}
