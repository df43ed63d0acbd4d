//! Scripts: `joywire drive` moves a robot by its relay and says in a sentence why it does not.

use std::fs;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::agent::{Agent, code, complaint};
use crate::house::{House, comes};
use crate::program::Running;
use crate::robot::Robot;
use crate::socketio_client::Client;

/// A relay whose machine needs no keys, with a robot and its agent on the same machine.
fn furnished() -> (House, Robot, Running) {
    let house = House::open_to_local_programs();
    let robot = Robot::new();
    let agent = local(&house, "Rover", robot.path());
    (house, robot, agent)
}

/// An agent of the relay's own user, which needs no code.
fn local(house: &House, name: &str, serial: &str) -> Running {
    fs::write(house.shell.path(&format!("{name}.toml")), "[gamepad]\nuse = \"off\"\n").unwrap();
    let url = house.url();
    let file = format!("{name}.toml");
    let args = ["agent", "--relay", &url, "--name", name, "--serial", serial, "--config", &file];
    let mut agent = Running::start(house.shell.command(&args));
    agent.says("the relay has our robots");
    agent
}

fn drive(house: &House, args: &[&str]) -> std::process::Command {
    let url = house.url();
    let file = ["--config", "joywire.toml"];
    house.shell.command(&[&["drive", "--relay", &url][..], &file, args].concat())
}

async fn who_drives(client: &mut Client) -> Value {
    let reply = client.ask("robots", &[json!({"do": "list"})]).await.remove(0);
    reply["robots"][0]["holder"].clone()
}

/// Goal: a script's steps reach the motors in their order and end when it says; then the seat is free.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_script_drives_and_lets_go() {
    let (house, robot, _agent) = furnished();
    let (status, said) = Running::start(drive(&house, &["up", "0.4s", "left", "300ms"])).end();
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains("Rover has done it"), "{said}");
    let turned = robot.seen().turned;
    let forward = turned.iter().filter(|(_, [left, right])| *left > 0 && *right > 0).count();
    let left = turned.iter().filter(|(_, [left, right])| *left < 0 && *right > 0).count();
    println!("a script turned the motors {forward} ms forward and {left} ms to the left");
    assert!((150..700).contains(&forward) && (80..600).contains(&left), "{forward} ms, {left} ms");
    let mut client = house.dial().client().await;
    assert_eq!(who_drives(&mut client).await, Value::Null);

    // Another machine, by a key of its own.
    let other = Agent::new(&house, "laptop", "sim");
    let [code, fingerprint] = code(&house, "driver");
    let url = house.url();
    let first = ["drive", "--relay", &url, "--code", &code, "--fingerprint", &fingerprint, "down", "0.3s"];
    let mut first = Running::start(other.shell.command(&first));
    first.says("waiting for a yes");
    crate::phone::approve(&house, "joywire drive");
    assert_eq!(first.end().0, Some(0));
    let (status, said) = Running::start(other.shell.command(&["drive", "--relay", &url, "down", "0.3s"])).end();
    assert_eq!(status, Some(0), "{said}");
    assert!(robot.seen().turned.iter().all(|(_, [left, right])| *left <= 0 && *right <= 0));
}

/// Goal: a script that cannot drive ends with 1 and says why: somebody else drives, STOP is latched, no robot of that name,
/// or none was named where there are several.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_script_that_cannot_drive_says_why() {
    let (house, robot, _agent) = furnished();
    let mut person = house.dial().client_with(json!({"name": "Anne"})).await;
    comes("a robot that is ready", async || person.event_named("telemetry").await[0]["state"] == "ready").await;
    let taken = person.ask("seat", &[json!({"want": "take"})]).await.remove(0);
    assert_eq!(taken["ok"], true, "{taken}");
    let holds = tokio::spawn(async move {
        for seq in 1_u32.. {
            let epoch = &taken["seat"]["epoch"];
            person.emit("drive", &[json!({"seq": seq, "x": 0.0, "y": 0.0, "epoch": epoch})]).await;
            drop(tokio::time::timeout(Duration::from_millis(50), person.event()).await);
        }
    });
    let said = complaint(drive(&house, &["up", "1s"]));
    println!("taken: {said}");
    assert!(said.contains("the seat is not to be had") && said.contains("Anne"), "{said}");
    holds.abort();

    let said = complaint(drive(&house, &["--robot", "Green", "up", "1s"]));
    println!("unknown: {said}");
    assert!(said.contains("Green") && said.contains("Rover"), "{said}");
    let other = local(&house, "Blue", "sim");
    let said = complaint(drive(&house, &["up", "1s"]));
    println!("several: {said}");
    assert!(said.contains("which robot") && said.contains("Rover, Blue") && said.contains("--robot"), "{said}");
    drop(other);

    let mut person = house.dial().client_with(json!({"robot": "Rover"})).await;
    assert_eq!(person.ask("stop", &[json!({"reason": "lunch"})]).await[0]["ok"], true);
    let said = complaint(drive(&house, &["--robot", "Rover", "up", "1s"]));
    println!("latched: {said}");
    assert!(said.contains("not ready") && said.contains("STOP"), "{said}");
    for (steps, word) in [(&["sideways", "1s"][..], "sideways"), (&["up"], "for how long"), (&["up", "1h"], "1h")] {
        let said = complaint(drive(&house, steps));
        assert!(said.contains(word), "{said}");
    }
    assert_eq!(robot.seen().turned, []);
}

/// Goal: Ctrl-C in a script stops the motors and frees the seat at once; STOP ends a script with a sentence.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ctrl_c_and_stop_end_a_script() {
    let (house, robot, _agent) = furnished();
    let mut person = house.dial().client().await;
    let moves = async || comes("motion", async || !robot.seen().turned.is_empty()).await;
    let script = Running::start(drive(&house, &["up", "30s"]));
    moves().await;
    script.signal(Signal::INT);
    let pressed = Instant::now();
    let (status, said) = script.end();
    assert_eq!(status, Some(1), "{said}");
    comes("a free seat", async || who_drives(&mut person).await.is_null()).await;
    let after = pressed.elapsed();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let last = robot.seen().turned.last().map_or(Duration::ZERO, |(at, _)| at.saturating_duration_since(pressed));
    println!(
        "Ctrl-C: the motors turned {} ms longer, the seat was free within {} ms",
        last.as_millis(),
        after.as_millis()
    );
    assert!(last < Duration::from_millis(250) && after < Duration::from_secs(1), "{last:?}, {after:?}");

    let mut script = Running::start(drive(&house, &["up", "30s"]));
    moves().await;
    assert_eq!(person.ask("stop", &[json!({"reason": "a child"})]).await[0]["ok"], true);
    script.says("joywire: the robot is not ready: ");
    assert_eq!(script.end().0, Some(1));
}
