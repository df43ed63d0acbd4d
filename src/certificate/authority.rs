//! What everybody may know of this installation's own authority: its certificate, never its key.

use data_encoding::BASE64;
use ring::digest::{SHA256, digest};
use tokio_rustls::rustls::pki_types::CertificateDer;

use super::profile;

/// Letters of a line of PEM.
const PEM_LINE: usize = 64;

/// The certificate that phones are asked to trust.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    certificate: CertificateDer<'static>,
}

impl Authority {
    pub(super) fn new(certificate: CertificateDer<'static>) -> Self {
        Self { certificate }
    }

    /// As Android and Windows take it.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.certificate
    }

    /// As programs take it.
    #[must_use]
    pub fn pem(&self) -> String {
        let text = BASE64.encode(&self.certificate);
        let lines = text.as_bytes().chunks(PEM_LINE).map(|line| String::from_utf8_lossy(line) + "\n");
        format!("-----BEGIN CERTIFICATE-----\n{}-----END CERTIFICATE-----\n", lines.collect::<String>())
    }

    /// Its SHA-256, as phones and browsers show it: `3F:9A:…`, 32 bytes.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        fingerprint(&self.certificate)
    }

    /// As iPhones and iPads take it: a configuration profile with nothing but this certificate.
    #[must_use]
    pub fn profile(&self, robot: &str) -> String {
        profile::write(robot, &self.certificate, self.hash())
    }

    fn hash(&self) -> [u8; 32] {
        let hash = digest(&SHA256, &self.certificate);
        std::array::from_fn(|index| hash.as_ref().get(index).copied().unwrap_or(0))
    }
}

/// The SHA-256 of a certificate, as phones and browsers show it: `3F:9A:…`, 32 bytes.
pub(super) fn fingerprint(certificate: &[u8]) -> String {
    let hash = digest(&SHA256, certificate);
    hash.as_ref().iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
}

impl Authority {
    pub(super) fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }
}

#[cfg(test)]
mod tests {
    use tokio_rustls::rustls::pki_types::pem::PemObject;

    use super::*;

    /// Goal: the text form holds the same certificate, and the fingerprint is the one that others would show.
    #[test]
    fn forms_agree() {
        let bytes: Vec<u8> = (0..=255).collect();
        let authority = Authority::new(CertificateDer::from(bytes.clone()));
        assert_eq!(CertificateDer::from_pem_slice(authority.pem().as_bytes()).unwrap().as_ref(), bytes);
        assert!(authority.pem().lines().all(|line| line.len() <= PEM_LINE));
        // printf of all 256 bytes | sha256sum
        assert!(authority.fingerprint().starts_with("40:AF:F2:E9:D2:D8:92:2E:47:AF:D4:64:8E:69:67:49:"));
        assert_eq!(authority.fingerprint().len(), 95);
    }
}
