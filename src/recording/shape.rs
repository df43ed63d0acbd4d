//! PURE. The messages of a recording, one shape a channel. What is needed to play it again is read back; the rest is for people.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::agent::controller::Controller;
use crate::agent::tape::{Entry, What};
use crate::drive::{Command, DriverId, Motors, Source};
use crate::time::Time;

/// Why a recording begins or ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Someone wanted it.
    Wanted,
    /// It was long enough: the next one goes on where it ends.
    Full,
    /// Entries were lost, so another one had to begin.
    Gap,
    /// The program ended.
    ProgramEnded,
}

/// `/joywire/state`: what a recording begins with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Start {
    /// When, ns since the program started.
    pub at_ns: u64,
    /// The same by the wall clock, ns since 1970.
    pub wall_ns: u64,
    /// The version that recorded.
    pub version: String,
    /// The robot's name.
    pub robot: String,
    /// Why it begins.
    pub why: Why,
    /// Entries that were lost before it, since the program started.
    pub lost: u64,
    /// The longest time between two steps, ms.
    pub step_ms: u64,
    /// The people who were known, by number.
    pub names: BTreeMap<u64, String>,
    /// The whole state of the controller.
    pub controller: Controller,
}

/// `/joywire/command`: what a driver or an operator asked for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Asked {
    /// When, ns since the program started.
    pub at_ns: u64,
    /// Whose hand.
    pub driver: DriverId,
    /// Their name.
    pub name: String,
    /// By which way it came.
    pub source: Source,
    /// What.
    pub command: Command,
    /// What is shown beside the latch, with STOP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What was answered.
    pub answer: String,
}

/// Which way bytes went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From the robot.
    FromRobot,
    /// To the robot, by a step of the controller; empty if that had nothing to say.
    ToRobot,
    /// To the robot, before the program ended.
    Farewell,
}

/// `/joywire/frames`: bytes on the line.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Frames {
    /// When, ns since the program started.
    pub at_ns: u64,
    /// Which way.
    pub direction: Direction,
    /// The bytes, two hexadecimal digits each.
    pub hex: String,
}

/// `/joywire/cable`: the line to the robot.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Line {
    /// When, ns since the program started.
    pub at_ns: u64,
    /// What became of it.
    pub line: LineState,
    /// A sentence.
    pub text: String,
}

/// What became of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineState {
    /// It is open.
    Up,
    /// It is gone.
    Down,
    /// Something is known of it.
    Says,
}

/// `/joywire/motors`: what the motors need, newly found.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Fitted {
    /// When, ns since the program started.
    pub at_ns: u64,
    /// The motors.
    pub motors: Motors,
}

/// `/joywire/people`: who came and went.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Person {
    /// When, ns since the program started.
    pub at_ns: u64,
    /// Their number.
    pub driver: DriverId,
    /// Their name; `null` when they leave.
    pub name: Option<String>,
}

/// `/joywire/end`: the last message of a recording that did not end abruptly.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct End {
    /// When, ns since the program started.
    pub at_ns: u64,
    /// Why.
    pub why: Why,
    /// Entries that were lost, since the program started.
    pub lost: u64,
}

/// A time as a number.
#[must_use]
pub fn ns(at: Time) -> u64 {
    at.into()
}

/// Bytes as hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

fn unhex(text: &str) -> Option<Box<[u8]>> {
    data_encoding::HEXLOWER.decode(text.as_bytes()).ok().map(Vec::into_boxed_slice)
}

impl From<Asked> for Entry {
    fn from(asked: Asked) -> Self {
        let Asked { at_ns, driver, source, command, reason, .. } = asked;
        let what = match command {
            Command::Stop => What::Stop(driver, source, reason.unwrap_or_default().into()),
            Command::Sample(_)
            | Command::Bench(..)
            | Command::Nudge(_)
            | Command::Take
            | Command::Ask
            | Command::Give(_)
            | Command::Leave
            | Command::PressReset(_)
            | Command::ReleaseReset(_) => What::Command(driver, source, command),
        };
        Self { at: at_ns.into(), what }
    }
}

impl TryFrom<Frames> for Entry {
    type Error = &'static str;

    fn try_from(frames: Frames) -> Result<Self, Self::Error> {
        let bytes = unhex(&frames.hex).ok_or("bytes are written as pairs of hexadecimal digits")?;
        let what = match frames.direction {
            Direction::FromRobot => What::Received(bytes),
            Direction::ToRobot => What::Step(bytes),
            Direction::Farewell => What::Farewell(bytes),
        };
        Ok(Self { at: frames.at_ns.into(), what })
    }
}

impl From<Line> for Entry {
    fn from(line: Line) -> Self {
        let what = match line.line {
            LineState::Up => What::CableUp,
            LineState::Down => What::CableDown(line.text.into()),
            LineState::Says => What::CableSays(line.text.into()),
        };
        Self { at: line.at_ns.into(), what }
    }
}

impl From<Fitted> for Entry {
    fn from(fitted: Fitted) -> Self {
        Self { at: fitted.at_ns.into(), what: What::Fit(Box::new(fitted.motors)) }
    }
}

impl From<Person> for Entry {
    fn from(person: Person) -> Self {
        let what = person.name.map_or(What::Left(person.driver), |name| What::Met(person.driver, name.into()));
        Self { at: person.at_ns.into(), what }
    }
}
