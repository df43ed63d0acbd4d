//! The relay's certificate: made at the first start under the user's data directory, never shared.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose};
use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::ServerCertVerifier;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tokio_rustls::rustls::{self, RootCertStore, ServerConfig};

use crate::private_file;

/// Where the certificate and its key lie, inside the data directory. One file, so that the two can
/// never be of different starts.
const DIRECTORY: &str = "tls";
const FILE: &str = "localhost.pem";
/// Names the certificate is good for.
const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

const DAY: Duration = Duration::from_hours(24);
/// Phones refuse more than 398 days; a day of these lies in the past, for clocks that are behind.
const LIFETIME: Duration = DAY.saturating_mul(396);
/// A certificate with less than this left is made anew.
const RENEWAL: Duration = DAY.saturating_mul(30);

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
    /// A new key or certificate could not be made.
    #[error("cannot make a certificate: {0}")]
    Making(#[from] rcgen::Error),
    /// The TLS library refused what was made.
    #[error("cannot serve with the certificate: {0}")]
    Serving(#[from] rustls::Error),
}

/// Why a stored certificate is not used again.
#[derive(Debug, thiserror::Error)]
enum Unfit {
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    #[error("it could be read by others (mode {0:o})")]
    Exposed(u32),
    #[error("it is damaged: {0}")]
    Damaged(#[from] pem::Error),
    #[error("it is no longer good: {0}")]
    NotGood(#[from] rustls::Error),
    #[error("it cannot be checked: {0}")]
    Unchecked(#[from] rustls::client::VerifierBuilderError),
    #[error("it is not of a form that is understood: {0}")]
    Form(#[from] rustls::pki_types::InvalidDnsNameError),
}

/// Loads the certificate from `data_directory`, or makes one there. `now` is wall-clock time.
///
/// # Errors
/// [`CertificateError`] if none can be made or kept.
pub(super) fn load_or_make(data_directory: &Path, now: UnixTime) -> Result<Arc<ServerConfig>, CertificateError> {
    let directory = data_directory.join(DIRECTORY);
    let path = directory.join(FILE);
    private_file::directory(&directory)
        .map_err(|source| CertificateError::Storage { path: directory.clone(), source })?;
    match load(&path, now) {
        Ok(config) => return Ok(config),
        Err(Unfit::Unreadable(error)) if error.kind() == io::ErrorKind::NotFound => {
            tracing::info!(path = %path.display(), "making a certificate; browsers will ask once whether to trust it");
        }
        Err(unfit) => tracing::warn!(path = %path.display(), "making a new certificate: the old one is left, {unfit}"),
    }
    let text = make(now)?;
    private_file::replace(&path, text.as_bytes()).map_err(|source| CertificateError::Storage { path, source })?;
    let (chain, key) = parts(text.as_bytes()).map_err(|error| rustls::Error::General(error.to_string()))?;
    Ok(serve_with(chain, key)?)
}

fn load(path: &Path, now: UnixTime) -> Result<Arc<ServerConfig>, Unfit> {
    if let Some(mode) = private_file::exposed(path)? {
        return Err(Unfit::Exposed(mode));
    }
    let (chain, key) = parts(&fs::read(path)?)?;
    check(&chain, now)?;
    // Also refuses a key that does not belong to the certificate.
    Ok(serve_with(chain, key)?)
}

fn parts(text: &[u8]) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), pem::Error> {
    let chain = CertificateDer::pem_slice_iter(text).collect::<Result<Vec<_>, _>>()?;
    Ok((chain, PrivateKeyDer::from_pem_slice(text)?))
}

/// Holds the certificate to what a client that trusts it would ask, now and until the next renewal.
fn check(chain: &[CertificateDer<'static>], now: UnixTime) -> Result<(), Unfit> {
    let Some(certificate) = chain.first() else { return Err(Unfit::Damaged(pem::Error::NoItemsFound)) };
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone())?;
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider()).build()?;
    for moment in [now, UnixTime::since_unix_epoch(Duration::from_secs(now.as_secs()) + RENEWAL)] {
        for name in NAMES {
            verifier.verify_server_cert(certificate, &[], &ServerName::try_from(name)?, &[], moment)?;
        }
    }
    Ok(())
}

fn serve_with(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<Arc<ServerConfig>, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// Makes a P-256 key and a certificate for this machine's own names, as one PEM text.
fn make(now: UnixTime) -> Result<String, rcgen::Error> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(NAMES.map(String::from))?;
    params.distinguished_name.push(DnType::CommonName, "Joywire on this machine");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let begin = Duration::from_secs(now.as_secs()).saturating_sub(DAY);
    params.not_before = rcgen::date_time_ymd(1970, 1, 1) + begin;
    params.not_after = rcgen::date_time_ymd(1970, 1, 1) + begin + LIFETIME;
    let certificate = params.self_signed(&key)?;
    Ok(certificate.pem() + &key.serialize_pem())
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const NOW: Duration = Duration::from_secs(1_790_000_000);

    type Spoil<'a> = &'a dyn Fn(&Path);

    fn at(since_epoch: Duration) -> UnixTime {
        UnixTime::since_unix_epoch(since_epoch)
    }

    fn path(home: &tempfile::TempDir) -> PathBuf {
        home.path().join(DIRECTORY).join(FILE)
    }

    /// Goal: a browser that was told to trust the certificate is not asked again at every start.
    #[test]
    fn a_second_start_uses_the_same_certificate() {
        let home = tempfile::tempdir().unwrap();
        load_or_make(home.path(), at(NOW)).unwrap();
        let first = fs::read(path(&home)).unwrap();
        load_or_make(home.path(), at(NOW + DAY)).unwrap();
        assert_eq!(fs::read(path(&home)).unwrap(), first);
    }

    /// Goal: nobody but the user ever reads the key, and the repository of nobody holds it.
    #[test]
    fn the_key_is_private() {
        let home = tempfile::tempdir().unwrap();
        load_or_make(home.path(), at(NOW)).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path(&home)), 0o600);
        assert_eq!(mode(path(&home).parent().unwrap()), 0o700);
        assert_eq!(fs::read_dir(home.path().join(DIRECTORY)).unwrap().count(), 1, "something was left behind");
    }

    /// Goal: a certificate near its end, not yet good, damaged, exposed or of another key is replaced, not served.
    #[test]
    fn an_unfit_certificate_is_made_anew() {
        let home = tempfile::tempdir().unwrap();
        let other = tempfile::tempdir().unwrap();
        load_or_make(other.path(), at(NOW)).unwrap();
        let others = fs::read_to_string(path(&other)).unwrap();
        let others_key = &others[others.find("-----BEGIN PRIVATE").unwrap()..];
        let last_month = (NOW + LIFETIME).saturating_sub(RENEWAL);
        let spoil: [(&str, Duration, Spoil<'_>); 6] = [
            ("near its end", last_month, &|_| {}),
            ("not yet good", NOW.saturating_sub(DAY * 3), &|_| {}),
            ("empty", NOW, &|path| fs::write(path, "").unwrap()),
            ("cut short", NOW, &|path| fs::write(path, &fs::read(path).unwrap()[..300]).unwrap()),
            ("exposed", NOW, &|path| fs::set_permissions(path, Permissions::from_mode(0o644)).unwrap()),
            ("of another key", NOW, &|path| {
                let text = fs::read_to_string(path).unwrap();
                fs::write(path, text.split("-----BEGIN PRIVATE").next().unwrap().to_owned() + others_key).unwrap();
            }),
        ];
        for (what, later, spoil) in spoil {
            fs::remove_dir_all(home.path().join(DIRECTORY)).unwrap_or_default();
            load_or_make(home.path(), at(NOW)).unwrap();
            spoil(&path(&home));
            let before = fs::read(path(&home)).unwrap();
            load_or_make(home.path(), at(later)).unwrap();
            assert_ne!(fs::read(path(&home)).unwrap(), before, "a certificate {what} was served");
            assert!(load(&path(&home), at(later)).is_ok(), "the one made instead of one {what} is unfit too");
        }
    }

    /// Goal: phones refuse certificates of more than 398 days; ours has fewer.
    #[test]
    fn the_certificate_ends_within_396_days() {
        let text = make(at(NOW)).unwrap();
        let (chain, _) = parts(text.as_bytes()).unwrap();
        assert!(check(&chain, at(NOW)).is_ok());
        let last_month = (NOW + LIFETIME).saturating_sub(RENEWAL);
        assert!(check(&chain, at(last_month.saturating_sub(DAY * 2))).is_ok());
        assert!(check(&chain, at(last_month)).is_err());
    }

    /// Goal: a data directory that cannot be written is said so, with its path.
    #[test]
    fn a_directory_that_cannot_be_made_is_named() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("occupied");
        fs::write(&file, "").unwrap();
        let error = load_or_make(&file, at(NOW)).unwrap_err().to_string();
        assert!(error.contains("occupied") && error.contains("writable"), "{error}");
    }
}
