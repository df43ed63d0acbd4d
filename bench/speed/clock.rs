//! The one clock of the bench: nanoseconds of `CLOCK_MONOTONIC`, which timers count as well and other programs share.

use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::time::{
    ClockId, Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, clock_gettime, timerfd_create,
    timerfd_settime,
};
use tokio::io::unix::AsyncFd;

/// Now, ns.
pub fn now() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    u64::try_from(time.tv_sec).unwrap_or(0) * 1_000_000_000 + u64::try_from(time.tv_nsec).unwrap_or(0)
}

/// As the system counts it.
fn timespec(ns: u64) -> Timespec {
    let part = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    Timespec { tv_sec: part(ns / 1_000_000_000), tv_nsec: part(ns % 1_000_000_000) }
}

/// A beat of the kernel's own timer: tokio's counts milliseconds, too coarse for a thousand a second.
#[derive(Debug)]
pub struct Beat {
    timer: AsyncFd<OwnedFd>,
    next: u64,
    every: u64,
}

impl Beat {
    /// The first beat is one period from now.
    ///
    /// # Errors
    /// If the system has no timer.
    pub fn every(period: Duration) -> std::io::Result<Self> {
        let every = u64::try_from(period.as_nanos()).unwrap_or(u64::MAX).max(1);
        let next = now() + every;
        let timer = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
        let beats = Itimerspec { it_interval: timespec(every), it_value: timespec(next) };
        timerfd_settime(&timer, TimerfdTimerFlags::ABSTIME, &beats)?;
        #[expect(deprecated, reason = "its successor is unsafe; a descriptor that is owned here stays what it is")]
        let timer = AsyncFd::new(timer)?;
        Ok(Self { timer, next, every })
    }

    /// Waits for the next beat, and returns the moments that have passed since, each as it was to be: several if we
    /// were held up. Safe to cancel.
    pub async fn next(&mut self) -> std::io::Result<Vec<u64>> {
        loop {
            let mut ready = self.timer.readable().await?;
            let mut count = [0; 8];
            let read = rustix::io::read(ready.get_inner(), &mut count);
            ready.clear_ready();
            match read {
                Ok(_) => {
                    let beats = u64::from_ne_bytes(count);
                    let from = self.next;
                    self.next += beats * self.every;
                    return Ok((0..beats).map(|beat| from + beat * self.every).collect());
                }
                Err(rustix::io::Errno::AGAIN) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}
