//! PURE. The pilot: inputs write, `step` decides, and nothing else makes wheels turn.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::command::{Answer, Command, Input, Refusal, Sample, Stamp};
use super::evidence::{Evidence, Limits};
use super::latch::Latch;
use super::limiter::Limiter;
use super::mixer::{WheelSpeeds, mix, permille};
use super::motion::{Stick, Twist};
use super::motors::Motors;
use super::robot::{RobotReport, RobotState};
use super::rules::Rules;
use super::safety::{Fault, Faults, Stop};
use super::seat::{DriverId, Grant, Seat, Source};
use super::wheels::Wheels;
use crate::time::{Time, millis};

/// Wheels stand still this long before they obey a new seat (I7).
const HANDOVER: Duration = Duration::from_millis(200);
/// A robot that says nothing for this long is taken for lost; it reports every 25 ms.
const SILENCE: Duration = Duration::from_millis(200);
/// A pause between two steps above this means that the agent was held up; it steps every 20 ms. By
/// then the robot has stopped by itself. Shorter ones are harmless: every command's tick is checked.
const OVERRUN: Duration = Duration::from_millis(250);
/// The most that motors on the bench get, permille: a wheel that is looked at needs no more.
const BENCH: i16 = 400;
/// The limiter never moves further than this at once: a pause must not become a leap.
const LONGEST_RAMP: Duration = Duration::from_millis(50);

/// What `step` decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// How fast the wheels shall turn.
    pub wheels: WheelSpeeds,
    /// What to tell the motors for that.
    pub outputs: WheelSpeeds,
    /// The robot's time that this motion rests on, ms; `None` before the robot told any.
    pub tick: Option<u32>,
    /// How long after `tick` the robot may obey.
    pub ttl: Duration,
    /// Epoch of the seat.
    pub epoch: u32,
    /// What keeps the robot from driving, told by the strongest.
    pub faults: Faults,
    /// What was measured for that.
    pub evidence: Evidence,
    /// Whether a driver's command is being followed.
    pub driving: bool,
    /// Whether the robot's own latch must be set.
    pub latch: bool,
    /// Whether the robot's own latch must be cleared.
    pub unlatch: bool,
}

/// What the seat's holder wants.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum Order {
    /// A stick is held.
    Held { wish: Wish, tick: u32, at: Time },
    /// A button was pressed.
    Nudge { stick: Stick, at: Time },
}

/// What a sample asks for.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum Wish {
    Stick(Stick),
    Bench(WheelSpeeds),
}

impl Wish {
    fn is_neutral(self) -> bool {
        match self {
            Self::Stick(stick) => stick.is_neutral(),
            Self::Bench(outputs) => outputs.is_zero(),
        }
    }
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Seen {
    report: RobotReport,
    at: Time,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Motion {
    epoch: u32,
    tick: u32,
}

/// Decides who drives and whether wheels turn.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pilot {
    rules: Rules,
    /// Motors that count from the next rest on.
    fitting: Option<Motors>,
    seat: Seat,
    latch: Latch,
    limiter: Limiter,
    robot: Option<Seen>,
    order: Option<Order>,
    /// The outputs that the limiter's motion is a share of, while motors are on the bench.
    bench: Option<WheelSpeeds>,
    /// Newest sequence number of the holder.
    seq: Option<u32>,
    /// Whether the holder has released the stick since it last had to.
    released: bool,
    /// Epoch that the four fields above belong to.
    epoch: u32,
    /// The last time that wheels were told to turn.
    motion: Option<Motion>,
    /// Since when they have been told to rest.
    rest: Option<Time>,
    stepped: Option<Time>,
    faults: Faults,
}

impl Pilot {
    /// A pilot at rest; `latched` as the disk remembers it.
    #[must_use]
    pub fn new(rules: Rules, latched: bool) -> Self {
        Self {
            seat: Seat::new(rules.seat_timeout),
            latch: Latch::new(latched),
            limiter: Limiter::new(rules.straight, rules.turn),
            rules,
            fitting: None,
            robot: None,
            order: None,
            bench: None,
            seq: None,
            released: false,
            epoch: 0,
            motion: None,
            rest: None,
            stepped: None,
            faults: Faults::default(),
        }
    }

    /// The seat, to be shown.
    #[must_use]
    pub fn seat(&self) -> &Seat {
        &self.seat
    }

    /// Whether STOP is latched, also while a reset is on its way.
    #[must_use]
    pub fn is_latched(&self) -> bool {
        self.latch.is_set()
    }

    /// The rules in force.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// What the motors need, as it is in force.
    #[must_use]
    pub fn motors(&self) -> Motors {
        self.rules.motors
    }

    /// How the wheels make the robot's motion.
    #[must_use]
    pub fn wheels(&self) -> Wheels {
        self.rules.wheels
    }

    /// How old things may be.
    #[must_use]
    pub fn limits(&self) -> Limits {
        Limits {
            sample_age: self.rules.command_timeout,
            tick_age: self.rules.robot_ttl,
            silence: SILENCE,
            pause: OVERRUN,
        }
    }

    /// Other motors, or the same ones known better: they count once the wheels were told to rest for 200 ms, and nobody
    /// asks for anything.
    pub fn fit(&mut self, motors: Motors) {
        self.fitting = Some(motors);
    }

    /// Takes note of an input. Nothing moves before the next [`Pilot::step`].
    pub fn handle(&mut self, now: Time, input: Input) -> Answer {
        match input {
            Input::Robot(report) => {
                self.robot = report.map(|report| Seen { report, at: now });
                Answer::Accepted
            }
            Input::Command(driver, source, command) => {
                let answer = self.command(now, driver, source, command);
                self.follow_seat();
                answer
            }
        }
    }

    /// Decides. The only place that makes wheels turn.
    pub fn step(&mut self, now: Time) -> Output {
        let dt = self.stepped.map_or(Duration::ZERO, |before| now.since(before));
        self.stepped = Some(now);
        self.seat.expire(now);
        self.follow_seat();
        self.latch.settle(now, self.robot.map(|seen| seen.report.state == RobotState::Latched));
        let evidence = self.evidence(now, dt);
        self.faults = self.find_faults(&evidence);
        if self.faults.owe_neutral() {
            self.released = false;
            self.order = None;
        }
        let target = match self.faults.stop() {
            None => self.target(now),
            Some(Stop::Ramp) => Twist::ZERO,
            Some(Stop::Cut) => {
                self.limiter.cut();
                Twist::ZERO
            }
        };
        self.follow_bench();
        let twist = self.limiter.step(target, dt.min(LONGEST_RAMP));
        let (wheels, outputs) = if let Some(bench) = self.bench {
            let share = bench.map(|_, output| permille(f64::from(output) / 1000.0 * twist.linear));
            (share, share)
        } else {
            let wheels = mix(self.rules.wheels, twist);
            (wheels, self.rules.motors.outputs(&wheels))
        };
        let newest = self.robot.map(|seen| seen.report.tick);
        let tick = if wheels.is_zero() { self.resting(now, newest) } else { self.moving(newest) };
        // Under a hand, or under wheels that may not have come to rest yet, motors stay what they are.
        if self.order.is_none() && self.rest.is_some_and(|since| now.since(since) >= HANDOVER) {
            self.rules.motors = self.fitting.take().unwrap_or(self.rules.motors);
        }
        Output {
            wheels,
            outputs,
            tick,
            ttl: self.rules.robot_ttl,
            epoch: self.epoch,
            faults: self.faults,
            evidence,
            driving: !wheels.is_zero() || (self.order.is_some() && self.faults == Faults::default()),
            latch: self.latch.is_set() && !self.latch.is_clearing(),
            unlatch: self.latch.is_clearing(),
        }
    }

    fn command(&mut self, now: Time, driver: DriverId, source: Source, command: Command) -> Answer {
        match command {
            Command::Sample(sample) => accepted_or_refused(self.sample(now, driver, sample, Wish::Stick(sample.stick))),
            Command::Bench(sample, outputs) => {
                let mut capped = WheelSpeeds::zero(self.rules.wheels.motors());
                capped =
                    capped.map(|motor, _| outputs.as_slice().get(motor).map_or(0, |told| (*told).clamp(-BENCH, BENCH)));
                accepted_or_refused(self.sample(now, driver, sample, Wish::Bench(capped)))
            }
            Command::Nudge(stick) => accepted_or_refused(self.nudge(now, driver, source, stick)),
            Command::Take => Answer::Seat(self.seat.take(now, driver, source)),
            Command::Ask => Answer::Seat(self.seat.ask(now, driver, source)),
            Command::Give(to) if self.seat.give(now, driver, to) => Answer::Accepted,
            Command::Give(_) => Answer::Refused(Refusal::NotHolder { holder: self.seat.holder() }),
            Command::Leave => {
                self.seat.leave(now, driver);
                Answer::Accepted
            }
            Command::Stop => {
                self.latch.set();
                Answer::Accepted
            }
            Command::PressReset(nonce) => {
                accepted_or_refused(self.latch.press(now, driver, nonce).map_err(Refusal::Reset))
            }
            Command::ReleaseReset(nonce) => {
                accepted_or_refused(self.latch.release(now, driver, nonce).map_err(Refusal::Reset))
            }
        }
    }

    fn sample(&mut self, now: Time, driver: DriverId, sample: Sample, wish: Wish) -> Result<(), Refusal> {
        if self.seat.holder() != Some(driver) {
            return Err(Refusal::NotHolder { holder: self.seat.holder() });
        }
        if sample.epoch != self.seat.epoch() {
            return Err(Refusal::OldEpoch);
        }
        if self.seq.is_some_and(|newest| !is_newer(sample.seq, newest)) {
            return Err(Refusal::OldSeq);
        }
        self.seq = Some(sample.seq);
        self.seat.heard(now, driver);
        if wish.is_neutral() {
            self.released = true;
            self.order = None;
            return Ok(());
        }
        if let Some(fault) = self.faults.iter().find(|fault| *fault != Fault::CommandStale) {
            return Err(Refusal::Stopped(fault));
        }
        if !self.released {
            return Err(Refusal::NeutralFirst);
        }
        let tick = self.fresh_tick(now, sample.stamp)?;
        self.order = Some(Order::Held { wish, tick, at: now });
        Ok(())
    }

    fn nudge(&mut self, now: Time, driver: DriverId, source: Source, stick: Stick) -> Result<(), Refusal> {
        if stick.is_neutral() {
            if self.seat.holder() == Some(driver) {
                self.seat.heard(now, driver);
                self.order = None;
                self.limiter.cut();
            }
            return Ok(());
        }
        if let Grant::Refused { holder } = self.seat.take(now, driver, source) {
            return Err(Refusal::NotHolder { holder: Some(holder) });
        }
        self.follow_seat();
        if let Some(fault) = self.faults.iter().find(|fault| *fault != Fault::CommandStale) {
            return Err(Refusal::Stopped(fault));
        }
        self.order = Some(Order::Nudge { stick, at: now });
        Ok(())
    }

    /// Checks that a stamp is of this session and young enough; returns its tick.
    fn fresh_tick(&self, now: Time, stamp: Option<Stamp>) -> Result<u32, Refusal> {
        let seen = self.robot.ok_or(Refusal::Stopped(Fault::RobotAbsent))?;
        let stamp = stamp.ok_or(Refusal::NoStamp)?;
        if stamp.session != seen.report.session || !is_current(stamp.tick, seen.report.tick) {
            return Err(Refusal::ForeignStamp);
        }
        let age = seen.age_of(stamp.tick, now);
        if age > self.rules.robot_ttl { Err(Refusal::Stale { age_ms: millis(age) }) } else { Ok(stamp.tick) }
    }

    /// A change of holder leaves nothing of the old one behind: no order, no motion, no sequence.
    fn follow_seat(&mut self) {
        if self.epoch != self.seat.epoch() {
            self.epoch = self.seat.epoch();
            self.order = None;
            self.seq = None;
            self.released = false;
            self.limiter.cut();
        }
    }

    /// Keeps motors on the bench apart from driving: nothing of the one's speed is left for the other.
    fn follow_bench(&mut self) {
        let wanted = match self.order {
            Some(Order::Held { wish: Wish::Bench(outputs), .. }) => Some(outputs),
            // Coming down from what it was.
            None if self.rest.is_none() => self.bench,
            Some(Order::Held { .. } | Order::Nudge { .. }) | None => None,
        };
        let reverses = |now: WheelSpeeds, then: WheelSpeeds| {
            now.as_slice()
                .iter()
                .zip(then.as_slice())
                .any(|(a, b)| i32::from(*a) * i32::from(*b) < 0 || *a == 0 && *b != 0)
        };
        let same = match (self.bench, wanted) {
            (Some(now), Some(then)) => !reverses(now, then),
            (now, then) => now.is_some() == then.is_some(),
        };
        if !same {
            self.limiter.cut();
        }
        self.bench = wanted;
    }

    fn evidence(&self, now: Time, pause: Duration) -> Evidence {
        let (sample_age, tick_age) = match (self.order, self.robot) {
            (Some(Order::Held { tick, at, .. }), seen) => {
                (Some(now.since(at)), seen.map(|seen| seen.age_of(tick, now)))
            }
            (Some(Order::Nudge { .. }) | None, _) => (None, None),
        };
        Evidence { sample_age, tick_age, silence: self.robot.map(|seen| now.since(seen.at)), pause }
    }

    fn find_faults(&self, evidence: &Evidence) -> Faults {
        let state = self.robot.map(|seen| seen.report.state);
        let over = |fault| evidence.excess(fault, &self.limits()).is_some();
        Faults::default()
            .with(Fault::Latched, self.latch.is_set())
            .with(Fault::RobotAbsent, state.is_none())
            .with(Fault::RobotIncompatible, state == Some(RobotState::Incompatible))
            .with(Fault::RobotSilent, over(Fault::RobotSilent))
            .with(Fault::RobotStarting, state == Some(RobotState::Starting))
            .with(Fault::RobotStopped, state == Some(RobotState::Stopped))
            .with(Fault::Overrun, over(Fault::Overrun))
            // An order without a robot that could tell its age is stale, too.
            .with(Fault::CommandStale, over(Fault::CommandStale) || (evidence.sample_age.is_some() && state.is_none()))
    }

    /// The motion that the holder's order asks for now.
    fn target(&mut self, now: Time) -> Twist {
        // Counted from the first frame of rest: the wheels may have turned until it came.
        let rested = self.rest.is_some_and(|since| now.since(since) >= HANDOVER);
        let settled = rested || self.motion.is_none_or(|motion| motion.epoch == self.epoch);
        match self.order {
            Some(Order::Held { wish: Wish::Stick(stick), .. }) if settled => {
                stick.twist().slowed(self.rules.wheels, self.rules.speed_limit)
            }
            Some(Order::Held { wish: Wish::Bench(_), .. }) if settled => Twist { linear: 1.0, ..Twist::ZERO },
            Some(Order::Nudge { at, .. }) if now.since(at) >= self.rules.nudge_hold => {
                self.order = None;
                Twist::ZERO
            }
            Some(Order::Nudge { stick, .. }) if settled => {
                stick.twist().slowed(self.rules.wheels, self.rules.speed_limit * self.rules.nudge_speed)
            }
            Some(Order::Held { .. } | Order::Nudge { .. }) | None => Twist::ZERO,
        }
    }

    /// Notes that wheels turn now, and returns the robot's time that this rests on: that of the
    /// order, or of the order that a ramp is coming down from.
    fn moving(&mut self, newest: Option<u32>) -> Option<u32> {
        let tick = match self.order {
            Some(Order::Held { tick, .. }) => tick,
            Some(Order::Nudge { .. }) => newest?,
            None => self.motion?.tick,
        };
        self.motion = Some(Motion { epoch: self.epoch, tick });
        self.rest = None;
        Some(tick)
    }

    /// Notes that wheels rest, which rests on nothing but the present.
    fn resting(&mut self, now: Time, newest: Option<u32>) -> Option<u32> {
        self.rest.get_or_insert(now);
        newest
    }
}

impl Seen {
    /// Age of `tick` by the robot's clock, carried on from its last report.
    fn age_of(&self, tick: u32, now: Time) -> Duration {
        let known = Duration::from_millis(u64::from(self.report.tick.wrapping_sub(tick)));
        known + now.since(self.at)
    }
}

fn accepted_or_refused(outcome: Result<(), Refusal>) -> Answer {
    outcome.map_or_else(Answer::Refused, |()| Answer::Accepted)
}

/// Whether `seq` comes after `than`, modulo 2³².
fn is_newer(seq: u32, than: u32) -> bool {
    (1..1 << 31).contains(&seq.wrapping_sub(than))
}

/// Whether `tick` is not after `newest`, modulo 2³².
fn is_current(tick: u32, newest: u32) -> bool {
    newest.wrapping_sub(tick) < 1 << 31
}
