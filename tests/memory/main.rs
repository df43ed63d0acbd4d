//! After a drive the log tells the story: who came, who drove, who stopped the robot, and why it stopped by itself.
#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
#![expect(clippy::disallowed_methods, reason = "real programs take real time")]
#![allow(dead_code, reason = "what drivers, programs and clients can is more than one story needs")]

mod apart;
mod house;
mod killed;
#[path = "../common/program.rs"]
mod program;
#[path = "../common/socketio_client.rs"]
mod socketio_client;
mod story;
mod stuck;
