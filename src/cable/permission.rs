//! Says what to do about a port that this user may not open.

use std::fs;
use std::os::unix::fs::MetadataExt;

/// Reading and writing, for the group.
const GROUP: u32 = 0o060;

/// What to try, as the second half of a sentence.
#[must_use]
pub fn hint(path: &str) -> String {
    let Ok(port) = fs::metadata(path) else { return "ask whoever looks after this machine".to_owned() };
    let groups = fs::read_to_string("/etc/group").unwrap_or_default();
    match group(&groups, port.gid()) {
        Some((name, members)) if port.mode() & GROUP == GROUP && port.gid() != 0 => {
            let user = std::env::var("USER").unwrap_or_default();
            let member = !user.is_empty() && members.split(',').any(|member| member == user);
            advice(name, member)
        }
        Some(_) | None => format!("its mode is {:03o}: a udev rule or `sudo chmod a+rw` opens it", port.mode() & 0o777),
    }
}

fn advice(group: &str, member: bool) -> String {
    if member {
        format!("you are in the group {group} already: log out and in again")
    } else {
        format!("run `sudo usermod -aG {group} $USER`, then log out and in again")
    }
}

/// Name and members of a group, out of the text of `/etc/group`.
fn group(groups: &str, gid: u32) -> Option<(&str, &str)> {
    groups.lines().find_map(|line| {
        let mut fields = line.splitn(4, ':');
        let (name, _, number, members) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
        (number.parse() == Ok(gid)).then_some((name, members))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: whoever is in the group already is not sent to join it again.
    #[test]
    fn advice_depends_on_the_group() {
        let groups = "root:x:0:\ndialout:x:20:anne,bob\n";
        assert_eq!(group(groups, 20), Some(("dialout", "anne,bob")));
        assert_eq!(group(groups, 5), None);
        assert!(advice("dialout", false).contains("usermod -aG dialout"));
        assert!(
            advice("dialout", true).contains("log out and in again") && !advice("dialout", true).contains("usermod")
        );
    }

    /// Goal: a port that no group may use is told by its mode.
    #[test]
    fn closed_port_is_told_by_its_mode() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(hint(file.path().to_str().unwrap()).contains("600"));
    }
}
