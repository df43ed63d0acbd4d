//! Our Socket.IO client and how it gets its key, over real TLS: against our relay, and against servers that misbehave.

#![expect(clippy::unwrap_used, reason = "a test's own tools stop at the first surprise, too")]

mod client;
mod enrol;
mod fake;
mod house;
#[path = "../common/socketio_client.rs"]
#[expect(dead_code, reason = "the stories of the relay use the rest")]
mod raw;
mod stalls;
mod trust;
