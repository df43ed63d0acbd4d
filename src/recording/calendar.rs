//! PURE. Calendar: moments since 1970 as people write them, in UTC.

/// A moment as its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Parts {
    year: u64,
    month: u64,
    day: u64,
    hour: u64,
    minute: u64,
    second: u64,
    ms: u64,
}

/// The parts of a moment. Days are counted from 1 March of the year 0, so that leap days come last (Hinnant's way).
fn parts(at_ms: u64) -> Parts {
    let (days, rest) = (at_ms / 86_400_000, at_ms % 86_400_000);
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    Parts {
        year: year_of_era + era * 400 + u64::from(month <= 2),
        month,
        day: of_year - (153 * shifted + 2) / 5 + 1,
        hour: rest / 3_600_000,
        minute: rest / 60_000 % 60,
        second: rest / 1000 % 60,
        ms: rest % 1000,
    }
}

/// `2026-11-28-101500`, as in names of files.
#[must_use]
pub fn stamp(at_ms: u64) -> String {
    let Parts { year, month, day, hour, minute, second, .. } = parts(at_ms);
    format!("{year:04}-{month:02}-{day:02}-{hour:02}{minute:02}{second:02}")
}

/// `2026-11-28 10:15:00 UTC`.
#[must_use]
pub fn moment(at_ms: u64) -> String {
    let Parts { year, month, day, hour, minute, second, .. } = parts(at_ms);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

/// `10:15:00.125`.
#[must_use]
pub fn time_of_day(at_ms: u64) -> String {
    let Parts { hour, minute, second, ms, .. } = parts(at_ms);
    format!("{hour:02}:{minute:02}:{second:02}.{ms:03}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: leap days, ends of years and centuries are where the calendar has them.
    #[test]
    fn days_are_those_of_the_calendar() {
        assert_eq!(moment(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(moment(951_782_400_000), "2000-02-29 00:00:00 UTC");
        assert_eq!(moment(1_709_251_199_999), "2024-02-29 23:59:59 UTC");
        assert_eq!(moment(4_107_542_400_000), "2100-03-01 00:00:00 UTC");
        assert_eq!(stamp(1_795_860_900_000), "2026-11-28-101500");
        assert_eq!(time_of_day(1_795_860_900_125), "10:15:00.125");
    }
}
