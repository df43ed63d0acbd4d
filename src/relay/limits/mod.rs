//! How much anyone may ask for: events, bytes, sessions, codes, connections.

pub(super) mod allowance;
pub(super) mod bucket;
pub(super) mod connections;
pub(super) mod pace;

/// Room for what the protocols below write around an event.
pub(super) const ENVELOPE_BYTES: usize = 1024;
/// Longest name of an event, characters.
pub(super) const NAME_CHARS: usize = 64;
/// Binary attachments of one event.
pub(super) const ATTACHMENTS: usize = 16;
