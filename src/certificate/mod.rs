//! TLS that phones accept: an authority of this installation's own and its certificate, or one that the user brought.

mod authority;
mod house;
mod issuer;
mod leaf;
mod name;
mod own;
mod period;
mod profile;
mod store;

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::UnixTime;
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{self, ServerConfig};

pub use self::authority::Authority;
use self::house::House;
pub use self::name::{Name, NoName};
pub use self::own::OwnError;
use self::own::Pair;
pub use self::profile::escaped;

/// A file of the user's own is looked at this often.
const LOOK_AT_FILES: Duration = Duration::from_secs(2);
/// Our own certificate is looked at this often. Much shorter than it lives: a computer whose clock is set
/// right after the start must not show a certificate of the wrong year for long.
const LOOK_AT_CLOCK: Duration = Duration::from_mins(1);

/// Where certificates come from.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The user's data directory; the authority is kept below it.
    pub data_directory: PathBuf,
    /// Certificate and key that the user brought, PEM files.
    pub own: Option<(PathBuf, PathBuf)>,
}

/// Why there is no certificate to serve with.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// The file or its directory could not be written.
    #[error(
        "cannot keep the certificate in {path}: {source}; make that directory writable for this user only",
        path = path.display()
    )]
    Storage {
        /// What was being written.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The authority is there, but cannot be read. Making another would cost every phone its trust.
    #[error(
        "cannot read this computer's authority {path}: {source}; make it readable for this user, or remove it: \
         then Joywire makes a new one, which every phone must trust anew",
        path = path.display()
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A name that our own authority may not vouch for.
    #[error(
        "Joywire's own certificate is good for private addresses and names in .local only, not for {name}: \
         get a certificate for {name} and set tls.cert and tls.key, or choose another server.host"
    )]
    Public {
        /// The name.
        name: Name,
    },
    /// A new key or certificate could not be made.
    #[error("cannot make a certificate: {0}")]
    Making(String),
    /// The TLS library refused to serve.
    #[error("cannot serve with the certificate: {0}")]
    Serving(#[from] rustls::Error),
    /// The user's own certificate or key does not do.
    #[error(transparent)]
    Own(#[from] OwnError),
}

/// Keeps the newest certificate before those who ask. Clones share it.
///
/// `renew` writes files and makes keys, so it is for a thread that may wait; everything else is quick.
#[derive(Clone, Debug)]
pub struct Keeper(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    config: Arc<ServerConfig>,
    shown: Arc<Shown>,
    work: Mutex<Source>,
}

#[derive(Debug)]
enum Source {
    House(Box<House>),
    Own(Box<Pair>),
}

/// What browsers are shown. Whoever asks waits for no file: the lock is held for one assignment.
#[derive(Debug)]
struct Shown(RwLock<(Arc<CertifiedKey>, Option<Authority>)>);

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.read().unwrap_or_else(PoisonError::into_inner).0.clone())
    }
}

impl Keeper {
    /// Loads what there is, and makes what is missing. `now` is wall-clock time. The names of this machine for
    /// itself are always covered.
    ///
    /// # Errors
    /// [`CertificateError`], with a sentence for the person who started the program.
    pub fn open(settings: &Settings, names: &[Name], now: UnixTime) -> Result<Self, CertificateError> {
        let now = since_1970(now);
        let (source, shown) = if let Some((certificate, key)) = &settings.own {
            let mut pair = Pair::open(certificate, key, now)?;
            pair.renew(names, now);
            let shown = (pair.certified(), None);
            (Source::Own(Box::new(pair)), shown)
        } else {
            let house = House::open(&settings.data_directory, names, now)?;
            let shown = (house.certified(), Some(house.authority()));
            (Source::House(Box::new(house)), shown)
        };
        let shown = Arc::new(Shown(RwLock::new(shown)));
        // TLS 1.2 with forward secrecy and authenticated ciphers alone, and TLS 1.3: the library has nothing older.
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(shown.clone());
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self(Arc::new(Inner { config: Arc::new(config), shown, work: Mutex::new(source) })))
    }

    /// For every connection from now on: it always shows the newest certificate.
    #[must_use]
    pub fn server_config(&self) -> Arc<ServerConfig> {
        self.0.config.clone()
    }

    /// Looks whether another certificate is needed, for these names and at this time, and shows it from then on:
    /// `true` if so. Open connections stay open. To be called every [`Keeper::patience`] and when names change.
    ///
    /// # Errors
    /// [`CertificateError`]; the certificate that was shown is still shown then.
    pub fn renew(&self, names: &[Name], now: UnixTime) -> Result<bool, CertificateError> {
        let now = since_1970(now);
        let shown = match &mut *self.work() {
            Source::Own(pair) => pair.renew(names, now).then(|| (pair.certified(), None)),
            Source::House(house) => house.renew(names, now)?.then(|| (house.certified(), Some(house.authority()))),
        };
        let renewed = shown.is_some();
        if let Some(shown) = shown {
            *self.0.shown.0.write().unwrap_or_else(PoisonError::into_inner) = shown;
        }
        Ok(renewed)
    }

    /// How long `renew` may wait for its next call.
    #[must_use]
    pub fn patience(&self) -> Duration {
        if self.authority().is_some() { LOOK_AT_CLOCK } else { LOOK_AT_FILES }
    }

    /// What phones are asked to trust; `None` with a certificate that the user brought.
    #[must_use]
    pub fn authority(&self) -> Option<Authority> {
        self.0.shown.0.read().unwrap_or_else(PoisonError::into_inner).1.clone()
    }

    /// Fingerprint (SHA-256) by which a program knows us again: of our authority, or of the last certificate of the chain
    /// that the user brought.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let shown = self.0.shown.0.read().unwrap_or_else(PoisonError::into_inner);
        let last = shown.0.cert.last().map(|certificate| authority::fingerprint(certificate));
        shown.1.as_ref().map(Authority::fingerprint).or(last).unwrap_or_default()
    }

    fn work(&self) -> MutexGuard<'_, Source> {
        self.0.work.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn since_1970(now: UnixTime) -> Duration {
    Duration::from_secs(now.as_secs())
}
