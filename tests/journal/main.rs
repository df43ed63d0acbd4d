//! The message log where it hurts: killed writers, full, slow and lying disks, damaged files, edits, crowds; and `joywire log`.

#![expect(clippy::unwrap_used, reason = "a test's own tools stop at the first surprise, too")]
#![expect(clippy::disallowed_methods, reason = "disks live in real time")]

#[path = "../common/program.rs"]
#[expect(dead_code, reason = "the stories of the command line use the rest")]
mod program;
#[path = "../common/random.rs"]
#[expect(dead_code, reason = "the World uses the rest")]
mod random;

mod crowd;
mod damage;
mod full;
mod killed;
mod power;
mod retention;
mod rig;
mod search;
mod shell;
mod taken;
mod versions;
mod writer;
