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
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use super::RelayError;
use super::auth::Peer;
use super::deadline::Deadline;
use super::limits::connections::{Connections, OpenConnection};

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

type Stream = TlsStream<Deadline<TcpStream, OpenConnection>>;

/// What every connection is held to.
#[derive(Clone, Debug)]
pub(super) struct Terms {
    /// For the TLS handshake.
    pub(super) handshake: Duration,
    /// For the headers of a request, and for the pause before the next.
    pub(super) headers: Duration,
    /// For a write without any progress.
    pub(super) write: Duration,
    /// How many.
    pub(super) connections: Arc<Connections>,
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
    tls: TlsAcceptor,
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
        let Some(counted) = terms.connections.open(address.ip().to_canonical(), Instant::now()) else {
            tracing::debug!(%address, "refused a connection: there are too many, or they come too fast");
            continue;
        };
        let connection = serve(stream, address, counted, tls.clone(), app.clone(), terms.clone());
        let shutdown = shutdown.clone();
        tasks.spawn(async move {
            tokio::select! {
                () = connection => {}
                () = shutdown.cancelled() => {}
            }
        });
    }
}

async fn serve(
    stream: TcpStream,
    address: SocketAddr,
    counted: OpenConnection,
    tls: TlsAcceptor,
    app: Router,
    terms: Terms,
) {
    if let Err(error) = tune(&stream) {
        tracing::debug!(%address, %error, "a socket option is not available");
    }
    let line = CancellationToken::new();
    let stream = match timeout(terms.handshake, greet(stream, counted, line.clone(), &tls, terms.write)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return tracing::debug!(%address, %error, "no TLS connection"),
        Err(_) => return tracing::debug!(%address, "the TLS handshake took too long"),
    };
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Peer { address, line: line.clone() });
        let app = app.clone();
        async move { Ok::<_, Infallible>(app.oneshot(request).await.unwrap_or_else(|never| match never {})) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(terms.headers)
        .max_headers(HEADER_LINES)
        .max_buf_size(HEADER_BYTES)
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

async fn greet(
    mut stream: TcpStream,
    counted: OpenConnection,
    line: CancellationToken,
    tls: &TlsAcceptor,
    write: Duration,
) -> io::Result<Stream> {
    let mut first = [0];
    if stream.peek(&mut first).await? == 1 && first[0] != TLS_HANDSHAKE {
        stream.write_all(PLAIN.as_bytes()).await?;
        stream.shutdown().await?;
        return Err(io::Error::new(ErrorKind::InvalidData, "the client does not speak TLS"));
    }
    tls.accept(Deadline::new(stream, write, line, counted)).await
}

/// What someone hears who typed http instead of https.
const PLAIN: &str = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n\
                     this robot is reached by https: write https:// in front of the address\n";
