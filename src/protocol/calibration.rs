//! PURE. What each motor needs, as an operator's page asks, shows and writes it: the `calibrate` event.

use serde::{Deserialize, Serialize};

/// What one motor needs that the robot's drawing does not show.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MotorNeeds {
    /// Whether it turns backward when told forward.
    pub inverted: bool,
    /// Share of its speed that it is allowed, 0.5…1.
    pub trim: f64,
    /// Output below which it only hums, permille, 0…400.
    pub dead_band: i16,
}

/// `calibrate`, from an operator. Lists of motors have one entry for each output of the robot, in their order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "want", rename_all = "lowercase", deny_unknown_fields)]
pub enum CalibrateRequest {
    /// What is in force.
    Show,
    /// How the robot's file would differ; nothing is written.
    Preview {
        /// What would be written.
        motors: Vec<MotorNeeds>,
    },
    /// Writes the robot's file. It counts from the next rest of the wheels on.
    Write {
        /// What is written.
        motors: Vec<MotorNeeds>,
        /// [`CalibrateReply::mark`] of the preview: only what was shown is written.
        mark: String,
    },
}

/// Acknowledgement of `calibrate`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CalibrateReply {
    /// Whether it was done.
    pub ok: bool,
    /// Why not, as a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// How the robot's wheels make its motion, as in [`super::events::RobotCard::wheels`].
    pub wheels: String,
    /// What is in force; after a write, what will be from the next rest on.
    pub motors: Vec<MotorNeeds>,
    /// The robot's file.
    pub file: String,
    /// After a preview: lines that would go, after `- `, and that would come, after `+ `.
    pub lines: Vec<String>,
    /// Names that difference.
    pub mark: String,
}
