//! Story: a drive with everything that can happen to it, and the log of it.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::sleep;

use crate::house::{House, becomes};
use crate::socketio_client::Client;

/// The first entry after `from` that fits, and its place.
fn next<'a>(log: &'a [Value], from: usize, what: &str, fits: impl Fn(&Value) -> bool) -> (usize, &'a Value) {
    let found = log.iter().enumerate().skip(from).find(|(_, entry)| fits(entry));
    found.unwrap_or_else(|| panic!("{what} is not in the log after entry {from}: {log:#?}"))
}

/// Takes the seat, rests, and pushes the stick for so many samples.
async fn drive(client: &mut Client, samples: u32) {
    let taken = client.ask("seat", &[json!({"want": "take"})]).await.remove(0);
    for seq in 0..samples {
        let newest = client.event_named("telemetry").await.remove(0);
        let (tick, session, epoch) = (&newest["tick"], &newest["session"], &taken["seat"]["epoch"]);
        let y = if seq < 10 { 0.0 } else { 0.5 };
        client
            .emit("drive", &[json!({"seq": seq, "x": 0, "y": y, "tick": tick, "session": session, "epoch": epoch})])
            .await;
    }
}

async fn reset(operator: &mut Client) {
    let nonce = operator.ask("reset", &[json!({})]).await.remove(0)["nonce"].clone();
    sleep(Duration::from_millis(2050)).await;
    let done = operator.ask("reset", &[json!({"nonce": nonce})]).await.remove(0);
    assert_eq!(done["ok"], true, "{done}");
}

/// Goal: a teacher reads who drove and who said what; an engineer reads why it stopped, with hop and numbers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_tells_who_drove_and_why_it_stopped() {
    let mut house = House::open();
    let mut ben = house.person("Ben").await;
    becomes(&mut ben, "ready").await;
    let mut ann = house.person("Ann").await;
    drive(&mut ann, 20).await;
    // Her phone says nothing more, with the stick pushed.
    becomes(&mut ben, "stopped").await;
    becomes(&mut ben, "ready").await;
    drop(ann);
    ben.ask("chat", &[json!("hello robot"), json!("Ben")]).await;
    ben.ask("wave", &[json!({"hand": "left"})]).await;
    ben.emit("direction", &[json!("up")]).await;
    let stopped = ben.ask("stop", &[json!({"reason": "a cat"})]).await.remove(0);
    assert_eq!(stopped["ok"], true);
    becomes(&mut ben, "latched").await;
    reset(&mut ben).await;
    becomes(&mut ben, "ready").await;
    drop(ben);
    house.close();

    let log = house.log(&[]);
    let is = |event: &'static str, text: &'static str| {
        move |entry: &Value| entry["event"] == event && entry["text"].as_str().unwrap().contains(text)
    };
    let (at, begin) = next(&log, 0, "the configuration", is("program", "began"));
    assert_eq!(begin["data"]["configuration"]["robot.name"], "Rover", "{begin}");
    let (at, _) = next(&log, at, "Ben's arrival", is("connection", "Ben is here"));
    let (at, seat) = next(&log, at, "the driver's seat", is("seat", "drives"));
    assert_eq!((&seat["who"], &seat["robot"]), (&json!("Ann"), &json!("Rover")), "{seat}");
    let (at, fault) = next(&log, at, "the stop", |entry| entry["data"]["code"] == "command_stale");
    assert_eq!((&fault["data"]["hop"], &fault["who"]), (&json!("network"), &json!("Ann")), "{fault}");
    let exceeded = &fault["data"]["numbers"]["exceeded"];
    let (ms, limit) = (exceeded["ms"].as_u64().unwrap(), exceeded["limit_ms"].as_u64().unwrap());
    println!("it stopped as the newest {} was {ms} ms old, of {limit} ms that it may be", exceeded["what"]);
    assert!(ms > limit && (200..=230).contains(&limit), "{fault}");
    next(&log, at, "the end of the stop", is("fault", "ready"));
    let (at, _) = next(&log, at, "the free seat", is("seat", "nobody drives"));
    let (at, chat) = next(&log, at, "the chat", is("chat", "hello robot"));
    assert_eq!((&chat["who"], &chat["data"]), (&json!("Ben"), &json!(["hello robot", "Ben"])));
    let (at, wave) = next(&log, at, "the topic", is("topic", "wave"));
    assert_eq!(wave["data"], json!({"event": "wave", "args": [{"hand": "left"}]}));
    let (at, _) = next(&log, at, "the press", is("direction", "up"));
    let (at, stop) = next(&log, at, "STOP", is("stop", "Ben: a cat"));
    assert_eq!(stop["who"], "Ben");
    let latched = |entry: &Value| entry["data"]["code"] == "latched" && entry["data"]["hop"] == "person";
    let (at, _) = next(&log, at, "the latch", latched);
    let (at, reset) = next(&log, at, "the reset", is("reset", "resets STOP"));
    assert_eq!(reset["who"], "Ben");
    let (at, _) = next(&log, at, "Ben's departure", is("connection", "Ben is gone"));
    next(&log, at, "the end", is("program", "ended"));
    house.verify();
}

/// Goal: whoever joins late reads what was said, also before the program began anew; operators search it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_joins_late_reads_what_was_said() {
    let mut house = House::open();
    let mut ben = house.person("Ben").await;
    assert_eq!(ben.event_named("history").await[0]["entries"], json!([]));
    for n in 0..30 {
        ben.ask("chat", &[json!(format!("line {n}"))]).await;
        // Under what a client may say in a second.
        sleep(Duration::from_millis(20)).await;
    }
    let said = |entries: &Value| -> Vec<String> {
        let chat = entries.as_array().unwrap().iter().filter(|entry| entry["event"] == "chat");
        chat.map(|entry| entry["text"].as_str().unwrap().to_owned()).collect()
    };
    let all: Vec<String> = (0..30).map(|n| format!("line {n}")).collect();
    let mut late = house.person("Late").await;
    assert_eq!(said(&late.event_named("history").await[0]["entries"]), all);
    house.close();
    house.reopen();
    // The log is read beside everything else.
    let mut last = house.person("Last").await;
    for _ in 0..100 {
        if said(&last.event_named("history").await[0]["entries"]) == all {
            break;
        }
        sleep(Duration::from_millis(50)).await;
        last = house.person("Last").await;
    }
    let again = house.person("Again").await.event_named("history").await.remove(0);
    assert_eq!(said(&again["entries"]), all);
    let found = last.ask("log", &[json!({"text": "LINE 7"})]).await.remove(0);
    assert_eq!(said(&found["entries"]), ["line 7"], "{found}");
    let page = last.ask("log", &[json!({"events": ["chat"], "most": 10})]).await.remove(0);
    assert_eq!((said(&page["entries"]), &page["more"]), (all[20..].to_vec(), &json!(true)));
    let before =
        last.ask("log", &[json!({"events": ["chat"], "most": 30, "before": page["entries"][0]["id"]})]).await.remove(0);
    assert_eq!((said(&before["entries"]), &before["more"]), (all[..20].to_vec(), &json!(false)));
    let unknown = last.ask("log", &[json!({"events": ["chatter"]})]).await.remove(0);
    assert!(unknown["ok"] == false && unknown["why"].as_str().unwrap().contains("chatter"), "{unknown}");
}
