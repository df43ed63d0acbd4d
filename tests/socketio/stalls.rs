//! Servers that do not read, and such that are slow.

use std::time::Duration;

use joywire::socketio::{Client, Lost};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

use crate::fake::{Fake, heard};
use crate::house::{PATIENCE, look};

/// Values that are told while nobody reads, each with a number.
const VALUES: u64 = 2000;

fn value(number: u64) -> [Value; 2] {
    [json!(number), json!("x".repeat(1000))]
}

/// Tells values, each as soon as the one before it was handed on or has to wait.
async fn tell(client: &mut Client) {
    for number in 0..VALUES {
        client.latest(1, "value", &value(number));
        assert_eq!(look(client).await, None, "nobody said anything");
    }
}

/// Goal: of what was told while the relay stood still only the newest is sent when it reads again, not a queue of what
/// was true once: no more of that than lay in the system's small buffers.
#[tokio::test]
async fn what_waited_is_replaced_by_the_newest() {
    let (fake, dial) = Fake::new();
    let (mut socket, client) = tokio::join!(fake.client(), Client::connect(&dial));
    let mut client = client.unwrap();
    tell(&mut client).await;
    assert!(client.has_waiting());
    let replaced = client.counts().replaced;
    let reading = async {
        let mut numbers = Vec::new();
        while numbers.last() != Some(&(VALUES - 1)) {
            let text = heard(&mut socket).await.unwrap();
            let args: Value = serde_json::from_str(&text[2..]).unwrap();
            numbers.push(args[1].as_u64().unwrap());
        }
        numbers
    };
    let numbers = tokio::select! {
        numbers = reading => numbers,
        lost = client.next() => panic!("{lost:?}"),
    };
    assert!(numbers.is_sorted(), "{numbers:?}");
    println!("{} of {VALUES} values were sent, {replaced} were replaced", numbers.len());
    assert!(numbers.len() < 60, "{} old values were sent", numbers.len());
    assert_eq!(replaced, VALUES - u64::try_from(numbers.len()).unwrap());
    assert_eq!(client.counts().dropped, 0);
    assert!(!client.has_waiting() || timeout(Duration::from_millis(100), client.next()).await.is_err());
}

/// Goal: a relay that stands still counts as gone after 3 s, so that another connection is tried.
#[tokio::test]
async fn a_relay_that_takes_nothing_is_given_up() {
    let (fake, dial) = Fake::new();
    let (_socket, client) = tokio::join!(fake.client(), Client::connect(&dial));
    let mut client = client.unwrap();
    let start = Instant::now();
    let lost = async {
        for number in 0.. {
            client.latest(1, "value", &value(number));
            if let Ok(ended) = timeout(Duration::from_millis(1), client.next()).await {
                return ended.unwrap_err();
            }
        }
        unreachable!("the numbers do not end");
    };
    let lost = timeout(PATIENCE, lost).await.unwrap();
    assert!(matches!(lost, Lost::Stalled(_)), "{lost:?}");
    let after = start.elapsed();
    assert!((3.0..4.5).contains(&after.as_secs_f64()), "{after:?}");
    assert!(client.next().await.is_err());
    timeout(Duration::from_millis(100), client.close()).await.unwrap();
}

/// Goal: a slow relay is not one that stands still: as long as it takes anything it is not given up.
#[tokio::test]
async fn a_slow_relay_is_not_given_up() {
    let (fake, dial) = Fake::new();
    let (mut socket, client) = tokio::join!(fake.client(), Client::connect(&dial));
    let mut client = client.unwrap();
    let reading = async {
        for _ in 0..5 {
            // Real time, as the system's buffers know no other.
            sleep(Duration::from_millis(1200)).await;
            for _ in 0..40 {
                heard(&mut socket).await.unwrap();
            }
        }
    };
    let telling = async {
        for number in 0.. {
            client.latest(1, "value", &value(number));
            if let Ok(ended) = timeout(Duration::from_millis(1), client.next()).await {
                return ended.unwrap_err();
            }
        }
        unreachable!("the numbers do not end");
    };
    tokio::select! {
        () = reading => {}
        lost = telling => panic!("{lost}"),
    }
}
