//! PURE. The controls of a gamepad by the names of the W3C's standard gamepad, never by a number.

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

/// One thing on a pad that a finger can be on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names are those of the configuration")]
pub enum Control {
    South,
    East,
    West,
    North,
    LeftShoulder,
    RightShoulder,
    LeftTrigger,
    RightTrigger,
    Select,
    Start,
    Mode,
    LeftStickPress,
    RightStickPress,
    DpadUp,
    DpadDown,
    DpadLeft,
    DpadRight,
    LeftStick,
    RightStick,
}

impl Control {
    /// Every control: what can be pressed, and last the two sticks.
    pub const ALL: [Self; 19] = [
        Self::South,
        Self::East,
        Self::West,
        Self::North,
        Self::LeftShoulder,
        Self::RightShoulder,
        Self::LeftTrigger,
        Self::RightTrigger,
        Self::Select,
        Self::Start,
        Self::Mode,
        Self::LeftStickPress,
        Self::RightStickPress,
        Self::DpadUp,
        Self::DpadDown,
        Self::DpadLeft,
        Self::DpadRight,
        Self::LeftStick,
        Self::RightStick,
    ];

    /// Its name in the configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::South => "south",
            Self::East => "east",
            Self::West => "west",
            Self::North => "north",
            Self::LeftShoulder => "left_shoulder",
            Self::RightShoulder => "right_shoulder",
            Self::LeftTrigger => "left_trigger",
            Self::RightTrigger => "right_trigger",
            Self::Select => "select",
            Self::Start => "start",
            Self::Mode => "mode",
            Self::LeftStickPress => "left_stick_press",
            Self::RightStickPress => "right_stick_press",
            Self::DpadUp => "dpad_up",
            Self::DpadDown => "dpad_down",
            Self::DpadLeft => "dpad_left",
            Self::DpadRight => "dpad_right",
            Self::LeftStick => "left_stick",
            Self::RightStick => "right_stick",
        }
    }

    /// Whether it is up or down like a button; the two sticks are not.
    #[must_use]
    pub const fn is_button(self) -> bool {
        !matches!(self, Self::LeftStick | Self::RightStick)
    }
}

impl Display for Control {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// A text is no control's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no control called \"{0}\"; `joywire pads` shows each by its name")]
pub struct UnknownControl(String);

impl FromStr for Control {
    type Err = UnknownControl;

    fn from_str(text: &str) -> Result<Self, UnknownControl> {
        Self::ALL.into_iter().find(|control| control.name() == text).ok_or_else(|| UnknownControl(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: every control that the program prints can be written into the configuration, and nothing else.
    #[test]
    fn names_read_back() {
        for control in Control::ALL {
            assert_eq!(control.to_string().parse(), Ok(control));
        }
        for wrong in ["", "0", "South", "button1", "left stick"] {
            assert!(wrong.parse::<Control>().is_err(), "{wrong}");
        }
        assert_eq!(Control::ALL.iter().filter(|control| control.is_button()).count(), 17);
    }
}
