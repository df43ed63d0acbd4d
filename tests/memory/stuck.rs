//! Stuck: another program holds the log, and everything goes on; who is answered meanwhile is told.

use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde_json::json;

use crate::house::{House, becomes};

/// Goal: a log that cannot be written keeps nobody from driving and stopping; an answer says that the log does not have it,
/// and once it can be written it has it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stuck_log_holds_up_nobody() {
    let mut house = House::open();
    let mut ben = house.person("Ben").await;
    becomes(&mut ben, "ready").await;
    assert_eq!(ben.ask("chat", &[json!("before")]).await, [] as [serde_json::Value; 0]);
    let holder = Connection::open(house.shell.path("joywire/log/log.sqlite")).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let began = Instant::now();
    ben.emit("stop", &[json!({"reason": "a cat"})]).await;
    becomes(&mut ben, "latched").await;
    let latched = began.elapsed();
    let stopped = ben.ask("stop", &[json!({"reason": "again"})]).await.remove(0);
    let answered = began.elapsed();
    println!("latched after {latched:?}, answered after {answered:?}");
    assert!(
        stopped["ok"] == true && stopped["why"].as_str().unwrap().contains("the log does not have it"),
        "{stopped}"
    );
    assert!(latched < Duration::from_millis(400), "STOP waited for the log: {latched:?}");
    let taken = ben.ask("seat", &[json!({"want": "take"})]).await.remove(0);
    assert!(taken["ok"] == true && taken["why"].as_str().unwrap().contains("the log does not have it"), "{taken}");
    assert_eq!(ben.ask("chat", &[json!("meanwhile")]).await, [json!({"kept": false})]);
    holder.execute_batch("ROLLBACK").unwrap();
    drop(holder);
    assert_eq!(ben.ask("chat", &[json!("after")]).await, [] as [serde_json::Value; 0]);
    house.close();
    let log = house.log(&["--event", "chat,stop,seat"]);
    let texts: Vec<&str> = log.iter().map(|entry| entry["text"].as_str().unwrap()).collect();
    assert_eq!(texts[..3], ["before", "STOP: Ben: a cat", "STOP: Ben: again"]);
    assert!(texts.contains(&"Ben drives") && texts.contains(&"meanwhile") && texts.contains(&"after"), "{texts:?}");
    house.verify();
}
