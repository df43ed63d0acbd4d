//! Why a program got no key, in sentences that say what to do.

use std::time::Duration;

use crate::socketio::{Address, ConnectError};

/// Why a program got no key.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// There is no connection.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The certificate is not the one that was told.
    #[error(
        "what answers at {address} does not have the certificate with this fingerprint, so the code was not shown to it: \
         check that address and fingerprint are those that the relay's terminal shows; if they are, somebody else \
         answers in its place"
    )]
    Stranger {
        /// The relay.
        address: Address,
    },
    /// What answers is no relay, or turns us away.
    #[error("{address} does not let this program in ({status}): {why}")]
    TurnedAway {
        /// The relay.
        address: Address,
        /// The HTTP status.
        status: u16,
        /// Its sentence.
        why: String,
    },
    /// What answers speaks another language.
    #[error("the answer of {address} was not understood: update Joywire here and there, and check the address")]
    NotUnderstood {
        /// The relay.
        address: Address,
    },
    /// The code, or somebody, says no.
    #[error("{address} says no: {why}")]
    Refused {
        /// The relay.
        address: Address,
        /// Its sentence.
        why: String,
    },
    /// Nobody said yes.
    #[error(
        "nobody at the relay's computer said yes within {} min: ask there, then begin again with a new code",
        .limit.as_secs() / 60
    )]
    Unanswered {
        /// How long was waited.
        limit: Duration,
    },
    /// The connection broke, again and again.
    #[error("the connection to {address} broke ({detail}): begin again with a new code")]
    Broken {
        /// The relay.
        address: Address,
        /// What was said last.
        detail: String,
    },
}
