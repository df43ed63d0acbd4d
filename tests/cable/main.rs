//! Stories of the host's end of the cable: ports that come and go, and everything at them that is no robot.

#![expect(clippy::unwrap_used, reason = "a test's own tools stop at the first surprise, too")]
#![expect(clippy::disallowed_methods, reason = "pseudo-terminals live in real time")]

#[path = "../common/program.rs"]
#[expect(dead_code, reason = "the stories of the command line use the rest")]
mod program;

mod board;
mod desk;
mod opening;
mod replug;
mod rig;
mod strangers;
mod stuck;
