//! Board: a process that runs the firmware, the log of its motors, and the harm it can be told to do to itself.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::moment::clock_ns;

/// Longer than anything here should take.
pub use crate::program::PATIENCE;

/// Which firmware, and on what.
#[derive(Clone, Copy, Debug)]
pub enum Model {
    /// The example `TwoMotors` on an emulated Uno.
    Uno,
    /// The same with faults that no cable can cause.
    FaultyUno,
    /// The core as a process.
    Core,
    /// A core of an older version of the protocol.
    OlderCore,
    /// A core of the next version of the protocol.
    NewerCore,
}

/// What it did.
#[derive(Debug, Default)]
struct Log {
    port: Option<PathBuf>,
    start_ns: u64,
    /// Moment in its own time, µs, and both outputs, permille; newest last, changes only.
    outputs: Vec<(u64, [i64; 2])>,
    events: Vec<(u64, String)>,
    lost: u64,
    heard: u64,
    ended: bool,
}

/// A board that runs.
pub struct Board {
    child: Child,
    stdin: ChildStdin,
    log: Arc<(Mutex<Log>, Condvar)>,
}

fn built() -> &'static Path {
    static DIR: OnceLock<PathBuf> = OnceLock::new();
    DIR.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let outcome = Command::new("make").args(["--silent", "-C", "firmware", "boards"]).current_dir(root).status();
        let made = outcome.expect("this test needs make: install build-essential").success();
        assert!(made, "the boards do not build: `make tools` installs gcc-avr, avr-libc, arduino-core-avr and simavr");
        root.join("target/firmware")
    })
}

impl Board {
    /// Starts one. `options` are those of the board's own `--help`.
    pub fn start(model: Model, options: &[&str]) -> Self {
        let (program, sketch) = match model {
            Model::Uno => ("board-uno", Some("uno/TwoMotors.elf")),
            Model::FaultyUno => ("board-uno", Some("uno/Faulty.elf")),
            Model::Core => ("board-core", None),
            Model::OlderCore => ("board-core-0", None),
            Model::NewerCore => ("board-core-2", None),
        };
        let mut child = Command::new(built().join(program))
            .arg("--json")
            .args(options)
            .args(sketch.map(|sketch| built().join(sketch)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Arc::new((Mutex::new(Log::default()), Condvar::new()));
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let teller = Arc::clone(&log);
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                // Poisoned by a test that has failed: nobody reads on.
                let Ok(mut log) = teller.0.lock() else { return };
                log.read(&serde_json::from_str(&line).unwrap());
                teller.1.notify_all();
            }
            if let Ok(mut log) = teller.0.lock() {
                log.ended = true;
            }
            teller.1.notify_all();
        });
        let stdin = child.stdin.take().unwrap();
        let board = Self { child, stdin, log };
        board.wait("its port", |log| log.port.clone());
        board
    }

    /// Where the host opens it.
    pub fn port(&self) -> PathBuf {
        self.wait("its port", |log| log.port.clone())
    }

    /// A command of its `--help`; returns the moment in its time when it was done, µs.
    pub fn tell(&mut self, command: &str) -> u64 {
        let told = self.log.0.lock().unwrap().events.len();
        writeln!(self.stdin, "{command}").unwrap();
        let answer = format!("told: {command}");
        self.wait(command, |log| log.events[told..].iter().find(|(_, what)| *what == answer).map(|(us, _)| *us))
    }

    /// The present moment in its time, µs.
    pub fn now_us(&self) -> u64 {
        self.us(clock_ns())
    }

    /// A moment of this machine's clock in its time, µs.
    pub fn us(&self, ns: u64) -> u64 {
        (ns - self.log.0.lock().unwrap().start_ns) / 1000
    }

    /// Whether its outputs, permille, are as wished within this time.
    pub fn soon(&self, time: Duration, wished: impl Fn([i64; 2]) -> bool) -> bool {
        let end = Instant::now() + time;
        while Instant::now() < end {
            if self.log.0.lock().unwrap().outputs.last().is_some_and(|(_, outputs)| wished(*outputs)) {
                return true;
            }
            thread::sleep(Duration::from_millis(2));
        }
        false
    }

    /// Waits until both motors are off, and returns since when, µs.
    pub fn rests(&self) -> u64 {
        self.wait("rest", |log| {
            let (us, outputs) = log.outputs.last()?;
            (*outputs == [0, 0]).then_some(*us)
        })
    }

    /// Waits for something that it says, after `since_us`; returns when.
    pub fn says(&self, words: &str, since_us: u64) -> u64 {
        self.wait(words, |log| {
            log.events.iter().find(|(us, what)| *us >= since_us && what.contains(words)).map(|(us, _)| *us)
        })
    }

    /// Every change of its outputs in this time, µs, with what they were when it began.
    pub fn outputs(&self, from_us: u64, to_us: u64) -> Vec<(u64, [i64; 2])> {
        let log = self.log.0.lock().unwrap();
        let first = log.outputs.partition_point(|(us, _)| *us <= from_us).saturating_sub(1);
        log.outputs[first..].iter().take_while(|(us, _)| *us < to_us).copied().collect()
    }

    /// Lets it go on for a while; asserts that no motor turns meanwhile.
    pub fn stays_off(&self, time: Duration, why: &str) {
        let from = self.now_us();
        thread::sleep(time + Duration::from_millis(10));
        let moved: Vec<_> =
            self.outputs(from, self.now_us()).into_iter().filter(|(_, outputs)| *outputs != [0, 0]).collect();
        assert!(moved.is_empty(), "{why}: {moved:?}");
    }

    /// Bytes that came while it was starting.
    pub fn lost(&self) -> u64 {
        self.log.0.lock().unwrap().lost
    }

    /// Bytes that have come from the host, in all.
    pub fn heard(&mut self) -> u64 {
        self.tell("count");
        self.log.0.lock().unwrap().heard
    }

    fn wait<T>(&self, what: &str, mut look: impl FnMut(&Log) -> Option<T>) -> T {
        let end = Instant::now() + PATIENCE;
        let (log, changed) = &*self.log;
        let mut log = log.lock().unwrap();
        loop {
            if let Some(found) = look(&log) {
                return found;
            }
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero() && !log.ended, "waited for {what}: {:?} {:?}", log.events, log.outputs.last());
            log = changed.wait_timeout(log, left.min(Duration::from_millis(50))).unwrap().0;
        }
    }
}

impl Log {
    fn read(&mut self, line: &Value) {
        let us = line["us"].as_u64().unwrap();
        if let Some(port) = line["port"].as_str() {
            self.port = Some(port.into());
            self.start_ns = line["start_ns"].as_u64().unwrap();
        }
        if let Some(out) = line["out"].as_array() {
            let outputs = [out[0].as_i64().unwrap(), out[1].as_i64().unwrap()];
            if self.outputs.last().is_none_or(|(_, before)| *before != outputs) {
                self.outputs.push((us, outputs));
            }
        }
        if let Some(event) = line["event"].as_str() {
            self.events.push((us, event.to_owned()));
            self.lost = line["lost"].as_u64().unwrap();
            self.heard = line["heard"].as_u64().unwrap();
        }
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
