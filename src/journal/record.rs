//! PURE. Record: one thing that the log remembers, and what each kind of them is called.

use serde_json::Value;

use crate::protocol::events::{Role, name};

/// What kind of thing happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A line of the chat.
    Chat,
    /// A press of the original's buttons.
    Direction,
    /// What the robot's side answered.
    Reply,
    /// What the robot's side remarked.
    Notice,
    /// An event that somebody invented and everybody heard; its name is in the data.
    Topic,
    /// Another one drives, or nobody.
    Seat,
    /// STOP was latched.
    Stop,
    /// STOP was reset.
    Reset,
    /// The robot stopped, or a cause of that is over.
    Fault,
    /// A robot was found, or lost.
    Robot,
    /// The motors' needs were written.
    Motors,
    /// Somebody was let in, sent away or thrown out, or showed a wrong code.
    Access,
    /// A connection began or ended.
    Connection,
    /// A recording began or ended.
    Recording,
    /// A program began, with its configuration, or ended.
    Program,
    /// Entries are missing here.
    Gap,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 16] = [
        Self::Chat,
        Self::Direction,
        Self::Reply,
        Self::Notice,
        Self::Topic,
        Self::Seat,
        Self::Stop,
        Self::Reset,
        Self::Fault,
        Self::Robot,
        Self::Motors,
        Self::Access,
        Self::Connection,
        Self::Recording,
        Self::Program,
        Self::Gap,
    ];

    /// Its name in the log: that of the event where it is one.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Chat => name::CHAT,
            Self::Direction => name::DIRECTION,
            Self::Reply => name::REPLY,
            Self::Notice => name::NOTICES,
            Self::Topic => "topic",
            Self::Seat => name::SEAT,
            Self::Stop => name::STOP,
            Self::Reset => name::RESET,
            Self::Fault => "fault",
            Self::Robot => "robot",
            Self::Motors => "motors",
            Self::Access => name::ACCESS,
            Self::Connection => "connection",
            Self::Recording => "recording",
            Self::Program => "program",
            Self::Gap => "gap",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether it is worth more than others: it is on stable storage before anybody is told, and when there is no room
    /// for all, room for these is kept.
    #[must_use]
    pub const fn is_critical(self) -> bool {
        matches!(self, Self::Seat | Self::Stop | Self::Reset | Self::Access | Self::Gap)
    }
}

/// Who did it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Doer {
    /// By name.
    pub name: String,
    /// What they may do, if they came by a relay.
    pub role: Option<Role>,
    /// The number of their device; none for whoever sits at the machine itself.
    pub device: Option<u64>,
}

impl Doer {
    /// Whoever sits at this machine.
    #[must_use]
    pub fn here() -> Self {
        Self { name: "somebody at this machine".to_owned(), ..Self::default() }
    }
}

/// One thing that happened, before the log has given it a number.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// What kind of thing.
    pub kind: Kind,
    /// The robot that it is about, by name; empty if about none.
    pub robot: String,
    /// Who did it; `None` if nobody did.
    pub doer: Option<Doer>,
    /// A sentence, or what was said.
    pub text: String,
    /// What belongs to it, for programs; null if nothing does.
    pub data: Value,
}

impl Record {
    /// A record that nobody did, about no robot.
    #[must_use]
    pub fn new(kind: Kind, text: impl Into<String>) -> Self {
        Self { kind, robot: String::new(), doer: None, text: text.into(), data: Value::Null }
    }

    /// The same about a robot.
    #[must_use]
    pub fn of(self, robot: &str) -> Self {
        Self { robot: robot.to_owned(), ..self }
    }

    /// The same, done by somebody.
    #[must_use]
    pub fn by(self, doer: Doer) -> Self {
        Self { doer: Some(doer), ..self }
    }

    /// The same with data.
    #[must_use]
    pub fn with(self, data: Value) -> Self {
        Self { data, ..self }
    }

    /// Bytes that it takes while it waits, about.
    #[must_use]
    pub fn weight(&self) -> usize {
        let doer = self.doer.as_ref().map_or(0, |doer| doer.name.len());
        size_of::<Self>() + self.robot.len() + doer + self.text.len() + weight(&self.data)
    }
}

fn weight(value: &Value) -> usize {
    let inside = match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(weight).sum(),
        Value::Object(fields) => fields.iter().map(|(name, value)| name.len() + weight(value)).sum(),
    };
    size_of::<Value>() + inside
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: no kind is forgotten in `ALL`, and each is found by its name.
    #[test]
    fn every_kind_has_a_name_of_its_own() {
        for (place, kind) in Kind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, place);
            assert_eq!(Kind::named(kind.name()), Some(kind));
        }
        assert_eq!(Kind::named("drive"), None);
    }
}
