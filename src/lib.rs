//! Joywire lets anyone drive a serial robot from a phone browser or a gamepad, and trust it to stop.

pub mod access;
pub mod agent;
pub mod cable;
pub mod certificate;
pub mod cli;
pub mod clock;
pub mod config;
pub mod doctor;
pub mod drive;
pub mod driver;
pub mod enrol;
pub mod gamepad;
pub mod journal;
pub mod mailbox;
pub mod metrics;
pub mod network;
pub mod private_file;
pub mod protocol;
pub mod recording;
pub mod relay;
pub mod robot;
pub mod socketio;
pub mod time;
pub mod uplink;
