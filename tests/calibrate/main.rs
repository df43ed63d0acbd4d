//! Stories of calibration: a person answers in a terminal or at a page, motors turn one by one, and the robot's file says
//! what was found.

#![expect(clippy::unwrap_used, reason = "a test's own tools stop at the first surprise, too")]
#![expect(clippy::disallowed_methods, reason = "people and programs live in real time")]

#[path = "../cable/board.rs"]
#[expect(dead_code, reason = "the stories of the cable use the rest")]
mod board;
mod network;
#[path = "../common/program.rs"]
mod program;
#[path = "../common/socketio_client.rs"]
#[expect(dead_code, reason = "other tests use more of it")]
mod socketio_client;
mod terminal;
