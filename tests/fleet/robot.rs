//! Robot: a simulated one on a cable of its own, which notes what its motors did. It knows nothing of relays and names.

use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use joywire::robot::body::Build;
use joywire::robot::sim::SimRobot;
use rustix::fs::{Mode, OFlags, fcntl_getfl, fcntl_setfl};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

use crate::program::terminal;

/// In a thread of its own, as a robot runs on a chip of its own.
pub struct Robot {
    path: String,
    ended: Arc<AtomicBool>,
    seen: Arc<Mutex<Seen>>,
    thread: Option<JoinHandle<()>>,
}

/// What its motors did.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Every moment at which one turned, about one a millisecond, and both sides then, permille.
    pub turned: Vec<(Instant, [i16; 2])>,
    /// When it latched STOP.
    pub latched: Option<Instant>,
}

impl Robot {
    pub fn new() -> Self {
        let (ours, path) = terminal();
        // As long as nobody has opened it, a terminal would echo what the robot says.
        let theirs = rustix::fs::open(&path, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty()).unwrap();
        let mut settings = tcgetattr(&theirs).unwrap();
        settings.make_raw();
        tcsetattr(&theirs, OptionalActions::Now, &settings).unwrap();
        fcntl_setfl(&ours, fcntl_getfl(&ours).unwrap() | OFlags::NONBLOCK).unwrap();
        let (ended, seen) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Seen::default())));
        let thread = thread::spawn({
            let (ended, seen) = (ended.clone(), seen.clone());
            move || {
                run(&ours, &ended, &seen);
                drop(theirs);
            }
        });
        Self { path, ended, seen, thread: Some(thread) }
    }

    /// The terminal that an agent opens.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What its motors did since this was asked last.
    pub fn seen(&self) -> Seen {
        let mut seen = self.seen.lock().unwrap();
        Seen { turned: std::mem::take(&mut seen.turned), latched: seen.latched }
    }
}

impl Drop for Robot {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        drop(self.thread.take().unwrap().join());
    }
}

fn run(line: &OwnedFd, ended: &AtomicBool, seen: &Mutex<Seen>) {
    let (mut robot, start, mut done) = (SimRobot::new(Build::default(), 7), Instant::now(), 0);
    let mut wire = Vec::new();
    while !ended.load(Ordering::SeqCst) {
        let now = u64::try_from(start.elapsed().as_millis()).unwrap();
        (done..now).for_each(|_| robot.tick_ms());
        done = done.max(now);
        let mut bytes = [0; 256];
        let len = rustix::io::read(line, &mut bytes).unwrap_or(0);
        robot.receive(&bytes[..len]);
        robot.transmit(&mut wire);
        // What a full terminal does not take is lost, as on a real line.
        rustix::io::write(line, &wire).ok();
        wire.clear();
        {
            let mut seen = seen.lock().unwrap();
            if !robot.is_off() {
                seen.turned.push((Instant::now(), robot.sides()));
            }
            seen.latched = robot.is_latched().then(|| seen.latched.unwrap_or_else(Instant::now));
        }
        thread::sleep(Duration::from_millis(1));
    }
}
