//! What people do is counted, once each.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::house::House;
use crate::socketio_client::Client;
use crate::text::Numbers;

/// Between two samples of a stick.
const SAMPLE: Duration = Duration::from_millis(33);

/// Someone with a stick.
struct Driver {
    client: Client,
    seq: u32,
    epoch: Value,
    sent: u32,
}

impl Driver {
    async fn take_seat(mut client: Client) -> Self {
        let reply = client.ask("seat", &[json!({"want": "take"})]).await.remove(0);
        assert_eq!(reply["ok"], true, "{reply}");
        let mut driver = Self { client, seq: 0, epoch: reply["seat"]["epoch"].clone(), sent: 0 };
        // A stick that was released once; the next sample comes after the agent has seen it.
        driver.push(0.0).await;
        sleep(SAMPLE * 2).await;
        driver
    }

    async fn push(&mut self, y: f64) {
        // What has come meanwhile is old.
        while let Ok(Some(_)) = timeout(Duration::from_millis(1), self.client.event()).await {}
        let telemetry = self.client.event_named("telemetry").await.remove(0);
        self.seq += 1;
        self.sent += 1;
        let (tick, session) = (&telemetry["tick"], &telemetry["session"]);
        let sample = json!({"seq": self.seq, "x": 0, "y": y, "tick": tick, "session": session, "epoch": self.epoch});
        self.client.emit("drive", &[sample]).await;
    }

    async fn hold(&mut self, y: f64, samples: u32) {
        for _ in 0..samples {
            self.push(y).await;
            sleep(SAMPLE).await;
        }
    }
}

#[track_caller]
fn counts(numbers: &Numbers, expected: &[(&str, f64)]) {
    for (series, count) in expected {
        assert!((numbers.of(series) - count).abs() < 0.001, "{series} is {}, not {count}", numbers.of(series));
    }
}

/// What has a name in the table's words.
fn stops(cause: &str, hop: &str) -> String {
    format!("joywire_stops_total{{cause=\"{cause}\",hop=\"{hop}\"}}")
}

/// Goal: commands, frames, ages, seats, refusals and stops with their causes grow exactly as they should while somebody drives,
/// falls silent with a pushed stick, and STOP is pressed and reset.
#[tokio::test]
async fn a_drive_is_counted() {
    let house = House::open();
    let start = house.numbers();
    for nothing in
        ["joywire_commands_total", "joywire_stops_total", "joywire_relay_events_total", "joywire_relay_connections"]
    {
        assert!(start.sum(nothing) < 0.5, "{nothing} counts before anything happened");
    }
    let mut driver = Driver::take_seat(house.dial().client().await).await;
    driver.hold(0.5, 25).await;
    let driving = house.numbers();
    counts(
        &driving,
        &[
            ("joywire_relay_connections{role=\"operator\",kind=\"local\"}", 1.0),
            ("joywire_commands_total{command=\"seat\",source=\"network\"}", 1.0),
            ("joywire_relay_events_total{event=\"seat\"}", 1.0),
            ("joywire_relay_events_total{event=\"drive\"}", f64::from(driver.sent)),
            ("joywire_robot_state{state=\"driving\"}", 1.0),
            ("joywire_seat_held", 1.0),
            ("joywire_seat_changes_total", 1.0),
        ],
    );
    let obeyed = driving.of("joywire_commands_total{command=\"drive\",source=\"network\"}");
    let replaced = driving.of("joywire_mailbox_replaced_total");
    assert!((obeyed + replaced - f64::from(driver.sent)).abs() < 1.5, "{obeyed} and {replaced} of {}", driver.sent);
    assert!(driving.of("joywire_frames_sent_total") >= start.of("joywire_frames_sent_total") + 25.0);
    let (ages, sum) =
        (driving.of("joywire_age_at_wheels_seconds_count"), driving.of("joywire_age_at_wheels_seconds_sum"));
    assert!(ages >= 10.0 && sum / ages > 0.001 && sum / ages < 0.25, "{ages} ages, {sum} s together");
    assert!(driving.of("joywire_step_duration_seconds_count") > start.of("joywire_step_duration_seconds_count") + 25.0);
    assert!(driving.sum("joywire_stops_total") < 0.5 && driving.sum("joywire_refusals_total") < 0.5);

    // It says nothing more, with the stick pushed.
    let silent = house.until(&stops("command_stale", "network"), 1.0);
    assert!((silent.sum("joywire_stops_total") - 1.0).abs() < 0.5, "{:?}", silent.all("joywire_stops_total"));
    let free = house.until("joywire_seat_held", 0.0);
    counts(&free, &[("joywire_stopped{cause=\"command_stale\",hop=\"network\"}", 0.0)]);

    stop_and_reset(&house, &mut driver.client).await;
    drop(driver);
    house.until("joywire_relay_connections{role=\"operator\",kind=\"local\"}", 0.0);
}

async fn stop_and_reset(house: &House, client: &mut Client) {
    for _ in 0..2 {
        let reply = client.ask("stop", &[json!({"reason": "a cat"})]).await.remove(0);
        assert_eq!(reply["ok"], true, "{reply}");
    }
    let latched = house.until("joywire_robot_state{state=\"latched\"}", 1.0);
    // Pressed twice, latched once.
    counts(
        &latched,
        &[
            (&stops("latched", "person"), 1.0),
            ("joywire_stopped{cause=\"latched\",hop=\"person\"}", 1.0),
            ("joywire_commands_total{command=\"stop\",source=\"network\"}", 2.0),
            ("joywire_relay_events_total{event=\"stop\"}", 2.0),
        ],
    );
    for (hold, code) in [(Duration::ZERO, Some("too_soon")), (Duration::from_millis(2100), None)] {
        let nonce = client.ask("reset", &[json!({})]).await.remove(0)["nonce"].clone();
        sleep(hold).await;
        let reply = client.ask("reset", &[json!({ "nonce": nonce })]).await.remove(0);
        assert_eq!(reply["ok"], code.is_none(), "{reply}");
    }
    let ready = house.until("joywire_robot_state{state=\"ready\"}", 1.0);
    counts(
        &ready,
        &[
            ("joywire_refusals_total{code=\"too_soon\"}", 1.0),
            ("joywire_commands_total{command=\"reset\",source=\"network\"}", 4.0),
            (&stops("latched", "person"), 1.0),
            ("joywire_stopped{cause=\"latched\",hop=\"person\"}", 0.0),
        ],
    );
    assert!((ready.sum("joywire_stops_total") - 2.0).abs() < 0.5, "{:?}", ready.all("joywire_stops_total"));
    assert!((ready.sum("joywire_refusals_total") - 1.0).abs() < 0.5, "{:?}", ready.all("joywire_refusals_total"));
}

/// Goal: each refusal is counted by its code, where it was made, and no name that somebody invents becomes a label.
#[tokio::test]
async fn refusals_are_counted_by_their_codes() {
    let house = House::open();
    let driver = Driver::take_seat(house.dial().client().await).await;
    let mut other = house.dial().client().await;
    let push = json!({"seq": 1, "x": 0, "y": 1, "tick": 1, "session": 1, "epoch": 1});
    let words = [
        ("drive", push),
        ("drive", json!({"y": "fast"})),
        ("welcome", json!({})),
        ("an-invented-topic", json!("x".repeat(16_400))),
        ("another", json!(1)),
        ("chat", json!("hello")),
    ];
    for (event, payload) in words {
        other.emit(event, &[payload]).await;
    }
    drop(other.ask("echo", &[]).await);
    let numbers = house.until("joywire_refusals_total{code=\"seat_taken\"}", 1.0);
    counts(
        &numbers,
        &[
            ("joywire_relay_refusals_total{code=\"malformed\"}", 1.0),
            ("joywire_relay_refusals_total{code=\"name\"}", 1.0),
            ("joywire_relay_refusals_total{code=\"size\"}", 1.0),
            ("joywire_relay_events_total{event=\"topic\"}", 3.0),
            ("joywire_relay_events_total{event=\"chat\"}", 1.0),
            ("joywire_relay_events_total{event=\"echo\"}", 1.0),
            ("joywire_relay_events_total{event=\"drive\"}", 2.0 + f64::from(driver.sent)),
            ("joywire_commands_total{command=\"chat\",source=\"network\"}", 1.0),
            ("joywire_relay_connections{role=\"operator\",kind=\"local\"}", 2.0),
        ],
    );
    assert!((numbers.sum("joywire_refusals_total") - 1.0).abs() < 0.5, "{:?}", numbers.all("joywire_refusals_total"));
    assert!((numbers.sum("joywire_relay_refusals_total") - 3.0).abs() < 0.5);
    let (status, _) = house.dial().http("GET /", "Host: evil.example\r\n", "").await;
    assert_eq!(status, 421);
    counts(&house.numbers(), &[("joywire_relay_refused_connections_total{why=\"turned_away\"}", 1.0)]);
}
