//! The cable to a robot: one open line at a time, found again when it breaks. It writes only to a robot that was heard.

pub mod discover;
pub mod heard;
mod holder;
mod line;
pub mod listen;
mod low_latency;
pub mod pattern;
mod permission;
pub mod port;
pub mod search;
pub mod serial;
mod terminal;
pub mod usb;
pub mod wanted;
mod wire;

use std::io;

use rustix::io::Errno;
use tokio::time::{sleep_until, timeout_at};

use self::discover::Finder;
use self::heard::{Heard, PATIENCE};
use self::line::Line;
use self::port::Port;
use self::search::{Next, Search};
use self::serial::SerialError;
use self::wanted::Wanted;
use crate::clock::Clock;
use crate::robot::body::Build;
use crate::robot::live;
use crate::robot::sim::SimRobot;
use crate::time::Time;

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
        /// Which one.
        wanted: Wanted,
        /// Where it is looked for.
        finder: Finder,
    },
}

/// What the cable has to say.
#[derive(Debug)]
pub enum CableEvent {
    /// A line is open, to the port of this name. Whether a robot is there is not known yet.
    Up(String),
    /// The line is open, but no robot was heard on it: what was, as a sentence.
    Doubt(String),
    /// The line broke or was given up, or none could be opened: why, as a sentence.
    Down(String),
    /// This many bytes were read into the buffer.
    Bytes(usize),
}

/// An open line, and what is known of its other end.
struct Open {
    line: Line,
    port: Port,
    /// Whether [`CableEvent::Up`] was said.
    announced: bool,
    /// When to wonder why no robot was heard; `None` once one was.
    wonder: Option<Time>,
    heard: Heard,
}

/// A cable.
pub struct Cable {
    plug: Plug,
    search: Search,
    baud: u32,
    clock: Clock,
    open: Option<Open>,
    /// Without an open line: when to look for one.
    retry: Time,
    /// What was said last of a line that is not as it should be: nobody hears it twice.
    said: Option<String>,
    /// Bytes that stuck lines of the past made us throw away.
    dropped: u64,
}

impl std::fmt::Debug for Cable {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let at = self.open.as_ref().map(|open| &open.port.name);
        formatter.debug_struct("Cable").field("plug", &self.plug).field("at", &at).finish_non_exhaustive()
    }
}

impl Cable {
    /// A cable to the robot. A port that is named by its path is opened now, everything else is looked
    /// for by [`next`](Self::next).
    ///
    /// # Errors
    /// [`SerialError`] if the port at a path cannot be opened this first time; later the cable tries again
    /// by itself.
    pub fn plug_in(plug: Plug, baud: u32, clock: Clock) -> Result<Self, SerialError> {
        let wanted = match &plug {
            Plug::Simulated { .. } => Wanted::Simulated,
            Plug::Serial { wanted, .. } => wanted.clone(),
        };
        let search = Search::new(wanted);
        let mut cable = Self { plug, search, baud, clock, open: None, retry: Time::ZERO, said: None, dropped: 0 };
        if let Plug::Serial { wanted: Wanted::Path(path), finder } = &cable.plug {
            let port = finder.at(path).unwrap_or_else(|| Port::bare(path));
            cable.open(port)?;
        }
        Ok(cable)
    }

    /// Waits for the next event; received bytes are put into `bytes`. Safe to cancel.
    pub async fn next(&mut self, bytes: &mut [u8]) -> CableEvent {
        loop {
            let event = match &mut self.open {
                None => {
                    sleep_until(self.clock.instant(self.retry)).await;
                    self.look()
                }
                Some(open) if !open.announced => {
                    open.announced = true;
                    Some(CableEvent::Up(open.port.name.clone()))
                }
                // Asked here and not only while waiting: a port that never pauses would never be wondered at.
                Some(Open { wonder: Some(at), .. }) if *at <= self.clock.now() => self.wonder(),
                Some(Open { line, wonder: Some(at), .. }) => {
                    let read = timeout_at(self.clock.instant(*at), line.read(bytes)).await;
                    read.ok().map(|read| self.heard(read))
                }
                Some(Open { line, wonder: None, .. }) => {
                    let read = line.read(bytes).await;
                    Some(self.heard(read))
                }
            };
            if let Some(event) = event {
                return event;
            }
        }
    }

    /// A valid STATUS was among the bytes of this line: a robot is there, and may be spoken to.
    pub fn proved(&mut self) {
        if let Some(open) = self.open.as_mut().filter(|open| open.heard != Heard::Robot) {
            (open.wonder, open.heard) = (None, Heard::Robot);
            self.search.proved(&open.port);
            self.said = None;
        }
    }

    /// When another frame may be sent, which then waits a millisecond at most behind an older one; `None` while the line is
    /// broken, or has not taken all of that.
    #[must_use]
    pub fn ready_at(&self) -> Option<Time> {
        self.open.as_ref().and_then(|open| open.line.ready_at())
    }

    /// When the line will have carried what it took; `None` while it is broken, or has not taken all of it.
    #[must_use]
    pub fn free_at(&self) -> Option<Time> {
        self.open.as_ref().and_then(|open| open.line.free_at())
    }

    /// Writes at once what the line takes; the caller's buffer is empty afterwards. Nothing is ever
    /// written before a robot was heard: it may be someone else's device, or a bootloader.
    pub fn send(&mut self, frames: &mut Vec<u8>) {
        match self.open.as_mut().filter(|open| open.heard == Heard::Robot) {
            Some(open) => open.line.send(frames),
            None => frames.clear(),
        }
    }

    /// Whether what is sent now would not be dropped: nothing older waits on the line.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.open.as_ref().is_none_or(|open| open.line.has_room())
    }

    /// Waits until the line has taken everything.
    pub async fn drained(&mut self) {
        if let Some(open) = &mut self.open {
            open.line.drained().await;
        }
    }

    /// Throws away what the line has not carried yet, so that closing it does not wait.
    pub fn forget_written(&mut self) {
        if let Some(open) = &mut self.open {
            open.line.forget_written();
        }
    }

    /// Bytes thrown away because the line was stuck, since the start.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped + self.open.as_ref().map_or(0, |open| open.line.dropped())
    }

    /// What a read says.
    fn heard(&mut self, read: io::Result<usize>) -> CableEvent {
        match read {
            Ok(len) if len > 0 => {
                if let Some(open) = self.open.as_mut().filter(|open| open.heard == Heard::Nothing) {
                    open.heard = Heard::Noise;
                }
                CableEvent::Bytes(len)
            }
            // End of file on a terminal means that the device is gone, and repeats for ever.
            Ok(_) => self.lose(None),
            Err(error) => {
                let gone = matches!(Errno::from_io_error(&error), Some(Errno::IO | Errno::NODEV | Errno::NXIO));
                self.lose((!gone).then_some(error))
            }
        }
    }

    /// Nothing that a robot says was heard for [`PATIENCE`]: another port, or a word about this one.
    fn wonder(&mut self) -> Option<CableEvent> {
        let (now, ports) = (self.clock.now(), self.ports());
        let open = self.open.as_mut()?;
        open.wonder = Some(now + PATIENCE);
        let why = open.heard.sentence(&open.port.name);
        if self.search.leave(now, &open.port, &ports, &why) {
            self.close(now);
            self.news(&why);
            return Some(CableEvent::Down(why));
        }
        self.news(&why).then_some(CableEvent::Doubt(why))
    }

    /// Opens the best port there is.
    fn look(&mut self) -> Option<CableEvent> {
        if let Plug::Simulated { build, boot_count } = &self.plug {
            let (ours, robots) = tokio::io::duplex(SIM_LINE);
            tokio::spawn(live::run(SimRobot::new(*build, *boot_count), robots, |_| {}));
            let line = Line::new(Box::new(ours), self.baud, self.clock);
            self.opened(line, Port::bare("the simulated robot"));
            return None;
        }
        let (now, ports) = (self.clock.now(), self.ports());
        loop {
            match self.search.next(now, &ports) {
                Next::Open(port) => match self.open(port.clone()) {
                    // What was opened by a name that may pass on must still be what was looked at.
                    Ok(()) if self.ports().contains(&port) => return None,
                    Ok(()) => {
                        self.close(now);
                        self.search.failed(now, &port, format!("{} changed while it was opened", port.name));
                    }
                    Err(error) => self.search.failed(now, &port, error.to_string()),
                },
                Next::Wait { until, why } => {
                    self.retry = until;
                    return self.news(&why).then_some(CableEvent::Down(why));
                }
            }
        }
    }

    fn open(&mut self, port: Port) -> Result<(), SerialError> {
        let stream = serial::open(&port, self.baud)?;
        self.opened(Line::new(Box::new(stream), self.baud, self.clock), port);
        Ok(())
    }

    fn opened(&mut self, line: Line, port: Port) {
        let wonder = Some(self.clock.now() + PATIENCE);
        self.open = Some(Open { line, port, announced: false, wonder, heard: Heard::Nothing });
    }

    /// The line broke by itself.
    fn lose(&mut self, error: Option<io::Error>) -> CableEvent {
        let now = self.clock.now();
        let Some(open) = &self.open else { return CableEvent::Bytes(0) };
        let retry = self.search.lost(now, &open.port, open.heard == Heard::Robot);
        let why = match error {
            None => format!("{} was unplugged", open.port.name),
            Some(error) => format!("the line to {} broke: {error}", open.port.name),
        };
        self.close(retry);
        self.news(&why);
        CableEvent::Down(why)
    }

    /// The descriptor goes at once: a port that is still held comes back under another name.
    fn close(&mut self, retry: Time) {
        self.forget_written();
        self.dropped = self.dropped();
        self.open = None;
        self.retry = retry;
    }

    /// Whether this was not said last.
    fn news(&mut self, what: &str) -> bool {
        let news = self.said.as_deref() != Some(what);
        if news {
            self.said = Some(what.to_owned());
        }
        news
    }

    /// The ports of this machine, and the one that the user named under that name.
    fn ports(&self) -> Vec<Port> {
        let Plug::Serial { wanted, finder } = &self.plug else { return Vec::new() };
        let mut ports = finder.list();
        if let Wanted::Path(path) = wanted {
            ports.retain(|port| port.name != *path);
            ports.extend(finder.at(path));
        }
        ports
    }
}
