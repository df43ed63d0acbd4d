//! PURE. SimRobot: a whole robot behind real frames, which keeps the firmware's promises itself.
//!
//! It is told how much time passes and which bytes arrive, and answers with bytes. Its firmware half
//! keeps the rules of firmware-protocol.md; its body has motors that lag and wheels that move it in the plane.

use crate::protocol::frame::{self, Accumulator, Body};
use crate::protocol::message::{
    Counters, Drive, FULL, FromMcu, HelloAck, MAJOR, MAX_MOTORS, McuState, NO_AGE, PerMotor, Status, StopReason, ToMcu,
};

use super::body::{Body as Chassis, Build};

/// Time between two STATUS messages, ms: 40 Hz.
const STATUS_EVERY: u32 = 25;
/// Time between two COUNTERS messages, ms.
const COUNTERS_EVERY: u32 = 1000;
/// The longest that a command may drive after its tick, ms.
pub const MAX_TTL: u32 = 230;
/// Link that must have been good before the first motion, ms (I5).
const PROVING: u32 = 500;
/// A pause between fresh messages that ends a good link, ms.
const GAP: u32 = 250;
/// After a pause this long motion needs neutral first, ms (I4).
const LONG_GAP: u32 = 1000;
/// For this long, ms (I4).
const NEUTRAL: u32 = 200;
/// Outputs rise by full speed in this time, ms (I4).
const RAMP: i32 = 300;
/// More damaged frames than this within any second stop the robot (I9).
const MAX_BAD_FRAMES: usize = 20;
/// That second, ms.
const BAD_WINDOW: u32 = 1000;

/// A simulated robot, with as many motors as its wheels want.
#[derive(Clone, Debug)]
pub struct SimRobot {
    chassis: Chassis,
    accumulator: Accumulator,
    sending: Vec<u8>,
    /// Milliseconds since this robot started.
    tick: u32,
    /// The tick at which it started, from which its reports are timed.
    started: u32,
    boot_count: u16,
    session: Option<u32>,
    arm_asked: bool,
    armed: bool,
    latch: Option<u32>,
    reason: StopReason,
    seq: Option<u16>,
    newest_tick: Option<u32>,
    /// Since when fresh messages have come without a [`GAP`].
    link_since: Option<u32>,
    fresh_at: Option<u32>,
    /// Since when every fresh message has been neutral.
    neutral_since: Option<u32>,
    wants_neutral: bool,
    deadline: u32,
    motors: usize,
    target: [i16; MAX_MOTORS],
    /// Outputs in permille times [`RAMP`], so that the ramp is exact at 1 ms steps.
    output: [i32; MAX_MOTORS],
    counters: Counters,
    /// Parameters 1, 2 …: what full speed of each motor means, permille.
    full: [i16; MAX_MOTORS],
    /// When the newest damaged frames came, a ring.
    bad_at: [Option<u32>; MAX_BAD_FRAMES],
    bad_next: usize,
}

impl SimRobot {
    /// A robot that has just been switched on for the `boot_count`-th time.
    #[must_use]
    pub fn new(build: Build, boot_count: u16) -> Self {
        Self {
            chassis: Chassis::new(build),
            accumulator: Accumulator::new(),
            sending: Vec::new(),
            tick: 0,
            started: 0,
            boot_count,
            session: None,
            arm_asked: false,
            armed: false,
            latch: None,
            reason: StopReason::None,
            seq: None,
            newest_tick: None,
            link_since: None,
            fresh_at: None,
            neutral_since: None,
            wants_neutral: true,
            deadline: 0,
            motors: build.geometry.wheels.motors(),
            target: [0; MAX_MOTORS],
            output: [0; MAX_MOTORS],
            counters: Counters::default(),
            full: [FULL; MAX_MOTORS],
            bad_at: [None; MAX_BAD_FRAMES],
            bad_next: 0,
        }
    }

    /// The same robot when its clock shows `tick`: clocks wrap, and nobody waits 49 days for it.
    #[must_use]
    pub fn after_running(mut self, tick: u32) -> Self {
        self.tick = tick;
        self.started = tick;
        self
    }

    /// Motor outputs, permille of full.
    ///
    /// # Panics
    /// Never: wheels have two motors or four.
    #[must_use]
    pub fn outputs(&self) -> PerMotor<i16> {
        let outputs = self.output.map(|raw| i16::try_from(raw / RAMP).unwrap_or(0));
        PerMotor::new(&outputs[..self.motors]).expect("wheels have two motors or four")
    }

    /// The outputs of the first two motors: left and right, unless it is a car.
    #[must_use]
    pub fn sides(&self) -> [i16; 2] {
        let outputs = self.outputs();
        [outputs.as_slice()[0], outputs.as_slice()[1]]
    }

    /// Whether no motor has an output.
    #[must_use]
    pub fn is_off(&self) -> bool {
        self.output == [0; MAX_MOTORS]
    }

    /// Whether its STOP latch is set.
    #[must_use]
    pub fn is_latched(&self) -> bool {
        self.latch.is_some()
    }

    /// The body, to be looked at.
    #[must_use]
    pub fn chassis(&self) -> &Chassis {
        &self.chassis
    }

    /// The robot's clock, ms since its start.
    #[must_use]
    pub fn tick(&self) -> u32 {
        self.tick
    }

    /// Power fails for a moment. The latch (it is in EEPROM) and the place in the room stay.
    pub fn reset(&mut self) {
        let mut fresh = Self::new(self.chassis.build(), self.boot_count.wrapping_add(1));
        fresh.chassis = self.chassis.after_power_failure();
        fresh.latch = self.latch;
        *self = fresh;
    }

    /// Takes bytes from the host.
    pub fn receive(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match self.accumulator.push(*byte) {
                None => {}
                Some(Ok(body)) => self.read(&body),
                Some(Err(_)) => self.damaged(),
            }
        }
    }

    /// Moves the bytes for the host to the end of `wire`.
    pub fn transmit(&mut self, wire: &mut Vec<u8>) {
        wire.append(&mut self.sending);
    }

    /// Lets one millisecond pass.
    pub fn tick_ms(&mut self) {
        self.tick = self.tick.wrapping_add(1);
        self.check_link();
        // The deadline itself: it does not ask what anyone believes, only how old the tick is.
        if self.is_commanded() && !self.is_before_deadline() {
            self.stop(StopReason::Deadline);
        }
        self.ramp();
        self.chassis.roll(self.outputs().as_slice());
        let running = self.tick.wrapping_sub(self.started);
        if running.is_multiple_of(STATUS_EVERY) {
            let status = self.status();
            self.say(&FromMcu::Status(status));
        }
        if running.is_multiple_of(COUNTERS_EVERY) {
            self.say(&FromMcu::Counters(self.counters));
        }
    }

    fn read(&mut self, body: &Body) {
        let Ok(message) = ToMcu::decode(body.as_slice()) else { return count(&mut self.counters.no_message) };
        let in_session = |session| self.session == Some(session);
        match message {
            ToMcu::Hello { nonce, min_major, max_major } => {
                self.hello(nonce, (min_major..=max_major).contains(&MAJOR));
            }
            ToMcu::Drive(drive) => self.drive(&drive),
            ToMcu::Stop { .. } => {
                self.stop(StopReason::HostStop);
                self.want_neutral();
            }
            ToMcu::Latch => self.set_latch(),
            ToMcu::ParamGet { id } => self.tell_param(id),
            ToMcu::Arm { session } if in_session(session) => self.arm_asked = true,
            ToMcu::LatchReset { session, nonce } if in_session(session) => {
                if self.latch == Some(nonce) {
                    self.latch = None;
                    self.want_neutral();
                } else {
                    count(&mut self.counters.barred);
                }
            }
            ToMcu::ParamSet { session, id, value } if in_session(session) => self.set_param(id, value),
            ToMcu::Arm { .. } | ToMcu::LatchReset { .. } | ToMcu::ParamSet { .. } => {
                count(&mut self.counters.foreign_session);
            }
        }
    }

    fn tell_param(&mut self, id: u8) {
        match self.full[..self.motors].get(usize::from(id).wrapping_sub(1)) {
            Some(value) => self.say(&FromMcu::Param { id, value: i32::from(*value) }),
            None => count(&mut self.counters.barred),
        }
    }

    fn set_param(&mut self, id: u8, value: i32) {
        let slot = self.full[..self.motors].get_mut(usize::from(id).wrapping_sub(1));
        let value = i16::try_from(value).ok().filter(|value| (0..=FULL).contains(value));
        match (slot, value) {
            (Some(slot), Some(value)) if self.target == [0; MAX_MOTORS] && self.output == [0; MAX_MOTORS] => {
                *slot = value;
                self.tell_param(id);
            }
            _ => count(&mut self.counters.barred),
        }
    }

    fn hello(&mut self, nonce: u16, compatible: bool) {
        let ack = HelloAck {
            nonce,
            major: if compatible { MAJOR } else { 0 },
            boot_count: self.boot_count,
            motors: u8::try_from(self.motors).unwrap_or(0),
            max_ttl_ms: u16::try_from(MAX_TTL).unwrap_or(u16::MAX),
            name: *b"joywire-sim\0",
            hash: 0,
        };
        // A repeated HELLO is one whose answer was lost: it must not restart the session.
        if compatible && self.session != Some(ack.session()) {
            self.close();
            self.session = Some(ack.session());
        }
        self.say(&FromMcu::HelloAck(ack));
    }

    /// Ends a session: nothing of it is valid any more.
    fn close(&mut self) {
        self.stop(self.reason);
        self.session = None;
        self.arm_asked = false;
        self.armed = false;
        self.seq = None;
        self.newest_tick = None;
        self.link_since = None;
        self.fresh_at = None;
        self.want_neutral();
    }

    fn drive(&mut self, drive: &Drive) {
        let age = self.tick.wrapping_sub(drive.tick);
        let newer = self.seq.is_none_or(|seq| (1..1 << 15).contains(&drive.seq.wrapping_sub(seq)));
        let ttl = u32::from(drive.ttl_ms).min(MAX_TTL);
        // A tick from the future is as wrong as one from the past: its age is huge.
        let fresh = age < ttl.max(1) || (drive.ttl_ms == 0 && age < MAX_TTL);
        if drive.motors.as_slice().len() != self.motors {
            return count(&mut self.counters.no_message);
        }
        if self.session != Some(drive.session) {
            return count(&mut self.counters.foreign_session);
        }
        if !newer {
            return count(&mut self.counters.old_seq);
        }
        if !drive.is_neutral() && !fresh {
            return count(&mut self.counters.stale);
        }
        if !drive.is_neutral() && !self.may_move() {
            // Obeyed or not, a pushed stick is not neutral.
            self.neutral_since = None;
            return count(&mut self.counters.barred);
        }
        count(&mut self.counters.accepted);
        self.seq = Some(drive.seq);
        self.newest_tick = Some(drive.tick);
        if fresh {
            self.heard(drive.is_neutral());
        }
        if drive.is_neutral() {
            self.target = [0; MAX_MOTORS];
        } else {
            let speeds = drive.motors.as_slice().iter().zip(self.full);
            self.target.iter_mut().zip(speeds).for_each(|(target, (speed, full))| *target = scaled(*speed, full));
            self.deadline = drive.tick.wrapping_add(ttl);
        }
    }

    fn may_move(&self) -> bool {
        self.armed && self.latch.is_none() && !self.wants_neutral
    }

    /// Takes note of a fresh message.
    fn heard(&mut self, neutral: bool) {
        self.fresh_at = Some(self.tick);
        self.link_since.get_or_insert(self.tick);
        self.neutral_since = if neutral { self.neutral_since.or(Some(self.tick)) } else { None };
        if self.neutral_since.is_some_and(|since| self.tick.wrapping_sub(since) >= NEUTRAL) {
            self.wants_neutral = false;
        }
        let proven = self.link_since.is_some_and(|since| self.tick.wrapping_sub(since) >= PROVING);
        self.armed |= self.arm_asked && proven;
    }

    fn check_link(&mut self) {
        let Some(pause) = self.fresh_at.map(|at| self.tick.wrapping_sub(at)) else { return };
        if pause > GAP {
            self.link_since = None;
            self.neutral_since = None;
        }
        if pause == LONG_GAP {
            self.stop(StopReason::LinkLost);
            self.want_neutral();
        }
    }

    fn damaged(&mut self) {
        count(&mut self.counters.damaged);
        let oldest = self.bad_at[self.bad_next].replace(self.tick);
        self.bad_next = (self.bad_next + 1) % MAX_BAD_FRAMES;
        if oldest.is_some_and(|at| self.tick.wrapping_sub(at) < BAD_WINDOW) {
            self.close();
            self.reason = StopReason::BadFrames;
            self.bad_at = [None; MAX_BAD_FRAMES];
        }
    }

    fn set_latch(&mut self) {
        if self.latch.is_none() {
            // Names this latching: an old reset does not fit it.
            self.latch = Some((self.tick ^ u32::from(self.boot_count) << 16).max(1));
        }
        self.stop(StopReason::Latch);
        self.want_neutral();
    }

    fn stop(&mut self, reason: StopReason) {
        self.target = [0; MAX_MOTORS];
        self.output = [0; MAX_MOTORS];
        self.reason = reason;
    }

    fn want_neutral(&mut self) {
        self.wants_neutral = true;
        self.neutral_since = None;
    }

    fn is_commanded(&self) -> bool {
        self.target != [0; MAX_MOTORS] || self.output != [0; MAX_MOTORS]
    }

    fn is_before_deadline(&self) -> bool {
        // Modulo 2³²: the deadline is at most MAX_TTL ahead.
        (1..=MAX_TTL).contains(&self.deadline.wrapping_sub(self.tick))
    }

    /// Outputs rise slowly and fall at once; a reversal passes through zero.
    fn ramp(&mut self) {
        for (output, target) in self.output.iter_mut().zip(self.target) {
            let goal = i32::from(target) * RAMP;
            *output = if *output * goal.signum() < 0 {
                0
            } else if goal.abs() > output.abs() {
                let step = goal.signum() * i32::from(FULL);
                if (goal - *output).abs() <= step.abs() { goal } else { *output + step }
            } else {
                goal
            };
        }
    }

    fn state(&self) -> McuState {
        if self.latch.is_some() {
            McuState::Latched
        } else if self.session.is_none() {
            McuState::Boot
        } else if !self.armed {
            McuState::Linked
        } else if self.is_commanded() {
            McuState::Driving
        } else if self.wants_neutral {
            McuState::Stopped
        } else {
            McuState::Armed
        }
    }

    fn status(&self) -> Status {
        let age = self.newest_tick.map(|tick| self.tick.wrapping_sub(tick));
        Status {
            session: self.session.unwrap_or(0),
            tick: self.tick,
            seq: self.seq.unwrap_or(0),
            age_ms: age.map_or(NO_AGE, |age| u16::try_from(age).unwrap_or(NO_AGE - 1)),
            state: self.state(),
            reason: self.reason,
            battery_mv: self.chassis.battery_mv(),
            rejected: self.counters.refused(),
            bad_frames: self.counters.damaged,
            latch_nonce: self.latch.unwrap_or(0),
            wants_neutral: self.wants_neutral,
            outputs: self.outputs(),
            counts: PerMotor::new(&self.chassis.counts()[..self.motors]),
        }
    }

    fn say(&mut self, message: &FromMcu) {
        frame::encode(message.encode().as_slice(), &mut self.sending);
    }
}

fn count(counter: &mut u16) {
    *counter = counter.wrapping_add(1);
}

/// A speed of a motor whose full speed is `full`, all in permille.
fn scaled(speed: i16, full: i16) -> i16 {
    i16::try_from(i32::from(speed) * i32::from(full) / i32::from(FULL)).expect("no more than either of them")
}
