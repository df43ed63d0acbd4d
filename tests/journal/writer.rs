//! A program that does nothing but write: this very test program, started again by others to be killed.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, SystemTime};

use joywire::journal::{Kept, Kind, Record};
use serde_json::json;

use crate::rig::Rig;

/// Threads that write at once.
const THREADS: u32 = 3;

/// What a writer has told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// A record was acknowledged.
    Kept(String),
    /// The log said no.
    Refused(String),
    /// A record was handed over at this moment, ms since 1970.
    Noted(String, u64),
}

/// A writer that runs.
pub struct Writer {
    child: Child,
    lines: Receiver<String>,
}

impl Writer {
    /// Writes into the log below `data`, each record with `name`, and with `pause` between two.
    pub fn start(data: &Path, name: &str, pause: Duration, change: impl FnOnce(&mut Command)) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--ignored", "--exact", "writer::writes_until_it_is_killed", "--nocapture"]);
        command.env("DATA", data).env("NAME", name).env("PAUSE_US", pause.as_micros().to_string());
        command.stdout(Stdio::piped()).stderr(Stdio::null()).stdin(Stdio::null()).arg0("writer");
        change(&mut command);
        let mut child = command.spawn().unwrap();
        let (teller, lines) = channel();
        let said = child.stdout.take().unwrap();
        thread::spawn(move || {
            BufReader::new(said).lines().map_while(Result::ok).try_for_each(|line| teller.send(line))
        });
        Self { child, lines }
    }

    /// Kills it; returns what it had told before.
    pub fn kill(mut self) -> Vec<Told> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.told()
    }

    /// What it tells until it ends.
    pub fn told(&self) -> Vec<Told> {
        self.lines.iter().filter_map(|line| read(&line)).collect()
    }

    /// Waits until it has told something.
    pub fn speaks(&self) -> Told {
        loop {
            let line = self.lines.recv_timeout(crate::rig::PATIENCE).expect("the writer says nothing");
            if let Some(told) = read(&line) {
                return told;
            }
        }
    }
}

fn read(line: &str) -> Option<Told> {
    // The test program's own words are in the first lines.
    let (what, text) = line.split_once('|')?;
    match what {
        "kept" => Some(Told::Kept(text.to_owned())),
        "refused" => Some(Told::Refused(text.to_owned())),
        at => Some(Told::Noted(text.to_owned(), at.strip_prefix("noted ")?.parse().unwrap())),
    }
}

/// Goal: none of its own; others start it and kill it.
#[test]
#[ignore = "it writes until somebody kills it"]
fn writes_until_it_is_killed() {
    let var = |name: &str| std::env::var(name).unwrap();
    let rig = Rig::at(Path::new(&var("DATA")));
    let (name, pause) = (var("NAME"), Duration::from_micros(var("PAUSE_US").parse().unwrap()));
    let journal = rig.open();
    let threads: Vec<_> = (0..THREADS)
        .map(|thread| {
            let (name, journal, data) = (name.clone(), journal.clone(), rig.data.clone());
            thread::spawn(move || {
                let rig = Rig::at(&data);
                for number in 0..u32::MAX {
                    let kind = [Kind::Chat, Kind::Chat, Kind::Seat, Kind::Stop, Kind::Chat][number as usize % 5];
                    let text = format!("{name} {thread} {number}");
                    let record = Record::new(kind, text.clone()).with(json!({"thread": thread, "number": number}));
                    if number % 3 == thread {
                        journal.note(record);
                        tell(&format!("noted {}|{text}", now_ms()));
                    } else {
                        let kept = rig.keep(&journal, record) == Kept::Yes;
                        tell(&format!("{}|{text}", if kept { "kept" } else { "refused" }));
                    }
                    thread::sleep(pause);
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
}

fn tell(line: &str) {
    // In one go, so that two threads do not speak at once.
    std::io::stdout().lock().write_all(format!("{line}\n").as_bytes()).unwrap();
}

pub fn now_ms() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis().try_into().unwrap()
}
