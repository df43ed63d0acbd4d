//! When a loop went round last: a thread that hangs cannot say so itself.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::clock::Clock;
use crate::time::{Time, millis};

/// When a loop went round last.
#[derive(Debug)]
pub(super) struct Pulse {
    clock: Clock,
    /// ms since the clock's start, and 1; 0 before the first round.
    beat: AtomicU64,
}

impl Pulse {
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock, beat: AtomicU64::new(0) }
    }

    /// It goes round.
    pub(super) fn beat(&self, now: Time) {
        self.beat.store(millis(now.elapsed()) + 1, Ordering::Relaxed);
    }

    /// It goes round now.
    pub(super) fn beat_now(&self) {
        self.beat(self.clock.now());
    }

    /// How long ago that was; `None` if it never was.
    pub(super) fn age(&self) -> Option<Duration> {
        let beat = self.beat.load(Ordering::Relaxed).checked_sub(1)?;
        Some(self.clock.now().since(Time::from_millis(beat)))
    }
}
