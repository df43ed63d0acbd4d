//! PURE. The people an agent has heard of: their names, and what they were told lately.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::drive::{DriverId, Seat};
use crate::journal::Doer;
use crate::mailbox::Sender;
use crate::protocol::events::{Person, SeatView};
use crate::time::Time;

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
        self.known.get(&driver).map_or_else(|| "someone else".to_owned(), |known| known.person.name.clone())
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
    use crate::protocol::events::Role;

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
