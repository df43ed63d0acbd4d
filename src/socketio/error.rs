//! Why there is no connection, or none any more, in sentences that say what to do.

use std::io;
use std::time::Duration;

use super::address::Address;

/// Why no connection was made.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The name leads nowhere.
    #[error(
        "there is no computer called {host} on this network: check the name, or use the address of the relay's computer \
         in numbers"
    )]
    UnknownHost {
        /// The name.
        host: String,
    },
    /// The computer is there, and nothing listens.
    #[error("nothing listens at {address}: check the port, and that Joywire runs there")]
    Refused {
        /// The relay.
        address: Address,
    },
    /// Nobody answers.
    #[error(
        "{address} does not answer: check the address, that both computers are on one network, and the firewall there"
    )]
    Silent {
        /// The relay.
        address: Address,
    },
    /// The network does not carry it.
    #[error("{address} cannot be reached: {source}")]
    Unreachable {
        /// The relay.
        address: Address,
        /// What the system said.
        source: io::Error,
    },
    /// Every certificate would do, which is for this computer alone.
    #[error("{address} is on another computer: without knowing its certificate nobody can tell who answers there")]
    Distant {
        /// The server.
        address: Address,
    },
    /// The server does not speak TLS.
    #[error("{address} does not speak https: check the port")]
    Plain {
        /// The relay.
        address: Address,
    },
    /// The certificate is not the one that was shown when this computer was paired.
    #[error(
        "another certificate than when this computer was paired is shown at {address}: if the relay was set up anew, \
         pair again; otherwise somebody else answers in its place"
    )]
    Stranger {
        /// The relay.
        address: Address,
    },
    /// The certificate is too old.
    #[error("the certificate of {address} has expired: renew it there, or set the clock of this computer")]
    Expired {
        /// The relay.
        address: Address,
    },
    /// The certificate is for another name.
    #[error("the certificate of {address} is for another name: use one of {names}")]
    Name {
        /// The relay.
        address: Address,
        /// The names in it.
        names: String,
    },
    /// TLS failed otherwise.
    #[error("no secure connection to {address}: {detail}")]
    Tls {
        /// The relay.
        address: Address,
        /// What the library said.
        detail: String,
    },
    /// The server speaks, but does not let us in.
    #[error("{address} does not let this program in ({status}): {why}")]
    TurnedAway {
        /// The relay.
        address: Address,
        /// The HTTP status.
        status: u16,
        /// Its sentence.
        why: String,
    },
    /// What answers is no server of Socket.IO.
    #[error("what answers at {address} is no relay: {detail}")]
    NoRelay {
        /// The address.
        address: Address,
        /// What it said.
        detail: String,
    },
    /// Socket.IO refused.
    #[error("{address} does not let this program in: {why}")]
    Denied {
        /// The relay.
        address: Address,
        /// Its sentence.
        why: String,
    },
    /// It took too long.
    #[error("{address} took too long to let this program in: it may be overloaded, or no relay")]
    Late {
        /// The relay.
        address: Address,
    },
    /// The connection ended before it was open.
    #[error("the connection to {address} ended before it was open: {lost}")]
    Ended {
        /// The relay.
        address: Address,
        /// How.
        lost: Lost,
    },
    /// The cookie cannot be sent.
    #[error("the key for {address} is damaged: pair again")]
    Key {
        /// The relay.
        address: Address,
    },
}

impl ConnectError {
    /// Whether trying again is of no use before somebody has done something.
    #[must_use]
    pub fn needs_somebody(&self) -> bool {
        match self {
            Self::Distant { .. }
            | Self::Stranger { .. }
            | Self::Expired { .. }
            | Self::Name { .. }
            | Self::Key { .. } => true,
            Self::TurnedAway { status, .. } => matches!(status, 401 | 403 | 421),
            Self::UnknownHost { .. }
            | Self::Refused { .. }
            | Self::Silent { .. }
            | Self::Unreachable { .. }
            | Self::Plain { .. }
            | Self::Tls { .. }
            | Self::NoRelay { .. }
            | Self::Denied { .. }
            | Self::Late { .. }
            | Self::Ended { .. } => false,
        }
    }
}

/// Why a connection has ended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    /// The server has ended it.
    #[error("the relay has closed the connection")]
    Closed,
    /// The server said that we are out.
    #[error("the relay has closed the connection: {0}")]
    Refused(String),
    /// Nothing was heard.
    #[error("nothing was heard from the relay for {:.1} s", .0.as_secs_f64())]
    Silent(Duration),
    /// Nothing could be sent.
    #[error("nothing could be sent to the relay for {:.1} s", .0.as_secs_f64())]
    Stalled(Duration),
    /// The connection broke.
    #[error("the connection to the relay broke: {0}")]
    Broken(String),
}
