//! Joywire lets anyone drive a serial robot from a phone browser or a gamepad, and trust it to stop.

pub mod mailbox;
pub mod protocol;
pub mod relay;
