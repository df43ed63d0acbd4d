//! Hand: a pad, a clock, and short words for what a hand does and what the agent hears of it.

use joywire::drive::{DriverId, Sample, Stamp};
use joywire::gamepad::{Axis, Control, Event, Intent, Known, Pad, Rules};
use joywire::time::Time;

pub const ME: DriverId = DriverId(1 << 52);
pub const PHONE: DriverId = DriverId(7);
/// Between two looks at the pad.
pub const LOOK: u64 = 5;

/// One pad in one hand, and an agent that gives the seat when asked.
pub struct Hand {
    pub pad: Pad,
    pub now: u64,
    pub known: Known,
    /// Whether a wish for the seat is granted.
    pub generous: bool,
    /// Everything that was said, and when.
    pub said: Vec<(u64, Intent)>,
}

impl Hand {
    pub fn new(rules: Rules) -> Self {
        let pad = Pad::new(rules, ME, Time::ZERO);
        let known = Known { stamp: Some(stamp(0)), ..Known::default() };
        Self { pad, now: 0, known, generous: true, said: Vec::new() }
    }

    /// A pad whose stick has been moved and let go.
    pub fn known(rules: Rules) -> Self {
        let mut hand = Self::new(rules);
        hand.push(0.0);
        hand.pass(20);
        hand
    }

    /// One that has the seat and rests.
    pub fn seated() -> Self {
        let mut hand = Self::known(Rules::default());
        hand.tap(Control::North);
        hand.pass(20);
        assert_eq!(hand.known.holder, Some(ME));
        hand.said.clear();
        hand
    }

    /// The left stick forward.
    pub fn push(&mut self, forward: f64) {
        self.tell(Event::Axis(Axis::LeftY, forward));
    }

    pub fn press(&mut self, control: Control) {
        self.tell(Event::Button(control, true));
    }

    pub fn lift(&mut self, control: Control) {
        self.tell(Event::Button(control, false));
    }

    /// Down and up between two looks.
    pub fn tap(&mut self, control: Control) {
        self.press(control);
        self.lift(control);
    }

    pub fn tell(&mut self, event: Event) {
        self.pad.event(Time::from_millis(self.now), event);
    }

    /// Lets time pass; the pad is looked at now and then. Returns what was said meanwhile.
    pub fn pass(&mut self, ms: u64) -> Vec<Intent> {
        let before = self.said.len();
        for _ in 0..ms / LOOK {
            self.now += LOOK;
            self.known.stamp = Some(stamp(self.now));
            let mut said = Vec::new();
            self.pad.step(Time::from_millis(self.now), self.known, &mut |intent| said.push(intent));
            for intent in said {
                self.obey(intent);
                self.said.push((self.now, intent));
            }
        }
        self.said[before..].iter().map(|(_, intent)| *intent).collect()
    }

    /// Someone else gets the seat.
    pub fn seat(&mut self, holder: Option<DriverId>) {
        self.known.holder = holder;
        self.known.epoch += 1;
    }

    fn obey(&mut self, intent: Intent) {
        let mine = self.known.holder == Some(ME);
        if intent == Intent::Take && self.generous && !mine {
            self.seat(Some(ME));
        } else if intent == Intent::Leave && mine {
            self.seat(None);
        }
    }
}

/// Pushes the stick for a while without letting it lie still.
pub fn wiggle(hand: &mut Hand, forward: f64, ms: u64) -> Vec<Intent> {
    let mut said = Vec::new();
    for turn in 0..ms / 50 {
        hand.push(forward + if turn % 2 == 0 { 0.002 } else { 0.0 });
        said.extend(hand.pass(50));
    }
    said
}

pub fn stamp(now: u64) -> Stamp {
    Stamp { session: 77, tick: u32::try_from(now).unwrap() }
}

pub fn samples(said: &[Intent]) -> Vec<Sample> {
    let sample = |intent: &Intent| if let Intent::Sample(sample) = intent { Some(*sample) } else { None };
    said.iter().filter_map(sample).collect()
}

/// How far forward a sample asks to go.
pub fn forward(sample: &Sample) -> f64 {
    sample.stick.twist().linear
}

/// Whether anything of this drives.
pub fn drives(said: &[Intent]) -> bool {
    samples(said).iter().any(|sample| !sample.stick.is_neutral())
}
