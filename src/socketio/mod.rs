//! Our Socket.IO client, for programs: a robot's agent, scripts that drive, the load generator.
//!
//! It speaks Socket.IO 5 over Engine.IO 4, by WebSocket and TLS alone. Nothing that was emitted before a connection or
//! after its end is ever sent, and of what changes all the time only the newest waits.

pub mod address;
mod attachments;
pub mod backoff;
mod client;
mod dial;
mod error;
pub mod fingerprint;
mod outbox;
pub mod packet;
mod sentence;
mod session;
mod tls;
mod wire;

pub use self::address::{Address, AddressError, Host};
pub use self::backoff::Backoff;
pub use self::client::Client;
pub use self::dial::Dial;
pub(crate) use self::dial::{Secure, introduce, secure};
pub use self::error::{ConnectError, Lost};
pub use self::fingerprint::{Fingerprint, NoFingerprint};
pub use self::outbox::Counts;
pub use self::packet::Incoming;
pub(crate) use self::sentence::sentence;
pub use self::tls::Trust;
