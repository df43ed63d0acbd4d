//! The front of a running program: how phones find it, the control socket, and the reception in its terminal.

use std::path::Path;
use std::sync::Arc;
use std::thread;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::phones::{Names, Phones};
use super::reception::{Door, Reception};
use super::runtime;
use super::terminal::{self, say};
use crate::access::control::Control;
use crate::access::gate::Gate;
use crate::certificate::Name;
use crate::config::Config;
use crate::network::advertise::Advertisement;
use crate::network::hostname;
use crate::protocol::events::Role;
use crate::relay::Relay;

/// What is open beside the relay. It closes with this value.
#[derive(Debug)]
pub struct Front {
    tasks: Vec<JoinHandle<()>>,
    _advertisement: Option<Arc<Advertisement>>,
}

impl Front {
    /// Opens the front of `relay`. What does not open is said, and no reason not to drive.
    pub fn open(config: &Config, relay: &Relay, phones: Option<Phones>, names: Names) -> Self {
        let gate = relay.gate();
        let port = relay.local_addrs().first().map_or(0, std::net::SocketAddr::port);
        let mut tasks = Vec::new();
        tasks.extend(control(relay.access(), gate.clone()));
        let mut advertisement = None;
        if let Some(phones) = phones {
            announce(relay, &names, port);
            tasks.push(tokio::spawn(follow(gate.clone(), names.all.subscribe(), port)));
            advertisement = config.server.mdns.then(|| advertise(&config.robot.name, port)).flatten().map(Arc::new);
            if let Some(advertisement) = &advertisement {
                tasks.push(tokio::spawn(tell_robots(relay.robots(), config.robot.name.clone(), advertisement.clone())));
            }
            tasks.push(tokio::spawn(phones.follow(names, advertisement.clone())));
            receive(gate);
        }
        Self { tasks, _advertisement: advertisement }
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// Says where phones find the robot, and how their browsers come to trust it.
fn announce(relay: &Relay, names: &Names, port: u16) {
    let (all, vouched) = (names.all.borrow(), names.vouched.borrow());
    let Some((first, others)) = all.split_first() else {
        say("no phone can reach this machine: connect it to a network; the code will then lead here");
        return;
    };
    let others: Vec<String> = others.iter().map(|name| name.https(port)).collect();
    let also = if others.is_empty() { String::new() } else { format!(", also at {}", others.join(", ")) };
    say(&format!("phones find it at {}{also}", first.https(port)));
    let Some(authority) = relay.certificate().authority() else { return };
    if !vouched.contains(first) {
        say(&format!("their browsers will go on warning: Joywire vouches for private addresses, which {first} is not"));
        return;
    }
    let trust = relay.trust_addrs().first().map(|address| first.https(address.port()).replacen("https", "http", 1));
    let trust = trust.unwrap_or_else(|| first.https(port));
    say(&format!("their browsers warn until they know this machine's certificate: {trust}/trust"));
    say(&format!("its fingerprint, to be compared there: {}", authority.fingerprint()));
}

fn control(dir: &Path, gate: Arc<Gate>) -> Option<JoinHandle<()>> {
    match Control::open(dir) {
        Ok(control) => Some(tokio::spawn(control.serve(gate))),
        Err(error) => {
            let dir = dir.display();
            tracing::warn!(%dir, %error, "`joywire pair` and `joywire devices` will not reach this program");
            None
        }
    }
}

/// Leads new codes to where phones find us now.
async fn follow(gate: Arc<Gate>, mut hosts: watch::Receiver<Vec<Name>>, port: u16) {
    loop {
        let first = hosts.borrow_and_update().first().map(|name| name.https(port));
        gate.move_to(&first.unwrap_or_else(|| format!("https://localhost:{port}")));
        if hosts.changed().await.is_err() {
            return;
        }
    }
}

/// Tells the network each robot that has dialled in, for as long as it is here.
async fn tell_robots(mut robots: watch::Receiver<Vec<String>>, own: String, advertisement: Arc<Advertisement>) {
    loop {
        // The first is told anyway.
        let others: Vec<String> = robots.borrow_and_update().iter().filter(|name| **name != own).cloned().collect();
        advertisement.tell(&others);
        if robots.changed().await.is_err() {
            return;
        }
    }
}

fn advertise(name: &str, port: u16) -> Option<Advertisement> {
    match Advertisement::start(&hostname::label(name), name, port) {
        Ok(advertisement) => Some(advertisement),
        Err(error) => {
            tracing::warn!(%error, "the robot's name is not told on the network; its address works");
            None
        }
    }
}

/// Opens the reception, on a thread of its own: a terminal that is paused holds up whoever writes to it, and that must
/// not be the thread that drives. It ends with the program, as it may wait for a line that nobody types.
fn receive(gate: Arc<Gate>) {
    // A code is a key: it goes to a person's screen and into no file.
    let role = terminal::is_watched().then_some(Role::Driver);
    if role.is_none() {
        say("`joywire pair` shows a code that lets a phone in");
    }
    let work = move || {
        let received = runtime().and_then(|runtime| {
            let reception = Reception::new(Door::Here(gate), role, None)?;
            runtime.block_on(reception.receive(false))
        });
        if let Err(error) = received {
            tracing::warn!(%error, "no more codes are shown here; `joywire pair` shows one");
        }
    };
    if let Err(error) = thread::Builder::new().name("reception".into()).spawn(work) {
        tracing::warn!(%error, "no codes are shown here; `joywire pair` shows one");
    }
}
