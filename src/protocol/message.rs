//! PURE. The messages between host and microcontroller: what they say. `layout.rs` writes and reads their bytes.

use serde::{Deserialize, Serialize};

/// Major version of this protocol. Both sides must have the same.
pub const MAJOR: u8 = 1;
/// Motors a message can carry at most.
pub const MAX_MOTORS: usize = 4;
/// Full speed of a motor, permille.
pub const FULL: i16 = 1000;
/// Bytes of text that a TEXT carries.
pub const TEXT_LEN: usize = 32;
/// `age_ms` of a STATUS before any DRIVE was accepted.
pub const NO_AGE: u16 = u16::MAX;

/// One value per motor, 1…4 of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    try_from = "Vec<T>",
    into = "Vec<T>",
    bound(serialize = "T: Serialize + Copy + Default", deserialize = "T: Deserialize<'de> + Copy + Default")
)]
pub struct PerMotor<T> {
    values: [T; MAX_MOTORS],
    motors: usize,
}

impl<T: Copy + Default> TryFrom<Vec<T>> for PerMotor<T> {
    type Error = &'static str;

    fn try_from(values: Vec<T>) -> Result<Self, Self::Error> {
        Self::new(&values).ok_or("a robot has one motor to four")
    }
}

impl<T: Copy + Default> From<PerMotor<T>> for Vec<T> {
    fn from(motors: PerMotor<T>) -> Self {
        motors.as_slice().to_vec()
    }
}

impl<T: Copy + Default> PerMotor<T> {
    /// Takes 1…4 values; `None` for any other number.
    #[must_use]
    pub fn new(values: &[T]) -> Option<Self> {
        let mut all = [T::default(); MAX_MOTORS];
        all.get_mut(..values.len())?.copy_from_slice(values);
        (!values.is_empty()).then_some(Self { values: all, motors: values.len() })
    }

    /// The values.
    #[must_use]
    pub fn as_slice(&self) -> &[T] {
        &self.values[..self.motors]
    }
}

/// Host to microcontroller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToMcu {
    /// Turn the motors, as long as the echoed tick is young.
    Drive(Drive),
    /// Motors off now. Honoured whatever the session.
    Stop {
        /// For the robot's own log.
        reason: u8,
    },
    /// Motors off until [`ToMcu::LatchReset`]. Honoured whatever the session.
    Latch,
    /// Opens the latch that showed this nonce.
    LatchReset {
        /// The session.
        session: u32,
        /// `latch_nonce` of the newest STATUS.
        nonce: u32,
    },
    /// Begins a session.
    Hello {
        /// Fresh for every session, and never 0: session 0 means none.
        nonce: u16,
        /// Lowest major version that the host speaks.
        min_major: u8,
        /// Highest major version that the host speaks.
        max_major: u8,
    },
    /// Allows motion in a session, once its link has been good for 500 ms.
    Arm {
        /// The session.
        session: u32,
    },
    /// Asks for a parameter.
    ParamGet {
        /// Which.
        id: u8,
    },
    /// Changes a parameter.
    ParamSet {
        /// The session.
        session: u32,
        /// Which.
        id: u8,
        /// Its new value.
        value: i32,
    },
}

/// The one message that moves motors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drive {
    /// The session: `nonce << 16 | boot count`.
    pub session: u32,
    /// Strictly newer than the last, modulo 2¹⁶, by less than 2¹⁵.
    pub seq: u16,
    /// Newest tick that the input device had seen when the command was sampled, ms.
    pub tick: u32,
    /// The motors may obey until `tick` is this old, ms; 0 is a stop.
    pub ttl_ms: u16,
    /// Speeds, permille of full, −1000…1000.
    pub motors: PerMotor<i16>,
    /// For the robot's own use (lights, horn); 0.
    pub aux: u8,
    /// Low byte of the seat's epoch.
    pub epoch: u8,
    /// Why the motors rest: the number of the host's fault, 1…15; 0 if for none. Of no effect at the robot, told so that
    /// whoever reads the wire, or a robot with a display, can say it.
    pub cause: u8,
}

impl Drive {
    /// Whether no motor is asked to turn.
    #[must_use]
    pub fn is_neutral(&self) -> bool {
        self.ttl_ms == 0 || self.motors.as_slice().iter().all(|speed| *speed == 0)
    }
}

/// Microcontroller to host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FromMcu {
    /// The answer to [`ToMcu::Hello`].
    HelloAck(HelloAck),
    /// What the robot is doing, 40 times a second from its start on.
    Status(Status),
    /// A parameter's value.
    Param {
        /// Which.
        id: u8,
        /// Its value.
        value: i32,
    },
    /// A line for the host's log: UTF-8, padded with zeros.
    Text([u8; TEXT_LEN]),
    /// What became of the host's messages, once a second.
    Counters(Counters),
}
/// Who the robot is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HelloAck {
    /// The nonce of the HELLO that this answers.
    pub nonce: u16,
    /// Major version that the robot chose; 0 if it speaks none that was offered.
    pub major: u8,
    /// Grows with every start of the robot; the low half of the session.
    pub boot_count: u16,
    /// Number of motors, 1…4.
    pub motors: u8,
    /// The longest `ttl_ms` that the robot grants.
    pub max_ttl_ms: u16,
    /// Name of the firmware, ASCII, padded with zeros.
    pub name: [u8; 12],
    /// Hash of the firmware's source.
    pub hash: u32,
}

impl HelloAck {
    /// The session that this begins.
    #[must_use]
    pub fn session(&self) -> u32 {
        u32::from(self.nonce) << 16 | u32::from(self.boot_count)
    }
}

/// What became of the host's messages, by the robot's own count since its start; each modulo 2¹⁶.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// DRIVE that counted.
    pub accepted: u16,
    /// Damaged frames.
    pub damaged: u16,
    /// Whole frames that were no message to a robot, or had a field out of its range.
    pub no_message: u16,
    /// Messages of another session than the open one.
    pub foreign_session: u16,
    /// DRIVE that were not newer than the last.
    pub old_seq: u16,
    /// DRIVE with motion whose tick was too old.
    pub stale: u16,
    /// Not now: not armed, latched, neutral wanted, another latch's name, no such parameter.
    pub barred: u16,
}

impl Counters {
    /// In the order of the message.
    pub(super) fn in_order(&self) -> [u16; 7] {
        let Self { accepted, damaged, no_message, foreign_session, old_seq, stale, barred } = *self;
        [accepted, damaged, no_message, foreign_session, old_seq, stale, barred]
    }

    /// Whole messages that were refused, for any cause.
    #[must_use]
    pub fn refused(&self) -> u16 {
        let [_, _, causes @ ..] = self.in_order();
        causes.into_iter().fold(0, u16::wrapping_add)
    }
}

/// What the robot is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The session; 0 while there is none.
    pub session: u32,
    /// Its clock, ms since its start, modulo 2³².
    pub tick: u32,
    /// `seq` of the newest DRIVE that it accepted.
    pub seq: u16,
    /// Age of the tick in that DRIVE, ms; [`NO_AGE`] before the first.
    pub age_ms: u16,
    /// Its state.
    pub state: McuState,
    /// Why it stopped last.
    pub reason: StopReason,
    /// Battery, mV; 0 if it does not measure it.
    pub battery_mv: u16,
    /// Whole messages that it refused, modulo 2¹⁶.
    pub rejected: u16,
    /// Damaged frames, modulo 2¹⁶.
    pub bad_frames: u16,
    /// Names this latching; 0 while not latched.
    pub latch_nonce: u32,
    /// Whether it wants to see neutral before it moves again.
    pub wants_neutral: bool,
    /// Motor outputs, permille of full.
    pub outputs: PerMotor<i16>,
    /// Wheel counters, which may wrap; `None` without encoders.
    pub counts: Option<PerMotor<i32>>,
}

/// State of the firmware.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum McuState {
    /// Started; no session.
    Boot,
    /// In a session, not armed.
    Linked,
    /// Armed, motors at rest.
    Armed,
    /// Obeying a DRIVE.
    Driving,
    /// Stopped by itself or by STOP.
    Stopped,
    /// STOP is latched.
    Latched,
}

/// Why the firmware stopped last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StopReason {
    /// It never did.
    None,
    /// The echoed tick became too old.
    Deadline,
    /// No valid message for more than a second.
    LinkLost,
    /// More than 20 damaged frames in a second.
    BadFrames,
    /// The host said STOP.
    HostStop,
    /// The latch was set.
    Latch,
}

impl McuState {
    /// By their numbers.
    pub(super) const ALL: [Self; 6] =
        [Self::Boot, Self::Linked, Self::Armed, Self::Driving, Self::Stopped, Self::Latched];
}

impl StopReason {
    /// By their numbers.
    pub(super) const ALL: [Self; 6] =
        [Self::None, Self::Deadline, Self::LinkLost, Self::BadFrames, Self::HostStop, Self::Latch];

    /// What to tell people.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::None => "has not stopped yet",
            Self::Deadline => "the newest command was too old",
            Self::LinkLost => "the link was silent",
            Self::BadFrames => "too many frames were damaged",
            Self::HostStop => "the host said stop",
            Self::Latch => "STOP was latched",
        }
    }
}

/// Why a body is no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// Of another major version.
    #[error("message of version {major}, this is {MAJOR}")]
    Version {
        /// Its version.
        major: u8,
    },
    /// Not a type of this direction.
    #[error("message type {kind} is not known here")]
    Kind {
        /// Its type.
        kind: u8,
    },
    /// Not the length of its type.
    #[error("a message of type {kind} cannot be {len} bytes long")]
    Length {
        /// Its type.
        kind: u8,
        /// Its length.
        len: usize,
    },
    /// A field out of its range.
    #[error("{field} is out of range")]
    Range {
        /// The field.
        field: &'static str,
    },
}
