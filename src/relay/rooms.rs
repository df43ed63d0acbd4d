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
use socketioxide::extract::{SocketRef, TryData};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::task::{JoinSet, yield_now};
use tokio::time::{Instant, timeout};

use super::Settings;
use super::agents::Agents;
use super::auth::{Visitor, Who};
use super::client::{Client, refuse};
use super::fleet::{Fleet, Newcomers, Robot};
use super::grounded::Grounded;
use super::limits::bucket::{Bucket, Rate};
use super::memory;
use super::sessions::Sessions;
use crate::access::gate::Gate;
use crate::journal::{Kind, Record, telling};
use crate::mailbox::{Command, Remark};
use crate::metrics::RelayMeter;
use crate::protocol::events::{Limits, Refused, Role, SeatView, name};

/// The room of everyone who has been welcomed. Who is merely connected hears nothing, so that
/// `welcome` is first.
pub(super) const WELCOMED: &str = "welcomed";
/// The room of those who decide who may come in.
pub(super) const OPERATORS: &str = "operators";
/// Changes of what robots do are looked for this often.
const LOOK_AT_ROBOTS: Duration = Duration::from_millis(250);
/// Who floods is not let in again so soon.
const CUT_OFF: Duration = Duration::from_secs(10);

/// Everyone who is connected.
#[derive(Debug)]
pub(super) struct Rooms {
    pub(super) settings: Settings,
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
    pub(super) threshold: RwLock<()>,
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

    /// What is counted.
    pub(super) fn meter(&self) -> &RelayMeter {
        &self.settings.meter
    }

    /// Whether recordings of this process's robot can be downloaded.
    pub(super) fn has_recordings(&self) -> bool {
        self.settings.recordings.is_some()
    }

    /// Who may come in.
    pub(super) fn gate(&self) -> &Arc<Gate> {
        &self.gate
    }

    /// Whose each session is.
    pub(super) fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    /// The client of that number, if it is here.
    pub(super) fn client(&self, id: u64) -> Option<Arc<Client>> {
        self.clients().get(&id).map(|(_, client)| client.clone())
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
            let (recalling, of) = (self.clone(), robot.clone());
            work.spawn(async move { recalling.recall(&of).await });
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
        let mut seen = memory::Seen::default();
        while newest.changed().await.is_ok() {
            let snapshot = newest.borrow_and_update().clone();
            if robot.remote.is_some() {
                self.note_stops(&robot, &mut seen, snapshot.reason.as_ref());
            }
            let slices = robot.slices();
            for slice in 0..slices {
                if slices > 1 {
                    // What has come from the one who drives is heard first, and the robot's frame written.
                    yield_now().await;
                }
                if let Some(io) = self.io.of("/") {
                    drop(io.within(robot.slice(slice)).volatile().emit(name::TELEMETRY, &snapshot).now_or_never());
                }
            }
        }
    }

    /// Passes an agent's remarks on.
    async fn pass_remarks_on(self: Arc<Self>, robot: Arc<Robot>, mut remarks: Receiver<Remark>) {
        let mut seated = SeatView::default();
        loop {
            match remarks.recv().await {
                Ok(Remark::Seat(seat)) => {
                    self.tell(&robot, name::SEAT, &seat);
                    // An agent of this program tells the log itself.
                    if robot.remote.is_some() {
                        self.note(
                            &robot,
                            telling::heard(telling::seat(&seated, &seat, self.doer_of(seat.holder.as_ref()))),
                        );
                        seated = seat;
                    }
                }
                Ok(Remark::Reply(data)) => {
                    self.tell(&robot, name::REPLY, &(json!([{ "data": data }]),));
                    self.note(&robot, Record::new(Kind::Reply, memory::plain(&data)).with(data));
                }
                Ok(Remark::Notice(text)) => {
                    self.tell(&robot, name::NOTICES, &(json!([{ "data": text }]),));
                    self.note(&robot, Record::new(Kind::Notice, text));
                }
                Ok(Remark::Refused(id, refused)) => self.refuse_one(&robot, id, &refused),
                Err(RecvError::Lagged(missed)) => {
                    self.meter().lost_remarks(missed);
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
            self.meter().robots(now.iter().map(|robot| robot.here));
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
        self.meter().devices(&self.gate.access().devices);
        while changes.changed().await.is_ok() {
            let strangers: Vec<u64> =
                self.clients().iter().filter(|(_, (_, client))| !self.is_guest(client)).map(|(id, _)| *id).collect();
            for id in strangers {
                self.throw_out(id);
            }
            self.part_from_those_who_are_for_another_robot();
            self.meter().devices(&self.gate.access().devices);
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
        self.meter().cut_off();
        tracing::warn!(id, name = client.sender.person.name, address = %client.address, "cut off: it sends without end");
        let text = format!("{} is cut off: it sends without end", client.sender.person.name);
        self.note_of_none(Record::new(Kind::Connection, text).by(client.doer()));
        {
            let mut barred = self.barred.lock().unwrap_or_else(PoisonError::into_inner);
            barred.retain(|_, until| *until > now);
            barred.insert(client.who, now + CUT_OFF);
        }
        self.throw_out(id);
    }

    pub(super) fn is_barred(&self, who: Who) -> bool {
        let barred = self.barred.lock().unwrap_or_else(PoisonError::into_inner);
        barred.get(&who).is_some_and(|until| *until > Instant::now())
    }

    pub(super) fn is_guest(&self, client: &Client) -> bool {
        client.device.is_none_or(|device| self.gate.knows(device))
    }

    /// Ends a client's motion and its connection.
    pub(super) fn throw_out(&self, id: u64) {
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

    pub(super) fn clients(&self) -> MutexGuard<'_, BTreeMap<u64, (SocketRef, Arc<Client>)>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn refuse_one(&self, robot: &Arc<Robot>, id: u64, refused: &Refused) {
        let found = self.clients().get(&id).cloned();
        if let Some((socket, client)) = found.filter(|(_, client)| Arc::ptr_eq(&client.robot(), robot)) {
            refuse(&client, &socket, refused, Instant::now());
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

    pub(super) fn leave(&self, id: u64, reason: &str) {
        let Some((_, client)) = self.clients().remove(&id) else { return };
        self.meter().went(client.sender.role, client.device.is_some());
        if let Some(device) = client.device {
            self.gate.went(device);
        }
        let dropped = client.allowance().dropped();
        tracing::info!(id, address = %client.address, reason, dropped, "client gone");
        self.note(&client.robot(), client.departure(reason));
        let robot = client.robot();
        client.leave_robot();
        if !robot.is_lobby() && !robot.end.send(client.sender.clone(), Command::Gone) {
            tracing::error!(id, "the agent could not be told that a client is gone");
        }
    }
}
