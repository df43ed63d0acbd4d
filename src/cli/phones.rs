//! How phones reach this machine: its addresses and names, chosen at the start and followed as they change.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use super::terminal::{self, say};
use crate::certificate::Name;
use crate::config::Config;
use crate::network::advertise::Advertisement;
use crate::network::hostname;
use crate::network::interface::{self, Likelihood, Reachable};
use crate::network::list;

/// A new address is noticed within this.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// The names of this machine, as they are now.
#[derive(Debug)]
pub struct Names {
    /// All of them, the one that phones are told first.
    pub all: watch::Sender<Vec<Name>>,
    /// Those that the certificate is to be good for.
    pub vouched: watch::Sender<Vec<Name>>,
}

impl Names {
    /// As they are; none, if there are no phones.
    pub fn new(phones: Option<&Phones>) -> Self {
        let all = phones.map(Phones::names).unwrap_or_default();
        let vouched = phones.map(|phones| phones.vouched(&all)).unwrap_or_default();
        Self { all: watch::Sender::new(all), vouched: watch::Sender::new(vouched) }
    }
}

/// The ways to this machine.
#[derive(Clone, Debug)]
pub struct Phones {
    /// What the configuration says. It may be someone else's to give, such as a router's, so it is not doubted.
    told: Option<Name>,
    /// What the person chose from this machine's addresses; it counts as long as it is one of them.
    chosen: Option<Name>,
    /// This machine's name on the local network, if it is told there.
    local_name: Option<Name>,
}

impl Phones {
    /// Finds the ways; asks if several are as likely and someone can answer.
    ///
    /// # Errors
    /// If `server.host` is neither an address nor a name.
    pub fn choose(config: &Config) -> anyhow::Result<Self> {
        let server = &config.server;
        let local_name = server.mdns.then(|| Name::Dns(format!("{}.local", hostname::label(&config.robot.name))));
        let (told, chosen) = match server.host.as_str() {
            "" => (None, ask(&ranked())?),
            host => (Some(host.parse().context("server.host does not do; write it without port")?), None),
        };
        Ok(Self { told, chosen, local_name })
    }

    /// Every name of this machine, the one that phones are told first.
    fn names(&self) -> Vec<Name> {
        let ranked = ranked();
        let likely = ranked.iter().filter(|way| way.likelihood == Likelihood::Likely);
        let unlikely = ranked.iter().filter(|way| way.likelihood == Likelihood::Unlikely);
        let own: Vec<Name> = likely.chain(unlikely).map(|way| Name::Ip(way.interface.address)).collect();
        let chosen = self.chosen.iter().filter(|name| own.contains(name));
        // A name without an address leads nowhere.
        let local_name = self.local_name.iter().filter(|_| !own.is_empty());
        let mut names: Vec<Name> = Vec::new();
        for name in self.told.iter().chain(chosen).chain(&own).chain(local_name) {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        names
    }

    /// Those of them that the certificate is to be good for. What we were told is among them in any case: if our own
    /// authority may not vouch for it, that is to be said.
    fn vouched(&self, names: &[Name]) -> Vec<Name> {
        names.iter().filter(|name| name.is_private() || self.told.as_ref() == Some(name)).cloned().collect()
    }

    /// Keeps `names` up to date for ever.
    pub async fn follow(mut self, names: Names, advertisement: Option<Arc<Advertisement>>) {
        loop {
            sleep(LOOK_AGAIN).await;
            if let Some(advertisement) = &advertisement {
                // Of two robots with one name, one gets another.
                self.local_name = advertisement.host().parse().ok();
            }
            let phones = self.clone();
            // The system answers from memory, but nothing that drives waits for it.
            let Ok(now) = spawn_blocking(move || phones.names()).await else { return };
            if *names.all.borrow() != now {
                tracing::info!(names = ?now, "the addresses of this machine have changed");
                names.vouched.send_replace(self.vouched(&now));
                names.all.send_replace(now);
            }
        }
    }
}

fn ranked() -> Vec<Reachable> {
    let interfaces = list::list().unwrap_or_else(|error| {
        tracing::warn!(%error, "cannot list the network interfaces");
        Vec::new()
    });
    interface::rank(&interfaces)
}

/// Which address, if several are as likely and someone can answer.
fn ask(ranked: &[Reachable]) -> io::Result<Option<Name>> {
    if !interface::several_make_sense(ranked) || !terminal::is_attended() {
        return Ok(None);
    }
    let likely: Vec<_> = ranked.iter().filter(|way| way.likelihood == Likelihood::Likely).collect();
    say("This machine is in several networks. In which one are the phones?");
    for (number, way) in likely.iter().enumerate() {
        say(&format!("  {}  {:<24} {} ({})", number + 1, way.interface.address, way.reason, way.interface.name));
    }
    terminal::prompt("Its number [1]:");
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    let number: usize = line.trim().parse().unwrap_or(1);
    let chosen = likely.get(number.saturating_sub(1)).or(likely.first());
    Ok(chosen.map(|way| Name::Ip(way.interface.address)))
}
