//! PURE. Again: what was asked for in a recording, asked of a simulated robot, in virtual time.

use super::review::{Given, Review};
use super::shape::Start;
use super::stops::{Stop, Stops};
use crate::agent::controller::Controller;
use crate::agent::tape::{Entry, Names, Player, What};
use crate::drive::{Command, DriverId, Pose, Sample, Source, Stick};
use crate::robot::body::Build;
use crate::robot::sim::SimRobot;
use crate::time::Time;

/// A robot is ready within this; its link must be good for half a second first.
const READY_WITHIN: u64 = 3000;
/// What still turns has come to rest after this.
const ROLL_OUT: u64 = 1000;
/// A day of commands is not driven again in one go, ms.
const LONGEST: u64 = 24 * 3600 * 1000;

/// How it went.
#[derive(Clone, Debug)]
pub struct Again {
    /// The way along its path, m.
    pub way_m: f64,
    /// Where it ended, from where it began.
    pub pose: Pose,
    /// Bytes that it was sent, all of them: two of the same recording are the same.
    pub wire: Vec<u8>,
    /// The stops.
    pub stops: Vec<Stop>,
}

/// The world in which it happens.
struct World {
    player: Player,
    robot: SimRobot,
    stops: Stops,
    now: u64,
    step_ms: u64,
    again: Again,
}

/// Drives a recording again.
#[must_use]
pub fn drive(start: &Start, review: &Review) -> Again {
    let mut world = World::new(start);
    world.run_until_ready();
    let (zero, first) = (world.now, review.began);
    world.sit(&start.controller, review);
    for given in &review.given {
        let due = u64::try_from(given.at.since(first).as_millis()).unwrap_or(u64::MAX).min(LONGEST);
        while world.now < zero + due {
            world.pass();
        }
        world.give(given);
    }
    let end = u64::try_from(review.length().as_millis()).unwrap_or(u64::MAX).min(LONGEST);
    while world.now < zero + end + ROLL_OUT {
        world.pass();
    }
    let World { mut again, stops, robot, .. } = world;
    again.stops = stops.all();
    again.pose = robot.chassis().pose();
    again
}

impl World {
    fn new(start: &Start) -> Self {
        let settings = start.controller.settings(1);
        let desk = Build::of(settings.rules.wheels);
        let build = settings.dimensions.map_or(desk, |known| Build {
            geometry: known.geometry,
            top_speed_mps: known.top_speed_mps,
            counts_per_m: known.counts_per_m.unwrap_or(desk.counts_per_m),
        });
        let names: Names = start.names.iter().map(|(driver, name)| (DriverId(*driver), name.clone())).collect();
        let player = Player::new(Controller::new(settings, None), names);
        let stops = Stops::new(&player, Time::ZERO);
        let again = Again { way_m: 0.0, pose: Pose::default(), wire: Vec::new(), stops: Vec::new() };
        let step_ms = start.step_ms.clamp(1, 50);
        Self { player, robot: SimRobot::new(build, 1), stops, now: 0, step_ms, again }
    }

    fn play(&mut self, what: What) -> Vec<u8> {
        let entry = Entry { at: Time::from_millis(self.now), what };
        let played = self.player.play(&entry);
        self.stops.see(&entry, &played, &self.player);
        played.written.unwrap_or_default()
    }

    /// A millisecond.
    fn pass(&mut self) {
        self.now += 1;
        let before = self.robot.chassis().pose();
        self.robot.tick_ms();
        let after = self.robot.chassis().pose();
        self.again.way_m += (after.x_m - before.x_m).hypot(after.y_m - before.y_m);
        let mut up = Vec::new();
        self.robot.transmit(&mut up);
        if !up.is_empty() {
            self.play(What::Received(up.into()));
        }
        if self.now.is_multiple_of(self.step_ms) {
            let down = self.play(What::Step(Box::default()));
            self.robot.receive(&down);
            self.again.wire.extend(down);
        }
    }

    fn run_until_ready(&mut self) {
        while self.now < READY_WITHIN
            && self.player.controller().output().is_none_or(|output| output.faults.strongest().is_some())
        {
            self.pass();
        }
    }

    /// Whoever drove when the recording began drives here, too, from neutral.
    fn sit(&mut self, recorded: &Controller, review: &Review) {
        let Some(driver) = recorded.seat().holder() else { return };
        let first = review.given.iter().find_map(|given| match given.what {
            What::Command(by, source, Command::Sample(sample)) => (by == driver).then_some((source, sample.seq)),
            What::Command(..)
            | What::Stop(..)
            | What::Received(_)
            | What::Step(_)
            | What::Farewell(_)
            | What::CableUp
            | What::CableDown(_)
            | What::CableSays(_)
            | What::Fit(_)
            | What::Met(..)
            | What::Left(_) => None,
        });
        let (source, seq) = first.unwrap_or((Source::Network, 1));
        self.play(What::Command(driver, source, Command::Take));
        let (stamp, epoch) = (self.player.controller().stamp(), self.player.controller().seat().epoch());
        let neutral = Sample { seq: seq.wrapping_sub(1), stick: Stick::NEUTRAL, stamp, epoch };
        self.play(What::Command(driver, source, Command::Sample(neutral)));
    }

    /// Gives a command as it was given, but with the clock and the seat of this world.
    fn give(&mut self, given: &Given) {
        let (stamp, seat) = (self.player.controller().stamp(), self.player.controller().seat());
        let epoch = if seat.holder() == Some(given.driver) { Some(seat.epoch()) } else { None };
        let anew = |sample: Sample| Sample { stamp, epoch: epoch.unwrap_or(sample.epoch), ..sample };
        let what = match &given.what {
            What::Command(driver, source, Command::Sample(sample)) => {
                What::Command(*driver, *source, Command::Sample(anew(*sample)))
            }
            What::Command(driver, source, Command::Bench(sample, outputs)) => {
                What::Command(*driver, *source, Command::Bench(anew(*sample), *outputs))
            }
            what @ (What::Command(..)
            | What::Stop(..)
            | What::Received(_)
            | What::Step(_)
            | What::Farewell(_)
            | What::CableUp
            | What::CableDown(_)
            | What::CableSays(_)
            | What::Fit(_)
            | What::Met(..)
            | What::Left(_)) => what.clone(),
        };
        self.play(what);
    }
}
