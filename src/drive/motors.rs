//! PURE. Motors: what a robot's own motors need that its drawing does not show: direction, trim, dead band.

use serde::{Deserialize, Serialize};

use super::mixer::{MAX_MOTORS, WheelSpeeds};

/// Full speed of a motor, permille.
const FULL: f64 = 1000.0;

/// One motor, as calibration finds it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Motor {
    /// Whether it turns backward when told forward.
    pub inverted: bool,
    /// Share of its speed that it is allowed, 0.5…1, so that the robot goes straight.
    pub trim: f64,
    /// Output below which it only hums, permille, 0…400.
    pub dead_band: i16,
}

impl Default for Motor {
    fn default() -> Self {
        Self { inverted: false, trim: 1.0, dead_band: 0 }
    }
}

impl Motor {
    /// A motor that needs this; `None` if a value is out of its range.
    #[must_use]
    pub fn new(inverted: bool, trim: f64, dead_band: i16) -> Option<Self> {
        let possible = (0.5..=1.0).contains(&trim) && (0..=400).contains(&dead_band);
        possible.then_some(Self { inverted, trim, dead_band })
    }

    /// The output for a speed p, permille: 0 for 0, else ±(d + (1000·t − d)·|p|/1000) with trim t and dead band d. So
    /// the smallest speed already turns it, and no speed gives more than 1000·t.
    #[must_use]
    pub fn output(self, speed: i16) -> i16 {
        if speed == 0 {
            return 0;
        }
        let dead = f64::from(self.dead_band);
        let size = dead + (FULL * self.trim - dead) * f64::from(speed).abs() / FULL;
        let sign = if (speed < 0) == self.inverted { 1.0 } else { -1.0 };
        super::mixer::permille(sign * size / FULL)
    }

    /// The speed that an output makes: [`Motor::output`] backwards, to a permille. Outputs within the dead band make
    /// none.
    #[must_use]
    pub fn speed(self, output: i16) -> i16 {
        let dead = f64::from(self.dead_band);
        let size = ((f64::from(output).abs() - dead) / (FULL * self.trim - dead)).max(0.0);
        let sign = if (output < 0) == self.inverted { 1.0 } else { -1.0 };
        super::mixer::permille(sign * size)
    }
}

/// All of a robot's motors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Motors([Motor; MAX_MOTORS]);

impl Motors {
    /// Motors in the order of the robot's outputs. Those beyond the list are like those before: on a board with two motors
    /// a side the second of a side is like its first. Without any all are as drawn.
    #[must_use]
    pub fn new(motors: &[Motor]) -> Self {
        let mut all = Self::default();
        all.0.iter_mut().zip(motors.iter().cycle()).for_each(|(slot, motor)| *slot = *motor);
        all
    }

    /// The motor of this number, from 0.
    #[must_use]
    pub fn motor(&self, number: usize) -> Motor {
        self.0.get(number).copied().unwrap_or_default()
    }

    /// What to tell the motors so that the wheels turn at these speeds.
    #[must_use]
    pub fn outputs(&self, speeds: &WheelSpeeds) -> WheelSpeeds {
        speeds.map(|motor, speed| self.motor(motor).output(speed))
    }

    /// The speeds that these outputs make.
    #[must_use]
    pub fn speeds(&self, outputs: &[i16]) -> WheelSpeeds {
        WheelSpeeds::new(outputs).map(|motor, output| self.motor(motor).speed(output))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_motor() -> impl Strategy<Value = Motor> {
        (any::<bool>(), 0.5..=1.0f64, 0i16..=400).prop_map(|(inverted, trim, dead_band)| Motor {
            inverted,
            trim,
            dead_band,
        })
    }

    /// Goal: a wheel that is mounted the other way turns the right way, and the slowest command turns it.
    #[test]
    fn motors_turn_as_they_are_mounted() {
        let motor = Motor { inverted: true, trim: 0.9, dead_band: 120 };
        assert_eq!(motor.output(1000), -900);
        assert_eq!(motor.output(-1000), 900);
        assert_eq!(motor.output(1), -121);
        assert_eq!(motor.output(0), 0, "rest is rest");
    }

    /// Goal: the second motor of a side is like its first, also for what the page shows.
    #[test]
    fn further_motors_are_like_those_before() {
        let motor = Motor { inverted: true, trim: 0.9, dead_band: 120 };
        let motors = Motors::new(&[motor, Motor::default()]);
        assert_eq!((motors.motor(2), motors.motor(3)), (motor, Motor::default()));
        assert_eq!(motors.speeds(&[-900, 1000, -900, 1000]).as_slice(), [1000; 4]);
        assert_eq!(Motors::new(&[]), Motors::default());
    }

    proptest! {
        /// Goal: rest stays rest, more is never less, nothing passes full, and forward and back are alike.
        #[test]
        fn output_is_bounded_monotone_and_odd(motor in any_motor(), slow in 0i16..=1000, fast in 0i16..=1000) {
            let (slow, fast) = (slow.min(fast), slow.max(fast));
            prop_assert_eq!(motor.output(0), 0);
            prop_assert_eq!(motor.output(-fast), -motor.output(fast));
            prop_assert!(motor.output(slow).abs() <= motor.output(fast).abs());
            prop_assert!(f64::from(motor.output(fast).abs()) <= (1000.0 * motor.trim).round());
            prop_assert!(fast == 0 || (motor.output(fast) < 0) == motor.inverted);
        }

        /// Goal: what the page shows of a robot is the speed that was asked for.
        #[test]
        fn speeds_come_back(motor in any_motor(), speed in -1000i16..=1000) {
            let back = motor.speed(motor.output(speed));
            // One permille of output is more than one of speed where trim and dead band leave a short way.
            prop_assert!((back - speed).abs() <= 5, "{} instead of {}", back, speed);
        }
    }
}
