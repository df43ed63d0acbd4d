//! Crew: an agent's real way to a relay, with robots that take notes at its end in place of wheels.

use std::sync::Arc;
use std::time::Duration;

use joywire::mailbox::{AgentEnd, Command, mailbox};
use joywire::protocol::calibration::CalibrateReply;
use joywire::protocol::events::{Direction, ResetReply, SeatReply, SeatRequest, SeatView, State, StopReply, Telemetry};
use joywire::protocol::journal::{Recording, RecordingsReply};
use joywire::socketio::Dial;
use joywire::uplink::{Robot, Speech, Uplink, UplinkError};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use tokio::time::{interval, timeout};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::school::card;
use crate::socketio_client::PATIENCE;

/// What a robot noted, by whom.
#[derive(Clone, Debug, PartialEq)]
pub enum Note {
    Drive(u64, f64, f64),
    Direction(u64, Direction),
    Stop(u64, String),
    Chat(u64),
    Gone(u64),
}

/// An agent with its robots.
pub struct Crew {
    notes: Vec<UnboundedReceiver<Note>>,
    shutdown: CancellationToken,
    uplink: JoinHandle<Result<(), UplinkError>>,
    _ends: DropGuard,
}

impl Crew {
    /// A program that brings robots of these names.
    pub fn new(dial: Dial, names: &[&str], instance: u64) -> Self {
        let shutdown = CancellationToken::new();
        let (mut robots, mut notes) = (Vec::new(), Vec::new());
        for name in names {
            let (end, agent_end) = mailbox();
            let (teller, told) = unbounded_channel();
            tokio::spawn(shutdown.clone().run_until_cancelled_owned(take_notes(agent_end, teller)));
            robots.push(Robot { card: card(name), end });
            notes.push(told);
        }
        let uplink = Uplink::new(dial, robots, Speech::Relay { instance });
        let uplink = tokio::spawn(uplink.run(shutdown.clone()));
        Self { notes, shutdown: shutdown.clone(), uplink, _ends: shutdown.drop_guard() }
    }

    /// The next note of a robot.
    pub async fn note(&mut self, robot: usize) -> Note {
        timeout(PATIENCE, self.notes[robot].recv()).await.expect("a note in time").expect("the robot lives")
    }

    /// Waits for a note; those before it are returned.
    pub async fn noted(&mut self, robot: usize, wanted: &Note) -> Vec<Note> {
        let mut before = Vec::new();
        loop {
            let note = self.note(robot).await;
            if note == *wanted {
                return before;
            }
            before.push(note);
        }
    }

    /// Everything that a robot has noted and nobody has read.
    pub fn unread(&mut self, robot: usize) -> Vec<Note> {
        std::iter::from_fn(|| self.notes[robot].try_recv().ok()).collect()
    }

    /// The program ends.
    pub async fn leave(self) {
        self.shutdown.cancel();
        self.uplink.await.unwrap().unwrap();
    }

    /// Why it has ended by itself, as it must.
    pub async fn refused(self) -> String {
        timeout(PATIENCE, self.uplink).await.expect("it ends in time").unwrap().unwrap_err().to_string()
    }
}

/// A robot that says yes to everything, gives its seat to whoever comes first, and notes what it heard.
async fn take_notes(agent: AgentEnd, notes: UnboundedSender<Note>) {
    let agent = Arc::new(agent);
    let (mut seat, mut tick) = (SeatView::default(), 0);
    let mut reports = interval(Duration::from_millis(50));
    loop {
        tokio::select! {
            () = agent.arrived() => {}
            _ = reports.tick() => {
                tick += 50;
                agent.publish(Telemetry { state: State::Ready, session: Some(7), tick: Some(tick), ..Telemetry::default() });
            }
        }
        let delivery = agent.take();
        for (sender, command) in delivery.commands {
            let id = sender.person.id;
            let holds = seat.holder.as_ref().is_some_and(|holder| holder.id == id);
            match command {
                Command::Direction(direction) => drop(notes.send(Note::Direction(id, direction))),
                Command::Chat(_) => drop(notes.send(Note::Chat(id))),
                Command::Stop(reason, answer) => {
                    drop(notes.send(Note::Stop(id, reason)));
                    drop(answer.send(StopReply { ok: true, why: None }));
                }
                Command::Seat(request, answer) => {
                    let ok = match request {
                        SeatRequest::Take => seat.holder.is_none() || holds,
                        SeatRequest::Clear => true,
                        SeatRequest::Release => holds,
                        SeatRequest::Ask | SeatRequest::Give { .. } => false,
                    };
                    if ok && !(request == SeatRequest::Take && holds) {
                        seat.holder = (request == SeatRequest::Take).then_some(sender.person);
                        seat.epoch += 1;
                        agent.publish_seat(seat.clone());
                    }
                    let why = (!ok).then(|| "somebody drives".to_owned());
                    drop(answer.send(SeatReply { ok, why, seat: seat.clone() }));
                }
                Command::Reset(_, answer) => drop(answer.send(ResetReply { ok: true, nonce: Some(1), why: None })),
                Command::Recordings(_, answer) => {
                    let recording = Recording { name: "red-1.mcap".to_owned(), here: true, ..Recording::default() };
                    let recordings = vec![recording];
                    drop(answer.send(RecordingsReply { ok: true, recordings, ..RecordingsReply::default() }));
                }
                Command::Calibrate(_, answer) => drop(answer.send(CalibrateReply::default())),
                Command::Gone => {
                    drop(notes.send(Note::Gone(id)));
                    if holds {
                        seat = SeatView { holder: None, epoch: seat.epoch + 1, queue: Vec::new() };
                        agent.publish_seat(seat.clone());
                    }
                }
            }
        }
        for (sender, drive) in delivery.samples {
            drop(notes.send(Note::Drive(sender.person.id, drive.x, drive.y)));
        }
    }
}
