//! What people ask for by way of a relay, as commands to the controller, and what they are answered.

use tokio::sync::oneshot;

use super::memory::Written;
use super::{Agent, Saved, measure, outcome, wording};
use crate::drive::{Answer, Command, DriverId, Grant, Refusal, Sample, Source, Stamp, Stick, WheelSpeeds};
use crate::mailbox::{self, Remark, Sender};
use crate::metrics::Told;
use crate::protocol::events::{
    Direction, Drive, Refused, ResetReply, ResetRequest, Role, SeatReply, SeatRequest, StopReply, name,
};
use crate::time::Time;

/// A reason beside the latch is cut to this many characters.
const REASON_LEN: usize = 100;
/// What is done although the log cannot take it says so.
const UNWRITTEN: &str = "done, but the log does not have it yet: its disk is slow or full";

impl Agent {
    /// Does what waits in the mailbox, and takes the samples there.
    pub(super) fn read_mailbox(&mut self) {
        let delivery = self.mailbox.take();
        for (sender, command) in delivery.commands {
            self.obey(&sender, command);
        }
        for (sender, drive) in delivery.samples {
            self.sample(&sender, drive);
        }
    }

    fn obey(&mut self, sender: &Sender, command: mailbox::Command) {
        let now = self.clock.now();
        let driver = self.meet(sender);
        if let Some(told) = measure::told(&command) {
            self.meter.command(told, Source::Network);
        }
        match command {
            mailbox::Command::Stop(reason, reply) => self.stop(now, sender, &reason, reply),
            mailbox::Command::Reset(request, reply) => {
                let answer = self.reset(now, sender, driver, request);
                let opens = answer.ok && request.nonce.is_some();
                // The other end may have hung up; the reset counts all the same.
                answer_once(opens.then(|| self.remember_reset(driver)), reply, answer, |answer| &mut answer.why);
            }
            mailbox::Command::Seat(request, reply) => {
                let (ok, why) = self.seat(now, sender, driver, request);
                let written = self.show_seat();
                let answer = SeatReply { ok, why, seat: self.seat.clone() };
                answer_once(written, reply, answer, |answer| &mut answer.why);
            }
            mailbox::Command::Calibrate(request, reply) => self.calibrate(sender, driver, request, reply),
            mailbox::Command::Recordings(request, reply) => {
                self.controller.recordings(now, sender.role, request, reply);
                self.note_recording(Some(driver));
            }
            mailbox::Command::Direction(direction) => self.nudge(now, sender, driver, direction),
            mailbox::Command::Chat(text) => self.mailbox.remark(Remark::Reply(text)),
            mailbox::Command::Gone => {
                self.command(now, driver, Source::Network, Command::Leave);
                self.forget(driver);
            }
        }
    }

    /// Remembers a person, and returns the driver that this is.
    pub(super) fn meet(&mut self, sender: &Sender) -> DriverId {
        self.controller.met(self.clock.now(), &sender.person);
        self.people.meet(sender)
    }

    pub(super) fn forget(&mut self, driver: DriverId) {
        self.controller.left(self.clock.now(), driver);
        self.people.forget(driver);
    }

    fn stop(&mut self, now: Time, sender: &Sender, reason: &str, reply: oneshot::Sender<StopReply>) {
        let name = &sender.person.name;
        let reason: String = reason.chars().filter(|c| !c.is_control()).take(REASON_LEN).collect();
        let told = if reason.is_empty() { name.clone() } else { format!("{name}: {reason}") };
        let driver = self.meet(sender);
        let (saved, written) = self.latch(now, driver, Source::Network, told);
        tokio::spawn(async move {
            let (saved, written) = tokio::join!(saved, written);
            let failure = outcome(saved).err();
            let ok = failure.is_none();
            let why = failure.map(|error| format!("stopped, but not on disk: {error}"));
            drop(reply.send(StopReply { ok, why: why.or((!written).then(|| UNWRITTEN.to_owned())) }));
        });
    }

    /// Latches: the robot first, the disk second. Returns what tells when the disk has it, and the log.
    pub(super) fn latch(&mut self, now: Time, driver: DriverId, source: Source, told: String) -> (Saved, Written) {
        let written = self.remember_stop(Some(driver), &told);
        self.controller.stop(now, driver, source, told);
        let before = std::mem::replace(&mut self.latch_told, self.controller.latch().map(str::to_owned));
        self.step_due = now;
        self.decide();
        if before.is_none() {
            tracing::info!(reason = self.latch_told, "latch set");
        }
        (self.latch_file.save(self.latch_told.clone()), written)
    }

    fn reset(&mut self, now: Time, sender: &Sender, driver: DriverId, request: ResetRequest) -> ResetReply {
        if sender.role < Role::Operator {
            self.meter.refused("role");
            let why = Some("only an operator can reset STOP".to_owned());
            return ResetReply { ok: false, nonce: None, why };
        }
        let (command, nonce) = match (request.nonce, getrandom::u32()) {
            (Some(nonce), _) => (Command::ReleaseReset(nonce), None),
            (None, Ok(fresh)) => (Command::PressReset(fresh), Some(fresh)),
            (None, Err(error)) => {
                return ResetReply { ok: false, nonce: None, why: Some(format!("no randomness: {error}")) };
            }
        };
        match self.command(now, driver, Source::Network, command) {
            Answer::Refused(refusal) => ResetReply { ok: false, nonce: None, why: Some(self.why(refusal).1) },
            Answer::Accepted | Answer::Seat(_) => ResetReply { ok: true, nonce, why: None },
        }
    }

    fn seat(&mut self, now: Time, sender: &Sender, driver: DriverId, request: SeatRequest) -> (bool, Option<String>) {
        if sender.role < Role::Driver {
            self.meter.refused("role");
            return (false, Some("viewers cannot drive".to_owned()));
        }
        let command = match request {
            SeatRequest::Take => Command::Take,
            SeatRequest::Ask => Command::Ask,
            SeatRequest::Give { to } if self.people.knows(DriverId(to)) => Command::Give(DriverId(to)),
            SeatRequest::Give { .. } => return (false, Some("that person is not here".to_owned())),
            SeatRequest::Release => Command::Leave,
            SeatRequest::Clear => return self.clear_seat(now, sender),
        };
        match self.command(now, driver, Source::Network, command) {
            Answer::Seat(Grant::Refused { holder }) => {
                (false, Some(self.why(Refusal::NotHolder { holder: Some(holder) }).1))
            }
            Answer::Refused(refusal) => (false, Some(self.why(refusal).1)),
            Answer::Seat(Grant::Granted | Grant::Renewed | Grant::Preempted { .. } | Grant::Queued { .. })
            | Answer::Accepted => (true, None),
        }
    }

    /// Takes the seat from whoever drives by the network.
    fn clear_seat(&mut self, now: Time, sender: &Sender) -> (bool, Option<String>) {
        if sender.role < Role::Operator {
            self.meter.refused("role");
            return (false, Some("only an operator takes the seat from somebody".to_owned()));
        }
        let Some(holder) = self.controller.seat().holder() else { return (true, None) };
        if self.pads.is_pad(holder) {
            return (false, Some("a gamepad beside the robot drives: it is taken there".to_owned()));
        }
        tracing::info!(operator = sender.person.name, holder = self.people.name(holder), "the seat is taken back");
        self.command(now, holder, Source::Network, Command::Leave);
        (true, None)
    }

    fn nudge(&mut self, now: Time, sender: &Sender, driver: DriverId, direction: Direction) {
        if sender.role < Role::Driver {
            self.meter.refused("role");
            return;
        }
        let (x, y, word) = match direction {
            Direction::Up => (0.0, 1.0, "up"),
            Direction::Down => (0.0, -1.0, "down"),
            Direction::Left => (-1.0, 0.0, "left"),
            Direction::Right => (1.0, 0.0, "right"),
            Direction::Stop => (0.0, 0.0, "stop"),
        };
        let stick = Stick::new(x, y).expect("the corners above are positions");
        match self.command(now, driver, Source::Network, Command::Nudge(stick)) {
            Answer::Refused(refusal) => self.refuse(now, driver, name::DIRECTION, refusal),
            Answer::Accepted | Answer::Seat(_) => self.mailbox.remark(Remark::Reply(word.into())),
        }
    }

    fn sample(&mut self, sender: &Sender, drive: Drive) {
        let now = self.clock.now();
        let driver = self.meet(sender);
        self.meter.command(if drive.motors.is_some() { Told::Motors } else { Told::Drive }, Source::Network);
        let stick = Stick::new(drive.x, drive.y).and_then(|stick| stick.with_strafe(drive.strafe));
        let Some(stick) = stick.filter(|_| sender.role >= Role::Driver) else {
            let why = "x, y and strafe must lie between −1 and 1, and the sender must be a driver".to_owned();
            self.meter.refused("bad_stick");
            self.tell(now, driver, name::DRIVE, "bad_stick", why);
            return;
        };
        let stamp = drive.session.zip(drive.tick).map(|(session, tick)| Stamp { session, tick });
        let sample = Sample { seq: drive.seq, stick, stamp, epoch: drive.epoch };
        let (command, moves) = match drive.motors {
            None => (Command::Sample(sample), !stick.is_neutral()),
            Some(_) if sender.role < Role::Operator => {
                let why = "only an operator tells single motors what to do".to_owned();
                self.meter.refused("bad_motors");
                return self.tell(now, driver, name::DRIVE, "bad_motors", why);
            }
            Some(outputs) => (Command::Bench(sample, WheelSpeeds::new(&outputs)), outputs != [0; 4]),
        };
        match self.command(now, driver, Source::Network, command) {
            Answer::Refused(refusal) if moves => self.refuse(now, driver, name::DRIVE, refusal),
            Answer::Refused(_) | Answer::Accepted | Answer::Seat(_) => {}
        }
    }

    pub(super) fn why(&self, refusal: Refusal) -> (&'static str, String) {
        wording::refusal(refusal, |driver| self.people.name(driver))
    }

    fn refuse(&mut self, now: Time, driver: DriverId, event: &str, refusal: Refusal) {
        if !wording::is_routine(refusal) {
            let (code, why) = self.why(refusal);
            self.tell(now, driver, event, code, why);
        }
    }

    /// Tells a driver, but not the same thing more than once a second.
    fn tell(&mut self, now: Time, driver: DriverId, event: &str, code: &'static str, why: String) {
        if self.people.may_tell(now, driver, code) {
            tracing::debug!(driver = driver.0, event, code, "refused");
            let refused = Refused { event: event.to_owned(), code: code.to_owned(), why };
            self.mailbox.remark(Remark::Refused(driver.0, refused));
        }
    }
}

/// Answers a command once the log has what it did, or at once if there was nothing to write. If the log does not have it,
/// that is told as why.
fn answer_once<T: Send + 'static>(
    written: Option<Written>,
    reply: oneshot::Sender<T>,
    mut answer: T,
    why: impl FnOnce(&mut T) -> &mut Option<String> + Send + 'static,
) {
    match written {
        // The other end may have hung up; what was done is done.
        None => drop(reply.send(answer)),
        Some(written) => drop(tokio::spawn(async move {
            if !written.await {
                why(&mut answer).get_or_insert_with(|| UNWRITTEN.to_owned());
            }
            drop(reply.send(answer));
        })),
    }
}
