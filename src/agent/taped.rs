//! The controller with a tape beside it: the one way by which something reaches it, noted while a recording runs.
//!
//! The tape is a bounded queue to whoever writes recordings. When that cannot keep up, nothing waits: the recording ends
//! with a gap that is counted, and another one begins, with the whole state, as soon as there is room.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Place;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SendError, Sender, TryRecvError, TrySendError, channel};

use tokio::sync::oneshot;

use super::controller::{Controller, Transition};
use super::tape::{Entry, Names, What};
use crate::drive::{Answer, Command, DriverId, Motors, Source};
use crate::protocol::events::{Person, Role};
use crate::protocol::journal::{RecordingsReply, RecordingsRequest};
use crate::time::Time;

/// Entries that wait at most. A drive makes some 150 a second, and the queue is emptied four times a second.
const QUEUE: usize = 8192;

/// Why a recording begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Someone wanted it.
    Wanted,
    /// The one before has become long enough.
    Full,
    /// Something of the one before was lost.
    Gap,
}

/// For whoever writes recordings.
#[derive(Debug)]
pub enum Job {
    /// A recording begins with the controller in this state.
    Begin {
        /// When.
        at: Time,
        /// The whole state.
        controller: Box<Controller>,
        /// The people that are known.
        names: Box<Names>,
        /// Why.
        cause: Cause,
    },
    /// The next entry.
    Entry(Entry),
    /// The recording ends.
    End,
    /// A question of an operator.
    Ask(RecordingsRequest, oneshot::Sender<RecordingsReply>),
}

#[derive(Debug, Default)]
struct Shared {
    /// Jobs that wait.
    waiting: AtomicUsize,
    /// The writer wants a state, so that it can begin another file.
    fresh: AtomicBool,
    /// The writer has given up.
    failed: AtomicBool,
    /// The recording is to end, which the queue had no room for.
    end: AtomicBool,
    lost: AtomicU64,
    bytes: AtomicU64,
}

/// The agent's end of a tape.
#[derive(Debug)]
pub struct Tape {
    /// It has no bound of its own, as a channel that has one takes all its room at once: [`Shared::waiting`] is the bound.
    jobs: Sender<Job>,
    shared: Arc<Shared>,
}

/// The writer's end.
#[derive(Debug)]
pub struct Reel {
    jobs: Receiver<Job>,
    shared: Arc<Shared>,
}

/// A tape, and where it is written from.
#[must_use]
pub fn tape() -> (Tape, Reel) {
    let (sender, jobs) = channel();
    let shared = Arc::new(Shared::default());
    (Tape { jobs: sender, shared: shared.clone() }, Reel { jobs, shared })
}

impl Tape {
    fn send(&self, job: Job) -> Result<(), TrySendError<Job>> {
        // Only this end adds, so what is free now is free a moment later.
        if self.shared.waiting.load(Ordering::Relaxed) >= QUEUE {
            return Err(TrySendError::Full(job));
        }
        self.shared.waiting.fetch_add(1, Ordering::Relaxed);
        self.jobs.send(job).map_err(|SendError(job)| TrySendError::Disconnected(job))
    }
}

impl Reel {
    /// What is to be written next, in order; the end of the agent is the end of it.
    ///
    /// # Errors
    /// [`TryRecvError`] if nothing waits, or nothing will come any more.
    pub fn next(&self) -> Result<Job, TryRecvError> {
        let job = self.jobs.try_recv()?;
        self.shared.waiting.fetch_sub(1, Ordering::Relaxed);
        Ok(job)
    }

    /// Asks for a state, so that another file can begin.
    pub fn want_fresh(&self) {
        self.shared.fresh.store(true, Ordering::Relaxed);
    }

    /// Tells that nothing is written any more.
    pub fn give_up(&self) {
        self.shared.failed.store(true, Ordering::Relaxed);
    }

    /// Whether the recording is to end, although the queue had no room for that.
    #[must_use]
    pub fn take_end(&self) -> bool {
        self.shared.end.swap(false, Ordering::Relaxed)
    }

    /// Tells how many bytes were written since the start.
    pub fn wrote(&self, bytes: u64) {
        self.shared.bytes.store(bytes, Ordering::Relaxed);
    }

    /// Entries that were lost since the start.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.shared.lost.load(Ordering::Relaxed)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Off,
    On,
    /// Something was lost; another recording begins when there is room.
    Torn,
}

/// A controller, and what becomes of the tape.
#[derive(Debug)]
pub struct Taped {
    controller: Controller,
    names: Names,
    tape: Option<Tape>,
    state: State,
}

impl Deref for Taped {
    type Target = Controller;

    fn deref(&self) -> &Controller {
        &self.controller
    }
}

impl Taped {
    /// A controller of which nothing is recorded.
    #[must_use]
    pub fn new(controller: Controller) -> Self {
        Self { controller, names: BTreeMap::new(), tape: None, state: State::Off }
    }

    /// The same with a tape.
    #[must_use]
    pub fn with_tape(self, tape: Tape) -> Self {
        Self { tape: Some(tape), ..self }
    }

    /// Whether a recording runs.
    #[must_use]
    pub fn is_recording(&self) -> bool {
        self.state != State::Off
    }

    /// Bytes that were recorded since the start, and entries that were lost.
    #[must_use]
    pub fn recorded(&self) -> (u64, u64) {
        self.tape.as_ref().map_or((0, 0), |tape| {
            (tape.shared.bytes.load(Ordering::Relaxed), tape.shared.lost.load(Ordering::Relaxed))
        })
    }

    /// Begins a recording, unless one runs. `false` if that is not possible.
    pub fn record(&mut self, now: Time) -> bool {
        if self.state == State::Off {
            if let Some(tape) = &self.tape {
                tape.shared.failed.store(false, Ordering::Relaxed);
                tape.shared.end.store(false, Ordering::Relaxed);
            }
            self.begin(now, Cause::Wanted);
        }
        self.state == State::On
    }

    /// Ends it.
    pub fn end_recording(&mut self) {
        if let Some(tape) = self.tape.as_ref().filter(|_| self.state != State::Off)
            && tape.send(Job::End).is_err()
        {
            tape.shared.end.store(true, Ordering::Relaxed);
        }
        self.state = State::Off;
    }

    /// Does what somebody asks about recordings.
    pub fn recordings(
        &mut self,
        now: Time,
        role: Role,
        request: RecordingsRequest,
        reply: oneshot::Sender<RecordingsReply>,
    ) {
        let refuse = |why: &str| RecordingsReply { why: Some(why.to_owned()), ..RecordingsReply::default() };
        if role < Role::Operator {
            return drop(reply.send(refuse("only an operator records")));
        }
        if self.tape.is_none() {
            return drop(reply.send(refuse("this program records nothing")));
        }
        match request {
            RecordingsRequest::List => {}
            RecordingsRequest::Start => drop(self.record(now)),
            RecordingsRequest::Stop => self.end_recording(),
        }
        if let Some(tape) = &self.tape
            && let Err(full) = tape.send(Job::Ask(request, reply))
            && let TrySendError::Full(Job::Ask(_, reply)) | TrySendError::Disconnected(Job::Ask(_, reply)) = full
        {
            drop(reply.send(refuse("the disk cannot keep up with the recording: try again")));
        }
    }

    /// Somebody who is known from now on.
    pub fn met(&mut self, now: Time, person: &Person) {
        let driver = DriverId(person.id);
        if let Place::Vacant(place) = self.names.entry(driver) {
            place.insert(person.name.clone());
            self.note(now, || What::Met(driver, person.name.as_str().into()));
        }
    }

    /// Somebody who has left.
    pub fn left(&mut self, now: Time, driver: DriverId) {
        if self.names.remove(&driver).is_some() {
            self.note(now, || What::Left(driver));
        }
    }

    /// [`Controller::fit`].
    pub fn fit(&mut self, now: Time, motors: Motors) {
        self.note(now, || What::Fit(Box::new(motors)));
        self.controller.fit(motors);
    }

    /// [`Controller::cable_up`].
    pub fn cable_up(&mut self, now: Time) {
        self.note(now, || What::CableUp);
        self.controller.cable_up();
    }

    /// [`Controller::cable_down`].
    pub fn cable_down(&mut self, now: Time, why: &str) {
        self.note(now, || What::CableDown(why.into()));
        self.controller.cable_down(now, why);
    }

    /// [`Controller::cable_says`].
    pub fn cable_says(&mut self, now: Time, what: &str) {
        self.note(now, || What::CableSays(what.into()));
        self.controller.cable_says(what);
    }

    /// [`Controller::stop`].
    pub fn stop(&mut self, now: Time, driver: DriverId, source: Source, reason: String) {
        self.note(now, || What::Stop(driver, source, reason.as_str().into()));
        self.controller.stop(now, driver, source, reason);
    }

    /// [`Controller::command`].
    pub fn command(&mut self, now: Time, driver: DriverId, source: Source, command: Command) -> Answer {
        self.note(now, || What::Command(driver, source, command));
        self.controller.command(now, driver, source, command)
    }

    /// [`Controller::receive`].
    pub fn receive(&mut self, now: Time, bytes: &[u8], tell: &mut impl FnMut(Transition)) -> bool {
        self.note(now, || What::Received(bytes.into()));
        self.controller.receive(now, bytes, tell)
    }

    /// [`Controller::step`].
    pub fn step(&mut self, now: Time, wire: &mut Vec<u8>, tell: &mut impl FnMut(Transition)) {
        self.renew(now);
        let before = wire.len();
        self.controller.step(now, wire, tell);
        self.note(now, || What::Step(wire[before..].into()));
    }

    /// [`Controller::farewell`].
    pub fn farewell(&mut self, now: Time, wire: &mut Vec<u8>) {
        let before = wire.len();
        self.controller.farewell(wire);
        self.note(now, || What::Farewell(wire[before..].into()));
    }

    /// Begins another recording if the writer wants one, or if something was lost and there is room again.
    fn renew(&mut self, now: Time) {
        let Some(tape) = self.tape.as_ref().filter(|_| self.state != State::Off) else { return };
        if tape.shared.failed.load(Ordering::Relaxed) {
            self.state = State::Off;
        } else if self.state == State::Torn {
            self.begin(now, Cause::Gap);
        } else if tape.shared.fresh.swap(false, Ordering::Relaxed) {
            self.begin(now, Cause::Full);
        }
    }

    fn begin(&mut self, at: Time, cause: Cause) {
        let Some(tape) = &self.tape else { return };
        let (controller, names) = (Box::new(self.controller.clone()), Box::new(self.names.clone()));
        self.state = match tape.send(Job::Begin { at, controller, names, cause }) {
            Ok(()) => State::On,
            Err(TrySendError::Full(_)) => State::Torn,
            // Whoever wrote is gone, and nothing will be written any more.
            Err(TrySendError::Disconnected(_)) => State::Off,
        };
    }

    fn note(&mut self, at: Time, what: impl FnOnce() -> What) {
        let Some(tape) = self.tape.as_ref().filter(|_| self.state != State::Off) else { return };
        if self.state == State::Torn || tape.send(Job::Entry(Entry { at, what: what() })).is_err() {
            tape.shared.lost.fetch_add(1, Ordering::Relaxed);
            self.state = State::Torn;
        }
    }
}
