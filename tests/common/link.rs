//! Link: a person's way to the agent or back, which delays, loses, reorders, repeats and stalls.

use super::faults::{Kind, Tally};
use super::random::Random;

/// How bad a link is, for a whole run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quality {
    /// Shortest time on the way, ms.
    pub delay: u64,
    /// Added to it at most, ms.
    pub jitter: u64,
    /// Share lost, permille.
    pub loss: u64,
    /// Share that may overtake others, permille.
    pub reorder: u64,
    /// Share of which a copy comes again later, permille.
    pub replay: u64,
}

/// Messages on their way.
#[derive(Clone, Debug)]
pub struct Link<T> {
    quality: Quality,
    /// Moment of arrival and message, earliest first.
    flying: Vec<(u64, T)>,
    last: u64,
    stalled_until: u64,
}

impl<T: Clone> Link<T> {
    pub fn new(quality: Quality) -> Self {
        Self { quality, flying: Vec::new(), last: 0, stalled_until: 0 }
    }

    pub fn send(&mut self, now: u64, message: T, random: &mut Random, tally: &mut Tally) {
        if random.permille(self.quality.loss) {
            tally.count(Kind::Loss);
            return;
        }
        if random.permille(self.quality.replay) {
            tally.count(Kind::Replay);
            let again = now + random.between(1, 4000);
            self.insert(again, message.clone());
        }
        let arrival = now + self.quality.delay + random.between(0, self.quality.jitter);
        if random.permille(self.quality.reorder) {
            tally.count(Kind::Reorder);
            self.insert(arrival.max(self.stalled_until) + random.between(0, 120), message);
        } else {
            // In order, as TCP does it.
            self.last = arrival.max(self.last).max(self.stalled_until);
            self.insert(self.last, message);
        }
    }

    /// Holds everything until `end`; then it all arrives at once, in order.
    pub fn stall(&mut self, end: u64) {
        self.stalled_until = self.stalled_until.max(end);
        for (arrival, _) in &mut self.flying {
            *arrival = (*arrival).max(end);
        }
    }

    /// Loses what is on its way.
    pub fn cut(&mut self) {
        self.flying.clear();
    }

    /// Moves what has arrived to the end of `arrived`.
    pub fn deliver(&mut self, now: u64, arrived: &mut Vec<T>) {
        if self.flying.first().is_none_or(|(arrival, _)| *arrival > now) {
            return;
        }
        let count = self.flying.partition_point(|(arrival, _)| *arrival <= now);
        arrived.extend(self.flying.drain(..count).map(|(_, message)| message));
    }

    fn insert(&mut self, arrival: u64, message: T) {
        let place = self.flying.partition_point(|(other, _)| *other <= arrival);
        self.flying.insert(place, (arrival, message));
    }
}
