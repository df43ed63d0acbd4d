//! Killed: the program ends without a farewell, and what it had acknowledged is there.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

use crate::house::{House, becomes};

const KILLS: u32 = 8;

/// Goal: what was acknowledged survives SIGKILL under load: chat, seats and STOP; each end is told as a gap.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_is_there() {
    let mut house = House::open();
    let mut acknowledged: BTreeSet<String> = BTreeSet::new();
    let mut seats = 0;
    for kill in 0..KILLS {
        let (mut ann, mut ben) = (house.person("Ann").await, house.person("Ben").await);
        if kill == 0 {
            becomes(&mut ben, "ready").await;
        }
        let end = Instant::now() + Duration::from_millis(u64::from(getrandom::u32().unwrap() % 600));
        let mut n = 0;
        while Instant::now() < end {
            let words = format!("line {kill}.{n}");
            n += 1;
            let said = [json!(words), json!("Ann")];
            // The other talks without waiting for anything.
            ben.emit("chat", &[json!("noise")]).await;
            match timeout(Duration::from_secs(2), ann.ask("chat", &said)).await {
                Ok(_) => acknowledged.insert(words),
                Err(late) => panic!("chat was not acknowledged: {late}"),
            };
            if n % 5 == 0 {
                let taken = ann.ask("seat", &[json!({"want": "take"})]).await.remove(0);
                seats += i32::from(taken["ok"] == true);
                ann.ask("seat", &[json!({"want": "release"})]).await;
            }
            sleep(Duration::from_millis(40)).await;
        }
        let told = format!("kill {kill}");
        if kill == KILLS - 1 {
            assert_eq!(ben.ask("stop", &[json!({"reason": told})]).await.remove(0)["ok"], true);
        }
        house.kill();
        house.reopen();
    }
    let mut watcher = house.person("Watcher").await;
    becomes(&mut watcher, "latched").await;
    house.close();
    let log = house.log(&[]);
    let of = |event: &'static str| log.iter().filter(move |entry| entry["event"] == event);
    let there: BTreeSet<String> = of("chat").map(|entry| entry["text"].as_str().unwrap().to_owned()).collect();
    println!("{} lines and {seats} seats were acknowledged, {} kept", acknowledged.len(), there.len());
    assert!(acknowledged.len() > 20, "so few lines prove nothing");
    let lost: Vec<&String> = acknowledged.difference(&there).collect();
    assert!(lost.is_empty(), "acknowledged, but not in the log: {lost:?}");
    let taken = of("seat").filter(|entry| entry["who"] == "Ann").count();
    assert!(taken >= usize::try_from(seats).unwrap(), "{taken} of {seats} seats");
    assert!(of("stop").any(|entry| entry["text"].as_str().unwrap().contains("kill 7")));
    let gaps: Vec<&Value> = of("gap").map(|entry| &entry["data"]["gap"]).collect();
    assert_eq!(gaps, (1..=KILLS).map(Value::from).collect::<Vec<_>>().iter().collect::<Vec<_>>());
    house.verify();
}
