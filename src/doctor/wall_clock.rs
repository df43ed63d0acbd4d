//! PURE. Whether the time of day can be right: certificates begin and end by it.

use super::finding::{Finding, Subject};

/// 1 January 2025: nothing of Joywire is older.
const EARLIEST: u64 = 1_735_689_600;
/// 1 January 2100: nobody has set a clock to that on purpose.
const LATEST: u64 = 4_102_444_800;

/// Judges the time, in seconds since 1970. `synchronized` is whether the system keeps it right by the network, if
/// that is known.
#[must_use]
pub fn judge(now: u64, synchronized: Option<bool>) -> Finding {
    let advice = "connect this machine to the internet for a moment and run `sudo timedatectl set-ntp true`, \
                  or set the clock by hand: `sudo date -s '2030-01-31 12:00'`";
    if !(EARLIEST..LATEST).contains(&now) {
        return Finding::problem(
            Subject::Clock,
            "this machine's clock is wrong: phones refuse certificates that are made by it",
            format!("{advice}; then restart Joywire"),
        );
    }
    match synchronized {
        Some(true) => Finding::fine(Subject::Clock, "kept right by the network"),
        Some(false) => Finding::note(
            Subject::Clock,
            "not kept right by the network; if it is off by more than a day, phones refuse the certificate",
            format!("compare it with the phone's; to set it, {advice}"),
        ),
        None => Finding::fine(Subject::Clock, "looks right (whether the network keeps it so is not known)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Level;

    /// Goal: a board without a battery, which starts in 1970, is told before its certificate is refused.
    #[test]
    fn clock_that_lost_its_battery_is_a_problem() {
        for wrong in [0, 1_000_000_000, EARLIEST - 1, LATEST] {
            assert_eq!(judge(wrong, Some(true)).level, Level::Problem, "{wrong}");
        }
        let levels = [Some(true), Some(false), None].map(|synchronized| judge(EARLIEST, synchronized).level);
        assert_eq!(levels, [Level::Fine, Level::Note, Level::Fine]);
    }
}
