//! PURE. Whether the page answers at the addresses that phones use, as seen from this machine itself.

use super::finding::{Finding, Subject};

/// What was tried.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tried {
    /// Whether Joywire runs; else someone listened for a moment only.
    pub running: bool,
    /// Whether it answered at `localhost`.
    pub itself: bool,
    /// The addresses for phones, as browsers write them, and whether each answered.
    pub addresses: Vec<(String, bool)>,
}

/// Judges what was tried.
#[must_use]
pub fn judge(tried: &Tried) -> Finding {
    let list = |answered: bool| -> Vec<&str> {
        tried.addresses.iter().filter(|(_, did)| *did == answered).map(|(url, _)| url.as_str()).collect()
    };
    let (answered, silent) = (list(true), list(false));
    let (yes, no) = (answered.join(", "), silent.join(", "));
    if !tried.running {
        return match (answered.is_empty(), silent.is_empty()) {
            (_, true) if answered.is_empty() => {
                Finding::fine(Subject::Page, "Joywire does not run now, and there is no address to try")
            }
            (_, true) => Finding::fine(
                Subject::Page,
                format!("Joywire does not run now; a try got through to this machine at {yes}"),
            ),
            (_, false) => Finding::warning(
                Subject::Page,
                format!("a try did not get through to this machine at {no}"),
                "rules of a firewall keep this machine from itself: see there, or start Joywire and try again",
            ),
        };
    }
    if !tried.itself {
        return Finding::problem(
            Subject::Page,
            "Joywire has the port, but does not answer",
            "if the robot is safe, end it with Ctrl-C and start it again; what it said last tells why",
        );
    }
    if tried.addresses.is_empty() || silent.is_empty() {
        let at = if yes.is_empty() { "localhost" } else { yes.as_str() };
        return Finding::fine(Subject::Page, format!("Joywire answers at {at} (asked from this machine)"));
    }
    if answered.is_empty() {
        return Finding::note(
            Subject::Page,
            "Joywire answers this machine alone",
            "to let phones in, end it and start it with `joywire --public`",
        );
    }
    Finding::warning(
        Subject::Page,
        format!("Joywire answers at {yes}, but not at {no}"),
        "use an address that answers; if the network has changed meanwhile, restart Joywire",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Level;

    /// Goal: each way of not answering is told apart, and each comes with another advice.
    #[test]
    fn ways_of_not_answering_are_told_apart() {
        let tried = |running, itself, list: &[bool]| {
            let addresses = list.iter().map(|did| ("https://10.0.0.5:8080".to_owned(), *did)).collect();
            judge(&Tried { running, itself, addresses })
        };
        assert_eq!(tried(true, true, &[true, true]).level, Level::Fine);
        assert_eq!(tried(true, true, &[]).level, Level::Fine);
        let alone = tried(true, true, &[false, false]);
        assert!(alone.level == Level::Note && alone.advice.unwrap().contains("--public"));
        assert_eq!(tried(true, true, &[true, false]).level, Level::Warning);
        assert_eq!(tried(true, false, &[false]).level, Level::Problem);
        assert_eq!(tried(false, false, &[true]).level, Level::Fine);
        assert_eq!(tried(false, false, &[]).level, Level::Fine);
        assert_eq!(tried(false, false, &[true, false]).level, Level::Warning);
    }
}
