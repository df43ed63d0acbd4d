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
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use super::Settings;
use super::agents::{self, Agents};
use super::auth::{Visitor, Who};
use super::client::{Client, refuse};
use super::event::Heard;
use super::fleet::naming::{self, Choice};
use super::fleet::{Fleet, Newcomers, Robot};
use super::grounded::Grounded;
use super::limits::allowance::Allowance;
use super::limits::bucket::{Bucket, Rate};
use super::sessions::Sessions;
use crate::access::gate::Gate;
use crate::mailbox::{Command, Remark, Sender};
use crate::protocol::events::{self, Limits, Person, Refused, Role, Welcome, name};

/// The room of everyone who has been welcomed. Who is merely connected hears nothing, so that
/// `welcome` is first.
const WELCOMED: &str = "welcomed";
/// The room of those who decide who may come in.
const OPERATORS: &str = "operators";
/// Changes of what robots do are looked for this often.
const LOOK_AT_ROBOTS: Duration = Duration::from_millis(250);
/// Who floods is not let in again so soon.
const CUT_OFF: Duration = Duration::from_secs(10);
/// Longest name of a person, characters.
const PERSON_CHARS: usize = 32;

/// Everyone who is connected.
#[derive(Debug)]
pub(super) struct Rooms {
    settings: Settings,
    fleet: Arc<Fleet>,
    gate: Arc<Gate>,
    sessions: Arc<Sessions>,
    io: SocketIo,
    connections: AtomicU64,
    deliveries: Mutex<Bucket>,
    /// Who flooded, and until when they are not let in.
    barred: Mutex<BTreeMap<Who, Instant>>,
    grounded: Mutex<Grounded>,
    clients: Mutex<BTreeMap<u64, (SocketRef, Arc<Client>)>>,
    pub(super) agents: Agents,
    /// Held while a client passes from its welcome into the room: a client that answers its welcome at
    /// once is in the room already when its words are passed on.
    threshold: RwLock<()>,
}

impl Rooms {
    /// Opens the room on `io`.
    pub(super) fn open(
        settings: Settings,
        fleet: Arc<Fleet>,
        gate: Arc<Gate>,
        sessions: Arc<Sessions>,
        io: &SocketIo,
    ) -> Arc<Self> {
        let most = f64::from(settings.deliveries_per_second);
        let deliveries = Rate::new(most, most);
        let rooms = Arc::new(Self {
            settings,
            fleet,
            gate,
            sessions,
            io: io.clone(),
            connections: AtomicU64::new(1),
            deliveries: Mutex::new(Bucket::new(deliveries, Instant::now())),
            barred: Mutex::default(),
            grounded: Mutex::default(),
            clients: Mutex::default(),
            agents: Agents::default(),
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

    /// The robots.
    pub(super) fn fleet(&self) -> &Arc<Fleet> {
        &self.fleet
    }

    /// Who may come in.
    pub(super) fn gate(&self) -> &Arc<Gate> {
        &self.gate
    }

    /// Whose each session is.
    pub(super) fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    /// What the client of that number may do, if it is here.
    pub(super) fn role_of(&self, id: u64) -> Option<Role> {
        self.clients().get(&id).map(|(_, client)| client.sender.role)
    }

    /// What the client of that number may do, if it is at that robot.
    pub(super) fn role_at(&self, robot: &Arc<Robot>, id: u64) -> Option<Role> {
        let found = self.clients().get(&id).map(|(_, client)| client.clone());
        found.filter(|client| Arc::ptr_eq(&client.robot(), robot)).map(|client| client.sender.role)
    }

    /// The client of that number may not drive for a while.
    pub(super) fn ground(&self, id: u64, now: Instant) {
        let hand = self.clients().get(&id).map(|(_, client)| client.hand());
        if let Some(hand) = hand {
            self.grounded().ground(hand, now);
        }
    }

    /// Who may not drive for a while.
    pub(super) fn grounded(&self) -> MutexGuard<'_, Grounded> {
        self.grounded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What clients must keep to.
    pub(super) fn limits(&self) -> &Limits {
        &self.settings.limits
    }

    /// Whether everyone at a robot may be told one thing more that a client says.
    pub(super) fn has_time_for_talk(&self, robot: &Robot, now: Instant) -> bool {
        let listeners = u32::try_from(robot.clients()).unwrap_or(u32::MAX);
        self.deliveries.lock().unwrap_or_else(PoisonError::into_inner).take_many(listeners, now)
    }

    /// Tells everyone at a robot, in the order of calls. Who cannot keep up loses it, and soon its connection.
    pub(super) fn tell<T: Serialize>(&self, robot: &Robot, event: &str, arguments: &T) {
        self.tell_room(robot.room(), event, arguments);
    }

    fn tell_room<T: Serialize>(&self, room: String, event: &str, arguments: &T) {
        let _nobody_between = self.threshold.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(io) = self.io.of("/") {
            match io.within(room).emit(event, arguments).now_or_never() {
                Some(Ok(())) => {}
                Some(Err(error)) => tracing::debug!(event, %error, "not everyone could be told"),
                None => tracing::error!(event, "telling everyone did not happen at once"),
            }
        }
    }

    /// Serves each robot that comes to the fleet, for ever.
    pub(super) async fn serve_robots(self: Arc<Self>, mut newcomers: Newcomers) {
        let mut work = JoinSet::new();
        while let Some(robot) = newcomers.recv().await {
            // What it says from here on; nobody can be at it yet.
            let remarks = robot.end.remarks();
            work.spawn(self.clone().pass_telemetry_on(robot.clone()));
            work.spawn(self.clone().pass_remarks_on(robot.clone(), remarks));
            work.spawn(async move {
                if let Some(remote) = &robot.remote {
                    remote.carry().await;
                }
            });
        }
    }

    /// Passes an agent's snapshots on, to each client the newest that it has time for.
    async fn pass_telemetry_on(self: Arc<Self>, robot: Arc<Robot>) {
        let mut newest = robot.end.telemetry.clone();
        while newest.changed().await.is_ok() {
            let snapshot = newest.borrow_and_update().clone();
            if let Some(io) = self.io.of("/") {
                drop(io.within(robot.room()).volatile().emit(name::TELEMETRY, &snapshot).now_or_never());
            }
        }
    }

    /// Passes an agent's remarks on.
    async fn pass_remarks_on(self: Arc<Self>, robot: Arc<Robot>, mut remarks: Receiver<Remark>) {
        loop {
            match remarks.recv().await {
                Ok(Remark::Seat(seat)) => self.tell(&robot, name::SEAT, &seat),
                Ok(Remark::Reply(data)) => self.tell(&robot, name::REPLY, &(json!([{ "data": data }]),)),
                Ok(Remark::Notice(text)) => self.tell(&robot, name::NOTICES, &(json!([{ "data": text }]),)),
                Ok(Remark::Refused(id, refused)) => self.refuse_one(&robot, id, &refused),
                Err(RecvError::Lagged(missed)) => {
                    tracing::warn!(missed, "remarks of the agent were lost: the relay could not keep up");
                    let seat = robot.end.seat.borrow().clone();
                    self.tell(&robot, name::SEAT, &seat);
                }
                Err(RecvError::Closed) => return,
            }
        }
    }

    /// Shows everybody the list of robots whenever it has changed, and leads those to their robot who wait for it.
    pub(super) async fn tell_of_robots(self: Arc<Self>) {
        let mut here = self.fleet.here();
        let mut told = self.fleet.summaries();
        loop {
            let changed = timeout(LOOK_AT_ROBOTS, here.changed()).await;
            if matches!(changed, Ok(Err(_))) {
                return;
            }
            if changed.is_ok() {
                self.lead_who_waits();
            }
            let now = self.fleet.summaries();
            // Whoever is at the only robot sees all of that already.
            if now != told && (now.len() > 1 || self.fleet.own().is_none()) {
                self.tell_room(WELCOMED.to_owned(), name::ROBOTS, &now);
            }
            told = now;
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
            self.part_from_those_who_are_for_another_robot();
            self.agents.throw_out(&self.sessions, |device| !self.gate.knows(device));
            if let Some(io) = self.io.of("/") {
                drop(io.within(OPERATORS).emit(name::ACCESS, &self.gate.access()).now_or_never());
            }
        }
    }

    /// Ends the connections of clients whose device an operator has sent to another robot: they come back to that one.
    fn part_from_those_who_are_for_another_robot(&self) {
        let homes: BTreeMap<u64, Option<String>> =
            self.gate.access().devices.into_iter().map(|device| (device.id, device.robot)).collect();
        let clients: Vec<_> = self.clients().values().cloned().collect();
        for (socket, client) in clients {
            let Some(home) = client.device.and_then(|device| homes.get(&device)) else { continue };
            if *home == client.home {
                continue;
            }
            let (robot, _) = self.choose(client.asked.as_deref(), home.as_deref(), client.sender.role);
            if !Arc::ptr_eq(&robot, &client.robot()) {
                self.leave(client.sender.person.id, "it is for another robot now");
                // Official clients come back when a connection breaks, but not after a farewell.
                socket.leave_all();
                self.sessions.end(&socket.id.to_string(), Instant::now());
                client.line.cancel();
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
        // The library only says farewell. Who ignores that would still hold the connection.
        self.sessions.end(&socket.id.to_string(), Instant::now());
        if let Err(error) = socket.disconnect() {
            tracing::debug!(id, %error, "a client that was thrown out could not be told");
        }
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

    fn refuse_one(&self, robot: &Arc<Robot>, id: u64, refused: &Refused) {
        let found = self.clients().get(&id).cloned();
        if let Some((socket, client)) = found.filter(|(_, client)| Arc::ptr_eq(&client.robot(), robot)) {
            refuse(&client, &socket, refused, Instant::now());
        }
    }

    /// Lets a client in: its handlers first, then `welcome`, then the room.
    fn enter(self: &Arc<Self>, socket: &SocketRef, auth: Option<&Value>) {
        if agents::is_agent(socket, auth) {
            return agents::enter(self, socket);
        }
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
            } else {
                rooms.sessions.left(&socket.id.to_string());
            }
            ready(())
        });
        self.show_in(socket, &client);
        if !self.clients().contains_key(&id) {
            socket.leave_all();
        }
    }

    /// Welcomes a client at its robot, then opens the room to it.
    fn show_in(&self, socket: &SocketRef, client: &Arc<Client>) {
        let id = client.sender.person.id;
        let robot = client.robot();
        let welcome = self.welcome(client, &robot);
        let between = self.threshold.write().unwrap_or_else(PoisonError::into_inner);
        // From here on a departure is noticed; one before it has closed the channel, and shows here.
        if let Err(error) = socket.emit(name::WELCOME, &welcome) {
            self.leave(id, &error.to_string());
            return;
        }
        socket.join([WELCOMED.to_owned(), robot.room()]);
        if client.sender.role == Role::Operator {
            socket.join(OPERATORS);
        }
        drop(between);
        // What changed between the writing of the welcome and the room was heard by nobody here.
        let seat = robot.end.seat.borrow().clone();
        if seat != welcome.seat
            && let Err(error) = socket.emit(name::SEAT, &seat)
        {
            tracing::debug!(id, %error, "could not tell the seat");
        }
    }

    /// The robot that a client is led to, and why it is none, if that needs words.
    fn choose(&self, asked: Option<&str>, home: Option<&str>, role: Role) -> (Arc<Robot>, Option<String>) {
        let robots = self.fleet.robots();
        let names: Vec<&str> = robots.iter().map(|robot| robot.name.as_str()).collect();
        let lobby = || self.fleet.lobby().clone();
        match naming::choose(asked, home, role, &names, self.fleet.own()) {
            Choice::Robot(name) => (self.fleet.named(name).unwrap_or_else(lobby), None),
            Choice::Waits(name) => (lobby(), Some(format!("{name} is not connected to this relay"))),
            Choice::Belongs(name) => {
                (lobby(), Some(format!("this device is for {name} alone: an operator can say otherwise")))
            }
            Choice::Chooses => (lobby(), None),
        }
    }

    /// Leads clients that have no robot to the one that they wait for, if it is there now.
    fn lead_who_waits(&self) {
        let waiting: Vec<_> =
            self.clients().values().filter(|(_, client)| client.robot().is_lobby()).cloned().collect();
        for (socket, client) in waiting {
            let (robot, _) = self.choose(client.asked.as_deref(), client.home.as_deref(), client.sender.role);
            if !robot.is_lobby() {
                socket.leave(self.fleet.lobby().room());
                client.move_to(robot);
                self.show_in(&socket, &client);
            }
        }
    }

    /// The number of the next connection.
    pub(super) fn next_id(&self) -> u64 {
        self.connections.fetch_add(1, Ordering::Relaxed)
    }

    /// Whose connection an agent's is, if it may come in.
    pub(super) fn admit_agent(&self, socket: &SocketRef) -> Option<Visitor> {
        let visitor = socket.req_parts().extensions.get::<Visitor>()?.clone();
        let theirs = self.sessions.enter(&socket.id.to_string(), &visitor, Instant::now());
        (theirs && !self.is_barred(visitor.who())).then_some(visitor)
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
        let id = self.next_id();
        // A device goes by the name under which it was let in.
        let given = auth.and_then(|auth| auth.get("name")).and_then(Value::as_str);
        let given = visitor.device.as_ref().map(|guest| guest.name.as_str()).or(given);
        let device = visitor.device.as_ref().map(|guest| guest.id);
        let sender = Sender { person: Person { id, name: person_name(given, id) }, role: visitor.role, device };
        tracing::info!(id, name = sender.person.name, address = %visitor.address, role = ?visitor.role, "client connected");
        let allowance = Allowance::new(self.settings.limits.events_per_second, self.settings.burst, Instant::now());
        let asked = auth.and_then(|auth| auth.get("robot")).and_then(Value::as_str).filter(|name| !name.is_empty());
        let home = visitor.device.as_ref().and_then(|guest| guest.robot.as_deref());
        let (robot, why) = self.choose(asked, home, visitor.role);
        let client = Arc::new(Client::new(sender, visitor, allowance, (robot, asked.map(str::to_owned))));
        clients.insert(id, (socket.clone(), client.clone()));
        drop(clients);
        if let Some(why) = why {
            let refused = Refused { event: name::WELCOME.to_owned(), code: "robot".to_owned(), why };
            // Heard after the welcome: this one is passed on by a task of its own.
            let (socket, client) = (socket.clone(), client.clone());
            tokio::spawn(async move { refuse(&client, &socket, &refused, Instant::now()) });
        }
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

    fn welcome(&self, client: &Client, robot: &Robot) -> Welcome {
        Welcome {
            version: events::VERSION,
            you: client.sender.person.clone(),
            role: client.sender.role,
            robot: robot.card(),
            robots: self.fleet.summaries(),
            limits: self.settings.limits,
            seat: robot.end.seat.borrow().clone(),
            telemetry: robot.end.telemetry.borrow().clone(),
        }
    }

    fn leave(&self, id: u64, reason: &str) {
        let Some((_, client)) = self.clients().remove(&id) else { return };
        if let Some(device) = client.device {
            self.gate.went(device);
        }
        let dropped = client.allowance().dropped();
        tracing::info!(id, address = %client.address, reason, dropped, "client gone");
        let robot = client.robot();
        robot.went();
        if !robot.is_lobby() && !robot.end.send(client.sender.clone(), Command::Gone) {
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
