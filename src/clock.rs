//! The one clock: turns the machine's monotonic time into [`Time`].

use tokio::time::Instant;

use crate::time::Time;

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
