//! What the agent tells terminal and log: who drives, who stopped the robot, and why it stopped by itself.

use std::future::ready;
use std::time::Duration;

use serde_json::json;
use tokio::time::timeout;

use super::Agent;
use super::controller::Transition;
use crate::drive::{DriverId, Fault};
use crate::journal::{Doer, Kept, Kind, Record, telling};
use crate::protocol::events::SeatView;

/// Nobody waits longer for the log: a slow disk must not look like a slow robot.
const WRITTEN_WITHIN: Duration = Duration::from_millis(500);

/// Ends when the log has a record, or does not have it in time. Whether it has it.
pub(super) type Written = std::pin::Pin<Box<dyn Future<Output = bool> + Send>>;

impl Agent {
    /// Remembers something about the robot. It is remembered whether or not anybody waits.
    pub(super) fn remember(&self, record: Record) -> Written {
        if !self.journal.is_on() {
            return Box::pin(ready(true));
        }
        let kept = self.journal.keep(record.of(&self.name));
        Box::pin(async move { timeout(WRITTEN_WITHIN, kept).await == Ok(Kept::Yes) })
    }

    /// The same for what nobody waits for.
    pub(super) fn note(&self, record: Record) {
        self.journal.note(record.of(&self.name));
    }

    /// A person or a pad, as the log names them.
    pub(super) fn doer(&self, driver: DriverId) -> Doer {
        self.people.doer(driver)
    }

    /// Another one has the seat, or waits for it.
    pub(super) fn remember_seat(&self, before: &SeatView) -> Written {
        let doer = self.seat.holder.as_ref().map(|holder| self.doer(DriverId(holder.id)));
        self.remember(telling::seat(before, &self.seat, doer))
    }

    /// STOP was pressed.
    pub(super) fn remember_stop(&self, driver: Option<DriverId>, told: &str) -> Written {
        let doer = driver.map(|driver| self.doer(driver));
        self.remember(Record { doer, ..Record::new(Kind::Stop, format!("STOP: {told}")) })
    }

    /// An operator has reset STOP.
    pub(super) fn remember_reset(&self, driver: DriverId) -> Written {
        let doer = self.doer(driver);
        self.remember(Record::new(Kind::Reset, format!("{} resets STOP", doer.name)).by(doer))
    }

    /// Tells the terminal and the log what has changed.
    pub(super) fn tell_changes(&mut self, changes: Vec<Transition>) {
        for change in changes {
            if let Transition::Fault(fault) = change {
                self.meter.fault(fault);
            }
            show(change);
            self.note_transition(change);
        }
    }

    fn note_transition(&mut self, transition: Transition) {
        let record = match transition {
            Transition::RobotFound(ack) => {
                let firmware = String::from_utf8_lossy(&ack.name);
                let firmware = firmware.trim_end_matches('\0');
                Record::new(Kind::Robot, format!("the robot answers: {firmware}"))
                    .with(json!({"firmware": firmware, "motors": ack.motors, "session": ack.session()}))
            }
            Transition::RobotLost(loss) => Record::new(Kind::Robot, loss.text()),
            Transition::RobotIncompatible(why) => {
                Record::new(Kind::Robot, format!("this robot cannot be driven: {}", why.text()))
            }
            Transition::RobotText(text) => {
                let text = String::from_utf8_lossy(&text);
                Record::new(Kind::Robot, format!("the robot says: {}", text.trim_end_matches('\0')))
            }
            Transition::Fault(_) => return self.note_stop(),
        };
        self.note(record);
    }

    /// Notes when a recording begins or ends. `driver`: who asked for it.
    pub(super) fn note_recording(&mut self, driver: Option<DriverId>) {
        let recorded = self.controller.is_recording();
        if std::mem::replace(&mut self.recorded, recorded) != recorded {
            let text = if recorded { "the drive is recorded from here on" } else { "the recording has ended" };
            let doer = driver.map(|driver| self.doer(driver));
            self.note(Record { doer, ..Record::new(Kind::Recording, text) });
        }
    }

    /// The robot stopped, for another reason than before, or may drive again.
    fn note_stop(&mut self) {
        let reason = self.controller.stopped();
        match (&reason, &self.stopped) {
            (Some(reason), _) if self.controller.was_ready() => {
                let driver = self.controller.seat().holder().map(|driver| self.doer(driver));
                self.note(telling::stopped(reason, driver));
            }
            (None, Some(over)) => self.note(telling::ready(over)),
            // Until it was ready once it has not stopped, but not begun.
            (Some(_) | None, _) => return,
        }
        self.stopped = reason;
    }
}

/// A line in the terminal.
fn show(transition: Transition) {
    match transition {
        Transition::RobotFound(ack) => {
            let name = String::from_utf8_lossy(&ack.name);
            tracing::info!(
                firmware = name.trim_end_matches('\0'),
                motors = ack.motors,
                session = format!("{:08x}", ack.session()),
                "robot answers"
            );
        }
        Transition::RobotLost(loss) => tracing::warn!("{}", loss.text()),
        Transition::RobotIncompatible(why) => tracing::error!("this robot cannot be driven: {}", why.text()),
        Transition::RobotText(text) => {
            tracing::info!(text = String::from_utf8_lossy(&text).trim_end_matches('\0'), "robot says");
        }
        // Every start passes through these two.
        Transition::Fault(Some(fault @ (Fault::RobotAbsent | Fault::RobotStarting))) => {
            tracing::info!(code = fault.policy().code, "waiting: {}", fault.policy().text);
        }
        Transition::Fault(Some(fault)) => {
            tracing::warn!(code = fault.policy().code, "stopped: {}", fault.policy().text);
        }
        Transition::Fault(None) => tracing::info!("robot is ready"),
    }
}
