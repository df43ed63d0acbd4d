//! The simulated robot without its shells.

#[path = "../../src/robot/body.rs"]
pub mod body;
#[path = "../../src/robot/sim.rs"]
pub mod sim;
