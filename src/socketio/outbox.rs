//! PURE. What waits to be sent: bounded, and of what changes all the time the newest alone.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;

/// Events and acknowledgements that may wait.
const QUEUE: usize = 256;
/// Bytes of all that waits there.
const BYTES: usize = 512 * 1024;
/// Things that change all the time.
const SLOTS: usize = 256;
/// Packets of the protocol itself.
const URGENT: usize = 4;

/// What was not sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Values that a newer one replaced while they waited.
    pub replaced: u64,
    /// Events, acknowledgements and values for which there was no room.
    pub dropped: u64,
}

/// What waits.
#[derive(Debug)]
pub(super) struct Outbox {
    urgent: VecDeque<String>,
    queue: VecDeque<String>,
    bytes: usize,
    slots: BTreeMap<u64, String>,
    /// The slot that was sent last; the next one after it is next.
    last: Option<u64>,
    most: usize,
    counts: Counts,
}

impl Outbox {
    /// Nothing waits. Packets of more than `most` bytes are not taken.
    pub(super) fn new(most: usize) -> Self {
        let (urgent, queue, slots) = (VecDeque::new(), VecDeque::new(), BTreeMap::new());
        Self { urgent, queue, bytes: 0, slots, last: None, most, counts: Counts::default() }
    }

    /// From now on packets of more than `most` bytes are not taken.
    pub(super) fn bound(&mut self, most: usize) {
        self.most = self.most.min(most);
    }

    /// Sends a packet of the protocol itself before everything else, once if it waits already.
    pub(super) fn say(&mut self, packet: String) {
        if self.urgent.len() < URGENT && !self.urgent.contains(&packet) {
            self.urgent.push_back(packet);
        }
    }

    /// Appends an event or acknowledgement; `false` if there is no room for it.
    pub(super) fn queue(&mut self, packet: String) -> bool {
        let bytes = self.bytes.saturating_add(packet.len());
        let room = packet.len() <= self.most && self.queue.len() < QUEUE && bytes <= BYTES;
        if room {
            self.bytes = bytes;
            self.queue.push_back(packet);
        } else {
            self.counts.dropped += 1;
        }
        room
    }

    /// Puts a value in the place of an older one with this key that still waits.
    pub(super) fn latest(&mut self, key: u64, packet: String) {
        let known = self.slots.contains_key(&key);
        if packet.len() > self.most || (!known && self.slots.len() == SLOTS) {
            self.counts.dropped += 1;
        } else if self.slots.insert(key, packet).is_some() {
            self.counts.replaced += 1;
        }
    }

    /// What is to be sent next: the protocol's own, then events in their order, then the newest values in turn.
    pub(super) fn take(&mut self) -> Option<String> {
        if let Some(packet) = self.urgent.pop_front() {
            return Some(packet);
        }
        if let Some(packet) = self.queue.pop_front() {
            self.bytes -= packet.len();
            return Some(packet);
        }
        let after = self.last.map_or(Bound::Unbounded, Bound::Excluded);
        let next = self.slots.range((after, Bound::Unbounded)).next().or_else(|| self.slots.first_key_value());
        let key = *next?.0;
        self.last = Some(key);
        self.slots.remove(&key)
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.urgent.is_empty() && self.queue.is_empty() && self.slots.is_empty()
    }

    /// What was not sent.
    pub(super) fn counts(&self) -> Counts {
        self.counts
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn outbox() -> Outbox {
        Outbox::new(usize::MAX)
    }

    fn drain(outbox: &mut Outbox) -> Vec<String> {
        std::iter::from_fn(|| outbox.take()).collect()
    }

    /// Goal: a heartbeat is answered however much waits; events keep their order and go before values.
    #[test]
    fn packets_leave_in_order_of_urgency() {
        let mut outbox = outbox();
        outbox.latest(2, "value".into());
        assert!(outbox.queue("first".into()) && outbox.queue("second".into()));
        for _ in 0..100 {
            outbox.say("3".into());
        }
        assert_eq!(drain(&mut outbox), ["3", "first", "second", "value"]);
        assert!(outbox.is_empty());
    }

    /// Goal: of a value that changes while it waits the newest is sent, once; and no value starves another.
    #[test]
    fn newest_value_replaces_and_all_take_turns() {
        let mut outbox = outbox();
        for round in 0..1000 {
            outbox.latest(1, format!("a{round}"));
            outbox.latest(9, format!("b{round}"));
        }
        assert_eq!(outbox.take().unwrap(), "a999");
        outbox.latest(1, "a1000".into());
        assert_eq!(drain(&mut outbox), ["b999", "a1000"]);
        assert_eq!(outbox.counts(), Counts { replaced: 1998, dropped: 0 });
    }

    /// Goal: whatever is put in while nothing gets out, memory is bounded and losses are counted.
    #[test]
    fn everything_is_bounded_and_counted() {
        let mut full = outbox();
        assert_eq!((0..1000).filter(|_| full.queue("x".into())).count(), QUEUE);
        (0..1000).for_each(|key| full.latest(key, "y".into()));
        assert_eq!(full.counts(), Counts { replaced: 0, dropped: 1000 - 256 + 1000 - 256 });
        assert_eq!(drain(&mut full).len(), QUEUE + SLOTS);
        assert!(full.queue("x".into()), "there is room again");

        let mut large = outbox();
        assert!(large.queue("x".repeat(BYTES)) && !large.queue("x".into()));
        assert_eq!(drain(&mut large).len(), 1);
        assert!(large.queue("x".into()));

        let mut narrow = outbox();
        narrow.bound(3);
        assert!(narrow.queue("123".into()) && !narrow.queue("1234".into()));
        narrow.latest(1, "1234".into());
        assert_eq!((drain(&mut narrow).len(), narrow.counts().dropped), (1, 2));
    }

    proptest! {
        /// Goal: every value that is sent is the newest of its key at that moment, and all that waits is sent in the end.
        #[test]
        fn only_the_newest_is_ever_sent(steps in prop::collection::vec((any::<bool>(), 0..5u64), 0..200)) {
            let (mut outbox, mut newest) = (outbox(), BTreeMap::new());
            for (step, (put, key)) in steps.into_iter().enumerate() {
                if put {
                    outbox.latest(key, format!("{key} {step}"));
                    newest.insert(key, format!("{key} {step}"));
                } else if let Some(sent) = outbox.take() {
                    let key = sent.split(' ').next().unwrap().parse().unwrap();
                    prop_assert_eq!(newest.remove(&key), Some(sent));
                }
            }
            let mut left = drain(&mut outbox);
            left.sort_unstable();
            prop_assert_eq!(left, newest.into_values().collect::<Vec<_>>());
        }
    }
}
