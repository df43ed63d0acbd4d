//! Who is measured: programs that turn what a client says into frames on a serial line.

mod floor;
mod joywire;
mod original;

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use ::joywire::socketio::Address;
use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio_rustls::rustls::pki_types::CertificateDer;

pub use self::floor::{WORD as FLOOR, serve as serve_floor};
use super::clock;
use super::line::Line;

/// Programs say that they are ready, or have failed, within this.
const PATIENCE: Duration = Duration::from_secs(20);
/// Programs that were asked to end are killed after this.
const FAREWELL: Duration = Duration::from_secs(3);

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Contestant {
    /// The shape of the system that Joywire follows: a Node.js relay and a Python agent with a lock around its TLS socket.
    Original,
    /// The same as the libraries are: without that lock it loses messages.
    OriginalUnlocked,
    /// `joywire run`: one process.
    Joywire,
    /// `joywire relay` and `joywire agent`: two processes.
    JoywireApart,
    /// WebSocket over TLS to the line, by the same libraries and runtime, without Socket.IO and without deciding anything.
    WebSocket,
    /// TCP to the line, with threads that wait.
    Tcp,
    /// A pipe to a process that writes to the line: what the machine itself takes.
    Pty,
}

impl Contestant {
    /// All of them, in the order of tables.
    pub const ALL: [Self; 7] = [
        Self::Original,
        Self::OriginalUnlocked,
        Self::Joywire,
        Self::JoywireApart,
        Self::WebSocket,
        Self::Tcp,
        Self::Pty,
    ];

    /// Its name in tables, in JSON and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Original => "original",
            Self::OriginalUnlocked => "original-unlocked",
            Self::Joywire => "joywire",
            Self::JoywireApart => "joywire-apart",
            Self::WebSocket => "websocket",
            Self::Tcp => "tcp",
            Self::Pty => "pty",
        }
    }

    /// What it is, for people.
    pub const fn describes(self) -> &'static str {
        match self {
            Self::Original => "Node.js relay and Python agent, a lock around the agent's TLS socket",
            Self::OriginalUnlocked => "the same without the lock, as its libraries are",
            Self::Joywire => "joywire run: one process",
            Self::JoywireApart => "joywire relay and joywire agent: two processes",
            Self::WebSocket => "floor: WebSocket over TLS to the line, no Socket.IO, no decisions",
            Self::Tcp => "floor: TCP to the line",
            Self::Pty => "floor: a pipe to a process that writes to the line",
        }
    }

    /// Whether it speaks with a robot that answers, and drives it only while it is heard.
    pub const fn wants_robot(self) -> bool {
        match self {
            Self::Joywire | Self::JoywireApart => true,
            Self::Original | Self::OriginalUnlocked | Self::WebSocket | Self::Tcp | Self::Pty => false,
        }
    }

    /// Starts it at a fresh pseudo-terminal.
    ///
    /// # Errors
    /// If a program that it needs is missing, or did not become ready.
    pub fn start(self, options: &Options) -> anyhow::Result<Running> {
        let line = if self.wants_robot() { Line::with_robot() } else { Line::silent() };
        let line = line.context("no pseudo-terminal")?;
        let path = line.path().to_str().context("the name of a pseudo-terminal")?.to_owned();
        if self.wants_robot() {
            thread::sleep(options.robot_ahead);
        }
        let mut running = self.start_at(&path, options)?;
        running.line = Some(line);
        Ok(running)
    }

    /// Starts it at a serial port that is somewhere else, such as that of an emulated board; [`Running::line`] then panics.
    ///
    /// # Errors
    /// As [`Contestant::start`].
    pub fn start_at(self, port: &str, options: &Options) -> anyhow::Result<Running> {
        let home = tempfile::tempdir().context("no temporary folder")?;
        let mut running = Running {
            contestant: self,
            address: None,
            certificate: None,
            processes: Vec::new(),
            started: clock::now(),
            line: None,
            home,
        };
        match self {
            Self::Original => original::start(&mut running, port, options, true)?,
            Self::OriginalUnlocked => original::start(&mut running, port, options, false)?,
            Self::Joywire => joywire::start(&mut running, port, options)?,
            Self::JoywireApart => joywire::start_apart(&mut running, port, options)?,
            Self::WebSocket | Self::Tcp | Self::Pty => floor::start(&mut running, port)?,
        }
        Ok(running)
    }
}

/// How ours are configured; the others have nothing to configure.
#[derive(Clone, Debug)]
pub struct Options {
    /// Bits a second of the line. Ours send no faster than a real line carries; the original does not ask.
    pub baud: u32,
    /// Further lines of the configuration: section, key, value as TOML, such as `("drive", "brake_ms", "10")`.
    pub settings: Vec<(&'static str, &'static str, String)>,
    /// So long before the programs the robot is switched on.
    pub robot_ahead: Duration,
}

impl Options {
    /// Frames as fast as they come: 27 bytes are 0.14 ms. A step of speed is on the wire at once, without the soft start
    /// that a person would feel; limits are as wide as the configuration allows.
    pub fn fast() -> Self {
        let settings = vec![
            ("drive", "accelerate_jerk_ms", "0".to_owned()),
            ("limits", "events_per_second", "100000".to_owned()),
            ("limits", "burst", "1000".to_owned()),
            ("limits", "deliveries_per_second", "1000000".to_owned()),
        ];
        Self { baud: 2_000_000, settings, robot_ahead: Duration::ZERO }
    }

    /// As people use it: 115200 baud, all defaults.
    pub fn usual() -> Self {
        Self { baud: 115_200, settings: Vec::new(), robot_ahead: Duration::ZERO }
    }
}

/// A contestant at work; dropped, its processes are asked to end and then killed.
pub struct Running {
    /// Who.
    pub contestant: Contestant,
    /// Where a client connects; the floor of the pipe has none.
    pub address: Option<Address>,
    /// What it shows, if we made it.
    pub certificate: Option<CertificateDer<'static>>,
    /// Its programs, in the order in which they were started.
    pub processes: Vec<Process>,
    /// When the first program was started, ns of [`clock::now`].
    pub started: u64,
    line: Option<Line>,
    /// Its own folder: data, configuration, certificates.
    pub home: TempDir,
}

impl Running {
    /// Its line.
    ///
    /// # Panics
    /// If it was started at another port.
    pub fn line(&self) -> &Line {
        self.line.as_ref().expect("a contestant that was started with a line")
    }

    /// Where a client connects.
    ///
    /// # Errors
    /// If it listens nowhere.
    pub fn address(&self) -> anyhow::Result<&Address> {
        self.address.as_ref().context("it has no address")
    }

    /// Ids of its processes, for `processes::cpu` and `processes::memory`.
    pub fn pids(&self) -> Vec<u32> {
        self.processes.iter().map(|process| process.child.id()).collect()
    }

    /// Makes a certificate for localhost, and returns the files of it and of its key.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn certificate(&mut self) -> anyhow::Result<(PathBuf, PathBuf)> {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
        let (cert, key) = (self.home.path().join("cert.pem"), self.home.path().join("key.pem"));
        std::fs::write(&cert, made.cert.pem())?;
        std::fs::write(&key, made.signing_key.serialize_pem())?;
        self.certificate = Some(made.cert.der().clone());
        Ok((cert, key))
    }

    /// Starts one of its programs.
    ///
    /// # Errors
    /// If there is no such program.
    pub fn spawn(&mut self, command: &mut Command) -> anyhow::Result<&mut Process> {
        let process = Process::start(command)?;
        self.processes.push(process);
        self.processes.last_mut().context("it was just started")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Whoever was started last needs the others: it ends first.
        while let Some(process) = self.processes.pop() {
            drop(process);
        }
    }
}

/// A program, and the lines that it says on standard output. What it says on standard error is kept for when it fails.
pub struct Process {
    /// The program.
    pub child: Child,
    lines: Receiver<String>,
    heard: Vec<String>,
}

impl Process {
    /// Starts it. Its standard input is the caller's business; unless told otherwise there is none.
    ///
    /// # Errors
    /// If there is no such program.
    pub fn start(command: &mut Command) -> anyhow::Result<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("cannot start {name}"))?;
        let (teller, lines) = channel();
        let (out, err) = (child.stdout.take().context("its output")?, child.stderr.take().context("its errors")?);
        let complaints = teller.clone();
        thread::spawn(move || BufReader::new(out).lines().map_while(Result::ok).try_for_each(|line| teller.send(line)));
        thread::spawn(move || {
            BufReader::new(err).lines().map_while(Result::ok).try_for_each(|line| complaints.send(line))
        });
        Ok(Self { child, lines, heard: Vec::new() })
    }

    /// Waits for a line with `words` in it, on either output.
    ///
    /// # Errors
    /// If it does not come, with all that was said.
    pub fn says(&mut self, words: &str) -> anyhow::Result<String> {
        #[expect(clippy::disallowed_methods, reason = "patience is real time")]
        let end = Instant::now() + PATIENCE;
        loop {
            #[expect(clippy::disallowed_methods, reason = "patience is real time")]
            let left = end.saturating_duration_since(Instant::now());
            let Ok(line) = self.lines.recv_timeout(left) else {
                bail!("it did not say {words:?}, but {}", self.heard.join(" / "))
            };
            self.heard.push(line.clone());
            if line.contains(words) {
                return Ok(line);
            }
        }
    }

    /// What it has said since this was asked last.
    pub fn said(&mut self) -> Vec<String> {
        self.lines.try_iter().collect()
    }

    /// Waits for `https://localhost:PORT` or `…localhost:PORT` in a line, and makes it an address.
    ///
    /// # Errors
    /// If it does not come.
    pub fn says_its_address(&mut self) -> anyhow::Result<Address> {
        let line = self.says("https://localhost:")?;
        let (_, rest) = line.split_once("https://localhost:").context("its address")?;
        let port: String = rest.chars().take_while(char::is_ascii_digit).collect();
        Ok(format!("https://localhost:{port}").parse()?)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Whoever reads its standard input ends by this.
        drop(self.child.stdin.take());
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        // Who has ended already hears nothing.
        pid.map(|pid| kill_process(pid, Signal::TERM).ok());
        #[expect(clippy::disallowed_methods, reason = "patience is real time")]
        let end = Instant::now() + FAREWELL;
        #[expect(clippy::disallowed_methods, reason = "patience is real time")]
        while Instant::now() < end {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            thread::sleep(Duration::from_millis(5));
        }
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
