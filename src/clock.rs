//! The one clock: turns the machine's monotonic time into [`Time`].

use std::time::{SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

use crate::time::{Time, millis};

/// Milliseconds since 1970, for people to read; nothing is decided by it, as it may jump.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place that asks the wall clock")]
pub fn unix_millis() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, millis)
}

/// Counts from when it was made. It follows tokio's time, so a test may pause it.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
}

impl Clock {
    /// Starts counting.
    #[must_use]
    pub fn start() -> Self {
        Self { start: Instant::now() }
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Time {
        Time::after(self.start.elapsed())
    }

    /// The instant of a moment, for timers.
    #[must_use]
    pub fn instant(&self, moment: Time) -> Instant {
        self.start + moment.elapsed()
    }
}
