//! The message log: what was said and done, who drove, and why it stopped, in a file that outlives the program.

pub mod chain;
pub mod filter;
pub mod gap;
pub mod local_time;
mod place;
pub mod queue;
pub mod reader;
pub mod record;
mod rescue;
pub mod retention;
pub mod row;
mod run;
mod schema;
mod shared;
mod store;
mod table;
pub mod telling;
pub mod trouble;
pub mod verify;
mod writer;

use std::future::{Future, ready};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use futures_util::future::Either;
use tokio::sync::oneshot;
use tokio::time::timeout;

use self::place::Place;
use self::queue::Room;
use self::reader::{Reader, Search};
pub use self::record::{Doer, Kind, Record};
pub use self::retention::Retention;
use self::shared::Shared;
use self::writer::Writer;
use crate::clock::unix_millis;
use crate::protocol::journal::{LogReply, LogRequest};

/// How long anybody waits for a record to be kept, and for a search.
const PATIENCE: Duration = Duration::from_secs(5);
/// Searches that may wait.
const SEARCHES: usize = 8;

/// The way into the log, for whoever has something to remember. Nothing here waits for a disk.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    /// `None`: it remembers nothing.
    open: Option<Arc<Open>>,
}

#[derive(Debug)]
struct Open {
    shared: Arc<Shared>,
    searches: SyncSender<Search>,
}

impl Drop for Open {
    /// Whoever does not wait for the end by [`Journal::close`] has a moment of luck at most.
    fn drop(&mut self) {
        drop(self.shared.close());
    }
}

/// What the log is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The data folder, in which it has one of its own.
    pub data: PathBuf,
    /// What program this is, in the words that started it.
    pub program: String,
    /// How long and how much it remembers.
    pub retention: Retention,
}

/// What became of a record that somebody waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It is on stable storage.
    Yes,
    /// It is lost, and part of a gap that the log will tell of; or there is no log; or the disk did not answer for five
    /// seconds, and nobody knows.
    No,
}

/// How it goes, since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Records written.
    pub written: u64,
    /// Records that wait.
    pub waiting: u64,
    /// Records lost.
    pub lost: u64,
    /// Gaps in the log.
    pub gaps: u64,
}

impl Journal {
    /// A log that remembers nothing.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Begins to remember. The file is opened, checked and written by a thread of its own; whatever is wrong with it is
    /// said, and keeps nobody from driving.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn open(settings: Settings) -> io::Result<Self> {
        let Settings { data, program, retention } = settings;
        let shared = Arc::new(Shared::new(Room::USUAL));
        let writer = Writer::new(Arc::clone(&shared), Place::below(&data), program, retention);
        thread::Builder::new().name("log".into()).spawn(|| writer.work())?;
        let (searches, queue) = sync_channel(SEARCHES);
        let reader = Reader::below(&data);
        thread::Builder::new().name("log search".into()).spawn(move || reader::serve(reader, &queue))?;
        Ok(Self { open: Some(Arc::new(Open { shared, searches })) })
    }

    /// Whether it remembers anything.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.open.is_some()
    }

    /// Remembers something, soon: within a second it is on stable storage, if the disk plays along.
    pub fn note(&self, record: Record) {
        if let Some(open) = &self.open {
            open.shared.push(record, unix_millis(), None);
        }
    }

    /// Remembers something as soon as possible, and tells when that is done. It is done whether or not anybody waits.
    pub fn keep(&self, record: Record) -> impl Future<Output = Kept> + Send + 'static {
        let Some(open) = &self.open else { return Either::Left(ready(Kept::No)) };
        let (told, kept) = oneshot::channel();
        open.shared.push(record, unix_millis(), Some(told));
        Either::Right(async { timeout(PATIENCE, kept).await.ok().and_then(Result::ok).unwrap_or(Kept::No) })
    }

    /// Searches the log, on a thread that may wait for the disk.
    pub fn search(&self, request: LogRequest) -> impl Future<Output = LogReply> + Send + 'static {
        let refused = |why: &str| LogReply { ok: false, why: Some(why.to_owned()), ..LogReply::default() };
        let Some(open) = &self.open else {
            return Either::Left(ready(refused("there is no log: `on` in [log] of the configuration is false")));
        };
        let (reply, answer) = oneshot::channel();
        if open.searches.try_send(Search { request, reply }).is_err() {
            return Either::Left(ready(refused("others search the log at the moment: try again")));
        }
        Either::Right(async move {
            let answered = timeout(PATIENCE, answer).await.ok().and_then(Result::ok);
            answered.unwrap_or_else(|| refused("the disk does not answer: try again"))
        })
    }

    /// How it goes.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.open.as_ref().map(|open| open.shared.counts()).unwrap_or_default()
    }

    /// Writes what waits and ends. A disk that hangs delays that by `within` at most; then the next program tells in
    /// the log that this one's last second may be missing. Returns whether all is written.
    pub fn close(&self, within: Duration) -> impl Future<Output = bool> + Send + 'static {
        let Some(open) = &self.open else { return Either::Left(ready(true)) };
        let ended = open.shared.close();
        Either::Right(async move { timeout(within, ended).await.is_ok() })
    }
}
