//! Judge: holds the robot's wheels against what people did. It believes neither the pilot nor the firmware.

use std::collections::VecDeque;
use std::fmt::Write as _;

use joywire::drive::{Command, DriverId};
use joywire::protocol::frame::Accumulator;
use joywire::protocol::message::{Drive, FromMcu, ToMcu};

use super::people::{Part, Person};
use super::shadow::Shadow;

/// The first promise and its name in reports.
pub const I1: &str = "I1 motion without a hand";
/// Wheels stand still this long after the last sample, ms (I1).
const PROMISE: u64 = 250;
/// A press of a direction button drives this long, ms.
const NUDGE_HOLD: u64 = 400;
/// Events kept for the report.
const HISTORY: usize = 60;

/// A broken promise.
#[derive(Clone, Debug)]
pub struct Violation {
    pub rule: &'static str,
    /// What was seen, and what happened before.
    pub story: String,
}

/// What the judge knows of one person.
#[derive(Clone, Debug)]
struct Witness {
    id: DriverId,
    part: Part,
    signs: [i16; 2],
    /// When it last sampled a pushed stick while it had the seat.
    pushed: Option<u64>,
    /// When a press of its buttons was last taken by the agent.
    nudged: Option<u64>,
    /// Ticks of the samples that have reached the agent under the present epoch.
    ticks: VecDeque<u32>,
    /// A released stick has reached the agent under the present epoch, after the last reset.
    released: bool,
}

impl Witness {
    fn may_turn(&self, wheels: [i16; 2]) -> bool {
        self.part != Part::Cheat && self.signs.iter().zip(wheels).all(|(sign, wheel)| sign * wheel >= 0)
    }
}

/// Watches one run.
#[derive(Clone, Debug)]
pub struct Judge {
    witnesses: Vec<Witness>,
    shadow: Shadow,
    to_robot: Accumulator,
    from_robot: Accumulator,
    on_wire: Accumulator,
    /// The seat as it changed: epoch and holder.
    seat: (u32, Option<DriverId>),
    /// The newest motion that was sent: epoch and moment.
    motion: Option<(u32, u64)>,
    /// Since when only neutral has been sent.
    neutral_since: Option<u64>,
    pub latched: bool,
    pub latched_at: u64,
    pub cleared_at: u64,
    press: Option<(DriverId, u32, u64)>,
    history: VecDeque<(u64, &'static str, u64, u64)>,
    pub violation: Option<Violation>,
    /// Looks for violations of this rule only.
    pub only: Option<&'static str>,
    /// Milliseconds with a wheel turning.
    pub moved_ms: u64,
    /// The longest that wheels turned after the last sample of a pushed stick, ms.
    pub worst: u64,
}

impl Judge {
    pub fn new(people: &[Person], latched: bool) -> Self {
        let witness = |person: &Person| Witness {
            id: person.id,
            part: person.part,
            signs: person.signs,
            pushed: None,
            nudged: None,
            ticks: VecDeque::new(),
            released: false,
        };
        Self {
            witnesses: people.iter().map(witness).collect(),
            shadow: Shadow::new(),
            to_robot: Accumulator::new(),
            from_robot: Accumulator::new(),
            on_wire: Accumulator::new(),
            seat: (0, None),
            motion: None,
            neutral_since: None,
            latched,
            latched_at: 0,
            cleared_at: 0,
            press: None,
            history: VecDeque::new(),
            violation: None,
            only: None,
            moved_ms: 0,
            worst: 0,
        }
    }

    pub fn note(&mut self, now: u64, what: &'static str, first: u64, second: u64) {
        if self.history.len() == HISTORY {
            self.history.pop_front();
        }
        self.history.push_back((now, what, first, second));
    }

    pub fn accuse(&mut self, now: u64, rule: &'static str, what: impl FnOnce() -> String) {
        if self.violation.is_some() || self.only.is_some_and(|only| only != rule) {
            return;
        }
        let mut story = format!("at {now} ms: {}\n", what());
        for (at, what, first, second) in &self.history {
            writeln!(story, "  {at:>6} {what} {first} {second}").expect("memory takes text");
        }
        self.violation = Some(Violation { rule, story });
    }

    /// A person's hand has been sampled.
    pub fn sampled(&mut self, now: u64, person: usize, command: &Command) {
        let seat = self.seat;
        let witness = &mut self.witnesses[person];
        if let Command::Sample(sample) = command
            && !sample.stick.is_neutral()
            && seat == (sample.epoch, Some(witness.id))
        {
            witness.pushed = Some(now);
        }
    }

    /// A command is about to be handed to the controller.
    pub fn handled(&mut self, now: u64, person: usize, command: &Command) {
        let seat = self.seat;
        let id = self.witnesses[person].id;
        match *command {
            Command::Sample(sample) if seat == (sample.epoch, Some(id)) => {
                let witness = &mut self.witnesses[person];
                witness.released |= sample.stick.is_neutral();
                if let Some(stamp) = sample.stamp.filter(|_| !sample.stick.is_neutral()) {
                    if witness.ticks.len() == 32 {
                        witness.ticks.pop_front();
                    }
                    witness.ticks.push_back(stamp.tick);
                }
            }
            Command::Nudge(stick) if !stick.is_neutral() => {
                self.witnesses[person].nudged = Some(now);
                self.note(now, "nudge by", id.0, 0);
            }
            Command::Stop => {
                self.note(now, "STOP by", id.0, 0);
                if !self.latched {
                    self.latched_at = now;
                }
                self.latched = true;
                self.press = None;
            }
            Command::PressReset(nonce) => self.press = Some((id, nonce, now)),
            Command::ReleaseReset(nonce) => self.release_reset(now, id, nonce),
            // Nobody in the World calibrates.
            Command::Sample(_)
            | Command::Bench(..)
            | Command::Nudge(_)
            | Command::Take
            | Command::Ask
            | Command::Give(_)
            | Command::Leave => {}
        }
    }

    fn release_reset(&mut self, now: u64, id: DriverId, nonce: u32) {
        let Some((by, expected, at)) = self.press.take() else { return };
        if by != id || nonce != expected || !(2_000..=10_000).contains(&(now - at)) {
            return;
        }
        // Who held the stick before must release it, also if only the robot was latched.
        self.cleared_at = now;
        if self.latched {
            self.note(now, "valid reset by", id.0, 0);
            self.latched = false;
            for witness in &mut self.witnesses {
                witness.released = false;
                witness.nudged = None;
            }
        }
    }

    /// The seat as the agent shows it to everyone.
    pub fn seat(&mut self, now: u64, epoch: u32, holder: Option<DriverId>) {
        if self.seat == (epoch, holder) {
            return;
        }
        if self.seat.0 == epoch {
            self.accuse(now, "I7 seat", || format!("the seat went to {holder:?} within epoch {epoch}"));
        }
        self.note(now, "seat: epoch, holder", u64::from(epoch), holder.map_or(0, |id| id.0));
        self.seat = (epoch, holder);
        for witness in &mut self.witnesses {
            witness.ticks.clear();
            witness.released = false;
        }
    }

    /// The agent has died; what it knew of people is gone, what is on disk is not.
    pub fn agent_died(&mut self) {
        self.seat = (0, None);
        self.press = None;
        self.motion = None;
        for witness in &mut self.witnesses {
            witness.ticks.clear();
            witness.released = false;
        }
    }

    /// Bytes that leave the agent (I7).
    pub fn sent(&mut self, now: u64, bytes: &[u8]) {
        for byte in bytes {
            if let Some(Ok(body)) = self.on_wire.push(*byte)
                && let Ok(ToMcu::Drive(drive)) = ToMcu::decode(body.as_slice())
            {
                if drive.is_neutral() {
                    self.neutral_since.get_or_insert(now);
                } else {
                    self.motion_sent(now, &drive);
                    self.neutral_since = None;
                }
            }
        }
    }

    fn motion_sent(&mut self, now: u64, drive: &Drive) {
        let (epoch, holder) = self.seat;
        let [low, ..] = epoch.to_le_bytes();
        let wheels = [drive.motors.as_slice()[0], drive.motors.as_slice()[1]];
        let witness = self.witnesses.iter().find(|witness| Some(witness.id) == holder);
        let nudged = witness.and_then(|witness| witness.nudged).is_some_and(|at| now - at < NUDGE_HOLD + 150);
        let fits = drive.epoch == low && witness.is_some_and(|witness| witness.may_turn(wheels));
        let from_stick = witness.is_some_and(|witness| witness.ticks.contains(&drive.tick));
        let released = witness.is_some_and(|witness| witness.released);
        if !fits || (!from_stick && !nudged) {
            self.accuse(now, "I7 stranger's motion", || format!("{drive:?} left while {holder:?} sat in {epoch}"));
        }
        if !released && !nudged {
            self.accuse(now, "I4 neutral first", || format!("{drive:?} left before {holder:?} released the stick"));
        }
        let last = self.motion;
        let still = self.neutral_since.is_some_and(|since| now - since >= 200);
        if last.is_some_and(|(before, _)| before != epoch) && !still {
            self.accuse(now, "I7 handover", || format!("motion of epoch {epoch} soon after that of {last:?}"));
        }
        self.motion = Some((epoch, now));
    }

    /// The robot's power has failed.
    pub fn robot_reset(&mut self, now: u64) {
        self.note(now, "robot reset", 0, 0);
        self.to_robot.clear();
        self.from_robot.clear();
        self.shadow = Shadow::new();
    }

    /// Bytes that reach the robot when its clock shows `tick`.
    pub fn arrived(&mut self, now: u64, tick: u32, bytes: &[u8]) {
        for byte in bytes {
            let Some(Ok(body)) = self.to_robot.push(*byte) else { continue };
            let shadow = &mut self.shadow;
            match ToMcu::decode(body.as_slice()) {
                Ok(ToMcu::Arm { session }) => shadow.arm_asked |= shadow.session == Some(session),
                Ok(ToMcu::Drive(drive)) => shadow.drive(now, tick, &drive),
                Ok(_) | Err(_) => {}
            }
        }
    }

    /// Bytes that the robot says.
    pub fn said(&mut self, now: u64, bytes: &[u8]) {
        for byte in bytes {
            if let Some(Ok(body)) = self.from_robot.push(*byte)
                && let Ok(FromMcu::HelloAck(ack)) = FromMcu::decode(body.as_slice())
                && self.shadow.session != Some(ack.session())
            {
                self.note(now, "robot opens session", u64::from(ack.session()), 0);
                self.shadow.open(ack.session());
            }
        }
    }

    /// The outputs one millisecond of the robot later: the ramp (I4).
    pub fn ramp(&mut self, now: u64, outputs: [i16; 2]) {
        let mut leap = None;
        for (bound, output) in self.shadow.bounds.iter_mut().zip(outputs) {
            let size = i32::from(output.abs());
            if size * 300 > *bound + 1000 {
                leap = Some(*bound / 300);
            }
            *bound = (*bound + 1000).min((size + 1) * 300 - 1);
        }
        if let Some(from) = leap {
            self.accuse(now, "I4 ramp", || format!("outputs leapt from at most {from} to {outputs:?}"));
        }
    }

    /// The robot's outputs at this moment.
    pub fn wheels(&mut self, now: u64, outputs: [i16; 2]) {
        self.shadow.pass(now);
        if outputs == [0; 2] {
            return;
        }
        self.moved_ms += 1;
        let silence = |witness: &Witness| {
            let pushed = witness.pushed.map(|at| now - at);
            let nudged = witness.nudged.map(|at| (now - at).saturating_sub(NUDGE_HOLD));
            pushed.into_iter().chain(nudged).min()
        };
        let fitting = self.witnesses.iter().filter(|witness| witness.may_turn(outputs));
        let silence = fitting.filter_map(silence).min().unwrap_or(u64::MAX);
        if silence > PROMISE {
            self.accuse(now, I1, || format!("{outputs:?}, last pushed {silence} ms ago"));
        } else {
            self.worst = self.worst.max(silence);
        }
        if self.shadow.proven_until.is_none_or(|until| now > until) {
            self.accuse(now, "I3 stale command", || format!("{outputs:?} without a fresh command"));
        }
        if self.shadow.owes_neutral {
            self.accuse(now, "I4 neutral after a gap", || format!("{outputs:?} before 200 ms of neutral"));
        }
        if !self.shadow.armed {
            let shadow = self.shadow.clone();
            self.accuse(now, "I5 motion before arming", || format!("{outputs:?}, {shadow:?}"));
        }
        if self.latched && now > self.latched_at + PROMISE {
            let since = self.latched_at;
            self.accuse(now, "I6 motion while latched", || format!("{outputs:?}, latched at {since}"));
        }
    }
}
