//! ASYNC. Answers on loopback, on a thread of its own: asking costs the thread that drives nothing, and is answered even if
//! that hangs.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener as Unwatched};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use prometheus_client::registry::Registry;
use socket2::{Domain, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{sleep, timeout};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::book::Book;
use super::{health, text};

/// A question with its answer takes this long at most, however slowly it is asked or read.
const WITHIN: Duration = Duration::from_secs(3);
/// Connections at once; for one more the oldest ends, so that whoever holds many keeps nobody out.
const CONNECTIONS: usize = 16;
/// Between two connections: whoever opens them without end gets no more than a small share of a core.
const PAUSE: Duration = Duration::from_millis(2);
/// Pause when the system has no descriptor left for a connection.
const EXHAUSTED: Duration = Duration::from_millis(100);
/// Connections that may wait to be accepted.
const BACKLOG: i32 = 32;
/// Header lines of a request, and bytes of it that are held at once.
const HEADER_LINES: usize = 32;
const HEADER_BYTES: usize = 8 * 1024;
/// What is told by [`text::open_metrics`] and by [`text::classic`].
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const CLASSIC: &str = "text/plain; version=0.0.4; charset=utf-8";
const PLAIN: &str = "text/plain; charset=utf-8";

/// It is served as long as this lives.
#[derive(Debug)]
pub struct Served {
    _ends_it: DropGuard,
}

/// Serves the book on this port of both loopback addresses. Port 0 is off. A port that is not to be had is said and no reason
/// not to drive: a second program on a machine is usual.
#[must_use]
pub fn serve(port: u16, book: Book) -> Option<Served> {
    if port == 0 {
        return None;
    }
    let started = listen(port).and_then(|listeners| start(listeners, book));
    match started {
        Ok(served) => {
            tracing::info!("metrics are at http://localhost:{port}/metrics");
            Some(served)
        }
        Err(error) => {
            tracing::warn!(
                port, %error,
                "metrics are not served: choose a free port with --metrics PORT, or none with --metrics off"
            );
            None
        }
    }
}

fn listen(port: u16) -> io::Result<Vec<Unwatched>> {
    let four = open((Ipv4Addr::LOCALHOST, port).into())?;
    match open((Ipv6Addr::LOCALHOST, port).into()) {
        Ok(six) => Ok(vec![four, six]),
        // Another program's there would answer in our place.
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Err(error),
        Err(_) => Ok(vec![four]),
    }
}

fn open(address: SocketAddr) -> io::Result<Unwatched> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

fn start(listeners: Vec<Unwatched>, book: Book) -> io::Result<Served> {
    let shutdown = CancellationToken::new();
    let ends_it = shutdown.clone().drop_guard();
    let desk = Arc::new(Desk { registry: text::registry(book.clone()), book });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let work = move || {
        runtime.block_on(async {
            let mut accepting = JoinSet::new();
            for listener in listeners {
                match TcpListener::from_std(listener) {
                    Ok(listener) => drop(accepting.spawn(accept(listener, desk.clone()))),
                    Err(error) => tracing::warn!(%error, "metrics are not served at one of the loopback addresses"),
                }
            }
            shutdown.cancelled().await;
        });
    };
    thread::Builder::new().name("metrics".into()).spawn(work)?;
    Ok(Served { _ends_it: ends_it })
}

async fn accept(listener: TcpListener, desk: Arc<Desk>) {
    let mut open: VecDeque<AbortHandle> = VecDeque::new();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                open.retain(|connection| !connection.is_finished());
                if open.len() >= CONNECTIONS
                    && let Some(oldest) = open.pop_front()
                {
                    oldest.abort();
                }
                open.push_back(tokio::spawn(converse(stream, desk.clone())).abort_handle());
                sleep(PAUSE).await;
            }
            Err(_) => sleep(EXHAUSTED).await,
        }
    }
}

/// One question, one answer.
async fn converse(stream: TcpStream, desk: Arc<Desk>) {
    let service = service_fn(move |request: Request<Incoming>| {
        let answer = desk.answer(&request);
        async move { Ok::<_, Infallible>(answer) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(WITHIN)
        .max_headers(HEADER_LINES)
        .max_buf_size(HEADER_BYTES)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    if let Ok(Err(error)) = timeout(WITHIN, connection).await {
        tracing::debug!(%error, "a connection for metrics ended");
    }
}

/// Who answers.
#[derive(Debug)]
struct Desk {
    registry: Registry,
    book: Book,
}

impl Desk {
    fn answer<B>(&self, request: &Request<B>) -> Response<Body> {
        if !is_local(request) {
            let why = "this is answered for localhost alone: open http://localhost, http://127.0.0.1 or http://[::1]\n";
            return say(StatusCode::MISDIRECTED_REQUEST, PLAIN, why.to_owned());
        }
        if request.method() != Method::GET && request.method() != Method::HEAD {
            let mut answer =
                say(StatusCode::METHOD_NOT_ALLOWED, PLAIN, "there is nothing to change here: GET it\n".to_owned());
            answer.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
            return answer;
        }
        match request.uri().path() {
            "/metrics" => self.metrics(request.headers()),
            "/healthz" => {
                let asked = request.uri().query().unwrap_or_default();
                let health = health::check(&self.book, asked.split('&').any(|word| word == "robot" || word == "robot=1"));
                let status = if health.why.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
                say(status, "application/json", format!("{}\n", health.told))
            }
            "/" => say(StatusCode::OK, PLAIN, "Joywire\n/metrics  numbers for Prometheus\n/healthz  whether all is well; with ?robot also whether a robot is there\n".to_owned()),
            _ => say(StatusCode::NOT_FOUND, PLAIN, "there are /metrics and /healthz\n".to_owned()),
        }
    }

    fn metrics(&self, headers: &HeaderMap) -> Response<Body> {
        let asked = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
        let open = asked.into_iter().any(|list| list.contains("application/openmetrics-text"));
        let told = text::open_metrics(&self.registry);
        let (kind, told) =
            if open { (OPEN_METRICS, told) } else { (CLASSIC, told.and_then(|told| text::classic(&told))) };
        told.map_or_else(
            |_| say(StatusCode::INTERNAL_SERVER_ERROR, PLAIN, "the metrics could not be written\n".to_owned()),
            |told| say(StatusCode::OK, kind, told),
        )
    }
}

fn say(status: StatusCode, kind: &'static str, text: String) -> Response<Body> {
    let mut answer = Response::new(Body::from(text));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer
}

/// Whether it was asked by a name of every machine for itself. A page elsewhere can make its own name lead here; then its
/// browser would let it read the answer.
fn is_local<B>(request: &Request<B>) -> bool {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
    let named = request.uri().authority().map(axum::http::uri::Authority::as_str);
    host.to_str().is_ok_and(is_loopback) && named.is_none_or(is_loopback)
}

fn is_loopback(host: &str) -> bool {
    let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|digit| digit.is_ascii_digit()));
    let name = name.map_or(host, |(name, _)| name);
    ["localhost", "127.0.0.1", "[::1]"].iter().any(|known| name.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: no name that leads here by somebody's DNS opens anything.
    #[test]
    fn only_names_of_the_machine_for_itself_are_answered() {
        for host in ["localhost", "LocalHost:8082", "127.0.0.1", "127.0.0.1:8082", "[::1]", "[::1]:8082"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "localhost.evil.example:8082",
            "127.0.0.1.nip.io",
            "192.168.1.5:8082",
            "::1",
            "localhost:x",
            "a:8082@localhost",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
