//! A key: everything by which a program finds a relay, knows it again, and is known.

use std::fmt;

use serde_json::Value;
use tokio_rustls::rustls::pki_types::CertificateDer;

use crate::protocol::events::Role;
use crate::socketio::{Address, Dial, Fingerprint, Trust};

/// By what the relay is known again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pin {
    /// The certificate of its own authority.
    Authority(CertificateDer<'static>),
    /// The fingerprint of a certificate that its owner brought, or of the one that vouches for it.
    Shown(Fingerprint),
}

/// A key for a relay.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    /// The relay.
    pub relay: Address,
    /// By what it is known again.
    pub pin: Pin,
    /// The session, `NAME=VALUE`: whoever has it is us.
    pub cookie: String,
    /// What we may do there.
    pub role: Role,
    /// What we are called there.
    pub name: String,
}

impl Key {
    /// A connection with this key; `auth` goes with the question to be let in.
    #[must_use]
    pub fn dial(&self, auth: Value) -> Dial {
        Dial { address: self.relay.clone(), trust: self.pin.trust(), cookie: Some(self.cookie.clone()), auth }
    }
}

impl fmt::Debug for Key {
    /// Without what is secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { relay, pin: _, cookie: _, role, name } = self;
        f.debug_struct("Key").field("relay", relay).field("role", role).field("name", name).finish_non_exhaustive()
    }
}

impl Pin {
    /// The trust that follows from it.
    #[must_use]
    pub fn trust(&self) -> Trust {
        match self {
            Self::Authority(certificate) => Trust::Authority(certificate.clone()),
            Self::Shown(fingerprint) => Trust::Shown(*fingerprint),
        }
    }
}
