//! A certificate and a key that the user brought: two PEM files, read again when they change.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ring::digest::{Digest, SHA256, digest};
use tokio_rustls::rustls::client::verify_server_name;
use tokio_rustls::rustls::crypto::ring as provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::ParsedCertificate;
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{self, InconsistentKeys};

use super::leaf::server_name;
use super::name::Name;
use super::period::{DAY, Period};
use crate::private_file;

/// No chain and no key is larger, bytes.
const MOST: u64 = 1024 * 1024;

/// Why the user's certificate or key does not do.
#[derive(Debug, thiserror::Error)]
pub enum OwnError {
    /// A file cannot be read.
    #[error("cannot read {path} ({key} in the configuration): {source}", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The key that names it.
        key: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// There is no certificate in the file.
    #[error(
        "there is no certificate in {path} (tls.cert in the configuration): it must be a PEM file, with lines that say \
         BEGIN CERTIFICATE",
        path = path.display()
    )]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// There is no key in the file.
    #[error(
        "there is no private key in {path} (tls.key in the configuration): it must be a PEM file without a password, \
         with a line that says BEGIN PRIVATE KEY",
        path = path.display()
    )]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// The two do not belong together.
    #[error(
        "the key in {key} does not belong to the certificate in {certificate}: set tls.cert and tls.key to two files \
         that were made together",
        key = key.display(), certificate = certificate.display()
    )]
    Mismatch {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
    /// The certificate is not good any more, or not yet.
    #[error("the certificate in {path} {when}: get a new one, or set this computer's clock", path = path.display())]
    Period {
        /// The file.
        path: PathBuf,
        /// Since when, or until when.
        when: String,
    },
    /// The TLS library does not take it.
    #[error("the certificate in {path} cannot be served: {source}; get one of the usual kind", path = path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// What it said.
        source: rustls::Error,
    },
}

/// The two files, and what was last good in them.
#[derive(Debug)]
pub(super) struct Pair {
    certificate: PathBuf,
    key: PathBuf,
    good: Good,
    /// What was last said about files that do not do.
    complaint: Option<String>,
    /// Names that it was said not to be good for.
    uncovered: Vec<Name>,
    told_of_end: bool,
}

#[derive(Debug)]
struct Good {
    certified: Arc<CertifiedKey>,
    period: Period,
    content: [Digest; 2],
}

impl Pair {
    /// Loads them.
    pub(super) fn open(certificate: &Path, key: &Path, now: Duration) -> Result<Self, OwnError> {
        let texts = [read(certificate, "tls.cert")?, read(key, "tls.key")?];
        let good = load(certificate, key, &texts, now)?;
        warn_if_exposed(key);
        Ok(Self {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
            good,
            complaint: None,
            uncovered: Vec::new(),
            told_of_end: false,
        })
    }

    /// Looks at the files again. If they changed and are good, they are used from now on: `true`. If they are not
    /// good, the old ones are, and that is said once.
    pub(super) fn renew(&mut self, names: &[Name], now: Duration) -> bool {
        let renewed = match self.changed(now) {
            Ok(None) => {
                self.complaint = None;
                false
            }
            Ok(Some(good)) => {
                tracing::info!(path = %self.certificate.display(), "the certificate has changed and is used from now on");
                self.good = good;
                (self.complaint, self.told_of_end) = (None, false);
                self.uncovered.clear();
                warn_if_exposed(&self.key);
                true
            }
            Err(error) => {
                let complaint = error.to_string();
                if self.complaint.as_ref() != Some(&complaint) {
                    tracing::error!("the certificate in use stays the old one: {complaint}");
                    self.complaint = Some(complaint);
                }
                false
            }
        };
        self.tell_of_end(now);
        self.tell_of_names(names);
        renewed
    }

    /// What browsers are to be shown.
    pub(super) fn certified(&self) -> Arc<CertifiedKey> {
        self.good.certified.clone()
    }

    fn changed(&self, now: Duration) -> Result<Option<Good>, OwnError> {
        let texts = [read(&self.certificate, "tls.cert")?, read(&self.key, "tls.key")?];
        if same(&content(&texts), &self.good.content) {
            return Ok(None);
        }
        load(&self.certificate, &self.key, &texts, now).map(Some)
    }

    fn tell_of_end(&mut self, now: Duration) {
        if now > self.good.period.end && !self.told_of_end {
            self.told_of_end = true;
            let path = self.certificate.display();
            tracing::error!(%path, "the certificate has come to its end: browsers warn of it until the files are renewed");
        }
    }

    fn tell_of_names(&mut self, names: &[Name]) {
        let Some(parsed) = self.good.certified.cert.first().and_then(|leaf| ParsedCertificate::try_from(leaf).ok())
        else {
            return;
        };
        // Whoever brings a certificate brings it for a name of the network, not for this machine's own.
        for name in names.iter().filter(|name| !Name::local().contains(name)) {
            let covered = server_name(name).is_ok_and(|name| verify_server_name(&parsed, &name).is_ok());
            if !covered && !self.uncovered.contains(name) {
                self.uncovered.push(name.clone());
                let path = self.certificate.display();
                tracing::warn!(%path, "the certificate is not good for {name}: browsers that open it are warned");
            }
        }
    }
}

fn content(texts: &[Vec<u8>; 2]) -> [Digest; 2] {
    [digest(&SHA256, &texts[0]), digest(&SHA256, &texts[1])]
}

fn same(one: &[Digest; 2], other: &[Digest; 2]) -> bool {
    one.iter().zip(other).all(|(one, other)| one.as_ref() == other.as_ref())
}

/// A whole file, if it is one: a pipe or a device might never end.
fn read(path: &Path, key: &'static str) -> Result<Vec<u8>, OwnError> {
    let refuse = |source| OwnError::Unreadable { path: path.to_owned(), key, source };
    let text = || {
        if !fs::metadata(path)?.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a file"));
        }
        let mut text = Vec::new();
        File::open(path)?.take(MOST + 1).read_to_end(&mut text)?;
        if u64::try_from(text.len()).is_ok_and(|bytes| bytes > MOST) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "it is larger than a certificate can be"));
        }
        Ok(text)
    };
    text().map_err(refuse)
}

fn load(certificate: &Path, key: &Path, texts: &[Vec<u8>; 2], now: Duration) -> Result<Good, OwnError> {
    let path = || certificate.to_owned();
    let chain = CertificateDer::pem_slice_iter(&texts[0]).collect::<Result<Vec<_>, _>>().unwrap_or_default();
    let Some(leaf) = chain.first().cloned() else { return Err(OwnError::NoCertificate { path: path() }) };
    let secret = PrivateKeyDer::from_pem_slice(&texts[1]).map_err(|_| OwnError::NoKey { path: key.to_owned() })?;
    let certified = CertifiedKey::from_der(chain, secret, &provider::default_provider());
    let certified = certified.map_err(|source| {
        if matches!(source, rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) {
            OwnError::Mismatch { certificate: path(), key: key.to_owned() }
        } else if matches!(source, rustls::Error::General(_)) {
            // What the library says of a key that it does not understand.
            OwnError::NoKey { path: key.to_owned() }
        } else {
            OwnError::Refused { path: path(), source }
        }
    })?;
    let period = Period::of(&leaf).map_err(|source| OwnError::Refused { path: path(), source })?;
    if let Some(ago) = now.checked_sub(period.end).filter(|ago| !ago.is_zero()) {
        return Err(OwnError::Period { path: path(), when: format!("has expired {} ago", days(ago)) });
    }
    if let Some(left) = period.begin.checked_sub(now).filter(|left| !left.is_zero()) {
        return Err(OwnError::Period { path: path(), when: format!("will be good only in {}", days(left)) });
    }
    Ok(Good { certified: Arc::new(certified), period, content: content(texts) })
}

fn days(span: Duration) -> String {
    match span.as_secs() / DAY.as_secs() {
        0 => "less than a day".to_owned(),
        1 => "a day".to_owned(),
        days => format!("{days} days"),
    }
}

fn warn_if_exposed(key: &Path) {
    if let Ok(Some(mode)) = private_file::exposed(key) {
        let path = key.display();
        tracing::warn!(%path, "others on this computer may read the key (mode {mode:o}): chmod 600 closes it");
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair};

    use super::super::issuer::write_period;
    use super::*;

    const NOW: Duration = Duration::from_secs(1_790_000_000);

    struct Files {
        _home: tempfile::TempDir,
        certificate: PathBuf,
        key: PathBuf,
    }

    impl Files {
        fn new() -> Self {
            let home = tempfile::tempdir().unwrap();
            let (certificate, key) = (home.path().join("fullchain.pem"), home.path().join("privkey.pem"));
            let files = Self { _home: home, certificate, key };
            files.put(&pair(NOW));
            files
        }

        fn put(&self, (certificate, key): &(String, String)) {
            fs::write(&self.certificate, certificate).unwrap();
            fs::write(&self.key, key).unwrap();
        }

        fn open(&self, now: Duration) -> Result<Pair, String> {
            Pair::open(&self.certificate, &self.key, now).map_err(|error| error.to_string())
        }
    }

    fn pair(now: Duration) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["robot.example.org".to_owned()]).unwrap();
        write_period(&mut params, Period { begin: now, end: now + DAY * 90 });
        (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
    }

    /// Goal: whatever is wrong with the files, the program says which file and what, and does not start.
    #[test]
    fn bad_files_are_named() {
        let files = Files::new();
        let (good, other) = (pair(NOW), pair(NOW));
        let password = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n".to_owned();
        let broken = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n".to_owned();
        let odd = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_owned();
        for (texts, now, words) in [
            ((good.0.clone(), other.1.clone()), NOW, &["privkey.pem does not belong", "fullchain.pem"][..]),
            (good.clone(), NOW + DAY * 102, &["fullchain.pem has expired 12 days ago", "clock"]),
            (good.clone(), NOW.saturating_sub(DAY + DAY / 2), &["fullchain.pem will be good only in a day"]),
            ((String::new(), good.1.clone()), NOW, &["no certificate in", "fullchain.pem", "tls.cert"]),
            ((good.1.clone(), good.0.clone()), NOW, &["no certificate in", "fullchain.pem"]),
            ((odd, good.1.clone()), NOW, &["fullchain.pem cannot be served"]),
            ((good.0.clone(), good.0.clone()), NOW, &["no private key in", "privkey.pem", "tls.key"]),
            ((good.0.clone(), password), NOW, &["no private key in", "password"]),
            ((good.0.clone(), broken), NOW, &["no private key in"]),
            (("x".repeat(1_100_000), good.1.clone()), NOW, &["fullchain.pem", "larger"]),
        ] {
            files.put(&texts);
            let error = files.open(now).unwrap_err();
            assert!(words.iter().all(|word| error.contains(word)), "{words:?}: {error}");
        }
        files.put(&good);
        assert!(files.open(NOW).is_ok());
        fs::remove_file(&files.key).unwrap();
        let error = files.open(NOW).unwrap_err();
        assert!(error.contains("privkey.pem") && error.contains("tls.key"), "{error}");
        fs::create_dir(&files.key).unwrap();
        assert!(files.open(NOW).unwrap_err().contains("not a file"));
    }

    /// Goal: new files are used when both are good; until then the old ones are.
    #[test]
    fn changed_files_are_used_once_they_are_good() {
        let files = Files::new();
        let mut pair = files.open(NOW).unwrap();
        let first = pair.certified();
        assert!(!pair.renew(&[], NOW));
        let (certificate, key) = self::pair(NOW);
        fs::write(&files.certificate, &certificate).unwrap();
        assert!(!pair.renew(&[], NOW), "the new certificate without its key");
        assert!(pair.complaint.as_ref().is_some_and(|complaint| complaint.contains("does not belong")));
        assert!(!pair.renew(&[], NOW));
        fs::remove_file(&files.key).unwrap();
        assert!(!pair.renew(&[], NOW));
        assert!(Arc::ptr_eq(&pair.certified(), &first), "half a pair is served");
        fs::write(&files.key, key).unwrap();
        assert!(pair.renew(&[], NOW));
        assert!(!Arc::ptr_eq(&pair.certified(), &first) && pair.complaint.is_none());
        assert!(!pair.renew(&[], NOW + DAY * 100), "an expired one is served on, as there is no better");
        assert!(pair.told_of_end);
    }

    /// Goal: whoever brings the certificate of another name learns of it before a phone does.
    #[test]
    fn names_that_are_not_in_it_are_told() {
        let files = Files::new();
        let mut pair = files.open(NOW).unwrap();
        let names: Vec<Name> = ["robot.example.org", "localhost", "192.168.1.5"].map(|n| n.parse().unwrap()).into();
        pair.renew(&names, NOW);
        assert_eq!(pair.uncovered, ["192.168.1.5".parse().unwrap()]);
    }
}
