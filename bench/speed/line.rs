//! The robot's end of the cable: owns a pseudo-terminal, says when the last byte of each frame could be read, and plays
//! the robot for those who want one.

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use joywire::protocol::frame::Accumulator;
use joywire::protocol::message::{FromMcu, ToMcu};
use joywire::robot::body::Build;
use joywire::robot::sim::SimRobot;
use rustix::fs::{Mode, OFlags};
use rustix::io::ioctl_fionread;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, QueueSelector, tcflush, tcgetattr, tcsetattr};
use tokio::sync::Notify;

use super::clock::now;
use super::matching::Seen;

/// The robot's time passes in parts of this: its reports, every 25 ms, are on time by it.
const TICK: Duration = Duration::from_millis(5);
/// Bytes that nobody reads are thrown away beyond this, as a serial line would lose them.
const UNREAD: u64 = 256;

/// A status that the robot gave to the line.
#[derive(Clone, Copy, Debug)]
pub struct Reported {
    /// Its own time in it, ms.
    pub tick: u32,
    /// When it was written, ns.
    pub at: u64,
}

/// What both threads of a line share.
struct Shared {
    seen: Mutex<Vec<Seen>>,
    reported: Mutex<Vec<Reported>>,
    robot: Option<Mutex<SimRobot>>,
    ended: AtomicBool,
    /// When the first message of any kind was whole, ns; 0 before it.
    first: AtomicU64,
    /// Told at each frame.
    arrived: Notify,
    ours: OwnedFd,
    theirs: OwnedFd,
}

/// A pseudo-terminal whose frames are noted. Two threads of its own serve it until it is dropped.
///
/// Contestants get [`Line::path`]; measures ask for [`Line::take`] afterwards. Frames are DRIVEs alone: whatever else a
/// program says to a robot is the robot's business.
pub struct Line {
    path: PathBuf,
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl Line {
    /// A line with a robot that obeys and reports 40 times a second.
    ///
    /// # Errors
    /// If the system gives no pseudo-terminal.
    pub fn with_robot() -> io::Result<Self> {
        Self::open(Some(SimRobot::new(Build::default(), 1)))
    }

    /// A line whose other end says nothing.
    ///
    /// # Errors
    /// If the system gives no pseudo-terminal.
    pub fn silent() -> io::Result<Self> {
        Self::open(None)
    }

    fn open(robot: Option<SimRobot>) -> io::Result<Self> {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        grantpt(&ours)?;
        unlockpt(&ours)?;
        let path = ptsname(&ours, Vec::new())?.into_string().map_err(io::Error::other)?;
        // Held open: without anyone there the system would tell of a hang-up.
        let theirs = rustix::fs::open(&path, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())?;
        let mut raw = tcgetattr(&theirs)?;
        raw.make_raw();
        tcsetattr(&theirs, OptionalActions::Now, &raw)?;
        let plays = robot.is_some();
        let shared = Arc::new(Shared {
            seen: Mutex::default(),
            reported: Mutex::default(),
            robot: robot.map(Mutex::new),
            ended: AtomicBool::new(false),
            first: AtomicU64::new(0),
            arrived: Notify::new(),
            ours,
            theirs,
        });
        let mut threads = vec![spawn("line", &shared, Shared::listen)?];
        if plays {
            threads.push(spawn("robot", &shared, Shared::live)?);
        }
        Ok(Self { path: path.into(), shared, threads })
    }

    /// What a contestant opens.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The frames that were read since this was asked last, oldest first.
    pub fn take(&self) -> Vec<Seen> {
        std::mem::take(&mut self.shared.seen.lock().expect("no thread of a line panics"))
    }

    /// The robot's statuses since this was asked last, oldest first.
    pub fn take_reports(&self) -> Vec<Reported> {
        std::mem::take(&mut self.shared.reported.lock().expect("no thread of a line panics"))
    }

    /// Waits for a frame after the last that was waited for. Safe to cancel.
    pub async fn arrived(&self) {
        self.shared.arrived.notified().await;
    }

    /// Waits for the first message of any kind, and returns when it was whole, ns.
    pub fn first(&self, patience: Duration) -> Option<u64> {
        let end = now() + u64::try_from(patience.as_nanos()).unwrap_or(u64::MAX);
        while now() < end {
            match self.shared.first.load(Ordering::Relaxed) {
                0 => thread::sleep(Duration::from_millis(1)),
                first => return Some(first),
            }
        }
        None
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Relaxed);
        // Wakes the thread that reads.
        rustix::io::write(&self.shared.theirs, &[0]).ok();
        for thread in self.threads.drain(..) {
            drop(thread.join());
        }
    }
}

fn spawn(name: &str, shared: &Arc<Shared>, work: fn(&Shared)) -> io::Result<JoinHandle<()>> {
    let shared = shared.clone();
    thread::Builder::new().name(name.to_owned()).spawn(move || work(&shared))
}

impl Shared {
    fn listen(&self) {
        let mut bytes = [0; 4096];
        let mut accumulator = Accumulator::new();
        while let Ok(len) = rustix::io::read(&self.ours, &mut bytes) {
            let at = now();
            if self.ended.load(Ordering::Relaxed) {
                return;
            }
            let bodies = bytes[..len].iter().filter_map(|byte| accumulator.push(*byte)?.ok());
            let drives = bodies.filter_map(|body| {
                let message = ToMcu::decode(body.as_slice()).ok()?;
                // Only the first succeeds.
                self.first.compare_exchange(0, at, Ordering::Relaxed, Ordering::Relaxed).ok();
                let ToMcu::Drive(drive) = message else { return None };
                Some(Seen { at, permille: drive.motors.as_slice()[0] })
            });
            let before = {
                let mut seen = self.seen.lock().expect("no thread of a line panics");
                let before = seen.len();
                seen.extend(drives);
                seen.len() - before
            };
            if before > 0 {
                self.arrived.notify_one();
            }
            if let Some(robot) = &self.robot {
                robot.lock().expect("no thread of a line panics").receive(&bytes[..len]);
            }
        }
    }

    fn live(&self) {
        let Some(robot) = &self.robot else { return };
        let (start, mut done, mut wire, mut accumulator) = (now(), 0, Vec::new(), Accumulator::new());
        while !self.ended.load(Ordering::Relaxed) {
            thread::sleep(TICK);
            let passed = (now() - start) / 1_000_000;
            {
                let mut robot = robot.lock().expect("no thread of a line panics");
                (done..passed).for_each(|_| robot.tick_ms());
                robot.transmit(&mut wire);
            }
            done = passed;
            if wire.is_empty() {
                continue;
            }
            if ioctl_fionread(&self.theirs).unwrap_or(0) > UNREAD {
                tcflush(&self.theirs, QueueSelector::IFlush).ok();
            }
            let at = now();
            rustix::io::write(&self.ours, &wire).ok();
            let bodies = wire.drain(..).filter_map(|byte| accumulator.push(byte)?.ok());
            let reports = bodies.filter_map(|body| match FromMcu::decode(body.as_slice()) {
                Ok(FromMcu::Status(status)) => Some(Reported { tick: status.tick, at }),
                _ => None,
            });
            self.reported.lock().expect("no thread of a line panics").extend(reports);
        }
    }
}
