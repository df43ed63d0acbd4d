//! A crowd of clients that listen, on a thread of their own in the load generator, so that their cost is nobody else's.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::runtime::Builder;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::Resumption;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{ClientConfig, DigitallySignedStruct, Error as TlsError, SignatureScheme};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};
use tokio_util::sync::CancellationToken;

use super::clock::now;

/// From one address; a relay counts them by address.
const FROM_ONE_ADDRESS: usize = 24;
/// Handshakes at once: Joywire keeps this many strangers and a few more, and cuts off the oldest for a new one.
const AT_ONCE: usize = 12;
/// A step of a connection that takes longer has failed, and is tried again.
const STEP: Duration = Duration::from_secs(10);
/// Joywire lets in a hundred new connections a second: whoever comes too soon comes again.
const COME_AGAIN: Duration = Duration::from_millis(100);
/// What is read at once, bytes: there are thousands of them.
const READ_BUFFER: usize = 4 * 1024;
/// Where a snapshot says of when it is.
const KEY: &str = "\"tick\":";

/// One thing that was heard: which, and when.
#[derive(Clone, Copy, Debug)]
pub struct Heard {
    /// The number after `"tick":`.
    pub key: u64,
    /// When its text was read, ns.
    pub at: u64,
}

#[derive(Debug, Default)]
struct Shared {
    connected: AtomicUsize,
    lost: AtomicUsize,
    deliveries: AtomicU64,
    bytes: AtomicU64,
    records: AtomicBool,
    heard: Mutex<Vec<Heard>>,
}

/// Clients that listen.
#[derive(Debug)]
pub struct Crowd {
    shared: Arc<Shared>,
    leave: CancellationToken,
    thread: Option<thread::JoinHandle<()>>,
}

impl Crowd {
    /// Connects so many to the relay at `to`, and waits until all are there.
    ///
    /// # Errors
    /// If they are not all there `within`; a limit of this process is a usual cause.
    pub fn gather(to: SocketAddr, count: usize, within: Duration) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let leave = CancellationToken::new();
        let (theirs, until) = (shared.clone(), leave.clone());
        let thread = thread::Builder::new().name("crowd".to_owned()).spawn(move || {
            let Ok(runtime) = Builder::new_current_thread().enable_all().build() else { return };
            runtime.block_on(stand_around(to, count, &theirs, &until));
        })?;
        let crowd = Self { shared, leave, thread: Some(thread) };
        let end = std::time::Instant::now() + within;
        while crowd.connected() < count {
            if std::time::Instant::now() > end {
                let found = crowd.connected();
                return Err(io::Error::other(format!(
                    "of {count} watchers {found} were let in within {within:?}; does `ulimit -n` allow as many?"
                )));
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(crowd)
    }

    /// How many are there.
    pub fn connected(&self) -> usize {
        self.shared.connected.load(Ordering::Relaxed)
    }

    /// How many were there and are not any more, without having been sent home.
    pub fn lost(&self) -> usize {
        self.shared.lost.load(Ordering::Relaxed)
    }

    /// Events that they have heard so far, all together.
    pub fn deliveries(&self) -> u64 {
        self.shared.deliveries.load(Ordering::Relaxed)
    }

    /// Bytes of these events.
    pub fn bytes(&self) -> u64 {
        self.shared.bytes.load(Ordering::Relaxed)
    }

    /// From now on it is noted what is heard when.
    pub fn record(&self) {
        self.shared.records.store(true, Ordering::Relaxed);
    }

    /// Everything that was noted.
    pub fn heard(&self) -> Vec<Heard> {
        self.shared.records.store(false, Ordering::Relaxed);
        std::mem::take(&mut *self.shared.heard.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Sends them home, and waits until all have closed their connections.
    pub fn disperse(self) {
        drop(self);
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        self.leave.cancel();
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

async fn stand_around(to: SocketAddr, count: usize, shared: &Arc<Shared>, leave: &CancellationToken) {
    let (tls, places) = (connector(), Arc::new(Semaphore::new(AT_ONCE)));
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..count {
        let (tls, places, shared, leave) = (tls.clone(), places.clone(), shared.clone(), leave.clone());
        tasks.spawn(async move {
            let from = from(number);
            while !leave.is_cancelled() {
                let Ok(place) = places.acquire().await else { return };
                let entered = timeout(STEP, Box::pin(enter(to, from, &tls))).await;
                if let Ok(Ok(mut socket)) = entered {
                    drop(place);
                    shared.connected.fetch_add(1, Ordering::Relaxed);
                    if leave.run_until_cancelled(listen(&mut socket, &shared)).await.is_some() {
                        shared.lost.fetch_add(1, Ordering::Relaxed);
                    }
                    // Some seconds for the farewell: a close that is merely dropped looks like a broken line.
                    drop(timeout(Duration::from_secs(2), socket.close(None)).await);
                    return;
                }
                sleep(COME_AGAIN).await;
            }
        });
    }
    while tasks.join_next().await.is_some() {}
}

/// An address of this machine for each few of them: 127.0.1.1, 127.0.1.2, …
fn from(number: usize) -> IpAddr {
    let group = u32::try_from(number / FROM_ONE_ADDRESS).unwrap_or(0);
    let base = u32::from(Ipv4Addr::new(127, 0, 1, 1));
    IpAddr::V4(Ipv4Addr::from(base + group))
}

async fn listen(socket: &mut Socket, shared: &Shared) {
    while let Some(Ok(message)) = socket.next().await {
        let Message::Text(text) = message else { continue };
        let text = text.as_str();
        if text == "2" {
            if socket.send(Message::text("3")).await.is_err() {
                return;
            }
        } else if text.starts_with("42") {
            shared.deliveries.fetch_add(1, Ordering::Relaxed);
            shared.bytes.fetch_add(u64::try_from(text.len()).unwrap_or(0), Ordering::Relaxed);
            if shared.records.load(Ordering::Relaxed)
                && let Some(key) = key(text)
            {
                let heard = Heard { key, at: now() };
                shared.heard.lock().unwrap_or_else(PoisonError::into_inner).push(heard);
            }
        }
    }
}

/// Of when a snapshot is.
fn key(text: &str) -> Option<u64> {
    let (_, rest) = text.split_once(KEY)?;
    let end = rest.find(|digit: char| !digit.is_ascii_digit()).unwrap_or(rest.len());
    rest[..end].parse().ok()
}

/// A client that says something to all at a steady rate: snapshots as Joywire's telemetry has them.
#[derive(Debug)]
pub struct Source {
    said: Arc<Mutex<Vec<Heard>>>,
    stop: CancellationToken,
    thread: Option<thread::JoinHandle<()>>,
}

impl Source {
    /// Says `event` with this snapshot, which must have a `"tick":0`, to the relay at `to`, every so often.
    ///
    /// # Errors
    /// If the relay does not let it in.
    pub fn start(to: SocketAddr, event: &'static str, snapshot: &str, every: Duration) -> io::Result<Self> {
        let (said, stop) = (Arc::new(Mutex::new(Vec::new())), CancellationToken::new());
        let (notes, until, snapshot) = (said.clone(), stop.clone(), snapshot.to_owned());
        let (ready, is_ready) = std::sync::mpsc::channel();
        let thread = thread::Builder::new().name("source".to_owned()).spawn(move || {
            let Ok(runtime) = Builder::new_current_thread().enable_all().build() else { return };
            runtime.block_on(async {
                let entered = Box::pin(enter(to, IpAddr::V4(Ipv4Addr::LOCALHOST), &connector())).await;
                let told = entered.as_ref().map(|_| ()).map_err(|error| io::Error::other(error.to_string()));
                drop(ready.send(told));
                let Ok(socket) = entered else { return };
                let talk = speak(socket, event, &snapshot, every, &notes);
                until.run_until_cancelled(talk).await;
            });
        })?;
        is_ready.recv().map_err(io::Error::other)??;
        Ok(Self { said, stop, thread: Some(thread) })
    }

    /// When each was said, since the start.
    pub fn said(&self) -> Vec<Heard> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

async fn speak(mut socket: Socket, event: &str, snapshot: &str, every: Duration, said: &Mutex<Vec<Heard>>) {
    let (mut number, mut beat) = (1_000_000_u64, tokio::time::interval(every));
    loop {
        tokio::select! {
            heard = socket.next() => match heard {
                Some(Ok(Message::Text(text))) if text.as_str() == "2" => {
                    if socket.send(Message::text("3")).await.is_err() {
                        return;
                    }
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return,
            },
            _ = beat.tick() => {
                number += 1;
                let packet = format!("42[\"{event}\",{}]", snapshot.replacen("\"tick\":0", &format!("{KEY}{number}"), 1));
                let note = Heard { key: number, at: now() };
                said.lock().unwrap_or_else(PoisonError::into_inner).push(note);
                if socket.send(Message::text(packet)).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// A WebSocket over TLS.
pub type Socket = WebSocketStream<TlsStream<TcpStream>>;

/// Connects from an address, and enters the room.
pub async fn enter(to: SocketAddr, from: IpAddr, tls: &TlsConnector) -> io::Result<Socket> {
    let stream = secure(to, from, tls).await?;
    let place = format!("wss://localhost:{}/socket.io/?EIO=4&transport=websocket", to.port());
    let request = place.into_client_request().map_err(io::Error::other)?;
    let config = WebSocketConfig::default().read_buffer_size(READ_BUFFER).write_buffer_size(0);
    let upgraded = client_async_with_config(request, stream, Some(config)).await;
    let (mut socket, _) = upgraded.map_err(io::Error::other)?;
    socket.send(Message::text("40")).await.map_err(io::Error::other)?;
    while let Some(message) = socket.next().await {
        let message = message.map_err(io::Error::other)?;
        let Message::Text(text) = message else { continue };
        if text.as_str().starts_with("40") {
            return Ok(socket);
        }
        // Some servers ask at once whether we are there.
        if text.as_str() == "2" {
            socket.send(Message::text("3")).await.map_err(io::Error::other)?;
        }
        if text.as_str().starts_with("44") || text.as_str().starts_with("41") {
            return Err(io::Error::other(format!("turned away: {}", text.as_str())));
        }
    }
    Err(io::Error::other("the connection ended before the room was entered"))
}

/// A TLS connection from an address.
pub async fn secure(to: SocketAddr, from: IpAddr, tls: &TlsConnector) -> io::Result<TlsStream<TcpStream>> {
    let socket = TcpSocket::new_v4()?;
    socket.set_nodelay(true)?;
    socket.bind(SocketAddr::new(from, 0))?;
    let stream = socket.connect(to).await?;
    let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
    tls.connect(name, stream).await
}

/// One for all. It believes whoever answers: this is no place for attacks, and checking is not what is measured. It begins
/// every connection anew, as a thousand devices would.
pub fn connector() -> TlsConnector {
    let provider = Arc::new(ring::default_provider());
    let anyone = Arc::new(Anyone(provider.signature_verification_algorithms.supported_schemes()));
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let mut config = builder
        .unwrap_or_else(|error| panic!("the provider has the usual versions of TLS: {error}"))
        .dangerous()
        .with_custom_certificate_verifier(anyone)
        .with_no_client_auth();
    config.resumption = Resumption::disabled();
    TlsConnector::from(Arc::new(config))
}

/// Believes whoever answers.
struct Anyone(Vec<SignatureScheme>);

impl fmt::Debug for Anyone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Anyone")
    }
}

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.clone()
    }
}
