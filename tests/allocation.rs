//! Deciding needs no heap: a step from the controller to the bytes on the wire allocates nothing, whatever the robot does.

#![expect(unsafe_code, reason = "an allocator that counts has no safe way; it hands everything on to the system's")]
#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use joywire::agent::controller::{Controller, Settings, Transition};
use joywire::drive::{Command, DriverId, Rules, Sample, Source, Stamp, Stick};
use joywire::protocol::frame::MAX_FRAME;
use joywire::robot::body::Build;
use joywire::robot::sim::SimRobot;
use joywire::time::Time;

/// The system's allocator, and how often this thread asked it for memory.
struct Counting;

thread_local! {
    static ASKED: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ASKED.set(ASKED.get() + 1);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(memory, layout) }
    }

    // Without it a buffer that grows would be moved each time.
    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ASKED.set(ASKED.get() + 1);
        // SAFETY: the caller's promise.
        unsafe { System.realloc(memory, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// How often `work` asks for memory.
fn asked<T>(work: impl FnOnce() -> T) -> (u64, T) {
    let before = ASKED.get();
    let done = work();
    (ASKED.get() - before, done)
}

const ANNE: DriverId = DriverId(1);
/// Frames that one step can make at most: three `LATCH`es, a request and a DRIVE.
const FRAMES: usize = 5;

/// A controller, its robot, and all that was counted.
struct Ride {
    controller: Controller,
    robot: SimRobot,
    now: u64,
    wire: Vec<u8>,
    up: Vec<u8>,
    seq: u32,
    plugged: bool,
    sent: usize,
    /// Each step: at which ms, how often memory was asked for, and whether a fault began in it.
    steps: Vec<(u64, u64, bool)>,
    /// How often memory was asked for to read what the robot said.
    reading: u64,
}

impl Ride {
    fn new() -> Self {
        let settings = Settings { rules: Rules::default(), dimensions: None, seed: 7 };
        let mut controller = Controller::new(settings, None);
        controller.cable_up();
        Self {
            controller,
            robot: SimRobot::new(Build::default(), 1),
            now: 0,
            wire: Vec::with_capacity(FRAMES * MAX_FRAME),
            up: Vec::new(),
            seq: 0,
            plugged: true,
            sent: 0,
            steps: Vec::new(),
            reading: 0,
        }
    }

    fn time(&self) -> Time {
        Time::from_millis(self.now)
    }

    fn command(&mut self, command: Command) {
        let now = self.time();
        let (often, _) = asked(|| self.controller.command(now, ANNE, Source::Network, command));
        assert_eq!(often, 0, "{command:?} asks for memory");
    }

    fn sample(&mut self, y: f64) {
        self.seq += 1;
        let stick = Stick::new(0.1 * y, y).unwrap();
        let (stamp, epoch) = (self.controller.stamp(), self.controller.seat().epoch());
        self.command(Command::Sample(Sample { seq: self.seq, stick, stamp, epoch }));
    }

    /// Lets time pass; `stick`: a hand that samples 50 times a second.
    fn run(&mut self, ms: u64, stick: Option<f64>) {
        let end = self.now + ms;
        while self.now < end {
            self.now += 1;
            self.robot.tick_ms();
            self.robot.transmit(&mut self.up);
            if !self.up.is_empty() && self.plugged {
                let now = self.time();
                self.reading += asked(|| self.controller.receive(now, &self.up, &mut |_| {})).0;
            }
            self.up.clear();
            if self.now.is_multiple_of(20) {
                if let Some(stick) = stick {
                    self.sample(stick);
                }
                self.step();
            }
        }
    }

    fn step(&mut self) {
        self.wire.clear();
        let (mut began, now) = (false, self.time());
        let mut tell = |change| began |= matches!(change, Transition::Fault(Some(_)));
        let (often, ()) = asked(|| self.controller.step(now, &mut self.wire, &mut tell));
        self.steps.push((self.now, often, began));
        self.sent += self.wire.len();
        if self.plugged {
            self.robot.receive(&self.wire);
        }
    }

    /// What the steps since the last call asked for, and how many of them were beginnings of a fault.
    fn judge(&mut self, state: &str) -> usize {
        let steps = std::mem::take(&mut self.steps);
        assert!(!steps.is_empty(), "{state}: nothing was decided");
        for (at, often, began) in &steps {
            // Then the reason is written down, in words, for people who ask why it stopped.
            let most = if *began { 16 } else { 0 };
            assert!(*often <= most, "{state}: the step at {at} ms asks for memory {often} times");
        }
        assert_eq!(std::mem::take(&mut self.reading), 0, "{state}: reading the robot's words asks for memory");
        steps.iter().filter(|(_, _, began)| *began).count()
    }
}

/// Goal: the counter counts, or nothing below means anything.
#[test]
fn an_allocation_is_counted() {
    let (often, text) = asked(|| format!("{} {}", ASKED.get(), "words"));
    assert!(often > 0, "{text}");
    let mut growing = Vec::with_capacity(1);
    growing.push(0u8);
    assert_eq!(asked(|| growing.push(1)).0, 1);
    assert_eq!(asked(|| growing.len()).0, 0);
}

/// Goal: no step asks for memory, so that none waits for an allocator: not while a robot is looked for, found, ready,
/// driven, steered by buttons, let go, stopped, latched, reset, lost and found again. Only a fault that begins may: its
/// reason is written down in words.
#[test]
fn a_step_asks_for_no_memory() {
    let mut ride = Ride::new();
    ride.run(20, None);
    ride.judge("before the robot has spoken");
    ride.run(1000, None);
    ride.judge("the robot is found");
    ride.run(1000, None);
    assert_eq!(ride.judge("ready"), 0);
    ride.command(Command::Take);
    ride.run(100, Some(0.0));
    let sent = ride.sent;
    ride.run(1000, Some(0.8));
    assert_eq!(ride.judge("driving"), 0);
    assert!(!ride.robot.is_off() && ride.sent > sent + 50 * 20, "it did not drive");
    ride.run(200, Some(-0.5));
    ride.run(200, Some(0.0));
    assert_eq!(ride.judge("back, and let go"), 0);
    assert!(ride.robot.is_off());
    ride.command(Command::Nudge(Stick::new(0.0, 1.0).unwrap()));
    ride.run(600, None);
    assert_eq!(ride.judge("a press of a button"), 0);
    ride.command(Command::Take);
    ride.run(100, Some(0.0));
    ride.run(200, Some(0.8));
    ride.run(900, None);
    assert_eq!(ride.judge("the driver's Wi-Fi is gone"), 1);

    let now = ride.time();
    ride.controller.stop(now, ANNE, Source::Network, "Anne".to_owned());
    ride.run(1000, None);
    assert_eq!(ride.judge("STOP"), 1);
    assert!(ride.robot.is_latched());
    ride.command(Command::PressReset(9));
    ride.run(2100, None);
    ride.command(Command::ReleaseReset(9));
    ride.run(1500, None);
    ride.judge("the reset of STOP");
    assert!(!ride.robot.is_latched() && ride.controller.latch().is_none());

    ride.plugged = false;
    ride.run(1000, None);
    assert_eq!(ride.judge("the robot falls silent"), 1);
    ride.robot.reset();
    ride.plugged = true;
    ride.run(1500, None);
    ride.judge("the robot comes back");
    let now = ride.time();
    ride.controller.cable_down(now, "it was unplugged");
    ride.plugged = false;
    ride.run(200, None);
    assert_eq!(ride.judge("unplugged"), 1);
    ride.plugged = true;
    ride.controller.cable_up();
    ride.run(1500, None);
    ride.judge("plugged in again");
    ride.command(Command::Take);
    ride.run(100, Some(0.0));
    ride.run(500, Some(1.0));
    assert_eq!(ride.judge("driving again"), 0);
    assert!(!ride.robot.is_off());
}

/// Goal: a sample that is refused costs no memory either, or whoever floods would make the allocator work.
#[test]
fn refusals_ask_for_no_memory() {
    let mut ride = Ride::new();
    ride.run(1000, None);
    ride.judge("found");
    let stranger = Stamp { session: 1, tick: 0 };
    let stick = Stick::new(0.0, 1.0).unwrap();
    for seq in 0..100 {
        ride.command(Command::Sample(Sample { seq, stick, stamp: None, epoch: 0 }));
        ride.command(Command::Sample(Sample { seq, stick, stamp: Some(stranger), epoch: seq }));
        ride.command(Command::Give(DriverId(7)));
        ride.command(Command::ReleaseReset(seq));
    }
    ride.run(100, None);
    assert_eq!(ride.judge("after all that"), 0);
}
