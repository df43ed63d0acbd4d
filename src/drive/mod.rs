//! PURE. Who may drive, and how a stick becomes wheels: values in, values out, time passed in.
//!
//! Four stations, four types: [`Stick`] → [`Twist`] → [`WheelSpeeds`] → a frame (which is the
//! protocol's). [`Pilot`] owns everything here; nothing in this room has a clock, a socket, a file,
//! a log or a thread.

mod command;
mod evidence;
mod geometry;
mod latch;
mod limiter;
mod mixer;
mod motion;
mod motors;
mod odometry;
mod pilot;
mod robot;
mod rules;
mod safety;
mod seat;
mod shaping;
mod style;
mod wheels;

pub use command::{Answer, Command, Input, Refusal, Sample, Stamp};
pub use evidence::{Evidence, Excess};
pub use geometry::{Geometry, Way};
pub use latch::{Latch, ResetError};
pub use limiter::{Limiter, Ramp};
pub use mixer::{MAX_MOTORS, WheelSpeeds, mix, unmix};
pub use motion::{Stick, Twist};
pub use motors::{Motor, Motors};
pub use odometry::{Odometry, Pose};
pub use pilot::{Output, Pilot};
pub use robot::{RobotReport, RobotState};
pub use rules::Rules;
pub use safety::{Clear, Fault, Faults, Hop, Policy, Stop};
pub use seat::{DriverId, Grant, Seat, Source};
pub use shaping::Shaping;
pub use style::{Hands, Style};
pub use wheels::Wheels;
