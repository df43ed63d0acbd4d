//! The files of the authority and of its certificate: private, locked while they are made, replaced whole.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use tokio_rustls::rustls;
use tokio_rustls::rustls::pki_types::pem;

use super::CertificateError;
use crate::private_file;

/// Inside the data directory.
const DIRECTORY: &str = "tls";
/// What earlier versions kept there: a certificate and a key that nothing uses any more.
const FORMER: &str = "localhost.pem";

/// Why something stored is not used again.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unfit {
    #[error("there is none")]
    Missing,
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    #[error("others could read it (mode {0:o})")]
    Exposed(u32),
    #[error("it is damaged: {0}")]
    Damaged(#[from] pem::Error),
    #[error("its key is damaged: {0}")]
    Key(#[from] rcgen::Error),
    #[error("it is not good: {0}")]
    NotGood(#[from] rustls::Error),
    #[error("its key belongs to another certificate, or another version of Joywire made it")]
    Foreign,
    #[error("it has come to its end")]
    Ended,
    #[error("it cannot be checked: {0}")]
    Unchecked(#[from] rustls::client::VerifierBuilderError),
    #[error("it is for names that are none: {0}")]
    Name(#[from] rustls::pki_types::InvalidDnsNameError),
}

/// The folder.
#[derive(Debug)]
pub(super) struct Store {
    directory: PathBuf,
}

impl Store {
    /// Makes the folder, and closes it to others.
    pub(super) fn open(data_directory: &Path) -> Result<Self, CertificateError> {
        let directory = data_directory.join(DIRECTORY);
        private_file::directory(&directory)
            .map_err(|source| CertificateError::Storage { path: directory.clone(), source })?;
        // A key that nobody needs is best not there.
        drop(fs::remove_file(directory.join(FORMER)));
        Ok(Self { directory })
    }

    /// Keeps other programs with the same folder out until it is dropped: two that start at once would make
    /// two authorities, and phones would trust the one that is lost.
    pub(super) fn lock(&self) -> Result<File, CertificateError> {
        let locked = File::open(&self.directory).and_then(|directory| {
            flock(&directory, FlockOperation::LockExclusive)?;
            Ok(directory)
        });
        locked.map_err(|source| CertificateError::Storage { path: self.directory.clone(), source })
    }

    /// The text of `file`; `None` if there is none.
    pub(super) fn read(&self, file: &str) -> Result<Option<String>, Unfit> {
        let path = self.path(file);
        let exposed = match private_file::exposed(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other?,
        };
        match exposed {
            Some(mode) => Err(Unfit::Exposed(mode)),
            None => Ok(Some(fs::read_to_string(&path)?)),
        }
    }

    /// Replaces `file`.
    pub(super) fn write(&self, file: &str, text: &str) -> Result<(), CertificateError> {
        let path = self.path(file);
        private_file::replace(&path, text.as_bytes()).map_err(|source| CertificateError::Storage { path, source })
    }

    /// Where `file` is.
    pub(super) fn path(&self, file: &str) -> PathBuf {
        self.directory.join(file)
    }
}
