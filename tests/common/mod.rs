//! The World: a virtual-time simulation that holds pilot, session and robot to their promises.

#![expect(clippy::wildcard_enum_match_arm, reason = "a seam alters a few things and lets all others pass")]

mod agent;
pub mod bugs;
mod cable;
pub mod faults;
mod intruder;
pub mod judge;
mod link;
mod people;
mod random;
mod shadow;
pub mod world;
