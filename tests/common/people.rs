//! People: who sits at phones and pads, and what they do with them.
//!
//! Each drives in a direction of its own, so that the wheels tell whose motion it is.

use std::collections::VecDeque;

use joywire::drive::{Command, DriverId, Sample, Source, Stamp, Stick};

use super::faults::Story;
use super::random::Random;

/// Time between two samples of a held stick, ms.
const SAMPLE_EVERY: u64 = 33;
/// Time between two signs of life of a released one, ms.
const HEARTBEAT_EVERY: u64 = 200;
/// Samples kept for replays.
const KEPT: usize = 64;

/// What a person is after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Drives, takes turns, gives the seat away, forgets to say goodbye.
    Driver,
    /// Presses direction buttons of a page that knows no ticks.
    Buttons,
    /// Presses STOP.
    Stopper,
    /// Resets the latch, sometimes clumsily.
    Operator,
    /// Never has the seat and tries to drive with everything it hears.
    Cheat,
}

/// How steady a hand is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// As chance has it.
    Lively,
    /// Makes no mistakes: takes the seat whenever it is free, and drives in long, plain strokes.
    Eager,
    /// Does nothing.
    Resting,
}

/// What a page has last heard of the robot.
#[derive(Clone, Copy, Debug, Default)]
pub struct News {
    pub stamp: Option<Stamp>,
    pub epoch: u32,
    pub holder: Option<DriverId>,
    pub latched: bool,
}

/// Someone at a page, a pad or a script.
#[derive(Clone, Debug)]
pub struct Person {
    pub id: DriverId,
    pub part: Part,
    pub source: Source,
    mood: Mood,
    /// Signs of the left and the right wheel when this person drives.
    pub signs: [i16; 2],
    pub news: News,
    /// The page is hidden, dead or out of reach until then.
    pub gone_until: u64,
    pub pressed: bool,
    pub pressed_at: u64,
    stick: Stick,
    seq: u32,
    change_at: u64,
    sample_at: u64,
    wish_at: u64,
    reset: Option<(u32, u64)>,
    sent: VecDeque<Sample>,
    careless: bool,
}

impl Person {
    pub fn new(number: u64, part: Part, source: Source, direction: (f64, f64), random: &mut Random) -> Self {
        let stick = Stick::new(direction.0, direction.1).expect("a direction is a position");
        let twist = stick.twist();
        let sign = |speed: f64| if speed < 0.0 { -1 } else { 1 };
        Self {
            id: DriverId(number),
            part,
            source,
            mood: Mood::Lively,
            signs: [sign(twist.linear - twist.angular), sign(twist.linear + twist.angular)],
            news: News::default(),
            gone_until: 0,
            pressed: false,
            pressed_at: 0,
            stick,
            seq: random.u32(),
            change_at: random.between(1, 2000),
            sample_at: 0,
            wish_at: if part == Part::Stopper { random.between(2_000, 20_000) } else { random.between(1, 1_500) },
            reset: None,
            sent: VecDeque::new(),
            careless: random.once_in(4),
        }
    }

    /// The agent has seated this person, as far as the page knows.
    fn is_seated(&self) -> bool {
        self.news.holder == Some(self.id)
    }

    /// What this person does in this millisecond, appended to `said`.
    pub fn act(&mut self, now: u64, story: Story, random: &mut Random, said: &mut Vec<Command>) {
        if now < self.gone_until || self.mood == Mood::Resting {
            return;
        }
        match self.part {
            Part::Driver if story == Story::Quiet || self.mood == Mood::Eager => self.drive_plainly(now, random, said),
            Part::Driver => self.drive(now, random, said),
            Part::Buttons => self.press_buttons(now, random, said),
            Part::Stopper if now >= self.wish_at => {
                self.wish_at = now + random.between(5_000, 30_000);
                said.push(Command::Stop);
            }
            Part::Operator => self.operate(now, random, said),
            Part::Cheat => self.cheat(now, random, said),
            Part::Stopper => {}
        }
    }

    /// From now on this person is in another mood, and forgets all plans.
    pub fn change_mood(&mut self, now: u64, mood: Mood) {
        self.mood = mood;
        self.gone_until = 0;
        self.wish_at = now;
        self.change_at = now;
        self.reset = None;
    }

    /// A sample of another driver was overheard.
    pub fn overhear(&mut self, sample: Sample) {
        if self.sent.len() == KEPT {
            self.sent.pop_front();
        }
        self.sent.push_back(sample);
    }

    fn sample(&mut self, stick: Stick) -> Sample {
        self.seq = self.seq.wrapping_add(1);
        let sample = Sample { seq: self.seq, stick, stamp: self.news.stamp, epoch: self.news.epoch };
        self.overhear(sample);
        sample
    }

    fn hand(&self) -> Stick {
        if self.pressed { self.stick } else { Stick::NEUTRAL }
    }

    fn drive(&mut self, now: u64, random: &mut Random, said: &mut Vec<Command>) {
        if now >= self.wish_at {
            self.wish(now, random, said);
        }
        if now >= self.change_at {
            self.pressed = !self.pressed;
            self.change_at = now + if self.pressed { random.between(60, 6000) } else { random.between(30, 2000) };
            self.sample_at = now;
            if !self.pressed && self.is_seated() && !self.careless {
                said.push(Command::Sample(self.sample(Stick::NEUTRAL)));
            }
        }
        // A careless page samples a held stick only, and lets the seat expire.
        if now >= self.sample_at && self.is_seated() && (self.pressed || !self.careless) {
            self.sample_at = now + if self.pressed { SAMPLE_EVERY } else { HEARTBEAT_EVERY };
            said.push(Command::Sample(self.sample(self.hand())));
        }
        if self.careless && self.is_seated() && !self.pressed && random.once_in(150) {
            said.push(Command::Sample(self.sample(Stick::NEUTRAL)));
        }
        if random.once_in(3000) {
            self.blunder(random, said);
        }
    }

    fn wish(&mut self, now: u64, random: &mut Random, said: &mut Vec<Command>) {
        if self.is_seated() {
            self.wish_at = now + random.between(1_000, 12_000);
            match random.below(6) {
                0 => said.push(Command::Leave),
                1 => said.push(Command::Give(DriverId(random.between(1, 2)))),
                _ => {}
            }
        } else {
            self.wish_at = now + random.between(100, 2_500);
            said.push(if random.once_in(3) { Command::Ask } else { Command::Take });
        }
    }

    /// Something a confused page does: an old epoch, a leap of the sequence, an old sample again.
    fn blunder(&mut self, random: &mut Random, said: &mut Vec<Command>) {
        let mut sample = self.sample(self.hand());
        match random.below(3) {
            0 => sample.epoch = sample.epoch.wrapping_sub(1),
            1 => sample.seq = sample.seq.wrapping_sub(random.u32() >> 28),
            _ => sample = self.sent[random.index(self.sent.len())],
        }
        said.push(Command::Sample(sample));
    }

    /// Long, plain strokes without mistakes: what a person does to whom the robot must listen.
    fn drive_plainly(&mut self, now: u64, random: &mut Random, said: &mut Vec<Command>) {
        if !self.is_seated() {
            self.pressed = false;
            self.change_at = now + 300;
            if now >= self.wish_at {
                self.wish_at = now + 200;
                said.push(Command::Take);
            }
            return;
        }
        if now >= self.change_at {
            self.pressed = !self.pressed;
            self.change_at = now + if self.pressed { random.between(800, 3000) } else { random.between(300, 1200) };
            self.sample_at = now;
            self.pressed_at = now;
        }
        if now >= self.sample_at {
            self.sample_at = now + if self.pressed { SAMPLE_EVERY } else { HEARTBEAT_EVERY };
            said.push(Command::Sample(self.sample(self.hand())));
        }
    }

    fn press_buttons(&mut self, now: u64, random: &mut Random, said: &mut Vec<Command>) {
        if now < self.wish_at {
            return;
        }
        self.wish_at = now + if random.once_in(3) { random.between(3_000, 9_000) } else { random.between(80, 700) };
        said.push(match random.below(8) {
            0 => Command::Nudge(Stick::NEUTRAL),
            1 => Command::Leave,
            _ => Command::Nudge(self.stick),
        });
    }

    fn operate(&mut self, now: u64, random: &mut Random, said: &mut Vec<Command>) {
        let clumsy = self.mood != Mood::Eager;
        match self.reset {
            Some((nonce, at)) if now >= at => {
                self.reset = None;
                self.wish_at = now + random.between(200, 1_500);
                said.push(Command::ReleaseReset(if clumsy && random.once_in(8) { nonce ^ 1 } else { nonce }));
            }
            None if now >= self.wish_at && (self.news.latched || (clumsy && random.once_in(40))) => {
                let nonce = random.u32();
                let hold =
                    if clumsy && random.once_in(8) { random.between(100, 1_900) } else { random.between(2_010, 3_000) };
                self.reset = Some((nonce, now + hold));
                said.push(Command::PressReset(nonce));
            }
            None if now >= self.wish_at => self.wish_at = now + 100,
            Some(_) | None => {}
        }
    }

    fn cheat(&mut self, now: u64, random: &mut Random, said: &mut Vec<Command>) {
        if now < self.sample_at {
            return;
        }
        self.sample_at = now + random.between(20, 300);
        self.pressed = !random.once_in(6);
        let mut sample = self.sample(self.hand());
        match random.below(4) {
            0 => sample.seq = random.u32(),
            1 => sample.epoch = sample.epoch.wrapping_add(1),
            2 => sample = self.sent[random.index(self.sent.len())],
            _ => {}
        }
        said.push(match random.below(12) {
            0 => Command::Give(self.id),
            1 => Command::Leave,
            _ => Command::Sample(Sample { stick: self.hand(), ..sample }),
        });
    }
}
