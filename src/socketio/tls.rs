//! Whose certificate is believed: the relay's own authority's, one that was shown, or anyone's on this computer.

use std::fmt;
use std::sync::Arc;

use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use tokio_rustls::rustls::crypto::{
    CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature, verify_tls13_signature_with_raw_key,
};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use tokio_rustls::rustls::server::ParsedCertificate;
use tokio_rustls::rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

use super::fingerprint::Fingerprint;

/// A chain has fewer certificates than this, and so fewer beginnings.
const BEGINNINGS: usize = 8;

/// Who may answer at an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Whoever shows a certificate of this authority, the relay's own. The name in it does not matter: that authority's
    /// key is on that one computer, and its addresses change.
    Authority(CertificateDer<'static>),
    /// Whoever shows the certificate with this fingerprint as their own, or one for this name that it vouches for.
    Shown(Fingerprint),
    /// Anyone. For servers on this computer alone, which nobody else can stand before: connecting elsewhere is refused.
    Anyone,
}

/// What TLS is to be like, with this trust.
pub(super) fn config(trust: Trust) -> Result<ClientConfig, Error> {
    let provider = Arc::new(ring::default_provider());
    let roots = match &trust {
        Trust::Authority(authority) => Some(anchor(authority)?),
        Trust::Shown(_) | Trust::Anyone => None,
    };
    let verifier = Verifier { trust, roots, provider: provider.clone() };
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn anchor(certificate: &CertificateDer<'_>) -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone().into_owned())?;
    Ok(roots)
}

/// The key in a certificate. The library reads those of the first form only where they are to be trusted, and gives what is
/// inside the key's sequence.
fn public_key(certificate: &CertificateDer<'_>) -> Result<SubjectPublicKeyInfoDer<'static>, Error> {
    let roots = anchor(certificate)?;
    let inside = roots.roots.first().map(|root| root.subject_public_key_info.as_ref()).unwrap_or_default();
    let length = u16::try_from(inside.len()).map_err(|_| CertificateError::BadEncoding)?.to_be_bytes();
    // DER takes the shortest form of a length: below 128, one byte, two.
    let head: &[u8] = match length {
        [0, short @ 0..=0x7f] => &[0x30, short],
        [0, low] => &[0x30, 0x81, low],
        [high, low] => &[0x30, 0x82, high, low],
    };
    Ok(SubjectPublicKeyInfoDer::from([head, inside].concat()))
}

/// Believes whom [`Trust`] says. That the server has the certificate's key is always asked.
struct Verifier {
    trust: Trust,
    roots: Option<RootCertStore>,
    provider: Arc<CryptoProvider>,
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Verifier").field(&self.trust).finish()
    }
}

impl Verifier {
    /// Holds a chain to one root.
    ///
    /// A clock that is behind costs no trust, as small computers start in the past: a certificate that is not good yet
    /// is judged at its own beginning. One that has expired stays refused.
    fn chain(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        roots: &RootCertStore,
        now: UnixTime,
    ) -> Result<(), Error> {
        let parsed = ParsedCertificate::try_from(leaf)?;
        let algorithms = self.provider.signature_verification_algorithms.all;
        let mut moment = now;
        for _ in 0..BEGINNINGS {
            let judged = verify_server_cert_signed_by_trust_anchor(&parsed, roots, others, moment, algorithms);
            match judged {
                Err(Error::InvalidCertificate(CertificateError::NotValidYetContext { not_before, .. }))
                    if not_before > moment =>
                {
                    moment = not_before;
                }
                judged => return judged,
            }
        }
        Err(Error::InvalidCertificate(CertificateError::NotValidYet))
    }

    fn shown(
        &self,
        wanted: Fingerprint,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), Error> {
        if Fingerprint::of(leaf) == wanted {
            return Ok(());
        }
        let vouching = others.iter().find(|other| Fingerprint::of(other) == wanted);
        let vouching = vouching.ok_or(CertificateError::ApplicationVerificationFailure)?;
        self.chain(leaf, others, &anchor(vouching)?, now)?;
        verify_server_name(&ParsedCertificate::try_from(leaf)?, name)
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match (&self.trust, &self.roots) {
            (Trust::Authority(_), Some(roots)) => self.chain(leaf, others, roots, now)?,
            (Trust::Shown(wanted), _) => self.shown(*wanted, leaf, others, name, now)?,
            (Trust::Anyone, _) => {}
            (Trust::Authority(_), None) => return Err(CertificateError::ApplicationVerificationFailure.into()),
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        if ParsedCertificate::try_from(certificate).is_ok() {
            return verify_tls13_signature(message, certificate, signature, algorithms);
        }
        // Of the first form of certificates, as OpenSSL 3.0 still makes them. It is here only if it need not be read.
        let key = public_key(certificate)?;
        verify_tls13_signature_with_raw_key(message, &key, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
