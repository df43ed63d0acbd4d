//! House: the real program with a simulated robot, and what its log says.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Instant;

use rustix::process::Signal;
use serde_json::Value;

use crate::program::{PATIENCE, Running, Shell, text};
use crate::socketio_client::{Client, Dial};

/// Nothing of the machine that the test runs on.
const CONFIG: &str = "[gamepad]\nuse = \"off\"\n[metrics]\nport = 0\n";

/// The program at work.
pub struct House {
    pub shell: Shell,
    program: Option<Running>,
    port: u16,
    command: &'static str,
}

impl House {
    pub fn open() -> Self {
        Self::furnished("run")
    }

    /// The relay alone.
    pub fn open_relay() -> Self {
        Self::furnished("relay")
    }

    fn furnished(command: &'static str) -> Self {
        let shell = Shell::new();
        fs::write(shell.path("joywire.toml"), CONFIG).unwrap();
        let mut house = Self { shell, program: None, port: 0, command };
        house.reopen();
        house
    }

    /// Starts it, at the same port as before.
    pub fn reopen(&mut self) {
        let port = self.port.to_string();
        let command =
            self.shell.command(&[self.command, "--port", &port, "--name", "Rover", "--config", "joywire.toml"]);
        let mut program = Running::start(command);
        let line = program.says("https://localhost:");
        let port = line.split("https://localhost:").nth(1).unwrap();
        self.port = port.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap();
        self.program = Some(program);
    }

    /// Ends it, as Ctrl-C does.
    pub fn close(&mut self) {
        let program = self.program.take().unwrap();
        program.signal(Signal::INT);
        assert_eq!(program.end().0, Some(0));
    }

    /// Ends it as the power does, as far as a program can tell.
    pub fn kill(&mut self) {
        let program = self.program.take().unwrap();
        program.signal(Signal::KILL);
        drop(program);
    }

    pub fn url(&self) -> String {
        format!("https://localhost:{}", self.port)
    }

    pub fn dial(&self) -> Dial {
        Dial::new(SocketAddr::from((Ipv4Addr::LOCALHOST, self.port)), &self.shell.path("joywire"))
    }

    /// Somebody of that name.
    pub async fn person(&self, name: &str) -> Client {
        self.dial().client_with(serde_json::json!({"name": name})).await
    }

    /// What `joywire log --json` says, oldest first.
    pub fn log(&self, args: &[&str]) -> Vec<Value> {
        let output =
            self.shell.output(&[&["log", "--json", "--last", "100000", "--config", "joywire.toml"], args].concat());
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Whether the log is as it was written.
    pub fn verify(&self) -> String {
        let output = self.shell.output(&["log", "verify", "--config", "joywire.toml"]);
        let said = text(&output.stdout);
        assert!(output.status.success(), "{said}{}", text(&output.stderr));
        said
    }
}

/// Waits until the robot is in that state.
pub async fn becomes(client: &mut Client, state: &str) {
    let end = Instant::now() + PATIENCE;
    while client.event_named("telemetry").await[0]["state"] != state {
        assert!(Instant::now() < end, "the robot never was {state}");
    }
}
