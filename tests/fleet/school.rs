//! School: a relay in this process, and devices that are let in at its gate at once.

use std::sync::Arc;

use joywire::access::gate::{Gate, Welcome};
use joywire::journal::Doer;
use joywire::protocol::access::AccessRequest;
use joywire::protocol::events::{RobotCard, Role};
use joywire::relay::{Relay, Settings};
use joywire::socketio;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::socketio_client::Dial;

/// A relay without a robot of its own.
pub struct School {
    _home: TempDir,
    pub gate: Arc<Gate>,
    dial: Dial,
    _open: DropGuard,
}

/// What agents tell of a robot.
pub fn card(name: &str) -> RobotCard {
    RobotCard { name: name.to_owned(), simulated: true, wheels: "differential".to_owned(), ..RobotCard::default() }
}

impl School {
    /// Everyone must pair, and is in with a code alone.
    pub fn open() -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut settings = Settings::new(0, card("relay"), home.path().to_owned());
        (settings.confirm, settings.local_operator) = (false, false);
        let relay = Relay::bind(settings, None).unwrap();
        let (dial, gate) = (Dial::new(relay.local_addrs()[0], home.path()), relay.gate());
        let shutdown = CancellationToken::new();
        let stopping = shutdown.clone();
        tokio::spawn(async move { relay.serve(stopping).await.unwrap() });
        Self { _home: home, gate, dial, _open: shutdown.drop_guard() }
    }

    /// A device that is let in.
    pub async fn device(&self, role: Role, name: &str, robot: Option<&str>) -> Dial {
        let invite = AccessRequest::Invite { role, robot: robot.map(str::to_owned) };
        let url = self.gate.ask(invite, Doer::here()).await.invite.unwrap().url;
        let code = url.rsplit_once('#').unwrap().1;
        let Welcome::Admitted(admission) = self.gate.knock(code, name, None).await.unwrap() else {
            panic!("{name} must wait")
        };
        let session = format!("__Host-joywire-{}={}", self.dial.to.port(), admission.token.text());
        Dial { session: Some(session), ..self.dial.clone() }
    }

    /// An agent's way to it.
    pub async fn agent(&self, name: &str) -> socketio::Dial {
        dial_of_ours(&self.device(Role::Agent, name, None).await)
    }

    /// The number of a device that was let in.
    pub fn number(&self, name: &str) -> u64 {
        self.gate.access().devices.iter().find(|device| device.name == name).unwrap().id
    }
}

/// The same way for a program that uses our own client.
pub fn dial_of_ours(dial: &Dial) -> socketio::Dial {
    socketio::Dial {
        address: format!("https://{}", dial.host()).parse().unwrap(),
        trust: socketio::Trust::Authority((*dial.certificate).clone()),
        cookie: dial.session.clone(),
        auth: json!({ "agent": true }),
    }
}

/// `auth` that asks for a robot.
pub fn robot(name: &str) -> Value {
    json!({ "robot": name })
}
