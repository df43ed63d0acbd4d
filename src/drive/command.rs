//! PURE. Command: what reaches the pilot, and what it answers.

use serde::{Deserialize, Serialize};

use super::latch::ResetError;
use super::mixer::WheelSpeeds;
use super::motion::Stick;
use super::robot::RobotReport;
use super::safety::Fault;
use super::seat::{DriverId, Grant, Source};

/// The robot's own time as an input device last saw it: proof of when a sample was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// Session of the robot that gave it.
    pub session: u32,
    /// The robot's clock, ms.
    pub tick: u32,
}

/// One stick sample of a driver.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Counts up, modulo 2³².
    pub seq: u32,
    /// Where the stick is.
    pub stick: Stick,
    /// When it was there.
    pub stamp: Option<Stamp>,
    /// Epoch under which the sender believes to hold the seat.
    pub epoch: u32,
}

/// What drivers and people ask for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// A stick sample.
    Sample(Sample),
    /// A sample that tells each motor its own output, permille, whatever wheels it turns: for calibration, with the
    /// wheels off the ground. At most 400 of it counts. The sample's stick is of no account.
    Bench(Sample, WheelSpeeds),
    /// A press that drives a while by itself and takes a free seat; a neutral one stops at once.
    Nudge(Stick),
    /// The seat, if it is free.
    Take,
    /// The seat, when it becomes free.
    Ask,
    /// The seat to someone else.
    Give(DriverId),
    /// Out of the seat or the queue; also when a connection ends.
    Leave,
    /// STOP.
    Stop,
    /// An operator's finger is on reset; carries a fresh random nonce.
    PressReset(u32),
    /// An operator has held reset and brings the nonce back.
    ReleaseReset(u32),
}

/// Everything that reaches the pilot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Input {
    /// From a driver.
    Command(DriverId, Source, Command),
    /// From the robot; `None` when the cable to it is gone.
    Robot(Option<RobotReport>),
}

/// Why a command had no effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Someone else drives, or nobody.
    NotHolder {
        /// Who drives.
        holder: Option<DriverId>,
    },
    /// From before the last change of the seat.
    OldEpoch,
    /// Not newer than one that came before.
    OldSeq,
    /// The stick must be released once.
    NeutralFirst,
    /// The robot is stopped.
    Stopped(Fault),
    /// Without the robot's time nobody can tell how old it is.
    NoStamp,
    /// Its time is of another session, or of the future.
    ForeignStamp,
    /// Too old.
    Stale {
        /// Age by the robot's clock, ms.
        age_ms: u64,
    },
    /// The latch stays.
    Reset(ResetError),
}

/// The answer to an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Taken note of.
    Accepted,
    /// About the seat.
    Seat(Grant),
    /// It had no effect.
    Refused(Refusal),
}
