//! Stories of the firmware's C core: byte for byte and millisecond for millisecond it does what the simulated robot does.

#![expect(clippy::unwrap_used, reason = "a test's own tools stop at the first surprise, too")]

mod frames;
mod looking_away;
mod oracle;
#[path = "../common/random.rs"]
mod random;
mod sessions;
mod vectors;
