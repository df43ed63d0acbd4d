//! Operators at the relay: they begin, end, list and download recordings; nobody else does.

use std::sync::Arc;
use std::time::Duration;

use joywire::access::gate::{Gate, Welcome};
use joywire::agent::controller;
use joywire::agent::{self, Agent};
use joywire::cable::{Cable, Plug};
use joywire::clock::Clock;
use joywire::drive::Rules;
use joywire::journal::{Doer, Journal};
use joywire::mailbox::mailbox;
use joywire::protocol::access::AccessRequest;
use joywire::protocol::events::{RobotCard, Role};
use joywire::recording::Recorder;
use joywire::relay::{Relay, Settings};
use joywire::robot::body::Build;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::sleep;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::deck::settings;
use crate::socketio_client::{Client, Dial};

/// Relay and agent in this process, with recordings.
struct House {
    home: TempDir,
    gate: Arc<Gate>,
    dial: Dial,
    _open: DropGuard,
}

impl House {
    fn open() -> Self {
        let home = tempfile::tempdir().unwrap();
        let card = RobotCard { name: "Rover".to_owned(), simulated: true, ..RobotCard::default() };
        let mut relay = Settings::new(0, card, home.path().to_owned());
        (relay.confirm, relay.local_operator) = (false, false);
        relay.recordings = Some(home.path().join("recordings"));
        let (relay_end, agent_end) = mailbox();
        let relay = Relay::bind(relay, Some(relay_end)).unwrap();
        let (dial, gate) = (Dial::new(relay.local_addrs()[0], home.path()), relay.gate());
        let clock = Clock::start();
        let (recorder, tape) = Recorder::start(settings(&home.path().join("recordings")), clock).unwrap();
        let plug = Plug::Simulated { build: Build::default(), boot_count: 3 };
        let controller = controller::Settings { rules: Rules::default(), dimensions: None, seed: 5 };
        let (name, journal) = ("Rover".to_owned(), Journal::none());
        let dir = home.path().join("agent");
        let of = agent::Settings { controller, step: Duration::from_millis(20), dir, name, journal };
        let agent = Agent::new(of, Cable::plug_in(plug, 115_200, clock).unwrap(), agent_end, clock).unwrap();
        let shutdown = CancellationToken::new();
        tokio::spawn(agent.with_tape(tape, false).run(shutdown.clone()));
        let stopping = shutdown.clone();
        tokio::spawn(async move { relay.serve(stopping).await.unwrap() });
        // It ends by itself with the agent.
        drop(recorder);
        Self { home, gate, dial, _open: shutdown.drop_guard() }
    }

    async fn device(&self, role: Role) -> Dial {
        let invite = AccessRequest::Invite { role, robot: None };
        let url = self.gate.ask(invite, Doer::here()).await.invite.unwrap().url;
        let code = url.rsplit_once('#').unwrap().1;
        let Welcome::Admitted(admission) = self.gate.knock(code, "phone", None).await.unwrap() else {
            panic!("it must wait")
        };
        let session = format!("__Host-joywire-{}={}", self.dial.to.port(), admission.token.text());
        Dial { session: Some(session), ..self.dial.clone() }
    }
}

async fn asks(client: &mut Client, what: &str) -> Value {
    client.ask("recordings", &[json!({ "do": what })]).await.remove(0)
}

async fn get(dial: &Dial, path: &str) -> (u16, String) {
    dial.http(&format!("GET {path}"), "", "").await
}

/// Goal: operators record, everybody sees that it is recorded, and operators alone get the file; while it is being
/// written as far as it is, and whole afterwards.
#[tokio::test(flavor = "multi_thread")]
async fn operators_record_list_and_download() {
    let house = House::open();
    let teacher = house.device(Role::Operator).await;
    let mut operator = teacher.client().await;
    let list = asks(&mut operator, "list").await;
    assert_eq!(
        (&list["ok"], &list["running"], &list["recordings"]),
        (&json!(true), &json!(false), &json!([])),
        "{list}"
    );
    let mut watcher = house.device(Role::Viewer).await.client().await;
    let begun = asks(&mut operator, "start").await;
    assert!(begun["ok"] == true && begun["running"] == true, "{begun}");
    while watcher.event_named("telemetry").await[0]["recording"] != true {}
    sleep(Duration::from_millis(800)).await;
    let list = asks(&mut operator, "list").await;
    let recording = &list["recordings"][0];
    assert!(recording["running"] == true && recording["here"] == true && recording["robot"] == "Rover", "{list}");
    let path = format!("/recordings/{}", recording["name"].as_str().unwrap());
    let (status, unfinished) = get(&teacher, &path).await;
    assert!(status == 200 && unfinished.len() > 10_000, "{status}");

    let ended = asks(&mut operator, "stop").await;
    assert!(ended["ok"] == true && ended["running"] == false, "{ended}");
    while watcher.event_named("telemetry").await[0]["recording"] != false {}
    let bytes = ended["recordings"][0]["bytes"].as_u64().unwrap();
    let (status, whole) = get(&teacher, &path).await;
    let (head, _) = whole.split_once("\r\n\r\n").unwrap();
    let head = head.to_lowercase();
    assert!(status == 200 && head.contains(&format!("content-length: {bytes}")), "{head}");
    assert!(head.contains("content-disposition: attachment; filename=\"rover-"), "{head}");
    assert!(head.contains("accept-ranges: none"), "{head}");
    assert!(head.contains("x-content-type-options: nosniff"), "{head}");
}

/// Goal: viewers, drivers and strangers neither record, nor see which recordings there are, nor get one; and no name leads
/// anywhere else.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_gets_recordings() {
    let house = House::open();
    let name = "rover-2026-11-28-101500.mcap";
    std::fs::write(house.home.path().join("recordings").join(name), "secret").unwrap();
    std::os::unix::fs::symlink(house.home.path().join("agent/latch"), house.home.path().join("recordings/link.mcap"))
        .unwrap();
    let path = format!("/recordings/{name}");
    for role in [Role::Viewer, Role::Driver] {
        let dial = house.device(role).await;
        let mut client = dial.client().await;
        for what in ["list", "start", "stop"] {
            let reply = asks(&mut client, what).await;
            assert!(reply["ok"] == false && reply["recordings"] == json!([]), "{role:?} {what}: {reply}");
        }
        assert_eq!(get(&dial, &path).await.0, 403, "{role:?}");
    }
    let (status, said) = get(&house.dial, &path).await;
    assert!(status == 403 && !said.contains("secret"), "{said}");
    let teacher = house.device(Role::Operator).await;
    assert!(get(&teacher, &path).await.1.ends_with("secret"));
    for bad in [
        "../agent/latch",
        "..%2fagent%2flatch",
        "link.mcap",
        "none.mcap",
        "",
        ".",
        "a/../rover.mcap",
        "rover-2026-11-28-101500.mcap%00",
    ] {
        let (status, said) = get(&teacher, &format!("/recordings/{bad}")).await;
        assert!(status == 404 && !said.contains("joywire latch"), "{bad}: {status} {said}");
    }
}
