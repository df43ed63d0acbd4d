//! A robot that is being driven, in virtual time, so that its controller has everything to decide.

use std::hint::black_box;

use joywire::agent::controller::{Controller, Settings};
use joywire::drive::{Command, DriverId, Input, Pilot, RobotReport, RobotState, Rules, Sample, Source, Stamp, Stick};
use joywire::protocol::frame::MAX_FRAME;
use joywire::robot::body::Build;
use joywire::robot::sim::SimRobot;
use joywire::time::Time;

use super::time;

const ANNE: DriverId = DriverId(1);
/// The stick is held aside and not full ahead, so that limiter and mixer have work.
const STICK: (f64, f64) = (0.3, 0.8);

/// A controller whose robot is driven.
pub struct Ride {
    controller: Controller,
    now: u64,
}

impl Ride {
    /// Greeted, armed, and driven for a second.
    pub fn driving() -> Self {
        let settings = Settings { rules: Rules::default(), dimensions: None, seed: 7 };
        let (mut controller, mut robot) = (Controller::new(settings, None), SimRobot::new(Build::default(), 1));
        let (mut up, mut down, mut seq) = (Vec::new(), Vec::new(), 0);
        controller.cable_up();
        for ms in 1..=3000 {
            let now = Time::from_millis(ms);
            robot.tick_ms();
            robot.transmit(&mut up);
            controller.receive(now, &up, &mut |_| {});
            if ms % 20 == 0 {
                if ms == 1000 {
                    controller.command(now, ANNE, Source::Network, Command::Take);
                }
                let (stick, stamp) = (if ms < 2000 { (0.0, 0.0) } else { STICK }, controller.stamp());
                seq += 1;
                let sample = sample(seq, stick, stamp, controller.seat().epoch());
                controller.command(now, ANNE, Source::Network, sample);
                controller.step(now, &mut down, &mut |_| {});
                robot.receive(&down);
            }
            up.clear();
            down.clear();
        }
        assert!(controller.output().is_some_and(|output| output.driving) && !robot.is_off(), "it does not drive");
        Self { controller, now: 3000 }
    }

    /// Steps of the controller, up to the bytes on the wire.
    pub fn controller(mut self, rounds: u64) -> u128 {
        let mut wire = Vec::with_capacity(4 * MAX_FRAME);
        let took = time::of(|| {
            for _ in 0..rounds {
                wire.clear();
                self.controller.step(black_box(Time::from_millis(self.now)), &mut wire, &mut |_| {});
                black_box(&wire);
            }
        });
        assert!(wire.len() > 20, "the last step sent no frame");
        took
    }

    /// Snapshots for people.
    pub fn telemetry(self, rounds: u64) -> u128 {
        time::of(|| {
            for _ in 0..rounds {
                drop(black_box(self.controller.telemetry(black_box(Time::from_millis(self.now)))));
            }
        })
    }

    /// Steps of the pilot alone, which is given a robot of the same state.
    pub fn pilot(self, rounds: u64) -> u128 {
        let now = Time::from_millis(self.now);
        let mut pilot = Pilot::new(Rules::default(), false);
        let report = RobotReport { session: 5, tick: 1000, state: RobotState::Ready };
        pilot.handle(now, Input::Robot(Some(report)));
        pilot.step(now);
        pilot.handle(now, Input::Command(ANNE, Source::Network, Command::Take));
        let stamp = Some(Stamp { session: 5, tick: 1000 });
        for (seq, stick) in [(1, (0.0, 0.0)), (2, STICK)] {
            let sample = sample(seq, stick, stamp, pilot.seat().epoch());
            pilot.handle(now, Input::Command(ANNE, Source::Network, sample));
        }
        let took = time::of(|| {
            for _ in 0..rounds {
                black_box(pilot.step(black_box(now)));
            }
        });
        assert!(pilot.step(now).driving, "it does not drive");
        took
    }
}

fn sample(seq: u32, (x, y): (f64, f64), stamp: Option<Stamp>, epoch: u32) -> Command {
    Command::Sample(Sample { seq, stick: Stick::new(x, y).unwrap(), stamp, epoch })
}
