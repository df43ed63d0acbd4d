//! Who may come in: one-time codes, devices that wait to be let in, and those that were.

pub mod code;
pub mod control;
pub mod device;
mod device_file;
pub mod gate;
pub mod pairing;
mod qr;
pub mod secret;
mod telling;
