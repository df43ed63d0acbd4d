//! Rig: a board, the program, a driver at full speed; and how long it took to stop.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use crate::board::{Board, Model};
use crate::driver::Driver;
use crate::host::Host;
use crate::socketio_client::Dial;

/// I1: the motors are off this long after the driver's last sample, whatever fails.
const PROMISED_US: u64 = 250_000;
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

    /// Pushes the stick until the motors turn at full speed.
    pub fn full_speed(&self) {
        self.push_until("full speed ahead", (0.0, 1.0), |outputs| outputs.iter().all(|output| *output >= 990));
    }

    /// Pushes the stick until the outputs, permille, are as wished. On a machine that is busy with other
    /// work the program may be held up, and then a person lets go and pushes again.
    pub fn push_until(&self, what: &str, (x, y): (f64, f64), wished: impl Fn([i64; 2]) -> bool) {
        for _ in 0..5 {
            self.driver.push(x, y);
            if self.board.soon(Duration::from_secs(3), &wished) {
                return;
            }
            self.driver.release();
            self.driver.is_ready();
        }
        panic!("no {what}: {}", self.driver.telemetry());
    }

    /// Waits for rest; asserts that it came in time after the last sample that was sent before `fault_ns`, and
    /// returns how long that was, µs. `None`: the motors were at rest before, because this machine was too
    /// busy to drive, and so this tells nothing.
    pub fn stopped(&self, fault_ns: u64) -> Option<u64> {
        let pushed = self.board.us(self.driver.last_push(fault_ns));
        self.board.rests();
        // After a hitch of this machine a first rest need not be the last: a late frame of those samples may
        // still turn the motors a little, as long as the promise lets it.
        let left = (pushed + PROMISED_US).saturating_sub(self.board.now_us());
        std::thread::sleep(Duration::from_micros(left));
        let took = self.board.rests().checked_sub(pushed)?;
        assert!(took <= PROMISED_US, "the motors turned for {took} µs after the last sample");
        Some(took)
    }

    /// The stick has been held all the time: nothing moves before it is released once; then it drives again.
    pub fn resumes_after_release(&self) {
        self.driver.is_ready_to_be_released();
        self.board.stays_off(Duration::from_millis(400), "it moved although the stick had not been released");
        self.driver.release();
        self.driver.is_ready();
        self.full_speed();
    }
}

/// Says what was measured, past the test runner's capture.
pub fn report(what: &str, stops_us: &mut [u64]) {
    assert!(!stops_us.is_empty(), "{what}: this machine was too busy to drive every time");
    stops_us.sort_unstable();
    let (median, worst) = (stops_us[stops_us.len() / 2], stops_us[stops_us.len() - 1]);
    let ms = |us: u64| format!("{}.{}", us / 1000, us / 100 % 10);
    drop(writeln!(
        std::io::stderr(),
        "{what}: median {} ms, worst {} ms after the last sample, n = {}",
        ms(median),
        ms(worst),
        stops_us.len()
    ));
}
