//! Agents that dial in: they enlist their robots first; then orders go to them, and what they report goes to people.

use std::collections::BTreeMap;
use std::future::ready;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;
use socketioxide::extract::{AckSender, Event, SocketRef};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::auth::{Visitor, Who};
use super::event::Heard;
use super::fleet::{Fleet, Link, Program};
use super::rooms::Rooms;
use super::sessions::Sessions;
use crate::protocol::events::{self, Role};
use crate::protocol::uplink::{Enlist, Enlisted, Remarked, Report, name};

/// An agent that has not enlisted by then is no agent.
const ENLIST_WITHIN: Duration = Duration::from_secs(5);
/// A refusal has so long to reach the agent before its connection ends.
const FAREWELL: Duration = Duration::from_millis(500);

/// Every agent that is connected.
#[derive(Debug, Default)]
pub(super) struct Agents {
    connected: Mutex<BTreeMap<u64, Connected>>,
}

#[derive(Clone, Debug)]
struct Connected {
    socket: SocketRef,
    device: Option<u64>,
    line: CancellationToken,
    /// Once it has enlisted. Kept here and not by the socket's own handlers: that would be a circle, and never end.
    link: Option<Arc<Link>>,
}

impl Agents {
    /// Ends the connections of all whose device is one of those.
    pub(super) fn throw_out(&self, sessions: &Sessions, gone: impl Fn(u64) -> bool) {
        let strangers: Vec<Connected> =
            self.connected().values().filter(|one| one.device.is_some_and(&gone)).cloned().collect();
        for Connected { socket, line, .. } in strangers {
            // Wherever it has moved to: the library only says farewell.
            sessions.end(&socket.id.to_string(), Instant::now());
            drop(socket.disconnect());
            line.cancel();
        }
    }

    /// The robots' side of a connection that has enlisted.
    fn link(&self, id: u64) -> Option<Arc<Link>> {
        self.connected().get(&id)?.link.clone()
    }

    /// A connection has enlisted; `false` if it has ended meanwhile.
    fn enlisted(&self, id: u64, link: &Arc<Link>) -> bool {
        let mut connected = self.connected();
        let Some(found) = connected.get_mut(&id) else { return false };
        found.link = Some(link.clone());
        true
    }

    fn connected(&self) -> MutexGuard<'_, BTreeMap<u64, Connected>> {
        self.connected.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a connection is an agent's: a device that was let in as one, or a program of this machine that says so.
pub(super) fn is_agent(socket: &SocketRef, auth: Option<&Value>) -> bool {
    let Some(visitor) = socket.req_parts().extensions.get::<Visitor>() else { return false };
    let says = || auth.and_then(|auth| auth.get("agent")).and_then(Value::as_bool) == Some(true);
    visitor.role == Role::Agent || (visitor.device.is_none() && visitor.role == Role::Operator && says())
}

/// Lets an agent in.
pub(super) fn enter(rooms: &Arc<Rooms>, socket: &SocketRef) {
    let Some(visitor) = rooms.admit_agent(socket) else {
        drop(socket.clone().disconnect());
        return;
    };
    visitor.wide.open();
    let id = rooms.next_id();
    let (device, line) = (visitor.device.as_ref().map(|guest| guest.id), visitor.line.clone());
    rooms.agents.connected().insert(id, Connected { socket: socket.clone(), device, line: line.clone(), link: None });
    rooms.meter().came(Role::Agent, device.is_some());
    tracing::info!(id, address = %visitor.address, "an agent is connected");
    if let Some(device) = device {
        rooms.gate().came(device);
    }
    let hearing = rooms.clone();
    let puzzled = Arc::new(AtomicBool::new(false));
    socket.on_fallback(move |socket: SocketRef, Event(event), heard: Heard, ack: AckSender| {
        hear(&hearing, (id, &visitor, &puzzled), &socket, &event, &heard, ack);
        ready(())
    });
    let leaving = rooms.clone();
    socket.on_disconnect(move |socket: SocketRef| {
        let left = leaving.agents.connected().remove(&id);
        leaving.sessions().left(&socket.id.to_string());
        if let Some(link) = left.as_ref().and_then(|left| left.link.as_ref()) {
            leaving.fleet().delist(link);
        }
        if let Some(device) = device {
            leaving.gate().went(device);
        }
        if left.is_some() {
            leaving.meter().went(Role::Agent, device.is_some());
        }
        tracing::info!(id, "an agent is gone");
        ready(())
    });
    let waiting = rooms.clone();
    tokio::spawn(async move {
        sleep(ENLIST_WITHIN).await;
        if waiting.agents.link(id).is_none() {
            line.cancel();
        }
    });
    // It may have been thrown out while it came in.
    rooms.agents.throw_out(rooms.sessions(), |device| !rooms.gate().knows(device));
}

fn hear(
    rooms: &Arc<Rooms>,
    (id, visitor, puzzled): (u64, &Visitor, &AtomicBool),
    socket: &SocketRef,
    event: &str,
    heard: &Heard,
    ack: AckSender,
) {
    match (event, rooms.agents.link(id)) {
        (name::ENLIST, None) => {
            let Some(enlist) = read::<Enlist>(name::ENLIST, heard, puzzled) else {
                return refuse(ack, visitor, "what the agent brings was not understood: update relay and agent");
            };
            let called = visitor.device.as_ref().map_or_else(|| "this machine".to_owned(), |guest| guest.name.clone());
            let agent = Program { who: visitor.who(), called, instance: enlist.instance };
            let link = Arc::new(Link::new(agent, socket.clone(), visitor.line.clone()));
            let (program, robots) = (enlist.program.clone(), enlist.robots.len());
            let may_come = |who| match who {
                Who::Device(device) => rooms.gate().knows(device),
                Who::Local(_) => true,
            };
            let enlisted = rooms.fleet().enlist(&link, enlist, may_come, Instant::now());
            if enlisted.ok {
                tracing::info!(id, agent = link.name(), program, robots, "an agent has enlisted");
                if !rooms.agents.enlisted(id, &link) {
                    rooms.fleet().delist(&link);
                }
            } else {
                tracing::warn!(id, agent = link.name(), program, why = enlisted.why, "an agent was refused");
                part_from(visitor);
            }
            answer(ack, &enlisted);
        }
        (name::REPORT, Some(link)) => {
            if let Some(report) = read::<Report>(name::REPORT, heard, puzzled) {
                Fleet::report(&link, report, Instant::now());
            }
        }
        (name::REMARK, Some(link)) => {
            if let Some(remarked) = read::<Remarked>(name::REMARK, heard, puzzled) {
                Fleet::remark(&link, remarked);
            }
        }
        (_, _) => tracing::debug!(id, event, "an agent said what is not for it to say"),
    }
}

/// What is wrong once is wrong forty times a second, and told once.
fn read<T: DeserializeOwned>(event: &'static str, heard: &Heard, puzzled: &AtomicBool) -> Option<T> {
    let read = heard.arguments().map_err(|error| error.to_string());
    let read = read.and_then(|arguments| events::parse(event, &arguments).map_err(|error| error.to_string()));
    read.map_err(|why| {
        if !puzzled.swap(true, Ordering::Relaxed) {
            tracing::warn!(event, why, "an agent was not understood: update both sides");
        }
    })
    .ok()
}

fn refuse(ack: AckSender, visitor: &Visitor, why: &str) {
    answer(ack, &Enlisted { why: Some(why.to_owned()), ..Enlisted::default() });
    part_from(visitor);
}

/// Ends a connection once its agent has read why.
fn part_from(visitor: &Visitor) {
    let line = visitor.line.clone();
    tokio::spawn(async move {
        sleep(FAREWELL).await;
        line.cancel();
    });
}

fn answer(ack: AckSender, enlisted: &Enlisted) {
    if let Err(error) = ack.send(enlisted) {
        tracing::debug!(%error, "an agent could not be answered");
    }
}
