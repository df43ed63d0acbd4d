//! A relay with clients over TLS, all of them on the one thread that counts: one thing is said, and heard by all whom it
//! concerns, before the next one is said. So every run does the same.

use std::pin::Pin;

use joywire::mailbox::{AgentEnd, mailbox};
use joywire::protocol::events::{Drive, RobotCard, Telemetry, name};
use joywire::relay::{Relay, Settings};
use joywire::socketio::{Client, Dial, Incoming, Trust};
use serde_json::json;
use tokio::runtime::Builder;
use tokio::task::JoinHandle;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_util::sync::CancellationToken;

use super::time;

/// A relay, its clients, and the agent's end of its mailbox.
pub struct House {
    /// The one that speaks, and those that only listen.
    clients: Vec<Client>,
    agent: AgentEnd,
}

/// What is done in it.
type Work = for<'a> fn(&'a mut House, u64) -> Pin<Box<dyn Future<Output = ()> + 'a>>;

impl House {
    /// Opens a house with so many listeners beside the one client, and does something there so many times.
    pub fn work(listeners: usize, work: Work, rounds: u64) -> u128 {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let home = tempfile::tempdir().unwrap();
        let (shutdown, mut house, serving) = runtime.block_on(Self::open(home.path(), listeners));
        // The first rounds fill buffers.
        runtime.block_on(work(&mut house, 20));
        let took = time::of(|| runtime.block_on(work(&mut house, rounds)));
        shutdown.cancel();
        drop(house);
        runtime.block_on(serving).unwrap();
        took
    }

    async fn open(home: &std::path::Path, listeners: usize) -> (CancellationToken, Self, JoinHandle<()>) {
        let card = RobotCard { name: "Rover".into(), ..RobotCard::default() };
        let mut settings = Settings::new(0, card, home.to_owned());
        settings.limits.events_per_second = 1_000_000;
        settings.burst = 1_000_000;
        settings.bytes_per_second = u32::MAX;
        settings.deliveries_per_second = u32::MAX;
        let (relay_end, agent) = mailbox();
        let relay = Relay::bind(settings, Some(relay_end)).unwrap();
        let address = format!("https://127.0.0.1:{}", relay.local_addrs()[0].port()).parse().unwrap();
        let authority = CertificateDer::from(relay.certificate().authority().unwrap().der().to_vec());
        let dial = Dial { address, trust: Trust::Authority(authority), cookie: None, auth: json!({"name": "program"}) };
        let shutdown = CancellationToken::new();
        let ending = shutdown.clone();
        let serving = tokio::spawn(async move { relay.serve(ending).await.unwrap() });
        let mut clients = Vec::new();
        for _ in 0..=listeners {
            let mut client = Client::connect(&dial).await.unwrap();
            hears(&mut client, name::WELCOME).await;
            clients.push(client);
        }
        let house = Self { clients, agent };
        (shutdown, house, serving)
    }

    /// Stick samples, from a client's hand to the agent's mailbox.
    pub fn samples(&mut self, rounds: u64) -> Pin<Box<dyn Future<Output = ()> + '_>> {
        Box::pin(async move {
            let Self { clients, agent } = self;
            for round in 0..rounds {
                let seq = u32::try_from(round).unwrap();
                let sample = Drive {
                    seq,
                    x: 0.25,
                    y: 0.75,
                    strafe: 0.0,
                    motors: None,
                    tick: Some(123_456),
                    session: Some(7_654_321),
                    epoch: 3,
                };
                clients[0].latest(1, name::DRIVE, &[serde_json::to_value(sample).unwrap()]);
                loop {
                    tokio::select! {
                        biased;
                        () = agent.arrived() => break,
                        said = clients[0].next() => drop(said.unwrap()),
                    }
                }
                assert_eq!(agent.take().samples[0].1.seq, seq);
            }
        })
    }

    /// Events of a name that means nothing here, from a client to everybody and so back to it.
    pub fn events(&mut self, rounds: u64) -> Pin<Box<dyn Future<Output = ()> + '_>> {
        Box::pin(async move {
            for round in 0..rounds {
                assert!(self.clients[0].emit("topic", &[json!({"number": round % 10, "text": "one that is relayed"})]));
                hears(&mut self.clients[0], "topic").await;
            }
        })
    }

    /// Snapshots of a robot, to everybody.
    pub fn snapshots(&mut self, rounds: u64) -> Pin<Box<dyn Future<Output = ()> + '_>> {
        Box::pin(async move {
            for round in 0..rounds {
                let tick = Some(100_000 + u32::try_from(round % 1000).unwrap());
                self.agent.publish(Telemetry { tick, wheels: vec![250, 750], ..Telemetry::default() });
                for client in &mut self.clients {
                    hears(client, name::TELEMETRY).await;
                }
            }
        })
    }
}

/// Waits until a client hears an event of this name.
async fn hears(client: &mut Client, wanted: &str) {
    loop {
        if let Incoming::Event { name, .. } = client.next().await.unwrap()
            && name == wanted
        {
            return;
        }
    }
}
