//! The cable to a robot: one open line at a time, at most one frame in flight, re-opened when it breaks.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio_serial::{ClearBuffer, SerialPort, SerialStream};

use super::body::Build;
use super::live;
use super::serial::{self, SerialError};
use super::sim::SimRobot;
use crate::clock::Clock;
use crate::time::Time;

/// First pause before a broken line is tried again; it doubles up to [`LAST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The longest pause between two tries.
const LAST_PAUSE: Duration = Duration::from_secs(5);
/// Bits on the line for a byte: start, eight, stop.
const BITS_PER_BYTE: u64 = 10;
/// Bytes that the simulated robot's line holds.
const SIM_LINE: usize = 4096;

/// Which robot is at the other end.
#[derive(Clone, Debug)]
pub enum Plug {
    /// A simulated one in this process.
    Simulated {
        /// Its dimensions.
        build: Build,
        /// How often it was switched on: random, so that sessions differ.
        boot_count: u16,
    },
    /// One at a serial port.
    Serial {
        /// The port's path.
        path: String,
    },
}

/// What the cable has to say.
#[derive(Debug)]
pub enum CableEvent {
    /// A line is open.
    Up,
    /// The line broke, or could not be opened.
    Down(String),
    /// This many bytes were read into the buffer.
    Bytes(usize),
}

/// A line's bytes.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send {
    /// Throws away what the system still holds of what was written.
    fn forget_written(&self);
}

impl Stream for SerialStream {
    fn forget_written(&self) {
        // Closing a port whose line is stuck would wait for the rest to leave, up to half a minute.
        let cleared = self.clear(ClearBuffer::Output);
        tracing::trace!(?cleared, "what was still to be sent");
    }
}

impl Stream for DuplexStream {
    fn forget_written(&self) {}
}

/// What is at our end.
enum Line {
    Open {
        stream: Box<dyn Stream>,
    },
    /// Broken: the next try is at `retry`, after a pause that was `pause` long.
    Closed {
        retry: Time,
        pause: Duration,
    },
}

/// A cable.
pub struct Cable {
    plug: Plug,
    baud: u32,
    clock: Clock,
    line: Line,
    /// What the line has not taken yet of the last frames.
    outgoing: Vec<u8>,
    /// When the line will have carried what it took.
    free_at: Time,
    /// Bytes that a stuck line made us throw away.
    dropped: u64,
}

impl std::fmt::Debug for Cable {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let open = matches!(self.line, Line::Open { .. });
        formatter.debug_struct("Cable").field("plug", &self.plug).field("open", &open).finish_non_exhaustive()
    }
}

impl Cable {
    /// Opens the line to the robot.
    ///
    /// # Errors
    /// [`SerialError`] if it cannot be opened the first time; later the cable tries again by itself.
    pub fn plug_in(plug: Plug, baud: u32, clock: Clock) -> Result<Self, SerialError> {
        let line = connect(&plug, baud)?;
        Ok(Self { plug, baud, clock, line, outgoing: Vec::new(), free_at: Time::ZERO, dropped: 0 })
    }

    /// Waits for the next event; received bytes are put into `bytes`. Safe to cancel.
    pub async fn next(&mut self, bytes: &mut [u8]) -> CableEvent {
        match &mut self.line {
            Line::Open { stream } => {
                let outgoing = &mut self.outgoing;
                let read = poll_fn(|context| {
                    // A line that was full takes the rest of a frame as soon as it can.
                    if let Poll::Ready(Err(error)) = push(stream.as_mut(), outgoing, context) {
                        return Poll::Ready(Err(error));
                    }
                    let mut buffer = ReadBuf::new(bytes);
                    Pin::new(&mut *stream).poll_read(context, &mut buffer).map_ok(|()| buffer.filled().len())
                });
                match read.await {
                    Ok(len) if len > 0 => CableEvent::Bytes(len),
                    // End of file on a terminal means that the device is gone, and repeats for ever.
                    Ok(_) => self.close("the robot was unplugged"),
                    Err(error) => self.close(&error.to_string()),
                }
            }
            Line::Closed { retry, pause } => {
                let (at, pause) = (self.clock.instant(*retry), *pause);
                tokio::time::sleep_until(at).await;
                match connect(&self.plug, self.baud) {
                    Ok(line) => {
                        self.line = line;
                        CableEvent::Up
                    }
                    Err(error) => {
                        let pause = (pause * 2).min(LAST_PAUSE);
                        self.line = Line::Closed { retry: self.clock.now() + pause, pause };
                        CableEvent::Down(error.to_string())
                    }
                }
            }
        }
    }

    /// When the line can carry another frame without making it wait behind an older one; `None`
    /// while it is broken, or holds an older frame that it has not taken.
    #[must_use]
    pub fn free_at(&self) -> Option<Time> {
        (matches!(self.line, Line::Open { .. }) && self.outgoing.is_empty()).then_some(self.free_at)
    }

    /// Writes at once what the line takes; the caller's buffer is empty afterwards.
    ///
    /// Frames that come while an older one is stuck are dropped: they would be stale when it moves.
    pub fn send(&mut self, frames: &mut Vec<u8>) {
        let Line::Open { stream } = &mut self.line else {
            frames.clear();
            return;
        };
        if frames.is_empty() {
            return;
        }
        if !self.outgoing.is_empty() {
            self.dropped += frames.len() as u64;
            frames.clear();
            return;
        }
        let bits = frames.len() as u64 * BITS_PER_BYTE;
        let carried = Duration::from_nanos(bits * 1_000_000_000 / u64::from(self.baud.max(1)));
        self.free_at = self.clock.now() + carried;
        std::mem::swap(&mut self.outgoing, frames);
        frames.clear();
        // What is left is picked up, and an error seen, by `next`.
        drop(push(stream.as_mut(), &mut self.outgoing, &mut Context::from_waker(Waker::noop())));
    }

    /// Waits until the line has taken everything.
    pub async fn drained(&mut self) {
        if let Line::Open { stream } = &mut self.line {
            let outgoing = &mut self.outgoing;
            let pushed = poll_fn(|context| push(stream.as_mut(), outgoing, context)).await;
            tracing::trace!(?pushed, "last frames written");
        }
    }

    /// Throws away what the line has not carried yet, so that closing it does not wait.
    pub fn forget_written(&mut self) {
        self.outgoing.clear();
        if let Line::Open { stream } = &self.line {
            stream.forget_written();
        }
    }

    /// Bytes thrown away because the line was stuck, since the start.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    fn close(&mut self, why: &str) -> CableEvent {
        self.forget_written();
        // The descriptor goes first: a port that is still held comes back under another name.
        self.line = Line::Closed { retry: self.clock.now() + FIRST_PAUSE, pause: FIRST_PAUSE };
        self.outgoing.clear();
        CableEvent::Down(why.to_owned())
    }
}

/// Writes what the stream takes, and removes that from `outgoing`.
fn push(
    mut stream: &mut (dyn Stream + 'static),
    outgoing: &mut Vec<u8>,
    context: &mut Context<'_>,
) -> Poll<io::Result<()>> {
    while !outgoing.is_empty() {
        match Pin::new(&mut stream).poll_write(context, outgoing) {
            Poll::Ready(Ok(taken)) if taken > 0 => drop(outgoing.drain(..taken)),
            Poll::Ready(Ok(_)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
            Poll::Pending => return Poll::Pending,
        }
    }
    Poll::Ready(Ok(()))
}

fn connect(plug: &Plug, baud: u32) -> Result<Line, SerialError> {
    match plug {
        Plug::Serial { path } => {
            let stream = serial::open(path, baud)?;
            Ok(Line::Open { stream: Box::new(stream) })
        }
        Plug::Simulated { build, boot_count } => {
            let (ours, robots) = tokio::io::duplex(SIM_LINE);
            tokio::spawn(live::run(SimRobot::new(*build, *boot_count), robots, |_| {}));
            Ok(Line::Open { stream: Box::new(ours) })
        }
    }
}
