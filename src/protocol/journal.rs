//! PURE. The log and recordings, as people see them: the `history`, `log` and `recordings` events.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// `history`, from the relay: what was said at the robot lately, oldest first, a hundred entries at most.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// `chat`, `direction`, `reply`, `notices`, and `gap` where some are missing.
    pub entries: Vec<Entry>,
}

/// One entry of the log.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its number in the log; 0 for one that is not written yet.
    pub id: u64,
    /// When, ms since 1970.
    pub at_ms: u64,
    /// What kind of thing happened: the name of an event, or `stop`, `fault`, `connection`, `access`, `gap` and the like.
    pub event: String,
    /// The robot that it is about, by name; empty if about none.
    pub robot: String,
    /// Who did it, by name; `null` if nobody did.
    pub who: Option<String>,
    /// The number of their device; `null` for whoever sits at the machine itself.
    pub device: Option<u64>,
    /// A sentence, or what was said.
    pub text: String,
    /// What belongs to it, for programs; `null` if nothing does.
    pub data: Value,
}

/// `log`, from an operator. Entries must fit all that is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogRequest {
    /// Found in the text or in a name, whatever its case; empty: anything.
    pub text: String,
    /// Kinds of entries, as in [`Entry::event`]; none: all.
    pub events: Vec<String>,
    /// A robot, by name; gaps fit any.
    pub robot: Option<String>,
    /// A device, by number.
    pub device: Option<u64>,
    /// Not before, ms since 1970.
    pub since_ms: Option<u64>,
    /// Not after, ms since 1970.
    pub until_ms: Option<u64>,
    /// Older than the entry of this number: the next page.
    pub before: Option<u64>,
    /// Entries at most, 1…200; 50 if absent.
    pub most: Option<u32>,
}

/// Acknowledgement of `log`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LogReply {
    /// Whether it was done.
    pub ok: bool,
    /// Why not, as a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The newest that fit, oldest first.
    pub entries: Vec<Entry>,
    /// Whether older ones fit, too.
    pub more: bool,
}

/// `recordings`, from an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "lowercase", deny_unknown_fields)]
pub enum RecordingsRequest {
    /// Those that there are.
    List,
    /// Begins one, of the robot that the client is at.
    Start,
    /// Ends it.
    Stop,
}

/// Acknowledgement of `recordings`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordingsReply {
    /// Whether it was done.
    pub ok: bool,
    /// Why not, as a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Whether one is running now.
    #[serde(default)]
    pub running: bool,
    /// The newest first.
    #[serde(default)]
    pub recordings: Vec<Recording>,
}

/// One recording.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recording {
    /// Its file; operators get it from `/recordings/NAME`, unless the robot's agent is on another machine, where it is then.
    pub name: String,
    /// Its robot, by name.
    pub robot: String,
    /// When it began, ms since 1970.
    pub at_ms: u64,
    /// How long it is, ms.
    pub length_ms: u64,
    /// Its size.
    pub bytes: u64,
    /// Whether it is still being written.
    pub running: bool,
    /// Whether it can be downloaded from this relay.
    pub here: bool,
}

/// Whether this can be the name of a recording's file: small letters, digits and `-`, and `.mcap`. So no name leads out of a
/// folder.
#[must_use]
pub fn is_recording_name(name: &str) -> bool {
    let stem = name.strip_suffix(".mcap").unwrap_or_default();
    let plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    (1..=100).contains(&stem.len()) && stem.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: no name of a recording leads anywhere but into its folder.
    #[test]
    fn names_of_recordings_lead_nowhere_else() {
        assert!(is_recording_name("rover-2026-11-28-101500.mcap") && is_recording_name("a-2.mcap"));
        for bad in
            ["", ".mcap", "../a.mcap", "a/b.mcap", "a.mcap.new", "A.mcap", "a%2f.mcap", "a\0.mcap", "a.mcap/", "..mcap"]
        {
            assert!(!is_recording_name(bad), "{bad:?}");
        }
        assert!(!is_recording_name(&format!("{}.mcap", "a".repeat(101))));
    }
}
