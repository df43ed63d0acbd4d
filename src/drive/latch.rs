//! PURE. The STOP latch: anyone sets it, only an operator's held reset clears it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::seat::DriverId;
use crate::time::Time;

/// A reset button must be held this long.
const HOLD: Duration = Duration::from_secs(2);
/// A nonce is forgotten after this long.
const NONCE_LIFE: Duration = Duration::from_secs(10);
/// The robot must confirm a reset within this time, or STOP is latched again.
const CONFIRM: Duration = Duration::from_secs(1);

/// Why a reset was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetError {
    /// STOP is not latched.
    NotLatched,
    /// The nonce is not the one of this operator's newest press, or it is too old.
    WrongNonce,
    /// The button was not held long enough.
    TooSoon,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Open,
    Set,
    /// An operator has reset; the robot has not confirmed yet. Still stopped.
    Clearing {
        since: Time,
    },
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Press {
    by: DriverId,
    nonce: u32,
    at: Time,
}

/// The STOP latch.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Latch {
    state: State,
    press: Option<Press>,
}

impl Latch {
    /// A latch as it was found at start.
    #[must_use]
    pub fn new(set: bool) -> Self {
        Self { state: if set { State::Set } else { State::Open }, press: None }
    }

    /// Whether the robot must stand still for it, also while a reset is on its way.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.state != State::Open
    }

    /// Whether the robot's own latch must be cleared now.
    #[must_use]
    pub fn is_clearing(&self) -> bool {
        matches!(self.state, State::Clearing { .. })
    }

    /// Latches. Any reset on its way is void.
    pub fn set(&mut self) {
        self.state = State::Set;
        self.press = None;
    }

    /// An operator puts the finger on reset. `nonce` is fresh and random.
    ///
    /// # Errors
    /// [`ResetError::NotLatched`].
    pub fn press(&mut self, now: Time, by: DriverId, nonce: u32) -> Result<(), ResetError> {
        if self.state != State::Set {
            return Err(ResetError::NotLatched);
        }
        self.press = Some(Press { by, nonce, at: now });
        Ok(())
    }

    /// The operator has held reset and brings the nonce back; it is used up either way.
    ///
    /// # Errors
    /// [`ResetError`], and the latch stays set.
    pub fn release(&mut self, now: Time, by: DriverId, nonce: u32) -> Result<(), ResetError> {
        if self.state != State::Set {
            return Err(ResetError::NotLatched);
        }
        let press = self.press.take().ok_or(ResetError::WrongNonce)?;
        let held = now.since(press.at);
        if press.by != by || press.nonce != nonce || held > NONCE_LIFE {
            return Err(ResetError::WrongNonce);
        }
        if held < HOLD {
            return Err(ResetError::TooSoon);
        }
        self.state = State::Clearing { since: now };
        Ok(())
    }

    /// Takes note of the robot's own latch (`None`: no robot answers, so there is none to clear).
    /// Returns whether this opened the latch.
    pub fn settle(&mut self, now: Time, robot: Option<bool>) -> bool {
        match (self.state, robot) {
            (State::Clearing { .. }, None | Some(false)) => {
                self.state = State::Open;
                true
            }
            (State::Clearing { since }, Some(true)) => {
                if now.since(since) >= CONFIRM {
                    self.state = State::Set;
                }
                false
            }
            (State::Open, Some(true)) => {
                self.set();
                false
            }
            (State::Open | State::Set, _) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPERATOR: DriverId = DriverId(1);

    fn pressed() -> Latch {
        let mut latch = Latch::new(true);
        latch.press(Time::ZERO, OPERATOR, 42).unwrap();
        latch
    }

    /// Goal: I6, a reset is a deliberate act: held, fresh, once, by the one who pressed.
    #[test]
    fn reset_must_be_held_fresh_and_by_the_same_hand() {
        let after = Time::from_millis;
        assert_eq!(pressed().release(after(1999), OPERATOR, 42), Err(ResetError::TooSoon));
        assert_eq!(pressed().release(after(10_001), OPERATOR, 42), Err(ResetError::WrongNonce));
        assert_eq!(pressed().release(after(2000), OPERATOR, 41), Err(ResetError::WrongNonce));
        assert_eq!(pressed().release(after(2000), DriverId(2), 42), Err(ResetError::WrongNonce));
        let mut latch = pressed();
        assert_eq!(latch.release(after(100), OPERATOR, 42), Err(ResetError::TooSoon));
        assert_eq!(latch.release(after(2500), OPERATOR, 42), Err(ResetError::WrongNonce), "a nonce works once");
        assert_eq!(pressed().release(after(2000), OPERATOR, 42), Ok(()));
    }

    /// Goal: the robot stands still until its own latch is open too.
    #[test]
    fn latch_stays_until_the_robot_confirms() {
        let mut latch = pressed();
        latch.release(Time::from_millis(2000), OPERATOR, 42).unwrap();
        assert!(latch.is_set() && latch.is_clearing());
        assert!(!latch.settle(Time::from_millis(2100), Some(true)));
        assert!(latch.settle(Time::from_millis(2200), Some(false)));
        assert!(!latch.is_set());
    }

    /// Goal: a robot that does not confirm is latched again, and one found latched latches us.
    #[test]
    fn doubt_means_latched() {
        let mut latch = pressed();
        latch.release(Time::from_millis(2000), OPERATOR, 42).unwrap();
        latch.settle(Time::from_millis(3000), Some(true));
        assert!(latch.is_set() && !latch.is_clearing());
        let mut latch = Latch::new(false);
        latch.settle(Time::ZERO, Some(true));
        assert!(latch.is_set());
    }

    /// Goal: STOP during a reset wins.
    #[test]
    fn stop_voids_a_reset_on_its_way() {
        let mut latch = pressed();
        latch.set();
        assert_eq!(latch.release(Time::from_millis(2000), OPERATOR, 42), Err(ResetError::WrongNonce));
        let mut latch = pressed();
        latch.release(Time::from_millis(2000), OPERATOR, 42).unwrap();
        latch.set();
        assert!(!latch.settle(Time::from_millis(2001), Some(false)) && latch.is_set());
    }
}
