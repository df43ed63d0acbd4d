//! The parts of the speed bench in which something can be wrong that a table would not show.
#![allow(dead_code, reason = "the bench uses what its tests do not")]
#![expect(clippy::float_cmp, reason = "values that are not reckoned with")]

#[path = "../../bench/speed/matching.rs"]
mod matching;
mod matching_test;
#[path = "../../bench/speed/statistics.rs"]
mod statistics;
mod statistics_test;
#[path = "../../bench/speed/triangle.rs"]
mod triangle;
mod triangle_test;
