//! Figures of rounds are what was measured, and one wild round does not move them.

use super::statistics::{Samples, Spread};

/// Goal: a quantile is a value that was measured, and the one of nearest rank.
#[test]
fn quantiles_are_of_nearest_rank() {
    let samples = Samples::new((1..=1000).rev().map(f64::from).chain([f64::NAN]));
    let found = [0, 1, 500, 900, 990, 999, 1000].map(|share| samples.quantile(share));
    assert_eq!(found, [1.0, 1.0, 500.0, 900.0, 990.0, 999.0, 1000.0]);
    assert_eq!(Samples::new([3.0, 1.0]).quantile(501), 3.0);
    assert!(Samples::default().median().is_nan() && samples.count() == 1000);
    assert_eq!(Samples::pooled([&Samples::new([9.0]), &Samples::new([1.0, 2.0])]).median(), 2.0);
}

/// Goal: one wild round moves the spread and not the median.
#[test]
fn a_wild_round_is_seen_and_does_not_count() {
    let spread = Spread::of(&[2.0, 900.0, 1.0, 3.0, f64::NAN, 2.5]).unwrap();
    assert_eq!(spread, Spread { median: 2.5, low: 1.0, high: 900.0 });
    assert_eq!(Spread::of(&[1.0, 2.0]).unwrap().median, 1.5);
    assert_eq!(Spread::of(&[f64::NAN]), None);
}
