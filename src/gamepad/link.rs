//! ASYNC. The link between whoever reads pads and the agent: wishes one way, what pads must know the other.
//!
//! A stick sample replaces an older one of the same pad that waits. Only a neutral one stays before it: a new seat
//! starts from neutral, and that must not be lost. STOPs come first and are never dropped.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, watch};

use super::pad::{Intent, Known};
use crate::drive::{DriverId, Sample};

/// Wishes that wait at most; the agent reads them at least every 20 ms.
const QUEUE: usize = 64;

/// What the agent hears of a pad.
#[derive(Clone, Debug, PartialEq)]
pub enum Word {
    /// It was plugged in and calls itself so.
    Here(String),
    /// It was unplugged.
    Gone,
    /// What it wants; never a rumble.
    Wants(Intent),
}

/// At most two samples wait: a neutral one, and what came after it.
#[derive(Debug, Default)]
struct Slot {
    neutral: Option<Sample>,
    newest: Option<Sample>,
}

#[derive(Debug, Default)]
struct Waiting {
    stops: BTreeSet<DriverId>,
    queue: Vec<(DriverId, Word)>,
    slots: BTreeMap<DriverId, Slot>,
    here: BTreeSet<DriverId>,
}

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    arrived: Notify,
}

impl Shared {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // A panic elsewhere leaves the lists whole: each change below is one call.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The end of whoever reads pads. When it is dropped, by a panic too, every pad is gone.
#[derive(Debug)]
pub struct PadsEnd {
    shared: Arc<Shared>,
    known: watch::Receiver<Known>,
}

/// The agent's end.
#[derive(Debug)]
pub struct AgentEnd {
    shared: Arc<Shared>,
    known: watch::Sender<Known>,
}

/// Makes a link.
#[must_use]
pub fn link() -> (PadsEnd, AgentEnd) {
    let shared = Arc::new(Shared::default());
    let (known, seen) = watch::channel(Known::default());
    (PadsEnd { shared: shared.clone(), known: seen }, AgentEnd { shared, known })
}

impl PadsEnd {
    /// What the agent last told.
    #[must_use]
    pub fn known(&self) -> Known {
        *self.known.borrow()
    }

    /// Whether nobody listens any more.
    #[must_use]
    pub fn is_deserted(&self) -> bool {
        self.known.has_changed().is_err()
    }

    /// Tells the agent something of a pad.
    pub fn tell(&self, pad: DriverId, word: Word) {
        self.shared.waiting().put(pad, word);
        self.shared.arrived.notify_one();
    }
}

impl Drop for PadsEnd {
    fn drop(&mut self) {
        {
            let mut waiting = self.shared.waiting();
            for pad in std::mem::take(&mut waiting.here) {
                waiting.put(pad, Word::Gone);
            }
        }
        self.shared.arrived.notify_one();
    }
}

impl Waiting {
    fn put(&mut self, pad: DriverId, word: Word) {
        match word {
            Word::Wants(Intent::Stop) => {
                self.stops.insert(pad);
            }
            Word::Wants(Intent::Sample(sample)) => {
                let slot = self.slots.entry(pad).or_default();
                if sample.stick.is_neutral() {
                    *slot = Slot { neutral: Some(sample), newest: None };
                } else {
                    slot.newest = Some(sample);
                }
            }
            Word::Here(_) => {
                self.here.insert(pad);
                self.queue.push((pad, word));
            }
            // Hands pull plugs more slowly than the agent reads: these two need no bound.
            Word::Gone => {
                self.here.remove(&pad);
                self.slots.remove(&pad);
                self.queue.push((pad, word));
            }
            Word::Wants(_) if self.queue.len() < QUEUE => self.queue.push((pad, word)),
            Word::Wants(_) => {}
        }
    }
}

impl AgentEnd {
    /// Waits until something arrives. Safe to cancel.
    pub async fn arrived(&self) {
        self.shared.arrived.notified().await;
    }

    /// Takes everything that waits: arrivals so far, STOPs first of what pads want, samples last.
    #[must_use]
    pub fn take(&self) -> Vec<(DriverId, Word)> {
        let mut waiting = self.shared.waiting();
        let stops = std::mem::take(&mut waiting.stops);
        let queue = std::mem::take(&mut waiting.queue);
        let slots = std::mem::take(&mut waiting.slots);
        drop(waiting);
        let stops = stops.into_iter().map(|pad| (pad, Word::Wants(Intent::Stop)));
        let samples = slots.into_iter().flat_map(|(pad, slot)| {
            let both = slot.neutral.into_iter().chain(slot.newest);
            both.map(move |sample| (pad, Word::Wants(Intent::Sample(sample))))
        });
        let (here, queue): (Vec<_>, Vec<_>) = queue.into_iter().partition(|(_, word)| matches!(word, Word::Here(_)));
        here.into_iter().chain(stops).chain(queue).chain(samples).collect()
    }

    /// Tells pads what they must know; whoever reads late sees only the newest.
    pub fn publish(&self, known: Known) {
        self.known.send_if_modified(|old| std::mem::replace(old, known) != known);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drive::Stick;

    const PAD: DriverId = DriverId(1 << 52);

    fn sample(seq: u32, forward: f64) -> Word {
        let stick = Stick::new(0.0, forward).unwrap();
        Word::Wants(Intent::Sample(Sample { seq, stick, stamp: None, epoch: 1 }))
    }

    fn words(agent: &AgentEnd) -> Vec<Word> {
        agent.take().into_iter().map(|(_, word)| word).collect()
    }

    /// Goal: no backlog of motion can form, and the neutral that a new seat starts from is not lost before it.
    #[test]
    fn newest_sample_waits_and_the_neutral_before_it() {
        let (pads, agent) = link();
        pads.tell(PAD, sample(0, 0.0));
        for seq in 1..100 {
            pads.tell(PAD, sample(seq, 0.5));
        }
        assert_eq!(words(&agent), [sample(0, 0.0), sample(99, 0.5)]);
        pads.tell(PAD, sample(100, 0.5));
        pads.tell(PAD, sample(101, 0.0));
        assert_eq!(words(&agent), [sample(101, 0.0)]);
        assert!(words(&agent).is_empty());
    }

    /// Goal: STOP gets through, and first, whatever else a pad wants; and a pad that is gone drives no more.
    #[test]
    fn stop_overtakes_and_gone_forgets() {
        let (pads, agent) = link();
        pads.tell(PAD, Word::Here("Pad".to_owned()));
        pads.tell(PAD, sample(0, 0.5));
        for _ in 0..1_000 {
            pads.tell(PAD, Word::Wants(Intent::Take));
        }
        pads.tell(PAD, Word::Wants(Intent::Stop));
        pads.tell(PAD, Word::Gone);
        let words = words(&agent);
        assert_eq!(words[..2], [Word::Here("Pad".to_owned()), Word::Wants(Intent::Stop)]);
        assert_eq!(words.last(), Some(&Word::Gone));
        assert!(words.len() < QUEUE + 4);
    }

    /// Goal: whoever reads pads late sees what is true now, and notices that nobody listens any more.
    #[test]
    fn pads_know_the_newest() {
        let (pads, agent) = link();
        for epoch in 0..10 {
            agent.publish(Known { epoch, ..Known::default() });
        }
        assert_eq!(pads.known().epoch, 9);
        assert!(!pads.is_deserted());
        drop(agent);
        assert!(pads.is_deserted());
    }
}
