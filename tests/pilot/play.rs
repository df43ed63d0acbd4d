//! Play: a pilot, a robot that reports and a clock, and short words for what people do.

use joywire::drive::{
    Answer, Command, DriverId, Fault, Input, Output, Pilot, RobotReport, RobotState, Rules, Sample, Source, Stamp,
    Stick,
};
use joywire::time::Time;

pub const ANNE: DriverId = DriverId(1);
pub const BEN: DriverId = DriverId(2);
pub const SESSION: u32 = 77;
/// What the robot's clock shows when the play begins: it wraps soon.
const FIRST_TICK: u32 = u32::MAX - 3_000;
pub const STEP: u64 = 20;

/// A pilot, a robot that reports at every step, and the time.
pub struct Play {
    pub pilot: Pilot,
    pub now: u64,
    /// What the robot reports; `None`: it is silent.
    pub robot: Option<RobotState>,
    pub seq: u32,
}

impl Play {
    pub fn new() -> Self {
        Self::latched(false)
    }

    pub fn latched(latched: bool) -> Self {
        let mut play =
            Self { pilot: Pilot::new(Rules::default(), latched), now: 0, robot: Some(RobotState::Ready), seq: 0 };
        play.pass(600);
        play
    }

    /// Anne in the seat, the stick released.
    pub fn with_anne() -> Self {
        let mut play = Self::new();
        play.say(ANNE, Command::Take);
        play.hold(ANNE, 0.0, 40);
        play
    }

    pub fn time(&self) -> Time {
        Time::from_millis(self.now)
    }

    pub fn tick(&self) -> u32 {
        FIRST_TICK.wrapping_add(u32::try_from(self.now).expect("a short play"))
    }

    pub fn say(&mut self, driver: DriverId, command: Command) -> Answer {
        self.say_from(driver, Source::Network, command)
    }

    pub fn say_from(&mut self, driver: DriverId, source: Source, command: Command) -> Answer {
        self.pilot.handle(self.time(), Input::Command(driver, source, command))
    }

    /// A sample that is right in every respect.
    pub fn sample(&mut self, forward: f64) -> Sample {
        self.seq += 1;
        Sample {
            seq: self.seq,
            stick: ahead(forward),
            stamp: Some(Stamp { session: SESSION, tick: self.tick() }),
            epoch: self.pilot.seat().epoch(),
        }
    }

    pub fn report(&mut self) {
        if let Some(state) = self.robot {
            let report = RobotReport { session: SESSION, tick: self.tick(), state };
            self.pilot.handle(self.time(), Input::Robot(Some(report)));
        }
    }

    pub fn step(&mut self) -> Output {
        self.now += STEP;
        self.report();
        self.pilot.step(self.time())
    }

    /// Lets time pass without a word of anyone but the robot.
    pub fn pass(&mut self, ms: u64) -> Vec<Output> {
        (0..ms / STEP).map(|_| self.step()).collect()
    }

    /// Holds the stick; a sample before every step.
    pub fn hold(&mut self, driver: DriverId, forward: f64, ms: u64) -> Vec<Output> {
        let sample_and_step = |_| {
            let sample = self.sample(forward);
            self.say(driver, Command::Sample(sample));
            self.step()
        };
        (0..ms / STEP).map(sample_and_step).collect()
    }

    /// The faults of this moment, by one more step.
    pub fn fault(&mut self) -> Option<Fault> {
        self.step().faults.strongest()
    }
}

pub fn ahead(share: f64) -> Stick {
    Stick::new(0.0, share).expect("a share of full speed")
}

pub fn speed(output: &Output) -> i16 {
    output.wheels.as_slice()[0]
}

pub fn moves(outputs: &[Output]) -> bool {
    outputs.iter().any(|output| !output.wheels.is_zero())
}
