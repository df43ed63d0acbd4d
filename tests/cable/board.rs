//! Something at the far end of a cable: a robot, a talkative stranger, or silence. Dropping it is pulling the plug.

use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use joywire::robot::body::Build;
use joywire::robot::sim::SimRobot;
use rustix::fs::{Mode, OFlags, fcntl_getfl, fcntl_setfl};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

use crate::program::terminal;

/// What it says.
#[derive(Clone, Copy, Debug)]
pub enum Says {
    Nothing,
    /// Everything that it hears.
    Echo,
    /// What a modem and a printer say, for ever.
    Text,
    /// Random bytes as fast as they go.
    Noise,
    /// What a robot says, from so long after it was plugged in.
    Robot(Duration),
}

/// It runs in a thread of its own, as a board runs on a chip of its own.
pub struct Board {
    path: String,
    ended: Arc<AtomicBool>,
    seen: Arc<Seen>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Seen {
    heard: Mutex<Vec<u8>>,
    /// Bytes that were heard before it first spoke.
    early: Mutex<usize>,
    /// Neither reads nor speaks.
    asleep: AtomicBool,
    /// Held in reset: what comes is lost, and it starts anew afterwards.
    in_reset: AtomicBool,
    /// Bytes that came meanwhile.
    lost: AtomicUsize,
    fastest: AtomicU16,
}

impl Board {
    pub fn new(says: Says) -> Self {
        let (ours, path) = terminal();
        // As long as nobody has opened it, a terminal would echo what the board says.
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let theirs = rustix::fs::open(&path, flags, Mode::empty()).unwrap();
        let mut settings = tcgetattr(&theirs).unwrap();
        settings.make_raw();
        tcsetattr(&theirs, OptionalActions::Now, &settings).unwrap();
        fcntl_setfl(&ours, fcntl_getfl(&ours).unwrap() | OFlags::NONBLOCK).unwrap();
        let (ended, seen) = (Arc::new(AtomicBool::new(false)), Arc::new(Seen::default()));
        let thread = thread::spawn({
            let (ended, seen) = (ended.clone(), seen.clone());
            move || run(&ours, says, &ended, &seen)
        });
        Self { path, ended, seen, thread: Some(thread) }
    }

    pub fn robot() -> Self {
        Self::new(Says::Robot(Duration::ZERO))
    }

    /// The terminal that a host opens.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Everything that the host has said.
    pub fn heard(&self) -> Vec<u8> {
        self.seen.heard.lock().unwrap().clone()
    }

    /// How much of that came before the board first spoke.
    pub fn heard_early(&self) -> usize {
        *self.seen.early.lock().unwrap()
    }

    /// Stops reading and speaking, or goes on.
    pub fn sleep(&self, asleep: bool) {
        self.seen.asleep.store(asleep, Ordering::SeqCst);
    }

    /// Holds it in reset, or lets it start.
    pub fn hold_in_reset(&self, held: bool) {
        self.seen.in_reset.store(held, Ordering::SeqCst);
    }

    /// Bytes that came while it was in reset.
    pub fn lost(&self) -> usize {
        self.seen.lost.load(Ordering::SeqCst)
    }

    /// The highest motor output since this was asked last, permille.
    pub fn fastest(&self) -> u16 {
        self.seen.fastest.swap(0, Ordering::SeqCst)
    }

    /// Whether this process has the host's end open.
    pub fn is_open(&self) -> bool {
        let files = std::fs::read_dir("/proc/self/fd").unwrap().filter_map(Result::ok);
        files.filter_map(|file| std::fs::read_link(file.path()).ok()).any(|target| target.to_str() == Some(&self.path))
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        drop(self.thread.take().unwrap().join());
    }
}

fn run(line: &OwnedFd, says: Says, ended: &AtomicBool, seen: &Seen) {
    let (mut robot, start) = (SimRobot::new(Build::default(), 7), Instant::now());
    let (mut random, mut spoke) = (1_u32, false);
    let mut done = match says {
        Says::Robot(boot) => u64::try_from(boot.as_millis()).unwrap(),
        Says::Nothing | Says::Echo | Says::Text | Says::Noise => 0,
    };
    while !ended.load(Ordering::SeqCst) {
        let now = start.elapsed();
        let mut says_now = Vec::new();
        let mut bytes = [0; 64];
        let heard = if seen.asleep.load(Ordering::SeqCst) {
            &[][..]
        } else {
            // A terminal that nobody has open cannot be read; the board does not mind.
            let len = rustix::io::read(line, &mut bytes).unwrap_or(0);
            &bytes[..len]
        };
        seen.heard.lock().unwrap().extend_from_slice(heard);
        if !spoke {
            *seen.early.lock().unwrap() += heard.len();
        }
        if seen.in_reset.load(Ordering::SeqCst) {
            seen.lost.fetch_add(heard.len(), Ordering::SeqCst);
            robot = SimRobot::new(Build::default(), 8);
            done = u64::try_from(now.as_millis()).unwrap();
            thread::sleep(Duration::from_millis(1));
            continue;
        }
        match says {
            Says::Echo => says_now.extend_from_slice(heard),
            Says::Text => says_now.extend_from_slice(b"ok T:21.30 /0.00 B:20.95 /0.00\n\r\nOK\r\n+CREG: 1\r\n"),
            Says::Noise => says_now.extend((0..1024).map(|_| {
                random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                random.to_le_bytes()[3]
            })),
            Says::Robot(boot) if now >= boot => {
                let ms = u64::try_from(now.as_millis()).unwrap();
                (done..ms).for_each(|_| robot.tick_ms());
                done = ms;
                robot.receive(heard);
                robot.transmit(&mut says_now);
                let outputs = robot.sides().map(i16::unsigned_abs);
                seen.fastest.fetch_max(outputs[0].max(outputs[1]), Ordering::SeqCst);
            }
            Says::Nothing | Says::Robot(_) => {}
        }
        spoke |= !says_now.is_empty();
        if !seen.asleep.load(Ordering::SeqCst) {
            // What nobody takes is lost, as on a line.
            rustix::io::write(line, &says_now).unwrap_or(0);
        }
        if !matches!(says, Says::Noise) {
            thread::sleep(Duration::from_millis(1));
        }
    }
}
