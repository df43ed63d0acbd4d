//! Apart: relay and agent are two programs, each with a log of its own, and both tell who stopped the robot.

use std::fs;

use serde_json::{Value, json};

use crate::house::{House, becomes};
use crate::program::{Running, Shell, text};

/// Goal: whoever asks at the relay reads who drove and who stopped, and so does whoever asks at the robot.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_logs_tell_who_stopped_the_robot() {
    let mut house = House::open_relay();
    let beside = Shell::new();
    fs::write(beside.path("agent.toml"), "[gamepad]\nuse = \"off\"\n[metrics]\nport = 0\n").unwrap();
    let url = house.url();
    // A certificate of another computer is not known by itself; this one's is, as the agent has the same user's folder.
    let args = ["agent", "--relay", &url, "--name", "Rover", "--serial", "sim", "--config", "agent.toml"];
    let mut command = beside.command(&args);
    fs::create_dir_all(beside.path("joywire")).unwrap();
    std::os::unix::fs::symlink(house.shell.path("joywire/tls"), beside.path("joywire/tls")).unwrap();
    command.current_dir(beside.home.path());
    let mut agent = Running::start(command);
    agent.says("the relay has our robots");
    let mut ben = house.person("Ben").await;
    becomes(&mut ben, "ready").await;
    assert_eq!(ben.ask("seat", &[json!({"want": "take"})]).await[0]["ok"], true);
    assert_eq!(ben.ask("stop", &[json!({"reason": "a cat"})]).await[0]["ok"], true);
    becomes(&mut ben, "latched").await;
    drop(ben);
    agent.signal(rustix::process::Signal::INT);
    assert_eq!(agent.end().0, Some(0));
    house.close();
    let has = |log: &[Value], event: &str, words: &str| {
        let fits = |entry: &&Value| entry["event"] == event && entry["text"].as_str().unwrap().contains(words);
        assert!(log.iter().any(|entry| fits(&entry)), "no {words:?} in {log:#?}");
    };
    let relay = house.log(&[]);
    has(&relay, "seat", "Ben drives, as the relay heard");
    has(&relay, "stop", "Ben presses STOP: a cat, as the relay heard");
    let startup = |entry: &&Value| entry["event"] == "fault" && entry["data"]["code"] == "robot_starting";
    assert_eq!(relay.iter().filter(startup).count(), 0, "a start is no stop: {relay:#?}");
    let output = beside.output(&["log", "--json", "--config", "agent.toml"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let agents: Vec<Value> = text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    has(&agents, "connection", "the relay has Rover");
    has(&agents, "seat", "Ben drives");
    has(&agents, "stop", "STOP: Ben: a cat");
    has(&agents, "connection", "the connection to the relay is closed");
}
