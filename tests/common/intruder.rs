//! Intruder: records what goes over the cable and plays it again, when it may pass for fresh if possible.

use joywire::protocol::frame::{self, Accumulator};
use joywire::protocol::message::ToMcu;

use super::random::Random;

/// Recordings kept of each direction.
const KEPT: usize = 2_000;

/// A frame to the robot; of a DRIVE with motion also its tick.
#[derive(Clone, Debug)]
struct Recorded {
    tick: Option<u32>,
    bytes: Vec<u8>,
}

/// Recorded bytes, played again.
#[derive(Clone, Debug)]
pub enum Played {
    ToRobot(Vec<u8>),
    ToAgent(Vec<u8>),
}

/// Someone with access to the cable.
#[derive(Clone, Debug)]
pub struct Intruder {
    accumulator: Accumulator,
    recorded: Vec<Recorded>,
    /// What the robot has said.
    overheard: Vec<Vec<u8>>,
}

impl Intruder {
    pub fn new() -> Self {
        Self { accumulator: Accumulator::new(), recorded: Vec::new(), overheard: Vec::new() }
    }

    /// Bytes on their way to the robot.
    pub fn record(&mut self, bytes: &[u8], random: &mut Random) {
        for byte in bytes {
            let Some(Ok(body)) = self.accumulator.push(*byte) else { continue };
            let tick = match ToMcu::decode(body.as_slice()) {
                Ok(ToMcu::Drive(drive)) if !drive.is_neutral() => Some(drive.tick),
                Ok(ToMcu::Drive(_)) if !random.once_in(16) => continue,
                Ok(_) | Err(_) => None,
            };
            let mut wire = Vec::new();
            frame::encode(body.as_slice(), &mut wire);
            let recorded = Recorded { tick, bytes: wire };
            if self.recorded.len() < KEPT {
                self.recorded.push(recorded);
            } else {
                let place = random.index(KEPT);
                self.recorded[place] = recorded;
            }
        }
    }

    /// Bytes on their way to the agent.
    pub fn overhear(&mut self, bytes: &[u8], random: &mut Random) {
        if random.once_in(16) && self.overheard.len() < KEPT {
            self.overheard.push(bytes.to_vec());
        }
    }

    /// Something to play while the robot's clock shows `tick`: best a command to move whose tick looks
    /// fresh, at least in its lower half.
    pub fn play(&self, tick: u32, random: &mut Random) -> Option<Played> {
        if random.once_in(4) && !self.overheard.is_empty() {
            return Some(Played::ToAgent(self.overheard[random.index(self.overheard.len())].clone()));
        }
        if self.recorded.is_empty() {
            return None;
        }
        let seems_fresh =
            |mask: u32| move |old: &&Recorded| old.tick.is_some_and(|then| tick.wrapping_sub(then) & mask < 200);
        let lucky = match random.below(4) {
            0 => self.recorded.iter().find(seems_fresh(u32::MAX)),
            1 => self.recorded.iter().find(seems_fresh(0xffff)),
            2 => self.recorded.iter().rev().find(|old| old.tick.is_some()),
            _ => None,
        };
        let any = &self.recorded[random.index(self.recorded.len())];
        Some(Played::ToRobot(lucky.unwrap_or(any).bytes.clone()))
    }
}
