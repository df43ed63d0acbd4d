//! PURE. Review: plays a whole recording, compares every frame, and finds the stops and what was asked for.

use std::time::Duration;

use super::shape::Start;
use super::stops::{Stop, Stops};
use crate::agent::tape::{Entry, Names, Player, What};
use crate::drive::{Answer, Command, DriverId, Grant, Source, Stick};
use crate::time::Time;

/// The first place where a recording does not play again as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// When.
    pub at: Time,
    /// The bytes of the recording.
    pub recorded: Vec<u8>,
    /// Those of now.
    pub now: Vec<u8>,
}

/// What a driver had the robot do, so that somebody else can have it do the same.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Act {
    /// The stick was there.
    Stick(Stick),
    /// A button was pressed.
    Press(Stick),
    /// Somebody pressed STOP.
    Stop,
}

/// A command as it was given.
#[derive(Clone, Debug, PartialEq)]
pub struct Given {
    /// When.
    pub at: Time,
    /// By whom.
    pub driver: DriverId,
    /// By which way.
    pub source: Source,
    /// What.
    pub what: What,
}

/// All that a recording tells.
#[derive(Clone, Debug)]
pub struct Review {
    /// When it began.
    pub began: Time,
    /// When its last entry was.
    pub ended: Time,
    /// Frames for the robot that were compared.
    pub frames: u64,
    /// The first that is different.
    pub difference: Option<Difference>,
    /// The stops.
    pub stops: Vec<Stop>,
    /// Every command.
    pub given: Vec<Given>,
    /// What drivers had the robot do.
    pub acts: Vec<(Time, Act)>,
    /// Samples that told single motors what to do: calibration, which nobody does again.
    pub bench: u64,
}

impl Review {
    /// How long it is.
    #[must_use]
    pub fn length(&self) -> Duration {
        self.ended.since(self.began)
    }
}

/// The player of a recording.
#[must_use]
pub fn player(start: &Start) -> Player {
    let names: Names = start.names.iter().map(|(driver, name)| (DriverId(*driver), name.clone())).collect();
    Player::new(start.controller.clone(), names)
}

/// Plays a recording.
pub fn review(start: &Start, entries: impl Iterator<Item = Entry>) -> Review {
    let mut player = player(start);
    let began = Time::from(start.at_ns);
    let mut stops = Stops::new(&player, began);
    let (given, acts) = (Vec::new(), Vec::new());
    let mut review =
        Review { began, ended: began, frames: 0, difference: None, stops: Vec::new(), given, acts, bench: 0 };
    for entry in entries {
        let outcome = player.play(&entry);
        stops.see(&entry, &outcome, &player);
        review.ended = review.ended.max(entry.at);
        if let (Some(recorded), Some(now)) = (entry.written(), &outcome.written) {
            review.frames += count(recorded);
            if recorded != now && review.difference.is_none() {
                review.difference = Some(Difference { at: entry.at, recorded: recorded.to_vec(), now: now.clone() });
            }
        }
        review.note(entry, outcome.answer);
    }
    review.stops = stops.all();
    review
}

impl Review {
    fn note(&mut self, entry: Entry, answer: Option<Answer>) {
        let at = entry.at;
        let (driver, source) = match &entry.what {
            What::Stop(driver, source, _) => {
                self.acts.push((at, Act::Stop));
                (*driver, *source)
            }
            What::Command(driver, source, command) => {
                let done = match answer {
                    Some(
                        Answer::Accepted | Answer::Seat(Grant::Granted | Grant::Renewed | Grant::Preempted { .. }),
                    ) => true,
                    Some(Answer::Refused(_) | Answer::Seat(Grant::Refused { .. } | Grant::Queued { .. })) | None => {
                        false
                    }
                };
                match command {
                    Command::Sample(sample) if done => self.acts.push((at, Act::Stick(sample.stick))),
                    Command::Nudge(stick) if done => self.acts.push((at, Act::Press(*stick))),
                    Command::Bench(..) => self.bench += 1,
                    Command::Sample(_)
                    | Command::Nudge(_)
                    | Command::Take
                    | Command::Ask
                    | Command::Give(_)
                    | Command::Leave
                    | Command::Stop
                    | Command::PressReset(_)
                    | Command::ReleaseReset(_) => {}
                }
                (*driver, *source)
            }
            What::Received(_)
            | What::Step(_)
            | What::Farewell(_)
            | What::CableUp
            | What::CableDown(_)
            | What::CableSays(_)
            | What::Fit(_)
            | What::Met(..)
            | What::Left(_) => return,
        };
        self.given.push(Given { at, driver, source, what: entry.what });
    }
}

/// Frames among bytes: whatever stands between two zeros.
fn count(bytes: &[u8]) -> u64 {
    bytes.split(|byte| *byte == 0).filter(|frame| !frame.is_empty()).fold(0, |frames, _| frames + 1)
}
