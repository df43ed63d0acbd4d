//! How a program gets its key for a relay: a robot's agent, or a script that drives.
//!
//! The code is a secret, and the relay not trusted yet: so its certificate is held against the fingerprint that a
//! person brought from there, and only then is the code shown, over a connection that is good with that certificate.

mod desk;
mod error;
mod key;
pub mod key_file;
mod line;

pub use self::desk::enrol;
pub use self::error::EnrolError;
pub use self::key::{Key, Pin};
pub use self::key_file::KeyError;
