//! Runs a SimRobot in real time behind a byte stream, as a board would run behind its cable.

use std::pin::Pin;
use std::task::{Context, Waker};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};

use super::sim::SimRobot;
use crate::clock::Clock;
use crate::time::{Time, millis};

/// A robot reports every 25 ms; looking a little more often keeps its reports on time.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Runs until the other end is closed. `before_sending` is called ahead of each report.
pub async fn run<S>(mut robot: SimRobot, mut stream: S, mut before_sending: impl FnMut(&mut S))
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let clock = Clock::start();
    let mut done = 0;
    let mut wire = Vec::new();
    let mut bytes = [0; 256];
    loop {
        let next = clock.instant(Time::from_millis(done) + LOOK_EVERY);
        let arrived = tokio::select! {
            read = stream.read(&mut bytes) => match read {
                Ok(len) if len > 0 => len,
                Ok(_) | Err(_) => return,
            },
            () = tokio::time::sleep_until(next) => 0,
        };
        let now = millis(clock.now().elapsed());
        for _ in done..now {
            robot.tick_ms();
        }
        done = done.max(now);
        robot.receive(&bytes[..arrived]);
        robot.transmit(&mut wire);
        if !wire.is_empty() {
            before_sending(&mut stream);
            offer(&mut stream, &wire);
            wire.clear();
        }
    }
}

/// Writes what the stream takes at once. A serial line that nobody empties loses the rest, too.
fn offer(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) {
    let mut nobody_waits = Context::from_waker(Waker::noop());
    let written = Pin::new(stream).poll_write(&mut nobody_waits, bytes);
    tracing::trace!(?written, of = bytes.len(), "simulated robot speaks");
}
