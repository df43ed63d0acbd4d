//! How phones reach this machine: its addresses and names, chosen at the start and followed as they change.

use std::io;
use std::net::IpAddr;
use std::time::Duration;

use anyhow::bail;
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use super::terminal::{self, say};
use crate::config::Config;
use crate::network::hostname;
use crate::network::interface::{self, Likelihood, Reachable};
use crate::network::list;

/// A new address is noticed within this.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// Longest name in the name system, characters.
const NAME_CHARS: usize = 253;

/// The ways to this machine.
#[derive(Clone, Debug)]
pub struct Phones {
    /// What the configuration says. It may be someone else's to give, such as a router's, so it is not doubted.
    told: Option<String>,
    /// What the person chose from this machine's addresses; it counts as long as it is one of them.
    chosen: Option<String>,
    /// This machine's name on the local network, if it is told there.
    local_name: Option<String>,
}

impl Phones {
    /// Finds the ways; asks if several are as likely and someone can answer.
    ///
    /// # Errors
    /// If `server.host` is neither an address nor a name.
    pub fn choose(config: &Config) -> anyhow::Result<Self> {
        let server = &config.server;
        let local_name = server.mdns.then(|| format!("{}.local", hostname::label(&config.robot.name)));
        let (told, chosen) = match server.host.as_str() {
            "" => (None, ask(&ranked())?),
            host => (Some(written(host)?), None),
        };
        Ok(Self { told, chosen, local_name })
    }

    /// Every name of this machine, as it stands in an address: the one that phones are told first.
    pub fn hosts(&self) -> Vec<String> {
        let ranked = ranked();
        let likely = ranked.iter().filter(|way| way.likelihood == Likelihood::Likely);
        let unlikely = ranked.iter().filter(|way| way.likelihood == Likelihood::Unlikely);
        let own: Vec<String> = likely.chain(unlikely).map(|way| bracketed(way.interface.address)).collect();
        let chosen = self.chosen.iter().filter(|host| own.contains(host));
        let mut hosts: Vec<String> = Vec::new();
        for host in self.told.iter().chain(chosen).cloned().chain(own.iter().cloned()).chain(self.local_name.clone()) {
            if !hosts.contains(&host) {
                hosts.push(host);
            }
        }
        hosts
    }

    /// Keeps `hosts` up to date for ever.
    pub async fn follow(self, hosts: watch::Sender<Vec<String>>) {
        loop {
            sleep(LOOK_AGAIN).await;
            let phones = self.clone();
            // The system answers from memory, but nothing that drives waits for it.
            let Ok(now) = spawn_blocking(move || phones.hosts()).await else { return };
            hosts.send_if_modified(|before| {
                let changed = *before != now;
                if changed {
                    tracing::info!(hosts = ?now, "the addresses of this machine have changed");
                    *before = now;
                }
                changed
            });
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
fn ask(ranked: &[Reachable]) -> io::Result<Option<String>> {
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
    Ok(chosen.map(|way| bracketed(way.interface.address)))
}

/// `server.host` as it stands in an address.
fn written(host: &str) -> anyhow::Result<String> {
    if let Ok(address) = host.trim_matches(['[', ']']).parse::<IpAddr>() {
        return Ok(bracketed(address));
    }
    let label =
        |label: &str| !label.is_empty() && label.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-');
    if host.len() > NAME_CHARS || !host.split('.').all(label) {
        bail!(
            "server.host is \"{host}\", but must be an address such as 192.168.1.5 or a name such as robot.example.org, without port"
        );
    }
    Ok(host.to_ascii_lowercase())
}

fn bracketed(address: IpAddr) -> String {
    match address {
        IpAddr::V4(four) => four.to_string(),
        IpAddr::V6(six) => format!("[{six}]"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: a host is an address or a name, and nothing that a browser would read as something else.
    #[test]
    fn host_is_an_address_or_a_name() {
        for (given, host) in [
            ("192.168.1.5", "192.168.1.5"),
            ("fd00::1", "[fd00::1]"),
            ("[fd00::1]", "[fd00::1]"),
            ("Robot.Example.org", "robot.example.org"),
        ] {
            assert_eq!(written(given).unwrap(), host);
        }
        for wrong in
            ["a b", "robot:8080", "https://robot", "robot/", "ro..bot", "é.example", "user@robot", "192.168.1.5:80"]
        {
            assert!(written(wrong).is_err(), "{wrong}");
        }
    }
}
