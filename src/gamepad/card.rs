//! PURE. What can be said of a pad.

use super::choice::Guid;

/// A pad as it introduces itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// What it calls itself, as [`tidy`] has it.
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

/// A name is cut to this many characters.
const NAME: usize = 40;

/// A pad's name as it may stand in a log, in a terminal and on a page: short, on one line, never empty.
#[must_use]
pub fn tidy(name: &str) -> String {
    let plain: String = name.chars().filter(|c| !c.is_control()).take(NAME).collect();
    let plain = plain.trim();
    if plain.is_empty() { "no name".to_owned() } else { plain.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: what a device calls itself breaks no line and paints no terminal.
    #[test]
    fn names_are_tidy() {
        assert_eq!(tidy(" Wireless\u{1b}[31m\r\n Controller "), "Wireless[31m Controller");
        assert_eq!(tidy("\u{7}"), "no name");
        assert_eq!(tidy(&"é".repeat(100)).chars().count(), NAME);
    }
}
