//! Agent: the program beside the robot, as far as the World runs it, and what waits for it.

use joywire::agent::controller::{Controller, Settings};
use joywire::drive::{Command, Rules, Sample};

/// The program beside the robot, and what waits for it.
#[derive(Debug)]
pub struct Agent {
    pub controller: Controller,
    /// Dead until then.
    pub dead_until: u64,
    pub paused_until: u64,
    pub stepped: u64,
    pub eager: bool,
    pub stops: Vec<usize>,
    pub queue: Vec<(usize, Command)>,
    pub slots: Vec<Option<Sample>>,
    pub inbox: Vec<u8>,
    /// The latch on its disk.
    pub disk: Option<String>,
}

impl Agent {
    /// An agent that finds `disk` when it starts.
    pub fn new(people: usize, seed: u32, disk: Option<String>) -> Self {
        Self {
            controller: Controller::new(settings(seed), disk.clone()),
            dead_until: 0,
            paused_until: 0,
            stepped: 0,
            eager: false,
            stops: Vec::new(),
            queue: Vec::new(),
            slots: vec![None; people],
            inbox: Vec::new(),
            disk,
        }
    }

    /// Puts a command where the agent finds it; of samples only each driver's newest waits.
    pub fn post(&mut self, now: u64, place: usize, command: Command) {
        if now < self.dead_until {
            return;
        }
        match command {
            Command::Sample(sample) => self.slots[place] = Some(sample),
            Command::Stop => self.stops.push(place),
            _ => self.queue.push((place, command)),
        }
    }

    /// Writes the latch to disk if it has changed.
    pub fn remember(&mut self) {
        let latch = self.controller.latch();
        if latch.is_some() != self.disk.is_some() {
            self.disk = latch.map(str::to_owned);
        }
    }
}

/// What a controller must know of this robot.
fn settings(seed: u32) -> Settings {
    Settings { rules: Rules::default(), dimensions: None, seed }
}
