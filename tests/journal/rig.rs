//! A log of one's own, what is in its file, and a look at it without Joywire.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use joywire::journal::filter::Filter;
use joywire::journal::reader::Reader;
use joywire::journal::row::Row;
use joywire::journal::verify::Report;
use joywire::journal::{Counts, Doer, Journal, Kept, Kind, Record, Retention, Settings};
use joywire::protocol::events::Role;
use rusqlite::Connection;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

/// Whatever takes longer has failed.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// More than any test writes.
pub const FOREVER: Retention = Retention { days: 36_500, bytes: 1 << 40 };

/// A data folder with a log.
pub struct Rig {
    _home: Option<TempDir>,
    pub data: PathBuf,
    pub runtime: Runtime,
}

impl Rig {
    pub fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let data = home.path().to_owned();
        Self { _home: Some(home), ..Self::at(&data) }
    }

    /// In a folder that is someone else's.
    pub fn at(data: &Path) -> Self {
        let runtime = Builder::new_current_thread().enable_time().build().unwrap();
        Self { _home: None, data: data.to_owned(), runtime }
    }

    pub fn file(&self) -> PathBuf {
        self.data.join("log/log.sqlite")
    }

    pub fn open(&self) -> Journal {
        self.open_with(FOREVER)
    }

    pub fn open_with(&self, retention: Retention) -> Journal {
        let settings = Settings { data: self.data.clone(), program: "joywire test".into(), retention };
        Journal::open(settings).unwrap()
    }

    pub fn keep(&self, journal: &Journal, record: Record) -> Kept {
        self.runtime.block_on(journal.keep(record))
    }

    pub fn close(&self, journal: &Journal) {
        assert!(self.runtime.block_on(journal.close(PATIENCE)), "the log did not end: {:?}", journal.counts());
    }

    /// Opens, writes these as chat, and closes.
    pub fn write(&self, texts: impl IntoIterator<Item = String>) {
        let journal = self.open();
        for text in texts {
            journal.note(chat(&text));
        }
        self.close(&journal);
    }

    pub fn reader(&self) -> Reader {
        Reader::below(&self.data)
    }

    pub fn rows(&self) -> Vec<Row> {
        self.reader().newest(&Filter::default(), 10_000_000).unwrap().0
    }

    /// What is said in the log, in order.
    pub fn said(&self) -> Vec<String> {
        self.rows().into_iter().filter(|row| row.event == "chat").map(|row| row.text).collect()
    }

    /// The gaps that it tells.
    pub fn gaps(&self) -> Vec<serde_json::Value> {
        let rows = self.rows().into_iter().filter(|row| row.event == "gap");
        rows.map(|row| serde_json::from_str(&row.data.unwrap()).unwrap()).collect()
    }

    pub fn verify(&self) -> Report {
        self.reader().verify().unwrap()
    }

    /// Holds what must hold in any log: it is what was written, and its gaps are numbered without a hole.
    pub fn sound(&self) -> Report {
        let report = self.verify();
        assert_eq!(report.broken, None, "{report:?}");
        let numbers: Vec<u64> = self.gaps().iter().map(|gap| gap["gap"].as_u64().unwrap()).collect();
        assert_eq!(numbers, (1..=report.gaps).collect::<Vec<_>>());
        report
    }

    /// The file, as anybody opens it.
    pub fn sqlite(&self) -> Connection {
        Connection::open(self.file()).unwrap()
    }

    /// Files in its folder that were set aside, without what is beside them.
    pub fn aside(&self) -> Vec<PathBuf> {
        let files = std::fs::read_dir(self.data.join("log")).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<_> = files.filter(|path| path.to_string_lossy().contains("damaged")).collect();
        files.retain(|path| path.extension().is_some_and(|ending| ending == "sqlite"));
        files
    }

    #[expect(clippy::unused_self, reason = "it reads better")]
    pub fn until(&self, what: &str, journal: &Journal, mut holds: impl FnMut(Counts) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !holds(journal.counts()) {
            assert!(Instant::now() < end, "{what}: {:?}", journal.counts());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

pub fn chat(text: &str) -> Record {
    Record::new(Kind::Chat, text).of("Rover").by(ada())
}

pub fn ada() -> Doer {
    Doer { name: "Ada".into(), role: Some(Role::Driver), device: Some(7) }
}
