//! Enrolment: the line that is typed beside a robot, and everything that can be wrong with it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::json;

use crate::agent::{Agent, code, complaint, device, fingerprint, option_of, waiting};
use crate::house::{House, comes};
use crate::phone::{list, paired};
use crate::program::Running;
use crate::socketio_client::Client;

/// The robots that are here, as an operator sees them.
async fn here(operator: &mut Client) -> Vec<String> {
    let reply = operator.ask("robots", &[json!({"do": "list"})]).await.remove(0);
    let robots = reply["robots"].as_array().unwrap().iter().filter(|robot| robot["here"] == true);
    robots.map(|robot| robot["name"].as_str().unwrap().to_owned()).collect()
}

/// Goal: one line from the relay's terminal, typed beside the robot, and a yes to four digits that both show: the robot is
/// there, and from then on without a code. A second program with the same key is told so; thrown out, it is gone at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_line_brings_a_robot() {
    let house = House::open(&[]);
    let agent = Agent::new(&house, "Rover", "sim");
    let mut pair = Running::start(house.prepare(&["pair", "--role", "agent"]));
    let line = pair.says("joywire agent --relay");
    assert_eq!(option_of(&line, "--relay"), house.url());
    let (code, fingerprint) = (option_of(&line, "--code"), option_of(&line, "--fingerprint"));
    let mut program = Running::start(agent.command(&["--code", &code, "--fingerprint", &fingerprint]));
    let asked = program.says("waiting for a yes");
    let waiting = waiting(&list(&house), "Rover");
    let (number, id) = (waiting["number"].as_str().unwrap(), waiting["id"].to_string());
    assert!(asked.contains(number) && asked.contains("“Rover” as a robot's agent"), "{asked}");
    let seen = pair.says("wants to come in");
    assert!(seen.contains(number) && seen.contains(&format!("joywire devices approve {id}")), "{seen}");
    assert!(house.command(&["devices", "approve", &id]).status.success());
    program.says("no code is needed");
    program.says("the relay has our robots");
    pair.says("“Rover” is in, as a robot's agent");
    assert_eq!(pair.end().0, Some(0));

    let relays = agent.shell.path("joywire/relays");
    let keys: Vec<_> = fs::read_dir(&relays).unwrap().map(|entry| entry.unwrap()).collect();
    assert_eq!(keys.len(), 1);
    assert_eq!(keys[0].metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(&relays).unwrap().permissions().mode() & 0o777, 0o700);
    let mut operator = paired(&house, "operator", "teacher").await.client().await;
    assert_eq!(here(&mut operator).await, ["Rover"]);

    // Again without a code, and only once at a time.
    program.signal(Signal::INT);
    assert_eq!(program.end().0, Some(0));
    comes("its leaving", async || here(&mut operator).await.is_empty()).await;
    let mut program = agent.start();
    program.says("the relay has our robots");
    let said = agent.complaint(&[]);
    println!("started twice: {said}");
    assert!(said.contains("running already") || said.contains("runs already") || said.contains("in use"), "{said}");
    // The same key in another folder, as after a copy.
    let copy = Agent::new(&house, "Rover", "sim");
    copy_key(&agent, &copy);
    let said = copy.complaint(&[]);
    println!("a copy: {said}");
    assert!(said.contains("this agent runs already") && said.contains("end the other program"), "{said}");
    assert_eq!(here(&mut operator).await, ["Rover"]);

    let id = device(&house, "Rover");
    assert!(house.command(&["devices", "revoke", &id]).status.success());
    let gone = comes("its end", async || here(&mut operator).await.is_empty()).await;
    println!("thrown out: gone within {} ms", gone.as_millis());
    assert!(gone < Duration::from_secs(1), "{gone:?}");
    let said = program.says("does not let this program in");
    println!("thrown out: {said}");
    assert!(said.contains("not paired"), "{said}");
    program.signal(Signal::INT);
    assert_eq!(program.end().0, Some(0));
    let said = agent.complaint(&[]);
    assert!(said.contains("does not let this program in"), "{said}");
}

fn copy_key(from: &Agent, to: &Agent) {
    let (from, to) = (from.shell.path("joywire/relays"), to.shell.path("joywire/relays"));
    fs::create_dir_all(&to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

/// Goal: who types the wrong thing is told what is wrong with it: a fingerprint of somebody else, whom the code is not even
/// shown to; a code for another role, a used one; a name that another robot has.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_lines_say_what_is_wrong() {
    let house = House::open(&["--confirm", "no"]);
    let agent = Agent::new(&house, "Rover", "sim");
    let [good, fingerprint] = code(&house, "agent");
    let first = if fingerprint.starts_with('0') { "1" } else { "0" };
    let wrong = format!("{first}{}", &fingerprint[1..]);
    let said = agent.complaint(&["--code", &good, "--fingerprint", &wrong]);
    assert!(said.contains("the code was not shown to it") && said.contains("fingerprint"), "{said}");
    // So it is still good.
    let mut program = Running::start(agent.command(&["--code", &good, "--fingerprint", &fingerprint]));
    program.says("the relay has our robots");
    let other = Agent::new(&house, "Rover", "sim");
    let said = other.complaint(&["--code", &good, "--fingerprint", &fingerprint]);
    println!("used code: {said}");
    assert!(said.contains("says no"), "{said}");

    let [driver, fingerprint] = code(&house, "driver");
    let said = other.complaint(&["--code", &driver, "--fingerprint", &fingerprint]);
    assert!(said.contains("that code is for a driver") && said.contains("joywire pair --role agent"), "{said}");

    // Another machine, with the name of a robot that is here already, or away.
    let [third, fingerprint] = code(&house, "agent");
    let said = other.complaint(&["--code", &third, "--fingerprint", &fingerprint]);
    println!("taken name: {said}");
    assert!(said.contains("another agent (Rover) has a robot called \"Rover\"") && said.contains("--name"), "{said}");
    program.signal(Signal::KILL);
    drop(program);
    let mut operator = paired(&house, "operator", "teacher").await.client().await;
    comes("its leaving", async || here(&mut operator).await.is_empty()).await;
    let said = other.complaint(&[]);
    println!("name of one that is away: {said}");
    assert!(said.contains("which is away") && said.contains("joywire devices revoke"), "{said}");
    let other = other.renamed("Rover 2");
    let mut renamed = other.start();
    renamed.says("the relay has our robots");
    comes("the other", async || here(&mut operator).await == ["Rover 2"]).await;
}

/// Goal: an agent whose relay is not there waits for it, tells so, and is there when it comes.
#[test]
fn agent_waits_for_its_relay() {
    let mut house = House::open(&["--confirm", "no"]);
    let agent = Agent::new(&house, "Rover", "sim");
    let [code, fingerprint] = code(&house, "agent");
    let mut program = Running::start(agent.command(&["--code", &code, "--fingerprint", &fingerprint]));
    program.says("the relay has our robots");
    house.close();
    let said = program.says("trying again");
    println!("relay gone: {said}");
    assert!(said.contains("the relay is lost") && said.contains("has left"), "{said}");
    house.reopen();
    program.says("the relay has our robots");
    program.signal(Signal::INT);
    assert_eq!(program.end().0, Some(0));

    house.close();
    let mut program = agent.start();
    let said = program.says("trying again");
    println!("no relay: {said}");
    house.reopen();
    program.says("the relay has our robots");
}

/// Goal: one agent brings several robots, one a file, and each is there by its own name.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_agent_brings_several_robots() {
    let house = House::open(&["--confirm", "no"]);
    let files = ["--config", "red.toml", "--config", "blue.toml"];
    let agent = Agent::new(&house, "Red", "sim").with(&files);
    for name in ["Red", "Blue"] {
        let config = format!("[robot]\nname = \"{name}\"\nserial = \"sim\"\n[gamepad]\nuse = \"off\"\n");
        fs::write(agent.shell.path(&format!("{}.toml", name.to_lowercase())), config).unwrap();
    }
    let said = agent.complaint(&["--name", "Green"]);
    assert!(said.contains("--name") && said.contains("each file has its own"), "{said}");
    let [code, fingerprint] = code(&house, "agent");
    let mut program = Running::start(agent.command(&["--code", &code, "--fingerprint", &fingerprint]));
    program.says("the relay has our robots");
    let mut operator = paired(&house, "operator", "teacher").await.client().await;
    assert_eq!(here(&mut operator).await, ["Red", "Blue"]);
    assert_eq!(operator.welcome["robot"]["name"], "");
    // STOP at one latches that one, and says so after a restart.
    let mut red = paired(&house, "driver", "phone").await.client_with(json!({"robot": "Red"})).await;
    assert_eq!(red.ask("stop", &[json!({})]).await[0]["ok"], true);
    program.signal(Signal::INT);
    let (code, said) = program.end();
    assert!(code == Some(0) && said.contains("brings Red, Blue to the relay"), "{said}");
    let mut program = agent.start();
    program.says("the relay has our robots");
    comes("the latch of one", async || {
        let reply = operator.ask("robots", &[json!({"do": "list"})]).await.remove(0);
        let states: Vec<_> = reply["robots"].as_array().unwrap().iter().map(|robot| robot["state"].clone()).collect();
        states == ["latched", "ready"]
    })
    .await;
}

/// Goal: an address that cannot be one is refused with a word about what is wrong, before anything else happens.
#[test]
fn wrong_addresses_read_well() {
    let house = House::open(&[]);
    let fingerprint = fingerprint(&house);
    let agent = Agent::new(&house, "Rover", "sim");
    for (url, words) in [
        ("http://localhost:8080", &["https"][..]),
        ("localhost:8080", &["https://"]),
        ("https://", &["https://"]),
        ("https://a b:8080", &["a b"]),
        ("https://localhost:99999", &["99999"]),
        ("https://user@localhost:8080", &["user@localhost"]),
        ("https://localhost:8080/p#code", &["localhost:8080"]),
        ("wss://localhost:8080", &["https"]),
        ("", &["https"]),
    ] {
        for args in [&["agent", "--relay", url][..], &["drive", "--relay", url, "up", "1s"]] {
            let said = complaint(agent.shell.command(args));
            println!("{url:?}: {said}");
            for word in words {
                assert!(said.contains(word), "{url}: no {word:?} in {said}");
            }
        }
    }
    // Good ones that lead nowhere.
    let unknown = complaint(agent.shell.command(&["agent", "--relay", "https://localhost:1"]));
    assert!(unknown.contains("joywire pair --role agent"), "{unknown}");
    let key = ["--code", "abc", "--fingerprint", &fingerprint];
    for (url, word) in [("https://localhost:1", "localhost:1"), ("https://no-such-host.invalid", "no-such-host")] {
        let said = complaint(agent.shell.command(&[&["agent", "--relay", url][..], &key].concat()));
        println!("{url}: {said}");
        assert!(said.contains(word), "{said}");
    }
    let said = complaint(agent.command(&["--code", "abc", "--fingerprint", "12:34"]));
    assert!(said.contains("fingerprint"), "{said}");
}
