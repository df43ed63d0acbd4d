//! How clients come in: who they are, which robot they are led to, and what they hear first.

use std::future::ready;
use std::sync::{Arc, PoisonError};

use serde_json::Value;
use socketioxide::extract::{AckSender, Event, SocketRef};
use socketioxide::socket::DisconnectReason;
use tokio::time::Instant;

use super::agents;
use super::auth::Visitor;
use super::client::{Client, refuse};
use super::event::Heard;
use super::fleet::Robot;
use super::fleet::naming::{self, Choice};
use super::limits::allowance::Allowance;
use super::rooms::{OPERATORS, Rooms, WELCOMED};
use crate::mailbox::Sender;
use crate::metrics::Rejection;
use crate::protocol::events::{self, Person, Refused, Role, Welcome, name};
use crate::protocol::journal::History;

/// Longest name of a person, characters.
const PERSON_CHARS: usize = 32;

impl Rooms {
    /// Lets a client in: its handlers first, then `welcome`, then the room.
    pub(super) fn enter(self: &Arc<Self>, socket: &SocketRef, auth: Option<&Value>) {
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
                rooms.sessions().end(&socket.id.to_string(), Instant::now());
                line.cancel();
            } else {
                rooms.sessions().left(&socket.id.to_string());
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
        if !robot.is_lobby() {
            let history = History { entries: robot.recent().all() };
            if let Err(error) = socket.emit(name::HISTORY, &history) {
                tracing::debug!(id, %error, "could not tell what was said before");
            }
        }
        socket.join([WELCOMED.to_owned(), robot.room(), client.slice()]);
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
    pub(super) fn choose(&self, asked: Option<&str>, home: Option<&str>, role: Role) -> (Arc<Robot>, Option<String>) {
        let robots = self.fleet().robots();
        let names: Vec<&str> = robots.iter().map(|robot| robot.name.as_str()).collect();
        let lobby = || self.fleet().lobby().clone();
        match naming::choose(asked, home, role, &names, self.fleet().own()) {
            Choice::Robot(name) => (self.fleet().named(name).unwrap_or_else(lobby), None),
            Choice::Waits(name) => (lobby(), Some(format!("{name} is not connected to this relay"))),
            Choice::Belongs(name) => {
                (lobby(), Some(format!("this device is for {name} alone: an operator can say otherwise")))
            }
            Choice::Chooses => (lobby(), None),
        }
    }

    /// Leads clients that have no robot to the one that they wait for, if it is there now.
    pub(super) fn lead_who_waits(&self) {
        let waiting: Vec<_> =
            self.clients().values().filter(|(_, client)| client.robot().is_lobby()).cloned().collect();
        for (socket, client) in waiting {
            let (robot, _) = self.choose(client.asked.as_deref(), client.home.as_deref(), client.sender.role);
            if !robot.is_lobby() {
                socket.leave(vec![self.fleet().lobby().room(), client.slice()]);
                client.move_to(robot);
                self.show_in(&socket, &client);
            }
        }
    }

    fn admit(&self, socket: &SocketRef, auth: Option<&Value>) -> Option<Arc<Client>> {
        // Without the doorman's word nobody is anybody.
        let visitor = socket.req_parts().extensions.get::<Visitor>()?.clone();
        if !self.sessions().enter(&socket.id.to_string(), &visitor, Instant::now()) || self.is_barred(visitor.who()) {
            self.meter().rejected(Rejection::Barred);
            return None;
        }
        let mut clients = self.clients();
        if clients.len() >= self.settings.connections {
            self.meter().rejected(Rejection::Full);
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
        self.meter().came(client.sender.role, client.device.is_some());
        self.note(&client.robot(), client.arrival());
        if let Some(why) = why {
            let refused = Refused { event: name::WELCOME.to_owned(), code: "robot".to_owned(), why };
            // Heard after the welcome: this one is passed on by a task of its own.
            let (socket, client) = (socket.clone(), client.clone());
            tokio::spawn(async move { refuse(&client, &socket, &refused, Instant::now()) });
        }
        if let Some(device) = client.device {
            self.gate().came(device);
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
            robots: self.fleet().summaries(),
            limits: self.settings.limits,
            seat: robot.end.seat.borrow().clone(),
            telemetry: robot.end.telemetry.borrow().clone(),
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
