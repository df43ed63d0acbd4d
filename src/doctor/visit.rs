//! Visits a page as a browser would, looks at the certificate, and trusts nothing.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, Error as TlsError, SignatureScheme, StreamOwned,
};

/// Every single step takes no longer.
const PATIENCE: Duration = Duration::from_secs(1);
/// As much of a page is read, bytes: our name is near its beginning.
const MOST: u64 = 16 * 1024;
/// What our own pages say.
const OURS: &str = "joywire";

/// What was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Visit {
    /// The certificate, as its bytes.
    pub certificate: Option<Vec<u8>>,
    /// Whether an answer came.
    pub answered: bool,
    /// Whether it was ours.
    pub joywire: bool,
}

/// Whether anybody takes connections at an address.
#[must_use]
pub fn connects(address: SocketAddr) -> bool {
    TcpStream::connect_timeout(&address, PATIENCE).is_ok()
}

/// Visits a page over HTTPS. Any certificate will do: this only looks, and says nothing that is worth anything.
///
/// # Errors
/// What the system or the TLS library says.
pub fn https(address: SocketAddr) -> io::Result<Visit> {
    let provider = Arc::new(ring::default_provider());
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anyone(provider)))
        .with_no_client_auth();
    let name = ServerName::from(address.ip());
    let connection = ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)?;
    let mut stream = StreamOwned::new(connection, connect(address)?);
    let answer = ask(&mut stream, address);
    let certificate = stream.conn.peer_certificates().and_then(<[_]>::first).map(|first| first.to_vec());
    match (answer, certificate) {
        (Err(error), None) => Err(error),
        (answer, certificate) => {
            let text = answer.unwrap_or_default();
            Ok(Visit { certificate, answered: !text.is_empty(), joywire: text.contains(OURS) })
        }
    }
}

/// Whether a page over plain HTTP is ours.
#[must_use]
pub fn is_ours(address: SocketAddr) -> bool {
    connect(address).and_then(|mut stream| ask(&mut stream, address)).is_ok_and(|text| text.contains(OURS))
}

fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// The beginning of the answer, in small letters.
fn ask(stream: &mut (impl Read + Write), address: SocketAddr) -> io::Result<String> {
    write!(stream, "GET / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    stream.flush()?;
    let mut bytes = Vec::new();
    let read = stream.take(MOST).read_to_end(&mut bytes);
    // Some close without a farewell; what came before counts.
    if bytes.is_empty() {
        read?;
    }
    Ok(String::from_utf8_lossy(&bytes).to_lowercase())
}

/// Takes every certificate.
#[derive(Debug)]
struct Anyone(Arc<CryptoProvider>);

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _certificate: &CertificateDer<'_>,
        _others: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _stapled: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
