//! PURE. How it is told in the log who comes in, and who does not.

use serde_json::json;

use super::code::Pass;
use super::gate::Guest;
use crate::journal::{Doer, Kind, Record};
use crate::protocol::events::Role;

/// A device was let in.
pub(super) fn admitted(guest: &Guest) -> Record {
    let Guest { id, name, role, robot } = guest;
    let doer = Doer { name: name.clone(), role: Some(*role), device: Some(*id) };
    access(format!("{name} is let in as {}", word(*role)))
        .by(doer)
        .with(json!({"do": "admitted", "device": id, "role": role, "robot": robot}))
}

/// A device waits until somebody says yes.
pub(super) fn waits(name: &str, role: Role) -> Record {
    access(format!("{name} waits to be let in as {}", word(role))).with(json!({"do": "waits", "role": role}))
}

/// A device showed a code that lets nobody in.
pub(super) fn refused(name: &str, why: &str) -> Record {
    access(format!("{name} is not let in: {why}")).with(json!({"do": "refused"}))
}

/// Somebody answered a device that waits.
pub(super) fn answered(name: &str, yes: bool, by: Doer) -> Record {
    let (words, word) = if yes { ("says yes to", "approved") } else { ("says no to", "denied") };
    access(format!("{} {words} {name}", by.name)).by(by).with(json!({"do": word}))
}

/// A code was opened.
pub(super) fn invited(pass: &Pass, by: Doer) -> Record {
    let Pass { role, robot } = pass;
    access(format!("{} opens a code for {}", by.name, word(*role)))
        .by(by)
        .with(json!({"do": "invited", "role": role, "robot": robot}))
}

/// A device was thrown out.
pub(super) fn revoked(id: u64, name: &str, by: Doer) -> Record {
    access(format!("{} throws {name} out", by.name)).by(by).with(json!({"do": "revoked", "device": id}))
}

/// A device is for one robot from now on, or for all.
pub(super) fn assigned(id: u64, name: &str, robot: Option<&str>, by: Doer) -> Record {
    let which = robot.map_or_else(|| "any robot".to_owned(), |robot| format!("{robot} alone"));
    access(format!("{} says that {name} is for {which}", by.name))
        .by(by)
        .with(json!({"do": "assigned", "device": id, "robot": robot}))
}

fn access(text: String) -> Record {
    Record::new(Kind::Access, text)
}

fn word(role: Role) -> &'static str {
    match role {
        Role::Agent => "an agent",
        Role::Viewer => "a viewer",
        Role::Driver => "a driver",
        Role::Operator => "an operator",
    }
}
