//! PURE. Queue: what waits to be written, bounded in number and bytes, with room that is kept for what is critical.

use std::time::Duration;

use super::gap::{Losses, Why};
use super::record::Record;
use crate::time::Time;

/// A record that nobody waits for is written at most this long after it came: with a slow disk's sync a power cut takes
/// less than a second of them.
pub const LINGER: Duration = Duration::from_millis(500);

/// How much may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Records.
    pub records: usize,
    /// Bytes, about.
    pub bytes: usize,
}

impl Room {
    /// Half an hour of a lively class, or ten seconds of the largest records that there can be.
    pub const USUAL: Self = Self { records: 16_384, bytes: 8 << 20 };

    /// The part that ordinary records may take.
    fn ordinary(self) -> Self {
        Self { records: self.records / 4 * 3, bytes: self.bytes / 4 * 3 }
    }

    fn holds(self, other: Self) -> bool {
        other.records <= self.records && other.bytes <= self.bytes
    }
}

/// A record that waits, and by what whoever waits for it is told.
#[derive(Debug)]
pub struct Item<T> {
    /// What happened.
    pub record: Record,
    /// When, ms since 1970.
    pub at_ms: u64,
    /// Bytes, about.
    pub weight: usize,
    /// For whoever waits.
    pub told: Option<T>,
}

/// When there is something to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// At once.
    Now,
    /// Then.
    At(Time),
    /// There is nothing.
    Never,
}

/// What waits, and what did not fit.
#[derive(Debug)]
pub struct Queue<T> {
    room: Room,
    items: Vec<Item<T>>,
    /// What waits here or is in the writer's hands.
    held: Room,
    /// When the oldest one came, and whether one of them is not to linger.
    first: Option<Time>,
    urgent: bool,
    losses: Losses,
    lost: u64,
}

impl<T> Queue<T> {
    /// An empty one.
    #[must_use]
    pub fn new(room: Room) -> Self {
        let held = Room { records: 0, bytes: 0 };
        Self { room, items: Vec::new(), held, first: None, urgent: false, losses: Losses::default(), lost: 0 }
    }

    /// Adds a record. Returns whether the writer must know now.
    ///
    /// # Errors
    /// The record, if there is no room: it is lost and counted.
    #[expect(clippy::result_large_err, reason = "it goes back, to be freed where nobody waits for the lock")]
    pub fn push(&mut self, item: Item<T>, now: Time) -> Result<bool, Item<T>> {
        let critical = item.record.kind.is_critical();
        let room = if critical { self.room } else { self.room.ordinary() };
        let held = Room { records: self.held.records + 1, bytes: self.held.bytes.saturating_add(item.weight) };
        if !room.holds(held) {
            self.lose(item.at_ms, Why::Crowd);
            return Err(item);
        }
        let was = (self.first.is_some(), self.urgent, self.is_crowded());
        self.held = held;
        self.first = self.first.or(Some(now));
        self.urgent |= critical || item.told.is_some();
        self.items.push(item);
        Ok(was != (true, self.urgent, self.is_crowded()))
    }

    /// Counts a record that is lost.
    pub fn lose(&mut self, at_ms: u64, why: Why) {
        self.losses.add(at_ms, why);
        self.lost = self.lost.saturating_add(1);
    }

    /// When what waits is to be written.
    #[must_use]
    pub fn due(&self, now: Time) -> Due {
        let Some(first) = self.first else {
            return if self.losses.count > 0 { Due::Now } else { Due::Never };
        };
        let at = first + LINGER;
        if self.urgent || self.is_crowded() || at <= now { Due::Now } else { Due::At(at) }
    }

    /// Takes all that waits, behind what is in `hand` already. It counts as held until it is [`Queue::release`]d.
    pub fn take(&mut self, hand: &mut Vec<Item<T>>) -> Losses {
        if hand.is_empty() {
            // The two lists take turns, so that neither is allocated again.
            std::mem::swap(hand, &mut self.items);
        } else {
            hand.append(&mut self.items);
        }
        (self.first, self.urgent) = (None, false);
        std::mem::take(&mut self.losses)
    }

    /// Forgets a record that was taken.
    pub fn release(&mut self, records: usize, bytes: usize) {
        self.held.records = self.held.records.saturating_sub(records);
        self.held.bytes = self.held.bytes.saturating_sub(bytes);
    }

    /// Records that wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.held.records
    }

    /// Records lost, since the start.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// Half full: then waiting any longer may lose some.
    fn is_crowded(&self) -> bool {
        let half = Room { records: self.room.records / 2, bytes: self.room.bytes / 2 };
        !half.holds(self.held)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::journal::Kind;

    fn item(kind: Kind, told: Option<()>, weight: usize) -> Item<()> {
        Item { record: Record::new(kind, ""), at_ms: 1, weight, told }
    }

    fn small() -> Queue<()> {
        Queue::new(Room { records: 8, bytes: 800 })
    }

    /// Goal: when chat fills the log's queue, a STOP still gets in; and bytes count as well as records.
    #[test]
    fn room_is_kept_for_what_is_critical() {
        for weight in [1, 100] {
            let mut queue = small();
            let fits = (0..8).filter(|_| queue.push(item(Kind::Chat, None, weight), Time::ZERO).is_ok()).count();
            assert_eq!(fits, 6);
            assert!(queue.push(item(Kind::Stop, None, weight), Time::ZERO).is_ok());
            assert!(queue.push(item(Kind::Seat, None, weight), Time::ZERO).is_ok());
            assert!(queue.push(item(Kind::Stop, None, weight), Time::ZERO).is_err());
            assert_eq!(queue.lost(), 3);
        }
        assert!(small().push(item(Kind::Stop, None, 801), Time::ZERO).is_err());
    }

    /// Goal: a record lingers half a second at most, and not at all if somebody waits or it is critical.
    #[test]
    fn what_nobody_waits_for_lingers() {
        let mut queue = small();
        assert_eq!(queue.due(Time::ZERO), Due::Never);
        assert_eq!(queue.push(item(Kind::Chat, None, 1), Time::from_millis(10)).ok(), Some(true));
        assert_eq!(queue.push(item(Kind::Chat, None, 1), Time::from_millis(20)).ok(), Some(false), "it knows already");
        assert_eq!(queue.due(Time::from_millis(20)), Due::At(Time::from_millis(510)));
        assert_eq!(queue.due(Time::from_millis(510)), Due::Now);
        for urgent in [item(Kind::Chat, Some(()), 1), item(Kind::Stop, None, 1)] {
            let mut queue = small();
            assert!(queue.push(item(Kind::Chat, None, 1), Time::ZERO).is_ok());
            assert_eq!(queue.push(urgent, Time::ZERO).ok(), Some(true));
            assert_eq!(queue.due(Time::ZERO), Due::Now);
        }
    }

    /// Goal: losses are told even if nothing else comes.
    #[test]
    fn losses_alone_are_something_to_write() {
        let mut queue = small();
        queue.lose(5, Why::Disk);
        assert_eq!(queue.due(Time::ZERO), Due::Now);
        let mut hand = Vec::new();
        assert_eq!(queue.take(&mut hand).count, 1);
        assert_eq!(queue.due(Time::ZERO), Due::Never);
    }

    proptest! {
        /// Goal: whatever comes and goes, no bound is passed, every record is either held or lost, and order is kept.
        #[test]
        fn bounds_hold(steps in prop::collection::vec((0..4u8, 0..300usize), 0..60)) {
            let (mut queue, mut hand, mut pushed, mut kept) = (small(), Vec::new(), 0u64, 0u64);
            for (what, weight) in steps {
                match what {
                    0 => drop(queue.take(&mut hand)),
                    1 => {
                        let bytes = hand.iter().map(|item: &Item<()>| item.weight).sum();
                        queue.release(hand.len(), bytes);
                        hand.clear();
                    }
                    _ => {
                        let kind = if what == 2 { Kind::Chat } else { Kind::Stop };
                        let new = Item { at_ms: pushed, ..item(kind, None, weight) };
                        pushed += 1;
                        kept += u64::from(queue.push(new, Time::ZERO).is_ok());
                    }
                }
                prop_assert_eq!(kept + queue.lost(), pushed);
                prop_assert!(queue.held.records <= 8 && queue.held.bytes <= 800);
                prop_assert_eq!(queue.held.records, queue.items.len() + hand.len());
                prop_assert!(hand.iter().chain(&queue.items).is_sorted_by_key(|item| item.at_ms));
            }
        }
    }
}
