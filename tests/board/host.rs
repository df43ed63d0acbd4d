//! Host: the real program with a board at its serial port.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use rustix::process::Signal;

use crate::moment::clock_ns;
use crate::program::{Running, Shell};

/// The program at work.
pub struct Host {
    running: Running,
    shell: Shell,
    relay: SocketAddr,
}

impl Host {
    /// Starts it with the robot at this port.
    pub fn start(serial: &Path) -> Self {
        let shell = Shell::new();
        let mut running = Running::start(shell.command(&["run", "--port", "0", "--serial", serial.to_str().unwrap()]));
        let line = running.says("https://localhost:");
        let port = line.split("https://localhost:").nth(1).unwrap();
        let port: String = port.chars().take_while(char::is_ascii_digit).collect();
        let relay = SocketAddr::from((Ipv4Addr::LOCALHOST, port.parse().unwrap()));
        Self { running, shell, relay }
    }

    /// Waits for a line with these words, and returns it.
    pub fn says(&mut self, words: &str) -> String {
        self.running.says(words)
    }

    /// Where its relay listens.
    pub fn relay(&self) -> SocketAddr {
        self.relay
    }

    /// Where it keeps its certificate.
    pub fn data(&self) -> PathBuf {
        self.shell.path("joywire")
    }

    /// Sends it a signal; returns when, ns.
    pub fn signal(&self, signal: Signal) -> u64 {
        let at = clock_ns();
        self.running.signal(signal);
        at
    }

    /// Ends it without a word.
    pub fn kill(&mut self) {
        self.running.child.kill().unwrap();
        self.running.child.wait().unwrap();
    }
}
