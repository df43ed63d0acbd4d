//! The simulated robot, and the ways to put it where a real one would be.

pub mod body;
pub mod live;
pub mod pty;
pub mod sim;
