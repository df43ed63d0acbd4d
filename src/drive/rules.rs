//! PURE. Rules: the pilot's settings.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::limiter::Ramp;
use super::motors::Motors;
use super::wheels::Wheels;

/// The pilot's settings, checked by the configuration.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Rules {
    /// A command older than this no longer drives.
    pub command_timeout: Duration,
    /// The robot obeys a command until its tick is this old.
    pub robot_ttl: Duration,
    /// The seat is free after its holder was silent this long.
    pub seat_timeout: Duration,
    /// A press of a direction button drives this long.
    pub nudge_hold: Duration,
    /// Share of full speed for such a press, 0…1.
    pub nudge_speed: f64,
    /// Share of full speed for everything, 0…1.
    pub speed_limit: f64,
    /// How fast the robot may speed up and brake.
    pub straight: Ramp,
    /// The same for turning.
    pub turn: Ramp,
    /// How the wheels make a motion.
    pub wheels: Wheels,
    /// What the motors themselves need.
    pub motors: Motors,
}

impl Default for Rules {
    fn default() -> Self {
        let ramp = Ramp {
            accelerate: Duration::from_millis(300),
            brake: Duration::from_millis(60),
            accelerate_jerk: Duration::from_millis(40),
            brake_jerk: Duration::ZERO,
        };
        Self {
            command_timeout: Duration::from_millis(200),
            robot_ttl: Duration::from_millis(230),
            seat_timeout: Duration::from_secs(1),
            nudge_hold: Duration::from_millis(400),
            nudge_speed: 0.5,
            speed_limit: 1.0,
            straight: ramp,
            turn: ramp,
            wheels: Wheels::default(),
            motors: Motors::default(),
        }
    }
}
