//! What the relay tells the log, and what it tells people of it.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use socketioxide::extract::AckSender;
use tokio::time::timeout;

use super::client::{Arrival, Client, acknowledge};
use super::fleet::Robot;
use super::rooms::Rooms;
use crate::clock;
use crate::journal::{Doer, Kept, Kind, Record, telling};
use crate::protocol::events::{Person, Reason, Role, name};
use crate::protocol::journal::{Entry, LogReply, LogRequest};

/// Nobody waits longer for the log: a slow disk must not look like a slow robot.
const WRITTEN_WITHIN: Duration = Duration::from_secs(1);
/// What people read who come later.
const SAID: [Kind; 4] = [Kind::Chat, Kind::Direction, Kind::Reply, Kind::Notice];

/// What was seen of a robot elsewhere.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Whether it could be driven once.
    ready: bool,
    /// Why it is stopped.
    reason: Option<Reason>,
}

impl Client {
    /// It, as the log names it.
    pub(super) fn doer(&self) -> Doer {
        Doer { name: self.sender.person.name.clone(), role: Some(self.sender.role), device: self.device }
    }

    /// It has come.
    pub(super) fn arrival(&self) -> Record {
        let text = format!("{} is here, from {}", self.sender.person.name, self.address);
        self.of_connection(text).with(json!({"id": self.sender.person.id, "address": self.address}))
    }

    /// It has gone.
    pub(super) fn departure(&self, reason: &str) -> Record {
        let text = format!("{} is gone: {reason}", self.sender.person.name);
        self.of_connection(text).with(json!({"id": self.sender.person.id}))
    }

    fn of_connection(&self, text: String) -> Record {
        Record::new(Kind::Connection, text).by(self.doer())
    }
}

impl Rooms {
    /// Remembers what was said at a robot, for the log and for whoever comes later. Ends when the log has it, or does not
    /// have it in time; whether it has it, or need not have it.
    pub(super) fn remember(&self, robot: &Robot, record: Record) -> impl Future<Output = bool> + Send + 'static {
        let record = record.of(&robot.name);
        if SAID.contains(&record.kind) {
            robot.recent().push(entry(&record));
        }
        let on = self.settings.journal.is_on();
        let kept = self.settings.journal.keep(record);
        async move { !on || timeout(WRITTEN_WITHIN, kept).await == Ok(Kept::Yes) }
    }

    /// The same for what nobody waits for.
    pub(super) fn note(&self, robot: &Robot, record: Record) {
        let record = record.of(&robot.name);
        if SAID.contains(&record.kind) {
            robot.recent().push(entry(&record));
        }
        self.settings.journal.note(record);
    }

    /// Remembers something that is about no robot.
    pub(super) fn note_of_none(&self, record: Record) {
        self.settings.journal.note(record);
    }

    /// A person, as the log names them, if they are here.
    pub(super) fn doer_of(&self, person: Option<&Person>) -> Option<Doer> {
        let person = person?;
        let client = self.clients().get(&person.id).map(|(_, client)| client.clone());
        Some(client.map_or_else(|| Doer { name: person.name.clone(), ..Doer::default() }, |client| client.doer()))
    }

    /// Notes when a robot stops for another reason than before, and when it is ready again. For robots whose agents
    /// are elsewhere: they tell their own log, not this one.
    pub(super) fn note_stops(&self, robot: &Robot, seen: &mut Seen, reason: Option<&Reason>) {
        let code = |reason: Option<&Reason>| reason.map(|reason| reason.code.clone());
        if code(seen.reason.as_ref()) == code(reason) && (seen.ready || reason.is_some()) {
            return;
        }
        match (reason, seen.reason.as_ref()) {
            // Until it was ready once it has not stopped, but not begun.
            (Some(reason), _) if seen.ready => {
                let driver = self.doer_of(robot.end.seat.borrow().holder.as_ref());
                self.note(robot, telling::heard(telling::stopped(reason, driver)));
            }
            (None, Some(over)) if seen.ready => self.note(robot, telling::heard(telling::ready(over))),
            (Some(_) | None, _) => {}
        }
        seen.ready |= reason.is_none();
        seen.reason = reason.cloned();
    }

    /// Somebody has stopped a robot whose agent is elsewhere, or reset its STOP.
    pub(super) fn note_of_remote(&self, robot: &Robot, client: &Client, kind: Kind, words: &str) {
        if robot.remote.is_some() {
            let text = format!("{} {words}", client.sender.person.name);
            self.note(robot, telling::heard(Record::new(kind, text).by(client.doer())));
        }
    }

    /// Fetches what was said at a robot before this program began.
    pub(super) async fn recall(&self, robot: &Arc<Robot>) {
        let most = Some(100);
        let events = SAID.iter().chain(&[Kind::Gap]).map(|kind| kind.name().to_owned()).collect();
        let until_ms = Some(clock::unix_millis());
        let said = LogRequest { events, robot: Some(robot.name.clone()), until_ms, most, ..LogRequest::default() };
        let entries = self.settings.journal.search(said).await.entries;
        robot.recent().precede(entries);
    }

    /// Searches the log.
    pub(super) fn search(&self, request: LogRequest) -> impl Future<Output = LogReply> + Send + 'static {
        let unknown = request.events.iter().find(|event| Kind::named(event).is_none()).cloned();
        let found = unknown.is_none().then(|| self.settings.journal.search(request));
        async move {
            match (found, unknown) {
                (Some(found), _) => found.await,
                (None, unknown) => {
                    let why = format!("the log has no entries of the kind {:?}", unknown.unwrap_or_default());
                    LogReply { why: Some(why), ..LogReply::default() }
                }
            }
        }
    }
}

impl Arrival<'_> {
    /// Searches the log.
    pub(super) fn log(&self, ack: AckSender) {
        let reply = |why: &str| LogReply { why: Some(why.to_owned()), ..LogReply::default() };
        if !self.may(Role::Operator) {
            acknowledge(ack, &reply("only an operator reads the log"));
        } else if let Some(request) = self.payload::<LogRequest>(name::LOG, usize::MAX) {
            let found = self.rooms.search(request);
            tokio::spawn(async move { acknowledge(ack, &found.await) });
        } else {
            acknowledge(ack, &reply("log was not understood"));
        }
    }
}

/// What somebody said, as the log and later guests read it.
pub(super) fn said(client: &Client, event: &str, arguments: &[Value]) -> Record {
    let kind = match event {
        name::CHAT => Kind::Chat,
        name::DIRECTION => Kind::Direction,
        _ => Kind::Topic,
    };
    let first = arguments.first().cloned().unwrap_or_default();
    // Some wrap it in an array.
    let first = if let Value::Array(mut inside) = first { inside.drain(..).next().unwrap_or_default() } else { first };
    let data = if kind == Kind::Topic { json!({"event": event, "args": arguments}) } else { json!(arguments) };
    let words = plain(&first);
    let text = if kind == Kind::Topic { format!("{event}: {words}") } else { words };
    Record::new(kind, text).by(client.doer()).with(data)
}

/// A value as people read it.
pub(super) fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn entry(record: &Record) -> Entry {
    Entry {
        id: 0,
        at_ms: clock::unix_millis(),
        event: record.kind.name().to_owned(),
        robot: record.robot.clone(),
        who: record.doer.as_ref().map(|doer| doer.name.clone()),
        device: record.doer.as_ref().and_then(|doer| doer.device),
        text: record.text.clone(),
        data: record.data.clone(),
    }
}
