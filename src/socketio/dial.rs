//! ASYNC. From an address to an open WebSocket: TCP, TLS, upgrade.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use socket2::SockRef;
use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{CertificateError, Error as TlsError};
use tokio_tungstenite::tungstenite::Error as WebSocketError;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderValue, Response, header};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::address::{Address, Host};
use super::error::{ConnectError, Lost};
use super::sentence::sentence;
use super::tls::{self, Trust};
use super::wire::Wire;

/// To find the computer, and to reach it.
const REACH: Duration = Duration::from_secs(5);
/// No address of a computer with several gets less than this.
const LEAST: Duration = Duration::from_secs(1);
/// For the TLS handshake, and for the answer to the upgrade.
const ANSWER: Duration = Duration::from_secs(5);
/// What the kernel may hold for a relay that does not read, bytes. Old telemetry is worth nothing.
const SEND_BUFFER: usize = 64 * 1024;
/// What it may hold before it has even tried to send it, bytes.
#[cfg(any(target_os = "linux", target_os = "android"))]
const UNSENT: u32 = 16 * 1024;
/// What was sent is acknowledged by the relay's kernel within this, or the connection is dead.
#[cfg(any(target_os = "linux", target_os = "android"))]
const UNACKNOWLEDGED: Duration = Duration::from_secs(5);
/// No message that is received is longer, bytes.
const MESSAGE: usize = 1024 * 1024;
/// Read at once, bytes.
const READ_BUFFER: usize = 16 * 1024;

/// A stream over TLS.
pub(crate) type Secure = TlsStream<Wire>;

/// How a connection is to be made.
#[derive(Clone)]
pub struct Dial {
    /// The relay.
    pub address: Address,
    /// Who may answer there.
    pub trust: Trust,
    /// The session by which we are known, `NAME=VALUE`.
    pub cookie: Option<String>,
    /// Goes with the question to be let in.
    pub auth: Value,
}

impl fmt::Debug for Dial {
    /// Without what is secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dial").field("address", &self.address).field("trust", &self.trust).finish_non_exhaustive()
    }
}

/// A connection over TLS to whom we trust.
pub(crate) async fn secure(address: &Address, trust: Trust) -> Result<Secure, ConnectError> {
    let local = trust == Trust::Anyone;
    shake_hands(address, trust, local).await
}

/// A connection over TLS to whoever answers, and the certificates that they show, their own first. For what nobody needs
/// to be trusted for.
pub(crate) async fn introduce(address: &Address) -> Result<(Secure, Vec<CertificateDer<'static>>), ConnectError> {
    let stream = shake_hands(address, Trust::Anyone, false).await?;
    let shown = stream.get_ref().1.peer_certificates().unwrap_or_default();
    let shown = shown.iter().map(|certificate| certificate.clone().into_owned()).collect();
    Ok((stream, shown))
}

async fn shake_hands(address: &Address, trust: Trust, local: bool) -> Result<Secure, ConnectError> {
    let failed = |error: &TlsError| refusal(address, error);
    let config = tls::config(trust).map_err(|error| failed(&error))?;
    let name = match address.host() {
        Host::Ip(address) => ServerName::IpAddress((*address).into()),
        Host::Dns(name) => {
            ServerName::try_from(name.clone()).map_err(|_| ConnectError::UnknownHost { host: name.clone() })?
        }
    };
    let wire = Wire::new(reach(address, local).await?);
    let shaken = timeout(ANSWER, TlsConnector::from(Arc::new(config)).connect(name, wire)).await;
    let shaken = shaken.map_err(|_| ConnectError::Late { address: address.clone() })?;
    shaken.map_err(|error| match error.get_ref().and_then(|inner| inner.downcast_ref::<TlsError>()) {
        Some(error) => failed(error),
        None => ConnectError::Tls { address: address.clone(), detail: error.to_string() },
    })
}

/// A TLS error as a sentence.
#[expect(clippy::wildcard_enum_match_arm, reason = "a library's errors, of which few need words of their own")]
fn refusal(address: &Address, error: &TlsError) -> ConnectError {
    let address = address.clone();
    match error {
        TlsError::InvalidCertificate(
            CertificateError::UnknownIssuer
            | CertificateError::BadSignature
            | CertificateError::ApplicationVerificationFailure,
        ) => ConnectError::Stranger { address },
        TlsError::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => {
            ConnectError::Expired { address }
        }
        TlsError::InvalidCertificate(CertificateError::NotValidForNameContext { presented, .. }) => {
            ConnectError::Name { address, names: presented.join(", ") }
        }
        TlsError::InvalidMessage(_) => ConnectError::Plain { address },
        error => ConnectError::Tls { address, detail: error.to_string() },
    }
}

/// A TCP connection to the first of the computer's addresses that answers.
async fn reach(address: &Address, local: bool) -> Result<TcpStream, ConnectError> {
    let mut found = find(address).await?;
    if local {
        found.retain(|candidate| candidate.ip().to_canonical().is_loopback());
        if found.is_empty() {
            return Err(ConnectError::Distant { address: address.clone() });
        }
    }
    let share = REACH.checked_div(u32::try_from(found.len()).unwrap_or(u32::MAX)).unwrap_or(REACH).max(LEAST);
    let mut failure = ConnectError::Silent { address: address.clone() };
    let tries = async {
        for candidate in found {
            match timeout(share, open(candidate)).await {
                Ok(Ok(stream)) => return Some(stream),
                Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
                    failure = ConnectError::Refused { address: address.clone() };
                }
                Ok(Err(source)) => failure = ConnectError::Unreachable { address: address.clone(), source },
                Err(_) => failure = ConnectError::Silent { address: address.clone() },
            }
        }
        None
    };
    match timeout(REACH, tries).await {
        Ok(Some(stream)) => Ok(stream),
        Ok(None) | Err(_) => Err(failure),
    }
}

/// The addresses of the computer that is meant.
async fn find(address: &Address) -> Result<Vec<SocketAddr>, ConnectError> {
    let name = match address.host() {
        Host::Ip(ip) => return Ok(vec![SocketAddr::new(*ip, address.port())]),
        Host::Dns(name) => name,
    };
    let unknown = || ConnectError::UnknownHost { host: name.clone() };
    let found = timeout(REACH, lookup_host((name.as_str(), address.port()))).await;
    let found: Vec<_> = found.map_err(|_| unknown())?.map_err(|_| unknown())?.collect();
    if found.is_empty() { Err(unknown()) } else { Ok(found) }
}

async fn open(candidate: SocketAddr) -> io::Result<TcpStream> {
    let socket = if candidate.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    let stream = socket.connect(candidate).await?;
    if let Err(error) = tune(&stream) {
        tracing::debug!(%candidate, %error, "a socket option is not available");
    }
    Ok(stream)
}

/// Keeps the kernel from holding on to what is old: it would be sent long after it was true.
fn tune(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    socket.set_send_buffer_size(SEND_BUFFER)?;
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        socket.set_tcp_notsent_lowat(UNSENT)?;
        socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED))?;
    }
    Ok(())
}

/// An open WebSocket on which nothing was said yet.
pub(super) async fn web_socket(dial: &Dial) -> Result<WebSocketStream<Secure>, ConnectError> {
    let address = &dial.address;
    let no_relay = |detail: String| ConnectError::NoRelay { address: address.clone(), detail };
    let place = format!("wss://{}/socket.io/?EIO=4&transport=websocket", address.authority());
    let mut request = place.into_client_request().map_err(|error| no_relay(error.to_string()))?;
    if let Some(cookie) = &dial.cookie {
        let cookie = HeaderValue::try_from(cookie).map_err(|_| ConnectError::Key { address: address.clone() })?;
        request.headers_mut().insert(header::COOKIE, cookie);
    }
    let stream = secure(address, dial.trust.clone()).await?;
    // Each message is handed on at once: what waits, waits where a newer value can replace it.
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_message_size(Some(MESSAGE))
        .max_frame_size(Some(MESSAGE));
    let upgrade = timeout(ANSWER, client_async_with_config(request, stream, Some(config))).await;
    match upgrade.map_err(|_| ConnectError::Late { address: address.clone() })? {
        Ok((socket, _)) => Ok(socket),
        Err(WebSocketError::Http(answer)) => Err(turned_away(address, &answer)),
        Err(WebSocketError::Io(error)) => {
            Err(ConnectError::Ended { address: address.clone(), lost: Lost::Broken(error.to_string()) })
        }
        Err(error) => Err(no_relay(error.to_string())),
    }
}

/// The answer of a server that does not upgrade.
fn turned_away(address: &Address, answer: &Response<Option<Vec<u8>>>) -> ConnectError {
    let (address, status) = (address.clone(), answer.status());
    let why = sentence(answer.body().as_deref().unwrap_or_default());
    if status.is_client_error() && status != 404 || status.is_server_error() {
        ConnectError::TurnedAway { address, status: status.as_u16(), why }
    } else {
        ConnectError::NoRelay { address, detail: format!("it answers {status}") }
    }
}
