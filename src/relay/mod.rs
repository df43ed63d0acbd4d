//! The public relay: HTTPS pages and Socket.IO between people and the robot's agent.
//!
//! It forwards and shows; the agent decides. So no mistake here can move a robot by itself.

mod agents;
mod assets;
mod auth;
mod client;
mod deadline;
mod door;
mod entrance;
mod event;
mod fleet;
mod grounded;
mod host;
mod limits;
mod listener;
mod memory;
mod pair;
mod recent;
mod recordings;
mod redirect;
mod renewal;
mod robots;
mod rooms;
mod sessions;
mod settings;
mod slices;
mod trust;
mod web;

use std::net::{SocketAddr, TcpListener as Unwatched};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware;
use socketioxide::{ParserConfig, SocketIo};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::UnixTime;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::access::gate::Gate;
use crate::certificate::{self, CertificateError, Keeper};
use crate::clock::Clock;
use crate::mailbox::RelayEnd;
use crate::metrics::RelayMeter;

use self::auth::House;
use self::door::Door;
use self::fleet::{Fleet, Newcomers};
use self::limits::bucket::Rate;
use self::limits::connections::Connections;
use self::limits::pace::{self, Pace};
use self::listener::{Speech, Terms};
use self::rooms::Rooms;
use self::sessions::Sessions;
pub use self::settings::Settings;
use self::trust::Way;

/// The dead are noticed after twice this at most, not after the 45 s that are usual.
const PING: Duration = Duration::from_secs(5);
/// Packets that wait for one client. A burst fits; who falls behind further loses its heartbeat.
const PACKETS: usize = 1024;
/// Bytes that are read from a WebSocket at once, and kept for it. Most events fit; longer ones take a buffer of their own.
/// With less a flood of small packets costs the driver more.
const READ: usize = 1024;
/// Clients are told of the end within this.
const FAREWELL: Duration = Duration::from_millis(800);

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
    fleet: Arc<Fleet>,
    newcomers: Newcomers,
    listeners: Vec<Unwatched>,
    addresses: Vec<SocketAddr>,
    trust: Vec<Unwatched>,
    keeper: Keeper,
    gate: Arc<Gate>,
    access: PathBuf,
}

impl Relay {
    /// Takes the port, loads or makes the certificate, and opens the gate. `robot`: the way to the robot of this process,
    /// if it has one; others come with agents that dial in.
    ///
    /// # Errors
    /// [`RelayError`], with a sentence for the person who started it.
    pub fn bind(settings: Settings, robot: Option<RelayEnd>) -> Result<Self, RelayError> {
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
        let address = format!("https://localhost:{port}");
        let gate = Gate::open(&access, settings.confirm, address, settings.journal.clone(), Clock::start())
            .map_err(|source| RelayError::Devices { path: access.clone(), source })?;
        gate.vouch(Some(keeper.fingerprint()));
        let trust = settings.trust_port.map_or_else(Vec::new, listener::listen_for_trust);
        let (fleet, newcomers) = Fleet::new(robot.map(|robot| (settings.robot.clone(), robot)));
        Ok(Self { settings, fleet, newcomers, listeners, addresses, trust, keeper, gate, access })
    }

    /// The names of the robots that are here, whenever one comes or goes.
    #[must_use]
    pub fn robots(&self) -> watch::Receiver<Vec<String>> {
        self.fleet.here()
    }

    /// What is counted of it.
    #[must_use]
    pub fn meter(&self) -> Arc<RelayMeter> {
        self.settings.meter.clone()
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
        let (terms, trust_terms, meter) = (terms(&self.settings), terms(&self.settings), self.settings.meter.clone());
        let renewal = renewal::renew(self.keeper.clone(), self.settings.names.clone(), self.gate.clone());
        let trust = trust::plain(self.keeper.clone(), &self.settings.robot.name, port);
        let speech = Speech::tls(TlsAcceptor::from(self.keeper.server_config()), port);
        let (app, rooms) = app(self.settings, self.fleet, self.gate, self.keeper, port);
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
            tokio::spawn(connections.clone().run_until_cancelled_owned(rooms.clone().serve_robots(self.newcomers))),
            tokio::spawn(connections.clone().run_until_cancelled_owned(rooms.clone().tell_of_robots())),
            tokio::spawn(connections.clone().run_until_cancelled_owned(rooms.clone().watch_the_gate())),
            tokio::spawn(connections.clone().run_until_cancelled_owned(async move { meter.beat().await })),
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
        meter: settings.meter.clone(),
    }
}

/// Everything that answers requests: doorman, then Socket.IO, then pages.
fn app(settings: Settings, fleet: Arc<Fleet>, gate: Arc<Gate>, keeper: Keeper, port: u16) -> (Router, Arc<Rooms>) {
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
        .ws_read_buffer_size(READ)
        .build_with_inner_svc(match &settings.web {
            Some(folder) => web::pages(folder, assets::pages()),
            None => assets::pages(),
        });
    let house = House {
        port,
        hosts: settings.hosts.clone(),
        gate: gate.clone(),
        public: settings.public,
        local_operator: settings.local_operator,
    };
    let openings = Pace::with_local(
        pace::SESSIONS.for_connections(settings.connections_per_address),
        pace::LOCAL_SESSIONS.for_connections(settings.connections_per_local_address),
    );
    let sessions = Arc::new(Sessions::new(settings.connections));
    let door = Door {
        house,
        body_timeout: settings.request_timeout,
        openings: Arc::new(openings),
        strangers: Arc::new(Pace::new(pace::REQUESTS)),
        sessions: sessions.clone(),
        meter: settings.meter.clone(),
    };
    let trust = trust::pages(keeper, &settings.robot.name, Way::Secure);
    let home = settings.web.is_some().then(|| "/".to_owned());
    let recordings = recordings::desk(settings.recordings.clone());
    let rooms = Rooms::open(settings, fleet, gate.clone(), sessions, &io);
    let app = assets::classic()
        .merge(pair::desk(gate, port, home))
        .merge(trust)
        .merge(recordings)
        .fallback_service(service)
        .layer(middleware::from_fn(move |request, next| door::attend(door.clone(), request, next)));
    (app, rooms)
}
