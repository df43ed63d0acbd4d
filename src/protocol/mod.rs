//! PURE. The shapes on the wires: serial frames and messages towards the robot, Socket.IO events towards people.

pub mod access;
pub mod calibration;
pub mod events;
pub mod fleet;
pub mod frame;
pub mod journal;
mod layout;
pub mod message;
mod reason;
pub mod session;
pub mod uplink;
