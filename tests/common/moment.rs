//! Moments that processes share: this machine's steady clock.

use rustix::time::{ClockId, clock_gettime};

/// This machine's steady clock, ns.
pub fn clock_ns() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    u64::try_from(now.tv_sec).unwrap() * 1_000_000_000 + u64::try_from(now.tv_nsec).unwrap()
}
