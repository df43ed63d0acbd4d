//! Stories of robots that are elsewhere: their agents dial in to one relay, which leads people to them.

#![expect(clippy::unwrap_used, reason = "a test's own tools stop at the first surprise, too")]
#![expect(clippy::disallowed_methods, reason = "people, programs and robots live in real time")]

mod agent;
mod class;
mod crew;
mod enrolment;
mod house;
mod leading;
mod names;
mod nonsense;
mod operators;
#[path = "../pairing/phone.rs"]
mod phone;
#[path = "../common/program.rs"]
#[expect(dead_code, reason = "the stories of the command line use the rest")]
mod program;
mod robot;
mod school;
mod scripts;
#[path = "../common/socketio_client.rs"]
#[expect(dead_code, reason = "other tests use more of it")]
mod socketio_client;
mod turnover;
