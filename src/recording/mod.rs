//! Recordings: a drive in a file that Foxglove opens and that can be played again, byte for byte.
//!
//! The agent puts what reaches its controller onto a tape (`agent/taped.rs`). A thread of its own empties the tape into
//! MCAP files and beside that plays it, so that all that people want to see comes from the same controller, and costs the
//! thread that drives nothing.

pub mod again;
pub mod calendar;
mod file;
pub mod folder;
mod mend;
pub mod read;
pub mod review;
pub mod shape;
pub mod stops;
pub mod story;
pub mod topic;
pub mod views;

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{self, RecvTimeoutError, TryRecvError};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use mcap::McapResult;

use self::file::File;
use self::folder::Keep;
use self::shape::{End, Start, Why};
use self::views::Views;
use crate::agent::controller::Controller;
use crate::agent::tape::{Entry, Names, Player};
use crate::agent::taped::{Cause, Job, Reel, Tape, tape};
use crate::clock::Clock;
use crate::private_file;
use crate::protocol::journal::{RecordingsReply, RecordingsRequest};
use crate::time::Time;

/// What is on the tape goes into the file this often; a killed program loses no more.
const BATCH: Duration = Duration::from_millis(250);
/// And onto the disk itself, against a power cut, this often.
const SYNC: Duration = Duration::from_secs(5);
/// For the last of it when the program ends.
const PATIENCE: Duration = Duration::from_secs(3);

/// What becomes of a recording whose folder is cleared.
const GONE: &str = "a recording was deleted or moved away while it was written";

/// How recordings are written.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Their folder.
    pub folder: PathBuf,
    /// What their names begin with: small letters, digits and `-`.
    pub label: String,
    /// The robot's name.
    pub robot: String,
    /// The longest time between two steps of the agent.
    pub step: Duration,
    /// The whole configuration, as `joywire config show` tells it.
    pub config: BTreeMap<String, String>,
    /// A file that is this large ends, bytes.
    pub file_bytes: u64,
    /// A file that is this long ends.
    pub file_length: Duration,
    /// What is kept of all of them.
    pub keep: Keep,
}

/// The thread that writes.
#[derive(Debug)]
pub struct Recorder {
    done: mpsc::Receiver<()>,
}

impl Recorder {
    /// Starts it. The tape is for the agent.
    ///
    /// # Errors
    /// If there can be no such folder, or no thread.
    pub fn start(settings: Settings, clock: Clock) -> io::Result<(Self, Tape)> {
        private_file::directory(&settings.folder)?;
        let ((tape, reel), (end, done)) = (tape(), mpsc::channel());
        thread::Builder::new().name("recording".into()).spawn(move || {
            Desk { settings, clock, reel, running: None, failed: None, bytes: 0 }.work();
            drop(end);
        })?;
        Ok((Self { done }, tape))
    }

    /// Waits until the rest is written, but not for ever. The agent must have ended.
    pub fn finish(self) {
        if self.done.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
            tracing::warn!("the disk is slow: the recording ends without its last moments");
        }
    }
}

/// A file at work.
#[derive(Debug)]
struct Running {
    file: File,
    views: Views,
    began: Time,
    newest: Time,
    synced: Time,
    /// Whether another one was asked for.
    full: bool,
}

/// What the thread owns.
#[derive(Debug)]
struct Desk {
    settings: Settings,
    clock: Clock,
    reel: Reel,
    running: Option<Running>,
    /// Why the last recording ended too early, as a sentence.
    failed: Option<String>,
    /// Of the files that are whole.
    bytes: u64,
}

impl Desk {
    fn work(mut self) {
        self.tidy_up();
        loop {
            let open = self.empty();
            self.settle();
            if !open {
                return self.end(Why::ProgramEnded);
            }
            // Not woken for each entry: that would cost the thread that drives.
            pause();
        }
    }

    fn tidy_up(&self) {
        match folder::finish_unfinished(&self.settings.folder) {
            Ok(mended) => mended.into_iter().for_each(|(name, outcome)| match outcome {
                Ok(()) => tracing::info!(name, "a recording that had broken off is complete now"),
                Err(error) => tracing::warn!(name, %error, "a recording that had broken off stays as it is"),
            }),
            Err(error) => tracing::warn!(%error, "the folder of recordings cannot be read"),
        }
        self.sweep();
    }

    fn sweep(&self) {
        match folder::sweep(&self.settings.folder, self.settings.keep, wall()) {
            Ok(gone) => gone.iter().for_each(|name| tracing::info!(name, "an old recording was deleted")),
            Err(error) => tracing::warn!(%error, "old recordings cannot be deleted"),
        }
    }

    /// Takes all that waits; `false` if nothing will come any more.
    fn empty(&mut self) -> bool {
        loop {
            match self.reel.next() {
                Ok(job) => self.take(job),
                Err(TryRecvError::Empty) => return true,
                Err(TryRecvError::Disconnected) => return false,
            }
        }
    }

    fn take(&mut self, job: Job) {
        match job {
            Job::Begin { at, controller, names, cause } => {
                let why = match cause {
                    Cause::Wanted => Why::Wanted,
                    Cause::Full => Why::Full,
                    Cause::Gap => Why::Gap,
                };
                self.end(why);
                if let Err(error) = self.begin(at, *controller, *names, why) {
                    self.fail("cannot begin", &error);
                }
            }
            Job::Entry(entry) => {
                if let Some(running) = &mut self.running
                    && let Err(error) = running.write(&entry)
                {
                    self.fail("ended", &error);
                }
            }
            Job::End => self.end(Why::Wanted),
            Job::Ask(request, reply) => drop(reply.send(self.answer(request))),
        }
    }

    fn begin(&mut self, at: Time, controller: Controller, names: Names, why: Why) -> McapResult<()> {
        private_file::directory(&self.settings.folder)?;
        self.sweep();
        let now = u64::try_from(wall().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos());
        let started = now.unwrap_or(u64::MAX).saturating_sub(shape::ns(self.clock.now()));
        let start = Start {
            at_ns: shape::ns(at),
            wall_ns: started.saturating_add(shape::ns(at)),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            robot: self.settings.robot.clone(),
            why,
            lost: self.reel.lost(),
            step_ms: u64::try_from(self.settings.step.as_millis()).unwrap_or(u64::MAX),
            names: names.iter().map(|(driver, name)| (driver.0, name.clone())).collect(),
            controller,
        };
        let file = File::begin(&self.settings.folder, &self.settings.label, &start, &self.settings.config)?;
        tracing::info!(path = %file.path().display(), "recording");
        if why == Why::Gap {
            tracing::warn!(lost = start.lost, "the disk could not keep up: the recording goes on after a gap");
        }
        let views = Views::new(Player::new(start.controller, names), at, started, start.robot);
        self.running = Some(Running { file, views, began: at, newest: at, synced: at, full: false });
        self.failed = None;
        Ok(())
    }

    /// Puts what was taken into the file, and looks whether that has become long enough.
    fn settle(&mut self) {
        if self.reel.take_end() {
            self.end(Why::Wanted);
        }
        let Some(running) = &mut self.running else { return };
        if let Err(error) = running.settle() {
            return self.fail("ended", &error);
        }
        self.reel.wrote(self.bytes + running.file.bytes());
        if !running.full && running.file.is_gone() {
            running.full = true;
            tracing::warn!(path = %running.file.path().display(), "{GONE}: the recording goes on in another file");
            self.reel.want_fresh();
        }
        let long = running.newest.since(running.began) >= self.settings.file_length;
        if (long || running.file.bytes() >= self.settings.file_bytes) && !running.full {
            running.full = true;
            self.reel.want_fresh();
        }
    }

    fn end(&mut self, why: Why) {
        let Some(Running { file, views, newest, .. }) = self.running.take() else { return };
        if views.strayed() > 0 {
            tracing::error!(steps = views.strayed(), "the recording does not play again as it was: report this");
        }
        let path = file.path().display().to_string();
        self.bytes += file.bytes();
        self.reel.wrote(self.bytes);
        let gone = file.is_gone();
        match file.finish(&End { at_ns: shape::ns(newest), why, lost: self.reel.lost() }) {
            Ok(()) if gone => tracing::warn!(path, "{GONE}"),
            Ok(()) => tracing::info!(path, "recorded"),
            Err(error) => self.fail("ended", &error),
        }
    }

    /// The recording is over, the drive is not.
    fn fail(&mut self, what: &str, error: &mcap::McapError) {
        let folder = self.settings.folder.display();
        // The library's own words tell nothing of a disk.
        let error = if let mcap::McapError::Io(error) = error { error.to_string() } else { error.to_string() };
        let why = format!("the recording {what}, as the disk with {folder} did not take it: {error}. Driving goes on");
        tracing::error!("{why}");
        self.failed = Some(why);
        self.reel.give_up();
        if let Some(running) = self.running.take() {
            running.file.abandon();
        }
    }

    fn answer(&self, request: RecordingsRequest) -> RecordingsReply {
        match folder::list(&self.settings.folder) {
            Ok(recordings) => RecordingsReply {
                ok: request != RecordingsRequest::Start || self.running.is_some(),
                why: self.failed.clone(),
                running: self.running.is_some(),
                recordings,
            },
            Err(error) => RecordingsReply {
                why: Some(format!("the folder of recordings cannot be read: {error}")),
                running: self.running.is_some(),
                ..RecordingsReply::default()
            },
        }
    }
}

impl Running {
    fn write(&mut self, entry: &Entry) -> McapResult<()> {
        self.newest = entry.at;
        let at_ns = shape::ns(entry.at);
        self.views.see(entry).iter().try_for_each(|(topic, message)| self.file.put(at_ns, *topic, message))
    }

    fn settle(&mut self) -> McapResult<()> {
        self.file.flush()?;
        if self.newest.since(self.synced) >= SYNC {
            self.synced = self.newest;
            self.file.sync()?;
        }
        Ok(())
    }
}

#[expect(clippy::disallowed_methods, reason = "a thread of its own, that drives nothing")]
fn pause() {
    thread::sleep(BATCH);
}

#[expect(
    clippy::disallowed_methods,
    reason = "people look for a recording by the clock on the wall; it decides nothing"
)]
fn wall() -> SystemTime {
    SystemTime::now()
}
