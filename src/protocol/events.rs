//! The Socket.IO events as types: every name and payload that a page, a script or an agent exchanges.
//!
//! Arguments may arrive bare (`drive {…}`) or wrapped in an array (`drive [{…}]`, as the original
//! server relayed them); [`argument`] accepts both. Parsing is strict: an unknown key, a wrong type
//! or a number out of range is an error, never a default that moves something.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::fleet::RobotSummary;
use super::message::Counters;
pub use super::reason::{Exceeded, Numbers, Reason};

/// Version of this contract, told in [`Welcome`]. It grows when a client must know.
pub const VERSION: u32 = 1;

/// Event names. The page's copy in `web/events.js` is held against this list by a test.
pub mod name {
    /// Relay to client, first of all: a client waits for it before it sends anything.
    pub const WELCOME: &str = "welcome";
    /// Seat holder to agent: one stick sample, latest wins.
    pub const DRIVE: &str = "drive";
    /// Client to agent (acknowledged): take, ask, give or release the seat. Agent to all: who has it.
    pub const SEAT: &str = "seat";
    /// Anyone in the room to agent (acknowledged): latch STOP.
    pub const STOP: &str = "stop";
    /// Operator to agent (acknowledged): first without, then with the nonce, clears the latch.
    pub const RESET: &str = "reset";
    /// Agent to all: one bundled snapshot, 20–40 Hz, latest wins.
    pub const TELEMETRY: &str = "telemetry";
    /// Relay to client, after `welcome`: what was said at its robot before it came.
    pub const HISTORY: &str = "history";
    /// Operator to relay (acknowledged): searches the log.
    pub const LOG: &str = "log";
    /// Operator to agent (acknowledged): begins and ends recordings, and lists those that there are.
    pub const RECORDINGS: &str = "recordings";
    /// Agent or relay to one client: why something it sent had no effect.
    pub const REFUSED: &str = "refused";
    /// Client to relay (acknowledged with nothing): measures the round trip.
    pub const ECHO: &str = "echo";
    /// Operator to relay (acknowledged): who may come in. Relay to operators: who may, whenever that changes.
    pub const ACCESS: &str = "access";
    /// Client to relay (acknowledged): all robots; from operators also STOP for all, and who must leave a seat. Relay to
    /// all: the robots, whenever one comes, goes, or changes what it does.
    pub const ROBOTS: &str = "robots";
    /// Operator to agent (acknowledged): what the motors need is shown, previewed and written.
    pub const CALIBRATE: &str = "calibrate";
    /// The original's press of a direction button; also relayed to everyone, wrapped.
    pub const DIRECTION: &str = "direction";
    /// The original's chat line; relayed to everyone, wrapped. Acknowledged with nothing once it is in the log, or with
    /// `{kept: false}` if the log cannot take it.
    pub const CHAT: &str = "chat";
    /// The original's answer of the robot's side to `direction` and `chat`.
    pub const REPLY: &str = "reply";
    /// The original's remarks of the robot's side.
    pub const NOTICES: &str = "notices";
}

/// Events that only the relay or the agent may say; from a client they are refused.
pub const FROM_RELAY_ONLY: [&str; 4] = [name::WELCOME, name::HISTORY, name::TELEMETRY, name::REFUSED];

/// What a client may do, weakest first. The relay checks it on every event, the agent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Runs a robot; may nothing that people may.
    Agent,
    /// Sees everything and may STOP.
    Viewer,
    /// May also take the seat and drive.
    Driver,
    /// May also clear the STOP latch.
    Operator,
}

/// One connected client as others see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Number of this connection, unique while the relay runs.
    pub id: u64,
    /// Name to show, at most 32 characters.
    pub name: String,
}

/// `welcome`: everything a client needs to begin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Welcome {
    /// [`VERSION`] of the relay.
    pub version: u32,
    /// The client itself.
    pub you: Person,
    /// What it may do.
    pub role: Role,
    /// The robot it looks at; without a name if it must choose one of [`Welcome::robots`] first.
    pub robot: RobotCard,
    /// Every robot of this relay.
    pub robots: Vec<RobotSummary>,
    /// Bounds that it must keep to.
    pub limits: Limits,
    /// Who drives now.
    pub seat: SeatView,
    /// The newest snapshot.
    pub telemetry: Telemetry,
}

/// A robot's description, as far as a page shows it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RobotCard {
    /// Name from the configuration.
    pub name: String,
    /// Its colour, `#rrggbb`; empty for the relay to choose.
    #[serde(default)]
    pub color: String,
    /// Whether it is the simulator.
    pub simulated: bool,
    /// How its wheels make its motion: `differential`, `skid`, `mecanum`, `omni` or `ackermann`.
    pub wheels: String,
    /// Whether it can go sideways, so that [`Drive::strafe`] means something.
    pub strafe: bool,
    /// Distance between the left and right wheels, metres; `null` if nobody measured it.
    pub track_m: Option<f64>,
    /// Speed at full stick, m/s; `null` if nobody measured it.
    pub top_speed_mps: Option<f64>,
}

/// Bounds a client must keep to, so that none is written twice.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// `drive` samples a second while a stick is held.
    pub sample_hz: u32,
    /// Largest control event, bytes of its JSON.
    pub control_bytes: usize,
    /// Largest other event, bytes.
    pub event_bytes: usize,
    /// Events a second from one client.
    pub events_per_second: u32,
    /// A command older than this no longer drives, ms.
    pub command_timeout_ms: u64,
    /// The seat is free after this long without a sample, ms.
    pub seat_ms: u64,
    /// A reset button must be held this long, ms.
    pub reset_hold_ms: u64,
}

/// `drive`: one sample of the stick.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drive {
    /// Counts up by one for each sample of a connection, from any start, modulo 2³².
    pub seq: u32,
    /// Right of centre, −1…1.
    pub x: f64,
    /// Forward of centre, −1…1.
    pub y: f64,
    /// To the right without turning, −1…1; for robots that can, and absent where there is no such control.
    #[serde(default)]
    pub strafe: f64,
    /// Instead of the stick: an output of its own for each motor, permille, −400…400, 0 for motors that there are not.
    /// For calibration by operators; absent otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub motors: Option<[i16; 4]>,
    /// Newest `telemetry.tick` the input device's page had seen, ms of the robot's own clock;
    /// absent before the first.
    #[serde(default)]
    pub tick: Option<u32>,
    /// The `telemetry.session` that `tick` belongs to.
    #[serde(default)]
    pub session: Option<u32>,
    /// Epoch under which the sender holds the seat; 0 while it does not.
    #[serde(default)]
    pub epoch: u32,
}

impl Drive {
    /// Whether it asks for rest.
    #[must_use]
    pub fn is_neutral(&self) -> bool {
        let still = self.motors.is_none_or(|outputs| outputs == [0; 4]);
        still && self.x == 0.0 && self.y == 0.0 && self.strafe == 0.0
    }
}

/// `direction`: one press of the original's buttons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Drive forward.
    Up,
    /// Drive backward.
    Down,
    /// Turn left on the spot.
    Left,
    /// Turn right on the spot.
    Right,
    /// Neutral at once.
    Stop,
}

/// `seat`, from a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "want", rename_all = "lowercase", deny_unknown_fields)]
pub enum SeatRequest {
    /// Take it if it is free or held by a lower priority.
    Take,
    /// Stand in the queue for it.
    Ask,
    /// Hand it to another client.
    Give {
        /// That client's [`Person::id`].
        to: u64,
    },
    /// Leave the seat, or the queue.
    Release,
    /// From an operator: whoever drives by the network leaves the seat.
    Clear,
}

/// `seat`, to everyone, and inside its acknowledgement.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeatView {
    /// Who drives; `null` if nobody.
    pub holder: Option<Person>,
    /// Grows at every change of holder, so that an old holder's samples are recognised.
    pub epoch: u32,
    /// Who waits, first first.
    pub queue: Vec<Person>,
}

/// Acknowledgement of `seat`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeatReply {
    /// Whether it was done.
    pub ok: bool,
    /// Why not, as a sentence; with `ok`: that the log does not have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The seat afterwards.
    pub seat: SeatView,
}

/// `stop`, from anyone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StopRequest {
    /// What to show beside the latch, at most 100 characters of it are kept.
    #[serde(default)]
    pub reason: String,
}

/// Acknowledgement of `stop`: sent after the latch is on disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopReply {
    /// Whether the robot is latched. Only `true` ends the sender's repetition.
    pub ok: bool,
    /// Why the latch is not certain, as a sentence; with `ok`: that the log does not have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// `reset`, from an operator: `{}` when the button goes down, `{nonce}` once it was held long enough.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResetRequest {
    /// The nonce of the first acknowledgement; absent when the button goes down.
    #[serde(default)]
    pub nonce: Option<u32>,
}

/// Acknowledgement of `reset`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResetReply {
    /// Whether the step was accepted.
    pub ok: bool,
    /// To be sent back after [`Limits::reset_hold_ms`]; valid once, for 10 s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<u32>,
    /// Why not, as a sentence; with `ok`: that the log does not have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// What the robot is doing, one word for the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// No robot answers at the other end of the cable.
    #[default]
    NoRobot,
    /// It answers and is being armed.
    Starting,
    /// Armed and at rest: whoever takes the seat may drive.
    Ready,
    /// A fresh command moves it.
    Driving,
    /// Stopped for [`Telemetry::reason`]; clears as that says.
    Stopped,
    /// STOP is latched until an operator resets it.
    Latched,
}

/// Position by odometry since the agent started, REP-103: x forward, y left, heading left-positive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Pose {
    /// Metres.
    pub x_m: f64,
    /// Metres.
    pub y_m: f64,
    /// Radians, −π…π.
    pub heading_rad: f64,
}

/// How fast the robot should go by what its motors are told; REP-103. Nobody measured it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Speed {
    /// Ahead, m/s.
    pub linear_mps: f64,
    /// To the left, m/s.
    pub lateral_mps: f64,
    /// Turning left, rad/s.
    pub angular_radps: f64,
}

/// State of the cable to the robot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Time since the robot last said anything, ms.
    pub silence_ms: u64,
    /// Drive frames written since the start.
    pub frames_sent: u64,
    /// Frames from the robot that were damaged, since the start.
    pub bad_frames: u64,
    /// Frames the robot refused or could not read, by its own count.
    pub rejected: u32,
    /// Drive samples that were refused, since the start.
    pub refused: u64,
    /// What became of our messages at the robot, by its own count; told once a second.
    pub robot: Counters,
    /// Lines on which the robot was heard, after the first.
    pub reconnects: u32,
    /// Times that the robot restarted while its line was open.
    pub restarts: u32,
}

/// `telemetry`: one bundled snapshot.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Telemetry {
    /// The robot's own clock, ms, as of its newest status; `null` while there is none.
    pub tick: Option<u32>,
    /// Session with the robot; `null` while there is none.
    pub session: Option<u32>,
    /// Age at the wheels: how old the newest accepted command's tick was when the robot said so, ms.
    pub age_ms: Option<u32>,
    /// How fast its wheels turn by the outputs that it reports, permille of full, without what its motors need for
    /// that. Two of them: left, right; four: front left, front right, rear left, rear right; of a car: drive, steering
    /// (left positive).
    pub wheels: Vec<i16>,
    /// The same as a speed of the body; `null` where its dimensions are not known.
    pub speed: Option<Speed>,
    /// What the robot is doing.
    pub state: State,
    /// Why it is stopped or latched; `null` while it is neither.
    pub reason: Option<Reason>,
    /// Why it stopped last, kept after it cleared; `null` if it never did.
    pub last_stop: Option<Reason>,
    /// Battery, mV; `null` if the robot does not measure it.
    pub battery_mv: Option<u16>,
    /// Position by odometry; `null` without wheel counts.
    pub pose: Option<Pose>,
    /// Epoch of the seat.
    pub epoch: u32,
    /// Whether this drive is being recorded.
    #[serde(default)]
    pub recording: bool,
    /// The cable.
    pub link: Link,
}

/// `refused`: why something a client sent had no effect. At most once a second for each `code`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// The event that was refused.
    pub event: String,
    /// A stable word, for programs.
    pub code: String,
    /// A sentence, for people.
    pub why: String,
}

/// An event's payload that could not be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// No argument at all.
    #[error("{event} needs an argument")]
    Missing {
        /// The event.
        event: &'static str,
    },
    /// Not of the shape that the contract gives.
    #[error("{event} was not understood: {detail}")]
    Malformed {
        /// The event.
        event: &'static str,
        /// What serde says of it.
        detail: String,
    },
}

/// Finds the first argument in a list of arguments, bare or wrapped in arrays by relays on the way.
///
/// Relays of the original wrap once each, so up to three layers are opened.
#[must_use]
pub fn argument(args: &[Value]) -> Option<&Value> {
    let mut first = args.first()?;
    for _ in 0..3 {
        match first {
            Value::Array(inner) => first = inner.first()?,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => break,
        }
    }
    Some(first)
}

/// Reads the payload of `event` from its arguments.
///
/// # Errors
/// [`EventError`] if there is none or it does not fit; the caller refuses the event.
pub fn parse<T: serde::de::DeserializeOwned>(event: &'static str, args: &[Value]) -> Result<T, EventError> {
    let first = argument(args).ok_or(EventError::Missing { event })?;
    T::deserialize(first).map_err(|error| EventError::Malformed { event, detail: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    /// Goal: the original server's wrapping must not change what a command means.
    #[test]
    fn bare_and_wrapped_arguments_mean_the_same() {
        for args in [json!(["left"]), json!([["left"]]), json!([["left", 7]])] {
            let list = args.as_array().expect("an array was written above");
            assert_eq!(parse::<Direction>(name::DIRECTION, list), Ok(Direction::Left));
        }
    }

    /// Goal: nothing that is almost a command is taken for one.
    #[test]
    fn malformed_payloads_are_refused_not_defaulted() {
        for bad in [
            json!({"seq": 1, "x": "0", "y": 0}),
            json!({"seq": 1, "x": 0}),
            json!({"seq": -1, "x": 0, "y": 0}),
            json!({"seq": 1, "x": 0, "y": 0, "throttle": 1}),
            json!({"seq": 1, "x": null, "y": 0}),
            json!({"seq": 1, "x": 0, "y": 0, "strafe": null}),
            json!("up"),
            json!(null),
        ] {
            assert!(parse::<Drive>(name::DRIVE, std::slice::from_ref(&bad)).is_err(), "{bad} was accepted");
        }
        assert!(parse::<Drive>(name::DRIVE, &[]).is_err());
        assert!(parse::<Direction>(name::DIRECTION, &[json!("LEFT")]).is_err());
        assert!(parse::<SeatRequest>(name::SEAT, &[json!({"want": "give"})]).is_err());
    }

    /// Goal: names are unique, or one event would answer another.
    #[test]
    fn reserved_names_are_known_names() {
        assert!(FROM_RELAY_ONLY.iter().all(|reserved| ![name::DRIVE, name::CHAT, name::STOP].contains(reserved)));
    }

    proptest! {
        /// Goal: no JSON crashes the parser.
        #[test]
        fn any_text_is_parsed_or_refused(text in ".{0,200}") {
            if let Ok(value) = serde_json::from_str::<Value>(&text) {
                let args = [value];
                drop(parse::<Drive>(name::DRIVE, &args));
                drop(parse::<SeatRequest>(name::SEAT, &args));
                drop(parse::<ResetRequest>(name::RESET, &args));
            }
        }

        /// Goal: what we write is what we read.
        #[test]
        fn drive_survives_the_wire(
            seq: u32, x in -1.0..1.0f64, y in -1.0..1.0f64, strafe in -1.0..1.0f64, tick: Option<u32>, epoch: u32
        ) {
            let drive = Drive { seq, x, y, strafe, motors: tick.map(|_| [1, -2, 3, 400]), tick, session: tick, epoch };
            let value = serde_json::to_value(drive).expect("numbers are always JSON");
            prop_assert_eq!(parse::<Drive>(name::DRIVE, &[value]), Ok(drive));
        }
    }
}
