//! PURE. One-time codes: what a QR code carries, good for one device and two minutes.

use std::time::Duration;

use super::secret::{Hash, Secret};
use crate::protocol::events::Role;
use crate::time::Time;

/// A code is good for so long.
pub const LIFETIME: Duration = Duration::from_mins(2);
/// After so many wrong guesses every open code is void (I8).
pub const MAX_FAILURES: u32 = 10;
/// Codes that are open at once; a new one takes the place of the oldest.
const MAX_CODES: usize = 8;

/// A code: 128 random bits.
pub type Code = Secret<16>;

/// What a device may do that comes with a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pass {
    /// Its role.
    pub role: Role,
    /// The robot that it is for, by name; `None`: any.
    pub robot: Option<String>,
}

impl From<Role> for Pass {
    fn from(role: Role) -> Self {
        Self { role, robot: None }
    }
}

#[derive(Clone, Debug)]
struct Open {
    hash: Hash,
    pass: Pass,
    until: Time,
}

/// Why a code lets nobody in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// Not one of the open codes: mistyped, used, or too old.
    #[error("this code is not valid any more: scan the one that the terminal shows now")]
    Unknown,
    /// Someone guessed too often.
    #[error("too many wrong codes were tried: all codes are void, scan the new one in the terminal")]
    Void,
    /// Too many devices wait for the operator's answer.
    #[error("too many devices wait to be let in: ask the person at the robot's computer to answer them")]
    Crowded,
}

/// The codes that are open now.
#[derive(Clone, Debug, Default)]
pub struct Codes {
    open: Vec<Open>,
    failures: u32,
}

impl Codes {
    /// Opens a code for one device.
    pub fn issue(&mut self, now: Time, code: Code, pass: impl Into<Pass>) {
        self.forget(now);
        if self.open.len() == MAX_CODES {
            self.open.remove(0);
        }
        if self.open.is_empty() {
            self.failures = 0;
        }
        self.open.push(Open { hash: code.hash(), pass: pass.into(), until: now + LIFETIME });
    }

    /// Uses a code up; returns what it was for.
    ///
    /// # Errors
    /// [`CodeError`].
    pub fn redeem(&mut self, now: Time, text: &str) -> Result<Pass, CodeError> {
        self.forget(now);
        // All are looked at, whichever fits: the time it takes tells nothing.
        let code = Code::parse(text);
        let fits = |open: &Open| code.is_some_and(|code| code.fits(&open.hash));
        let found = self.open.iter().map(fits).collect::<Vec<_>>().into_iter().position(|fits| fits);
        match found {
            Some(place) => Ok(self.open.remove(place).pass),
            None if self.open.is_empty() => Err(CodeError::Unknown),
            None => {
                self.failures += 1;
                if self.failures < MAX_FAILURES {
                    return Err(CodeError::Unknown);
                }
                self.open.clear();
                self.failures = 0;
                Err(CodeError::Void)
            }
        }
    }

    /// How long this code is still good; `None` if it is not: one on a screen wants to be replaced.
    #[must_use]
    pub fn left(&self, now: Time, code: &Code) -> Option<Duration> {
        let open = self.open.iter().find(|open| open.until > now && code.fits(&open.hash))?;
        Some(open.until.since(now))
    }

    fn forget(&mut self, now: Time) {
        self.open.retain(|open| open.until > now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time::ZERO;

    fn code(number: u8) -> Code {
        Code::new([number; 16])
    }

    /// Goal: I8, a code works once, for what it was made for.
    #[test]
    fn code_works_once() {
        let mut codes = Codes::default();
        codes.issue(NOW, code(1), Role::Driver);
        codes.issue(NOW, code(2), Role::Viewer);
        assert_eq!(codes.redeem(NOW, &code(2).text()), Ok(Role::Viewer.into()));
        assert_eq!(codes.redeem(NOW, &code(2).text()), Err(CodeError::Unknown));
        assert!(codes.left(NOW, &code(1)).is_some() && codes.left(NOW, &code(2)).is_none());
        assert_eq!(codes.redeem(NOW, &code(1).text()), Ok(Role::Driver.into()));
    }

    /// Goal: I8, after 120 s it is void.
    #[test]
    fn code_is_good_for_two_minutes() {
        let mut codes = Codes::default();
        codes.issue(NOW, code(1), Role::Driver);
        let end = NOW + LIFETIME;
        assert_eq!((codes.left(NOW, &code(1)), codes.left(end, &code(1))), (Some(LIFETIME), None));
        assert_eq!(codes.redeem(end, &code(1).text()), Err(CodeError::Unknown));
    }

    /// Goal: I8, the tenth wrong guess voids every open code, and a new one starts the count anew.
    #[test]
    fn ten_wrong_guesses_void_all_codes() {
        let mut codes = Codes::default();
        codes.issue(NOW, code(1), Role::Driver);
        for guess in 2..11 {
            assert_eq!(codes.redeem(NOW, &code(guess).text()), Err(CodeError::Unknown));
        }
        assert_eq!(codes.redeem(NOW, "rubbish"), Err(CodeError::Void));
        assert_eq!(codes.redeem(NOW, &code(1).text()), Err(CodeError::Unknown));
        codes.issue(NOW, code(1), Role::Driver);
        assert_eq!(codes.redeem(NOW, &code(1).text()), Ok(Role::Driver.into()));
    }

    /// Goal: I8, 100,000 guesses open nothing, and codes that nobody uses do not pile up.
    #[test]
    fn guessing_opens_nothing() {
        let mut codes = Codes::default();
        for round in 0..100_000u32 {
            if round % 10 == 0 {
                codes.issue(NOW, Code::new([255; 16]), Role::Operator);
            }
            let mut guess = [0; 16];
            guess[..4].copy_from_slice(&round.to_le_bytes());
            assert!(codes.redeem(NOW, &Code::new(guess).text()).is_err());
        }
        assert!(codes.open.len() <= MAX_CODES);
    }
}
