//! The STOP latch on disk: on stable storage before anyone is told that the robot is latched.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::mpsc;
use std::thread;

use tokio::sync::oneshot;

use crate::private_file;

const OPEN: &str = "joywire latch 1: open\n";
const LATCHED: &str = "joywire latch 1: latched\n";

/// One robot's latch file and the thread that writes it.
#[derive(Debug)]
pub struct LatchFile {
    jobs: mpsc::Sender<Job>,
}

#[derive(Debug)]
struct Job {
    reason: Option<String>,
    done: oneshot::Sender<io::Result<()>>,
}

impl LatchFile {
    /// Opens the latch of the robot whose files are in `dir`, and tells why STOP is latched
    /// (`None`: it is not).
    ///
    /// A folder that does not exist yet is a first start: open. A folder without a readable latch is
    /// a doubt, and doubt means latched.
    ///
    /// # Errors
    /// If the folder or the first file cannot be written: without memory there is no safe start.
    pub fn open(dir: &Path) -> io::Result<(Self, Option<String>)> {
        let path = dir.join("latch");
        let latch = peek(dir);
        if !dir.is_dir() {
            private_file::directory(dir)?;
            // The new folders themselves must survive a power cut, or the next start is a first one.
            for ancestor in dir.ancestors().skip(1).take(3).filter(|ancestor| ancestor.is_dir()) {
                File::open(ancestor)?.sync_all()?;
            }
        }
        if latch.is_none() && path.exists() {
            // It says so already; if the disk still has an older one, that is latched at worst.
            private_file::rehearse(&path, OPEN.as_bytes())?;
        } else {
            write(&path, latch.as_deref())?;
        }
        let (jobs, queue) = mpsc::channel();
        let latched = latch.is_some();
        thread::Builder::new().name("latch".into()).spawn(move || keep(&path, latched, &queue))?;
        Ok((Self { jobs }, latch))
    }

    /// Writes the latch in the order of the calls. The answer comes when it is on stable storage.
    pub fn save(&self, reason: Option<String>) -> oneshot::Receiver<io::Result<()>> {
        let (done, saved) = oneshot::channel();
        // Were the thread gone, `done` would be dropped with the job and the caller be told.
        drop(self.jobs.send(Job { reason, done }));
        saved
    }
}

/// Why STOP is latched by what lies in `dir` (`None`: it is not). Changes nothing.
#[must_use]
pub fn peek(dir: &Path) -> Option<String> {
    if dir.is_dir() { read(&dir.join("latch")) } else { None }
}

/// The thread: one write after the other, until the sender is gone. A latch that is on disk already
/// is not written again, so that many STOPs cost one write.
fn keep(path: &Path, mut latched: bool, queue: &mpsc::Receiver<Job>) {
    for job in queue {
        let outcome = if latched && job.reason.is_some() { Ok(()) } else { write(path, job.reason.as_deref()) };
        latched = outcome.is_ok() && job.reason.is_some();
        // Whoever asked may have left since.
        drop(job.done.send(outcome));
    }
}

fn read(path: &Path) -> Option<String> {
    match fs::read_to_string(path) {
        Ok(text) if text == OPEN => None,
        Ok(text) => match text.strip_prefix(LATCHED) {
            Some(reason) => Some(reason.trim_end().to_owned()),
            None => Some("the latch file was damaged".to_owned()),
        },
        Err(error) => Some(format!("the latch file could not be read: {error}")),
    }
}

fn write(path: &Path, reason: Option<&str>) -> io::Result<()> {
    let text = reason.map_or(OPEN.to_owned(), |reason| format!("{LATCHED}{}\n", reason.replace('\n', " ")));
    private_file::replace(path, text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reopened(dir: &Path) -> Option<String> {
        LatchFile::open(dir).unwrap().1
    }

    /// Goal: the first start is open, and what was latched stays so over restarts.
    #[test]
    fn latch_survives_a_restart() {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("robots/one");
        let (file, latch) = LatchFile::open(&dir).unwrap();
        assert_eq!(latch, None);
        file.save(Some("Anne: it smokes".into())).blocking_recv().unwrap().unwrap();
        assert_eq!(reopened(&dir).as_deref(), Some("Anne: it smokes"));
        file.save(None).blocking_recv().unwrap().unwrap();
        assert_eq!(reopened(&dir), None);
    }

    /// Goal: I6, a missing or damaged file means latched.
    #[test]
    fn doubt_means_latched() {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("robot");
        assert_eq!(reopened(&dir), None);
        for damage in ["", "joywire latch 1: ope", "joywire latch 1: open\nx", "\0\0\0\0"] {
            fs::write(dir.join("latch"), damage).unwrap();
            assert_eq!(reopened(&dir).as_deref(), Some("the latch file was damaged"), "{damage:?}");
        }
        fs::remove_file(dir.join("latch")).unwrap();
        assert!(reopened(&dir).is_some());
    }

    /// Goal: a disk that refuses is reported, not ignored.
    #[test]
    fn failure_to_write_is_told() {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("robot");
        let (file, _) = LatchFile::open(&dir).unwrap();
        fs::remove_dir_all(&dir).unwrap();
        assert!(file.save(Some(String::new())).blocking_recv().unwrap().is_err());
    }
}
