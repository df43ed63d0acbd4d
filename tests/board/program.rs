//! Program: the real `joywire` with folders of its own, its words, and signals for it.

use std::io::{BufRead, BufReader, Read};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::board::{PATIENCE, clock_ns};

/// The program at work.
#[derive(Debug)]
pub struct Program {
    child: Child,
    home: TempDir,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Program {
    /// Starts it with the robot at this port.
    pub fn start(serial: &Path) -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_joywire"))
            .args(["run", "--port", "0", "--serial"])
            .arg(serial)
            .current_dir(home.path())
            .env("XDG_DATA_HOME", home.path())
            .env("XDG_CONFIG_HOME", home.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let streams: [Box<dyn Read + Send>; 2] =
            [Box::new(child.stdout.take().unwrap()), Box::new(child.stderr.take().unwrap())];
        for stream in streams {
            let lines = Arc::clone(&lines);
            thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    lines.lock().unwrap().push(line);
                }
            });
        }
        Self { child, home, lines }
    }

    /// Waits for a line with these words.
    pub fn says(&self, words: &str) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            let lines = self.lines.lock().unwrap().clone();
            if let Some(line) = lines.iter().find(|line| line.contains(words)) {
                return line.clone();
            }
            assert!(Instant::now() < end, "no {words:?} in {lines:#?}");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Where its relay listens.
    pub fn relay(&self) -> SocketAddr {
        let line = self.says("https://localhost:");
        let port: String =
            line.split("https://localhost:").nth(1).unwrap().chars().take_while(char::is_ascii_digit).collect();
        SocketAddr::from((Ipv4Addr::LOCALHOST, port.parse().unwrap()))
    }

    /// Where it keeps its certificate.
    pub fn data(&self) -> std::path::PathBuf {
        self.home.path().join("joywire")
    }

    /// Ends it without a word.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends it a signal; returns when, ns.
    pub fn signal(&self, signal: Signal) -> u64 {
        let at = clock_ns();
        kill_process(Pid::from_child(&self.child), signal).unwrap();
        at
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
        let said = self.lines.lock().map(|lines| lines.join("\n")).unwrap_or_default();
        assert!(!said.contains("panicked") || thread::panicking(), "{said}");
    }
}
