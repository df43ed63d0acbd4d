//! Stories of recordings: what is written, what is left when something breaks, and what it tells when it is played again.

#![expect(clippy::unwrap_used, reason = "a test's own tools stop at the first surprise, too")]
#![expect(clippy::disallowed_methods, reason = "people, programs and disks live in real time")]

mod asked;
mod broken;
mod cost;
mod deck;
mod explained;
mod files;
#[path = "../common/program.rs"]
mod program;
mod real;
mod replayed;
#[path = "../common/socketio_client.rs"]
#[expect(dead_code, reason = "other tests use more of it")]
mod socketio_client;
