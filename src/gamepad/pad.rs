//! PURE. One pad's rules: what it tells in, what the agent must hear out, time passed in.
//!
//! A pad drives only with what its own events have told since it was plugged in, only after its sticks were in the
//! middle once, and only while something on it still moves now and then.

use std::time::Duration;

use super::control::Control;
use super::reading::{Event, Reading};
use super::reset::{Hold, Step};
use super::rules::Rules;
use crate::drive::{DriverId, Sample, Stamp, Stick};
use crate::time::Time;

/// Samples that drive follow each other no sooner than this: 40 a second at most.
const PACE: Duration = Duration::from_millis(25);
/// A stick that is held where it is says so again after this long; a pad is looked at every 5 ms, so 33 ms pass at most.
const REPEAT: Duration = Duration::from_millis(28);
/// While the pad rests, a neutral sample this often keeps the seat.
const HEARTBEAT: Duration = Duration::from_millis(250);
/// A touch that has not got the seat by then gets it no more.
const ASK: Duration = Duration::from_millis(300);
/// A stick that is not in the middle while nothing on the pad moves for so long may be a pad that nobody holds, or one
/// that is out of reach. Not a setting: nobody may switch it off.
const VIGILANCE: Duration = Duration::from_secs(3);

/// What a pad must know of the agent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// The newest time of the robot; `None` if it tells none.
    pub stamp: Option<Stamp>,
    /// Who drives.
    pub holder: Option<DriverId>,
    /// Epoch of the seat.
    pub epoch: u32,
    /// Whether STOP is latched.
    pub latched: bool,
}

/// What a pad wants.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Intent {
    /// The seat.
    Take,
    /// Out of the seat.
    Leave,
    /// STOP.
    Stop,
    /// The two controls of the reset are down.
    PressReset,
    /// They were held long enough.
    ReleaseReset,
    /// They were let go too early.
    CancelReset,
    /// A stick sample.
    Sample(Sample),
    /// A shake of the pad.
    Rumble,
    /// Nothing on the pad has moved for 3 s while its stick was not in the middle: it drives no more until it was.
    Still,
}

/// One pad that is plugged in.
#[derive(Clone, Debug)]
pub struct Pad {
    rules: Rules,
    driver: DriverId,
    reading: Reading,
    /// The sticks must be in the middle before anything drives.
    owes_neutral: bool,
    /// When the pad last told anything.
    heard: Time,
    /// When it last drove or got the seat.
    touched: Time,
    /// Edges since the last step.
    stop: bool,
    seat_button: bool,
    reset: Hold,
    /// What it was last told about STOP.
    latched: Option<bool>,
    /// Epoch under which it holds the seat.
    seat: Option<u32>,
    /// When it asked for the seat.
    asked: Option<Time>,
    /// When it said that it leaves.
    left: Option<Time>,
    seq: u32,
    /// The last sample under this epoch.
    sent: Option<(Time, Stick)>,
}

impl Pad {
    /// A pad that has just been plugged in.
    #[must_use]
    pub fn new(rules: Rules, driver: DriverId, now: Time) -> Self {
        Self {
            rules,
            driver,
            reading: Reading::default(),
            owes_neutral: true,
            heard: now,
            touched: now,
            stop: false,
            seat_button: false,
            reset: Hold::default(),
            latched: None,
            seat: None,
            asked: None,
            left: None,
            seq: 0,
            sent: None,
        }
    }

    /// Who this is to the pilot.
    #[must_use]
    pub fn driver(&self) -> DriverId {
        self.driver
    }

    /// Where everything is.
    #[must_use]
    pub fn reading(&self) -> &Reading {
        &self.reading
    }

    /// What it asks for now, whoever has the seat.
    #[must_use]
    pub fn wish(&self) -> Stick {
        if self.owes_neutral || !self.reading.is_attended(&self.rules) {
            return Stick::NEUTRAL;
        }
        self.held().slowed(self.rules.wheels, self.reading.speed(&self.rules))
    }

    /// Whether the sticks must be in the middle once before it drives.
    #[must_use]
    pub fn owes_neutral(&self) -> bool {
        self.owes_neutral
    }

    /// Whether time alone can make it say something soon.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.seat.is_some() || self.asked.is_some() || self.reset.is_running() || !self.held().is_neutral()
    }

    /// Takes note of what the pad tells.
    pub fn event(&mut self, now: Time, event: Event) {
        self.heard = now;
        self.reading.hear(event, &self.rules);
        if self.reading.is_known() && self.held().is_neutral() {
            self.owes_neutral = false;
        }
        if let Event::Button(control, down) = event {
            self.button(control, down);
        }
        if !self.reading.is_attended(&self.rules) {
            self.interrupt();
        }
    }

    /// Whether STOP was pressed since the last step; for a pad that vanishes before the next one.
    pub fn take_stop(&mut self) -> bool {
        std::mem::take(&mut self.stop)
    }

    /// Decides what the agent must hear.
    pub fn step(&mut self, now: Time, known: Known, tell: &mut impl FnMut(Intent)) {
        if self.take_stop() {
            self.interrupt();
            tell(Intent::Stop);
        }
        if known.latched {
            self.interrupt();
            if self.latched == Some(false) {
                tell(Intent::Rumble);
            }
        }
        self.latched = Some(known.latched);
        self.try_reset(now, known.latched, tell);
        if !self.owes_neutral && !self.held().is_neutral() && now.since(self.heard) >= VIGILANCE {
            self.owes_neutral = true;
            tell(Intent::Still);
        }
        self.follow_seat(now, known, tell);
        if std::mem::take(&mut self.seat_button) {
            self.press_seat(now, tell);
        }
        match self.seat {
            Some(epoch) => self.drive(now, epoch, known.stamp, tell),
            None => self.try_take(now, tell),
        }
    }

    /// What the hands ask for, before speed, neutral and deadman.
    fn held(&self) -> Stick {
        self.reading.stick(&self.rules)
    }

    /// A stick that is held now drives nothing until it was let go.
    fn interrupt(&mut self) {
        self.owes_neutral |= !self.held().is_neutral();
    }

    fn button(&mut self, control: Control, down: bool) {
        self.stop |= down && control == self.rules.stop;
        self.seat_button |= down && Some(control) == self.rules.seat;
        if !down && self.rules.reset.is_some_and(|pair| pair.contains(&control)) {
            self.reset.let_go();
        }
    }

    fn try_reset(&mut self, now: Time, latched: bool, tell: &mut impl FnMut(Intent)) {
        let both = self.rules.reset.is_some_and(|pair| pair.into_iter().all(|control| self.reading.is_down(control)));
        match self.reset.step(now, both, latched) {
            Some(Step::Press) => tell(Intent::PressReset),
            Some(Step::Release) => tell(Intent::ReleaseReset),
            Some(Step::Cancel) => tell(Intent::CancelReset),
            None => {}
        }
    }

    /// Takes note of who has the seat now.
    fn follow_seat(&mut self, now: Time, known: Known, tell: &mut impl FnMut(Intent)) {
        let mine = (known.holder == Some(self.driver)).then_some(known.epoch);
        if mine == self.seat {
            return;
        }
        let had = self.seat.is_some();
        self.seat = mine;
        self.sent = None;
        if mine.is_some() {
            self.touched = now;
            self.asked = None;
        } else if had {
            self.interrupt();
            if self.left.is_none() {
                tell(Intent::Rumble);
            }
        }
        self.left = None;
    }

    fn press_seat(&mut self, now: Time, tell: &mut impl FnMut(Intent)) {
        if self.seat.is_some() {
            self.interrupt();
            self.leave(now, tell);
        } else {
            self.asked = Some(now);
            tell(Intent::Take);
        }
    }

    fn try_take(&mut self, now: Time, tell: &mut impl FnMut(Intent)) {
        match self.asked {
            None if !self.wish().is_neutral() => {
                self.asked = Some(now);
                tell(Intent::Take);
            }
            Some(at) if now.since(at) >= ASK => {
                self.asked = None;
                self.interrupt();
            }
            None | Some(_) => {}
        }
    }

    fn leave(&mut self, now: Time, tell: &mut impl FnMut(Intent)) {
        self.left = Some(now);
        tell(Intent::Leave);
    }

    fn drive(&mut self, now: Time, epoch: u32, stamp: Option<Stamp>, tell: &mut impl FnMut(Intent)) {
        let wish = self.wish();
        if self.sent.is_none() {
            // A new seat starts from neutral.
            self.say(now, epoch, stamp, Stick::NEUTRAL, tell);
        }
        if !wish.is_neutral() {
            self.touched = now;
        }
        if now.since(self.touched) >= self.rules.rest {
            if self.left.is_none_or(|at| now.since(at) >= HEARTBEAT) {
                self.leave(now, tell);
            }
            return;
        }
        let Some((at, last)) = self.sent else { return };
        let pause = match (wish.is_neutral(), last.is_neutral()) {
            (true, false) => Duration::ZERO,
            (true, true) => HEARTBEAT,
            (false, _) if wish != last => PACE,
            (false, _) => REPEAT,
        };
        if now.since(at) >= pause {
            self.say(now, epoch, stamp, wish, tell);
        }
    }

    fn say(&mut self, now: Time, epoch: u32, stamp: Option<Stamp>, stick: Stick, tell: &mut impl FnMut(Intent)) {
        tell(Intent::Sample(Sample { seq: self.seq, stick, stamp, epoch }));
        self.seq = self.seq.wrapping_add(1);
        self.sent = Some((now, stick));
    }
}
