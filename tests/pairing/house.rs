//! House: the real program in a terminal, which a test reads and types into.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::program::{PATIENCE, Shell, terminal};
use crate::socketio_client::Dial;

/// Everyone must pair, also this machine's own programs; nothing is told to the network that the test runs in.
const STRICT: &str = "[server]\nhost = \"localhost\"\ntrust_port = 0\nmdns = false\n[access]\nlocal_operator = false\n";

/// The program at work.
pub struct House {
    shell: Shell,
    child: Child,
    screen: Arc<Mutex<String>>,
    keyboard: File,
    paused: Arc<AtomicBool>,
    port: u16,
}

impl House {
    /// Open to phones, and everyone must pair.
    pub fn open(args: &[&str]) -> Self {
        Self::furnished(STRICT, args)
    }

    /// The same, but this machine's own programs are operators.
    pub fn open_with_local_operator(args: &[&str]) -> Self {
        Self::furnished(&STRICT.replace("local_operator = false", "local_operator = true"), args)
    }

    fn furnished(config: &str, args: &[&str]) -> Self {
        let shell = Shell::new();
        fs::write(shell.path("joywire.toml"), config).unwrap();
        Self::start(shell, 0, args)
    }

    /// Open to phones, with a log of that level.
    pub fn open_logging(level: &str) -> Self {
        let shell = Shell::new();
        fs::write(shell.path("joywire.toml"), STRICT).unwrap();
        Self::start_logging(shell, 0, &[], level)
    }

    /// The same house with nobody in it.
    pub fn stopped(mut self) -> Self {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self
    }

    /// Ends the program and starts it again at the same port.
    pub fn reopened(mut self, args: &[&str]) -> Self {
        drop(self.child.kill());
        self.child.wait().unwrap();
        let shell = std::mem::replace(&mut self.shell, Shell::new());
        Self::start(shell, self.port, args)
    }

    fn start(shell: Shell, port: u16, args: &[&str]) -> Self {
        Self::start_logging(shell, port, args, "info")
    }

    fn start_logging(shell: Shell, port: u16, args: &[&str], level: &str) -> Self {
        let (ours, theirs) = terminal();
        let open = || OpenOptions::new().read(true).write(true).open(&theirs).unwrap();
        let port = port.to_string();
        let mut command = shell.command(&["run", "--public", "--port", &port, "--config", "joywire.toml"]);
        command.args(args).env("JOYWIRE_LOG", level).stdin(open()).stdout(open());
        command.stderr(OpenOptions::new().create(true).append(true).open(shell.path("log")).unwrap());
        let child = command.spawn().unwrap();
        // It holds copies of the terminal until it is dropped.
        drop(command);
        let (screen, paused) = (Arc::new(Mutex::new(String::new())), Arc::new(AtomicBool::new(false)));
        let keyboard = File::from(ours);
        let (mut reader, seen, waits) = (keyboard.try_clone().unwrap(), screen.clone(), paused.clone());
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            let mut pending = Vec::new();
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                pending.extend_from_slice(&bytes[..count]);
                if let Ok(text) = String::from_utf8(pending.clone()) {
                    seen.lock().unwrap().push_str(&text);
                    pending.clear();
                }
                while waits.load(Ordering::Relaxed) {
                    thread::sleep(Duration::from_millis(1));
                }
            }
        });
        let mut house = Self { shell, child, screen, keyboard, paused, port: 0 };
        let line = house.shows("https://localhost:");
        let port = line.split("https://localhost:").nth(1).unwrap();
        house.port = port.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap();
        house
    }

    /// Everything that was on the screen so far.
    pub fn screen(&self) -> String {
        self.screen.lock().unwrap().clone()
    }

    /// Everything in the log so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.shell.path("log")).unwrap()
    }

    /// Waits for words on the screen; returns the last line with them.
    pub fn shows(&self, words: &str) -> String {
        self.comes_to_show(words, 0)
    }

    /// Waits until words are on the screen behind the first `from` bytes; returns the last line with them.
    pub fn comes_to_show(&self, words: &str, from: usize) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            let screen = self.screen();
            let found = screen[from..].lines().rfind(|line| line.contains(words));
            if let Some(line) = found {
                return line.to_owned();
            }
            assert!(Instant::now() < end, "no {words:?} on the screen:\n{screen}\nthe log:\n{}", self.log());
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits for a code on the screen behind the first `from` bytes; returns its address.
    pub fn code(&self, from: usize) -> String {
        self.comes_to_show("It is good for", from);
        address(&self.comes_to_show("/p#", from))
    }

    /// Reads what is asked, and types a line.
    pub fn types(&mut self, line: &str) {
        thread::sleep(Duration::from_secs(1));
        self.types_at_once(line);
    }

    /// Types a line without a look at the screen.
    pub fn types_at_once(&mut self, line: &str) {
        writeln!(self.keyboard, "{line}").unwrap();
    }

    /// Stops looking at the screen, as Ctrl-S does; what is written to it waits.
    pub fn looks_away(&self) {
        self.paused.store(true, Ordering::Relaxed);
    }

    /// Looks again.
    pub fn looks(&self) {
        self.paused.store(false, Ordering::Relaxed);
    }

    /// Another command of the same user, while this runs.
    pub fn command(&self, args: &[&str]) -> Output {
        self.prepare(args).output().unwrap()
    }

    /// The same, to be started by the test.
    pub fn prepare(&self, args: &[&str]) -> std::process::Command {
        let mut command = self.shell.command(args);
        command.args(["--port", &self.port.to_string(), "--config", "joywire.toml"]).stdin(Stdio::null());
        command
    }

    /// Memory that it takes now, MiB.
    pub fn memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        resident.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
    }

    /// Where it keeps who may come in.
    pub fn access(&self) -> std::path::PathBuf {
        self.data().join("access").join(self.port.to_string())
    }

    /// Where its files are.
    pub fn data(&self) -> std::path::PathBuf {
        self.shell.path("joywire")
    }

    /// A way to it, without a session.
    pub fn dial(&self) -> Dial {
        Dial::new(SocketAddr::from((Ipv4Addr::LOCALHOST, self.port)), &self.data())
    }
}

impl Drop for House {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What loads the machine or measures waits here, so that the one does not measure the other.
pub async fn alone() -> tokio::sync::MutexGuard<'static, ()> {
    static ONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    ONE.lock().await
}

/// The address in a line.
pub fn address(line: &str) -> String {
    let from = line.find("https://").unwrap_or_else(|| panic!("no address in {line:?}"));
    line[from..].chars().take_while(|letter| !letter.is_whitespace()).collect()
}
