//! Relay: `joywire relay` at work, and who is let in there.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::Output;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::machine::Machine;
use crate::moment::clock_ns;
use crate::program::{PATIENCE, Running, text};
use crate::socketio_client::{Client, Dial};

/// The program at work. Its machine is there before and after it.
pub struct Relay {
    running: Option<Running>,
    machine: Machine,
    port: u16,
}

impl Relay {
    /// Starts it. `host` is how agents call its machine.
    pub fn start(machine: Machine, host: &str) -> Self {
        let config = format!("[server]\nhost = \"{host}\"\ntrust_port = 0\nmdns = false\n");
        fs::write(machine.path("joywire.toml"), config).unwrap();
        let mut relay = Self { running: None, machine, port: 0 };
        relay.restart();
        relay
    }

    /// Kills it.
    pub fn kill(&mut self) -> u64 {
        let at = clock_ns();
        self.running = None;
        at
    }

    /// Starts it again, at the same port.
    pub fn restart(&mut self) {
        self.running = None;
        let port = self.port.to_string();
        let args = ["relay", "--public", "--port", &port, "--config", "joywire.toml"];
        let mut running = Running::start(self.machine.command(&args));
        let line = running.says("https://localhost:");
        let port = line.split("https://localhost:").nth(1).unwrap();
        self.port = port.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap();
        self.running = Some(running);
    }

    /// Sends it a signal; returns when, ns.
    pub fn signal(&self, signal: Signal) -> u64 {
        let at = clock_ns();
        self.running.as_ref().unwrap().signal(signal);
        at
    }

    /// Its machine.
    pub fn machine(&self) -> &Machine {
        &self.machine
    }

    /// The way to it for a browser of its own machine, which is an operator.
    pub fn dial(&self) -> Dial {
        Dial::new(SocketAddr::from((Ipv4Addr::LOCALHOST, self.port)), &self.machine.data())
    }

    /// The way to it for a phone elsewhere, which is let in as a driver.
    pub fn dial_from(&self, from: IpAddr, to: IpAddr) -> Dial {
        let dial = Dial { to: SocketAddr::new(to, self.port), from, ..self.dial() };
        let mut pair = Running::start(self.command(&["pair", "--role", "driver"]));
        let line = pair.says("/p#");
        let code = line.split("/p#").nth(1).unwrap().split(' ').next().unwrap();
        let cookie = wait(async {
            let (status, answer, cookie) = post(&dial, "/pair", &json!({"code": code, "name": "phone"})).await;
            assert_eq!((status, &answer["status"]), (202, &json!("waiting")), "{answer}: {cookie:?}");
            self.approve();
            loop {
                let asked = json!({ "ticket": answer["ticket"] });
                if let (200, _, Some(cookie)) = post(&dial, "/pair/wait", &asked).await {
                    return cookie;
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        });
        Dial { session: Some(cookie), ..dial }
    }

    /// Shows a code for an agent: the words to type beside the robot, the program's name first.
    pub fn invites_an_agent(&self) -> (Running, Vec<String>) {
        let mut pair = Running::start(self.command(&["pair", "--role", "agent"]));
        let line = pair.says("joywire agent --relay");
        (pair, line.split_whitespace().map(str::to_owned).collect())
    }

    /// Says yes to the one device that waits.
    pub fn approve(&self) {
        let end = Instant::now() + PATIENCE;
        loop {
            let listed = self.output(&["devices", "list", "--json"]);
            let access: Value = serde_json::from_slice(&listed.stdout).unwrap();
            if let Some(id) = access["waiting"][0]["id"].as_u64() {
                self.output(&["devices", "approve", &id.to_string()]);
                return;
            }
            assert!(Instant::now() < end, "nobody waits: {access}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// An operator at the relay's machine asks one thing after the other.
    pub fn operator<T>(&self, story: impl AsyncFnOnce(&mut Client) -> T) -> T {
        wait(async { story(&mut self.dial().client().await).await })
    }

    fn command(&self, args: &[&str]) -> std::process::Command {
        let mut command = self.machine.command(args);
        command.args(["--port", &self.port.to_string(), "--config", "joywire.toml"]);
        command
    }

    fn output(&self, args: &[&str]) -> Output {
        let output = self.command(args).output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", text(&output.stderr));
        output
    }
}

/// Waits for what takes real time.
pub fn wait<T>(story: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(story)
}

/// Posts JSON; the status, the answer, and the session that was set.
async fn post(dial: &Dial, path: &str, body: &Value) -> (u16, Value, Option<String>) {
    let kind = "Content-Type: application/json\r\n";
    let (status, whole) = dial.http(&format!("POST {path}"), kind, &body.to_string()).await;
    let (head, body) = whole.split_once("\r\n\r\n").unwrap();
    let cookie = head.lines().find_map(|line| line.strip_prefix("set-cookie: "));
    let session = cookie.and_then(|line| line.split(';').next()).map(str::to_owned);
    (status, serde_json::from_str(body).unwrap(), session)
}
