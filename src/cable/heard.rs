//! PURE. What was heard from a port that is not known to be a robot yet, and what to say about it.

use std::time::Duration;

/// A board that was reset by opening its port boots up to 3 s; a robot is heard within this.
pub const PATIENCE: Duration = Duration::from_secs(4);

/// What was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Not a byte.
    Nothing,
    /// Bytes, but no report of a robot.
    Noise,
    /// A valid STATUS.
    Robot,
}

impl Heard {
    /// A sentence about the port of that name.
    #[must_use]
    pub fn sentence(self, port: &str) -> String {
        match self {
            Self::Nothing => format!(
                "nothing is heard from {port}: is the firmware on it, and does the robot have power? Press its reset button once"
            ),
            Self::Noise => format!(
                "{port} speaks, but not as a Joywire robot: is the baud rate right, is its firmware ours, or is it another device?"
            ),
            Self::Robot => format!("{port} speaks Joywire"),
        }
    }
}
