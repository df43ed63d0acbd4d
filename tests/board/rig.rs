//! Rig: a board, the program, a driver at full speed; and how long it took to stop.

use std::path::Path;
use std::time::Duration;

use crate::board::{Board, Model};
use crate::driver::Driver;
use crate::host::Host;
use crate::ride::Ride;
pub use crate::ride::report;
use crate::socketio_client::Dial;

/// Phases of the driver's 33 ms and the robot's 25 ms: each run begins at another one.
const PHASES_MS: u64 = 37;

/// All three.
pub struct Rig {
    // In the order in which they end.
    pub driver: Driver,
    pub host: Host,
    pub board: Board,
}

impl Rig {
    /// Ready, and at rest.
    pub fn ready(model: Model, options: &[&str]) -> Self {
        let board = Board::start(model, options);
        let port = board.port();
        Self::connect(board, &port)
    }

    /// The same with a name for the port that stays when the plug is pulled.
    pub fn ready_at(model: Model, link: &Path) -> Self {
        Self::connect(Board::start(model, &["--link", link.to_str().unwrap()]), link)
    }

    fn connect(board: Board, port: &Path) -> Self {
        let host = Host::start(port);
        let driver = Driver::connect(Dial::new(host.relay(), &host.data()));
        driver.is_ready();
        Self { driver, host, board }
    }

    /// At full speed, at one of many moments; `run` says which.
    pub fn at_full_speed(model: Model, run: u64) -> Self {
        let rig = Self::ready(model, &[]);
        rig.full_speed();
        std::thread::sleep(Duration::from_millis(run * PHASES_MS % 100));
        rig
    }

    /// Kills the program, so that another one can have the port.
    pub fn release_the_port(&mut self) {
        self.host.kill();
    }

    /// [`Ride::full_speed`].
    pub fn full_speed(&self) {
        self.ride().full_speed();
    }

    /// [`Ride::push_until`].
    pub fn push_until(&self, what: &str, stick: (f64, f64), wished: impl Fn([i64; 2]) -> bool) {
        self.ride().push_until(what, stick, wished);
    }

    /// [`Ride::stopped`].
    pub fn stopped(&self, fault_ns: u64) -> Option<u64> {
        self.ride().stopped(fault_ns)
    }

    /// [`Ride::resumes_after_release`].
    pub fn resumes_after_release(&self) {
        self.ride().resumes_after_release();
    }

    fn ride(&self) -> Ride<'_> {
        Ride { driver: &self.driver, board: &self.board }
    }
}
