//! What the agent tells its meter of commands.

use super::Agent;
use super::wording;
use crate::drive::{self, Answer, DriverId, Grant, Refusal, Source};
use crate::mailbox::Command;
use crate::metrics::Told;
use crate::time::Time;

/// What a command is counted as; a departure is none.
pub(super) fn told(command: &Command) -> Option<Told> {
    match command {
        Command::Stop(..) => Some(Told::Stop),
        Command::Reset(..) => Some(Told::Reset),
        Command::Seat(..) => Some(Told::Seat),
        Command::Calibrate(..) => Some(Told::Calibrate),
        Command::Recordings(..) => Some(Told::Recordings),
        Command::Direction(_) => Some(Told::Direction),
        Command::Chat(_) => Some(Told::Chat),
        Command::Gone => None,
    }
}

/// What a gamepad's wish is counted as.
pub(super) fn asked(command: drive::Command) -> Told {
    match command {
        drive::Command::Sample(_) => Told::Drive,
        drive::Command::Bench(..) => Told::Motors,
        drive::Command::Nudge(_) => Told::Direction,
        drive::Command::Take | drive::Command::Ask | drive::Command::Give(_) | drive::Command::Leave => Told::Seat,
        drive::Command::Stop => Told::Stop,
        drive::Command::PressReset(_) | drive::Command::ReleaseReset(_) => Told::Reset,
    }
}

impl Agent {
    /// Gives a command to the pilot, counts a refusal, and returns the answer.
    pub(super) fn command(&mut self, now: Time, driver: DriverId, source: Source, command: drive::Command) -> Answer {
        let answer = self.controller.command(now, driver, source, command);
        let refusal = match answer {
            Answer::Refused(refusal) => Some(refusal),
            Answer::Seat(Grant::Refused { holder }) => Some(Refusal::NotHolder { holder: Some(holder) }),
            Answer::Accepted
            | Answer::Seat(Grant::Granted | Grant::Renewed | Grant::Preempted { .. } | Grant::Queued { .. }) => None,
        };
        if let Some(refusal) = refusal {
            self.meter.refused(wording::code(refusal));
        }
        answer
    }
}
