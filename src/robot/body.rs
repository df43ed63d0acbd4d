//! PURE. A simulated robot's body: motors that lag, wheels that roll it through the plane, a battery that sags.

use crate::drive::{Geometry, MAX_MOTORS, Pose, Wheels};

/// Motors reach 63 % of a new speed in this time, s.
const LAG_S: f64 = 0.06;
/// The motor that is the servo of a car.
const STEERING: usize = 1;
/// One step, s.
const STEP_S: f64 = 0.001;
/// Two lithium cells at rest, mV.
const BATTERY_MV: f64 = 7400.0;
/// What full load takes away from that, mV.
const SAG_MV: f64 = 350.0;

/// Dimensions of a robot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Build {
    /// Its drawing.
    pub geometry: Geometry,
    /// Speed ahead at full output, m/s.
    pub top_speed_mps: f64,
    /// Encoder counts of a wheel on a metre.
    pub counts_per_m: f64,
}

impl Default for Build {
    /// A desk robot: two wheels, 16 cm apart, half a metre a second.
    fn default() -> Self {
        Self::of(Wheels::Differential)
    }
}

impl Build {
    /// A desk robot with these wheels, 16 cm wide and 16 cm long.
    #[must_use]
    pub fn of(wheels: Wheels) -> Self {
        let geometry = Geometry { wheels, track_m: 0.16, wheelbase_m: 0.16, steering_lock_rad: 0.5 };
        Self { geometry, top_speed_mps: 0.5, counts_per_m: 2000.0 }
    }
}

/// The moving parts.
#[derive(Clone, Debug)]
pub struct Body {
    build: Build,
    /// Share of full speed that each motor has reached, or where a servo stands.
    reached: [f64; MAX_MOTORS],
    rolled_m: [f64; MAX_MOTORS],
    pose: Pose,
    load: f64,
}

impl Body {
    /// A body at rest at the origin.
    #[must_use]
    pub fn new(build: Build) -> Self {
        Self { build, reached: [0.0; MAX_MOTORS], rolled_m: [0.0; MAX_MOTORS], pose: Pose::default(), load: 0.0 }
    }

    /// Its dimensions.
    #[must_use]
    pub fn build(&self) -> Build {
        self.build
    }

    /// Where it really is (odometry may believe otherwise).
    #[must_use]
    pub fn pose(&self) -> Pose {
        self.pose
    }

    /// Whether its wheels turn faster than a millimetre a second.
    #[must_use]
    pub fn is_rolling(&self) -> bool {
        self.reached.iter().any(|share| share.abs() * self.build.top_speed_mps > 0.001)
    }

    /// Wheel counters in the order of the motors; they wrap. A servo counts nothing.
    #[must_use]
    pub fn counts(&self) -> [i32; MAX_MOTORS] {
        self.rolled_m.map(|metres| {
            let counts = (metres * self.build.counts_per_m).rem_euclid(4_294_967_296.0);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0…2³²: wrapped just before")]
            let wrapped = counts as u32;
            wrapped.cast_signed()
        })
    }

    /// Battery under the present load, mV.
    #[must_use]
    pub fn battery_mv(&self) -> u16 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 7000 and 7400")]
        let battery = (BATTERY_MV - SAG_MV * self.load) as u16;
        battery
    }

    /// The same body after its electronics lost power: it stands where it was, its counters at zero.
    #[must_use]
    pub fn after_power_failure(&self) -> Self {
        Self { pose: self.pose, ..Self::new(self.build) }
    }

    /// Rolls on for a millisecond with these motor outputs, permille of full.
    pub fn roll(&mut self, outputs: &[i16]) {
        let geometry = self.build.geometry;
        let rim_mps = geometry.rim_speed(self.build.top_speed_mps);
        let steers = geometry.wheels == Wheels::Ackermann;
        let mut rolled = [0.0; MAX_MOTORS];
        for (motor, output) in outputs.iter().enumerate().take(MAX_MOTORS) {
            self.reached[motor] += (f64::from(*output) / 1000.0 - self.reached[motor]) * STEP_S / LAG_S;
            if !(steers && motor == STEERING) {
                rolled[motor] = self.reached[motor] * rim_mps * STEP_S;
                self.rolled_m[motor] += rolled[motor];
            }
        }
        self.pose = self.pose.moved(geometry.way(rolled, self.reached[STEERING]));
        let busy: f64 = outputs.iter().map(|output| f64::from(output.abs())).sum();
        let motors = f64::from(u8::try_from(outputs.len().max(1)).unwrap_or(u8::MAX));
        self.load = busy / (1000.0 * motors);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: it goes as far as its speed says, and coasts to rest.
    #[test]
    fn body_moves_as_its_speed_says() {
        let mut body = Body::new(Build::default());
        (0..2000).for_each(|_| body.roll(&[1000, 1000]));
        (0..1000).for_each(|_| body.roll(&[0, 0]));
        assert!((body.pose().x_m - 1.0).abs() < 0.01, "two seconds at half a metre a second: {:?}", body.pose());
        assert!(!body.is_rolling());
        assert!((body.counts()[0] - 2000).abs() < 20);
    }

    /// Goal: counters run below zero rather than stop there.
    #[test]
    fn counters_run_backwards() {
        let mut body = Body::new(Build::default());
        (0..300).for_each(|_| body.roll(&[-1000, 500]));
        let [left, right, ..] = body.counts();
        assert!(left < -200 && right > 100, "{left} {right}");
        assert!(body.pose().heading_rad > 0.0, "the right wheel leads: a left turn");
    }

    /// Goal: every kind of robot goes a plausible way: ahead, sideways if it can, around a curve.
    #[test]
    fn every_kind_rolls_as_it_is_built() {
        let after = |wheels, outputs: &[i16]| {
            let mut body = Body::new(Build::of(wheels));
            (0..1060).for_each(|_| body.roll(outputs));
            body.pose()
        };
        let ahead = after(Wheels::Skid, &[1000; 4]);
        assert!((ahead.x_m - 0.5).abs() < 0.01 && ahead.y_m.abs() < 1e-9, "{ahead:?}");
        for wheels in [Wheels::Mecanum, Wheels::Omni] {
            let aside = after(wheels, &[-1000, 1000, 1000, -1000]);
            assert!((aside.y_m - 0.5).abs() < 0.01 && aside.x_m.abs() < 1e-9 && aside.heading_rad.abs() < 1e-9);
        }
        let curve = after(Wheels::Ackermann, &[1000, 1000]);
        assert!(curve.y_m > 0.1 && curve.heading_rad > 1.0, "a left turn: {curve:?}");
        let parked = after(Wheels::Ackermann, &[0, 1000]);
        assert_eq!(parked, Pose::default(), "a car does not turn on the spot");
    }
}
