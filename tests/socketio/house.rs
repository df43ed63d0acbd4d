//! Our relay, which can be stopped and started again, and an agent beside it that takes notes.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use joywire::access::gate::Gate;
use joywire::mailbox::{AgentEnd, mailbox};
use joywire::protocol::events::{Drive, RobotCard, Role};
use joywire::relay::{Relay, Settings};
use joywire::socketio::{Address, Client, Dial, Fingerprint, Incoming, Lost, Trust};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_util::sync::CancellationToken;

/// Longer than anything here should take, on a machine that does much else.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// A relay on a port of its own.
pub struct House {
    /// Its data directory.
    pub home: TempDir,
    /// Where it is.
    pub address: Address,
    /// Who may come in.
    pub gate: Arc<Gate>,
    /// Its authority's certificate.
    pub authority: Option<CertificateDer<'static>>,
    /// Samples of sticks that reached the agent.
    pub samples: UnboundedReceiver<Drive>,
    shutdown: CancellationToken,
    serving: JoinHandle<()>,
}

impl House {
    /// A relay that takes programs of this machine for its operators.
    pub fn open() -> Self {
        Self::with(|_| {})
    }

    /// One that knows nobody who was not let in by a code.
    pub fn closed() -> Self {
        Self::with(|settings| settings.local_operator = false)
    }

    /// One with these settings.
    pub fn with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::at(tempfile::tempdir().unwrap(), 0, change)
    }

    fn at(home: TempDir, port: u16, change: impl FnOnce(&mut Settings)) -> Self {
        let card = RobotCard { name: "Rover".into(), ..RobotCard::default() };
        let mut settings = Settings::new(port, card, home.path().to_owned());
        settings.limits.events_per_second = 1_000_000;
        settings.burst = 1_000_000;
        settings.bytes_per_second = u32::MAX;
        settings.confirm = false;
        change(&mut settings);
        let (relay_end, agent) = mailbox();
        let relay = Relay::bind(settings, Some(relay_end)).unwrap();
        let address = format!("https://localhost:{}", relay.local_addrs()[0].port()).parse().unwrap();
        let authority = relay.certificate().authority().map(|authority| CertificateDer::from(authority.der().to_vec()));
        let (gate, shutdown) = (relay.gate(), CancellationToken::new());
        let ending = shutdown.clone();
        let serving = tokio::spawn(async move { relay.serve(ending).await.unwrap() });
        let (note, samples) = unbounded_channel();
        tokio::spawn(take_notes(agent, note));
        Self { home, address, gate, authority, samples, shutdown, serving }
    }

    /// Stops it, and starts it again at the same place with what it has on disk.
    pub async fn restart(self, change: impl FnOnce(&mut Settings)) -> Self {
        let Self { home, address, gate, shutdown, serving, .. } = self;
        shutdown.cancel();
        timeout(PATIENCE, serving).await.unwrap().unwrap();
        // It holds the list of devices locked.
        drop(gate);
        Self::at(home, address.port(), change)
    }

    /// The usual way in.
    pub fn dial(&self) -> Dial {
        let trust = Trust::Authority(self.authority.clone().unwrap());
        Dial { address: self.address.clone(), trust, cookie: None, auth: json!({"name": "program"}) }
    }

    /// What its terminal shows for others to compare.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(self.authority.as_ref().unwrap())
    }

    /// A code for a device.
    pub fn code(&self, role: Role) -> String {
        self.gate.invite(role).unwrap().url.rsplit_once('#').unwrap().1.to_owned()
    }
}

async fn take_notes(agent: AgentEnd, note: tokio::sync::mpsc::UnboundedSender<Drive>) {
    loop {
        agent.arrived().await;
        for (_, sample) in agent.take().samples {
            // A test that has heard enough is no reason to stop.
            note.send(sample).ok();
        }
    }
}

/// What has come, without waiting for it: a wait that is given up at once.
pub async fn look(client: &mut Client) -> Option<Result<Incoming, Lost>> {
    let looked = match pin!(client.next()).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(looked) => Some(looked),
        Poll::Pending => None,
    };
    tokio::task::yield_now().await;
    looked
}

/// The arguments of the next event of this name; others are skipped.
pub async fn event(client: &mut Client, wanted: &str) -> Vec<Value> {
    let found = async {
        loop {
            match client.next().await {
                Ok(Incoming::Event { name, args, .. }) if name == wanted => return args,
                Ok(_) => {}
                Err(lost) => panic!("the connection ended before {wanted}: {lost}"),
            }
        }
    };
    timeout(PATIENCE, found).await.unwrap_or_else(|_| panic!("{wanted} did not come in time"))
}

/// The answer to the event with this number.
pub async fn answer(client: &mut Client, wanted: u64) -> Vec<Value> {
    let found = async {
        loop {
            match client.next().await {
                Ok(Incoming::Ack { id, args }) if id == wanted => return args,
                Ok(_) => {}
                Err(lost) => panic!("the connection ended before the answer: {lost}"),
            }
        }
    };
    timeout(PATIENCE, found).await.unwrap()
}
