//! PURE. The people an agent has heard of: their names, and what they were told lately.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::drive::{DriverId, Seat};
use crate::journal::Doer;
use crate::mailbox::Sender;
use crate::protocol::events::{Person, SeatView};
use crate::time::Time;

/// What a driver is called who is not known.
const UNKNOWN: &str = "someone else";
/// Nobody is told the same thing more often.
const TELL_EVERY: Duration = Duration::from_secs(1);

/// Everybody connected who has said something.
#[derive(Clone, Debug, Default)]
pub struct People {
    known: BTreeMap<DriverId, Known>,
}

#[derive(Clone, Debug)]
struct Known {
    person: Person,
    doer: Doer,
    told: BTreeMap<&'static str, Time>,
}

impl People {
    /// Remembers a person, and returns the driver that this is.
    pub fn meet(&mut self, sender: &Sender) -> DriverId {
        let Sender { person, role, device } = sender;
        let driver = DriverId(person.id);
        self.known.entry(driver).or_insert_with(|| {
            let doer = Doer { name: person.name.clone(), role: Some(*role), device: *device };
            Known { person: person.clone(), doer, told: BTreeMap::new() }
        });
        driver
    }

    /// Forgets a person who has left.
    pub fn forget(&mut self, driver: DriverId) {
        self.known.remove(&driver);
    }

    /// Whether someone is here.
    #[must_use]
    pub fn knows(&self, driver: DriverId) -> bool {
        self.known.contains_key(&driver)
    }

    /// A driver's name.
    #[must_use]
    pub fn name(&self, driver: DriverId) -> String {
        self.known.get(&driver).map_or_else(|| UNKNOWN.to_owned(), |known| known.person.name.clone())
    }

    /// A driver, as the log names them.
    #[must_use]
    pub fn doer(&self, driver: DriverId) -> Doer {
        let unknown = || Doer { name: self.name(driver), ..Doer::default() };
        self.known.get(&driver).map_or_else(unknown, |known| known.doer.clone())
    }

    /// Whether `driver` has not been told `code` lately; from now on it has.
    pub fn may_tell(&mut self, now: Time, driver: DriverId, code: &'static str) -> bool {
        let Some(known) = self.known.get_mut(&driver) else { return false };
        let quiet = known.told.get(code).is_some_and(|told| now.since(*told) < TELL_EVERY);
        if !quiet {
            known.told.insert(code, now);
        }
        !quiet
    }

    /// Whether `view` shows the seat as it is: this is asked at every step, and names are copied only when it has changed.
    #[must_use]
    pub fn is_shown(&self, seat: &Seat, view: &SeatView) -> bool {
        let same = |driver: DriverId, person: &Person| {
            person.id == driver.0 && person.name == self.known.get(&driver).map_or(UNKNOWN, |known| &known.person.name)
        };
        let holders = match (seat.holder(), &view.holder) {
            (Some(driver), Some(person)) => same(driver, person),
            (driver, person) => driver.is_none() && person.is_none(),
        };
        holders
            && view.epoch == seat.epoch()
            && seat.queue().count() == view.queue.len()
            && seat.queue().zip(&view.queue).all(|(driver, person)| same(driver, person))
    }

    /// The seat with names.
    #[must_use]
    pub fn seat_view(&self, seat: &Seat) -> SeatView {
        let named = |driver: DriverId| Person { id: driver.0, name: self.name(driver) };
        SeatView { holder: seat.holder().map(named), epoch: seat.epoch(), queue: seat.queue().map(named).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drive::Source;
    use crate::protocol::events::Role;

    /// Goal: a seat counts as shown exactly as long as its view would come out the same.
    #[test]
    fn a_view_of_the_seat_is_made_when_it_changes() {
        let (mut people, mut seat) = (People::default(), Seat::new(Duration::from_secs(1)));
        let mut view = SeatView::default();
        let mut renewed = 0;
        let mut look = |people: &People, seat: &Seat| {
            let fresh = people.seat_view(seat);
            assert_eq!(people.is_shown(seat, &view), fresh == view, "{view:?} for {fresh:?}");
            renewed += u32::from(fresh != view);
            view = fresh;
        };
        look(&people, &seat);
        for id in 1..=3 {
            let person = Person { id, name: format!("driver {id}") };
            let driver = people.meet(&Sender { person, role: Role::Driver, device: None });
            look(&people, &seat);
            seat.ask(Time::ZERO, driver, Source::Network);
            look(&people, &seat);
            look(&people, &seat);
        }
        // Somebody who waits has gone, and so has their name.
        people.forget(DriverId(3));
        look(&people, &seat);
        seat.leave(Time::ZERO, DriverId(2));
        look(&people, &seat);
        seat.leave(Time::ZERO, DriverId(1));
        look(&people, &seat);
        seat.leave(Time::ZERO, DriverId(3));
        look(&people, &seat);
        assert_eq!(renewed, 7);
    }

    /// Goal: a refusal that comes with every sample becomes one message a second.
    #[test]
    fn nobody_is_told_the_same_thing_twice_in_a_second() {
        let mut people = People::default();
        let person = Person { id: 1, name: "Anne".into() };
        let anne = people.meet(&Sender { person, role: Role::Driver, device: Some(7) });
        assert_eq!(people.doer(anne).device, Some(7));
        let told = (0..100).filter(|n| people.may_tell(Time::from_millis(n * 33), anne, "seat_taken")).count();
        assert_eq!(told, 4);
        assert!(people.may_tell(Time::ZERO, anne, "stale"));
        people.forget(anne);
        assert!(!people.may_tell(Time::from_millis(9000), anne, "stale"));
    }
}
