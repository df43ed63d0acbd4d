//! Stories of boards: the real program drives the real firmware, on an emulated Uno and as a process, while things break.
//!
//! The judge is the board's own log of its motors, in its own time, which no fault on the host can pause.

#![expect(clippy::unwrap_used, reason = "a test's own tools stop at the first surprise, too")]
#![expect(clippy::disallowed_methods, reason = "a board and a program run in real time")]

#[path = "../common/board.rs"]
mod board;
mod cable;
#[path = "../common/driver.rs"]
mod driver;
mod faults;
mod host;
mod latch;
#[path = "../common/moment.rs"]
mod moment;
#[path = "../common/program.rs"]
#[expect(dead_code, reason = "the stories of the command line use the rest")]
mod program;
#[path = "../common/ride.rs"]
mod ride;
mod rig;
#[path = "../common/socketio_client.rs"]
#[expect(dead_code, reason = "other tests use more of it")]
mod socketio_client;
