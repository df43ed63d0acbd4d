//! A token bucket: so many at once, so many a second.

use std::time::Duration;

use tokio::time::Instant;

/// So many a second, and so many at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate {
    pub(crate) per_second: f64,
    pub(crate) burst: f64,
}

impl Rate {
    /// `per_second`, and `burst` at once.
    pub(crate) const fn new(per_second: f64, burst: f64) -> Self {
        Self { per_second, burst }
    }

    /// The same where `connections` are allowed: a sixteenth of them may come each second, if that is more.
    pub(crate) fn for_connections(self, connections: usize) -> Self {
        let share = f64::from(u32::try_from(connections).unwrap_or(u32::MAX)) / 16.0;
        let per_second = self.per_second.max(share);
        Self { per_second, burst: self.burst.max(2.0 * share) }
    }
}

/// A token bucket. Time is passed in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    rate: Rate,
    tokens: f64,
    filled: Instant,
}

impl Bucket {
    /// A full bucket.
    pub(crate) fn new(rate: Rate, now: Instant) -> Self {
        Self { rate, tokens: rate.burst, filled: now }
    }

    /// Takes one token; `false` if there is none.
    pub(crate) fn take(&mut self, now: Instant) -> bool {
        self.take_many(1, now)
    }

    /// Takes so many tokens, or none and returns `false`.
    pub(crate) fn take_many(&mut self, count: u32, now: Instant) -> bool {
        self.fill(now);
        let enough = self.tokens >= f64::from(count);
        if enough {
            self.tokens -= f64::from(count);
        }
        enough
    }

    /// Takes so many tokens, on credit if there are not enough; returns how long to pause until that is paid back.
    pub(crate) fn spend(&mut self, count: usize, now: Instant) -> Duration {
        self.fill(now);
        self.tokens -= f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        Duration::from_secs_f64((-self.tokens).max(0.0) / self.rate.per_second)
    }

    fn fill(&mut self, now: Instant) {
        let gained = now.saturating_duration_since(self.filled).as_secs_f64() * self.rate.per_second;
        self.tokens = (self.tokens + gained).min(self.rate.burst);
        self.filled = self.filled.max(now);
    }

    /// Whether nothing was taken for so long that it is as good as new.
    pub(crate) fn is_full(&self, now: Instant) -> bool {
        self.tokens + now.saturating_duration_since(self.filled).as_secs_f64() * self.rate.per_second >= self.rate.burst
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    /// Goal: 60 a second with a burst of 20 means exactly that.
    #[test]
    fn a_bucket_holds_its_burst_and_refills_at_its_rate() {
        let start = Instant::now();
        let mut bucket = Bucket::new(Rate::new(60.0, 20.0), start);
        assert_eq!((0..100).filter(|_| bucket.take(start)).count(), 20);
        let passed = (0..10_000).filter(|step| bucket.take(start + ms(*step))).count();
        assert!((598..=600).contains(&passed), "{passed} of 10 s at 60 a second");
        assert_eq!((0..100).filter(|_| bucket.take(start + ms(3_600_000))).count(), 20, "an hour filled more");
        assert!(!bucket.take(start), "a clock that went back gave tokens");
    }

    /// Goal: who spends more than there is pauses just as long as it takes to come back.
    #[test]
    fn credit_is_paid_back_by_pausing() {
        let start = Instant::now();
        let mut bucket = Bucket::new(Rate::new(100.0, 50.0), start);
        assert_eq!(bucket.spend(50, start), Duration::ZERO);
        assert_eq!(bucket.spend(25, start), ms(250));
        assert_eq!(bucket.spend(0, start + ms(250)), Duration::ZERO);
    }
}
