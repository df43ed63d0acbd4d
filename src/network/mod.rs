//! The local network: which addresses of this machine phones may reach, and the robot's name on it.

pub mod advertise;
pub mod hostname;
pub mod interface;
pub mod list;
