//! The robot's end of the cable: the simulated robot, pseudo-terminals and serial ports.

pub mod body;
pub mod cable;
mod live;
pub mod pty;
pub mod serial;
pub mod sim;
