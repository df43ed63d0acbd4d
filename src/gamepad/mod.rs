//! Gamepads at the machine beside the robot: what they are, what they want, and the thread that reads them.
//!
//! [`Pad`] decides in virtual time; [`reader`](self) waits. Between reader and agent lies a link of latest values: no
//! motion ever waits behind an older one, and every sample carries the robot's time that was known when the pad was read.

pub mod card;
pub mod choice;
pub mod control;
#[cfg(feature = "gamepad")]
pub mod desk;
pub mod link;
pub mod pad;
#[cfg(feature = "gamepad")]
pub mod reader;
pub mod reading;
mod reset;
pub mod rules;

use std::path::PathBuf;

pub use card::Card;
pub use choice::{Choice, Guid};
pub use control::Control;
pub use link::{AgentEnd, PadsEnd, Word, link};
pub use pad::{Intent, Known, Pad};
pub use reading::{Axis, Event, Reading};
pub use rules::{Rules, Speeds};

/// What whoever reads pads must know.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Which pads count.
    pub choice: Choice,
    /// A file of SDL mappings instead of the built-in ones.
    pub mappings: Option<PathBuf>,
    /// What controls are for.
    pub rules: Rules,
    /// Whether pads may shake.
    pub rumble: bool,
}
