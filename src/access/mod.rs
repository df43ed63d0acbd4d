//! Who may come in: one-time codes, devices that wait to be let in, and those that were.

pub mod code;
pub mod device;
pub mod pairing;
pub mod secret;
