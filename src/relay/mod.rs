//! The public relay: HTTPS pages and Socket.IO between people and the robot's agent.
//!
//! It forwards and shows; the agent decides. So no mistake here can move a robot by itself.

mod assets;
mod auth;
mod client;
mod deadline;
mod event;
mod host;
mod limits;
mod listener;
mod pair;
mod redirect;
mod renewal;
mod rooms;
mod sessions;
mod trust;

use std::net::{SocketAddr, TcpListener as Unwatched};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, Version, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use socketioxide::{ParserConfig, SocketIo};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::UnixTime;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::access::gate::Gate;
use crate::certificate::{self, CertificateError, Keeper, Name};
use crate::clock::Clock;
use crate::mailbox::RelayEnd;
use crate::protocol::events::{Limits, RobotCard};

use self::auth::{House, Peer, Visitor};
use self::limits::bucket::Rate;
use self::limits::connections::Connections;
use self::limits::pace::{self, Pace};
use self::listener::{Speech, Terms};
use self::rooms::Rooms;
use self::sessions::Sessions;
use self::trust::Way;

/// The dead are noticed after twice this at most, not after the 45 s that are usual.
const PING: Duration = Duration::from_secs(5);
/// Packets that wait for one client. A burst fits; who falls behind further loses its heartbeat.
const PACKETS: usize = 1024;
/// Clients are told of the end within this.
const FAREWELL: Duration = Duration::from_millis(800);

/// What the relay is to be.
#[derive(Clone, Debug)]
pub struct Settings {
    /// HTTPS port; 0 takes any that is free.
    pub port: u16,
    /// Whether other machines may knock: it listens on all addresses, not only on those of every machine for itself.
    pub public: bool,
    /// Every name by which it is called, the likeliest first, beside those of this machine for itself.
    pub hosts: watch::Receiver<Vec<Name>>,
    /// Whether devices that want to drive wait for a yes.
    pub confirm: bool,
    /// Whether browsers and programs of this machine are operators without pairing.
    pub local_operator: bool,
    /// The robot, as clients are told.
    pub robot: RobotCard,
    /// Bounds, as clients are told; those of size and rate are held here, those of time by the agent.
    pub limits: Limits,
    /// Events at once from one client, beyond [`Limits::events_per_second`].
    pub burst: u32,
    /// Bytes that are read from a connection a second, and four times that at once. Whatever is not an event is bounded by
    /// this alone.
    pub bytes_per_second: u32,
    /// What clients say to each other, counted once for each who hears it, a second and at once; the rest is dropped.
    /// Otherwise a few who talk without end would cost the one who drives.
    pub deliveries_per_second: u32,
    /// Connections in all.
    pub connections: usize,
    /// Connections from one address.
    pub connections_per_address: usize,
    /// Connections from one address of this machine, which all its programs and tabs share.
    pub connections_per_local_address: usize,
    /// For a TLS handshake.
    pub handshake_timeout: Duration,
    /// For the headers of a request, for its body, and for the Socket.IO connect.
    pub request_timeout: Duration,
    /// For a write without progress, then the peer counts as dead.
    pub write_timeout: Duration,
    /// The user's data directory; the certificate and the let-in devices are kept below it.
    pub data_directory: PathBuf,
    /// Certificate and key that the user brought, PEM files, instead of our own authority's.
    pub own_certificate: Option<(PathBuf, PathBuf)>,
    /// The names by which browsers reach this machine. When they change the certificate follows, without a restart.
    pub names: watch::Receiver<Vec<Name>>,
    /// Port on all addresses for the page that brings the certificate to phones, over plain HTTP; 0 takes any.
    pub trust_port: Option<u16>,
}

impl Settings {
    /// The usual settings.
    #[must_use]
    pub fn new(port: u16, robot: RobotCard, data_directory: PathBuf) -> Self {
        Self {
            port,
            public: false,
            hosts: watch::channel(Vec::new()).1,
            confirm: true,
            local_operator: true,
            robot,
            limits: Limits {
                sample_hz: 30,
                control_bytes: 1024,
                event_bytes: 16 * 1024,
                events_per_second: 60,
                command_timeout_ms: 200,
                seat_ms: 1000,
                reset_hold_ms: 2000,
            },
            burst: 20,
            bytes_per_second: 64 * 1024,
            deliveries_per_second: 5000,
            connections: 64,
            connections_per_address: 8,
            connections_per_local_address: 32,
            handshake_timeout: Duration::from_secs(5),
            request_timeout: Duration::from_secs(5),
            write_timeout: Duration::from_secs(3),
            data_directory,
            own_certificate: None,
            names: watch::channel(Name::local().to_vec()).1,
            trust_port: None,
        }
    }
}

/// Why there is no relay.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// Another program has the port.
    #[error("port {port} is already in use: stop the other program or choose another with --port")]
    PortInUse {
        /// The port.
        port: u16,
    },
    /// The system keeps the port for its administrator.
    #[error("port {port} needs administrator rights: choose one above 1023 with --port")]
    PortForbidden {
        /// The port.
        port: u16,
    },
    /// Listening failed otherwise.
    #[error("cannot listen on port {port}: {source}")]
    Listen {
        /// The port.
        port: u16,
        /// What the system said.
        source: std::io::Error,
    },
    /// The list of let-in devices cannot be kept.
    #[error("cannot keep the list of paired devices in {path}: {source}", path = path.display())]
    Devices {
        /// Its folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// There is no certificate.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
}

/// A relay that has its port and its certificate, and serves nobody yet.
#[derive(Debug)]
pub struct Relay {
    settings: Settings,
    robot: RelayEnd,
    listeners: Vec<Unwatched>,
    addresses: Vec<SocketAddr>,
    trust: Vec<Unwatched>,
    keeper: Keeper,
    gate: Arc<Gate>,
    access: PathBuf,
}

impl Relay {
    /// Takes the port, loads or makes the certificate, and opens the gate.
    ///
    /// # Errors
    /// [`RelayError`], with a sentence for the person who started it.
    pub fn bind(settings: Settings, robot: RelayEnd) -> Result<Self, RelayError> {
        let listeners = listener::listen(settings.port, settings.public)?;
        let refuse = |source| RelayError::Listen { port: settings.port, source };
        let addresses = listeners.iter().map(Unwatched::local_addr).collect::<Result<Vec<_>, _>>().map_err(refuse)?;
        let certificate = certificate::Settings {
            data_directory: settings.data_directory.clone(),
            own: settings.own_certificate.clone(),
        };
        let names = settings.names.borrow().clone();
        let keeper = Keeper::open(&certificate, &names, UnixTime::now())?;
        let port = addresses.first().map_or(settings.port, SocketAddr::port);
        // Each port has its own guests, as it has its own cookie.
        let access = settings.data_directory.join("access").join(port.to_string());
        let gate = Gate::open(&access, settings.confirm, format!("https://localhost:{port}"), Clock::start())
            .map_err(|source| RelayError::Devices { path: access.clone(), source })?;
        let trust = settings.trust_port.map_or_else(Vec::new, listener::listen_for_trust);
        Ok(Self { settings, robot, listeners, addresses, trust, keeper, gate, access })
    }

    /// Who may come in.
    #[must_use]
    pub fn gate(&self) -> Arc<Gate> {
        self.gate.clone()
    }

    /// The folder of the gate.
    #[must_use]
    pub fn access(&self) -> &Path {
        &self.access
    }

    /// The addresses it listens on, IPv4 first.
    #[must_use]
    pub fn local_addrs(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// The addresses of the page that brings the certificate to phones; none if it is not served.
    #[must_use]
    pub fn trust_addrs(&self) -> Vec<SocketAddr> {
        self.trust.iter().filter_map(|listener| listener.local_addr().ok()).collect()
    }

    /// The keeper of the certificate, which knows what phones are to trust.
    #[must_use]
    pub fn certificate(&self) -> &Keeper {
        &self.keeper
    }

    /// Serves until `shutdown`, then tells clients and returns within a second.
    ///
    /// # Errors
    /// [`RelayError::Listen`] if the system takes a listener back before the first connection.
    pub async fn serve(self, shutdown: CancellationToken) -> Result<(), RelayError> {
        let port = self.addresses.first().map_or(self.settings.port, SocketAddr::port);
        let (terms, trust_terms) = (terms(&self.settings), terms(&self.settings));
        let remarks = self.robot.remarks();
        let renewal = renewal::renew(self.keeper.clone(), self.settings.names.clone());
        let trust = trust::plain(self.keeper.clone(), &self.settings.robot.name, port);
        let speech = Speech::tls(TlsAcceptor::from(self.keeper.server_config()), port);
        let (app, rooms) = app(self.settings, self.robot, self.gate, self.keeper, port);
        let (tasks, connections, accepting) = (TaskTracker::new(), CancellationToken::new(), CancellationToken::new());
        let _ends_with_this = (connections.clone().drop_guard(), accepting.clone().drop_guard());
        let secure = self.listeners.into_iter().map(|listener| (listener, speech.clone(), &app, &terms));
        let plain = self.trust.into_iter().map(|listener| (listener, Speech::Plain, &trust, &trust_terms));
        for (listener, speech, app, terms) in secure.chain(plain) {
            let listener = TcpListener::from_std(listener).map_err(|source| RelayError::Listen { port, source })?;
            let accept =
                listener::accept(listener, speech, app.clone(), terms.clone(), tasks.clone(), connections.clone());
            let accepting = accepting.clone();
            tasks.spawn(async move { accepting.run_until_cancelled(accept).await });
        }
        let news = [
            tokio::spawn(connections.clone().run_until_cancelled_owned(renewal)),
            tokio::spawn(connections.clone().run_until_cancelled_owned(rooms.clone().pass_telemetry_on())),
            tokio::spawn(connections.clone().run_until_cancelled_owned(rooms.clone().pass_remarks_on(remarks))),
            tokio::spawn(connections.clone().run_until_cancelled_owned(rooms.clone().watch_the_gate())),
        ];
        tracing::info!(addresses = ?self.addresses, "relay is open");
        shutdown.cancelled().await;
        accepting.cancel();
        rooms.close(FAREWELL).await;
        connections.cancel();
        tasks.close();
        tasks.wait().await;
        for task in news {
            drop(task.await);
        }
        Ok(())
    }
}

/// What connections are held to. Those of the two ports are counted apart: nobody who fills the one keeps
/// drivers from the other.
fn terms(settings: &Settings) -> Terms {
    let (all, each, local) =
        (settings.connections, settings.connections_per_address, settings.connections_per_local_address);
    Terms {
        handshake: settings.handshake_timeout,
        headers: settings.request_timeout,
        write: settings.write_timeout,
        pace: Rate::new(f64::from(settings.bytes_per_second), 4.0 * f64::from(settings.bytes_per_second)),
        connections: Connections::new(all, each, local),
    }
}

/// What the doorman needs to know.
#[derive(Clone, Debug)]
struct Door {
    house: House,
    body_timeout: Duration,
    openings: Arc<Pace>,
    strangers: Arc<Pace>,
    sessions: Arc<Sessions>,
}

/// Everything that answers requests: doorman, then Socket.IO, then pages.
fn app(settings: Settings, robot: RelayEnd, gate: Arc<Gate>, keeper: Keeper, port: u16) -> (Router, Arc<Rooms>) {
    let bytes = settings.limits.event_bytes;
    let packet = bytes + limits::ENVELOPE_BYTES;
    // One service for all requests: as a layer of the router it would be made anew for each, and a
    // session of HTTP polling would be unknown to the next request.
    let (service, io) = SocketIo::builder()
        .with_parser(
            ParserConfig::common()
                .max_incoming_binaries(limits::ATTACHMENTS)
                .max_incoming_binary_buf_size(bytes)
                .packet_completion_timeout(settings.request_timeout),
        )
        .connect_timeout(settings.request_timeout)
        .upgrade_timeout(settings.request_timeout)
        .ping_interval(PING)
        .ping_timeout(PING)
        .max_buffer_size(PACKETS)
        .max_payload(packet as u64)
        .ws_max_message_size(packet)
        .ws_max_frame_size(packet)
        .build_with_inner_svc(assets::pages());
    let house = House {
        port,
        hosts: settings.hosts.clone(),
        gate: gate.clone(),
        public: settings.public,
        local_operator: settings.local_operator,
    };
    let openings = Pace::with_local(pace::SESSIONS, pace::LOCAL_SESSIONS);
    let sessions = Arc::new(Sessions::default());
    let door = Door {
        house,
        body_timeout: settings.request_timeout,
        openings: Arc::new(openings),
        strangers: Arc::new(Pace::new(pace::REQUESTS)),
        sessions: sessions.clone(),
    };
    let trust = trust::pages(keeper, &settings.robot.name, Way::Secure);
    let rooms = Rooms::open(settings, robot, gate.clone(), sessions, &io);
    let app = assets::classic()
        .merge(pair::desk(gate, port))
        .merge(trust)
        .fallback_service(service)
        .layer(middleware::from_fn(move |request, next| attend(door.clone(), request, next)));
    (app, rooms)
}

/// Asks the doorman, and puts the protecting headers on whatever is answered.
async fn attend(door: Door, mut request: Request, next: Next) -> Response {
    let mut response = if let Some(refusal) = turn_away(&door, &mut request) {
        refusal
    } else if request.method() == Method::POST {
        timeout(door.body_timeout, next.run(request))
            .await
            .unwrap_or_else(|_| (StatusCode::REQUEST_TIMEOUT, "the request took too long\n").into_response())
    } else {
        next.run(request).await
    };
    assets::protect(response.headers_mut());
    response
}

/// The answer to a request that is not let in. One that is carries its visitor from here on.
fn turn_away(door: &Door, request: &mut Request) -> Option<Response> {
    let Some(peer) = request.extensions().get::<Peer>().cloned() else {
        return Some(StatusCode::FORBIDDEN.into_response());
    };
    let address = peer.address;
    // Browsers and our clients speak HTTP/1.1; older is what proxies speak to those behind them.
    let admitted = if request.version() < Version::HTTP_11 {
        Err(auth::Refusal::Forwarded { header: "HTTP/1.0".to_owned() })
    } else {
        auth::admit(&door.house, &peer, request.uri(), request.headers())
    };
    let visitor = match admitted {
        Ok(visitor) => visitor,
        Err(refusal) => {
            tracing::debug!(%address, %refusal, path = request.uri().path(), "turned away");
            let close = [(header::CONNECTION, HeaderValue::from_static("close"))];
            return Some((refusal.status(), close, format!("{refusal}\n")).into_response());
        }
    };
    let Some(visitor) = visitor else {
        // A stranger: pages, and the desk where codes are shown. Too many requests end the connection, as the next
        // one costs a handshake, of which there are few.
        let welcome = door.strangers.take(address.ip().to_canonical(), Instant::now());
        return (!welcome).then(|| {
            let close = [(header::CONNECTION, HeaderValue::from_static("close"))];
            (StatusCode::TOO_MANY_REQUESTS, close, "too many requests: wait a few seconds\n").into_response()
        });
    };
    peer.place.is_known();
    if auth::is_session(request.uri())
        && let Some(refusal) = turn_session_away(door, &visitor, request)
    {
        tracing::debug!(%address, "turned away from a session");
        return Some(refusal);
    }
    request.extensions_mut().insert(visitor);
    None
}

/// The answer to a visitor's request that opens one session too many, or names one that is not theirs.
fn turn_session_away(door: &Door, visitor: &Visitor, request: &Request) -> Option<Response> {
    let query = request.uri().query().unwrap_or_default();
    let mut named = query.split('&').filter_map(|pair| pair.strip_prefix("sid="));
    let now = Instant::now();
    match (named.next(), named.next()) {
        (None, _) if door.openings.take(visitor.address, now) => None,
        (None, _) => Some((StatusCode::TOO_MANY_REQUESTS, "too many new sessions: wait a second\n").into_response()),
        (Some(sid), None) => {
            let moves = request.headers().contains_key(header::UPGRADE);
            let theirs = door.sessions.admits(sid, visitor, moves, now);
            (!theirs).then(|| (StatusCode::FORBIDDEN, "this session is not yours, or has ended\n").into_response())
        }
        (Some(_), Some(_)) => Some(StatusCode::BAD_REQUEST.into_response()),
    }
}
