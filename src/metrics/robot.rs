//! What is counted of one robot, beside it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use super::pulse::Pulse;
use super::sheet::Sheet;
use super::table::{CODES, Metric, Part, SOURCES};
use crate::clock::Clock;
use crate::drive::{Fault, Source};
use crate::protocol::events::{SeatView, State, Telemetry};
use crate::protocol::message::Counters;
use crate::time::Time;

/// What a robot was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "these are the words of the table, in its order")]
pub enum Told {
    Drive,
    Motors,
    Direction,
    Seat,
    Stop,
    Reset,
    Calibrate,
    Recordings,
    Chat,
}

/// The numbers of a robot.
#[derive(Debug)]
pub struct RobotMeter {
    pub(super) sheet: Sheet,
    pub(super) pulse: Pulse,
    /// Whether it may drive, as far as was told.
    ready: AtomicBool,
    /// The seat's epoch that was counted last.
    epoch: AtomicU64,
}

impl RobotMeter {
    /// Nothing has happened yet. `clock`: the agent's.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self {
            sheet: Sheet::new(Part::Robot),
            pulse: Pulse::new(clock),
            ready: AtomicBool::new(false),
            epoch: AtomicU64::new(0),
        }
    }

    /// A command came.
    pub fn command(&self, told: Told, source: Source) {
        let source = match source {
            Source::Network => 0,
            Source::Gamepad => 1,
        };
        self.sheet.add(Metric::Commands, told as usize * SOURCES.len() + source, 1);
    }

    /// A command had no effect, by this code.
    pub fn refused(&self, code: &str) {
        let series = CODES.iter().position(|known| *known == code).unwrap_or(CODES.len() - 1);
        self.sheet.add(Metric::Refusals, series, 1);
    }

    /// The strongest fault is another one now.
    pub fn fault(&self, fault: Option<Fault>) {
        self.sheet.choose(Metric::Stopped, fault.map(place));
        let was_ready = self.ready.swap(fault.is_none(), Ordering::Relaxed);
        // What follows while it is stopped already, such as a cable that is pulled then, is no stop of its own.
        if let Some(fault) = fault.filter(|fault| was_ready || *fault == Fault::Latched) {
            self.sheet.add(Metric::Stops, place(fault), 1);
        }
    }

    /// The agent has decided: how late, if that is known, and how long it took.
    pub fn step(&self, now: Time, late: Option<Duration>, took: Duration) {
        self.pulse.beat(now);
        self.sheet.observe(Metric::StepDuration, took);
        if let Some(late) = late {
            self.sheet.observe(Metric::StepLateness, late);
        }
    }

    /// The robot has told how old the command was that it obeys.
    pub fn age(&self, age: Duration) {
        self.sheet.observe(Metric::AgeAtWheels, age);
    }

    /// The line broke or is not to be had.
    pub fn cable_failed(&self) {
        self.sheet.add(Metric::CableErrors, 0, 1);
    }

    /// What telemetry tells, and what was dropped on the way: commands, samples, bytes.
    pub fn publish(&self, telemetry: &Telemetry, (dropped, replaced, bytes): (u64, u64, u64)) {
        let link = &telemetry.link;
        let state = match telemetry.state {
            State::NoRobot => 0,
            State::Starting => 1,
            State::Ready => 2,
            State::Driving => 3,
            State::Stopped => 4,
            State::Latched => 5,
        };
        self.sheet.choose(Metric::State, Some(state));
        self.sheet.set(Metric::FramesSent, 0, link.frames_sent);
        self.sheet.set(Metric::BadFrames, 0, link.bad_frames);
        self.sheet.set(Metric::RobotReconnects, 0, u64::from(link.reconnects));
        self.sheet.set(Metric::RobotRestarts, 0, u64::from(link.restarts));
        for (series, count) in outcomes(&link.robot).into_iter().enumerate() {
            self.sheet.set(Metric::RobotMessages, series, u64::from(count));
        }
        self.sheet.set_if_known(Metric::Battery, telemetry.battery_mv.map(u64::from));
        self.sheet.set(Metric::Recording, 0, u64::from(telemetry.recording));
        self.sheet.set(Metric::DroppedCommands, 0, dropped);
        self.sheet.set(Metric::ReplacedSamples, 0, replaced);
        self.sheet.set(Metric::CableDroppedBytes, 0, bytes);
    }

    /// The seat is another one now.
    pub fn seat(&self, seat: &SeatView) {
        let (epoch, waiting) = (u64::from(seat.epoch), u64::try_from(seat.queue.len()).unwrap_or(u64::MAX));
        self.sheet.set(Metric::SeatHeld, 0, u64::from(seat.holder.is_some()));
        self.sheet.set(Metric::SeatWaiting, 0, waiting);
        let changes = epoch.saturating_sub(self.epoch.swap(epoch, Ordering::Relaxed));
        self.sheet.add(Metric::SeatChanges, 0, changes);
    }

    /// Recordings have come so far since the start: bytes written, messages dropped.
    pub fn recorded(&self, bytes: u64, dropped: u64) {
        self.sheet.set(Metric::RecordingBytes, 0, bytes);
        self.sheet.set(Metric::RecordingDropped, 0, dropped);
    }
}

fn place(fault: Fault) -> usize {
    usize::from(fault.number()) - 1
}

/// In the order of the table.
fn outcomes(counters: &Counters) -> [u16; 7] {
    let Counters { accepted, damaged, no_message, foreign_session, old_seq, stale, barred } = *counters;
    [accepted, damaged, no_message, foreign_session, old_seq, stale, barred]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::sheet::Reading;
    use crate::metrics::table::{CAUSES, COMMANDS, OUTCOMES, STATES, TABLE};

    fn count(meter: &RobotMeter, metric: Metric, series: usize) -> Reading {
        meter.sheet.read(&TABLE[metric as usize], series)
    }

    /// Goal: the words of the table are those of the program.
    #[test]
    fn words_are_those_of_the_program() {
        for (place, word) in COMMANDS.iter().enumerate() {
            let told = [
                Told::Drive,
                Told::Motors,
                Told::Direction,
                Told::Seat,
                Told::Stop,
                Told::Reset,
                Told::Calibrate,
                Told::Recordings,
                Told::Chat,
            ][place];
            assert_eq!((told as usize, format!("{told:?}").to_lowercase()), (place, (*word).to_owned()));
        }
        let states = [State::NoRobot, State::Starting, State::Ready, State::Driving, State::Stopped, State::Latched];
        assert_eq!(states.map(|state| serde_json::to_value(state).unwrap()), STATES.map(serde_json::Value::from));
        let outcomes: Vec<String> =
            serde_json::to_value(Counters::default()).unwrap().as_object().unwrap().keys().cloned().collect();
        let mut ours = OUTCOMES.map(str::to_owned);
        ours.sort();
        assert_eq!(outcomes, ours);
        assert!(Fault::ALL.iter().all(|fault| CAUSES[place(*fault)] == fault.policy().code));
    }

    /// Goal: a stop is counted once, by what began it, and the start of the robot is none.
    #[test]
    fn a_stop_is_counted_once_by_its_first_cause() {
        let meter = RobotMeter::new(Clock::start());
        let stops = || Fault::ALL.map(|fault| count(&meter, Metric::Stops, place(fault)));
        meter.fault(Some(Fault::RobotAbsent));
        meter.fault(Some(Fault::RobotStarting));
        meter.fault(None);
        assert!(stops().iter().all(|count| *count == Reading::Number(0)), "{:?}", stops());
        meter.fault(Some(Fault::RobotSilent));
        meter.fault(Some(Fault::RobotAbsent));
        meter.fault(Some(Fault::Latched));
        meter.fault(Some(Fault::RobotAbsent));
        meter.fault(None);
        meter.fault(Some(Fault::CommandStale));
        let counted = |fault| stops()[place(fault)] == Reading::Number(1);
        let expected = [Fault::Latched, Fault::RobotSilent, Fault::CommandStale];
        assert!(Fault::ALL.iter().all(|fault| counted(*fault) == expected.contains(fault)), "{:?}", stops());
        assert_eq!(count(&meter, Metric::Stopped, place(Fault::CommandStale)), Reading::Number(1));
    }
}
