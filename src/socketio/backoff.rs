//! PURE. How long to wait before the next try to connect.

use std::time::Duration;

/// The first pause.
const FIRST: Duration = Duration::from_millis(250);
/// The longest.
const LONGEST: Duration = Duration::from_secs(5);
/// A connection that lasted longer than this was a good one.
const GOOD: Duration = Duration::from_secs(5);

/// Pauses that double, so that thirty robots do not knock at once at a relay that has just started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    next: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { next: FIRST }
    }
}

impl Backoff {
    /// The next pause: half of 0.25 s, 0.5 s, … 5 s at least, and how much of the other half, `random` says: any
    /// number, evenly spread.
    pub fn pause(&mut self, random: u32) -> Duration {
        let half = self.next / 2;
        self.next = (self.next * 2).min(LONGEST);
        half + half.mul_f64(f64::from(random) / f64::from(u32::MAX))
    }

    /// A connection has ended. After a good one the first pause is short again.
    pub fn ended(&mut self, lasted: Duration) {
        if lasted > GOOD {
            *self = Self::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: pauses grow to 5 s and no further, and are short again only after a connection that was worth it.
    #[test]
    fn pauses_double_until_a_connection_lasts() {
        let mut backoff = Backoff::default();
        let pauses: Vec<_> = (0..7).map(|_| backoff.pause(u32::MAX).as_millis()).collect();
        assert_eq!(pauses, [250, 500, 1000, 2000, 4000, 5000, 5000]);
        backoff.ended(GOOD);
        assert_eq!(backoff.pause(0), LONGEST / 2);
        backoff.ended(GOOD + Duration::from_millis(1));
        assert_eq!(backoff.pause(0), FIRST / 2);
    }
}
