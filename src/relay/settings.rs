//! What the relay is to be.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::certificate::Name;
use crate::journal::Journal;
use crate::metrics::RelayMeter;
use crate::protocol::events::{Limits, RobotCard};

/// Everything about it; [`Settings::new`] has the usual.
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
    /// A folder of pages that the user brings; they are at the root then, and ours below `/joywire/`.
    pub web: Option<PathBuf>,
    /// The log.
    pub journal: Journal,
    /// The folder with the recordings of this process's robot, which operators download.
    pub recordings: Option<PathBuf>,
    /// Port on all addresses for the page that brings the certificate to phones, over plain HTTP; 0 takes any.
    pub trust_port: Option<u16>,
    /// What is counted of it.
    pub meter: Arc<RelayMeter>,
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
            connections: 256,
            connections_per_address: 8,
            connections_per_local_address: 32,
            handshake_timeout: Duration::from_secs(5),
            request_timeout: Duration::from_secs(5),
            write_timeout: Duration::from_secs(3),
            data_directory,
            own_certificate: None,
            names: watch::channel(Name::local().to_vec()).1,
            web: None,
            journal: Journal::none(),
            recordings: None,
            trust_port: None,
            meter: Arc::default(),
        }
    }
}
