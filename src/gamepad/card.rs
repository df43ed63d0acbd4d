//! PURE. What can be said of a pad.

use super::choice::Guid;

/// A pad as it introduces itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// What it calls itself.
    pub name: String,
    /// Its kind.
    pub guid: Guid,
    /// The mapping that names its controls, if one fits; else they are named as the system's driver names them.
    pub mapping: Option<String>,
    /// Whether the left stick and the lower button are known by name.
    pub is_named: bool,
    /// Whether it can shake.
    pub rumble: bool,
    /// Its device, such as `/dev/input/event5`; empty where there is none.
    pub device: String,
}
