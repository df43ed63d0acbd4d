//! Stories of the pilot in virtual time: what each person may expect when this or that goes wrong.

use std::time::Duration;

use joywire::drive::{
    Answer, Command, DriverId, Fault, Grant, Input, Output, Pilot, Refusal, ResetError, RobotReport, RobotState, Rules,
    Sample, Source, Stamp, Stick,
};
use joywire::time::Time;
use proptest::prelude::*;

const ANNE: DriverId = DriverId(1);
const BEN: DriverId = DriverId(2);
const SESSION: u32 = 77;
/// What the robot's clock shows when the play begins: it wraps soon.
const FIRST_TICK: u32 = u32::MAX - 3_000;
const STEP: u64 = 20;

/// A pilot, a robot that reports at every step, and the time.
struct Play {
    pilot: Pilot,
    now: u64,
    /// What the robot reports; `None`: it is silent.
    robot: Option<RobotState>,
    seq: u32,
}

impl Play {
    fn new() -> Self {
        Self::latched(false)
    }

    fn latched(latched: bool) -> Self {
        let mut play =
            Self { pilot: Pilot::new(Rules::default(), latched), now: 0, robot: Some(RobotState::Ready), seq: 0 };
        play.pass(600);
        play
    }

    /// Anne in the seat, the stick released.
    fn with_anne() -> Self {
        let mut play = Self::new();
        play.say(ANNE, Command::Take);
        play.hold(ANNE, 0.0, 40);
        play
    }

    fn time(&self) -> Time {
        Time::from_millis(self.now)
    }

    fn tick(&self) -> u32 {
        FIRST_TICK.wrapping_add(u32::try_from(self.now).expect("a short play"))
    }

    fn say(&mut self, driver: DriverId, command: Command) -> Answer {
        self.say_from(driver, Source::Network, command)
    }

    fn say_from(&mut self, driver: DriverId, source: Source, command: Command) -> Answer {
        self.pilot.handle(self.time(), Input::Command(driver, source, command))
    }

    /// A sample that is right in every respect.
    fn sample(&mut self, forward: f64) -> Sample {
        self.seq += 1;
        Sample {
            seq: self.seq,
            stick: ahead(forward),
            stamp: Some(Stamp { session: SESSION, tick: self.tick() }),
            epoch: self.pilot.seat().epoch(),
        }
    }

    fn report(&mut self) {
        if let Some(state) = self.robot {
            let report = RobotReport { session: SESSION, tick: self.tick(), state };
            self.pilot.handle(self.time(), Input::Robot(Some(report)));
        }
    }

    fn step(&mut self) -> Output {
        self.now += STEP;
        self.report();
        self.pilot.step(self.time())
    }

    /// Lets time pass without a word of anyone but the robot.
    fn pass(&mut self, ms: u64) -> Vec<Output> {
        (0..ms / STEP).map(|_| self.step()).collect()
    }

    /// Holds the stick; a sample before every step.
    fn hold(&mut self, driver: DriverId, forward: f64, ms: u64) -> Vec<Output> {
        let sample_and_step = |_| {
            let sample = self.sample(forward);
            self.say(driver, Command::Sample(sample));
            self.step()
        };
        (0..ms / STEP).map(sample_and_step).collect()
    }

    /// The faults of this moment, by one more step.
    fn fault(&mut self) -> Option<Fault> {
        self.step().faults.strongest()
    }
}

fn ahead(share: f64) -> Stick {
    Stick::new(0.0, share).expect("a share of full speed")
}

fn speed(output: &Output) -> i16 {
    output.wheels.as_slice()[0]
}

fn moves(outputs: &[Output]) -> bool {
    outputs.iter().any(|output| !output.wheels.is_zero())
}

/// Goal: the plain case, so that all that follows means something: a held stick drives, to full
/// speed in 300 ms.
#[test]
fn held_stick_drives() {
    let mut play = Play::with_anne();
    let outputs = play.hold(ANNE, 1.0, 600);
    assert!(outputs[0..13].iter().all(|output| speed(output) < 1000), "too quick");
    assert!(outputs[17..].iter().all(|output| speed(output) == 1000 && output.driving));
    assert!(moves(&play.hold(ANNE, -0.5, 600)));
}

/// Goal: who does not hold the seat moves nothing, whatever is sent.
#[test]
fn refused_driver_moves_nothing() {
    let mut play = Play::with_anne();
    let sample = play.sample(1.0);
    assert_eq!(play.say(BEN, Command::Sample(sample)), Answer::Refused(Refusal::NotHolder { holder: Some(ANNE) }));
    assert_eq!(play.say(BEN, Command::Take), Answer::Seat(Grant::Refused { holder: ANNE }));
    assert_eq!(play.say(BEN, Command::Nudge(ahead(1.0))), Answer::Refused(Refusal::NotHolder { holder: Some(ANNE) }));
    assert_eq!(play.say(BEN, Command::Give(BEN)), Answer::Refused(Refusal::NotHolder { holder: Some(ANNE) }));
    assert!(!moves(&play.hold(BEN, 1.0, 600)));
    // Nor does anyone drive a robot whose seat is free.
    let mut play = Play::new();
    assert!(!moves(&play.hold(BEN, 1.0, 600)));
}

/// Goal: a stick that is already held when the seat comes moves nothing until it was released.
#[test]
fn new_seat_starts_from_neutral() {
    let mut play = Play::new();
    play.say(ANNE, Command::Take);
    let sample = play.sample(1.0);
    assert_eq!(play.say(ANNE, Command::Sample(sample)), Answer::Refused(Refusal::NeutralFirst));
    assert!(!moves(&play.hold(ANNE, 1.0, 800)));
    play.hold(ANNE, 0.0, 20);
    assert!(moves(&play.hold(ANNE, 1.0, 100)));
}

/// Goal: when samples stop coming the wheels ramp down, on frames that prove nothing new.
#[test]
fn stale_command_ramps_down() {
    let mut play = Play::with_anne();
    play.hold(ANNE, 1.0, 600);
    let last_sample = play.tick() - u32::try_from(STEP).unwrap();
    let outputs = play.pass(400);
    let stopped = outputs.iter().position(|output| output.wheels.is_zero()).unwrap();
    assert!(outputs[stopped..].iter().all(|output| output.wheels.is_zero()));
    assert!((9..=14).contains(&stopped), "at rest {} ms after the last sample", (stopped + 2) * 20);
    for output in &outputs[..stopped] {
        assert_eq!(output.tick, Some(last_sample), "a ramp must not extend the motion");
    }
    assert_eq!(outputs[stopped].faults.strongest(), Some(Fault::CommandStale));
    assert_eq!(outputs[stopped + 1].tick, Some(play.tick() - u32::try_from(400 - (stopped + 2) * 20).unwrap()));
    // It is back with the samples, without ceremony, while the seat lasts.
    assert!(moves(&play.hold(ANNE, 1.0, 100)));
}

/// Goal: without the robot's time in a sample nothing moves, and the sender learns why.
#[test]
fn no_tick_no_motion() {
    let mut play = Play::with_anne();
    for _ in 0..20 {
        let sample = Sample { stamp: None, ..play.sample(1.0) };
        assert_eq!(play.say(ANNE, Command::Sample(sample)), Answer::Refused(Refusal::NoStamp));
        assert!(play.step().wheels.is_zero());
    }
}

/// Goal: a tick of the future, of another session or of too long ago moves nothing.
#[test]
fn wrong_ticks_are_refused() {
    let mut play = Play::with_anne();
    let tick = play.tick();
    let wrong = [
        (SESSION, tick.wrapping_add(1), Refusal::ForeignStamp),
        (SESSION, tick.wrapping_add(1 << 30), Refusal::ForeignStamp),
        (SESSION + 1, tick, Refusal::ForeignStamp),
        (SESSION, tick.wrapping_sub(231), Refusal::Stale { age_ms: 231 }),
        (SESSION, tick.wrapping_sub(65_536), Refusal::Stale { age_ms: 65_536 }),
    ];
    for (session, tick, refusal) in wrong {
        let sample = Sample { stamp: Some(Stamp { session, tick }), ..play.sample(1.0) };
        assert_eq!(play.say(ANNE, Command::Sample(sample)), Answer::Refused(refusal));
    }
    assert!(!moves(&play.pass(100)));
}

/// Goal: samples that come late, twice or from before a change of the seat move nothing.
#[test]
fn old_sequence_and_old_epoch_are_refused() {
    let mut play = Play::with_anne();
    let first = play.sample(1.0);
    let second = play.sample(0.0);
    assert_eq!(play.say(ANNE, Command::Sample(second)), Answer::Accepted);
    for old in [first, second] {
        assert_eq!(play.say(ANNE, Command::Sample(old)), Answer::Refused(Refusal::OldSeq));
    }
    let before = play.sample(1.0);
    play.say(ANNE, Command::Leave);
    play.say(ANNE, Command::Take);
    assert_eq!(play.say(ANNE, Command::Sample(before)), Answer::Refused(Refusal::OldEpoch));
    assert!(!moves(&play.pass(100)));
}

/// Goal: sequence numbers may wrap.
#[test]
fn sequence_numbers_wrap() {
    let mut play = Play::with_anne();
    for seq in [u32::MAX >> 1, u32::MAX - 1, u32::MAX, 0, 1] {
        let sample = Sample { seq, ..play.sample(1.0) };
        assert_eq!(play.say(ANNE, Command::Sample(sample)), Answer::Accepted, "{seq}");
    }
}

/// Goal: I7, between the motion of one holder and that of the next the wheels are told to rest for
/// 200 ms, however eager the next one is and however late the agent comes to its steps.
#[test]
fn handover_keeps_200_ms_of_neutral() {
    for pause in [STEP, 60, 140] {
        let mut play = Play::with_anne();
        play.hold(ANNE, 1.0, 400);
        play.now += pause - STEP;
        play.say_from(BEN, Source::Gamepad, Command::Take);
        let outputs = [play.hold(BEN, 0.0, 20), play.hold(BEN, 1.0, 600)].concat();
        let rest = outputs.iter().position(|output| !output.wheels.is_zero()).unwrap();
        // The first of these frames begins the rest, the one with motion ends it.
        assert!(u64::try_from(rest).unwrap() * STEP >= 200, "{rest} frames of rest after a pause of {pause} ms");
    }
}

/// Goal: who loses the seat stops at once, not along a ramp.
#[test]
fn losing_the_seat_cuts_motion() {
    for way_out in [Command::Leave, Command::Give(BEN)] {
        let mut play = Play::with_anne();
        play.hold(ANNE, 1.0, 400);
        play.say(ANNE, way_out);
        assert!(!moves(&play.hold(ANNE, 1.0, 600)));
    }
}

/// Goal: a press of a direction button drives for its hold, at half speed, and then stops.
#[test]
fn direction_press_drives_for_its_hold_at_capped_speed() {
    let mut play = Play::new();
    assert_eq!(play.say(ANNE, Command::Nudge(ahead(1.0))), Answer::Accepted);
    let outputs = play.pass(1000);
    assert!(moves(&outputs[..3]));
    assert!(outputs.iter().all(|output| (0..=500).contains(&speed(output))));
    assert_eq!(outputs[17].wheels.as_slice(), [500, 500]);
    assert!(!moves(&outputs[23..]), "it drove longer than 400 ms and a ramp");
    assert!(outputs.iter().all(|output| output.tick.is_some()));
}

/// Goal: the original's stop button stops at once.
#[test]
fn neutral_press_stops_at_once() {
    let mut play = Play::new();
    play.say(ANNE, Command::Nudge(ahead(1.0)));
    assert!(moves(&play.pass(200)));
    play.say(ANNE, Command::Nudge(Stick::NEUTRAL));
    assert!(!moves(&play.pass(600)));
}

/// Goal: STOP is zero in the very next frame, from anyone, and asks for the robot's own latch.
#[test]
fn stop_is_zero_at_once() {
    let mut play = Play::with_anne();
    play.hold(ANNE, 1.0, 400);
    play.say(BEN, Command::Stop);
    let outputs = play.hold(ANNE, 1.0, 600);
    assert!(!moves(&outputs));
    assert!(outputs.iter().all(|output| output.latch && output.faults.contains(Fault::Latched)));
    assert!(!moves(&play.hold(ANNE, 0.0, 100)) && !moves(&play.hold(ANNE, 1.0, 600)), "neutral does not unlatch");
}

/// Goal: a latch that the disk remembers holds from the first moment on.
#[test]
fn remembered_latch_holds() {
    let mut play = Play::latched(true);
    play.say(ANNE, Command::Take);
    play.hold(ANNE, 0.0, 40);
    assert!(!moves(&play.hold(ANNE, 1.0, 600)));
}

/// Goal: only a held reset clears, clearing moves nothing, and driving on begins with neutral.
#[test]
fn clearing_the_latch_never_moves() {
    let mut play = Play::with_anne();
    play.say(ANNE, Command::Stop);
    play.robot = Some(RobotState::Latched);
    play.hold(ANNE, 1.0, 100);
    play.say(BEN, Command::PressReset(9));
    play.hold(ANNE, 1.0, 1_000);
    assert_eq!(play.say(BEN, Command::ReleaseReset(9)), Answer::Refused(Refusal::Reset(ResetError::TooSoon)));
    play.say(BEN, Command::PressReset(10));
    play.hold(ANNE, 1.0, 2_000);
    assert_eq!(play.say(BEN, Command::ReleaseReset(10)), Answer::Accepted);
    assert!(play.step().unlatch);
    play.robot = Some(RobotState::Ready);
    assert!(!moves(&play.hold(ANNE, 1.0, 600)) && !play.pilot.is_latched());
    play.hold(ANNE, 0.0, 20);
    assert!(moves(&play.hold(ANNE, 1.0, 100)));
}

/// Goal: a robot that latched itself latches the agent, too.
#[test]
fn robots_own_latch_is_taken_over() {
    let mut play = Play::with_anne();
    play.robot = Some(RobotState::Latched);
    assert_eq!(play.fault(), Some(Fault::Latched));
    play.robot = Some(RobotState::Ready);
    assert_eq!(play.fault(), Some(Fault::Latched));
}

/// Goal: an agent that was held up forgets what it was told before, and wants neutral.
#[test]
fn overrun_needs_neutral() {
    let mut play = Play::with_anne();
    play.hold(ANNE, 1.0, 400);
    play.now += 200;
    let sample = play.sample(1.0);
    play.say(ANNE, Command::Sample(sample));
    assert_eq!(play.fault(), Some(Fault::Overrun));
    assert!(!moves(&play.hold(ANNE, 1.0, 600)));
    play.hold(ANNE, 0.0, 20);
    assert!(moves(&play.hold(ANNE, 1.0, 100)));
}

/// Goal: a press that waited while the agent was held up drives nothing when it wakes.
#[test]
fn press_from_before_an_overrun_moves_nothing() {
    let mut play = Play::new();
    play.now += 5_000;
    play.say(ANNE, Command::Nudge(ahead(1.0)));
    assert!(!moves(&play.pass(600)));
}

/// Goal: a robot that falls silent is not driven blindly, and driving on begins with neutral.
#[test]
fn silence_of_the_robot_cuts() {
    let mut play = Play::with_anne();
    play.hold(ANNE, 1.0, 400);
    play.robot = None;
    let outputs = play.hold(ANNE, 1.0, 400);
    assert!(!moves(&outputs[10..]));
    assert!(outputs[10].faults.contains(Fault::RobotSilent));
    play.robot = Some(RobotState::Ready);
    assert!(!moves(&play.hold(ANNE, 1.0, 400)));
    play.hold(ANNE, 0.0, 20);
    assert!(moves(&play.hold(ANNE, 1.0, 100)));
}

/// Goal: whatever keeps a robot from driving, the wheels rest meanwhile and until neutral.
#[test]
fn robot_that_is_not_ready_is_not_driven() {
    for (state, fault) in [
        (RobotState::Starting, Fault::RobotStarting),
        (RobotState::Stopped, Fault::RobotStopped),
        (RobotState::Incompatible, Fault::RobotIncompatible),
    ] {
        let mut play = Play::with_anne();
        play.hold(ANNE, 1.0, 400);
        play.robot = Some(state);
        assert_eq!(play.fault(), Some(fault));
        assert!(!moves(&play.hold(ANNE, 1.0, 400)));
        let sample = play.sample(1.0);
        assert_eq!(play.say(ANNE, Command::Sample(sample)), Answer::Refused(Refusal::Stopped(fault)));
        play.robot = Some(RobotState::Ready);
        assert!(!moves(&play.hold(ANNE, 1.0, 400)));
    }
    let mut play = Play::with_anne();
    play.hold(ANNE, 1.0, 400);
    play.robot = None;
    play.pilot.handle(play.time(), Input::Robot(None));
    assert_eq!(play.fault(), Some(Fault::RobotAbsent));
    assert!(!moves(&play.hold(ANNE, 1.0, 100)));
}

/// Goal: the seat is free one second after its holder's last sample, and goes to who waits.
#[test]
fn seat_expires_after_a_second() {
    let mut play = Play::with_anne();
    play.hold(ANNE, 1.0, 400);
    play.pass(960);
    assert_eq!(play.pilot.seat().holder(), Some(ANNE));
    play.pass(20);
    assert_eq!(play.pilot.seat().holder(), None);
    let mut play = Play::with_anne();
    assert_eq!(play.say(BEN, Command::Ask), Answer::Seat(Grant::Queued { position: 1 }));
    play.pass(1_020);
    assert_eq!(play.pilot.seat().holder(), Some(BEN));
}

/// Goal: the pad beside the robot takes the seat from a phone, never the other way round.
#[test]
fn pad_preempts_phone() {
    let mut play = Play::with_anne();
    play.hold(ANNE, 1.0, 400);
    let answer = play.say_from(BEN, Source::Gamepad, Command::Take);
    assert_eq!(answer, Answer::Seat(Grant::Preempted { from: ANNE }));
    assert!(play.step().wheels.is_zero());
    assert_eq!(play.say(ANNE, Command::Take), Answer::Seat(Grant::Refused { holder: BEN }));
    assert!(!moves(&play.hold(ANNE, 1.0, 400)));
}

/// Goal: before a robot has ever spoken there is no tick, and nothing to send.
#[test]
fn nothing_is_said_before_the_robot_speaks() {
    let mut pilot = Pilot::new(Rules::default(), false);
    let output = pilot.step(Time::ZERO);
    assert_eq!((output.tick, output.faults.strongest()), (None, Some(Fault::RobotAbsent)));
}

/// What happens between two steps of a random play.
#[derive(Clone, Debug)]
enum Event {
    /// A sample: how far back its tick is, ms, and whether sequence and epoch are right.
    Sample {
        driver: u64,
        pushed: bool,
        age: u32,
        fits: bool,
    },
    Nudge {
        driver: u64,
    },
    Take {
        driver: u64,
        pad: bool,
    },
    Leave {
        driver: u64,
    },
    Give {
        from: u64,
        to: u64,
    },
    Stop,
    /// A whole, valid reset: the model lets two seconds pass within it.
    Reset,
    Robot(Option<RobotState>),
    /// The agent is held up.
    Pause(u64),
    /// Time passes, step by step.
    Pass(u64),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let driver = || 1..=3u64;
    let age = prop_oneof![4 => 0..150u32, 1 => 150..400u32];
    let state = prop_oneof![
        6 => Just(Some(RobotState::Ready)),
        1 => Just(Some(RobotState::Stopped)),
        1 => Just(Some(RobotState::Starting)),
        1 => Just(None),
    ];
    let event = prop_oneof![
        12 => (driver(), any::<bool>(), age, prop::bool::weighted(0.9))
            .prop_map(|(driver, pushed, age, fits)| Event::Sample { driver, pushed, age, fits }),
        1 => driver().prop_map(|driver| Event::Nudge { driver }),
        3 => (driver(), prop::bool::weighted(0.1)).prop_map(|(driver, pad)| Event::Take { driver, pad }),
        1 => driver().prop_map(|driver| Event::Leave { driver }),
        1 => (driver(), driver()).prop_map(|(from, to)| Event::Give { from, to }),
        1 => Just(Event::Stop),
        1 => Just(Event::Reset),
        2 => state.prop_map(Event::Robot),
        1 => (100..400u64).prop_map(Event::Pause),
        12 => prop_oneof![4 => 1..6u64, 1 => 10..70u64].prop_map(Event::Pass),
    ];
    prop::collection::vec(event, 1..120)
}

/// Who may move, by plain bookkeeping of what has happened: the promises, not the pilot's ways.
#[derive(Default)]
struct Model {
    holder: Option<(u64, bool)>,
    heard: u64,
    /// Changes of the seat so far.
    changes: u32,
    /// The holder has shown a released stick since the last reason to want one.
    released: bool,
    /// The newest order: when it came, its tick's moment, and whether it is a press.
    order: Option<(u64, u64, bool)>,
    latched: bool,
    robot: Option<(RobotState, u64)>,
    stepped: u64,
    /// Nothing was wrong at the last step.
    well: bool,
    /// Since when the wheels rest, and whose motion was last.
    rest: Option<u64>,
    mover: Option<u32>,
}

impl Model {
    fn change_seat(&mut self, now: u64, holder: Option<(u64, bool)>) {
        self.holder = holder;
        self.heard = now;
        self.changes += 1;
        self.released = false;
        self.order = None;
    }

    fn is_holder(&self, driver: u64) -> bool {
        self.holder.is_some_and(|(holder, _)| holder == driver)
    }

    fn take(&mut self, now: u64, driver: u64, pad: bool) -> bool {
        match self.holder {
            Some((holder, _)) if holder == driver => self.heard = now,
            Some((_, its_pad)) if its_pad >= pad => return false,
            Some(_) | None => self.change_seat(now, Some((driver, pad))),
        }
        true
    }

    fn is_ready(&self) -> bool {
        !self.latched && self.robot.is_some_and(|(state, _)| state == RobotState::Ready)
    }

    /// Whether wheels must rest at a step, and whether they must turn.
    fn judge(&mut self, now: u64) -> (bool, bool) {
        let held_up = now - self.stepped > 150;
        self.stepped = now;
        if self.holder.is_some() && now - self.heard >= 1_000 {
            self.change_seat(now, None);
        }
        let silent = self.robot.is_none_or(|(_, at)| now - at > 200);
        if held_up || silent || !self.is_ready() {
            self.released = false;
            self.order = None;
            self.well = false;
            return (true, false);
        }
        self.well = true;
        let settled =
            self.mover.is_none_or(|mover| mover == self.changes) || self.rest.is_some_and(|since| now - since >= 200);
        let alive = self.order.is_some_and(
            |(at, tick, press)| {
                if press { now - at < 400 } else { now - at <= 200 && now - tick <= 230 }
            },
        );
        // A ramp may come down for a moment after its order has ended.
        let ramping = self.order.is_none_or(|_| !alive) && self.mover == Some(self.changes) && self.rest.is_none();
        (!(ramping || (alive && settled)), alive && settled)
    }
}

/// A pilot and its model, told the same.
struct Duel {
    play: Play,
    model: Model,
}

impl Duel {
    fn new() -> Self {
        let mut play = Play::new();
        let now = play.now;
        play.seq = 1;
        let model = Model { robot: Some((RobotState::Ready, now)), stepped: now, well: true, ..Model::default() };
        Self { play, model }
    }

    fn meet(&mut self, event: &Event) -> Result<(), TestCaseError> {
        let now = self.play.now;
        let model = &mut self.model;
        match *event {
            Event::Sample { driver, pushed, age, fits } => self.sample(driver, pushed, age, fits)?,
            Event::Nudge { driver } => {
                let answer = self.play.say(DriverId(driver), Command::Nudge(ahead(1.0)));
                let taken = model.take(now, driver, false);
                prop_assert_eq!(answer == Answer::Accepted, taken && model.well);
                if taken && model.well {
                    model.order = Some((now, now, true));
                }
            }
            Event::Take { driver, pad } => {
                let source = if pad { Source::Gamepad } else { Source::Network };
                self.play.say_from(DriverId(driver), source, Command::Take);
                model.take(now, driver, pad);
            }
            Event::Leave { driver } => {
                self.play.say(DriverId(driver), Command::Leave);
                if model.is_holder(driver) {
                    model.change_seat(now, None);
                }
            }
            Event::Give { from, to } => {
                self.play.say(DriverId(from), Command::Give(DriverId(to)));
                if model.is_holder(from) && from != to {
                    model.change_seat(now, Some((to, false)));
                }
            }
            Event::Stop => {
                self.play.say(BEN, Command::Stop);
                model.latched = true;
            }
            Event::Reset => {
                self.play.say(BEN, Command::PressReset(5));
                self.pass(100)?;
                self.play.say(BEN, Command::ReleaseReset(5));
                self.model.latched = false;
            }
            Event::Robot(state) => self.play.robot = state,
            Event::Pause(ms) => self.play.now += ms,
            Event::Pass(steps) => self.pass(steps)?,
        }
        Ok(())
    }

    fn sample(&mut self, driver: u64, pushed: bool, age: u32, fits: bool) -> Result<(), TestCaseError> {
        let (now, model) = (self.play.now, &mut self.model);
        let stamp = Some(Stamp { session: SESSION, tick: self.play.tick().wrapping_sub(age) });
        let mut sample = Sample { stamp, ..self.play.sample(if pushed { 1.0 } else { 0.0 }) };
        if !fits {
            sample.epoch += 1;
        }
        let answer = self.play.say(DriverId(driver), Command::Sample(sample));
        if !fits || !model.is_holder(driver) {
            prop_assert!(matches!(answer, Answer::Refused(_)));
            return Ok(());
        }
        model.heard = now;
        if !pushed {
            model.released = true;
            model.order = None;
            return Ok(());
        }
        // A tick that the agent has not heard of yet is of the future to it.
        let known = model.robot.is_some_and(|(_, at)| u64::from(age) >= now - at);
        prop_assert_eq!(answer == Answer::Accepted, model.well && model.released && known && age <= 230);
        if answer == Answer::Accepted {
            model.order = Some((now, now - u64::from(age), false));
        }
        Ok(())
    }

    fn pass(&mut self, steps: u64) -> Result<(), TestCaseError> {
        for _ in 0..steps {
            let output = self.play.step();
            let now = self.play.now;
            if let Some(state) = self.play.robot {
                self.model.robot = Some((state, now));
            }
            let (must_rest, must_turn) = self.model.judge(now);
            let turns = !output.wheels.is_zero();
            prop_assert!(!(turns && must_rest), "at {now} ms wheels turn: {output:?}");
            prop_assert!(turns || !must_turn, "at {now} ms wheels rest: {output:?}");
            if turns {
                self.model.rest = None;
                self.model.mover = Some(self.model.changes);
            } else {
                self.model.rest.get_or_insert(now);
            }
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]
    /// Goal: whatever people, robot and agent do, wheels turn when a plain account of the promises
    /// says that they may, and only then.
    #[test]
    fn pilot_agrees_with_a_plain_account_of_the_promises(events in events()) {
        let mut duel = Duel::new();
        for event in &events {
            duel.meet(event)?;
        }
    }
}

/// Goal: settings decide: the speed limit caps a held stick.
#[test]
fn speed_limit_caps_the_stick() {
    let rules = Rules { speed_limit: 0.3, accelerate: Duration::from_millis(100), ..Rules::default() };
    let mut play = Play::with_anne();
    play.pilot = Pilot::new(rules, false);
    play.pass(40);
    play.say(ANNE, Command::Take);
    play.hold(ANNE, 0.0, 40);
    let outputs = play.hold(ANNE, 1.0, 400);
    assert_eq!(outputs.iter().map(speed).max(), Some(300));
}
