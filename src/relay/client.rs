//! One client's events: what each may do, and to whom it goes.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use serde_json::json;
use socketioxide::extract::{AckSender, SocketRef};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::auth::{Visitor, Who};
use super::event::Heard;
use super::fleet::Robot;
use super::grounded::Hand;
use super::limits::NAME_CHARS;
use super::limits::allowance::Allowance;
use super::memory;
use super::rooms::Rooms;
use crate::journal::Kind;
use crate::mailbox::{Command, Sender};
use crate::protocol::access::{AccessReply, AccessRequest};
use crate::protocol::calibration::{CalibrateReply, CalibrateRequest};
use crate::protocol::events::{
    self, Direction, Drive, FROM_RELAY_ONLY, Refused, ResetReply, ResetRequest, Role, SeatReply, SeatRequest,
    StopReply, StopRequest, name,
};

/// The agent answers at once, or after it has written the latch to disk.
pub(super) const ANSWER_WITHIN: Duration = Duration::from_secs(2);
/// A stop's reason is kept up to here, characters.
const REASON_CHARS: usize = 100;
/// Names that Socket.IO itself uses: relayed, they would throw the receivers out.
const SOCKET_IO_OWN: [&str; 6] =
    ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"];

pub(super) const NO_ANSWER: &str = "the robot's program did not answer in time";
const CROWDED: &str = "too many commands are waiting already: try again";

/// A connected client.
#[derive(Debug)]
pub(super) struct Client {
    /// Who it is and what it may do, as the agent is told.
    pub(super) sender: Sender,
    /// Where it connects from.
    pub(super) address: IpAddr,
    /// Who it is, whichever connection it comes by.
    pub(super) who: Who,
    /// The number of its device; none for whoever sits at the machine itself.
    pub(super) device: Option<u64>,
    /// Cancelled, it ends the connection.
    pub(super) line: CancellationToken,
    /// The robot that it asked for.
    pub(super) asked: Option<String>,
    /// The robot that its device is for.
    pub(super) home: Option<String>,
    /// The robot that it is at, and its slice of that one's audience.
    place: Mutex<(usize, Arc<Robot>)>,
    allowance: Mutex<Allowance>,
}

/// An event on its way through the room.
pub(super) struct Arrival<'a> {
    pub(super) rooms: &'a Arc<Rooms>,
    pub(super) client: &'a Client,
    pub(super) robot: &'a Arc<Robot>,
    socket: &'a SocketRef,
    event: &'a str,
    heard: &'a Heard,
    pub(super) now: Instant,
}

impl Client {
    /// A client that has sent nothing yet, at its robot, and the one that it asked for.
    pub(super) fn new(
        sender: Sender,
        visitor: Visitor,
        allowance: Allowance,
        (robot, asked): (Arc<Robot>, Option<String>),
    ) -> Self {
        let who = visitor.who();
        let Visitor { address, device, line, .. } = visitor;
        let (device, home) = device.map_or((None, None), |guest| (Some(guest.id), guest.robot));
        let (place, allowance) = (Mutex::new((robot.came(), robot)), Mutex::new(allowance));
        Self { sender, address, who, device, line, asked, home, place, allowance }
    }

    /// The robot that it is at.
    pub(super) fn robot(&self) -> Arc<Robot> {
        self.place_now().1.clone()
    }

    /// The room of its slice of that robot's audience.
    pub(super) fn slice(&self) -> String {
        let place = self.place_now();
        place.1.slice(place.0)
    }

    /// It is at another robot from now on; it was at none.
    pub(super) fn move_to(&self, robot: Arc<Robot>) {
        let (slice, before) = std::mem::replace(&mut *self.place_now(), (robot.came(), robot));
        before.went(slice);
    }

    /// It is gone from its robot.
    pub(super) fn leave_robot(&self) {
        let place = self.place_now();
        place.1.went(place.0);
    }

    /// Whose hand drives by it.
    pub(super) fn hand(&self) -> Hand {
        self.device.map_or(Hand::Client(self.sender.person.id), Hand::Device)
    }

    fn place_now(&self) -> MutexGuard<'_, (usize, Arc<Robot>)> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What it may still send.
    pub(super) fn allowance(&self) -> MutexGuard<'_, Allowance> {
        self.allowance.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does what one event asks for. Everything that has an order happens before this returns.
    pub(super) fn hear(&self, rooms: &Arc<Rooms>, socket: &SocketRef, event: &str, heard: &Heard, ack: AckSender) {
        rooms.meter().event(event);
        let robot = self.robot();
        let arrival = Arrival { rooms, client: self, robot: &robot, socket, event, heard, now: Instant::now() };
        if self.allowance().flooded() && event != name::STOP {
            rooms.cut_off(self, arrival.now);
            return;
        }
        match event {
            name::STOP => arrival.stop(ack),
            name::DRIVE => arrival.drive(),
            name::SEAT
            | name::RESET
            | name::ECHO
            | name::ACCESS
            | name::CALIBRATE
            | name::ROBOTS
            | name::RECORDINGS
            | name::LOG
                if !arrival.fits(rooms.limits().control_bytes) => {}
            name::SEAT => arrival.seat(ack),
            name::RESET => arrival.reset(ack),
            name::ECHO => acknowledge(ack, &NOTHING),
            name::ACCESS => arrival.access(ack),
            name::CALIBRATE => arrival.calibrate(ack),
            name::LOG => arrival.log(ack),
            name::ROBOTS => arrival.robots(ack),
            name::RECORDINGS => arrival.recordings(ack),
            name::DIRECTION => arrival.direction(ack),
            _ => arrival.relay(ack),
        }
    }
}

/// An acknowledgement without arguments.
const NOTHING: [(); 0] = [];

impl Arrival<'_> {
    /// STOP: whatever it carries, and however much else was sent.
    fn stop(&self, ack: AckSender) {
        if !self.client.allowance().stop(self.now) {
            self.refuse("rate", "more STOPs than can make a difference");
            return;
        }
        // One that is not understood is still a STOP; only its reason is lost.
        let fits = self.heard.bytes() <= self.rooms.limits().control_bytes;
        let arguments = if fits { self.heard.arguments().unwrap_or_default() } else { Vec::new() };
        let request: StopRequest = events::parse(name::STOP, &arguments).unwrap_or_default();
        let reason = tidy(&request.reason);
        if self.robot.is_lobby() {
            // Whoever has no robot and wants a stop means whatever moves.
            return self.stop_all(ack, &reason, |done, _| StopReply { ok: done.is_ok(), why: done.err() });
        }
        self.rooms.note_of_remote(self.robot, self.client, Kind::Stop, &format!("presses STOP: {reason}"));
        self.ask(ack, |answer| Command::Stop(reason, answer), |why| StopReply { ok: false, why: Some(why.to_owned()) });
    }

    fn drive(&self) {
        let sample = self.payload::<Drive>(name::DRIVE, self.rooms.limits().control_bytes);
        let Some(sample) = sample else {
            // Counted like any other event, so that nonsense is bounded too.
            self.client.allowance().event(self.now);
            return;
        };
        let role = if sample.motors.is_some() { Role::Operator } else { Role::Driver };
        if !self.client.allowance().sample(sample.is_neutral(), self.now) {
            self.refuse_for_rate();
        } else if self.may(role) && self.has_robot() && (sample.is_neutral() || self.is_free()) {
            self.robot.end.drive(self.client.sender.clone(), sample);
        }
    }

    fn seat(&self, ack: AckSender) {
        let reply = |robot: &Robot, why: &str| SeatReply {
            ok: false,
            why: Some(why.to_owned()),
            seat: robot.end.seat.borrow().clone(),
        };
        if !self.may(Role::Driver) {
            acknowledge(ack, &reply(self.robot, "watching only: this client may not drive"));
        } else if let Some(request) = self.payload::<SeatRequest>(name::SEAT, usize::MAX) {
            let refusal = match request {
                SeatRequest::Give { to }
                    if self.rooms.role_at(self.robot, to).is_some_and(|role| role < Role::Driver) =>
                {
                    Some("that person's device only watches".to_owned())
                }
                SeatRequest::Clear if self.client.sender.role < Role::Operator => {
                    Some("only an operator takes the seat from somebody".to_owned())
                }
                SeatRequest::Take | SeatRequest::Ask => self.grounded().map(grounded),
                SeatRequest::Give { .. } | SeatRequest::Release | SeatRequest::Clear => None,
            };
            if let Some(why) = refusal {
                acknowledge(ack, &reply(self.robot, &why));
                return;
            }
            let robot = self.robot.clone();
            self.ask(ack, |answer| Command::Seat(request, answer), move |why| reply(&robot, why));
        } else {
            acknowledge(ack, &reply(self.robot, "seat was not understood"));
        }
    }

    fn reset(&self, ack: AckSender) {
        let reply = |why: &str| ResetReply { ok: false, nonce: None, why: Some(why.to_owned()) };
        if !self.may(Role::Operator) {
            acknowledge(ack, &reply("only an operator clears STOP"));
        } else if let Some(request) = self.payload::<ResetRequest>(name::RESET, usize::MAX) {
            let (rooms, robot) = (self.rooms.clone(), self.robot.clone());
            let by = self.rooms.client(self.client.sender.person.id);
            let told = move |answer: ResetReply| {
                if let Some(client) = by.filter(|_| answer.ok && request.nonce.is_some()) {
                    rooms.note_of_remote(&robot, &client, Kind::Reset, "resets STOP");
                }
                answer
            };
            self.ask_and(ack, |answer| Command::Reset(request, answer), reply, told);
        } else {
            acknowledge(ack, &reply("reset was not understood"));
        }
    }

    fn calibrate(&self, ack: AckSender) {
        let reply = |why: &str| CalibrateReply { why: Some(why.to_owned()), ..CalibrateReply::default() };
        if !self.may(Role::Operator) {
            acknowledge(ack, &reply("only an operator calibrates the motors"));
        } else if let Some(request) = self.payload::<CalibrateRequest>(name::CALIBRATE, usize::MAX) {
            self.ask(ack, |answer| Command::Calibrate(request, answer), reply);
        } else {
            acknowledge(ack, &reply("calibrate was not understood"));
        }
    }

    /// Who may come in: told and changed for operators alone.
    fn access(&self, ack: AckSender) {
        let reply = |why: &str| AccessReply { ok: false, why: Some(why.to_owned()), ..AccessReply::default() };
        if !self.may(Role::Operator) {
            acknowledge(ack, &reply("only an operator decides who may come in"));
        } else if let Some(request) = self.payload::<AccessRequest>(name::ACCESS, usize::MAX) {
            let gate = self.rooms.gate().clone();
            let by = self.client.doer();
            tokio::spawn(async move { acknowledge(ack, &gate.ask(request, by).await) });
        } else {
            acknowledge(ack, &reply("access was not understood"));
        }
    }

    /// A press of the original's buttons: everyone hears of it, and the robot does it.
    fn direction(&self, ack: AckSender) {
        if !self.fits(self.rooms.limits().control_bytes) || !self.may(Role::Driver) {
            return;
        }
        let Some(press) = self.payload::<Direction>(name::DIRECTION, usize::MAX) else { return };
        if !self.has_robot() || (press != Direction::Stop && !self.is_free()) {
            return;
        }
        // First to the room: the agent's `reply` must not overtake it.
        if self.pass_on(ack) && !self.tell_agent(Command::Direction(press)) {
            self.refuse("busy", CROWDED);
        }
    }

    /// Any other name: everyone hears it, the sender too, as one argument.
    fn relay(&self, ack: AckSender) {
        if !self.fits(self.rooms.limits().event_bytes) {
            return;
        }
        let long = self.event.chars().count() > NAME_CHARS;
        if long || FROM_RELAY_ONLY.contains(&self.event) || SOCKET_IO_OWN.contains(&self.event) {
            self.refuse("name", "events of this name are not relayed");
            return;
        }
        // Programs may act on what they hear, as the original's did: a viewer only talks.
        if self.event != name::CHAT && !self.may(Role::Driver) {
            return;
        }
        if self.pass_on(ack) && self.event == name::CHAT {
            let line = self.heard.arguments().unwrap_or_default().into_iter().next();
            if !self.tell_agent(Command::Chat(line.unwrap_or_default())) {
                self.refuse("busy", CROWDED);
            }
        }
    }

    /// Sends the event to the room and acknowledges it. The original does not acknowledge, but then
    /// a client that repeats until it is acknowledged says everything several times.
    fn pass_on(&self, ack: AckSender) -> bool {
        match self.heard.relayed() {
            Ok(arguments) => {
                if self.rooms.has_time_for_talk(self.robot, self.now) {
                    self.rooms.tell(self.robot, self.event, &(arguments,));
                } else {
                    self.refuse("busy", "too much is being said: wait a moment");
                    // The robot hears a press all the same: it may be the one that stops.
                    if self.event != name::DIRECTION {
                        return false;
                    }
                }
                let record = memory::said(self.client, self.event, &self.heard.arguments().unwrap_or_default());
                if record.kind == Kind::Chat {
                    let written = self.rooms.remember(self.robot, record);
                    tokio::spawn(async move {
                        if written.await {
                            acknowledge(ack, &NOTHING);
                        } else {
                            acknowledge(ack, &json!({"kept": false}));
                        }
                    });
                } else {
                    self.rooms.note(self.robot, record);
                    acknowledge(ack, &NOTHING);
                }
                true
            }
            Err(error) => {
                self.refuse("malformed", &format!("{} was not understood: {error}", self.event));
                false
            }
        }
    }

    /// `false` if too many commands wait there already. In the lobby nobody listens.
    fn tell_agent(&self, command: Command) -> bool {
        self.robot.is_lobby() || self.robot.end.send(self.client.sender.clone(), command)
    }

    /// Whether there is a robot to be driven.
    fn has_robot(&self) -> bool {
        let has = !self.robot.is_lobby();
        if !has {
            let names: Vec<String> = self.rooms.fleet().robots().iter().map(|robot| robot.name.clone()).collect();
            self.refuse("robot", &format!("say which robot, with auth {{robot: NAME}}: {}", names.join(", ")));
        }
        has
    }

    /// How long it may not drive yet, as an operator took the seat from it.
    fn grounded(&self) -> Option<Duration> {
        self.rooms.grounded().left(self.client.hand(), self.now)
    }

    /// Whether an operator has not just taken the seat from it.
    fn is_free(&self) -> bool {
        let left = self.grounded();
        if let Some(left) = left {
            self.refuse("grounded", &grounded(left));
        }
        left.is_none()
    }

    /// Asks the agent, and acknowledges with its answer or with why there is none.
    fn ask<T: Serialize + Send + 'static>(
        &self,
        ack: AckSender,
        command: impl FnOnce(oneshot::Sender<T>) -> Command,
        failed: impl FnOnce(&str) -> T + Send + 'static,
    ) {
        self.ask_and(ack, command, failed, |reply| reply);
    }

    /// The same, with something to add to its answer.
    pub(super) fn ask_and<T: Serialize + Send + 'static>(
        &self,
        ack: AckSender,
        command: impl FnOnce(oneshot::Sender<T>) -> Command,
        failed: impl FnOnce(&str) -> T + Send + 'static,
        told: impl FnOnce(T) -> T + Send + 'static,
    ) {
        if self.robot.is_lobby() {
            return acknowledge(ack, &failed("choose a robot first"));
        }
        let (answer, answered) = oneshot::channel();
        if !self.tell_agent(command(answer)) {
            return acknowledge(ack, &failed(CROWDED));
        }
        tokio::spawn(async move {
            match timeout(ANSWER_WITHIN, answered).await {
                Ok(Ok(reply)) => acknowledge(ack, &told(reply)),
                Ok(Err(_)) | Err(_) => acknowledge(ack, &failed(NO_ANSWER)),
            }
        });
    }

    /// Whether the client may send one more event, and the event is small enough.
    fn fits(&self, most: usize) -> bool {
        if !self.client.allowance().event(self.now) {
            self.refuse_for_rate();
            return false;
        }
        self.is_small(most)
    }

    fn is_small(&self, most: usize) -> bool {
        let small = self.heard.bytes() <= most;
        if !small {
            self.refuse("size", &format!("{} bytes are more than {most}", self.heard.bytes()));
        }
        small
    }

    pub(super) fn may(&self, role: Role) -> bool {
        let may = self.client.sender.role >= role;
        if !may {
            self.refuse("role", "this client may not do that");
        }
        may
    }

    /// The event's payload, if it is small enough and understood.
    pub(super) fn payload<T: serde::de::DeserializeOwned>(&self, event: &'static str, most: usize) -> Option<T> {
        if !self.is_small(most) {
            return None;
        }
        let read = match self.heard.arguments() {
            Ok(arguments) => events::parse(event, &arguments).map_err(|error| error.to_string()),
            Err(error) => Err(format!("{event} was not understood: {error}")),
        };
        read.map_err(|why| self.refuse("malformed", &why)).ok()
    }

    fn refuse_for_rate(&self) {
        let (most, dropped) = (self.rooms.limits().events_per_second, self.client.allowance().dropped());
        self.refuse("rate", &format!("more than {most} events a second: {dropped} dropped so far"));
    }

    fn refuse(&self, code: &str, why: &str) {
        self.rooms.meter().refused(code);
        let event = self.event.chars().take(NAME_CHARS).collect();
        let why = why.chars().take(200).collect();
        refuse(self.client, self.socket, &Refused { event, code: code.to_owned(), why }, self.now);
    }
}

/// As much of a stop's reason as is kept.
pub(super) fn tidy(reason: &str) -> String {
    reason.chars().filter(|letter| !letter.is_control()).take(REASON_CHARS).collect()
}

fn grounded(left: Duration) -> String {
    format!("an operator took the seat from you: you may drive again in {} s", left.as_secs() + 1)
}

/// Tells a client that something had no effect, once a second for each code.
pub(super) fn refuse(client: &Client, socket: &SocketRef, refused: &Refused, now: Instant) {
    if client.allowance().tell(&refused.code, now) {
        let (id, Refused { event, code, why }) = (client.sender.person.id, refused);
        tracing::debug!(id, event, code, why, "refused");
        if let Err(error) = socket.emit(name::REFUSED, refused) {
            tracing::debug!(id, %error, "could not say so");
        }
    }
}

pub(super) fn acknowledge<T: Serialize>(ack: AckSender, reply: &T) {
    if let Err(error) = ack.send(reply) {
        tracing::debug!(%error, "an acknowledgement was lost");
    }
}
