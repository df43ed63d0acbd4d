//! Stories of relay and agent as two programs, apart from each other, while what is between them breaks.
//!
//! The judge is the log of the firmware's motors in its own time, which no fault on the host can pause.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test's own tools stop at the first surprise, too")]
#![expect(clippy::disallowed_methods, reason = "boards, programs and networks run in real time")]

mod agent;
#[path = "../common/board.rs"]
#[expect(dead_code, reason = "the stories of boards use the rest")]
mod board;
mod certificate;
#[path = "../common/driver.rs"]
#[expect(dead_code, reason = "the stories of boards use the rest")]
mod driver;
mod latch;
mod loss;
mod machine;
#[path = "../common/moment.rs"]
mod moment;
#[path = "../common/namespace.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod namespace;
mod network;
mod newer;
mod page;
mod partition;
#[path = "../common/program.rs"]
#[expect(dead_code, reason = "the stories of the command line use the rest")]
mod program;
mod programs;
mod relay;
#[path = "../common/ride.rs"]
mod ride;
mod rig;
#[path = "../common/socketio_client.rs"]
#[expect(dead_code, reason = "other tests use more of it")]
mod socketio_client;
mod told;
mod versions;
