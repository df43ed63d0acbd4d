//! What an operator's page finds out about the motors: shown, written to the robot's file, and put into force.

use std::fmt::Debug;
use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::spawn_blocking;

use super::Agent;
use crate::drive::{DriverId, Motor, Motors};
use crate::journal::{Kind, Record};
use crate::mailbox::Sender;
use crate::protocol::calibration::{CalibrateReply, CalibrateRequest, MotorNeeds};
use crate::protocol::events::Role;

/// How the robot's file would differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Lines that would go, after `- `, and that would come, after `+ `.
    pub lines: Vec<String>,
    /// Names this difference: another file, or other motors, have another.
    pub mark: String,
}

/// Where it is kept what a robot's motors need. It may take its time: it is never asked on the thread that drives.
pub trait MotorFile: Debug + Send + Sync {
    /// Where that is, for people.
    fn place(&self) -> String;

    /// How it would differ with these motors.
    ///
    /// # Errors
    /// A sentence, if it cannot be read or would be refused.
    fn preview(&self, motors: &[Motor]) -> Result<Difference, String>;

    /// Writes it whole, if the difference is still the one of this mark.
    ///
    /// # Errors
    /// A sentence; everything is then as it was.
    fn write(&self, motors: &[Motor], mark: &str) -> Result<(), String>;
}

/// Motors that are in the file now, and who waits to hear of it.
type Written = (Motors, oneshot::Sender<CalibrateReply>);

/// The robot's file, if there is one, and what was written there.
#[derive(Debug)]
pub(super) struct Calibration {
    file: Option<Arc<dyn MotorFile>>,
    write: mpsc::UnboundedSender<Written>,
    written: mpsc::UnboundedReceiver<Written>,
    /// Taken by whoever reads or writes the file.
    turn: Arc<Semaphore>,
}

impl Calibration {
    /// A robot whose motors are found in `file`; `None` if they need nothing.
    pub(super) fn new(file: Option<Arc<dyn MotorFile>>) -> Self {
        let (write, written) = mpsc::unbounded_channel();
        Self { file, write, written, turn: Arc::new(Semaphore::new(1)) }
    }

    /// Waits until motors are in the file. Safe to cancel.
    pub(super) async fn written(&mut self) -> Written {
        match self.written.recv().await {
            Some(written) => written,
            // Not while we keep an end of it ourselves.
            None => std::future::pending().await,
        }
    }
}

impl Agent {
    /// Does what an operator wants with the motors' needs.
    pub(super) fn calibrate(
        &mut self,
        sender: &Sender,
        driver: DriverId,
        request: CalibrateRequest,
        reply: oneshot::Sender<CalibrateReply>,
    ) {
        // Whoever asked may have left since, here and below.
        let refuse = |reply: oneshot::Sender<_>, why: &str| drop(reply.send(refused(why)));
        if sender.role < Role::Operator {
            return refuse(reply, "only an operator calibrates the motors");
        }
        let Some(file) = self.calibration.file.clone() else {
            return refuse(reply, "a simulated robot's motors are as drawn: there is nothing to find out");
        };
        let (motors, mark) = match request {
            CalibrateRequest::Show => return drop(reply.send(self.told(self.controller.motors()))),
            CalibrateRequest::Preview { motors } => (motors, None),
            CalibrateRequest::Write { motors, mark } => (motors, Some(mark)),
        };
        let Some(motors) = self.understood(&motors) else {
            return refuse(reply, "that does not fit the motors of this robot");
        };
        // One at a time: a disk that hangs must not gather more and more of them.
        let Ok(turn) = self.calibration.turn.clone().try_acquire_owned() else {
            return refuse(reply, "the file is being read or written already: try again");
        };
        let Some(mark) = mark else {
            let shown = self.told(self.controller.motors());
            drop(spawn_blocking(move || {
                let preview = previewed(file.preview(&motors), shown);
                drop(turn);
                drop(reply.send(preview));
            }));
            return;
        };
        if self.controller.seat().holder() != Some(driver) {
            return refuse(reply, "take the seat first: whoever drives would be surprised");
        }
        if !self.controller.rests() {
            return refuse(reply, "the wheels must rest first");
        }
        let written = self.calibration.write.clone();
        drop(spawn_blocking(move || {
            let outcome = file.write(&motors, &mark);
            drop(turn);
            match outcome {
                // The agent may have ended since; its robot rests, and finds them in the file at its next start.
                Ok(()) => drop(written.send((Motors::new(&motors), reply))),
                Err(why) => drop(reply.send(refused(&why))),
            }
        }));
    }

    /// What is in the file counts from the next rest on.
    pub(super) fn fit(&mut self, (motors, reply): Written) {
        tracing::info!(?motors, "calibrated");
        self.note(Record::new(Kind::Motors, format!("the motors are calibrated: {motors:?}")));
        self.controller.fit(self.clock.now(), motors);
        drop(reply.send(self.told(motors)));
    }

    /// What a page is told of these motors.
    fn told(&self, motors: Motors) -> CalibrateReply {
        let needs = |Motor { inverted, trim, dead_band }| MotorNeeds { inverted, trim, dead_band };
        let wheels = self.controller.wheels();
        let motors = (0..wheels.motors()).map(|motor| needs(motors.motor(motor))).collect();
        let file = self.calibration.file.as_ref().map(|file| file.place()).unwrap_or_default();
        CalibrateReply { ok: true, wheels: wheels.name().to_owned(), motors, file, ..CalibrateReply::default() }
    }

    /// The motors, if there are as many as the robot has and all are possible.
    fn understood(&self, needs: &[MotorNeeds]) -> Option<Vec<Motor>> {
        if needs.len() != self.controller.wheels().motors() {
            return None;
        }
        needs.iter().map(|needs| Motor::new(needs.inverted, needs.trim, needs.dead_band)).collect()
    }
}

fn refused(why: &str) -> CalibrateReply {
    CalibrateReply { why: Some(why.to_owned()), ..CalibrateReply::default() }
}

fn previewed(difference: Result<Difference, String>, shown: CalibrateReply) -> CalibrateReply {
    match difference {
        Ok(Difference { lines, mark }) => CalibrateReply { lines, mark, ..shown },
        Err(why) => refused(&why),
    }
}
