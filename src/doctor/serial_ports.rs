//! PURE. Whether this user may open the ports that may lead to a robot, and whether someone else has.

use super::finding::{Finding, Subject};
use crate::cable::port::{Port, Verdict};

/// A port and what can be seen of it without opening it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The port.
    pub port: Port,
    /// Who has it open.
    pub holder: Option<String>,
    /// Why this user may not open it.
    pub forbidden: Option<String>,
}

/// Who this user is to the system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum User {
    /// The administrator.
    Root,
    /// One of the group to which serial ports belong.
    Member,
    /// Somebody else; the group.
    Outsider(String),
    /// The system does not tell.
    Unknown,
}

/// Judges the ports. `simulated` is whether the configuration asks for the simulated robot.
#[must_use]
pub fn judge(all: &[Seen], simulated: bool, user: &User) -> Vec<Finding> {
    let likely: Vec<&Seen> = all.iter().filter(|seen| matches!(seen.port.verdict, Verdict::Plausible(_))).collect();
    if likely.is_empty() {
        let other = if all.is_empty() { "" } else { " (`joywire ports` lists the others)" };
        let what = format!("no port that may lead to a robot{other}");
        let advice =
            "plug the robot in, with a cable that carries data (some only charge); `joywire ports` lists what is found";
        let mut findings = vec![if simulated {
            Finding::fine(Subject::SerialPorts, format!("{what}; the simulated robot needs none"))
        } else {
            Finding::warning(Subject::SerialPorts, what, advice)
        }];
        findings.extend(outsider(user));
        return findings;
    }
    likely.into_iter().map(|seen| one(seen, simulated)).collect()
}

fn one(seen: &Seen, simulated: bool) -> Finding {
    let name = &seen.port.device;
    let bad = |what: String, advice: String| {
        // Who drives the simulated robot may not have noticed, and need not.
        if simulated {
            Finding::warning(Subject::SerialPorts, what, advice)
        } else {
            Finding::problem(Subject::SerialPorts, what, advice)
        }
    };
    match (&seen.forbidden, &seen.holder) {
        (Some(hint), _) => bad(format!("you may not open {name}, {}", seen.port.description()), hint.clone()),
        (None, Some(holder)) if holder.starts_with("joywire ") => {
            Finding::fine(Subject::SerialPorts, format!("{name}: Joywire has it, {holder}"))
        }
        (None, Some(holder)) => bad(
            format!("{name} is in use by {holder}: two programs at one port get half of the bytes each"),
            "end that program, then start Joywire".to_owned(),
        ),
        (None, None) => {
            Finding::fine(Subject::SerialPorts, format!("{name} is free and yours, {}", seen.port.description()))
        }
    }
}

fn outsider(user: &User) -> Option<Finding> {
    match user {
        User::Outsider(group) => Some(Finding::note(
            Subject::SerialPorts,
            format!("you are not in the group {group}, to which serial ports belong"),
            format!(
                "if a robot is refused later: `sudo usermod -aG {group} $USER`, then log out and in again; \
                 at a desktop the device rule below does it, too"
            ),
        )),
        User::Root | User::Member | User::Unknown => None,
    }
}

/// Who the user is, out of `/proc/self/status` and `/etc/group`.
#[must_use]
pub fn user(status: &str, groups: &str) -> User {
    let numbers = |key: &str| -> Option<Vec<u32>> {
        let line = status.lines().find_map(|line| line.strip_prefix(key))?;
        Some(line.split_whitespace().filter_map(|number| number.parse().ok()).collect())
    };
    let (Some(users), Some(own)) = (numbers("Uid:"), numbers("Groups:")) else { return User::Unknown };
    // Debian and Fedora call it dialout, Arch uucp; where there are both, it is the first.
    let group = |wanted: &str| {
        groups.lines().find_map(|line| {
            let mut fields = line.split(':');
            (fields.next()? == wanted).then(|| fields.nth(1)?.parse::<u32>().ok())?
        })
    };
    let found = ["dialout", "uucp"].into_iter().find_map(|name| Some((name, group(name)?)));
    match found {
        // The second number is the one that counts.
        _ if users.get(1) == Some(&0) => User::Root,
        Some((_, number)) if own.contains(&number) => User::Member,
        Some((name, _)) => User::Outsider(name.to_owned()),
        None => User::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Level;

    fn seen(holder: Option<&str>, forbidden: Option<&str>) -> Seen {
        let port = Port { verdict: Verdict::Plausible(0), ..Port::bare("/dev/ttyUSB0") };
        Seen { port, holder: holder.map(str::to_owned), forbidden: forbidden.map(str::to_owned) }
    }

    fn level(seen: Seen, simulated: bool) -> Level {
        judge(&[seen], simulated, &User::Member)[0].level
    }

    /// Goal: what keeps the robot from being driven is a problem only for who wants to drive it.
    #[test]
    fn ports_are_judged_by_who_has_and_who_may() {
        assert_eq!(level(seen(None, None), false), Level::Fine);
        assert_eq!(level(seen(Some("joywire (process 7)"), None), false), Level::Fine);
        assert_eq!(level(seen(Some("minicom (process 7)"), None), false), Level::Problem);
        assert_eq!(level(seen(None, Some("run `sudo usermod`")), false), Level::Problem);
        assert_eq!(level(seen(None, Some("run `sudo usermod`")), true), Level::Warning);
    }

    /// Goal: without a port the robot is missed only if it is wanted, and a port of a stranger is none.
    #[test]
    fn robot_is_missed_only_if_it_is_wanted() {
        let stranger = Seen { port: Port::bare("/dev/ttyS0"), holder: None, forbidden: None };
        for (all, told) in [(vec![], false), (vec![stranger], true)] {
            let missed = judge(&all, false, &User::Outsider("dialout".to_owned()));
            assert_eq!(missed.iter().map(|one| one.level).collect::<Vec<_>>(), [Level::Warning, Level::Note]);
            assert_eq!(missed[0].what.contains("lists the others"), told);
            assert_eq!(judge(&all, true, &User::Root)[0].level, Level::Fine);
        }
    }

    /// Goal: who may open ports is read from what the system says of this very process.
    #[test]
    fn user_is_read_from_the_system() {
        let groups = "root:x:0:\nuucp:x:10:\ndialout:x:20:anne\n";
        let status = |uid: u32, own: &str| format!("Name:\tjoywire\nUid:\t1000\t{uid}\t0\t0\nGroups:\t{own}\n");
        assert_eq!(user(&status(0, ""), groups), User::Root);
        assert_eq!(user(&status(1000, "4 20 1000"), groups), User::Member);
        assert_eq!(user(&status(1000, "4 10"), groups), User::Outsider("dialout".to_owned()));
        assert_eq!(user(&status(1000, "4"), "uucp:x:14:\n"), User::Outsider("uucp".to_owned()));
        assert_eq!((user("", groups), user(&status(1000, ""), "")), (User::Unknown, User::Unknown));
    }
}
