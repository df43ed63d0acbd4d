//! PURE. Limiter: lets a motion change no faster than the robot should.

use std::time::Duration;

use super::motion::Twist;

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
            lateral: approach(self.now.lateral, target.lateral, up, down),
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

    /// Goal: full speed takes the configured time, stopping too.
    #[test]
    fn limiter_takes_its_time_up_and_down() {
        let mut limiter = Limiter::new(Duration::from_millis(300), Duration::from_millis(60));
        let full = Twist { linear: 1.0, ..Twist::ZERO };
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
                let after = limiter.step(Twist { linear, angular, ..Twist::ZERO }, Duration::from_millis(ms));
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
