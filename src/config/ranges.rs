//! Ranges: what each value may be, and what they may not be together.

use std::ops::RangeInclusive;

use super::{Config, ConfigError, Layers, Limits, Log, Metrics, Motors, Recording, Server};

/// Bits of a DRIVE frame for four motors on the line.
const FRAME_BITS: u32 = 310;
/// Time between two stick samples, ms.
const SAMPLE_MS: u64 = 33;
/// Connections that anybody may allow. The mailbox has a slot for each of their samples.
const MOST_CONNECTIONS: usize = 10_000;

impl Layers {
    pub(super) fn check_ranges(&self, config: &Config) -> Result<(), ConfigError> {
        let Config {
            server,
            access: _,
            tls,
            robot,
            motors,
            drive,
            direction,
            gamepad,
            safety,
            limits,
            log,
            metrics,
            recording,
            data: _,
        } = config;
        self.check_ports(server, metrics)?;
        if tls.cert.is_empty() != tls.key.is_empty() {
            let (key, found) = if tls.cert.is_empty() { ("tls.cert", &tls.cert) } else { ("tls.key", &tls.key) };
            return Err(self.refusal(key, found, "a file, as the other of tls.cert and tls.key is one"));
        }
        self.within("robot.name", robot.name.chars().count(), 1..=32)?;
        let digits = robot.color.strip_prefix('#').filter(|digits| digits.len() == 6);
        if !robot.color.is_empty() && !digits.is_some_and(|digits| digits.chars().all(|c| c.is_ascii_hexdigit())) {
            let expected = "\"#\" and six hexadecimal digits, such as \"#3cb44b\", or nothing";
            return Err(self.refusal("robot.color", &robot.color, expected));
        }
        self.within("robot.baud", robot.baud, 38_400..=2_000_000)?;
        self.measured("robot.track_m", robot.track_m, 0.01..=5.0)?;
        self.measured("robot.wheelbase_m", robot.wheelbase_m, 0.01..=5.0)?;
        self.within("robot.steering_lock_deg", robot.steering_lock_deg, 1.0..=80.0)?;
        self.measured("robot.top_speed_mps", robot.top_speed_mps, 0.01..=20.0)?;
        self.measured("robot.counts_per_m", robot.counts_per_m, 1.0..=1e7)?;
        self.check_motors(motors)?;
        self.within("drive.speed_limit", drive.speed_limit, 0.05..=1.0)?;
        self.within("drive.accelerate_ms", drive.accelerate_ms, 300..=5000)?;
        self.within("drive.turn_accelerate_ms", drive.turn_accelerate_ms, 300..=5000)?;
        self.within("drive.accelerate_jerk_ms", drive.accelerate_jerk_ms, 0..=500)?;
        self.within("drive.brake_ms", drive.brake_ms, 10..=100)?;
        self.within("drive.turn_brake_ms", drive.turn_brake_ms, 10..=100)?;
        // Both make a stop, which has its own limit.
        self.within("drive.brake_jerk_ms", drive.brake_jerk_ms, 0..=100 - drive.brake_ms.max(drive.turn_brake_ms))?;
        self.within("direction.hold_ms", direction.hold_ms, 50..=500)?;
        self.within("direction.speed", direction.speed, 0.05..=0.5)?;
        self.within("gamepad.dead_zone", gamepad.dead_zone, 0.02..=0.5)?;
        self.within("gamepad.full_zone", gamepad.full_zone, 0.6..=1.0)?;
        self.within("gamepad.expo", gamepad.expo, 0.0..=1.0)?;
        self.within("gamepad.normal_speed", gamepad.normal_speed, 0.05..=1.0)?;
        self.within("gamepad.slow_speed", gamepad.slow_speed, 0.05..=1.0)?;
        self.within("gamepad.turbo_speed", gamepad.turbo_speed, 0.05..=1.0)?;
        self.within("gamepad.rest_ms", gamepad.rest_ms, 500..=60_000)?;
        self.within("safety.robot_ttl_ms", safety.robot_ttl_ms, 150..=230)?;
        let below_ttl = (safety.robot_ttl_ms - 1).min(220);
        self.within("safety.command_timeout_ms", safety.command_timeout_ms, 4 * SAMPLE_MS..=below_ttl)?;
        // Frames must leave faster than they are made, with half of the line to spare.
        let quickest = u64::from((FRAME_BITS * 2 * 1000).div_ceil(robot.baud)).max(5);
        self.within("safety.step_ms", safety.step_ms, quickest..=50.min(safety.robot_ttl_ms / 4))?;
        self.check_limits(limits)?;
        self.check_memory(log, recording)
    }

    fn check_limits(&self, limits: &Limits) -> Result<(), ConfigError> {
        let local = limits.connections_per_local_address;
        self.within("limits.connections", limits.connections, 1..=MOST_CONNECTIONS)?;
        self.within("limits.connections_per_address", limits.connections_per_address, 1..=MOST_CONNECTIONS)?;
        self.within("limits.connections_per_local_address", local, 1..=MOST_CONNECTIONS)?;
        self.within("limits.events_per_second", limits.events_per_second, 45..=100_000)?;
        self.within("limits.burst", limits.burst, 1..=100_000)?;
        self.within("limits.deliveries_per_second", limits.deliveries_per_second, 1000..=1_000_000)
    }

    fn check_ports(&self, server: &Server, metrics: &Metrics) -> Result<(), ConfigError> {
        let taken = [server.port, if server.public { server.trust_port } else { 0 }];
        if metrics.port != 0 && taken.contains(&metrics.port) {
            let expected = "another port than server.port and server.trust_port";
            return Err(self.refusal("metrics.port", &metrics.port.to_string(), expected));
        }
        if server.public && server.trust_port == server.port && server.port != 0 {
            let expected = "another port than server.port";
            return Err(self.refusal("server.trust_port", &server.trust_port.to_string(), expected));
        }
        Ok(())
    }

    fn check_memory(&self, log: &Log, recording: &Recording) -> Result<(), ConfigError> {
        self.within("log.keep_days", log.keep_days, 1..=36_500)?;
        self.within("log.max_mib", log.max_mib, 4..=1_000_000)?;
        self.within("recording.max_mib", recording.max_mib, 1..=1024)?;
        self.within("recording.max_minutes", recording.max_minutes, 1..=24 * 60)?;
        self.within("recording.keep_mib", recording.keep_mib, recording.max_mib..=1 << 20)?;
        self.within("recording.keep_days", recording.keep_days, 1..=3650)
    }

    fn check_motors(&self, motors: &Motors) -> Result<(), ConfigError> {
        const MOST: usize = 4;
        self.within("motors.inverted", motors.inverted.len(), 0..=MOST)?;
        self.within("motors.trim", motors.trim.len(), 0..=MOST)?;
        self.within("motors.dead_band", motors.dead_band.len(), 0..=MOST)?;
        motors.trim.iter().try_for_each(|trim| self.within("motors.trim", *trim, 0.5..=1.0))?;
        motors.dead_band.iter().try_for_each(|band| self.within("motors.dead_band", *band, 0..=400))
    }

    /// Holds a dimension against its range; 0 stands for one that nobody measured.
    fn measured(&self, key: &str, value: f64, range: RangeInclusive<f64>) -> Result<(), ConfigError> {
        if value == 0.0 { Ok(()) } else { self.within(key, value, range) }
    }

    /// Holds a value against its range; NaN lies in none.
    fn within<T: PartialOrd + Copy + std::fmt::Display>(
        &self,
        key: &str,
        value: T,
        range: RangeInclusive<T>,
    ) -> Result<(), ConfigError> {
        if range.contains(&value) {
            return Ok(());
        }
        let (_, origin) = &self.values[key];
        Err(ConfigError::Value {
            place: self.place(key, origin),
            key: key.to_owned(),
            found: value.to_string(),
            expected: format!("{} to {}", range.start(), range.end()),
        })
    }
}
