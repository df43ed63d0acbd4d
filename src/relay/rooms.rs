//! Who is here and who hears what; nothing here decides about motion.

use std::collections::BTreeMap;
use std::future::ready;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use futures_util::FutureExt;
use serde::Serialize;
use serde_json::{Value, json};
use socketioxide::SocketIo;
use socketioxide::extract::{AckSender, Event, SocketRef, TryData};
use socketioxide::socket::DisconnectReason;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, timeout};

use super::Settings;
use super::auth::{Visitor, Who};
use super::client::{Client, refuse};
use super::event::Heard;
use super::limits::allowance::Allowance;
use super::limits::bucket::{Bucket, Rate};
use super::sessions::Sessions;
use crate::access::gate::Gate;
use crate::mailbox::{Command, RelayEnd, Remark, Sender};
use crate::protocol::events::{self, Limits, Person, Refused, Role, Welcome, name};

/// The room of everyone who has been welcomed. Who is merely connected hears nothing, so that
/// `welcome` is first.
const WELCOMED: &str = "welcomed";
/// The room of those who decide who may come in.
const OPERATORS: &str = "operators";
/// Who floods is not let in again so soon.
const CUT_OFF: Duration = Duration::from_secs(10);
/// Longest name of a person, characters.
const PERSON_CHARS: usize = 32;

/// Everyone who is connected.
#[derive(Debug)]
pub(super) struct Rooms {
    settings: Settings,
    robot: RelayEnd,
    gate: Arc<Gate>,
    sessions: Arc<Sessions>,
    io: SocketIo,
    connections: AtomicU64,
    deliveries: Mutex<Bucket>,
    /// Who flooded, and until when they are not let in.
    barred: Mutex<BTreeMap<Who, Instant>>,
    clients: Mutex<BTreeMap<u64, (SocketRef, Arc<Client>)>>,
    /// Held while a client passes from its welcome into the room: a client that answers its welcome at
    /// once is in the room already when its words are passed on.
    threshold: RwLock<()>,
}

impl Rooms {
    /// Opens the room on `io`.
    pub(super) fn open(
        settings: Settings,
        robot: RelayEnd,
        gate: Arc<Gate>,
        sessions: Arc<Sessions>,
        io: &SocketIo,
    ) -> Arc<Self> {
        let most = f64::from(settings.deliveries_per_second);
        let deliveries = Rate::new(most, most);
        let rooms = Arc::new(Self {
            settings,
            robot,
            gate,
            sessions,
            io: io.clone(),
            connections: AtomicU64::new(1),
            deliveries: Mutex::new(Bucket::new(deliveries, Instant::now())),
            barred: Mutex::default(),
            clients: Mutex::default(),
            threshold: RwLock::default(),
        });
        let door = rooms.clone();
        // Handlers do their work before they return and hand back a ready future: the library runs
        // futures as tasks of their own, in any order.
        io.ns("/", move |socket: SocketRef, auth: TryData<Value>| {
            door.enter(&socket, auth.0.ok().as_ref());
            ready(())
        });
        rooms
    }

    /// The way to the robot.
    pub(super) fn robot(&self) -> &RelayEnd {
        &self.robot
    }

    /// Who may come in.
    pub(super) fn gate(&self) -> &Arc<Gate> {
        &self.gate
    }

    /// What the client of that number may do, if it is here.
    pub(super) fn role_of(&self, id: u64) -> Option<Role> {
        self.clients().get(&id).map(|(_, client)| client.sender.role)
    }

    /// What clients must keep to.
    pub(super) fn limits(&self) -> &Limits {
        &self.settings.limits
    }

    /// Whether everyone may be told one thing more that a client says.
    pub(super) fn has_time_for_talk(&self, now: Instant) -> bool {
        let listeners = u32::try_from(self.clients().len()).unwrap_or(u32::MAX);
        self.deliveries.lock().unwrap_or_else(PoisonError::into_inner).take_many(listeners, now)
    }

    /// Tells everyone, in the order of calls. Who cannot keep up loses it, and soon its connection.
    pub(super) fn tell_all<T: Serialize>(&self, event: &str, arguments: &T) {
        let _nobody_between = self.threshold.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(room) = self.io.of("/") {
            match room.within(WELCOMED).emit(event, arguments).now_or_never() {
                Some(Ok(())) => {}
                Some(Err(error)) => tracing::debug!(event, %error, "not everyone could be told"),
                None => tracing::error!(event, "telling everyone did not happen at once"),
            }
        }
    }

    /// Passes the agent's snapshots on, to each client the newest that it has time for.
    pub(super) async fn pass_telemetry_on(self: Arc<Self>) {
        let mut newest = self.robot.telemetry.clone();
        while newest.changed().await.is_ok() {
            let snapshot = newest.borrow_and_update().clone();
            if let Some(room) = self.io.of("/") {
                drop(room.within(WELCOMED).volatile().emit(name::TELEMETRY, &snapshot).now_or_never());
            }
        }
    }

    /// Passes the agent's remarks on. `remarks` was subscribed to before anyone could connect.
    pub(super) async fn pass_remarks_on(self: Arc<Self>, mut remarks: Receiver<Remark>) {
        loop {
            match remarks.recv().await {
                Ok(Remark::Seat(seat)) => self.tell_all(name::SEAT, &seat),
                Ok(Remark::Reply(data)) => self.tell_all(name::REPLY, &(json!([{ "data": data }]),)),
                Ok(Remark::Notice(text)) => self.tell_all(name::NOTICES, &(json!([{ "data": text }]),)),
                Ok(Remark::Refused(id, refused)) => self.refuse_one(id, &refused),
                Err(RecvError::Lagged(missed)) => {
                    tracing::warn!(missed, "remarks of the agent were lost: the relay could not keep up");
                    let seat = self.robot.seat.borrow().clone();
                    self.tell_all(name::SEAT, &seat);
                }
                Err(RecvError::Closed) => return,
            }
        }
    }

    /// Throws out whoever may no longer be here, at once, and shows operators who may.
    pub(super) async fn watch_the_gate(self: Arc<Self>) {
        let mut changes = self.gate.changes();
        while changes.changed().await.is_ok() {
            let strangers: Vec<u64> =
                self.clients().iter().filter(|(_, (_, client))| !self.is_guest(client)).map(|(id, _)| *id).collect();
            for id in strangers {
                self.throw_out(id);
            }
            if let Some(room) = self.io.of("/") {
                drop(room.within(OPERATORS).emit(name::ACCESS, &self.gate.access()).now_or_never());
            }
        }
    }

    /// Ends the connection of a client that floods, and does not let it in for a while.
    pub(super) fn cut_off(&self, client: &Client, now: Instant) {
        let id = client.sender.person.id;
        tracing::warn!(id, name = client.sender.person.name, address = %client.address, "cut off: it sends without end");
        {
            let mut barred = self.barred.lock().unwrap_or_else(PoisonError::into_inner);
            barred.retain(|_, until| *until > now);
            barred.insert(client.who, now + CUT_OFF);
        }
        self.throw_out(id);
    }

    fn is_barred(&self, who: Who) -> bool {
        let barred = self.barred.lock().unwrap_or_else(PoisonError::into_inner);
        barred.get(&who).is_some_and(|until| *until > Instant::now())
    }

    fn is_guest(&self, client: &Client) -> bool {
        client.device.is_none_or(|device| self.gate.knows(device))
    }

    /// Ends a client's motion and its connection.
    fn throw_out(&self, id: u64) {
        let Some((socket, client)) = self.clients().get(&id).cloned() else { return };
        self.leave(id, "thrown out");
        // It hears nothing more, whatever becomes of the rest.
        socket.leave_all();
        let session = socket.id.to_string();
        if let Err(error) = socket.disconnect() {
            tracing::debug!(id, %error, "a client that was thrown out could not be told");
        }
        // The library only says farewell. Who ignores that would still hold the connection.
        self.sessions.end(&session, Instant::now());
        client.line.cancel();
    }

    /// Closes every connection, and the departures are told to the agent: the library, once it is
    /// closing, tells nobody.
    pub(super) async fn close(&self, within: Duration) {
        let all_told = timeout(within, self.io.close()).await.is_ok();
        let left: Vec<u64> = self.clients().keys().copied().collect();
        for id in left {
            self.leave(id, "the relay closes");
        }
        tracing::info!(all_told, "relay is closed");
    }

    fn clients(&self) -> MutexGuard<'_, BTreeMap<u64, (SocketRef, Arc<Client>)>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn refuse_one(&self, id: u64, refused: &Refused) {
        let found = self.clients().get(&id).cloned();
        if let Some((socket, client)) = found {
            refuse(&client, &socket, refused, Instant::now());
        }
    }

    /// Lets a client in: its handlers first, then `welcome`, then the room.
    fn enter(self: &Arc<Self>, socket: &SocketRef, auth: Option<&Value>) {
        let Some(client) = self.admit(socket, auth) else {
            if let Err(error) = socket.clone().disconnect() {
                tracing::debug!(%error, "a client that was not let in is gone already");
            }
            return;
        };
        let id = client.sender.person.id;
        let (rooms, hearing) = (self.clone(), client.clone());
        // A name that is written with JSON escapes does not come this far: the library cannot read it
        // and closes the connection. Python writes every name beyond ASCII so.
        socket.on_fallback(move |socket: SocketRef, Event(event), heard: Heard, ack: AckSender| {
            // What a client said before it was thrown out may arrive after it.
            if rooms.role_of(id).is_some() {
                hearing.hear(&rooms, &socket, &event, &heard, ack);
            }
            ready(())
        });
        let (rooms, line) = (self.clone(), client.line.clone());
        socket.on_disconnect(move |socket: SocketRef, reason: DisconnectReason| {
            rooms.leave(id, &reason.to_string());
            // Who takes leave but keeps the connection would come back with all its allowances.
            if reason == DisconnectReason::ClientNSDisconnect {
                rooms.sessions.end(&socket.id.to_string(), Instant::now());
                line.cancel();
            }
            ready(())
        });
        let welcome = self.welcome(&client);
        let between = self.threshold.write().unwrap_or_else(PoisonError::into_inner);
        // From here on a departure is noticed; one before it has closed the channel, and shows here.
        if let Err(error) = socket.emit(name::WELCOME, &welcome) {
            self.leave(id, &error.to_string());
            return;
        }
        socket.join(WELCOMED);
        if client.sender.role == Role::Operator {
            socket.join(OPERATORS);
        }
        drop(between);
        if !self.clients().contains_key(&id) {
            socket.leave_all();
        }
        // What changed between the writing of the welcome and the room was heard by nobody here.
        let seat = self.robot.seat.borrow().clone();
        if seat != welcome.seat
            && let Err(error) = socket.emit(name::SEAT, &seat)
        {
            tracing::debug!(id, %error, "could not tell the seat");
        }
    }

    fn admit(&self, socket: &SocketRef, auth: Option<&Value>) -> Option<Arc<Client>> {
        // Without the doorman's word nobody is anybody.
        let visitor = socket.req_parts().extensions.get::<Visitor>()?.clone();
        if !self.sessions.enter(&socket.id.to_string(), &visitor, Instant::now()) || self.is_barred(visitor.who()) {
            return None;
        }
        let mut clients = self.clients();
        if clients.len() >= self.settings.connections {
            tracing::warn!(address = %visitor.address, "refused a client: the room is full");
            return None;
        }
        let id = self.connections.fetch_add(1, Ordering::Relaxed);
        // A device goes by the name under which it was let in.
        let given = auth.and_then(|auth| auth.get("name")).and_then(Value::as_str);
        let given = visitor.device.as_ref().map(|guest| guest.name.as_str()).or(given);
        let sender = Sender { person: Person { id, name: person_name(given, id) }, role: visitor.role };
        tracing::info!(id, name = sender.person.name, address = %visitor.address, role = ?visitor.role, "client connected");
        let allowance = Allowance::new(self.settings.limits.events_per_second, self.settings.burst, Instant::now());
        let client = Arc::new(Client::new(sender, visitor, allowance));
        clients.insert(id, (socket.clone(), client.clone()));
        drop(clients);
        if let Some(device) = client.device {
            self.gate.came(device);
        }
        // Its device may have been thrown out since its request was let in, or long ago: a session can be entered
        // again over a connection that is still open.
        if !self.is_guest(&client) {
            self.throw_out(id);
            return None;
        }
        Some(client)
    }

    fn welcome(&self, client: &Client) -> Welcome {
        Welcome {
            version: events::VERSION,
            you: client.sender.person.clone(),
            role: client.sender.role,
            robot: self.settings.robot.clone(),
            limits: self.settings.limits,
            seat: self.robot.seat.borrow().clone(),
            telemetry: self.robot.telemetry.borrow().clone(),
        }
    }

    fn leave(&self, id: u64, reason: &str) {
        let Some((_, client)) = self.clients().remove(&id) else { return };
        if let Some(device) = client.device {
            self.gate.went(device);
        }
        let dropped = client.allowance().dropped();
        tracing::info!(id, address = %client.address, reason, dropped, "client gone");
        if !self.robot.send(client.sender.clone(), Command::Gone) {
            tracing::error!(id, "the agent could not be told that a client is gone");
        }
    }
}

/// The name to show: what the client calls itself, if that is a name.
fn person_name(given: Option<&str>, id: u64) -> String {
    let name: String =
        given.unwrap_or_default().trim().chars().filter(|letter| !letter.is_control()).take(PERSON_CHARS).collect();
    let name = name.trim();
    if name.is_empty() { format!("guest {id}") } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: a name is a short line of text, whatever a client claims to be called.
    #[test]
    fn a_name_is_short_and_of_one_line() {
        assert_eq!(person_name(Some("  Zoë "), 7), "Zoë");
        assert_eq!(person_name(Some("a\u{1b}[31m\nb"), 7), "a[31mb");
        assert_eq!(person_name(Some(&"ü".repeat(100)), 7).chars().count(), 32);
        for nameless in [None, Some(""), Some(" \n\t"), Some("\u{7}")] {
            assert_eq!(person_name(nameless, 7), "guest 7");
        }
    }
}
