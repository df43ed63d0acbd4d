//! What the log's writer shares with those who have something to remember.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use super::gap::{Losses, Why};
use super::queue::{Due, Item, Queue, Room};
use super::record::Record;
use super::{Counts, Kept};
use crate::clock::Clock;
use crate::time::Time;

/// By what whoever waits for a record is told.
pub type Told = oneshot::Sender<Kept>;

/// What both sides see. Nobody holds the lock while anything waits.
#[derive(Debug)]
pub struct Shared {
    state: Mutex<State>,
    news: Condvar,
    clock: Clock,
}

#[derive(Debug)]
struct State {
    queue: Queue<Told>,
    written: u64,
    gaps: u64,
    /// Nothing is taken any more: the log ended, or cannot be.
    off: bool,
    closing: bool,
    /// For those who wait until it has ended.
    closed: Vec<oneshot::Sender<()>>,
}

impl Shared {
    /// Nothing yet.
    pub fn new(room: Room) -> Self {
        let queue = Queue::new(room);
        let state = State { queue, written: 0, gaps: 0, off: false, closing: false, closed: Vec::new() };
        Self { state: Mutex::new(state), news: Condvar::new(), clock: Clock::start() }
    }

    /// Adds a record, if there is room.
    pub fn push(&self, record: Record, at_ms: u64, told: Option<Told>) {
        let item = Item { weight: record.weight(), record, at_ms, told };
        let now = self.clock.now();
        let mut state = self.lock();
        let refused = if state.off {
            state.queue.lose(at_ms, Why::Disk);
            Some(item)
        } else {
            match state.queue.push(item, now) {
                Ok(news) => {
                    if news {
                        self.news.notify_one();
                    }
                    None
                }
                Err(item) => Some(item),
            }
        };
        drop(state);
        // Dropping it frees memory, which is nothing to do under the lock.
        if let Some(told) = refused.and_then(|item| item.told) {
            told.send(Kept::No).ok();
        }
    }

    /// Asks for the end. The answer comes once all that waits is written.
    pub fn close(&self) -> oneshot::Receiver<()> {
        let (closed, ended) = oneshot::channel();
        let mut state = self.lock();
        state.closing = true;
        if state.off {
            closed.send(()).ok();
        } else {
            state.closed.push(closed);
        }
        self.news.notify_one();
        ended
    }

    /// How it goes.
    pub fn counts(&self) -> Counts {
        let state = self.lock();
        let waiting = state.queue.waiting().try_into().unwrap_or(u64::MAX);
        Counts { written: state.written, waiting, lost: state.queue.lost(), gaps: state.gaps }
    }

    /// Now.
    pub fn now(&self) -> Time {
        self.clock.now()
    }

    /// Waits until there is something to write, or until `latest`; if `idle`, until then in any case. Returns whether the end
    /// is asked for.
    pub fn wait(&self, latest: Time, idle: bool) -> bool {
        let mut state = self.lock();
        loop {
            let now = self.clock.now();
            let due = if idle { Due::Never } else { state.queue.due(now) };
            let until = match due {
                Due::Now => now,
                Due::At(time) => time.min(latest),
                Due::Never => latest,
            };
            let left: Duration = until.since(now);
            if state.closing || left.is_zero() {
                return state.closing;
            }
            state = self.news.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Whether the end is asked for.
    pub fn is_closing(&self) -> bool {
        self.lock().closing
    }

    /// Takes all that waits, and what was lost.
    pub fn take(&self, hand: &mut Vec<Item<Told>>) -> Losses {
        self.lock().queue.take(hand)
    }

    /// Tells that all in `hand` is written, and empties it.
    pub fn written(&self, hand: &mut Vec<Item<Told>>, gaps: u64) {
        let bytes = hand.iter().map(|item| item.weight).sum();
        let mut state = self.lock();
        state.queue.release(hand.len(), bytes);
        state.written += u64::try_from(hand.len()).unwrap_or(u64::MAX) + gaps;
        state.gaps += gaps;
        drop(state);
        for told in hand.drain(..).filter_map(|item| item.told) {
            told.send(Kept::Yes).ok();
        }
    }

    /// Gives up those in `hand` that `lost` names: they are lost.
    pub fn give_up(&self, hand: &mut Vec<Item<Told>>, lost: impl Fn(&Item<Told>) -> bool) {
        let (gone, left): (Vec<_>, Vec<_>) = hand.drain(..).partition(lost);
        *hand = left;
        let mut state = self.lock();
        for item in &gone {
            state.queue.release(1, item.weight);
            state.queue.lose(item.at_ms, Why::Disk);
        }
        drop(state);
        for told in gone.into_iter().filter_map(|item| item.told) {
            told.send(Kept::No).ok();
        }
    }

    /// Takes nothing any more, and tells those who wait for the end.
    pub fn end(&self) {
        let mut hand = Vec::new();
        let mut state = self.lock();
        state.off = true;
        state.queue.take(&mut hand);
        let closed = std::mem::take(&mut state.closed);
        drop(state);
        self.give_up(&mut hand, |_| true);
        for closed in closed {
            closed.send(()).ok();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
