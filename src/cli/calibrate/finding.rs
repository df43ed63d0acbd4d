//! PURE. What was found out about the motors so far, and what to tell them for the next look.

use crate::drive::{MAX_MOTORS, Motor, Motors, WheelSpeeds, Wheels};

/// A side that veers away is slowed by so much at a time.
const TRIM: f64 = 0.02;
/// The most that a motor on the bench is told, permille.
const MOST: i16 = 400;
/// The least trim that the configuration takes.
const LEAST: f64 = 0.5;

/// A side of the robot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Left,
    Right,
}

/// The speed at which a motor is told the most that the bench takes, permille: [`Motor::output`] backwards, rounded down.
fn fastest(motor: &Motor) -> i16 {
    (0..=1000).rev().find(|speed| motor.output(*speed).abs() <= MOST).unwrap_or(0).max(1)
}

/// What the motors of these wheels are, in their order.
pub fn names(wheels: Wheels) -> &'static [&'static str] {
    match wheels {
        Wheels::Differential => &["the left wheel", "the right wheel"],
        Wheels::Skid | Wheels::Mecanum | Wheels::Omni => {
            &["the front left wheel", "the front right wheel", "the rear left wheel", "the rear right wheel"]
        }
        Wheels::Ackermann => &["the driven wheels", "the servo"],
    }
}

/// Directions, trims and dead bands as they are known by now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Findings {
    motors: [Motor; MAX_MOTORS],
    count: usize,
}

impl Findings {
    /// As the configuration has it.
    pub fn new(before: Motors, wheels: Wheels) -> Self {
        Self { motors: [0, 1, 2, 3].map(|motor| before.motor(motor)), count: wheels.motors() }
    }

    /// The motors that there are.
    pub fn motors(&self) -> Vec<Motor> {
        self.motors[..self.count].to_vec()
    }

    /// Outputs that turn one motor alone, forward as far as is known, permille; raw, without trim or dead band.
    pub fn alone(&self, motor: usize, permille: i16) -> [i16; MAX_MOTORS] {
        let mut outputs = [0; MAX_MOTORS];
        outputs[motor] = if self.motors[motor].inverted { -permille } else { permille };
        outputs
    }

    /// Outputs that turn all wheels ahead at a speed, permille, by all that is known; slower, if one of them would be told
    /// more than the bench takes, as it would then be cut short and the robot veer.
    pub fn ahead(&self, permille: i16) -> [i16; MAX_MOTORS] {
        let permille = self.motors[..self.count].iter().map(fastest).fold(permille, i16::min);
        let mut outputs = [0; MAX_MOTORS];
        let told = Motors::new(&self.motors).outputs(&WheelSpeeds::new(&[permille; MAX_MOTORS][..self.count]));
        outputs.iter_mut().zip(told.as_slice()).for_each(|(slot, output)| *slot = *output);
        outputs
    }

    /// A motor turned forward, or backward, when it was told what is known as forward so far.
    pub fn set_inverted(&mut self, motor: usize, backward: bool) {
        self.motors[motor].inverted ^= backward;
    }

    /// A motor did not turn yet at this output, permille.
    pub fn set_dead_band(&mut self, motor: usize, permille: i16) {
        self.motors[motor].dead_band = permille.clamp(0, 400);
    }

    /// Both sides are alike again.
    pub fn forget_trim(&mut self) {
        self.motors.iter_mut().for_each(|motor| motor.trim = 1.0);
    }

    /// Slows one side against the other; the faster of both stays at full.
    pub fn slow(&mut self, side: Side) {
        let (slower, faster) = if side == Side::Left { (0, 1) } else { (1, 0) };
        let room = 1.0 - self.motors[faster].trim;
        let (slower_trim, faster_trim) = if room > TRIM / 2.0 {
            (self.motors[slower].trim, self.motors[faster].trim + TRIM)
        } else {
            (self.motors[slower].trim - TRIM, self.motors[faster].trim)
        };
        for motor in (0..MAX_MOTORS).step_by(2) {
            self.motors[motor + slower].trim = round(slower_trim.clamp(LEAST, 1.0));
            self.motors[motor + faster].trim = round(faster_trim.clamp(LEAST, 1.0));
        }
    }
}

/// To a thousandth, as it is written.
fn round(trim: f64) -> f64 {
    (trim * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fresh(wheels: Wheels) -> Findings {
        Findings::new(Motors::default(), wheels)
    }

    /// Goal: a motor that turned backward is told the other way from then on, also if it was found so before.
    #[test]
    fn directions_are_found_from_where_they_are() {
        let mut findings = fresh(Wheels::Mecanum);
        findings.set_inverted(2, true);
        assert_eq!(findings.alone(2, 300), [0, 0, -300, 0]);
        findings.set_inverted(2, false);
        assert!(findings.motors()[2].inverted);
        findings.set_inverted(2, true);
        assert!(!findings.motors()[2].inverted);
    }

    /// Goal: whichever side is too fast is slowed, and never both.
    #[test]
    fn only_the_faster_side_is_slowed() {
        let mut findings = fresh(Wheels::Differential);
        findings.slow(Side::Right);
        findings.slow(Side::Right);
        findings.slow(Side::Left);
        let trims: Vec<f64> = findings.motors().iter().map(|motor| motor.trim).collect();
        assert!((trims[0] - 1.0).abs() < 1e-9 && (trims[1] - 0.98).abs() < 1e-9, "{trims:?}");
        findings.slow(Side::Left);
        findings.slow(Side::Left);
        let trims: Vec<f64> = findings.motors().iter().map(|motor| motor.trim).collect();
        assert!((trims[0] - 0.98).abs() < 1e-9 && (trims[1] - 1.0).abs() < 1e-9, "{trims:?}");
        (0..100).for_each(|_| findings.slow(Side::Left));
        assert!(findings.motors()[0].trim >= LEAST);
    }

    /// Goal: what is told for going straight has everything in it that was found, and stays below what the bench takes.
    #[test]
    fn ahead_uses_what_was_found() {
        let mut findings = fresh(Wheels::Differential);
        findings.set_inverted(1, true);
        findings.set_dead_band(0, 100);
        assert_eq!(findings.ahead(300), [370, -300, 0, 0]);
        findings.set_dead_band(0, 200);
        findings.set_dead_band(1, 300);
        let [left, right, ..] = findings.ahead(300);
        assert!(left <= 400 && right >= -400, "{left} {right}");
        // Both at the same speed: 142 ‰ of full, the most that the second is not cut short at.
        assert_eq!([left, right], [314, -400]);
        findings.set_dead_band(1, 400);
        assert!(findings.ahead(300)[0] > 200, "they turn, however slowly");
    }
}
