//! Stories of the metrics: the real program is asked while people drive, stop, talk nonsense and vanish.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test's own tools stop at the first surprise, too")]
#![expect(clippy::disallowed_methods, reason = "what travels over sockets takes real time")]

#[path = "../common/program.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod program;
#[path = "../common/socketio_client.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod socketio_client;

mod counted;
mod dashboard;
mod document;
mod door;
mod hang;
mod house;
mod text;
