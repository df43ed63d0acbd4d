//! House: the real relay, without a robot, as a person starts it.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::program::{PATIENCE, Running, Shell};
use crate::socketio_client::Dial;

/// Everyone must pair, also this machine's own programs; nothing is told to the network that the test runs in.
const STRICT: &str = "[server]\nhost = \"localhost\"\ntrust_port = 0\nmdns = false\n[access]\nlocal_operator = false\n";

/// The relay at work.
pub struct House {
    pub shell: Shell,
    relay: Option<Running>,
    args: Vec<String>,
    port: u16,
}

impl House {
    /// Everyone must pair.
    pub fn open(args: &[&str]) -> Self {
        Self::furnished(STRICT, args)
    }

    /// This machine's own programs are let in without.
    pub fn open_to_local_programs() -> Self {
        Self::furnished(&STRICT.replace("local_operator = false", "local_operator = true"), &[])
    }

    fn furnished(config: &str, args: &[&str]) -> Self {
        let shell = Shell::new();
        fs::write(shell.path("joywire.toml"), config).unwrap();
        let args = args.iter().map(|word| (*word).to_owned()).collect();
        let mut house = Self { shell, relay: None, args, port: 0 };
        house.reopen();
        house
    }

    /// Starts it, at the same port as before.
    pub fn reopen(&mut self) {
        let port = self.port.to_string();
        let mut command = self.shell.command(&["relay", "--public", "--port", &port, "--config", "joywire.toml"]);
        command.args(&self.args);
        let mut relay = Running::start(command);
        let line = relay.says("https://localhost:");
        let port = line.split("https://localhost:").nth(1).unwrap();
        self.port = port.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap();
        self.relay = Some(relay);
    }

    /// Ends it, as Ctrl-C does.
    pub fn close(&mut self) {
        let relay = self.relay.take().unwrap();
        relay.signal(Signal::INT);
        assert_eq!(relay.end().0, Some(0));
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("https://localhost:{}", self.port)
    }

    /// Another command of the same user, while it runs.
    pub fn command(&self, args: &[&str]) -> Output {
        self.prepare(args).output().unwrap()
    }

    /// The same, to be started by the test.
    pub fn prepare(&self, args: &[&str]) -> Command {
        let mut command = self.shell.command(args);
        command.args(["--port", &self.port.to_string(), "--config", "joywire.toml"]).stdin(Stdio::null());
        command
    }

    /// A way to it, without a session.
    pub fn dial(&self) -> Dial {
        let dial = Dial::new(SocketAddr::from((Ipv4Addr::LOCALHOST, self.port)), &self.shell.path("joywire"));
        // Agents come from the usual address, and each address may show only so many codes.
        Dial { from: [127, 0, 0, 2].into(), ..dial }
    }

    /// Memory that it takes now, KiB.
    pub fn memory(&self) -> u64 {
        let status = fs::read_to_string(self.proc().join("status")).unwrap();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        resident.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// Files and sockets that it has open.
    pub fn descriptors(&self) -> usize {
        fs::read_dir(self.proc().join("fd")).unwrap().count()
    }

    fn proc(&self) -> PathBuf {
        PathBuf::from("/proc").join(self.relay.as_ref().unwrap().child.id().to_string())
    }
}

/// The address in a line.
pub fn address(line: &str) -> String {
    let from = line.find("https://").unwrap_or_else(|| panic!("no address in {line:?}"));
    line[from..].chars().take_while(|letter| !letter.is_whitespace()).collect()
}

/// Waits until something is so; how long that took.
pub async fn comes(what: &str, mut so: impl AsyncFnMut() -> bool) -> Duration {
    let began = Instant::now();
    while !so().await {
        assert!(began.elapsed() < PATIENCE, "{what} did not come");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    began.elapsed()
}
