//! PURE. Stops: when each began, what was measured, how long the wheels still turned, and how it ended.

use std::time::Duration;

use serde::Serialize;

use crate::agent::controller::Transition;
use crate::agent::tape::{Entry, Played, Player, What};
use crate::drive::{Answer, Command, DriverId, Fault};
use crate::protocol::events::{Reason, Speed};
use crate::time::Time;

/// A cause of a stop. While a stop lasts its strongest cause may change.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Phase {
    /// Since when.
    #[serde(rename = "at_ns")]
    pub at: Time,
    /// Which.
    #[serde(skip)]
    pub fault: Fault,
    /// As people were told.
    pub reason: Reason,
}

/// A stop.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stop {
    /// When it began.
    #[serde(rename = "began_ns")]
    pub began: Time,
    /// When it ended; `null` if it lasted to the end of the recording.
    #[serde(rename = "ended_ns")]
    pub ended: Option<Time>,
    /// Whether it was there when the recording began.
    pub from_before: bool,
    /// Its causes, the first first.
    pub causes: Vec<Phase>,
    /// Who drove.
    pub driver: Option<String>,
    /// How fast it was by what the robot reported when it last moved, within a second before; permille of full, one a
    /// wheel.
    pub wheels: Vec<i16>,
    /// The same as a speed of the body, where its dimensions are known.
    pub speed: Option<Speed>,
    /// How long ago the robot had reported that.
    #[serde(rename = "wheels_age_ns", serialize_with = "nanoseconds")]
    pub wheels_age: Option<Duration>,
    /// Whether wheels had been told to turn, or reported that they did.
    pub moved: bool,
    /// How long until they were told to rest.
    #[serde(rename = "told_zero_ns", serialize_with = "nanoseconds")]
    pub told_zero: Option<Duration>,
    /// How long until the robot reported that no motor had an output.
    #[serde(rename = "reported_zero_ns", serialize_with = "nanoseconds")]
    pub reported_zero: Option<Duration>,
    /// How it ended, as a sentence; empty while it lasts.
    pub end: String,
}

#[expect(clippy::ref_option, reason = "serde gives what the field is")]
fn nanoseconds<S: serde::Serializer>(age: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    age.map(|age| u64::try_from(age.as_nanos()).unwrap_or(u64::MAX)).serialize(serializer)
}

/// What was just before an entry.
#[derive(Clone, Debug, Default)]
struct Before {
    holder: Option<DriverId>,
    /// Whether wheels had been told to turn.
    told: bool,
    /// The newest report of wheels that turn.
    rolled: Option<(Time, Vec<i16>, Option<Speed>)>,
}

/// What the robot did longer ago has nothing to do with a stop.
const LATELY: Duration = Duration::from_secs(1);

/// What became of a stop with an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// One began, or its strongest cause is another one now.
    Began,
    /// It ended.
    Ended,
}

/// Finds the stops of a recording.
#[derive(Clone, Debug)]
pub struct Stops {
    open: Option<(Stop, Option<DriverId>)>,
    done: Vec<Stop>,
    before: Before,
    /// Whether the robot was ready once: every start passes through stops that are none.
    ready: bool,
    pressed: Option<(DriverId, Time)>,
    reset: Option<(DriverId, Duration)>,
}

impl Stops {
    /// Those from this state on.
    #[must_use]
    pub fn new(player: &Player, at: Time) -> Self {
        let mut stops = Self {
            open: None,
            done: Vec::new(),
            before: Before::default(),
            ready: player.controller().was_ready(),
            pressed: None,
            reset: None,
        };
        stops.before.renew(player, at);
        let counts = |fault: &Fault| stops.ready || *fault == Fault::Latched;
        if let Some(fault) = player.controller().fault().filter(counts) {
            stops.begin(at, fault, player, true);
        }
        stops
    }

    /// Those that ended, and the one that lasts.
    #[must_use]
    pub fn all(self) -> Vec<Stop> {
        let Self { open, mut done, .. } = self;
        done.extend(open.map(|(stop, _)| stop));
        done
    }

    /// The stop that lasts, or that ended last.
    #[must_use]
    pub fn newest(&self) -> Option<&Stop> {
        self.open.as_ref().map(|(stop, _)| stop).or(self.done.last())
    }

    /// Looks at an entry that was just outcome.
    pub fn see(&mut self, entry: &Entry, outcome: &Played, player: &Player) -> Option<News> {
        self.note_reset(entry, outcome);
        let mut news = None;
        for transition in &outcome.told {
            if let Transition::Fault(fault) = transition {
                news = match fault {
                    Some(fault) => self.begin(entry.at, *fault, player, false),
                    None => self.end(entry.at, player),
                };
            }
        }
        self.measure(entry, player);
        // The old ones are not needed while it drives: only what was just before a stop.
        self.before.renew(player, entry.at);
        news
    }

    fn begin(&mut self, at: Time, fault: Fault, player: &Player, from_before: bool) -> Option<News> {
        let reason = player.controller().stopped()?;
        let phase = Phase { at, fault, reason };
        if let Some((stop, _)) = &mut self.open {
            stop.causes.push(phase);
            return Some(News::Began);
        }
        if !self.ready && fault != Fault::Latched && !from_before {
            return None;
        }
        let Before { holder, told, rolled } = self.before.clone();
        let rolled = rolled.filter(|(then, ..)| at.since(*then) <= LATELY);
        let (moved, wheels_age) = (told || rolled.is_some(), rolled.as_ref().map(|(then, ..)| at.since(*then)));
        let (wheels, speed) = rolled.map(|(_, wheels, speed)| (wheels, speed)).unwrap_or_default();
        let stop = Stop {
            began: at,
            ended: None,
            from_before,
            causes: vec![phase],
            driver: holder.map(|holder| player.name(holder)),
            wheels,
            speed,
            wheels_age,
            moved,
            told_zero: None,
            reported_zero: None,
            end: String::new(),
        };
        self.open = Some((stop, holder));
        Some(News::Began)
    }

    fn end(&mut self, at: Time, player: &Player) -> Option<News> {
        self.ready = true;
        let (mut stop, holder) = self.open.take()?;
        stop.ended = Some(at);
        stop.end = self.how(&stop, holder, player);
        self.done.push(stop);
        Some(News::Ended)
    }

    /// How a stop ended.
    fn how(&mut self, stop: &Stop, holder: Option<DriverId>, player: &Player) -> String {
        let seat = player.controller().seat().holder();
        let driver = stop.driver.as_deref().unwrap_or("nobody");
        let last = stop.causes.last().map(|phase| phase.fault);
        let end = match last {
            Some(Fault::Latched) => "the latch was open".to_owned(),
            Some(Fault::CommandStale) if seat == holder => format!("a fresh sample of {driver} came"),
            Some(Fault::CommandStale) => match seat {
                Some(next) => format!("the seat went from {driver} to {}", player.name(next)),
                None => format!("{driver} lost the seat, so nothing was asked for any more"),
            },
            Some(Fault::Overrun) => "the next decision was in time".to_owned(),
            Some(Fault::RobotStopped) => "the robot had seen neutral".to_owned(),
            Some(Fault::RobotAbsent | Fault::RobotIncompatible | Fault::RobotSilent | Fault::RobotStarting) | None => {
                "the robot was ready".to_owned()
            }
        };
        let end = match self.reset.take() {
            Some((by, held)) => format!("{} held reset for {:.1} s; {end}", player.name(by), held.as_secs_f64()),
            None => end,
        };
        let neutral = stop.causes.iter().any(|phase| phase.fault != Fault::CommandStale);
        if neutral && holder.is_some() {
            format!("{end}; the stick had to be released once before driving on")
        } else {
            end
        }
    }

    fn note_reset(&mut self, entry: &Entry, outcome: &Played) {
        let accepted = outcome.answer == Some(Answer::Accepted);
        match (&entry.what, self.pressed) {
            (What::Command(by, _, Command::PressReset(_)), _) if accepted => self.pressed = Some((*by, entry.at)),
            (What::Command(by, _, Command::ReleaseReset(_)), Some((_, pressed))) if accepted => {
                self.reset = Some((*by, entry.at.since(pressed)));
            }
            (_, _) => {}
        }
    }

    fn measure(&mut self, entry: &Entry, player: &Player) {
        let Some((stop, _)) = self.open.as_mut().filter(|(stop, _)| stop.moved) else { return };
        let after = entry.at.since(stop.began);
        if matches!(entry.what, What::Step(_)) && player.controller().rests() {
            stop.told_zero.get_or_insert(after);
        }
        let silent =
            player.controller().status().is_none_or(|status| status.outputs.as_slice().iter().any(|o| *o != 0));
        if matches!(entry.what, What::Received(_)) && !silent {
            stop.reported_zero.get_or_insert(after);
        }
    }
}

impl Before {
    fn renew(&mut self, player: &Player, at: Time) {
        let controller = player.controller();
        (self.holder, self.told) = (controller.seat().holder(), !controller.rests());
        let (wheels, speed) = controller.rolling();
        if wheels.iter().any(|speed| *speed != 0) {
            self.rolled = Some((at, wheels, speed));
        }
    }
}
