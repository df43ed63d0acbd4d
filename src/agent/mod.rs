//! ASYNC. Runs beside the robot: one loop that owns the controller, and through it the pilot.

pub mod calibration;
pub mod controller;
mod latch_file;
mod measure;
mod memory;
mod orders;
mod pads;
mod people;
pub mod tape;
pub mod taped;
pub mod wording;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::cable::{Cable, CableEvent};
use crate::clock::Clock;
use crate::gamepad;
use crate::journal::Journal;
use crate::mailbox::AgentEnd;
use crate::metrics::RobotMeter;
use crate::protocol::events::{Reason, SeatView};
use crate::time::Time;
use calibration::{Calibration, MotorFile};
use controller::Controller;
use latch_file::LatchFile;
pub use latch_file::peek as latched;
use memory::Written;
use pads::Pads;
use people::People;
use taped::{Tape, Taped};

/// Snapshots are published with every status of the robot, and at least this often.
const SNAPSHOT_EVERY: Duration = Duration::from_millis(100);
/// Last frames have this long to leave before the program ends.
const FAREWELL: Duration = Duration::from_millis(100);
/// Between two looks whether the line has room for them.
const LOOK_AGAIN: Duration = Duration::from_millis(2);
/// An adapter may hold frames this much longer than the line needs.
const CARRY: Duration = Duration::from_millis(20);

/// What an agent must know.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The controller's settings.
    pub controller: controller::Settings,
    /// The longest time between two decisions.
    pub step: Duration,
    /// Folder of this robot's latch.
    pub dir: PathBuf,
    /// The robot's name, for the log.
    pub name: String,
    /// The log.
    pub journal: Journal,
}

/// The agent of one robot.
#[derive(Debug)]
pub struct Agent {
    controller: Taped,
    cable: Cable,
    mailbox: AgentEnd,
    latch_file: LatchFile,
    /// Why STOP is latched, as far as the disk was told.
    latch_told: Option<String>,
    people: People,
    pads: Pads,
    calibration: Calibration,
    seat: SeatView,
    name: String,
    journal: Journal,
    /// Why the robot is stopped, as far as the log was told.
    stopped: Option<Reason>,
    /// Whether it is recorded, as far as the log was told.
    recorded: bool,
    meter: Arc<RobotMeter>,
    clock: Clock,
    step: Duration,
    step_due: Time,
    snapshot_due: Time,
    /// Something arrived that the next step should decide on as soon as the wire is free.
    eager: bool,
    wire: Vec<u8>,
}

impl Agent {
    /// An agent with a cable to its robot and a mailbox to a relay.
    ///
    /// # Errors
    /// If the latch cannot be read or written.
    pub fn new(settings: Settings, cable: Cable, mailbox: AgentEnd, clock: Clock) -> io::Result<Self> {
        let (latch_file, latch) = LatchFile::open(&settings.dir)?;
        if let Some(reason) = &latch {
            tracing::warn!(reason, "STOP is still latched from before: an operator must reset it");
        }
        Ok(Self {
            controller: Taped::new(Controller::new(settings.controller, latch.clone())),
            cable,
            mailbox,
            latch_file,
            latch_told: latch,
            people: People::default(),
            pads: Pads::default(),
            calibration: Calibration::new(None),
            seat: SeatView::default(),
            name: settings.name,
            journal: settings.journal,
            stopped: None,
            recorded: false,
            meter: Arc::new(RobotMeter::new(clock)),
            clock,
            step: settings.step,
            step_due: Time::ZERO,
            snapshot_due: Time::ZERO,
            eager: false,
            wire: Vec::new(),
        })
    }

    /// The same agent with gamepads, which count as `operator` or not.
    #[must_use]
    pub fn with_pads(self, end: gamepad::AgentEnd, operator: bool) -> Self {
        Self { pads: Pads::new(end, operator), ..self }
    }

    /// The same agent, whose operators may calibrate the motors.
    #[must_use]
    pub fn with_motor_file(self, file: Arc<dyn MotorFile>) -> Self {
        Self { calibration: Calibration::new(Some(file)), ..self }
    }

    /// What is counted of this robot.
    #[must_use]
    pub fn meter(&self) -> Arc<RobotMeter> {
        self.meter.clone()
    }

    /// The same agent with a tape, so that operators may record; `on`: from now on.
    #[must_use]
    pub fn with_tape(self, tape: Tape, on: bool) -> Self {
        let mut controller = self.controller.with_tape(tape);
        if on {
            controller.record(self.clock.now());
        }
        Self { controller, ..self }
    }

    /// Drives until `shutdown`; then the robot is told to stop before this returns.
    pub async fn run(mut self, shutdown: CancellationToken) {
        let mut bytes = [0; 512];
        loop {
            let wake = self.clock.instant(self.next_wake());
            tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                event = self.cable.next(&mut bytes) => self.hear(event, &bytes),
                () = self.mailbox.arrived() => self.eager = true,
                () = self.pads.arrived() => self.eager = true,
                written = self.calibration.written() => self.fit(written),
                () = tokio::time::sleep_until(wake) => {}
            }
            self.read_mailbox();
            self.read_pads();
            self.decide();
            self.inform_pads();
            if self.clock.now() >= self.snapshot_due {
                self.publish();
            }
        }
        // The last words must not be dropped because the frame before them is still on its way.
        let end = self.clock.now() + FAREWELL;
        while !self.cable.has_room() && self.clock.now() < end {
            drop(tokio::time::timeout(LOOK_AGAIN, self.cable.drained()).await);
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        self.controller.farewell(self.clock.now(), &mut self.wire);
        self.cable.send(&mut self.wire);
        let drained = tokio::time::timeout(FAREWELL, self.cable.drained()).await;
        if let Some(free_at) = self.cable.free_at() {
            tokio::time::sleep_until(self.clock.instant(free_at + CARRY)).await;
        }
        self.cable.forget_written();
        let (replaced, dropped) = (self.mailbox.replaced(), self.mailbox.dropped());
        let stuck_bytes = self.cable.dropped();
        tracing::info!(in_time = drained.is_ok(), replaced, dropped, stuck_bytes, "motors stopped");
    }

    fn next_wake(&self) -> Time {
        let due = self.step_due.min(self.snapshot_due);
        match self.cable.ready_at() {
            Some(ready_at) if self.eager => due.min(ready_at),
            Some(_) | None => due,
        }
    }

    fn hear(&mut self, event: CableEvent, bytes: &[u8]) {
        let now = self.clock.now();
        match event {
            CableEvent::Up(port) => {
                tracing::info!(port, "cable to the robot is open");
                self.controller.cable_up(now);
                self.controller.cable_says(now, &format!("listening at {port}"));
            }
            CableEvent::Doubt(what) => {
                tracing::warn!("{what}");
                self.controller.cable_says(now, &what);
            }
            CableEvent::Down(why) => {
                tracing::warn!(why, "cable to the robot is not open");
                self.controller.cable_down(now, &why);
                self.meter.cable_failed();
                self.eager = true;
            }
            CableEvent::Bytes(len) => {
                let mut changes = Vec::new();
                let spoke = self.controller.receive(now, &bytes[..len], &mut |change| changes.push(change));
                self.tell_changes(changes);
                // A robot that has just been heard, or has answered, is not kept waiting for the next step.
                self.eager |= self.controller.owes_a_word();
                if spoke {
                    self.cable.proved();
                    self.controller.age_driven().into_iter().for_each(|age| self.meter.age(age));
                    self.snapshot_due = now;
                }
            }
        }
    }

    /// Decides if it is time, or if something new arrived and the wire is free.
    fn decide(&mut self) {
        let now = self.clock.now();
        let free = self.cable.ready_at().is_some_and(|ready_at| ready_at <= now);
        if now < self.step_due && !(self.eager && free) {
            return;
        }
        self.eager = false;
        let due = std::mem::replace(&mut self.step_due, now + self.step);
        let mut changes = Vec::new();
        self.controller.step(now, &mut self.wire, &mut |change| changes.push(change));
        self.cable.send(&mut self.wire);
        if !changes.is_empty() {
            self.snapshot_due = now;
        }
        self.tell_changes(changes);
        self.remember_latch();
        drop(self.show_seat());
        // Before the first step none was due.
        let late = (due > Time::ZERO).then(|| now.since(due));
        self.meter.step(now, late, self.clock.now().since(now));
    }

    fn publish(&mut self) {
        let now = self.clock.now();
        self.snapshot_due = now + SNAPSHOT_EVERY;
        let mut telemetry = self.controller.telemetry(now);
        telemetry.link.refused += self.mailbox.dropped();
        self.note_recording(None);
        telemetry.recording = self.controller.is_recording();
        let (bytes, lost) = self.controller.recorded();
        self.meter.recorded(bytes, lost);
        self.meter.publish(&telemetry, (self.mailbox.dropped(), self.mailbox.replaced(), self.cable.dropped()));
        self.mailbox.publish(telemetry);
    }

    /// Tells the disk when the latch has changed other than by STOP, which tells it itself.
    fn remember_latch(&mut self) {
        let latch = self.controller.latch();
        if latch == self.latch_told.as_deref() {
            return;
        }
        self.latch_told = latch.map(str::to_owned);
        let saved = self.latch_file.save(self.latch_told.clone());
        tracing::info!(reason = latch, "latch {}", if latch.is_some() { "set" } else { "open" });
        if let Some(reason) = &self.latch_told {
            drop(self.remember_stop(None, reason));
        }
        tokio::spawn(async move {
            if let Err(error) = outcome(saved.await) {
                tracing::error!(error, "the latch is not on disk");
            }
        });
    }

    /// Shows the seat if it has changed. What is returned ends when the log has it.
    fn show_seat(&mut self) -> Option<Written> {
        if self.people.is_shown(self.controller.seat(), &self.seat) {
            return None;
        }
        let seat = self.people.seat_view(self.controller.seat());
        tracing::info!(holder = seat.holder.as_ref().map(|person| &*person.name), epoch = seat.epoch, "seat");
        self.meter.seat(&seat);
        let before = std::mem::replace(&mut self.seat, seat);
        self.mailbox.publish_seat(self.seat.clone());
        Some(self.remember_seat(&before))
    }
}

/// Tells when a save is done.
type Saved = oneshot::Receiver<io::Result<()>>;

/// The outcome of a save, whose thread may be gone.
fn outcome(saved: Result<io::Result<()>, oneshot::error::RecvError>) -> Result<(), String> {
    match saved {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("the thread that writes it has ended".to_owned()),
    }
}
