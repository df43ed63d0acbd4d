//! The robot's end of the cable: the simulated robot, pseudo-terminals, serial ports and the search for a robot at one.

pub mod body;
pub mod cable;
pub mod discover;
pub mod heard;
mod holder;
mod line;
pub mod listen;
mod live;
mod low_latency;
pub mod pattern;
mod permission;
pub mod port;
pub mod pty;
pub mod search;
pub mod serial;
pub mod sim;
mod terminal;
pub mod usb;
pub mod wanted;
