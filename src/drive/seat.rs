//! PURE. The seat: who drives. One at a time, by priority, with an epoch for every change.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::time::Time;

/// Drivers who may wait for the seat at most.
const QUEUE: usize = 32;

/// One who drives or wants to: a connection to the relay, or a gamepad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DriverId(pub u64);

/// Where a driver's commands come from, lowest priority first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A page or a program over the network.
    Network,
    /// A gamepad on the robot's own machine.
    Gamepad,
}

/// The answer to a wish for the seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    /// It was free and is now the driver's.
    Granted,
    /// The driver has it already.
    Renewed,
    /// It was taken from a driver of lower priority.
    Preempted {
        /// Who had it.
        from: DriverId,
    },
    /// Someone of the same or a higher priority has it.
    Refused {
        /// Who has it.
        holder: DriverId,
    },
    /// The driver waits for it.
    Queued {
        /// Place in the queue, from 1.
        position: usize,
    },
}

/// What the seat knows of its holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Holder {
    driver: DriverId,
    source: Source,
    heard: Time,
}

/// The seat of one robot.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Seat {
    holder: Option<Holder>,
    epoch: u32,
    queue: Vec<(DriverId, Source)>,
    timeout: Duration,
}

impl Seat {
    /// A free seat. It frees itself `timeout` after its holder was last heard of.
    #[must_use]
    pub fn new(timeout: Duration) -> Self {
        Self { holder: None, epoch: 0, queue: Vec::new(), timeout }
    }

    /// Who drives.
    #[must_use]
    pub fn holder(&self) -> Option<DriverId> {
        self.holder.map(|holder| holder.driver)
    }

    /// Grows at every change of holder; 0 before the first.
    #[must_use]
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Who waits, first first.
    pub fn queue(&self) -> impl Iterator<Item = DriverId> + '_ {
        self.queue.iter().map(|(driver, _)| *driver)
    }

    /// Gives the seat to `driver` if it is free or held with a lower priority. Who is pushed off is the next to drive:
    /// whoever has a higher priority is expected to borrow the seat. If the queue is full, its last has to go.
    pub fn take(&mut self, now: Time, driver: DriverId, source: Source) -> Grant {
        match self.holder {
            Some(holder) if holder.driver == driver => {
                self.heard(now, driver);
                Grant::Renewed
            }
            Some(holder) if holder.source >= source => Grant::Refused { holder: holder.driver },
            Some(holder) => {
                self.seat(now, driver, source);
                self.queue.truncate(QUEUE - 1);
                self.queue.insert(0, (holder.driver, holder.source));
                Grant::Preempted { from: holder.driver }
            }
            None => {
                self.seat(now, driver, source);
                Grant::Granted
            }
        }
    }

    /// Puts `driver` in the queue, or in the seat if it is free.
    pub fn ask(&mut self, now: Time, driver: DriverId, source: Source) -> Grant {
        match self.take(now, driver, source) {
            Grant::Refused { holder } => {
                if !self.queue().any(|waiting| waiting == driver) {
                    if self.queue.len() >= QUEUE {
                        return Grant::Refused { holder };
                    }
                    self.queue.push((driver, source));
                }
                let ahead = self.queue().take_while(|waiting| *waiting != driver).count();
                Grant::Queued { position: ahead + 1 }
            }
            grant @ (Grant::Granted | Grant::Renewed | Grant::Preempted { .. } | Grant::Queued { .. }) => grant,
        }
    }

    /// Hands the seat from its holder to someone else. `false` if `from` does not hold it.
    pub fn give(&mut self, now: Time, from: DriverId, to: DriverId) -> bool {
        if self.holder() != Some(from) || from == to {
            return false;
        }
        let source = self.queue.iter().find(|(driver, _)| *driver == to).map_or(Source::Network, |(_, source)| *source);
        self.seat(now, to, source);
        true
    }

    /// Leaves the seat or the queue; the first who waits gets a seat that is left. `false` if
    /// `driver` was in neither.
    pub fn leave(&mut self, now: Time, driver: DriverId) -> bool {
        let waiting = self.queue.len();
        self.queue.retain(|(other, _)| *other != driver);
        if self.holder() == Some(driver) {
            self.vacate(now);
            return true;
        }
        self.queue.len() < waiting
    }

    /// Notes a sign of life of the holder.
    pub fn heard(&mut self, now: Time, driver: DriverId) {
        if let Some(holder) = self.holder.as_mut().filter(|holder| holder.driver == driver) {
            holder.heard = now;
        }
    }

    /// Frees the seat if its holder has been silent for the timeout. Returns who lost it.
    pub fn expire(&mut self, now: Time) -> Option<DriverId> {
        let silent = self.holder.filter(|holder| now.since(holder.heard) >= self.timeout)?;
        self.vacate(now);
        Some(silent.driver)
    }

    fn vacate(&mut self, now: Time) {
        if self.queue.is_empty() {
            self.holder = None;
            self.epoch = self.epoch.wrapping_add(1);
        } else {
            let (driver, source) = self.queue.remove(0);
            self.seat(now, driver, source);
        }
    }

    fn seat(&mut self, now: Time, driver: DriverId, source: Source) {
        self.queue.retain(|(other, _)| *other != driver);
        self.holder = Some(Holder { driver, source, heard: now });
        self.epoch = self.epoch.wrapping_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECOND: Duration = Duration::from_secs(1);
    const ANNE: DriverId = DriverId(1);
    const BOB: DriverId = DriverId(2);
    const PAD: DriverId = DriverId(3);

    /// Goal: an equal cannot push another off the seat; a gamepad beside the robot can.
    #[test]
    fn seat_goes_by_priority() {
        let mut seat = Seat::new(SECOND);
        assert_eq!(seat.take(Time::ZERO, ANNE, Source::Network), Grant::Granted);
        assert_eq!(seat.take(Time::ZERO, BOB, Source::Network), Grant::Refused { holder: ANNE });
        assert_eq!(seat.take(Time::ZERO, PAD, Source::Gamepad), Grant::Preempted { from: ANNE });
        assert_eq!(seat.take(Time::ZERO, ANNE, Source::Network), Grant::Refused { holder: PAD });
    }

    /// Goal: a pad that rests gives the seat back to whom it took it from, not to who asked meanwhile.
    #[test]
    fn whoever_is_pushed_off_drives_next() {
        let mut seat = Seat::new(SECOND);
        seat.take(Time::ZERO, ANNE, Source::Network);
        seat.ask(Time::ZERO, BOB, Source::Network);
        seat.take(Time::ZERO, PAD, Source::Gamepad);
        assert_eq!(seat.queue().collect::<Vec<_>>(), [ANNE, BOB]);
        assert_eq!(seat.ask(Time::ZERO, ANNE, Source::Network), Grant::Queued { position: 1 });
        seat.leave(Time::ZERO, PAD);
        assert_eq!(seat.holder(), Some(ANNE));
        seat.take(Time::ZERO, PAD, Source::Gamepad);
        seat.leave(Time::ZERO, ANNE);
        seat.expire(Time::from_millis(1_000));
        assert_eq!(seat.holder(), Some(BOB), "who has gone meanwhile waits no more");
    }

    /// Goal: pushing people off makes no queue longer than it may be.
    #[test]
    fn queue_stays_bounded() {
        let mut seat = Seat::new(SECOND);
        for pad in 1_000..1_100 {
            seat.take(Time::ZERO, DriverId(1), Source::Network);
            for who in 2..100 {
                seat.ask(Time::ZERO, DriverId(who), Source::Network);
            }
            let first = seat.holder().unwrap();
            seat.take(Time::ZERO, DriverId(pad), Source::Gamepad);
            assert_eq!((seat.queue().count(), seat.queue().next()), (QUEUE, Some(first)));
            // Given to someone who did not wait, the queue keeps its length; the next push must not lengthen it.
            seat.give(Time::ZERO, DriverId(pad), DriverId(pad + 1_000));
        }
    }

    /// Goal: I7, the seat expires one second after its holder's last sign of life.
    #[test]
    fn silence_frees_the_seat() {
        let mut seat = Seat::new(SECOND);
        seat.take(Time::ZERO, ANNE, Source::Network);
        seat.heard(Time::from_millis(500), ANNE);
        seat.heard(Time::from_millis(900), BOB);
        assert_eq!(seat.expire(Time::from_millis(1499)), None);
        assert_eq!(seat.expire(Time::from_millis(1500)), Some(ANNE));
        assert_eq!(seat.holder(), None);
    }

    /// Goal: whoever asked first drives next, and is asked only once.
    #[test]
    fn queue_is_served_in_order() {
        let mut seat = Seat::new(SECOND);
        seat.take(Time::ZERO, ANNE, Source::Network);
        assert_eq!(seat.ask(Time::ZERO, BOB, Source::Network), Grant::Queued { position: 1 });
        assert_eq!(seat.ask(Time::ZERO, PAD, Source::Network), Grant::Queued { position: 2 });
        assert_eq!(seat.ask(Time::ZERO, BOB, Source::Network), Grant::Queued { position: 1 });
        assert!(seat.leave(Time::ZERO, ANNE));
        assert_eq!(seat.holder(), Some(BOB));
        assert_eq!(seat.queue().collect::<Vec<_>>(), [PAD]);
        assert!(!seat.give(Time::ZERO, PAD, ANNE), "only the holder gives");
        assert!(seat.give(Time::ZERO, BOB, PAD));
        assert_eq!(seat.queue().count(), 0);
    }

    proptest! {
        /// Goal: whatever happens, every change of holder has a new epoch, and no one waits twice or
        /// waits while driving.
        #[test]
        fn epoch_changes_with_the_holder(steps in prop::collection::vec((0u8..6, 1u64..6, 0u64..700), 1..200)) {
            let mut seat = Seat::new(SECOND);
            let mut now = Time::ZERO;
            for (what, who, ms) in steps {
                now = now + Duration::from_millis(ms);
                let driver = DriverId(who);
                let source = if who == 5 { Source::Gamepad } else { Source::Network };
                let (holder, epoch) = (seat.holder(), seat.epoch());
                match what {
                    0 => drop(seat.take(now, driver, source)),
                    1 => drop(seat.ask(now, driver, source)),
                    2 => drop(seat.leave(now, driver)),
                    3 => drop(seat.give(now, driver, DriverId(who % 5 + 1))),
                    4 => seat.heard(now, driver),
                    _ => drop(seat.expire(now)),
                }
                prop_assert_eq!(holder == seat.holder(), epoch == seat.epoch());
                let mut waiting: Vec<_> = seat.queue().collect();
                prop_assert!(!waiting.iter().any(|other| Some(*other) == seat.holder()));
                let all = waiting.len();
                waiting.sort();
                waiting.dedup();
                prop_assert_eq!(all, waiting.len());
            }
        }
    }
}
