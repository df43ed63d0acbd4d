//! Writer: the thread that waits for the disk, so that nobody else does.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::chain::Break;
use super::gap::Losses;
use super::place::{Identity, Place};
use super::queue::Item;
use super::rescue::rescue;
use super::retention::Retention;
use super::run::Run;
use super::shared::{Shared, Told};
use super::store::{Gone, Store};
use super::trouble::Trouble;
use crate::clock::unix_millis;
use crate::time::Time;

/// How long to wait after something did not work: where another program wrote, and otherwise.
const AGAIN_SOON: Duration = Duration::from_millis(50);
const AGAIN: Duration = Duration::from_millis(500);
/// The longest pause before a file that cannot be opened is opened again, which reads all of it.
const REOPEN: Duration = Duration::from_secs(30);
/// How long another program may hold the file before that is said.
const BUSY: Duration = Duration::from_secs(2);
/// How often retention looks, and how soon again while it removes.
const TIDY: Duration = Duration::from_mins(1);
const TIDY_ON: Duration = Duration::from_millis(20);
/// A disk that damages the log again and again is not to be filled with what was set aside.
const RESCUES: u32 = 3;
/// How often writing is tried once the end is asked for.
const LAST_TRIES: u32 = 5;

/// The thread's own things.
#[derive(Debug)]
pub struct Writer {
    shared: Arc<Shared>,
    place: Place,
    program: String,
    retention: Retention,
    run: Option<Run>,
    store: Option<Store>,
    /// What was taken from the queue and is not written yet.
    hand: Vec<Item<Told>>,
    losses: Losses,
    rescues: u32,
    last_tries: u32,
    /// Not before, after something did not work.
    again: Option<Time>,
    tidy: Time,
    /// What was said of the last trouble.
    told: Option<String>,
    /// Since when another program holds the file.
    busy: Option<Time>,
    /// Why the file could not be opened; it is not tried again before then, and how long that pause is.
    shut: Option<(String, Time, Duration)>,
    /// What was said of entries that somebody changed.
    broken: Option<Break>,
    /// A file that somebody took away, which is not told in the new one yet.
    gone: Option<Gone>,
}

impl Writer {
    /// Not yet at work.
    pub fn new(shared: Arc<Shared>, place: Place, program: String, retention: Retention) -> Self {
        Self {
            shared,
            place,
            program,
            retention,
            run: None,
            store: None,
            hand: Vec::new(),
            losses: Losses::default(),
            rescues: 0,
            last_tries: LAST_TRIES,
            // The file is opened at once, whether or not there is anything to write.
            again: Some(Time::ZERO),
            tidy: Time::ZERO,
            told: None,
            busy: None,
            shut: None,
            broken: None,
            gone: None,
        }
    }

    /// Works until the end is asked for, or the file is one that it must not touch.
    pub fn work(mut self) {
        loop {
            let closing = self.shared.wait(self.again.unwrap_or(self.tidy), self.again.is_some());
            self.losses.merge(self.shared.take(&mut self.hand));
            match self.write() {
                Ok(()) => self.fine(),
                Err(trouble @ Trouble::Newer(_)) => {
                    self.tell(&trouble);
                    break;
                }
                Err(trouble) => self.trouble(&trouble),
            }
            if self.rescues > RESCUES || closing && (self.again.is_none() || self.last_tries == 0) {
                break;
            }
            if closing {
                // What is in the way may be another program, which is done soon.
                self.last_tries -= 1;
                thread::park_timeout(AGAIN_SOON);
            }
        }
        self.farewell();
        self.shared.give_up(&mut self.hand, |_| true);
        self.shared.end();
    }

    /// Writes what is in the hand, and tidies if it is time.
    fn write(&mut self) -> Result<(), Trouble> {
        let seen = self.run.as_ref().is_some_and(Run::is_seen);
        let (mut store, opened) = match self.current() {
            Some(store) if seen => (store, false),
            other => {
                drop(other);
                (self.reopen()?, true)
            }
        };
        if let Some(gone) = &self.gone {
            match store.tell_of(gone, unix_millis()) {
                Ok(written) => self.shared.written(&mut Vec::new(), written.gaps),
                Err(trouble) => return Err(self.judge(Some(store), trouble)),
            }
            self.gone = None;
        }
        if !self.hand.is_empty() || self.losses.count > 0 {
            let gaps = match store.append(&self.hand, &self.losses, unix_millis()) {
                Ok(written) => written.gaps,
                Err(trouble) => return Err(self.judge(Some(store), trouble)),
            };
            self.losses = Losses::default();
            self.shared.written(&mut self.hand, gaps);
        }
        // Whoever waits for the end does not wait for this.
        let now = self.shared.now();
        if (self.tidy <= now || opened) && !self.shared.is_closing() {
            let more = match store.tidy(&self.retention, unix_millis()) {
                Ok(more) => more,
                Err(trouble) => return Err(self.judge(Some(store), trouble)),
            };
            self.tidy = self.shared.now() + if more { TIDY_ON } else { TIDY };
        }
        self.store = Some(store);
        Ok(())
    }

    /// The open file, if it still has the name. If it has not, it is closed before another one is opened.
    fn current(&mut self) -> Option<Store> {
        let store = self.store.take()?;
        if store.is_current() {
            return Some(store);
        }
        if let Some(gone) = store.gone() {
            let file = self.place.file().display().to_string();
            tracing::error!(file, "the log goes on in a new file: {}", gone.why());
            self.gone = Some(gone);
        }
        None
    }

    /// Opens the file, but not again and again: that reads all of it.
    fn reopen(&mut self) -> Result<Store, Trouble> {
        let now = self.shared.now();
        let pause = match &self.shut {
            Some((why, again, _)) if now < *again && !self.shared.is_closing() => {
                return Err(Trouble::Other(why.clone()));
            }
            shut => shut.as_ref().map_or(AGAIN, |(_, _, pause)| (*pause * 2).min(REOPEN)),
        };
        let opened = self.open();
        self.shut = match &opened {
            Err(Trouble::Other(why)) => Some((why.clone(), now + pause, pause)),
            _ => None,
        };
        opened
    }

    /// Opens the file; what is damaged is set aside.
    fn open(&mut self) -> Result<Store, Trouble> {
        self.place.prepare()?;
        let run = match self.run.take() {
            Some(run) => run,
            None => Run::begin(self.place.dir(), &self.program)?,
        };
        let run = self.run.insert(run);
        run.show()?;
        let identity = self.place.identity()?;
        match Store::open(&self.place, run, unix_millis()) {
            Ok((store, written)) => {
                self.shared.written(&mut Vec::new(), written.gaps);
                self.tell_broken(written.broken);
                Ok(store)
            }
            Err(Trouble::Damaged(why)) => {
                self.set_aside(identity, &why)?;
                Err(Trouble::Busy)
            }
            Err(trouble) => Err(trouble),
        }
    }

    /// What to do about trouble with an open file, which is kept unless it must be opened again.
    fn judge(&mut self, store: Option<Store>, trouble: Trouble) -> Trouble {
        match trouble {
            Trouble::Damaged(why) => {
                let identity = store.as_ref().map(Store::identity);
                // Nobody of ours may have it open while it is exchanged.
                drop(store);
                match identity.map_or(Ok(()), |identity| self.set_aside(identity, &why)) {
                    Ok(()) => Trouble::Busy,
                    Err(trouble) => trouble,
                }
            }
            Trouble::Busy | Trouble::Full | Trouble::Other(_) => {
                self.store = store;
                trouble
            }
            Trouble::Absent | Trouble::Newer(_) => trouble,
        }
    }

    fn set_aside(&mut self, damaged: Identity, why: &str) -> Result<(), Trouble> {
        self.rescues += 1;
        if self.rescues > RESCUES {
            return Err(Trouble::Other(format!("it was damaged {RESCUES} times already, now again: {why}")));
        }
        let Some(run) = &self.run else { return Ok(()) };
        let gaps = rescue(&self.place, run, damaged, why, unix_millis())?;
        self.shared.written(&mut Vec::new(), gaps);
        Ok(())
    }

    fn fine(&mut self) {
        self.again = None;
        self.busy = None;
        if self.told.take().is_some() {
            let lost = self.shared.counts().lost;
            tracing::info!(lost, "the log is written again; what is missing is told in it");
        }
    }

    fn trouble(&mut self, trouble: &Trouble) {
        let busy = matches!(trouble, Trouble::Busy);
        self.again = Some(self.shared.now() + if busy { AGAIN_SOON } else { AGAIN });
        if busy {
            // It passes, mostly; whoever loses patience is told so by their own clock.
            let now = self.shared.now();
            if now.since(*self.busy.get_or_insert(now)) >= BUSY {
                self.tell(trouble);
            }
            return;
        }
        self.busy = None;
        self.tell(trouble);
        // Who waits is told now, and what they waited for is lost, so that what they were told is true. What nobody waits for
        // may still find room.
        self.shared.give_up(&mut self.hand, |item| item.told.as_ref().is_some_and(|told| !told.is_closed()));
    }

    /// Says what is wrong, once.
    fn tell(&mut self, trouble: &Trouble) {
        let said = format!("{trouble}: {}", trouble.advice());
        if self.told.as_ref() != Some(&said) {
            let file = self.place.file().display().to_string();
            tracing::error!(file, "the log cannot be written: {said}");
            self.told = Some(said);
        }
    }

    /// Says once which entry somebody changed.
    fn tell_broken(&mut self, broken: Option<Break>) {
        let said = std::mem::replace(&mut self.broken, broken);
        if let Some(broken) = broken.filter(|_| said != broken) {
            let file = self.place.file().display().to_string();
            tracing::error!(
                file,
                "the log was changed after it was written: {broken}; `joywire log verify` checks all of it"
            );
        }
    }

    fn farewell(&mut self) {
        let (Some(store), Some(run)) = (self.store.take(), self.run.take()) else { return };
        if let Err(trouble) = store.close(&run, unix_millis()) {
            self.tell(&trouble);
        }
    }
}
