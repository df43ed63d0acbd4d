//! PURE. A simulated robot's body: motors that lag, wheels that roll it through the plane, a battery that sags.

use crate::drive::Pose;

/// Motors reach 63 % of a new speed in this time, s.
const LAG_S: f64 = 0.06;
/// One step, s.
const STEP_S: f64 = 0.001;
/// Two lithium cells at rest, mV.
const BATTERY_MV: f64 = 7400.0;
/// What full load takes away from that, mV.
const SAG_MV: f64 = 350.0;

/// Dimensions of a robot with two driven wheels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Build {
    /// Distance between left and right wheel, m.
    pub track_m: f64,
    /// Speed at full output, m/s.
    pub top_speed_mps: f64,
    /// Encoder counts of a wheel on a metre.
    pub counts_per_m: f64,
}

impl Default for Build {
    /// A desk robot: 16 cm wide, half a metre a second.
    fn default() -> Self {
        Self { track_m: 0.16, top_speed_mps: 0.5, counts_per_m: 2000.0 }
    }
}

/// The moving parts.
#[derive(Clone, Debug)]
pub struct Body {
    build: Build,
    speeds_mps: [f64; 2],
    rolled_m: [f64; 2],
    pose: Pose,
    load: f64,
}

impl Body {
    /// A body at rest at the origin.
    #[must_use]
    pub fn new(build: Build) -> Self {
        Self { build, speeds_mps: [0.0; 2], rolled_m: [0.0; 2], pose: Pose::default(), load: 0.0 }
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
        self.speeds_mps.iter().any(|speed| speed.abs() > 0.001)
    }

    /// Wheel counters, left and right; they wrap.
    #[must_use]
    pub fn counts(&self) -> [i32; 2] {
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
    pub fn roll(&mut self, outputs: [i16; 2]) {
        let mut rolled = [0.0; 2];
        for (wheel, output) in outputs.into_iter().enumerate() {
            let wanted = f64::from(output) / 1000.0 * self.build.top_speed_mps;
            self.speeds_mps[wheel] += (wanted - self.speeds_mps[wheel]) * STEP_S / LAG_S;
            rolled[wheel] = self.speeds_mps[wheel] * STEP_S;
            self.rolled_m[wheel] += rolled[wheel];
        }
        self.pose = self.pose.rolled(rolled[0], rolled[1], self.build.track_m);
        self.load = outputs.iter().map(|output| f64::from(output.abs()) / 2000.0).sum();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: it goes as far as its speed says, and coasts to rest.
    #[test]
    fn body_moves_as_its_speed_says() {
        let mut body = Body::new(Build::default());
        (0..2000).for_each(|_| body.roll([1000, 1000]));
        (0..1000).for_each(|_| body.roll([0, 0]));
        assert!((body.pose().x_m - 1.0).abs() < 0.01, "two seconds at half a metre a second: {:?}", body.pose());
        assert!(!body.is_rolling());
        assert!((body.counts()[0] - 2000).abs() < 20);
    }

    /// Goal: counters run below zero rather than stop there.
    #[test]
    fn counters_run_backwards() {
        let mut body = Body::new(Build::default());
        (0..300).for_each(|_| body.roll([-1000, 500]));
        let [left, right] = body.counts();
        assert!(left < -200 && right > 100, "{left} {right}");
        assert!(body.pose().heading_rad > 0.0, "the right wheel leads: a left turn");
    }
}
