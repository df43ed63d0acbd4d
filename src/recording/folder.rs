//! The folder of recordings: which there are, which have to go, and those that a killed program left unfinished.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use mcap::MAGIC;
use mcap::records::Record;
use rustix::fs::{FlockOperation, flock};

use super::mend;
use crate::protocol::journal::{Recording, is_recording_name};

/// Recordings that are told at most, the newest.
const LISTED: usize = 100;
/// What a recording says of itself stands within so many bytes of its beginning.
pub(super) const ABOUT: u64 = 32 * 1024;

/// What is kept.
#[derive(Clone, Copy, Debug)]
pub struct Keep {
    /// All of it together, bytes.
    pub bytes: u64,
    /// Since it was written last.
    pub age: Duration,
}

/// One file of the folder.
#[derive(Debug)]
struct Found {
    name: String,
    path: PathBuf,
    bytes: u64,
    modified: SystemTime,
}

/// Every recording there is, the oldest first.
fn found(folder: &Path) -> io::Result<Vec<Found>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|name| is_recording_name(name)) else { continue };
        // One that has gone meanwhile is none. Links are not followed.
        if let Some(told) = entry.metadata().ok().filter(fs::Metadata::is_file) {
            let modified = told.modified().unwrap_or(UNIX_EPOCH);
            all.push(Found { name: name.to_owned(), path: entry.path(), bytes: told.len(), modified });
        }
    }
    all.sort_by(|a, b| a.modified.cmp(&b.modified).then_with(|| a.name.cmp(&b.name)));
    Ok(all)
}

/// Whether a program is writing it.
fn is_running(file: &File) -> bool {
    let free = flock(file, FlockOperation::NonBlockingLockShared).is_ok();
    if free {
        // Closing would do the same; nobody is to wait for it.
        flock(file, FlockOperation::Unlock).ok();
    }
    !free
}

/// Lists the recordings, the newest first.
///
/// # Errors
/// What the system says of the folder.
pub fn list(folder: &Path) -> io::Result<Vec<Recording>> {
    let newest = found(folder)?.into_iter().rev().take(LISTED);
    Ok(newest.filter_map(|found| describe(&found).ok()).collect())
}

fn describe(found: &Found) -> io::Result<Recording> {
    let mut file = File::open(&found.path)?;
    let running = is_running(&file);
    let mut head = Vec::new();
    file.by_ref().take(ABOUT).read_to_end(&mut head)?;
    let (robot, at_ms) = about(&head).unwrap_or_default();
    let modified = u64::try_from(since_1970(found.modified).as_millis()).unwrap_or(u64::MAX);
    let (name, bytes) = (found.name.clone(), found.bytes);
    Ok(Recording { name, robot, at_ms, length_ms: modified.saturating_sub(at_ms), bytes, running, here: true })
}

/// The robot's name and the time in the first records of a file.
fn about(head: &[u8]) -> Option<(String, u64)> {
    let records = mcap::read::LinearReader::sans_magic(head.strip_prefix(MAGIC)?);
    for record in records {
        if let Record::Metadata(metadata) = record.ok()? {
            let robot = metadata.metadata.get("robot")?.clone();
            let ns: u64 = metadata.metadata.get("started_ns")?.parse().ok()?;
            return Some((robot, ns / 1_000_000));
        }
    }
    None
}

fn since_1970(at: SystemTime) -> Duration {
    at.duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// Deletes what is too old and, the oldest first, what is too much. What is being written stays. Returns the names.
///
/// # Errors
/// What the system says of the folder.
pub fn sweep(folder: &Path, keep: Keep, now: SystemTime) -> io::Result<Vec<String>> {
    let all = found(folder)?;
    let mut total: u64 = all.iter().map(|found| found.bytes).sum();
    let mut gone = Vec::new();
    for found in all {
        let old = now.duration_since(found.modified).is_ok_and(|age| age > keep.age);
        if !(old || total > keep.bytes) {
            continue;
        }
        if File::open(&found.path).is_ok_and(|file| !is_running(&file)) && fs::remove_file(&found.path).is_ok() {
            total = total.saturating_sub(found.bytes);
            gone.push(found.name);
        }
    }
    Ok(gone)
}

/// Completes what a killed program left unfinished. Returns the names, each with what went wrong if something did.
///
/// # Errors
/// What the system says of the folder.
pub fn finish_unfinished(folder: &Path) -> io::Result<Vec<(String, io::Result<()>)>> {
    let mut done = Vec::new();
    for found in found(folder)? {
        let Ok(mut file) = File::open(&found.path) else { continue };
        if is_running(&file) || is_complete(&mut file, found.bytes).unwrap_or(false) {
            continue;
        }
        let mended = mend::mend(&file, &found.path);
        done.push((found.name, mended));
    }
    Ok(done)
}

/// Whether it ends as a finished file does.
fn is_complete(file: &mut File, bytes: u64) -> io::Result<bool> {
    let Some(end) = bytes.checked_sub(MAGIC.len() as u64) else { return Ok(false) };
    let mut tail = [0; MAGIC.len()];
    file.seek(SeekFrom::Start(end))?;
    file.read_exact(&mut tail)?;
    file.rewind()?;
    Ok(tail == *MAGIC && end > 0)
}
