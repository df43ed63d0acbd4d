//! From whom an operator took a seat: who may not drive for a while, whichever connection they come back by.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

/// For so long they may not drive.
const WHILE: Duration = Duration::from_secs(30);

/// Whose hand drove.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Hand {
    /// That of whoever holds this device: a page that is loaded again is the same hand.
    Device(u64),
    /// That of a client of the relay's own machine, by its number. All of these share an address, so others there go on.
    Client(u64),
}

/// Everybody who may not.
#[derive(Debug, Default)]
pub(super) struct Grounded {
    until: BTreeMap<Hand, Instant>,
}

impl Grounded {
    /// From now on it may not drive.
    pub(super) fn ground(&mut self, hand: Hand, now: Instant) {
        self.until.retain(|_, until| *until > now);
        self.until.insert(hand, now + WHILE);
    }

    /// How long it may not drive yet; `None` if it may.
    pub(super) fn left(&self, hand: Hand, now: Instant) -> Option<Duration> {
        self.until.get(&hand).map(|until| until.saturating_duration_since(now)).filter(|left| !left.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: whoever lost the seat to an operator sits out half a minute, and nobody else does.
    #[test]
    fn one_hand_rests_for_half_a_minute() {
        let (mut grounded, start) = (Grounded::default(), Instant::now());
        grounded.ground(Hand::Device(3), start);
        assert_eq!(grounded.left(Hand::Device(3), start), Some(WHILE));
        assert_eq!(grounded.left(Hand::Device(3), start + Duration::from_secs(29)), Some(Duration::from_secs(1)));
        assert_eq!(grounded.left(Hand::Device(3), start + WHILE), None);
        for other in [Hand::Device(4), Hand::Client(3)] {
            assert_eq!(grounded.left(other, start), None, "{other:?}");
        }
    }

    /// Goal: who was grounded long ago is not kept in mind.
    #[test]
    fn the_list_does_not_grow() {
        let (mut grounded, start) = (Grounded::default(), Instant::now());
        for second in 0..1000 {
            grounded.ground(Hand::Client(second), start + Duration::from_secs(second));
        }
        assert!(grounded.until.len() <= 30, "{}", grounded.until.len());
    }
}
