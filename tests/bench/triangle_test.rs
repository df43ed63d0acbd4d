//! The speeds that are asked for.

use super::triangle::{HIGH, LOW, Triangle};

/// Goal: neighbours always differ by one step, within the bounds, and both turning points are reached.
#[test]
fn neighbours_differ_by_one_step() {
    for step in 1..20 {
        let values: Vec<i16> = Triangle::of_steps(step).take(2000).collect();
        assert!(values.iter().all(|value| (LOW..=HIGH).contains(value)), "{step}");
        assert!(values.windows(2).all(|pair| (pair[0] - pair[1]).abs() == step), "{step}");
        assert!(values.iter().any(|value| *value > HIGH - step) && values[1..].iter().any(|v| *v < LOW + step));
    }
}
