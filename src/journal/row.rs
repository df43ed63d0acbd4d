//! PURE. Row: an entry as it lies in the file.

use serde_json::Value;

use super::chain::Hash;
use super::record::Record;
use crate::protocol::events::Role;
use crate::protocol::journal::Entry;

/// An entry with all that the file has of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// Its number, counting from 1 without holes.
    pub id: u64,
    /// When, ms since 1970, by the clock on the wall.
    pub at_ms: u64,
    /// The run of a program that wrote it.
    pub run: u64,
    /// What kind of thing happened; a name of [`super::Kind`], or of one that a later Joywire knows.
    pub event: String,
    /// The robot that it is about, by name; empty if about none.
    pub robot: String,
    /// Who did it, by name.
    pub who: Option<String>,
    /// What they may do.
    pub role: Option<String>,
    /// The number of their device.
    pub device: Option<u64>,
    /// A sentence, or what was said.
    pub text: String,
    /// What belongs to it, as JSON.
    pub data: Option<String>,
    /// Its hash, as the file has it.
    pub hash: Hash,
}

impl Row {
    /// What happened, before it has a number and a hash.
    #[must_use]
    pub fn of(record: &Record, at_ms: u64, run: u64) -> Self {
        let doer = record.doer.as_ref();
        Self {
            at_ms,
            run,
            event: record.kind.name().to_owned(),
            robot: plain(&record.robot),
            who: doer.map(|doer| plain(&doer.name)),
            role: doer.and_then(|doer| doer.role).map(|role| role_name(role).to_owned()),
            device: doer.and_then(|doer| doer.device),
            text: plain(&record.text),
            data: (!record.data.is_null()).then(|| record.data.to_string()),
            ..Self::default()
        }
    }

    /// As people see it. Data that are no JSON any more, because somebody changed them, are shown as text.
    #[must_use]
    pub fn entry(self) -> Entry {
        Entry {
            id: self.id,
            at_ms: self.at_ms,
            event: self.event,
            robot: self.robot,
            who: self.who,
            device: self.device,
            text: self.text,
            data: self.data.map_or(Value::Null, |text| serde_json::from_str(&text).unwrap_or(Value::String(text))),
        }
    }
}

/// What a role is called in the log.
fn role_name(role: Role) -> &'static str {
    match role {
        Role::Agent => "agent",
        Role::Viewer => "viewer",
        Role::Driver => "driver",
        Role::Operator => "operator",
    }
}

/// A text without zeros: to most programs that read the file, one would be the end of the text.
fn plain(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::journal::{Doer, Kind};

    /// Goal: nothing of a record is lost on its way to people.
    #[test]
    fn what_is_shown_is_what_happened() {
        let doer = Doer { name: "Ada".into(), role: Some(Role::Driver), device: Some(7) };
        let record = Record::new(Kind::Chat, "hello\0").of("Rover").by(doer).with(json!({"n": 1}));
        let row = Row::of(&record, 5, 2);
        assert_eq!((row.role.as_deref(), row.run), (Some("driver"), 2));
        let entry = row.entry();
        assert_eq!((entry.at_ms, entry.event.as_str(), entry.robot.as_str()), (5, "chat", "Rover"));
        assert_eq!((entry.who.as_deref(), entry.device, entry.text.as_str()), (Some("Ada"), Some(7), "hello\u{fffd}"));
        assert_eq!(entry.data, json!({"n": 1}));
        assert_eq!(Row::of(&Record::new(Kind::Program, ""), 0, 1).data, None);
    }
}
