//! Faults: what can go wrong in a run, how often, and a count of what did.

use super::cable::Damage;
use super::link::Quality;
use super::random::Random;

/// Kinds of faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    // At moments of their own.
    UplinkStall,
    DownlinkStall,
    PhoneGone,
    AgentPause,
    AgentCrash,
    CableStall,
    Unplug,
    RobotReset,
    FrameReplay,
    Garbage,
    // At any message or byte.
    Loss,
    Reorder,
    Replay,
    BitFlip,
    ByteDrop,
    ByteInsert,
    ByteDuplicate,
    // Once in a long run.
    LongPause,
    LongStall,
}

impl Kind {
    pub const ALL: [Self; 19] = [
        Self::UplinkStall,
        Self::DownlinkStall,
        Self::PhoneGone,
        Self::AgentPause,
        Self::AgentCrash,
        Self::CableStall,
        Self::Unplug,
        Self::RobotReset,
        Self::FrameReplay,
        Self::Garbage,
        Self::Loss,
        Self::Reorder,
        Self::Replay,
        Self::BitFlip,
        Self::ByteDrop,
        Self::ByteInsert,
        Self::ByteDuplicate,
        Self::LongPause,
        Self::LongStall,
    ];
    /// How many of them come at moments of their own.
    const MOMENTS: usize = 10;
}

/// How often each kind of fault has struck.
#[derive(Clone, Debug, Default)]
pub struct Tally([u64; Kind::ALL.len()]);

impl Tally {
    pub fn count(&mut self, kind: Kind) {
        self.0[kind as usize] += 1;
    }

    pub fn of(&self, kind: Kind) -> u64 {
        self.0[kind as usize]
    }

    pub fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine += theirs;
        }
    }
}

/// What a run is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Story {
    /// Nothing goes wrong: motion must follow the stick.
    Quiet,
    /// Faults to the end.
    Storm,
    /// Faults, then none: the robot must drive again.
    StormThenCalm,
    /// A storm with a pause of the agent or of the cable that is longer than a 16-bit tick.
    LongStall,
}

/// What goes wrong in one run, and when.
#[derive(Clone, Debug)]
pub struct Weather {
    pub story: Story,
    /// The run's length, ms.
    pub length: u64,
    /// Since when nothing goes wrong any more, ms.
    pub calm_from: u64,
    pub damage: Damage,
    pub capacity: usize,
    pub bursts: bool,
    means: [u64; Kind::MOMENTS],
    due: [u64; Kind::MOMENTS],
    soonest: u64,
}

impl Weather {
    pub fn new(seed: u64, random: &mut Random) -> Self {
        let story = match seed % 20 {
            0 | 10 => Story::Quiet,
            1 | 6 | 11 | 16 => Story::StormThenCalm,
            7 if seed % 100 == 7 => Story::LongStall,
            _ => Story::Storm,
        };
        let lasts = random.between(14_000, 26_000);
        let (length, calm_from) = match story {
            Story::Quiet => (12_000, 0),
            Story::Storm => (lasts, lasts),
            Story::StormThenCalm => (lasts + 12_000, lasts),
            Story::LongStall => (lasts + 66_000, lasts + 66_000),
        };
        let mut weather = Self {
            story,
            length,
            calm_from,
            damage: Damage::default(),
            capacity: 20_000,
            bursts: false,
            means: [0; Kind::MOMENTS],
            due: [u64::MAX; Kind::MOMENTS],
            soonest: u64::MAX,
        };
        if story != Story::Quiet {
            weather.brew(random);
        }
        weather
    }

    /// Chooses kinds and rates: some runs suffer from one fault only, some from everything.
    fn brew(&mut self, random: &mut Random) {
        let density = random.one_of(&[0, 2, 4, 8]);
        let patience = random.one_of(&[1, 2, 6]);
        for mean in &mut self.means {
            if random.below(10) < density {
                *mean = patience * random.one_of(&[800, 2_000, 5_000]);
            }
        }
        // One kind of fault at least.
        let place = random.index(self.means.len());
        self.means[place] = random.one_of(&[600, 2_000, 6_000]);
        for (due, mean) in self.due.iter_mut().zip(self.means) {
            if mean > 0 {
                *due = random.between(1, 2 * mean);
            }
        }
        self.soonest = self.due.into_iter().min().unwrap_or(u64::MAX);
        let mut damage = || if random.below(30) < density { random.one_of(&[60, 300, 3_000, 30_000]) } else { 0 };
        self.damage = Damage { flip: damage(), drop: damage(), insert: damage(), duplicate: damage() };
        self.capacity = random.one_of(&[100, 1_000, 4_096, 20_000]);
        self.bursts = random.once_in(2);
    }

    /// A person's links for this run.
    pub fn link(&self, random: &mut Random) -> Quality {
        if self.story == Story::Quiet {
            return Quality { delay: 3, jitter: 12, ..Quality::default() };
        }
        Quality {
            delay: random.one_of(&[1, 5, 20, 40]),
            jitter: random.one_of(&[2, 10, 30, 120]),
            loss: random.one_of(&[0, 0, 10, 150]),
            reorder: random.one_of(&[0, 0, 20, 200]),
            replay: random.one_of(&[0, 0, 20, 100]),
        }
    }

    /// The next fault that strikes now, if any.
    pub fn strikes(&mut self, now: u64, random: &mut Random) -> Option<Kind> {
        if now < self.soonest || now >= self.calm_from {
            return None;
        }
        let place = self.due.iter().position(|due| *due <= now);
        if let Some(place) = place {
            self.due[place] = now + random.between(1, 2 * self.means[place]);
        }
        self.soonest = self.due.into_iter().min().unwrap_or(u64::MAX);
        place.map(|place| Kind::ALL[place])
    }
}
