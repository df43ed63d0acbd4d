//! The real program as a test runs it: folders of its own, its words as they come, signals, its end.

use std::io::{BufRead, BufReader, Read};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use tempfile::TempDir;

/// Whatever takes longer has failed.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The program with folders of its own.
pub struct Shell {
    pub home: TempDir,
}

impl Shell {
    pub fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_joywire"));
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("JOYWIRE_")) {
            command.env_remove(name);
        }
        command.args(args).current_dir(self.home.path()).stdin(Stdio::null());
        command.env("XDG_DATA_HOME", self.home.path()).env("XDG_CONFIG_HOME", self.home.path());
        command
    }

    pub fn output(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// Its only line on standard error, log lines apart, when it ends with `code`.
    pub fn complaint(&self, args: &[&str], code: i32) -> String {
        let output = self.output(args);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {said}");
        assert!(!said.contains("panicked"), "{said}");
        let (_, complaint) = said.split_once("joywire: ").unwrap_or_else(|| panic!("{args:?} said {said:?}"));
        assert_eq!(complaint.trim_end().lines().count(), 1, "more than a line: {complaint}");
        complaint.trim_end().to_owned()
    }
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A program that runs, and its lines from both of its outputs.
pub struct Running {
    pub child: Child,
    lines: Receiver<String>,
    heard: Vec<String>,
}

impl Running {
    pub fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (teller, lines) = channel();
        let streams: [Box<dyn Read + Send>; 2] =
            [Box::new(child.stdout.take().unwrap()), Box::new(child.stderr.take().unwrap())];
        for stream in streams {
            let teller = teller.clone();
            thread::spawn(move || {
                BufReader::new(stream).lines().map_while(Result::ok).try_for_each(|l| teller.send(l))
            });
        }
        Self { child, lines, heard: Vec::new() }
    }

    /// Waits for a line with `words` in it.
    pub fn says(&mut self, words: &str) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let Ok(line) = self.lines.recv_timeout(left) else { panic!("no {words:?} in {:#?}", self.heard) };
            self.heard.push(line.clone());
            if line.contains(words) {
                return line;
            }
        }
    }

    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Waits for its end; returns the exit code and everything it said.
    pub fn end(mut self) -> (Option<i32>, String) {
        // Its outputs close when it ends; a hang shows here.
        let end = Instant::now() + PATIENCE;
        while let Ok(line) = self.lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
            self.heard.push(line);
        }
        assert!(Instant::now() < end, "it does not end: {:#?}", self.heard);
        let said = self.heard.join("\n");
        assert!(!said.contains("panicked"), "{said}");
        (self.child.wait().unwrap().code(), said)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A pseudo-terminal: our end and the path of the other.
pub fn terminal() -> (OwnedFd, String) {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    grantpt(&ours).unwrap();
    unlockpt(&ours).unwrap();
    let path = ptsname(&ours, Vec::new()).unwrap().into_string().unwrap();
    (ours, path)
}
