//! PURE. Tape: all that reaches a controller, entry by entry; and the player, which lets it reach a controller again.

use std::collections::BTreeMap;

use super::controller::{Controller, Transition};
use crate::drive::{Answer, Command, DriverId, Motors, Source};
use crate::time::Time;

/// One thing that reached the controller, and what it made of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// When.
    pub at: Time,
    /// What.
    pub what: What,
}

/// What an entry holds.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// A command other than STOP.
    Command(DriverId, Source, Command),
    /// STOP, with what is shown beside the latch.
    Stop(DriverId, Source, Box<str>),
    /// Bytes from the robot.
    Received(Box<[u8]>),
    /// A step, with the bytes that it wrote for the robot.
    Step(Box<[u8]>),
    /// The last words, with their bytes.
    Farewell(Box<[u8]>),
    /// A new line to a robot is open.
    CableUp,
    /// The line is gone, and why.
    CableDown(Box<str>),
    /// What the cable knows.
    CableSays(Box<str>),
    /// Other motors.
    Fit(Box<Motors>),
    /// A person who was not known here; of no account for the controller.
    Met(DriverId, Box<str>),
    /// A person who has left.
    Left(DriverId),
}

/// The people of a recording, by their numbers.
pub type Names = BTreeMap<DriverId, String>;

/// A controller to which happens what is on a tape.
#[derive(Clone, Debug)]
pub struct Player {
    controller: Controller,
    names: Names,
}

/// What an entry has made the controller do.
#[derive(Clone, Debug, Default)]
pub struct Played {
    /// The answer to a command.
    pub answer: Option<Answer>,
    /// The bytes for the robot, if it was a step or the last words.
    pub written: Option<Vec<u8>>,
    /// What is worth telling.
    pub told: Vec<Transition>,
}

impl Player {
    /// A player whose tape begins with a controller in this state.
    #[must_use]
    pub fn new(controller: Controller, names: Names) -> Self {
        Self { controller, names }
    }

    /// The controller, to be looked at.
    #[must_use]
    pub fn controller(&self) -> &Controller {
        &self.controller
    }

    /// The people.
    #[must_use]
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// A person's name.
    #[must_use]
    pub fn name(&self, driver: DriverId) -> String {
        self.names.get(&driver).cloned().unwrap_or_else(|| format!("someone (number {})", driver.0))
    }

    /// Lets the next entry happen.
    pub fn play(&mut self, entry: &Entry) -> Played {
        let (now, mut played) = (entry.at, Played::default());
        let mut tell = |transition| played.told.push(transition);
        match &entry.what {
            What::Command(driver, source, command) => {
                played.answer = Some(self.controller.command(now, *driver, *source, *command));
            }
            What::Stop(driver, source, reason) => {
                self.controller.stop(now, *driver, *source, reason.to_string());
                played.answer = Some(Answer::Accepted);
            }
            What::Received(bytes) => {
                self.controller.receive(now, bytes, &mut tell);
            }
            What::Step(_) => {
                let mut wire = Vec::new();
                self.controller.step(now, &mut wire, &mut tell);
                played.written = Some(wire);
            }
            What::Farewell(_) => {
                let mut wire = Vec::new();
                self.controller.farewell(&mut wire);
                played.written = Some(wire);
            }
            What::CableUp => self.controller.cable_up(),
            What::CableDown(why) => self.controller.cable_down(now, why),
            What::CableSays(what) => self.controller.cable_says(what),
            What::Fit(motors) => self.controller.fit(**motors),
            What::Met(driver, name) => {
                self.names.insert(*driver, name.to_string());
            }
            // Whoever has left may still be spoken of.
            What::Left(_) => {}
        }
        played
    }
}

impl Entry {
    /// The bytes that were written for the robot, if this is a step or the last words.
    #[must_use]
    pub fn written(&self) -> Option<&[u8]> {
        match &self.what {
            What::Step(bytes) | What::Farewell(bytes) => Some(bytes),
            What::Command(..)
            | What::Stop(..)
            | What::Received(_)
            | What::CableUp
            | What::CableDown(_)
            | What::CableSays(_)
            | What::Fit(_)
            | What::Met(..)
            | What::Left(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::controller::Settings;
    use crate::drive::{Rules, Sample, Stick};
    use crate::robot::body::Build;
    use crate::robot::sim::SimRobot;
    use proptest::prelude::*;

    /// A controller as it stands in a recording, and back.
    fn written_and_read(controller: &Controller) -> Controller {
        serde_json::from_str(&serde_json::to_string(controller).unwrap()).unwrap()
    }

    /// A controller, its robot, its tape, and the time.
    struct Drive {
        controller: Controller,
        robot: SimRobot,
        tape: Vec<Entry>,
        now: u64,
    }

    impl Drive {
        fn new(seed: u32) -> Self {
            let settings = Settings { rules: Rules::default(), dimensions: None, seed };
            let robot = SimRobot::new(Build::default(), 1);
            Self { controller: Controller::new(settings, None), robot, tape: Vec::new(), now: 0 }
        }

        fn note(&mut self, what: What) {
            self.tape.push(Entry { at: Time::from_millis(self.now), what });
        }

        fn command(&mut self, driver: u64, command: Command) {
            self.controller.command(Time::from_millis(self.now), DriverId(driver), Source::Network, command);
            self.note(What::Command(DriverId(driver), Source::Network, command));
        }

        /// One of the things that happen to robots.
        fn happen(&mut self, what: u8, amount: u64) {
            let (driver, now) = (amount % 3, Time::from_millis(self.now));
            match what {
                0..=7 => {
                    let stick = Stick::new(0.3, if what == 0 { 0.0 } else { 0.8 }).unwrap();
                    let stick = if amount.is_multiple_of(9) { Stick::NEUTRAL } else { stick };
                    let seq = u32::try_from(self.now).unwrap();
                    let epoch = self.controller.seat().epoch();
                    let sample = Sample { seq, stick, stamp: self.controller.stamp(), epoch };
                    let holder = self.controller.seat().holder().map_or(driver, |holder| holder.0);
                    self.command(holder, Command::Sample(sample));
                }
                8 => self.command(driver, Command::Take),
                9 => self.command(driver, Command::Ask),
                10 => self.command(driver, Command::Leave),
                11 => self.command(driver, Command::Nudge(Stick::new(0.0, 1.0).unwrap())),
                12 => {
                    self.controller.stop(now, DriverId(driver), Source::Network, "x".to_owned());
                    self.note(What::Stop(DriverId(driver), Source::Network, "x".into()));
                }
                13 => {
                    self.command(driver, Command::PressReset(7));
                    self.run(2100, true);
                    self.command(driver, Command::ReleaseReset(7));
                }
                14 => {
                    self.controller.cable_down(now, "pulled");
                    self.note(What::CableDown("pulled".into()));
                    self.run(amount, false);
                    self.controller.cable_up();
                    self.note(What::CableUp);
                }
                15 => self.robot.reset(),
                // The agent stands still.
                16 => (0..amount * 2).for_each(|_| {
                    self.now += 1;
                    self.robot.tick_ms();
                }),
                _ => self.robot.receive(b"noise\0"),
            }
            self.run(amount % 50, true);
        }

        fn run(&mut self, ms: u64, cable: bool) {
            for _ in 0..ms {
                self.now += 1;
                let (now, mut up) = (Time::from_millis(self.now), Vec::new());
                self.robot.tick_ms();
                self.robot.transmit(&mut up);
                if cable && !up.is_empty() {
                    self.controller.receive(now, &up, &mut |_| {});
                    self.note(What::Received(up.into()));
                }
                if self.now.is_multiple_of(20) {
                    let mut down = Vec::new();
                    self.controller.step(now, &mut down, &mut |_| {});
                    self.robot.receive(if cable { &down } else { &[] });
                    self.note(What::Step(down.into()));
                }
            }
        }
    }

    proptest! {
        /// Goal: whatever happens, a controller that is restored from its written state is the same down to the last
        /// field, goes on byte for byte like the one that went on, and ends in the same state.
        #[test]
        fn restored_controller_writes_the_same_bytes(
            seed: u32,
            before in prop::collection::vec((0u8..18, 0u64..300), 0..40),
            after in prop::collection::vec((0u8..18, 0u64..300), 1..40),
        ) {
            let whole = |controller: &Controller| format!("{controller:?}");
            let mut drive = Drive::new(seed);
            drive.run(1000, true);
            for (what, amount) in before {
                drive.happen(what, amount);
                prop_assert_eq!(whole(&written_and_read(&drive.controller)), whole(&drive.controller));
            }
            let mut player = Player::new(written_and_read(&drive.controller), Names::new());
            drive.tape.clear();
            for (what, amount) in after {
                drive.happen(what, amount);
            }
            for entry in &drive.tape {
                let played = player.play(entry);
                prop_assert_eq!(played.written.as_deref(), entry.written(), "at {:?}", entry.at);
            }
            prop_assert_eq!(whole(player.controller()), whole(&drive.controller));
        }
    }
}
