//! Turnover: people and agents come and go all day, and nothing of them stays behind.

use std::time::{Duration, Instant};

use joywire::protocol::events::Role;
use joywire::socketio::{Client, Incoming};
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::agent::code;
use crate::house::{House, comes};
use crate::phone::{paired, post, with};
use crate::school::dial_of_ours;
use crate::socketio_client::{Dial, PATIENCE};

const WARM_UP: usize = 150;
const DRIVERS: usize = 1900;
const AGENTS: usize = 200;
/// As many at once as a relay takes in a second is too many for one address.
const AT_ONCE: usize = 8;
/// More memory than this, KiB, is not what an allocator keeps in hand.
const SLACK: u64 = 6 * 1024;

/// Drivers who come, take the seat, and go: some in good order, some not.
async fn drivers(dial: &Dial, count: usize) {
    let mut tasks = JoinSet::new();
    for place in 0..AT_ONCE {
        let dial = Dial { from: [127, 0, 6, u8::try_from(place + 1).unwrap()].into(), ..dial.clone() };
        tasks.spawn(async move {
            for number in 0..count / AT_ONCE {
                let mut client = loop {
                    if let Some(client) = dial.try_client().await {
                        break client;
                    }
                    sleep(Duration::from_millis(50)).await;
                };
                client.ask("seat", &[json!({"want": "take"})]).await;
                if number % 2 == 0 {
                    client.raw("41").await;
                    client.ended().await;
                }
            }
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended.unwrap();
    }
}

/// An agent that brings a robot, reports of it, and goes.
async fn agents(dial: &joywire::socketio::Dial, count: usize) {
    for number in 0..count {
        let began = Instant::now();
        let mut client = loop {
            match Client::connect(dial).await {
                Ok(client) => break client,
                // A relay takes in so many a second, and one address opens so many sessions.
                Err(error) => {
                    assert!(!error.needs_somebody() && began.elapsed() < PATIENCE, "{error}");
                    sleep(Duration::from_millis(100)).await;
                }
            }
        };
        let card = json!({"name": "Rover", "simulated": true, "wheels": "differential", "strafe": false});
        let enlist = json!({"versions": {"min": 1, "max": 1}, "instance": 7, "program": "turnover", "robots": [card]});
        let asked = client.ask("enlist", &[enlist]).unwrap();
        loop {
            if let Incoming::Ack { id, args } = client.next().await.unwrap()
                && id == asked
            {
                assert_eq!(args[0]["ok"], true, "{args:?}");
                break;
            }
        }
        if number % 2 == 0 {
            client.close().await;
        }
    }
}

/// Goal: memory and descriptors of a relay are after 1,900 visits of drivers and 200 of agents what they were after 150, and it
/// still takes everybody in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_stays_behind_of_those_who_left() {
    let house = House::open(&["--confirm", "no"]);
    let driver = paired(&house, "driver", "phone").await;
    let [code, _] = code(&house, "agent");
    let (_, _, cookie) = post(&house.dial(), "/pair", &json!({"code": code, "name": "Pi"})).await;
    let agent = dial_of_ours(&with(&house.dial(), &cookie.unwrap()));
    let settle = async |most: usize| {
        comes("an empty house", async || house.descriptors() <= most).await;
    };
    let empty = house.descriptors();
    agents(&agent, 20).await;
    drivers(&driver, WARM_UP).await;
    settle(empty + 2).await;
    let (began, memory, descriptors) = (Instant::now(), house.memory(), house.descriptors());
    tokio::join!(agents(&agent, AGENTS), drivers(&driver, DRIVERS));
    settle(descriptors + 2).await;
    let (after, left) = (house.memory(), house.descriptors());
    println!(
        "{DRIVERS} drivers and {AGENTS} agents in {:.1?}: {memory} KiB and {descriptors} descriptors before, {after} KiB and \
         {left} after",
        began.elapsed()
    );
    assert!(after <= memory + SLACK, "{memory} KiB became {after} KiB");
    // Whoever came last used up what one address may open in a second.
    let mut last = None;
    comes("somebody who is let in", async || {
        last = driver.try_client().await;
        last.is_some()
    })
    .await;
    let client = last.unwrap();
    assert_eq!(client.welcome["role"], serde_json::to_value(Role::Driver).unwrap());
    assert_eq!(client.welcome["robots"].as_array().unwrap().len(), 1);
}
