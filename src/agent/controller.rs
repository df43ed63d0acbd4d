//! PURE. The controller: joins the pilot to a session with the robot. Commands and bytes in, frames and telemetry out.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::drive::{
    Answer, Command, DriverId, Evidence, Fault, Geometry, Input, Motors, Odometry, Output, Pilot, RobotReport,
    RobotState, Rules, Seat, Source, Stamp, Wheels,
};
use crate::protocol::events::{Exceeded, Link, Numbers, Pose, Reason, Speed, State, Telemetry};
use crate::protocol::frame::{self, Accumulator};
use crate::protocol::message::{FULL, FromMcu, HelloAck, McuState, MessageError, NO_AGE, Status, ToMcu};
use crate::protocol::session::{Driven, Event, Loss, Mismatch, Session};
use crate::time::{Time, millis};

/// LATCH and its reset repeat this often until the robot's status shows them done.
const REPEAT: Duration = Duration::from_millis(25);
/// So often while the robot is silent: it may be starting, and what is there then is not ours to fill.
const REPEAT_TO_SILENCE: Duration = Duration::from_millis(100);
/// A new LATCH goes out this many times at once: one of them arrives.
const COPIES: usize = 3;

/// What a controller must know of its robot.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The pilot's rules.
    pub rules: Rules,
    /// The robot's dimensions, where they are known.
    pub dimensions: Option<Dimensions>,
    /// Random start of the session nonces.
    pub seed: u32,
}

/// A robot's dimensions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dimensions {
    /// Its drawing.
    pub geometry: Geometry,
    /// Speed ahead at full output, m/s.
    pub top_speed_mps: f64,
    /// Encoder counts of a wheel on a metre; `None` without encoders.
    pub counts_per_m: Option<f64>,
}

impl Dimensions {
    fn odometry(self) -> Option<Odometry> {
        Some(Odometry::new(self.geometry, self.counts_per_m?))
    }
}

/// Something worth a line in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transition {
    /// The robot answered our HELLO.
    RobotFound(HelloAck),
    /// The session with the robot ended.
    RobotLost(Loss),
    /// The robot is not one that we can drive.
    RobotIncompatible(Mismatch),
    /// A line of the robot's own.
    RobotText([u8; crate::protocol::message::TEXT_LEN]),
    /// The strongest fault is another one now; `None`: the robot is ready.
    Fault(Option<Fault>),
}

/// The newest status and when it came.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Heard {
    status: Status,
    at: Time,
}

/// Everything that decides beside the robot.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Controller {
    pilot: Pilot,
    session: Session,
    accumulator: Accumulator,
    dimensions: Option<Dimensions>,
    odometry: Option<Odometry>,
    heard: Option<Heard>,
    pose: Option<Pose>,
    output: Option<Output>,
    latch_reason: String,
    latch_repeat: Option<Time>,
    fault: Option<Fault>,
    /// What was measured when that began.
    evidence: Evidence,
    was_ready: bool,
    last_stop: Option<Reason>,
    /// What the cable says while no robot is heard.
    cable: Option<String>,
    /// Whether the robot was heard on this line, and on one before.
    heard_here: bool,
    heard_before: bool,
    /// Why the last session ended, until the next one drives.
    lost: Option<Loss>,
    link: Link,
}

impl Controller {
    /// A controller without a robot yet. `latch`: why STOP is latched, as the disk remembers it.
    #[must_use]
    pub fn new(settings: Settings, latch: Option<String>) -> Self {
        let Settings { rules, dimensions, seed } = settings;
        Self {
            session: Session::new(seed, driven(rules.wheels)),
            pilot: Pilot::new(rules, latch.is_some()),
            accumulator: Accumulator::new(),
            dimensions,
            odometry: dimensions.and_then(Dimensions::odometry),
            heard: None,
            pose: None,
            output: None,
            latch_reason: latch.unwrap_or_default(),
            latch_repeat: None,
            fault: None,
            evidence: Evidence::default(),
            was_ready: false,
            last_stop: None,
            cable: None,
            heard_here: false,
            heard_before: false,
            lost: None,
            link: Link::default(),
        }
    }

    /// The seat, to be shown.
    #[must_use]
    pub fn seat(&self) -> &Seat {
        self.pilot.seat()
    }

    /// What the motors need, as it is in force.
    #[must_use]
    pub fn motors(&self) -> Motors {
        self.pilot.motors()
    }

    /// Other motors, from the next rest of the wheels on.
    pub fn fit(&mut self, motors: Motors) {
        self.pilot.fit(motors);
    }

    /// How the wheels make the robot's motion.
    #[must_use]
    pub fn wheels(&self) -> Wheels {
        self.pilot.wheels()
    }

    /// Whether the wheels were told to rest.
    #[must_use]
    pub fn rests(&self) -> bool {
        self.output.is_none_or(|output| output.wheels.is_zero())
    }

    /// What the newest step decided; `None` before the first.
    #[must_use]
    pub fn output(&self) -> Option<Output> {
        self.output
    }

    /// The newest status of the robot, while there is one.
    #[must_use]
    pub fn status(&self) -> Option<&Status> {
        self.heard.as_ref().map(|heard| &heard.status)
    }

    /// The settings with which a fresh controller drives like this one.
    #[must_use]
    pub fn settings(&self, seed: u32) -> Settings {
        Settings { rules: self.pilot.rules().clone(), dimensions: self.dimensions, seed }
    }

    /// Why STOP is latched; `None` if it is not.
    #[must_use]
    pub fn latch(&self) -> Option<&str> {
        self.pilot.is_latched().then_some(self.latch_reason.as_str())
    }

    /// The newest time that the robot told, for what is read now.
    #[must_use]
    pub fn stamp(&self) -> Option<Stamp> {
        let status = self.heard?.status;
        Some(Stamp { session: self.session.id().filter(|session| *session == status.session)?, tick: status.tick })
    }

    /// A new line to a robot is open.
    pub fn cable_up(&mut self) {
        self.session.restart();
        self.accumulator.clear();
        self.heard_here = false;
        self.lost = None;
    }

    /// The line is gone; `why` is shown until a robot is heard.
    pub fn cable_down(&mut self, now: Time, why: &str) {
        self.session.restart();
        self.heard = None;
        self.cable_says(why);
        self.pilot.handle(now, Input::Robot(None));
    }

    /// What the cable knows, as a sentence; shown until a robot is heard.
    pub fn cable_says(&mut self, what: &str) {
        self.cable = Some(what.to_owned());
    }

    /// STOP, with what to show beside the latch.
    pub fn stop(&mut self, now: Time, driver: DriverId, source: Source, reason: String) {
        // The first reason is the one that people look for.
        if !self.pilot.is_latched() {
            self.latch_reason = reason;
        }
        self.pilot.handle(now, Input::Command(driver, source, Command::Stop));
    }

    /// Any other command.
    pub fn command(&mut self, now: Time, driver: DriverId, source: Source, command: Command) -> Answer {
        let answer = self.pilot.handle(now, Input::Command(driver, source, command));
        if let Answer::Refused(_) = answer {
            self.link.refused = self.link.refused.saturating_add(1);
        }
        answer
    }

    /// Takes bytes from the robot. Whether a robot spoke: a status was among them, or a whole message of another
    /// version. And what is worth telling.
    pub fn receive(&mut self, now: Time, bytes: &[u8], tell: &mut impl FnMut(Transition)) -> bool {
        let mut spoke = false;
        for byte in bytes {
            match self.accumulator.push(*byte).map(|frame| frame.map(|body| FromMcu::decode(body.as_slice()))) {
                None => {}
                Some(Ok(Ok(message))) => {
                    self.take(now, &message, tell);
                    spoke |= matches!(message, FromMcu::Status(_));
                }
                Some(Ok(Err(MessageError::Version { major }))) => {
                    self.take_foreign(now, major, tell);
                    spoke = true;
                }
                Some(Ok(Err(_)) | Err(_)) => self.link.bad_frames = self.link.bad_frames.saturating_add(1),
            }
        }
        spoke
    }

    /// Whether the robot waits for a word that the next step says, HELLO or ARM.
    #[must_use]
    pub fn owes_a_word(&self) -> bool {
        self.session.has_news()
    }

    /// Decides, and appends what the robot must hear to `wire`.
    pub fn step(&mut self, now: Time, wire: &mut Vec<u8>, tell: &mut impl FnMut(Transition)) {
        let was_latched = self.pilot.is_latched();
        let output = self.pilot.step(now);
        if !was_latched && self.pilot.is_latched() {
            "the robot's own STOP latch is set".clone_into(&mut self.latch_reason);
        }
        self.output = Some(output);
        self.note_fault(&output, tell);
        self.say_latch(now, output, wire);
        // Its line is open, but it may be in reset or in its bootloader, which must hear nothing of ours. The
        // robot stops by its own deadline; as at the start, it speaks first.
        if output.faults.contains(Fault::RobotSilent) {
            return;
        }
        if let Some(request) = self.session.request(now) {
            say(&request, wire);
        }
        let ttl = u16::try_from(output.ttl.as_millis()).unwrap_or(u16::MAX);
        let [epoch, ..] = output.epoch.to_le_bytes();
        let cause = output.faults.strongest().map_or(0, Fault::number);
        let drive = output.tick.and_then(|tick| self.session.drive(output.outputs.as_slice(), tick, ttl, epoch, cause));
        if let Some(drive) = drive {
            say(&drive, wire);
            self.link.frames_sent = self.link.frames_sent.saturating_add(1);
        }
    }

    /// The last words before the program ends: the robot stops and wants neutral.
    pub fn farewell(&mut self, wire: &mut Vec<u8>) {
        if self.heard.is_some() {
            (0..COPIES).for_each(|_| say(&ToMcu::Stop { reason: 0 }, wire));
        }
    }

    /// How old the command was that the robot obeyed, as of its newest status; `None` while it does not drive.
    #[must_use]
    pub fn age_driven(&self) -> Option<Duration> {
        let driven = self.heard.map(|heard| heard.status).filter(|status| status.state == McuState::Driving);
        driven.filter(|status| status.age_ms != NO_AGE).map(|status| Duration::from_millis(status.age_ms.into()))
    }

    /// Why the robot is stopped; `None` while it is not.
    #[must_use]
    pub fn stopped(&self) -> Option<Reason> {
        self.fault.map(|fault| self.reason(fault))
    }

    /// The strongest fault, if there is one.
    #[must_use]
    pub fn fault(&self) -> Option<Fault> {
        self.fault
    }

    /// Whether the robot was ready, now or once before: every start passes through faults.
    #[must_use]
    pub fn was_ready(&self) -> bool {
        self.was_ready
    }

    /// How fast the wheels turn by what the robot reports, permille of full, and the body with them.
    #[must_use]
    pub fn rolling(&self) -> (Vec<i16>, Option<Speed>) {
        let wheels = self.heard.map(|heard| self.pilot.motors().speeds(heard.status.outputs.as_slice()));
        let speed = wheels.zip(self.dimensions).map(|(wheels, known)| {
            let way = known.geometry.speed(&wheels, known.top_speed_mps);
            Speed { linear_mps: way.ahead_m, lateral_mps: way.left_m, angular_radps: way.turned_rad }
        });
        (wheels.map(|wheels| wheels.as_slice().to_vec()).unwrap_or_default(), speed)
    }

    /// A snapshot for people.
    #[must_use]
    pub fn telemetry(&self, now: Time) -> Telemetry {
        let status = self.heard.map(|heard| heard.status);
        let silence = self.heard.map_or(now.elapsed(), |heard| now.since(heard.at));
        let (wheels, speed) = self.rolling();
        Telemetry {
            tick: status.map(|status| status.tick),
            session: self.session.id(),
            age_ms: status.map(|status| status.age_ms).filter(|age| *age != NO_AGE).map(u32::from),
            wheels,
            speed,
            state: self.state(),
            reason: self.stopped(),
            last_stop: self.last_stop.clone(),
            battery_mv: status.map(|status| status.battery_mv).filter(|battery| *battery != 0),
            pose: self.pose,
            epoch: self.pilot.seat().epoch(),
            recording: false,
            link: Link {
                silence_ms: millis(silence),
                rejected: status.map_or(0, |status| u32::from(status.rejected)),
                ..self.link
            },
        }
    }

    fn take(&mut self, now: Time, message: &FromMcu, tell: &mut impl FnMut(Transition)) {
        match self.session.handle(message) {
            Event::None => {}
            Event::Opened(ack) => {
                self.odometry.iter_mut().for_each(Odometry::counters_restarted);
                tell(Transition::RobotFound(ack));
            }
            Event::Lost(loss) => {
                self.link.restarts = self.link.restarts.saturating_add(u32::from(loss == Loss::Restarted));
                self.lost = Some(loss);
                tell(Transition::RobotLost(loss));
            }
            Event::Incompatible(why) => tell(Transition::RobotIncompatible(why)),
        }
        match message {
            FromMcu::Status(status) => self.take_status(now, *status),
            FromMcu::Text(text) => tell(Transition::RobotText(*text)),
            FromMcu::Counters(counters) => self.link.robot = *counters,
            FromMcu::HelloAck(_) | FromMcu::Param { .. } => {}
        }
    }

    /// A whole message of another version: undamaged, so it is a robot, but none of ours.
    fn take_foreign(&mut self, now: Time, major: u8, tell: &mut impl FnMut(Transition)) {
        if let Event::Incompatible(why) = self.session.handle_foreign(major) {
            tell(Transition::RobotIncompatible(why));
        }
        let report = RobotReport { session: 0, tick: 0, state: RobotState::Incompatible };
        self.pilot.handle(now, Input::Robot(Some(report)));
    }

    fn take_status(&mut self, now: Time, status: Status) {
        self.cable = None;
        if !self.heard_here {
            self.link.reconnects = self.link.reconnects.saturating_add(u32::from(self.heard_before));
            (self.heard_here, self.heard_before) = (true, true);
        }
        self.heard = Some(Heard { status, at: now });
        if let Some((counts, odometry)) = status.counts.zip(self.odometry.as_mut()) {
            // Only a car steers, and by its second output.
            let steering =
                self.pilot.motors().speeds(status.outputs.as_slice()).as_slice().get(1).copied().unwrap_or(0);
            let pose = odometry.update(counts.as_slice(), f64::from(steering) / f64::from(FULL));
            self.pose = Some(Pose { x_m: pose.x_m, y_m: pose.y_m, heading_rad: pose.heading_rad });
        }
        let state = self.robot_state(&status);
        if state != RobotState::Starting {
            self.lost = None;
        }
        let report = RobotReport { session: status.session, tick: status.tick, state };
        self.pilot.handle(now, Input::Robot(Some(report)));
    }

    fn robot_state(&self, status: &Status) -> RobotState {
        if self.session.incompatible().is_some() {
            return RobotState::Incompatible;
        }
        match status.state {
            McuState::Latched => RobotState::Latched,
            _ if self.session.id() != Some(status.session) => RobotState::Starting,
            McuState::Boot | McuState::Linked => RobotState::Starting,
            McuState::Armed | McuState::Driving | McuState::Stopped if status.wants_neutral => RobotState::Stopped,
            McuState::Armed | McuState::Driving | McuState::Stopped => RobotState::Ready,
        }
    }

    fn say_latch(&mut self, now: Time, output: Output, wire: &mut Vec<u8>) {
        let Some(status) = self.heard.map(|heard| heard.status) else { return };
        let latched = status.state == McuState::Latched;
        let silent = output.faults.contains(Fault::RobotSilent);
        let (message, copies) = match (output.latch, output.unlatch, self.session.id()) {
            (true, _, _) if !latched => (ToMcu::Latch, if self.latch_repeat.is_none() { COPIES } else { 1 }),
            (_, true, Some(session)) if latched && !silent => {
                (ToMcu::LatchReset { session, nonce: status.latch_nonce }, 1)
            }
            (true | false, true | false, _) => {
                self.latch_repeat = None;
                return;
            }
        };
        let pause = if silent { REPEAT_TO_SILENCE } else { REPEAT };
        if self.latch_repeat.is_none_or(|said| now.since(said) >= pause) {
            (0..copies).for_each(|_| say(&message, wire));
            self.latch_repeat = Some(now);
        }
    }

    fn note_fault(&mut self, output: &Output, tell: &mut impl FnMut(Transition)) {
        let fault = output.faults.strongest();
        if fault == self.fault {
            return;
        }
        self.fault = fault;
        self.evidence = output.evidence;
        if let Some(fault) = fault.filter(|fault| self.was_ready || *fault == Fault::Latched) {
            self.last_stop = Some(self.reason(fault));
        }
        self.was_ready |= fault.is_none();
        tell(Transition::Fault(fault));
    }

    fn reason(&self, fault: Fault) -> Reason {
        let policy = fault.policy();
        let robot = self.heard.map(|heard| heard.status.reason);
        let text = match (fault, robot) {
            (Fault::RobotIncompatible, _) if let Some(why) = self.session.incompatible() => {
                format!("{} ({})", policy.text, why.text())
            }
            (Fault::RobotAbsent, _) if self.cable.is_some() => {
                format!("{} ({})", policy.text, self.cable.as_deref().unwrap_or_default())
            }
            // A robot that has restarted says so by starting.
            (Fault::RobotStarting, _) if let Some(loss @ (Loss::Damaged | Loss::Taken)) = self.lost => {
                format!("{} ({})", policy.text, loss.text())
            }
            (Fault::Latched, _) if !self.latch_reason.is_empty() => format!("{} ({})", policy.text, self.latch_reason),
            (Fault::RobotStopped, Some(reason)) => format!("{} ({})", policy.text, reason.text()),
            _ => policy.text.to_owned(),
        };
        Reason { numbers: self.numbers(fault), ..Reason::new(policy.code, policy.hop.name(), &text) }
    }

    fn numbers(&self, fault: Fault) -> Numbers {
        let ms = |age: Duration| u32::try_from(age.as_millis()).unwrap_or(u32::MAX);
        let exceeded = self.evidence.excess(fault, &self.pilot.limits());
        Numbers {
            exceeded: exceeded.map(|excess| Exceeded {
                what: excess.what.to_owned(),
                ms: ms(excess.age),
                limit_ms: ms(excess.limit),
            }),
            sample_ms: self.evidence.sample_age.map(ms),
            tick_ms: self.evidence.tick_age.map(ms),
            silence_ms: self.evidence.silence.map(ms),
            pause_ms: Some(ms(self.evidence.pause)),
        }
    }

    fn state(&self) -> State {
        match self.fault {
            Some(Fault::Latched) => State::Latched,
            Some(Fault::RobotAbsent | Fault::RobotIncompatible | Fault::RobotSilent) => State::NoRobot,
            Some(Fault::RobotStarting) => State::Starting,
            Some(Fault::RobotStopped | Fault::Overrun | Fault::CommandStale) => State::Stopped,
            None if self.output.is_some_and(|output| output.driving) => State::Driving,
            None if self.output.is_none() => State::NoRobot,
            None => State::Ready,
        }
    }
}

/// The motors that these wheels have.
fn driven(wheels: Wheels) -> Driven {
    match wheels {
        Wheels::Differential => Driven::Sides,
        Wheels::Ackermann => Driven::Motors(2),
        Wheels::Skid | Wheels::Mecanum | Wheels::Omni => Driven::Motors(4),
    }
}

fn say(message: &ToMcu, wire: &mut Vec<u8>) {
    frame::encode(message.encode().as_slice(), wire);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::robot::body::Build;
    use crate::robot::sim::SimRobot;

    /// A controller, its robot, and the time.
    struct Pair {
        controller: Controller,
        robot: SimRobot,
        now: u64,
    }

    impl Pair {
        fn new() -> Self {
            let settings = Settings { rules: Rules::default(), dimensions: None, seed: 7 };
            Self { controller: Controller::new(settings, None), robot: SimRobot::new(Build::default(), 1), now: 0 }
        }

        /// Both run, with or without a cable between them.
        fn run(&mut self, ms: u64, cable: bool) {
            for _ in 0..ms {
                self.now += 1;
                self.robot.tick_ms();
                let (mut up, mut down) = (Vec::new(), Vec::new());
                self.robot.transmit(&mut up);
                if cable {
                    self.controller.receive(self.time(), &up, &mut |_| {});
                }
                if self.now.is_multiple_of(20) {
                    self.controller.step(self.time(), &mut down, &mut |_| {});
                    self.robot.receive(if cable { &down } else { &[] });
                }
            }
        }

        fn time(&self) -> Time {
            Time::from_millis(self.now)
        }

        fn told(&self) -> String {
            self.controller.telemetry(self.time()).reason.map(|reason| reason.text).unwrap_or_default()
        }

        fn counts(&self) -> (u32, u32) {
            let link = self.controller.telemetry(self.time()).link;
            (link.reconnects, link.restarts)
        }
    }

    /// Goal: people read what the cable says for as long as no robot is heard, and not a moment longer.
    #[test]
    fn what_the_cable_says_reaches_people() {
        let mut pair = Pair::new();
        pair.controller.cable_down(pair.time(), "the port is in use");
        pair.run(40, false);
        assert!(pair.told().ends_with(" (the port is in use)"), "{}", pair.told());
        pair.controller.cable_up();
        pair.controller.cable_says("nothing is heard");
        assert!(pair.told().ends_with(" (nothing is heard)"), "{}", pair.told());
        pair.run(1000, true);
        assert_eq!(pair.told(), "");
        pair.controller.cable_down(pair.time(), "it was unplugged");
        pair.run(40, false);
        let last = pair.controller.telemetry(pair.time()).last_stop.unwrap();
        assert!(last.text.ends_with(" (it was unplugged)"), "{last:?}");
    }

    /// Goal: a loose plug and a robot that restarts by itself are told apart.
    #[test]
    fn reconnects_and_restarts_are_counted() {
        let mut pair = Pair::new();
        pair.controller.cable_up();
        pair.run(1000, true);
        assert_eq!(pair.counts(), (0, 0));
        pair.robot.reset();
        pair.run(1000, true);
        assert_eq!(pair.counts(), (0, 1));
        for line in 1..3 {
            pair.controller.cable_down(pair.time(), "it was unplugged");
            pair.controller.cable_up();
            // A line on which nobody is heard does not count.
            pair.controller.cable_down(pair.time(), "nothing is heard");
            pair.controller.cable_up();
            pair.run(1000, true);
            assert_eq!(pair.counts(), (line, 1));
        }
    }

    /// Goal: a board that resets while its line is open hears no DRIVE and no HELLO while it starts, only a
    /// LATCH now and then; once it reports again it is greeted as ever.
    #[test]
    fn silent_robot_is_not_spoken_to() {
        let mut pair = Pair::new();
        pair.run(1000, true);
        let said = |pair: &mut Pair, ms: u64| {
            let (mut wire, end) = (Vec::new(), pair.now + ms);
            while pair.now < end {
                pair.now += 20;
                pair.controller.step(pair.time(), &mut wire, &mut |_| {});
            }
            wire
        };
        assert!(!said(&mut pair, 180).is_empty(), "a report that is late is no silence");
        said(&mut pair, 40);
        assert_eq!(said(&mut pair, 3000), b"");
        let (person, now) = (DriverId(1), pair.time());
        pair.controller.stop(now, person, Source::Network, "Anne".to_owned());
        let mut latch = Vec::new();
        say(&ToMcu::Latch, &mut latch);
        assert_eq!(said(&mut pair, 20), latch.repeat(COPIES));
        assert_eq!(said(&mut pair, 1000), latch.repeat(10));
        pair.robot.reset();
        pair.run(1000, true);
        assert!(pair.controller.session.id().is_some() && pair.told().starts_with("STOP"), "{}", pair.told());
    }

    /// Goal: a robot that gives up its session because frames are damaged is no robot that restarted, and
    /// people read to check the cable.
    #[test]
    fn damaged_frames_are_not_told_as_a_restart() {
        let mut pair = Pair::new();
        pair.run(1000, true);
        let mut transitions = Vec::new();
        let mut last_stop = String::new();
        for _ in 0..100 {
            pair.now += 1;
            pair.robot.tick_ms();
            pair.robot.receive(b"noise\0");
            let mut up = Vec::new();
            pair.robot.transmit(&mut up);
            let now = pair.time();
            pair.controller.receive(now, &up, &mut |transition| transitions.push(transition));
            pair.controller.step(now, &mut Vec::new(), &mut |_| {});
            last_stop = pair.told();
        }
        assert_eq!(transitions, [Transition::RobotLost(Loss::Damaged)]);
        assert!(
            last_stop.starts_with("the robot is starting") && last_stop.ends_with("check the cable)"),
            "{last_stop}"
        );
        assert_eq!(pair.counts(), (0, 0));
        pair.run(1000, true);
        assert_eq!(pair.told(), "");
        let stop = pair.controller.telemetry(pair.time()).last_stop.unwrap();
        assert!(stop.text.contains("too many frames were damaged"), "{stop:?}");
    }
}
