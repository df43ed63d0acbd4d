//! PURE. Resetting STOP with a pad: two controls, held together.

use std::time::Duration;

use crate::time::Time;

/// A little more than the latch demands: the press may reach it later than the release does.
const HOLD: Duration = Duration::from_millis(2_100);

/// What to say to the latch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Both are down.
    Press,
    /// Both were down long enough.
    Release,
    /// One was let go too early.
    Cancel,
}

/// The two controls as one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hold {
    state: State,
    /// One of them was let go since the last step.
    broken: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Not both down.
    #[default]
    Open,
    /// Both down since then.
    Held(Time),
    /// Both still down, but nothing more comes of it.
    Spent,
}

impl Hold {
    /// One of the two was let go, be it for a moment.
    pub fn let_go(&mut self) {
        self.broken = true;
    }

    /// Whether a hold is being timed.
    #[must_use]
    pub fn is_running(self) -> bool {
        matches!(self.state, State::Held(_))
    }

    /// What follows now. A hold that begins while STOP is not latched is none.
    pub fn step(&mut self, now: Time, both: bool, latched: bool) -> Option<Step> {
        let broken = std::mem::take(&mut self.broken) || !both;
        match self.state {
            State::Held(_) if broken => {
                self.state = if both { State::Spent } else { State::Open };
                Some(Step::Cancel)
            }
            State::Held(since) if now.since(since) >= HOLD => {
                self.state = State::Spent;
                Some(Step::Release)
            }
            State::Spent if broken => {
                self.state = State::Open;
                None
            }
            State::Open if both => {
                self.state = if latched { State::Held(now) } else { State::Spent };
                latched.then_some(Step::Press)
            }
            State::Open | State::Held(_) | State::Spent => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Time {
        Time::from_millis(ms)
    }

    /// Goal: a held pair resets once, and not again by staying held.
    #[test]
    fn held_pair_resets_once() {
        let mut hold = Hold::default();
        assert_eq!(hold.step(at(0), true, true), Some(Step::Press));
        let said: Vec<_> = (1..500).filter_map(|n| hold.step(at(n * 10), true, true)).collect();
        assert_eq!(said, [Step::Release]);
        assert_eq!(hold.step(at(6_000), false, true), None);
        assert_eq!(hold.step(at(6_100), true, true), Some(Step::Press));
    }

    /// Goal: letting go for a moment, be it between two looks, is letting go.
    #[test]
    fn early_release_cancels() {
        let mut hold = Hold::default();
        hold.step(at(0), true, true);
        assert_eq!(hold.step(at(1_900), false, true), Some(Step::Cancel));
        hold.step(at(2_000), true, true);
        hold.let_go();
        assert_eq!(hold.step(at(2_010), true, true), Some(Step::Cancel));
        assert!((1..500).all(|n| hold.step(at(2_010 + n * 10), true, true).is_none()));
    }

    /// Goal: fingers that were on it before STOP reset nothing.
    #[test]
    fn hold_from_before_stop_is_none() {
        let mut hold = Hold::default();
        assert_eq!(hold.step(at(0), true, false), None);
        assert!((1..500).all(|n| hold.step(at(n * 10), true, true).is_none()));
    }
}
