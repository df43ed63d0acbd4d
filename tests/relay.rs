//! The relay by its sockets: real TLS, a client that can misbehave, and an agent that takes notes.

#[path = "common/socketio_client.rs"]
#[expect(dead_code, reason = "other tests use more of it")]
mod socketio_client;

use std::net::{IpAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::Duration;

use joywire::mailbox::{AgentEnd, Command, RelayEnd, Remark, mailbox};
use joywire::protocol::calibration::CalibrateReply;
use joywire::protocol::events::{
    Direction, Drive, Refused, ResetReply, RobotCard, SeatReply, SeatView, StopReply, Telemetry,
};
use joywire::protocol::journal::RecordingsReply;
use joywire::relay::{Relay, Settings};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_util::sync::CancellationToken;

use socketio_client::{Dial, PATIENCE, packet, read_to_end};

/// What the agent noted, by whom.
#[derive(Debug, PartialEq)]
enum Note {
    Drive(u64, Drive),
    Direction(u64, Direction),
    Chat(u64, Value),
    Stop(u64, String),
    Gone(u64),
    Other(u64),
}

/// A relay on a free port with an agent behind it.
struct World {
    home: TempDir,
    dial: Dial,
    agent: Arc<AgentEnd>,
    notes: UnboundedReceiver<Note>,
    shutdown: CancellationToken,
    serving: JoinHandle<()>,
}

fn card() -> RobotCard {
    RobotCard {
        name: "Rover".into(),
        color: "#3cb44b".into(),
        simulated: true,
        wheels: "differential".into(),
        strafe: false,
        track_m: Some(0.15),
        top_speed_mps: None,
    }
}

impl World {
    /// A relay with limits so wide that they do not matter.
    fn new() -> Self {
        Self::with(|settings| {
            settings.limits.events_per_second = 1_000_000;
            settings.burst = 1_000_000;
            settings.deliveries_per_second = u32::MAX;
            settings.bytes_per_second = u32::MAX;
        })
    }

    fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let home = tempfile::tempdir().expect("a directory");
        let mut settings = Settings::new(0, card(), home.path().to_owned());
        change(&mut settings);
        let (relay_end, agent_end) = mailbox();
        let relay = Relay::bind(settings, Some(relay_end)).expect("a free port");
        let dial = Dial::new(relay.local_addrs()[0], home.path());
        let shutdown = CancellationToken::new();
        let stopping = shutdown.clone();
        let serving = tokio::spawn(async move { relay.serve(stopping).await.expect("the relay serves") });
        let agent = Arc::new(agent_end);
        let (note, notes) = unbounded_channel();
        let noting = agent.clone();
        // On a thread of its own, so that its answers come when they like.
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
            runtime.block_on(take_notes(noting, note));
        });
        Self { home, dial, agent, notes, shutdown, serving }
    }

    async fn note(&mut self) -> Note {
        timeout(PATIENCE, self.notes.recv()).await.expect("the agent notes something in time").expect("the agent lives")
    }

    /// Waits for a note.
    async fn noted(&mut self, wanted: &Note) {
        while self.note().await != *wanted {}
    }
}

/// An agent that says yes to everything, answers as the original's does, and notes what it heard.
async fn take_notes(agent: Arc<AgentEnd>, notes: UnboundedSender<Note>) {
    loop {
        agent.arrived().await;
        let delivery = agent.take();
        for (sender, command) in delivery.commands {
            let id = sender.person.id;
            let note = match command {
                Command::Direction(direction) => {
                    agent.remark(Remark::Reply(json!(direction)));
                    Note::Direction(id, direction)
                }
                Command::Chat(line) => {
                    agent.remark(Remark::Reply(line.clone()));
                    Note::Chat(id, line)
                }
                Command::Seat(_, answer) => {
                    let seat = SeatView { holder: Some(sender.person), epoch: 1, queue: Vec::new() };
                    drop(answer.send(SeatReply { ok: true, why: None, seat: seat.clone() }));
                    agent.publish_seat(seat);
                    Note::Other(id)
                }
                Command::Stop(reason, answer) => {
                    drop(answer.send(StopReply { ok: true, why: None }));
                    Note::Stop(id, reason)
                }
                Command::Reset(_, answer) => {
                    drop(answer.send(ResetReply { ok: true, nonce: Some(7), why: None }));
                    Note::Other(id)
                }
                Command::Recordings(_, answer) => {
                    drop(answer.send(RecordingsReply::default()));
                    Note::Other(id)
                }
                Command::Calibrate(_, answer) => {
                    drop(answer.send(CalibrateReply { ok: true, ..CalibrateReply::default() }));
                    Note::Other(id)
                }
                Command::Gone => Note::Gone(id),
            };
            drop(notes.send(note));
        }
        for (sender, sample) in delivery.samples {
            drop(notes.send(Note::Drive(sender.person.id, sample)));
        }
    }
}

fn sample(seq: u32, y: f64) -> Value {
    json!({"seq": seq, "x": 0.0, "y": y})
}

/// Goal: a client knows where it is before it says anything.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn welcome_is_first_and_complete() {
    let world = World::new();
    world.agent.publish(Telemetry { tick: Some(42), ..Telemetry::default() });
    let publisher = world.agent.clone();
    let storm = tokio::spawn(async move {
        loop {
            publisher.publish(Telemetry { tick: Some(42), ..Telemetry::default() });
            publisher.remark(Remark::Notice("storm".into()));
            tokio::task::yield_now().await;
        }
    });
    // `client_with` fails if anything comes before the welcome.
    for _ in 0..20 {
        let client = world.dial.client_with(json!({"name": " Zoë\n"})).await;
        assert_eq!(client.welcome["you"]["name"], "Zoë");
        assert_eq!(client.welcome["role"], "operator");
        assert_eq!(client.welcome["robot"]["name"], "Rover");
        assert_eq!(client.welcome["telemetry"]["tick"], 42);
        assert_eq!(client.welcome["seat"]["holder"], Value::Null);
        assert_eq!(client.welcome["limits"]["control_bytes"], 1024);
    }
    storm.abort();
    let nameless = world.dial.client().await;
    assert_eq!(nameless.welcome["you"]["name"], format!("guest {}", nameless.id()));
}

/// Goal: nothing overtakes: 5,000 events of one client reach another in the order they were sent, and the
/// agent never sees an older stick sample after a newer one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_keep_their_order_under_load() {
    let mut world = World::new();
    let mut driver = world.dial.client().await;
    let mut watcher = world.dial.client().await;
    let watching = tokio::spawn(async move {
        for wanted in 0..5000 {
            assert_eq!(watcher.event_named("topic").await, [json!([wanted])]);
        }
    });
    // A window, so that the test measures order and not the depth of a buffer.
    for window in 0..10 {
        for seq in (window * 500)..(window * 500 + 500) {
            driver.feed(&format!("42{}", packet("topic", &[json!(seq)]))).await;
            driver.feed(&format!("42{}", packet("drive", &[sample(seq, 1.0)]))).await;
        }
        driver.flush().await;
        while driver.event_named("topic").await != [json!([window * 500 + 499])] {}
    }
    watching.await.unwrap();
    let mut last = None;
    while last != Some(4999) {
        if let Note::Drive(_, drive) = world.note().await {
            assert!(Some(drive.seq) > last, "{} came after {last:?}", drive.seq);
            last = Some(drive.seq);
        }
    }
}

/// Goal: pages and programs of the original see what its server sent them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_are_relayed_wrapped_to_everyone() {
    let mut world = World::new();
    let mut page = world.dial.client().await;
    let mut other = world.dial.client().await;
    for client in [&mut page, &mut other] {
        assert_eq!(client.event().await.unwrap(), ("history".into(), vec![json!({"entries": []})]));
    }
    assert_eq!(page.ask("direction", &[json!("left")]).await, Vec::<Value>::new());
    for client in [&mut page, &mut other] {
        assert_eq!(client.event().await.unwrap(), ("direction".into(), vec![json!(["left"])]));
        assert_eq!(client.event().await.unwrap(), ("reply".into(), vec![json!([{"data": "left"}])]));
    }
    world.noted(&Note::Direction(page.id(), Direction::Left)).await;
    page.emit("chat", &[json!("grüß <b>dich</b> 🤖"), json!(1), json!("x")]).await;
    assert_eq!(other.event_named("chat").await, [json!(["grüß <b>dich</b> 🤖", 1, "x"])]);
    world.noted(&Note::Chat(page.id(), json!("grüß <b>dich</b> 🤖"))).await;
    page.emit("тема", &[]).await;
    assert_eq!(other.event_named("тема").await, [json!([])]);
    let odd = json!([{"z": [1.0, 0.300_000_000_000_000_04, -7], "a": null, "deep": {"_placeholder": true, "num": 0}}]);
    page.emit("topic", odd.as_array().unwrap()).await;
    assert_eq!(other.event_named("topic").await, [odd]);
    world.agent.remark(Remark::Notice("hello".into()));
    assert_eq!(other.event_named("notices").await, [json!([{"data": "hello"}])]);
}

/// Goal: a picture that a student sends arrives as that picture.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attachments_are_relayed_intact() {
    let world = World::new();
    let mut page = world.dial.client().await;
    page.event_named("history").await;
    let picture: Vec<u8> = (0..=255).collect();
    page.raw(r#"451-["picture",{"data":{"_placeholder":true,"num":0}}]"#).await;
    page.attachment(&picture).await;
    let header = page.message().await.unwrap().into_text().unwrap();
    let (kind, event) = header.as_str().split_once('-').unwrap();
    assert_eq!(kind, "451");
    let event: Value = serde_json::from_str(event).unwrap();
    assert_eq!(event, json!(["picture", [{"data": {"_placeholder": true, "num": 0}}]]));
    assert_eq!(page.message().await.unwrap(), Message::binary(picture));
}

/// Goal: commands reach the agent, and its answers reach whom they are for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_are_answered_by_the_agent() {
    let mut world = World::new();
    let mut driver = world.dial.client().await;
    let mut watcher = world.dial.client().await;
    assert_eq!(driver.ask("echo", &[]).await, Vec::<Value>::new());
    let taken = driver.ask("seat", &[json!({"want": "take"})]).await;
    assert_eq!(taken[0]["ok"], true);
    assert_eq!(taken[0]["seat"]["holder"]["id"], driver.id());
    assert_eq!(watcher.event_named("seat").await[0]["holder"]["id"], driver.id());
    assert_eq!(driver.ask("reset", &[json!({})]).await, [json!({"ok": true, "nonce": 7})]);
    assert_eq!(driver.ask("stop", &[json!({"reason": "a\nwall"})]).await, [json!({"ok": true})]);
    world.noted(&Note::Stop(driver.id(), "awall".into())).await;
    driver.emit("drive", &[json!([sample(1, 0.5)])]).await;
    let drive = Drive { seq: 1, x: 0.0, y: 0.5, strafe: 0.0, motors: None, tick: None, session: None, epoch: 0 };
    world.noted(&Note::Drive(driver.id(), drive)).await;
    let told = Refused { event: "drive".into(), code: "seat".into(), why: "another drives".into() };
    world.agent.remark(Remark::Refused(driver.id(), told.clone()));
    assert_eq!(driver.event_named("refused").await, [json!(told)]);
    world.agent.publish(Telemetry { tick: Some(5), ..Telemetry::default() });
    let (next, telemetry) = loop {
        let event = watcher.event().await.unwrap();
        if event.0 != "seat" {
            break event;
        }
    };
    assert_eq!((next.as_str(), &telemetry[0]["tick"]), ("telemetry", &json!(5)), "the refusal went to all");
    let id = driver.id();
    drop(driver);
    world.noted(&Note::Gone(id)).await;
}

/// Goal: an agent that does not answer, or a nonsense request, is an answer too, and never a yes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_not_done_is_said() {
    let home = tempfile::tempdir().unwrap();
    let (relay_end, _silent) = mailbox();
    let relay = Relay::bind(Settings::new(0, card(), home.path().to_owned()), Some(relay_end)).unwrap();
    let dial = Dial::new(relay.local_addrs()[0], home.path());
    let serving = tokio::spawn(relay.serve(CancellationToken::new()));
    let mut client = dial.client().await;
    for (event, payload) in [
        ("stop", json!({})),
        ("seat", json!({"want": "everything"})),
        ("seat", json!({"want": "take"})),
        ("reset", json!({"nonce": -1})),
        ("calibrate", json!({"want": "write"})),
        ("calibrate", json!({"want": "show"})),
        ("reset", json!({})),
    ] {
        let reply = client.ask(event, &[payload]).await;
        assert_eq!(reply[0]["ok"], false, "{event}");
        assert!(reply[0]["why"].as_str().unwrap().len() > 10, "{event} without a sentence");
    }
    serving.abort();
}

/// Goal: a STOP is a STOP, however badly it is written and whatever else floods the line.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stop_passes_in_every_form_and_during_a_flood() {
    let mut world = World::with(|_| {});
    let mut client = world.dial.client().await;
    for seq in 0..500 {
        client.feed(&format!("42{}", packet("topic", &[json!(seq)]))).await;
    }
    for arguments in [vec![], vec![json!({"reason": 5})], vec![json!("now")], vec![json!("x".repeat(5000))]] {
        assert_eq!(client.ask("stop", &arguments).await, [json!({"ok": true})], "{arguments:?}");
        world.noted(&Note::Stop(client.id(), String::new())).await;
    }
}

/// Goal: who sends too much is told, loses the excess and only that.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_many_events_are_dropped_and_told_once() {
    let mut world = World::with(|_| {});
    let mut client = world.dial.client().await;
    let start = Instant::now();
    for seq in 0..300 {
        client.feed(&format!("42{}", packet("topic", &[json!(seq)]))).await;
    }
    client.emit("drive", &[sample(1, 1.0)]).await;
    client.emit("stop", &[]).await;
    world.noted(&Note::Stop(client.id(), String::new())).await;
    let seconds = start.elapsed().as_secs() + 1;
    // An acknowledged STOP comes after everything before it.
    client.ask("stop", &[]).await;
    client.raw("42[\"end\"]").await;
    let (mut relayed, mut told) = (0, 0);
    let deadline = Instant::now() + Duration::from_millis(300);
    while let Ok(Some((event, arguments))) = tokio::time::timeout_at(deadline, client.event()).await {
        relayed += u64::from(event == "topic");
        if event == "refused" {
            assert_eq!(arguments[0]["code"], "rate");
            told += 1;
        }
    }
    assert!((20..=20 + 60 * seconds).contains(&relayed), "{relayed} of 300 in {seconds} s");
    assert!((1..=seconds + 1).contains(&told), "told {told} times");
}

/// Goal: even what is thrown away costs: who floods without end is cut off, and cannot come back at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn endless_flood_is_cut_off() {
    let mut world = World::with(|_| {});
    let mut client = world.dial.client().await;
    for seq in 0..2000 {
        client.feed(&format!("42{}", packet("topic", &[json!(seq)]))).await;
    }
    client.flush().await;
    world.noted(&Note::Gone(client.id())).await;
    client.ended().await;
    assert!(world.dial.try_client().await.is_none(), "it came back");
    let elsewhere = Dial { from: [127, 0, 0, 9].into(), ..world.dial.clone() };
    elsewhere.client().await.ask("echo", &[]).await;
}

/// Goal: a few who talk without end do not cost the one who drives: what is said beyond a bound is dropped and told, but
/// a press of a direction button reaches the robot all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn talk_is_bounded_for_the_whole_room() {
    let mut world = World::with(|settings| settings.deliveries_per_second = 20);
    let (mut loud, mut listener) = (world.dial.client().await, world.dial.client().await);
    for number in 0..18 {
        loud.emit("chat", &[json!(number)]).await;
    }
    assert_eq!(loud.event_named("refused").await[0]["code"], "busy");
    // Its sender repeats a press until it is acknowledged; so it is.
    loud.ask("direction", &[json!("stop")]).await;
    world.noted(&Note::Direction(loud.id(), Direction::Stop)).await;
    listener.ask("echo", &[]).await;
    let heard = std::iter::from_fn(|| listener.event_now()).filter(|name| name == "chat").count();
    assert!((10..=16).contains(&heard), "{heard} of 18 were heard");
}

/// Goal: the limit never keeps the robot moving: the neutral sample behind a flood of motion arrives.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn neutral_passes_behind_a_flood_of_motion() {
    let mut world = World::with(|_| {});
    let aside = |seq| json!({"seq": seq, "x": 0.0, "y": 0.0, "strafe": -1.0});
    let turned = |seq| json!({"seq": seq, "x": 0.0, "y": 0.0, "motors": [0, 300, 0, 0]});
    let ways: [&dyn Fn(u32) -> Value; 3] = [&|seq| sample(seq, 1.0), &aside, &turned];
    for moving in ways {
        let mut client = world.dial.client().await;
        for seq in 0..1000 {
            client.feed(&format!("42{}", packet("drive", &[moving(seq)]))).await;
        }
        client.emit("drive", &[sample(1000, 0.0)]).await;
        loop {
            if let Note::Drive(id, drive) = world.note().await
                && (id, drive.seq) == (client.id(), 1000)
            {
                break;
            }
        }
    }
}

/// Goal: a viewer that stops reading costs the driver nothing, and is gone when its write deadline has passed
/// rather than when its heartbeat fails.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stalled_viewer_is_dropped_and_the_driver_unaffected() {
    let mut world = World::with(|settings| {
        settings.limits.events_per_second = 1_000_000;
        settings.burst = 1_000_000;
        settings.write_timeout = Duration::from_millis(500);
    });
    let mut stalled = world.dial.clone();
    stalled.receive_buffer = Some(4096);
    let viewer = stalled.client().await;
    let mut driver = world.dial.client().await;
    let start = Instant::now();
    let mut trips = Vec::new();
    let gone = loop {
        driver.emit("picture", &[json!("x".repeat(15_000))]).await;
        world.agent.publish(Telemetry { tick: Some(u32::try_from(trips.len()).unwrap()), ..Telemetry::default() });
        let asked = Instant::now();
        driver.ask("echo", &[]).await;
        trips.push(asked.elapsed());
        match world.notes.try_recv() {
            Ok(Note::Gone(id)) => break id,
            Ok(_) | Err(_) => sleep(Duration::from_millis(5)).await,
        }
        assert!(start.elapsed() < Duration::from_secs(4), "the viewer is still there after {} trips", trips.len());
    };
    assert_eq!(gone, viewer.id());
    assert!(start.elapsed() >= Duration::from_millis(450), "dropped before its time");
    trips.sort();
    let (median, worst) = (trips[trips.len() / 2], trips[trips.len() - 1]);
    assert!(median < Duration::from_millis(50) && worst < Duration::from_millis(450), "{median:?}, {worst:?}");
}

/// Goal: the doorman stands before everything, and what passes is protected.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn foreign_hosts_origins_and_proxies_are_turned_away() {
    let world = World::new();
    let own = world.dial.host();
    let session = "/socket.io/?EIO=4&transport=polling";
    for (lines, wanted) in [
        (String::new(), 200),
        (format!("Origin: https://{own}\r\n"), 200),
        ("Origin: https://evil.example\r\n".into(), 403),
        ("Origin: null\r\n".into(), 403),
        (format!("Origin: http://{own}\r\n"), 403),
        ("Host: evil.example\r\n".into(), 421),
        (format!("Host: {own}\r\nHost: evil.example\r\n"), 421),
        ("X-Forwarded-For: 127.0.0.1\r\n".into(), 403),
        ("Forwarded: for=127.0.0.1\r\n".into(), 403),
    ] {
        for path in ["/", session] {
            let (status, answer) = world.dial.http(&format!("GET {path}"), &lines, "").await;
            assert_eq!(status, wanted, "{path} with {lines}");
            let answer = answer.to_lowercase();
            assert!(answer.contains("default-src 'none'") && answer.contains("nosniff"), "{answer}");
            assert!(!answer.contains("access-control-allow-origin"), "{answer}");
        }
        let upgrade =
            "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n";
        let mut stream = world.dial.tls().await.unwrap();
        let host = if lines.contains("Host") { String::new() } else { format!("Host: {own}\r\n") };
        let request = format!(
            "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n{host}{lines}{upgrade}Connection: Upgrade\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        let wanted = if wanted == 200 { 101 } else { wanted };
        assert_eq!(answer[9..], *wanted.to_string().as_bytes(), "WebSocket with {lines}");
    }
}

/// Goal: a proxy that names nobody is still noticed: nginx speaks HTTP/1.0 to those behind it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_old_http_of_proxies_is_turned_away() {
    let world = World::new();
    let mut stream = world.dial.tls().await.unwrap();
    let request = format!("GET / HTTP/1.0\r\nHost: {}\r\n\r\n", world.dial.host());
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer[9..], *b"403");
}

/// Goal: the page and the client library are found where browsers look for them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_are_served_beside_sessions() {
    let world = World::new();
    let (status, page) = world.dial.http("GET /", "", "").await;
    assert!(status == 200 && page.contains("<title>"), "{page}");
    let (status, _) = world.dial.http("GET /socket.io/socket.io.js", "", "").await;
    assert_ne!(status, 400, "the library's path was taken for a session");
    assert_eq!(world.dial.http("GET /../Cargo.toml", "", "").await.0, 404);
    assert_eq!(world.dial.http("GET /tls/leaf.pem", "", "").await.0, 404);
    let mut plain = world.dial.tcp().await.unwrap();
    plain.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    assert!(read_to_end(&mut plain).await.contains("https"), "someone who types http learns nothing");
}

/// Goal: clients that begin with HTTP polling, as the official ones do, are welcomed too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn polling_clients_are_welcomed_and_heard() {
    let mut world = World::new();
    let address = "/socket.io/?EIO=4&transport=polling";
    let (_, opened) = world.dial.http(&format!("GET {address}"), "", "").await;
    let open: Value = serde_json::from_str(opened.rsplit_once("\r\n\r\n0").unwrap().1).unwrap();
    let address = format!("{address}&sid={}", open["sid"].as_str().unwrap());
    let (get, post) = (format!("GET {address}"), format!("POST {address}"));
    assert_eq!(world.dial.http(&post, "", "40").await.0, 200);
    let mut seen = String::new();
    while !seen.contains("42[\"welcome\"") {
        seen += &world.dial.http(&get, "", "").await.1;
    }
    assert!(seen.find("40{").unwrap() < seen.find("42[").unwrap());
    assert_eq!(world.dial.http(&post, "", "42[\"direction\",\"up\"]").await.0, 200);
    assert!(matches!(world.note().await, Note::Direction(_, Direction::Up)));
    let (status, _) = world.dial.http(&post, "", &format!("42[\"a\",\"{}\"]", "x".repeat(10_000_000))).await;
    assert_ne!(status, 200);
}

/// Goal: what one client sends wrongly is its own affair.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn malformed_packets_hurt_only_their_sender() {
    let world = World::new();
    let mut driver = world.dial.client().await;
    let mut clumsy = world.dial.client().await;
    let deep = format!("42[\"topic\",{}{}]", "[".repeat(3000), "]".repeat(3000));
    for (text, attachment, code) in [
        ("42[\"drive\",{\"seq\":1,\"x\":1e999,\"y\":0}]", false, "malformed"),
        (deep.as_str(), false, "malformed"),
        ("42[\"drive\",\"up\"]", false, "malformed"),
        ("42[\"drive\"]", false, "malformed"),
        ("42[\"direction\",\"LEFT\"]", false, "malformed"),
        ("451-[\"drive\",{\"_placeholder\":true,\"num\":0}]", true, "malformed"),
        ("451-[\"topic\",{\"_placeholder\":true,\"num\":9}]", true, "malformed"),
        ("42[\"telemetry\",{}]", false, "name"),
        ("42[\"disconnect\"]", false, "name"),
    ] {
        // A refusal is told once a second for each code, so each gets a client of its own.
        let mut clumsy = world.dial.client().await;
        clumsy.raw(text).await;
        if attachment {
            clumsy.attachment(b"bytes").await;
        }
        assert_eq!(clumsy.event_named("refused").await[0]["code"], code, "{text:.60}");
        clumsy.ask("echo", &[]).await;
    }
    let long_name = format!("42[\"{}\"]", "n".repeat(65));
    clumsy.raw(&long_name).await;
    assert_eq!(clumsy.event_named("refused").await[0]["code"], "name");
    clumsy.emit("drive", &[json!({"seq": 1, "x": 0, "y": 0, "pad": "x".repeat(1024)})]).await;
    assert_eq!(clumsy.event_named("refused").await[0]["code"], "size");
    for text in [
        "42[\"drive\",NaN]",
        "42[\"\\u0442\",1]",
        "42{",
        "42",
        "9",
        "x",
        "459999999-[\"a\"]",
        "43",
        "44{}",
        "40/elsewhere,",
        "",
    ] {
        let mut broken = world.dial.client().await;
        broken.raw(text).await;
        broken.raw("42[\"after\"]").await;
        driver.ask("echo", &[]).await;
    }
    let mut seen = Vec::new();
    driver.event_named("history").await;
    driver.emit("end", &[]).await;
    while let Some((event, _)) = driver.event().await.filter(|(event, _)| event != "end") {
        seen.push(event);
    }
    assert!(seen.iter().all(|event| event == "after"), "something malformed was relayed: {seen:?}");
}

/// Goal: 10 MB from one client ends that client and nobody else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_huge_payload_ends_only_its_sender() {
    let mut world = World::new();
    let mut driver = world.dial.client().await;
    let mut heavy = world.dial.client().await;
    let id = heavy.id();
    heavy.raw(&format!("42[\"chat\",\"{}\"]", "x".repeat(10_000_000))).await;
    heavy.ended().await;
    world.noted(&Note::Gone(id)).await;
    driver.ask("echo", &[]).await;
    driver.emit("picture", &[json!("x".repeat(16_000))]).await;
    assert_eq!(driver.event_named("picture").await[0][0].as_str().unwrap().len(), 16_000);
    driver.emit("picture", &[json!("x".repeat(16_500))]).await;
    assert_eq!(driver.event_named("refused").await[0]["code"], "size");
}

/// Goal: nobody fills the relay by dawdling: a handshake, headers or a session that do not come are closed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dawdlers_are_closed() {
    let world = World::with(|settings| {
        settings.handshake_timeout = Duration::from_millis(300);
        settings.request_timeout = Duration::from_millis(300);
    });
    let start = Instant::now();
    let mut silent = world.dial.tcp().await.unwrap();
    assert_eq!(read_to_end(&mut silent).await, "");
    let mut half = world.dial.tcp().await.unwrap();
    half.write_all(&[0x16, 3, 1]).await.unwrap();
    assert_eq!(read_to_end(&mut half).await, "");
    let mut wordless = world.dial.tls().await.unwrap();
    assert_eq!(read_to_end(&mut wordless).await, "");
    let mut slow = world.dial.tls().await.unwrap();
    slow.write_all(b"GET / HTTP/1.1\r\nHost: ").await.unwrap();
    read_to_end(&mut slow).await;
    let mut bodiless = world.dial.tls().await.unwrap();
    let lines = format!("Host: {}\r\nContent-Length: 100\r\n\r\n", world.dial.host());
    let (_, opened) = world.dial.http("GET /socket.io/?EIO=4&transport=polling", "", "").await;
    let open: Value = serde_json::from_str(opened.rsplit_once("\r\n\r\n0").unwrap().1).unwrap();
    let sid = open["sid"].as_str().unwrap();
    let post = format!("POST /socket.io/?EIO=4&transport=polling&sid={sid} HTTP/1.1\r\n{lines}");
    bodiless.write_all(post.as_bytes()).await.unwrap();
    assert!(read_to_end(&mut bodiless).await.starts_with("HTTP/1.1 4"));
    let mut unconnected = world.dial.web_socket().await;
    unconnected.ended().await;
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

/// Goal: connections are bounded, in all and from each address, and what closes makes room.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_are_capped_in_all_and_by_address() {
    let world = World::with(|settings| {
        settings.connections = 5;
        settings.connections_per_local_address = 3;
    });
    let from = |last: u8| Dial { from: IpAddr::from([127, 0, 0, last]), ..world.dial.clone() };
    let mut open = Vec::new();
    for last in [1, 1, 1, 2, 2] {
        open.push(from(last).client().await);
    }
    assert!(from(1).tls().await.is_err(), "a fourth connection of one address");
    assert!(from(3).tls().await.is_err(), "a sixth connection in all");
    open[0].ask("echo", &[]).await;
    drop(open.pop());
    let start = Instant::now();
    while from(3).tls().await.is_err() {
        assert!(start.elapsed() < PATIENCE, "a closed connection is still counted");
        sleep(Duration::from_millis(10)).await;
    }
}

/// Goal: opening sessions without end costs whoever does it a wait, and not the relay its memory.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_cannot_be_opened_without_end() {
    let world = World::new();
    let mut stream = world.dial.tls().await.unwrap();
    let request = |more: &str| {
        format!("GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: {}\r\n{more}\r\n", world.dial.host())
    };
    let requests = request("").repeat(199) + &request("Connection: close\r\n");
    let start = Instant::now();
    stream.write_all(requests.as_bytes()).await.unwrap();
    let answers = read_to_end(&mut stream).await;
    let opened = answers.matches("HTTP/1.1 200").count();
    assert_eq!(opened + answers.matches("HTTP/1.1 429").count(), 200);
    let refilled = usize::try_from(start.elapsed().as_secs() + 1).unwrap() * 20;
    assert!((64..=64 + refilled).contains(&opened), "{opened} sessions were opened");
}

/// Goal: on the way out clients learn of it, the agent learns of them, and nobody waits.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_tells_clients_and_takes_no_second() {
    let mut world = World::new();
    let mut client = world.dial.client().await;
    let start = Instant::now();
    world.shutdown.cancel();
    client.ended().await;
    world.noted(&Note::Gone(client.id())).await;
    world.serving.await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    assert!(world.dial.tcp().await.is_err(), "the port is still open");
}

fn settings(port: u16, home: &TempDir) -> (Settings, RelayEnd) {
    (Settings::new(port, card(), home.path().to_owned()), mailbox().0)
}

/// Goal: the key is the user's alone, and a browser that trusts it goes on trusting it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_start_serves_the_same_certificate() {
    let world = World::new();
    let path = world.home.path().join("tls/leaf.pem");
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    let first = std::fs::read(&path).unwrap();
    let (settings, relay_end) = settings(0, &world.home);
    let second = Relay::bind(settings, Some(relay_end)).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), first);
    let dial = Dial { to: second.local_addrs()[0], ..world.dial.clone() };
    let serving = tokio::spawn(second.serve(CancellationToken::new()));
    dial.client().await;
    serving.abort();
}

/// Goal: a port that is taken, or not ours to take, is one clear sentence.
#[test]
fn a_taken_port_is_said_with_what_to_do() {
    let home = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let (settings, relay_end) = settings(port, &home);
    let error = Relay::bind(settings, Some(relay_end)).unwrap_err().to_string();
    assert_eq!(error, format!("port {port} is already in use: stop the other program or choose another with --port"));
}

/// Goal: both of this machine's loopback addresses lead to the relay, where there are both.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_loopback_address_is_served() {
    let home = tempfile::tempdir().unwrap();
    let (settings, relay_end) = settings(0, &home);
    let relay = Relay::bind(settings, Some(relay_end)).unwrap();
    let addresses = relay.local_addrs().to_vec();
    assert!(addresses.iter().all(|address| address.ip().is_loopback() && address.port() == addresses[0].port()));
    let serving = tokio::spawn(relay.serve(CancellationToken::new()));
    for address in addresses {
        Dial::new(address, home.path()).client().await;
    }
    serving.abort();
}
