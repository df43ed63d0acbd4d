//! The seat against a plain account of it: phones and pads, in any order.

use std::time::Duration;

use joywire::drive::{DriverId, Grant, Seat, Source};
use joywire::time::Time;
use proptest::prelude::*;

/// Who may wait at most; small enough to be reached, as everybody of this play may.
const PLACES: usize = 32;
/// Drivers from here on are pads.
const PADS: u64 = 100;

#[derive(Clone, Debug)]
enum Event {
    Take(u64),
    Ask(u64),
    Leave(u64),
    Give(u64, u64),
    Heard(u64),
    Pass(u64),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    // Few who fight for it, and a crowd that fills the queue.
    let driver = || prop_oneof![3 => 1..5u64, 1 => 1..45u64, 2 => PADS..PADS + 3];
    let event = prop_oneof![
        4 => driver().prop_map(Event::Take),
        6 => driver().prop_map(Event::Ask),
        2 => driver().prop_map(Event::Leave),
        2 => (driver(), driver()).prop_map(|(from, to)| Event::Give(from, to)),
        3 => driver().prop_map(Event::Heard),
        3 => (1..700u64).prop_map(Event::Pass),
    ];
    prop::collection::vec(event, 1..250)
}

fn source(driver: u64) -> Source {
    if driver >= PADS { Source::Gamepad } else { Source::Network }
}

/// One line: first who drives, then who waits. Whether a driver counts as a pad is kept beside it, since one who is
/// given the seat without having asked drives as anybody does.
#[derive(Default)]
struct Line {
    all: Vec<(u64, bool)>,
    driven: bool,
    heard: u64,
    changes: u32,
}

impl Line {
    fn holder(&self) -> Option<(u64, bool)> {
        self.all.first().copied().filter(|_| self.driven)
    }

    fn waiting(&self) -> &[(u64, bool)] {
        &self.all[usize::from(self.driven)..]
    }

    /// Puts someone at the front, to drive.
    fn seat(&mut self, now: u64, driver: u64, pad: bool) {
        self.all.retain(|(other, _)| *other != driver);
        self.all.insert(0, (driver, pad));
        self.driven = true;
        self.heard = now;
        self.changes += 1;
    }

    fn take(&mut self, now: u64, driver: u64) -> bool {
        let pad = driver >= PADS;
        match self.holder() {
            Some((holder, _)) if holder == driver => self.heard = now,
            Some((_, true)) => return false,
            Some((_, false)) if !pad => return false,
            // The one before stays in the line, now second: the next to drive.
            Some(_) | None => self.seat(now, driver, pad),
        }
        self.all.truncate(PLACES + 1);
        true
    }

    fn ask(&mut self, now: u64, driver: u64) {
        let known = self.all.iter().any(|(other, _)| *other == driver);
        if !self.take(now, driver) && !known && self.waiting().len() < PLACES {
            self.all.push((driver, driver >= PADS));
        }
    }

    fn leave(&mut self, now: u64, driver: u64) {
        let drove = self.holder().is_some_and(|(holder, _)| holder == driver);
        self.all.retain(|(other, _)| *other != driver);
        if drove {
            self.next(now);
        }
    }

    fn give(&mut self, now: u64, from: u64, to: u64) {
        if from == to || self.holder().is_none_or(|(holder, _)| holder != from) {
            return;
        }
        let pad = self.all.contains(&(to, true));
        self.all.remove(0);
        self.seat(now, to, pad);
    }

    fn expire(&mut self, now: u64) {
        if self.driven && now - self.heard >= 1_000 {
            self.all.remove(0);
            self.next(now);
        }
    }

    /// The front of the line drives, if there is one.
    fn next(&mut self, now: u64) {
        self.driven = !self.all.is_empty();
        self.heard = now;
        self.changes += 1;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]
    /// Goal: whatever phones and pads do, the seat is whose a plain account says, and so are the places in its queue.
    #[test]
    fn seat_agrees_with_a_plain_account_of_it(events in events()) {
        let (mut seat, mut line, mut now) = (Seat::new(Duration::from_secs(1)), Line::default(), 0);
        for event in events {
            let moment = Time::from_millis(now);
            match event {
                Event::Take(who) => {
                    let refused = matches!(seat.take(moment, DriverId(who), source(who)), Grant::Refused { .. });
                    prop_assert_eq!(refused, !line.take(now, who));
                }
                Event::Ask(who) => {
                    let grant = seat.ask(moment, DriverId(who), source(who));
                    line.ask(now, who);
                    let place = line.waiting().iter().position(|(other, _)| *other == who);
                    let told = if let Grant::Queued { position } = grant { Some(position - 1) } else { None };
                    prop_assert_eq!(told, place);
                }
                Event::Leave(who) => {
                    seat.leave(moment, DriverId(who));
                    line.leave(now, who);
                }
                Event::Give(from, to) => {
                    seat.give(moment, DriverId(from), DriverId(to));
                    line.give(now, from, to);
                }
                Event::Heard(who) => {
                    seat.heard(moment, DriverId(who));
                    if line.holder().is_some_and(|(holder, _)| holder == who) {
                        line.heard = now;
                    }
                }
                Event::Pass(ms) => {
                    now += ms;
                    seat.expire(Time::from_millis(now));
                    line.expire(now);
                }
            }
            prop_assert_eq!(seat.holder(), line.holder().map(|(who, _)| DriverId(who)));
            prop_assert_eq!(seat.epoch(), line.changes);
            let waiting: Vec<DriverId> = line.waiting().iter().map(|(who, _)| DriverId(*who)).collect();
            prop_assert_eq!(seat.queue().collect::<Vec<_>>(), waiting);
        }
    }
}
