//! Wire: one direction of the serial cable, byte by byte at 115200 baud, with a backlog that survives stalls.

use std::collections::VecDeque;

use super::faults::{Kind, Tally};
use super::random::Random;

/// 115200 baud, 10 bits a byte: bytes a millisecond, in hundredths.
const RATE: u64 = 1152;

/// Damage done to bytes, for a whole run: one in so many; 0 is never.
#[derive(Clone, Copy, Debug, Default)]
pub struct Damage {
    /// Bytes with one wrong bit.
    pub flip: u64,
    pub drop: u64,
    pub insert: u64,
    pub duplicate: u64,
}

/// One direction of the cable and the buffer before it.
#[derive(Clone, Debug)]
pub struct Wire {
    backlog: VecDeque<u8>,
    capacity: usize,
    credit: u64,
    stalled_until: u64,
    /// The backlog comes all at once after a stall, not at the pace of the line.
    bursts: bool,
    damage: Damage,
    /// Bytes until each kind of damage strikes again: flip, drop, insert, duplicate.
    until: [u64; 4],
    pub plugged: bool,
}

impl Wire {
    pub fn new(capacity: usize, bursts: bool, damage: Damage, random: &mut Random) -> Self {
        let until = [damage.flip, damage.drop, damage.insert, damage.duplicate].map(|mean| next(mean, random));
        let backlog = VecDeque::new();
        Self { backlog, capacity, credit: 0, stalled_until: 0, bursts, damage, until, plugged: true }
    }

    /// Takes as many bytes as there is room for; the rest of a frame may be missing for ever.
    pub fn write(&mut self, bytes: &[u8]) {
        if self.plugged {
            let room = self.capacity.saturating_sub(self.backlog.len()).min(bytes.len());
            self.backlog.extend(&bytes[..room]);
        }
    }

    /// Whether everything written has left.
    pub fn is_free(&self) -> bool {
        self.backlog.is_empty()
    }

    pub fn stall(&mut self, end: u64) {
        self.stalled_until = self.stalled_until.max(end);
    }

    pub fn unplug(&mut self) {
        self.plugged = false;
        self.backlog.clear();
    }

    pub fn heal(&mut self) {
        self.damage = Damage::default();
        self.until = [u64::MAX; 4];
        self.stalled_until = 0;
    }

    /// Moves what arrives in this millisecond to the end of `arrived`.
    pub fn read(&mut self, now: u64, arrived: &mut Vec<u8>, random: &mut Random, tally: &mut Tally) {
        if self.backlog.is_empty() {
            self.credit = 0;
            return;
        }
        if now < self.stalled_until {
            return;
        }
        self.credit += RATE;
        let released = now == self.stalled_until && self.bursts;
        let count = if released { self.backlog.len() } else { usize::try_from(self.credit / 100).expect("few") };
        self.credit %= 100;
        for _ in 0..count {
            let Some(byte) = self.backlog.pop_front() else { break };
            self.pass(byte, arrived, random, tally);
        }
    }

    fn pass(&mut self, byte: u8, arrived: &mut Vec<u8>, random: &mut Random, tally: &mut Tally) {
        if self.until.iter().all(|until| *until > 1) {
            self.until = self.until.map(|until| until - 1);
            arrived.push(byte);
            return;
        }
        let means = [self.damage.flip, self.damage.drop, self.damage.insert, self.damage.duplicate];
        let mut struck = [false; 4];
        for (place, until) in self.until.iter_mut().enumerate() {
            *until -= 1;
            if *until == 0 {
                struck[place] = true;
                *until = next(means[place], random);
                tally.count([Kind::BitFlip, Kind::ByteDrop, Kind::ByteInsert, Kind::ByteDuplicate][place]);
            }
        }
        let [flip, drop, insert, duplicate] = struck;
        if insert {
            arrived.push(random.u8());
        }
        let byte = if flip { byte ^ (1 << random.below(8)) } else { byte };
        if !drop {
            arrived.push(byte);
        }
        if duplicate {
            arrived.push(byte);
        }
    }
}

/// Bytes until the next damage that strikes one in `mean`.
fn next(mean: u64, random: &mut Random) -> u64 {
    if mean == 0 { u64::MAX } else { random.between(1, 2 * mean) }
}
