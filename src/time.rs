//! PURE. Time as a value: a moment since the program (or a simulated world) started.

use std::ops::Add;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A moment, counted from the start by a clock that never jumps.
///
/// The core never asks what time it is; it is told. So a test can run hours in milliseconds and a
/// change of the wall clock means nothing here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "u64", into = "u64")]
pub struct Time(Duration);

impl From<u64> for Time {
    /// Nanoseconds, as recordings have them.
    fn from(nanoseconds: u64) -> Self {
        Self(Duration::from_nanos(nanoseconds))
    }
}

impl From<Time> for u64 {
    fn from(time: Time) -> Self {
        Self::try_from(time.0.as_nanos()).unwrap_or(Self::MAX)
    }
}

impl Time {
    /// The start.
    pub const ZERO: Self = Self(Duration::ZERO);

    /// The moment `elapsed` after the start.
    #[must_use]
    pub const fn after(elapsed: Duration) -> Self {
        Self(elapsed)
    }

    /// The moment `ms` milliseconds after the start.
    #[must_use]
    pub const fn from_millis(ms: u64) -> Self {
        Self(Duration::from_millis(ms))
    }

    /// Time passed since `earlier`; zero if that is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    /// Time passed since the start.
    #[must_use]
    pub const fn elapsed(self) -> Duration {
        self.0
    }
}

impl Add<Duration> for Time {
    type Output = Self;

    /// Saturates: the end of time is far beyond any robot's battery.
    fn add(self, later: Duration) -> Self {
        Self(self.0.saturating_add(later))
    }
}

/// Whole milliseconds of a duration, saturating.
#[must_use]
pub fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: a moment in the future has no age, rather than a huge one.
    #[test]
    fn time_since_a_later_moment_is_zero() {
        assert_eq!(Time::ZERO.since(Time::from_millis(5)), Duration::ZERO);
        assert_eq!((Time::ZERO + Duration::MAX).since(Time::ZERO), Duration::MAX);
    }
}
