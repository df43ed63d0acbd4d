//! PURE. Whether the robot's name leads here.

use core::net::IpAddr;

use super::finding::{Finding, Subject};

/// What is known of the name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// The configuration says that it is not told.
    Off,
    /// Asked, and these came, perhaps none.
    Answers(Vec<IpAddr>),
}

/// Judges what the name `host` leads to. `running` is whether Joywire runs and lets others in, `own` are this
/// machine's addresses.
#[must_use]
pub fn judge(host: &str, asked: &Asked, running: bool, own: &[IpAddr]) -> Finding {
    let found = match asked {
        Asked::Off => return Finding::fine(Subject::Name, "not told on the network (server.mdns is off)"),
        Asked::Answers(found) => found,
    };
    let list = |addresses: &[IpAddr]| addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    match (found.is_empty(), found.iter().any(|address| own.contains(address))) {
        (true, _) if running => Finding::note(
            Subject::Name,
            format!("{host} leads nowhere on this machine; phones may find it nevertheless"),
            format!(
                "try https://{host} on a phone; if it fails, use the address: Android before 12 and some networks know no such names"
            ),
        ),
        (true, _) => {
            Finding::fine(Subject::Name, format!("{host} is told on the network while Joywire runs with --public"))
        }
        (false, true) => Finding::fine(Subject::Name, format!("{host} leads here")),
        (false, false) => Finding::warning(
            Subject::Name,
            format!("{host} leads to another machine: {}", list(found)),
            "give this robot a name of its own: --name, or robot.name in the configuration",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Level;

    /// Goal: a name that leads to another robot is told; one that nobody tells now is no fault.
    #[test]
    fn name_that_leads_elsewhere_is_told() {
        let own = ["192.168.1.5".parse().unwrap()];
        let level = |answers: &[&str], running| {
            let answers = answers.iter().map(|address| address.parse().unwrap()).collect();
            judge("rover.local", &Asked::Answers(answers), running, &own).level
        };
        assert_eq!(level(&["fe80::1", "192.168.1.5"], true), Level::Fine);
        assert_eq!(level(&["192.168.1.6"], false), Level::Warning);
        assert_eq!((level(&[], true), level(&[], false)), (Level::Note, Level::Fine));
        assert_eq!(judge("rover.local", &Asked::Off, true, &own).level, Level::Fine);
    }
}
