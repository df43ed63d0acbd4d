//! The pure parts of Joywire alone, so that a fuzz target builds in seconds and not with the whole relay.

pub mod agent;
#[path = "../../src/drive/mod.rs"]
pub mod drive;
#[path = "../../src/protocol/mod.rs"]
pub mod protocol;
pub mod recording;
pub mod robot;
#[path = "../../src/time.rs"]
pub mod time;
