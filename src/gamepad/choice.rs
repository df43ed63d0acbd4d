//! PURE. Which pads count: all, none, those of a name, or those of one kind by their GUID.

use std::fmt::{self, Display, Formatter};

/// Hexadecimal digits of a GUID.
const DIGITS: usize = 32;

/// A pad's kind as SDL numbers it: bus, maker, product and version. Two pads of one kind have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guid(pub [u8; 16]);

impl Display for Guid {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

/// Which pads count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Every one.
    Auto,
    /// None.
    Off,
    /// Those with this in their name, in small letters.
    Named(String),
    /// Those of this kind, in small letters.
    Kind(String),
}

impl Choice {
    /// Reads `auto`, `off`, a GUID, or else part of a name. `None` for an empty text.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim().to_lowercase();
        match text.as_str() {
            "" => None,
            "auto" => Some(Self::Auto),
            "off" => Some(Self::Off),
            _ if text.len() == DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit()) => Some(Self::Kind(text)),
            _ => Some(Self::Named(text)),
        }
    }

    /// Whether a pad counts.
    #[must_use]
    pub fn takes(&self, name: &str, guid: Guid) -> bool {
        match self {
            Self::Auto => true,
            Self::Off => false,
            Self::Named(part) => name.to_lowercase().contains(part),
            Self::Kind(wanted) => guid.to_string() == *wanted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: of several pads the one that is meant drives, whatever port it is in.
    #[test]
    fn pads_are_chosen_by_name_or_kind() {
        let guid = Guid([3, 0, 0, 0, 0x5e, 4, 0, 0, 0x8e, 2, 0, 0, 0x14, 1, 0, 0]);
        let takes = |text: &str| Choice::read(text).unwrap().takes("Microsoft X-Box 360 pad", guid);
        assert!(takes("auto") && takes("x-box") && takes("030000005E0400008e02000014010000"));
        assert!(!takes("off") && !takes("Sony") && !takes("030000005e0400008e02000014010001"));
        assert_eq!(Choice::read(" "), None);
    }
}
