//! Gamepads: one pad's rules in virtual time, and stories of pads and phones with the real agent.

#![expect(clippy::unwrap_used, reason = "a test's own tools stop at the first surprise, too")]

mod hand;
mod pad;
mod rig;
mod story;
