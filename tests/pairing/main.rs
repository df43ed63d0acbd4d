//! Stories of who may come in: the real program in a terminal, phones that scan its code, and strangers.

#![expect(clippy::unwrap_used, reason = "a test's own tools stop at the first surprise, too")]
#![expect(clippy::disallowed_methods, reason = "people and programs live in real time")]

mod crowd;
#[path = "../common/driver.rs"]
#[expect(dead_code, reason = "the stories of boards use the rest")]
mod driver;
mod floods;
mod guests;
mod house;
#[path = "../common/moment.rs"]
mod moment;
mod phone;
#[path = "../common/program.rs"]
#[expect(dead_code, reason = "the stories of the command line use the rest")]
mod program;
mod reception;
#[path = "../common/socketio_client.rs"]
#[expect(dead_code, reason = "other tests use more of it")]
mod socketio_client;
mod strangers;
