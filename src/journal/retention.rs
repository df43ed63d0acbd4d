//! PURE. Retention: which entries the log may forget.

use std::time::Duration;

/// A time before this is that of a clock that nobody had set: small computers start in 1970. 2024-01-01.
const PLAUSIBLE_MS: u64 = 1_704_067_200_000;

/// How long and how much the log remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Days.
    pub days: u32,
    /// Bytes of its file.
    pub bytes: u64,
}

impl Retention {
    /// The newest of the oldest entries, given as numbers and times, that is too old. What has an impossible time is
    /// as old as what follows it.
    #[must_use]
    pub fn expired(&self, oldest: &[(u64, u64)], now_ms: u64) -> Option<u64> {
        let age = u64::try_from(Duration::from_hours(24 * u64::from(self.days)).as_millis()).unwrap_or(u64::MAX);
        let cutoff = now_ms.saturating_sub(age);
        let plausible = oldest.iter().filter(|(_, at_ms)| *at_ms >= PLAUSIBLE_MS);
        plausible.take_while(|(_, at_ms)| *at_ms < cutoff).last().map(|(id, _)| *id)
    }

    /// How many of `entries` must go so that what remains of `bytes` has some room to grow; 0 if all may stay.
    #[must_use]
    pub fn excess(&self, entries: u64, bytes: u64) -> u64 {
        if bytes <= self.bytes {
            return 0;
        }
        // A little more than needed, so that it need not be done for every batch.
        let over = bytes - self.bytes / 20 * 19;
        let share = (u128::from(entries) * u128::from(over)).div_ceil(u128::from(bytes));
        u64::try_from(share).unwrap_or(u64::MAX).clamp(u64::from(entries > 0), entries)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DAY: u64 = 86_400_000;
    const NOW: u64 = PLAUSIBLE_MS + 1000 * DAY;
    const TEN_DAYS: Retention = Retention { days: 10, bytes: 1000 };

    /// Goal: what is older than it may be goes, what a clock in 1970 dated does not go for that.
    #[test]
    fn old_entries_go_and_undated_ones_go_with_them() {
        let old = NOW - 11 * DAY;
        let young = NOW - 9 * DAY;
        assert_eq!(TEN_DAYS.expired(&[(1, old), (2, old), (3, young)], NOW), Some(2));
        assert_eq!(TEN_DAYS.expired(&[(1, young)], NOW), None);
        assert_eq!(TEN_DAYS.expired(&[(1, 5), (2, 6)], NOW), None);
        assert_eq!(TEN_DAYS.expired(&[(1, 5), (2, old), (3, 6), (4, young)], NOW), Some(2));
        assert_eq!(TEN_DAYS.expired(&[(1, young), (2, old)], NOW), None, "the oldest first");
    }

    proptest! {
        /// Goal: removing what is said to be too much brings the file below its bound, if entries are all alike.
        #[test]
        fn excess_is_enough(entries in 1..10_000u64, bytes in 1..5000u64) {
            let excess = TEN_DAYS.excess(entries, bytes);
            prop_assert_eq!(excess == 0, bytes <= 1000);
            prop_assert!(excess <= entries);
            if excess > 0 {
                let left = u128::from(bytes) * u128::from(entries - excess) / u128::from(entries);
                prop_assert!(left <= 1000 || excess == 1, "{} of {} leave {}", excess, entries, left);
            }
        }
    }
}
