//! PURE. What the pilot knows of the robot.

use serde::{Deserialize, Serialize};

/// One report of the robot, as far as driving cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RobotReport {
    /// Session under which it listens.
    pub session: u32,
    /// Its own clock, ms, when it spoke.
    pub tick: u32,
    /// What it is doing.
    pub state: RobotState,
}

/// What a robot is doing, as far as driving cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RobotState {
    /// It does not speak our version of the protocol.
    Incompatible,
    /// Not armed yet.
    Starting,
    /// Armed; a fresh command moves it.
    Ready,
    /// It stopped itself and wants neutral first.
    Stopped,
    /// Its own STOP latch is set.
    Latched,
}
