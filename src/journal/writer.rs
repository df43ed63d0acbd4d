//! Writer: the thread that waits for the disk, so that nobody else does.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::gap::Losses;
use super::place::{Identity, Place};
use super::queue::Item;
use super::rescue::rescue;
use super::retention::Retention;
use super::run::Run;
use super::shared::{Shared, Told};
use super::store::Store;
use super::trouble::Trouble;
use crate::clock::unix_millis;
use crate::time::Time;

/// How long to wait after something did not work: where another program wrote, and otherwise.
const AGAIN_SOON: Duration = Duration::from_millis(50);
const AGAIN: Duration = Duration::from_millis(500);
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
        // One whose name belongs to another file now is closed before that is opened.
        let current = self.store.take().filter(Store::is_current);
        let (mut store, opened) = match current {
            Some(store) => (store, false),
            None => (self.open()?, true),
        };
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

    /// Opens the file; what is damaged is set aside.
    fn open(&mut self) -> Result<Store, Trouble> {
        self.place.prepare()?;
        let run = match self.run.take() {
            Some(run) => run,
            None => Run::begin(self.place.dir(), &self.program)?,
        };
        let run = self.run.insert(run);
        let identity = self.place.identity()?;
        match Store::open(&self.place, run, unix_millis()) {
            Ok((store, written)) => {
                self.shared.written(&mut Vec::new(), written.gaps);
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
            Trouble::Busy | Trouble::Full => {
                self.store = store;
                trouble
            }
            Trouble::Absent | Trouble::Newer(_) | Trouble::Other(_) => trouble,
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
        if self.told.take().is_some() {
            let lost = self.shared.counts().lost;
            tracing::info!(lost, "the log is written again; what is missing is told in it");
        }
    }

    fn trouble(&mut self, trouble: &Trouble) {
        let busy = matches!(trouble, Trouble::Busy);
        self.again = Some(self.shared.now() + if busy { AGAIN_SOON } else { AGAIN });
        if busy {
            // It passes; whoever loses patience is told so by their own clock.
            return;
        }
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

    fn farewell(&mut self) {
        let (Some(store), Some(run)) = (self.store.take(), self.run.take()) else { return };
        if let Err(trouble) = store.close(&run, unix_millis()) {
            self.tell(&trouble);
        }
    }
}
