//! From an accepted TCP connection to requests: counted, with deadlines for every step, over TLS.

use std::convert::Infallible;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener as Unwatched};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::{Domain, SockRef, Socket, Type};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use super::auth::Peer;
use super::deadline::{Bounds, Deadline, Wide};
use super::limits::bucket::Rate;
use super::limits::connections::{Connections, OpenConnection};
use super::{RelayError, redirect};
use crate::metrics::{Rejection, RelayMeter};

/// What the kernel may hold for a peer that does not read, bytes. Old telemetry is worth nothing.
const SEND_BUFFER: usize = 64 * 1024;
/// What it may hold before it has even tried to send it, bytes.
#[cfg(any(target_os = "linux", target_os = "android"))]
const UNSENT: u32 = 16 * 1024;
/// What was sent is acknowledged by the peer's kernel within this, or the connection is dead.
#[cfg(any(target_os = "linux", target_os = "android"))]
const UNACKNOWLEDGED: Duration = Duration::from_secs(5);
/// Header lines of a request, and bytes of it that are held at once.
const HEADER_LINES: usize = 64;
const HEADER_BYTES: usize = 16 * 1024;
/// The first byte of a TLS connection.
const TLS_HANDSHAKE: u8 = 0x16;
/// Tries to find one port that is free on both loopback addresses.
const TRIES: usize = 16;
/// Connections that may wait to be accepted.
const BACKLOG: i32 = 128;
/// Pause when the system has no descriptor left for a connection.
const EXHAUSTED: Duration = Duration::from_millis(100);

type Stream = Deadline<TcpStream, OpenConnection>;

/// What is spoken on a port.
#[derive(Clone)]
pub(super) enum Speech {
    /// TLS; who speaks HTTP is sent to where it is spoken.
    Tls(TlsAcceptor, Router),
    /// HTTP, for what anybody may read and change on its way.
    Plain,
}

impl Speech {
    /// TLS on this port.
    pub(super) fn tls(acceptor: TlsAcceptor, port: u16) -> Self {
        Self::Tls(acceptor, redirect::to(port))
    }
}

/// How a connection begins.
enum Greeting {
    Secure(Box<TlsStream<Stream>>),
    Plain(Stream),
}

/// What every connection is held to.
#[derive(Clone, Debug)]
pub(super) struct Terms {
    /// For the TLS handshake.
    pub(super) handshake: Duration,
    /// For the headers of a request, and for the pause before the next.
    pub(super) headers: Duration,
    /// For a write without any progress.
    pub(super) write: Duration,
    /// Bytes that are read from it a second, and at once.
    pub(super) pace: Rate,
    /// How many.
    pub(super) connections: Arc<Connections>,
    /// What is counted of them.
    pub(super) meter: Arc<RelayMeter>,
}

/// Listens on all addresses if `public`, else on those of every machine for itself: IPv4 and, where there is one,
/// IPv6. Port 0 takes any.
pub(super) fn listen(port: u16, public: bool) -> Result<Vec<Unwatched>, RelayError> {
    let refuse = |source: io::Error| {
        if source.kind() == ErrorKind::AddrInUse {
            RelayError::PortInUse { port }
        } else if source.kind() == ErrorKind::PermissionDenied {
            RelayError::PortForbidden { port }
        } else {
            RelayError::Listen { port, source }
        }
    };
    let (four, six) = if public {
        (Ipv4Addr::UNSPECIFIED, Ipv6Addr::UNSPECIFIED)
    } else {
        (Ipv4Addr::LOCALHOST, Ipv6Addr::LOCALHOST)
    };
    for attempt in 1.. {
        let on_four = open((four, port).into()).map_err(refuse)?;
        let same = on_four.local_addr().map_err(refuse)?.port();
        match open((six, same).into()) {
            Ok(on_six) => return Ok(vec![on_four, on_six]),
            Err(error) if error.kind() == ErrorKind::AddrInUse && port == 0 && attempt < TRIES => {}
            Err(error) if error.kind() == ErrorKind::AddrInUse => return Err(refuse(error)),
            Err(error) => {
                tracing::debug!(%error, "no IPv6 on this machine: listening on IPv4 alone");
                return Ok(vec![on_four]);
            }
        }
    }
    Err(RelayError::PortInUse { port })
}

/// Listens on all addresses for those who come to fetch the certificate. They are few, and the robot drives without
/// them: so a port that is not to be had is said, and nothing else.
pub(super) fn listen_for_trust(port: u16) -> Vec<Unwatched> {
    let everywhere = || -> io::Result<Vec<Unwatched>> {
        let four = open((Ipv4Addr::UNSPECIFIED, port).into())?;
        let six = open((Ipv6Addr::UNSPECIFIED, four.local_addr()?.port()).into());
        Ok(std::iter::once(four).chain(six).collect())
    };
    everywhere().unwrap_or_else(|error| {
        tracing::warn!(
            port, %error,
            "the page that brings the certificate to phones is not served: set server.trust_port to a free port, or to 0"
        );
        Vec::new()
    })
}

fn open(address: SocketAddr) -> io::Result<Unwatched> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    if address.is_ipv6() {
        // IPv4 has a listener of its own.
        socket.set_only_v6(true)?;
    }
    // A port whose last connections are still fading is free, as the standard library sees it, too.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Accepts connections and serves them with `app`, until `shutdown`. Each is a task of `tasks`.
pub(super) async fn accept(
    listener: TcpListener,
    speech: Speech,
    app: Router,
    terms: Terms,
    tasks: TaskTracker,
    shutdown: CancellationToken,
) {
    loop {
        let accepted = tokio::select! {
            () = shutdown.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let (stream, address) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                sleep(EXHAUSTED).await;
                continue;
            }
        };
        let line = CancellationToken::new();
        let Some(counted) = terms.connections.open(address.ip().to_canonical(), &line, Instant::now()) else {
            terms.meter.rejected(Rejection::Crowded);
            tracing::debug!(%address, "refused a connection: there are too many, or they come too fast");
            continue;
        };
        let peer = Peer { address, line, wide: Wide::default(), place: counted.place() };
        let connection = serve(stream, peer, counted, speech.clone(), app.clone(), terms.clone());
        let shutdown = shutdown.clone();
        tasks.spawn(async move {
            tokio::select! {
                () = connection => {}
                () = shutdown.cancelled() => {}
            }
        });
    }
}

async fn serve(stream: TcpStream, peer: Peer, counted: OpenConnection, speech: Speech, app: Router, terms: Terms) {
    let address = peer.address;
    if let Err(error) = tune(&stream) {
        tracing::debug!(%address, %error, "a socket option is not available");
    }
    let bounds = Bounds { write: terms.write, pace: terms.pace, line: peer.line.clone(), wide: peer.wide.clone() };
    let (tls, redirect) = match speech {
        Speech::Tls(tls, redirect) => (tls, redirect),
        Speech::Plain => {
            return converse(Deadline::new(stream, bounds, counted), peer, app, &terms, true).await;
        }
    };
    let greeting = timeout(terms.handshake, greet(stream, bounds, counted, &tls));
    let Some(greeted) = peer.line.run_until_cancelled(greeting).await else { return };
    match greeted {
        Ok(Ok(Greeting::Secure(stream))) => converse(stream, peer, app, &terms, true).await,
        // One answer, and a body that may come is not waited for.
        Ok(Ok(Greeting::Plain(stream))) => converse(stream, peer, redirect, &terms, false).await,
        Ok(Err(error)) => tracing::debug!(%address, %error, "no TLS connection"),
        Err(_) => tracing::debug!(%address, "the TLS handshake took too long"),
    }
}

/// Reads requests with deadlines and bounds, and answers them with `app`.
async fn converse<S>(stream: S, peer: Peer, app: Router, terms: &Terms, keep_alive: bool)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let address = peer.address;
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer.clone());
        let app = app.clone();
        async move { Ok::<_, Infallible>(app.oneshot(request).await.unwrap_or_else(|never| match never {})) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(terms.headers)
        .max_headers(HEADER_LINES)
        .max_buf_size(HEADER_BYTES)
        .keep_alive(keep_alive)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    if let Err(error) = connection.await {
        tracing::debug!(%address, %error, "connection ended");
    }
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

async fn greet(stream: TcpStream, bounds: Bounds, counted: OpenConnection, tls: &TlsAcceptor) -> io::Result<Greeting> {
    let mut first = [0];
    let read = stream.peek(&mut first).await?;
    let stream = Deadline::new(stream, bounds, counted);
    match first[0] {
        TLS_HANDSHAKE if read == 1 => Ok(Greeting::Secure(Box::new(tls.accept(stream).await?))),
        // Every request begins with the name of its method.
        b'A'..=b'Z' if read == 1 => Ok(Greeting::Plain(stream)),
        _ => Err(io::Error::new(ErrorKind::InvalidData, "the client speaks neither TLS nor HTTP")),
    }
}
