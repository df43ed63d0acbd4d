//! Run: one program's time with the log, and how the next one notices that it ended without a farewell.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};
use rustix::fs::FlockOperation;

use super::place::{identity, locked};

/// A lock may be without its owner's hold for a moment after it was made.
const YOUNG: Duration = Duration::from_mins(1);

/// Among so many entries at the end those of a dead run are looked for: others wait meanwhile.
const LATELY: i64 = 100_000;

/// A program's time with the log.
#[derive(Debug)]
pub struct Run {
    /// Held as long as the program lives, however it ends: so others know.
    lock: File,
    path: PathBuf,
    name: String,
    program: String,
}

impl Run {
    /// Begins one.
    ///
    /// # Errors
    /// What the system says.
    pub fn begin(dir: &Path, program: &str) -> io::Result<Self> {
        sweep(dir);
        // Process numbers come again.
        let name = format!("run-{}-{:08x}", std::process::id(), getrandom::u32().map_err(io::Error::other)?);
        let path = dir.join(&name);
        let lock = lock(&path)?;
        Ok(Self { lock, path, name, program: program.to_owned() })
    }

    /// Whether others see that it lives. They do not if somebody took its lock away, or the folder in which that was.
    pub fn is_seen(&self) -> bool {
        let held = self.lock.metadata().map(|found| (found.dev(), found.ino()));
        held.is_ok_and(|held| identity(&self.path).is_ok_and(|found| found == held))
    }

    /// Makes its lock anew if others do not see it. It stays the same run, as it goes on.
    ///
    /// # Errors
    /// What the system says.
    pub fn show(&mut self) -> io::Result<()> {
        if !self.is_seen() {
            // What has the name is a copy, which nobody holds.
            fs::remove_file(&self.path).ok();
            self.lock = lock(&self.path)?;
        }
        Ok(())
    }

    /// Its number, which it gets unless it has one in this file.
    ///
    /// # Errors
    /// What the file says.
    pub fn enrol(&self, file: &Connection, now_ms: u64) -> rusqlite::Result<u64> {
        // Whoever took it for dead was wrong.
        let known = "UPDATE run SET closed_ms = NULL WHERE lock = ? RETURNING id";
        let known = file.query_row(known, [&self.name], |row| row.get::<_, i64>(0));
        if let Some(id) = known.optional()? {
            return Ok(id.cast_unsigned());
        }
        file.execute(
            // Numbers of runs whose rows are gone are not used again, as entries name them.
            "INSERT INTO run (id, lock, program, pid, began_ms)
             VALUES (1 + max(coalesce((SELECT max(id) FROM run), 0), coalesce((SELECT run FROM entries ORDER BY id DESC LIMIT 1), 0)), ?, ?, ?, ?)",
            params![self.name, self.program, std::process::id(), now_ms.cast_signed()],
        )?;
        Ok(file.last_insert_rowid().cast_unsigned())
    }

    /// Notes that it ended as it should.
    ///
    /// # Errors
    /// What the file says.
    pub fn close(&self, file: &Connection, now_ms: u64) -> rusqlite::Result<()> {
        file.execute("UPDATE run SET closed_ms = ? WHERE lock = ?", params![now_ms.cast_signed(), self.name]).map(drop)
    }

    /// Takes its lock away, once that is noted.
    pub fn forget(&self) {
        // If it stays, it says nothing to anybody.
        fs::remove_file(&self.path).ok();
    }
}

/// A new lock that is held.
fn lock(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    locked(file, FlockOperation::NonBlockingLockExclusive)
}

/// Takes away locks of programs that were killed before they had told their names.
fn sweep(dir: &Path) {
    for path in fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path()) {
        let ours = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("run-"));
        // A new one is not locked yet. Others whose program is dead say no more than missing ones.
        let age = fs::metadata(&path).and_then(|found| found.modified()).ok().and_then(|at| at.elapsed().ok());
        if ours && age.is_some_and(|age| age > YOUNG) && is_free(&path) {
            fs::remove_file(&path).ok();
        }
    }
}

/// Whether nobody holds a lock any more.
fn is_free(path: &Path) -> bool {
    // Shared, so that two that look at once do not take each other for the one that lives.
    let lock = File::open(path).and_then(|file| locked(file, FlockOperation::NonBlockingLockShared));
    lock.is_ok()
}

/// A run that ended without a farewell.
#[derive(Debug)]
pub struct Dead {
    id: i64,
    /// What it was, in the program's words.
    pub program: String,
    lock: PathBuf,
    began_ms: u64,
}

impl Dead {
    /// All of them that nobody has noticed yet, but for `own`, which lives.
    ///
    /// # Errors
    /// What the file says.
    pub fn find(file: &Connection, dir: &Path, own: u64) -> rusqlite::Result<Vec<Self>> {
        let open = "SELECT id, program, lock, began_ms FROM run WHERE closed_ms IS NULL AND id <> ? ORDER BY id";
        let mut open = file.prepare(open)?;
        let runs = open.query_map([own.cast_signed()], |row| {
            let name: String = row.get(2)?;
            // The name comes from a file, so it must not lead elsewhere.
            let name: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
            let began_ms = row.get::<_, i64>(3)?.cast_unsigned();
            Ok(Self { id: row.get(0)?, program: row.get(1)?, lock: dir.join(name), began_ms })
        })?;
        let runs: Vec<Self> = runs.collect::<rusqlite::Result<_>>()?;
        Ok(runs.into_iter().filter(|run| !run.lives()).collect())
    }

    /// When it last told something, ms since 1970, and what that was.
    ///
    /// # Errors
    /// What the file says.
    pub fn last(&self, file: &Connection) -> rusqlite::Result<(u64, &'static str)> {
        let newest =
            "SELECT at_ms FROM (SELECT run, at_ms FROM entries ORDER BY id DESC LIMIT ?) WHERE run = ? LIMIT 1";
        let newest = file.query_row(newest, [LATELY, self.id], |row| row.get::<_, i64>(0)).optional()?;
        Ok(newest.map_or((self.began_ms, "its start"), |at_ms| (at_ms.cast_unsigned(), "its newest entry")))
    }

    /// Notes that it was noticed.
    ///
    /// # Errors
    /// What the file says.
    pub fn bury(&self, file: &Connection, now_ms: u64) -> rusqlite::Result<()> {
        file.execute("UPDATE run SET closed_ms = ? WHERE id = ?", params![now_ms.cast_signed(), self.id]).map(drop)
    }

    /// Takes its lock away, once that is noted.
    pub fn forget(&self) {
        fs::remove_file(&self.lock).ok();
    }

    fn lives(&self) -> bool {
        self.lock.exists() && !is_free(&self.lock)
    }
}
