//! What recording costs the thread that drives.

use std::time::{Duration, Instant};

use crate::deck::{ANNE, Deck};

/// A drive of five seconds, as the thread that drives sees it.
fn drive(recorded: bool) -> Duration {
    let mut deck = Deck::new();
    if recorded {
        deck.record();
    }
    deck.run(1000);
    deck.drives(ANNE, 0.1, 0.5);
    let began = Instant::now();
    deck.run(5000);
    let took = began.elapsed();
    deck.close();
    took
}

/// Goal: with a recording the thread that drives has hardly more to do: copies of bytes, and never a file.
#[test]
fn recording_costs_the_driver_little() {
    let fastest = |recorded| (0..8).map(|_| drive(recorded)).min().unwrap();
    let (without, with) = (fastest(false), fastest(true));
    // The simulated robot is in both; it is most of the rest. Another program beside this one takes its share.
    assert!(with < without * 5 / 2, "{with:?} instead of {without:?}");
    println!("five virtual seconds take {without:?}, recorded {with:?}");
}
