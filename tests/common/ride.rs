//! Ride: a driver at a board; whether the motors stopped in time after the driver's last sample, by the board's own log.

use std::io::Write;
use std::time::Duration;

use crate::board::Board;
use crate::driver::Driver;

/// I1: the motors are off this long after the driver's last sample, whatever fails.
const PROMISED_US: u64 = 250_000;

/// A driver at a board, whatever is in between.
#[derive(Clone, Copy)]
pub struct Ride<'a> {
    pub driver: &'a Driver,
    pub board: &'a Board,
}

impl Ride<'_> {
    /// Pushes the stick until the motors turn at full speed.
    pub fn full_speed(self) {
        self.push_until("full speed ahead", (0.0, 1.0), |outputs| outputs.iter().all(|output| *output >= 990));
    }

    /// Pushes the stick until the outputs, permille, are as wished. On a machine that is busy with other
    /// work the program may be held up, and then a person lets go and pushes again.
    pub fn push_until(self, what: &str, (x, y): (f64, f64), wished: impl Fn([i64; 2]) -> bool) {
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
    pub fn stopped(self, fault_ns: u64) -> Option<u64> {
        stopped(self.board, self.driver.last_push(fault_ns))
    }

    /// The stick has been held all the time: nothing moves before it is released once; then it drives again.
    pub fn resumes_after_release(self) {
        self.driver.is_ready_to_be_released();
        self.board.stays_off(Duration::from_millis(400), "it moved although the stick had not been released");
        self.driver.release();
        self.driver.is_ready();
        self.full_speed();
    }
}

/// The same for a driver who is not here: `pushed_ns` is when the last sample was sent.
pub fn stopped(board: &Board, pushed_ns: u64) -> Option<u64> {
    let pushed = board.us(pushed_ns);
    board.rests();
    // After a hitch of this machine a first rest need not be the last: a late frame of those samples may
    // still turn the motors a little, as long as the promise lets it.
    let left = (pushed + PROMISED_US).saturating_sub(board.now_us());
    std::thread::sleep(Duration::from_micros(left));
    let took = board.rests().checked_sub(pushed)?;
    assert!(took <= PROMISED_US, "the motors turned for {took} µs after the last sample");
    Some(took)
}

/// Says what was measured, past the test runner's capture; returns the median, µs.
pub fn report(what: &str, stops_us: &mut [u64]) -> u64 {
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
    median
}
