//! Model: who may move, by plain bookkeeping, and a random play that holds the pilot to it.

use joywire::drive::{Answer, Command, DriverId, RobotState, Sample, Source, Stamp};
use proptest::prelude::*;

use super::play::{BEN, Play, SESSION, ahead};

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
    /// Phones that a pad pushed off, who drove last first.
    waiting: Vec<u64>,
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
        self.waiting.retain(|waiting| holder.is_none_or(|(driver, _)| driver != *waiting));
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
            Some((pushed_off, _)) => {
                self.change_seat(now, Some((driver, pad)));
                self.waiting.insert(0, pushed_off);
            }
            None => self.change_seat(now, Some((driver, pad))),
        }
        true
    }

    fn leave(&mut self, now: u64, driver: u64) {
        self.waiting.retain(|waiting| *waiting != driver);
        if self.is_holder(driver) {
            self.vacate(now);
        }
    }

    fn vacate(&mut self, now: u64) {
        let next = self.waiting.first().map(|driver| (*driver, false));
        self.change_seat(now, next);
    }

    fn is_ready(&self) -> bool {
        !self.latched && self.robot.is_some_and(|(state, _)| state == RobotState::Ready)
    }

    /// Whether wheels must rest at a step, and whether they must turn.
    fn judge(&mut self, now: u64) -> (bool, bool) {
        let held_up = now - self.stepped > 250;
        self.stepped = now;
        if self.holder.is_some() && now - self.heard >= 1_000 {
            self.vacate(now);
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
                model.leave(now, driver);
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
