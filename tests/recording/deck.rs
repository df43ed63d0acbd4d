//! Deck: a drive in virtual time, which a real recorder writes.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use joywire::agent::controller::{Controller, Dimensions, Settings};
use joywire::agent::tape::Entry;
use joywire::agent::taped::Taped;
use joywire::clock::Clock;
use joywire::drive::{Command, DriverId, Rules, Sample, Source, Stamp, Stick};
use joywire::protocol::events::Person;
use joywire::recording::folder::Keep;
use joywire::recording::read::{self, Ending};
use joywire::recording::review::{Review, review};
use joywire::recording::shape::Start;
use joywire::recording::{self, Recorder};
use joywire::robot::body::Build;
use joywire::robot::sim::SimRobot;
use joywire::time::Time;
use tempfile::TempDir;

pub const ANNE: DriverId = DriverId(1);
pub const BEN: DriverId = DriverId(2);

/// A drive that is recorded.
pub struct Deck {
    pub taped: Taped,
    pub robot: SimRobot,
    pub now: u64,
    /// Whether the robot is plugged in.
    pub cable: bool,
    /// Held by the driver at 30 Hz.
    pub held: Option<(DriverId, Stick)>,
    seq: u32,
    /// What the robot was told, all of it.
    pub told: Vec<u8>,
    recorder: Option<Recorder>,
    home: TempDir,
}

/// How the usual recording is written.
pub fn settings(folder: &Path) -> recording::Settings {
    recording::Settings {
        folder: folder.to_owned(),
        label: "rover".to_owned(),
        robot: "Rover".to_owned(),
        step: Duration::from_millis(20),
        config: BTreeMap::from([("robot.name".to_owned(), "\"Rover\"".to_owned())]),
        file_bytes: 64 << 20,
        file_length: Duration::from_hours(1),
        keep: Keep { bytes: 1 << 30, age: Duration::from_hours(24) },
    }
}

impl Deck {
    /// A robot that was just switched on.
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    /// The same, with a recorder that differs from the usual one.
    pub fn with(change: impl FnOnce(&mut recording::Settings)) -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut settings = settings(&home.path().join("recordings"));
        change(&mut settings);
        let (recorder, tape) = Recorder::start(settings, Clock::start()).unwrap();
        let build = Build::default();
        let dimensions = Dimensions {
            geometry: build.geometry,
            top_speed_mps: build.top_speed_mps,
            counts_per_m: Some(build.counts_per_m),
        };
        let of = Settings { rules: Rules::default(), dimensions: Some(dimensions), seed: 7 };
        let taped = Taped::new(Controller::new(of, None)).with_tape(tape);
        let robot = SimRobot::new(build, 1);
        let (told, recorder) = (Vec::new(), Some(recorder));
        let mut deck = Self { taped, robot, now: 0, cable: true, held: None, seq: 0, told, recorder, home };
        for (driver, name) in [(ANNE, "Anne"), (BEN, "Ben")] {
            deck.taped.met(deck.time(), &Person { id: driver.0, name: name.to_owned() });
        }
        deck
    }

    pub fn time(&self) -> Time {
        Time::from_millis(self.now)
    }

    pub fn folder(&self) -> PathBuf {
        self.home.path().join("recordings")
    }

    /// The files, in the order of their writing.
    pub fn files(&self) -> Vec<PathBuf> {
        let mut files: Vec<PathBuf> = fs::read_dir(self.folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort_by_key(|path| fs::metadata(path).unwrap().created().unwrap());
        files
    }

    pub fn run(&mut self, ms: u64) {
        for _ in 0..ms {
            self.now += 1;
            self.robot.tick_ms();
            if let Some((driver, stick)) = self.held.filter(|_| self.now.is_multiple_of(33)) {
                self.sample(driver, stick);
            }
            let mut up = Vec::new();
            self.robot.transmit(&mut up);
            if self.cable && !up.is_empty() {
                self.taped.receive(self.time(), &up, &mut |_| {});
            }
            if self.now.is_multiple_of(20) {
                let mut down = Vec::new();
                self.taped.step(self.time(), &mut down, &mut |_| {});
                if self.cable {
                    self.robot.receive(&down);
                }
                self.told.extend(down);
            }
            // The recorder empties the queue in real time, which is slower here.
            if self.now.is_multiple_of(20_000) {
                sleep(Duration::from_millis(300));
            }
        }
    }

    pub fn command(&mut self, driver: DriverId, command: Command) {
        self.taped.command(self.time(), driver, Source::Network, command);
    }

    pub fn sample(&mut self, driver: DriverId, stick: Stick) {
        self.stamped(driver, stick, self.taped.stamp());
    }

    /// A sample that carries this time of the robot.
    pub fn stamped(&mut self, driver: DriverId, stick: Stick, stamp: Option<Stamp>) {
        self.seq += 1;
        let sample = Sample { seq: self.seq, stick, stamp, epoch: self.taped.seat().epoch() };
        self.command(driver, Command::Sample(sample));
    }

    /// Takes the seat, and holds the stick after a moment at rest.
    pub fn drives(&mut self, driver: DriverId, x: f64, y: f64) {
        self.command(driver, Command::Take);
        self.held = Some((driver, Stick::NEUTRAL));
        self.run(300);
        self.held = Some((driver, Stick::new(x, y).unwrap()));
    }

    /// Begins the recording.
    pub fn record(&mut self) {
        assert!(self.taped.record(self.time()));
    }

    /// Ends the drive, and reads its last file.
    pub fn finish(mut self) -> Told {
        let mut down = Vec::new();
        self.taped.farewell(self.time(), &mut down);
        self.close();
        let path = self.files().pop().unwrap();
        Told::of(&path, self.home)
    }

    /// Ends the drive; the files stay until the deck goes.
    pub fn close(&mut self) {
        let idle = Controller::new(Settings { rules: Rules::default(), dimensions: None, seed: 1 }, None);
        drop(std::mem::replace(&mut self.taped, Taped::new(idle)));
        self.recorder.take().unwrap().finish();
    }
}

/// What a file tells.
pub struct Told {
    pub path: PathBuf,
    pub start: Start,
    pub entries: Vec<Entry>,
    pub ending: Ending,
    _home: Option<TempDir>,
}

impl Told {
    fn of(path: &Path, home: TempDir) -> Self {
        Self { _home: Some(home), ..Self::at(path) }
    }

    pub fn at(path: &Path) -> Self {
        let (start, mut reading) = read::open(path).unwrap();
        let entries: Vec<Entry> = reading.by_ref().collect();
        Self { path: path.to_owned(), start: *start, entries, ending: reading.ending().unwrap().clone(), _home: None }
    }

    pub fn review(&self) -> Review {
        review(&self.start, self.entries.iter().cloned())
    }
}

/// A drive in which all kinds of things go wrong.
pub fn fault_run() -> Deck {
    let mut deck = Deck::new();
    deck.record();
    let cleo = Person { id: 3, name: "Cleo".to_owned() };
    deck.taped.met(deck.time(), &cleo);
    deck.run(1000);
    deck.taped.left(deck.time(), DriverId(cleo.id));
    // The phone loses its Wi-Fi, and comes back.
    deck.drives(ANNE, 0.0, 0.6);
    deck.run(1000);
    let held = deck.held.take();
    deck.run(400);
    deck.held = held;
    deck.run(500);
    // Somebody waits, and gets the seat; old samples of the first are refused.
    deck.command(BEN, Command::Ask);
    deck.command(ANNE, Command::Leave);
    deck.run(50);
    deck.drives(BEN, -0.4, 0.8);
    deck.run(600);
    // Samples that were long on their way.
    let old = deck.taped.stamp();
    deck.held = None;
    for _ in 0..12 {
        deck.stamped(BEN, Stick::new(0.0, 0.5).unwrap(), old);
        deck.run(33);
    }
    // The plug is pulled, and put in again.
    deck.drives(BEN, 0.0, 1.0);
    deck.run(700);
    deck.cable = false;
    deck.taped.cable_down(deck.time(), "/dev/ttyUSB0 was unplugged");
    deck.run(800);
    deck.cable = true;
    deck.taped.cable_up(deck.time());
    deck.run(1500);
    // The computer is held up.
    deck.drives(BEN, 0.0, 0.7);
    deck.run(600);
    deck.now += 400;
    (0..400).for_each(|_| deck.robot.tick_ms());
    deck.run(900);
    // Somebody presses STOP, and an operator opens it.
    deck.drives(BEN, 0.3, 0.9);
    deck.run(500);
    deck.taped.stop(deck.time(), ANNE, Source::Network, "Anne: it smokes".to_owned());
    deck.run(1000);
    deck.held = None;
    deck.command(ANNE, Command::PressReset(42));
    deck.run(2300);
    deck.command(ANNE, Command::ReleaseReset(42));
    deck.run(1200);
    // The robot's battery is loose.
    deck.drives(ANNE, 0.0, 0.5);
    deck.run(500);
    deck.robot.reset();
    deck.run(1500);
    deck.held = None;
    deck.run(300);
    deck
}
