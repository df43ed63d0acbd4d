//! What a controller is made of, without what waits for it.

#[path = "../../src/agent/controller.rs"]
pub mod controller;
#[path = "../../src/agent/tape.rs"]
pub mod tape;
#[path = "../../src/agent/wording.rs"]
pub mod wording;
