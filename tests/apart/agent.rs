//! Agent: `joywire agent` at work beside a board.

use std::path::{Path, PathBuf};

use rustix::process::Signal;

use crate::machine::Machine;
use crate::moment::clock_ns;
use crate::program::Running;
use crate::relay::Relay;

/// The program says so once it is of use.
pub const ENLISTED: &str = "the relay has our robots";

/// The program at work. Its machine is there before and after it.
pub struct Agent {
    running: Option<Running>,
    machine: Machine,
    relay: String,
    serial: PathBuf,
}

impl Agent {
    /// Starts it as `joywire pair` tells a person to, and says yes at the relay.
    pub fn join(machine: Machine, relay: &Relay, serial: &Path) -> Self {
        let mut agent = Self { running: None, machine, relay: String::new(), serial: serial.to_owned() };
        agent.pair(relay);
        agent
    }

    /// Pairs with a relay, for the first time or anew, and goes on with that.
    pub fn pair(&mut self, relay: &Relay) {
        self.running = None;
        let (_shown, words) = relay.invites_an_agent();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let place = words.iter().position(|word| *word == "--relay").unwrap();
        words[place + 1].clone_into(&mut self.relay);
        self.start(&words[1..]);
        relay.approve();
        self.says(ENLISTED);
    }

    /// Starts it again, without a code.
    pub fn restart(&mut self) {
        self.begin();
        self.says(ENLISTED);
    }

    /// The same, whether or not there is a relay.
    pub fn begin(&mut self) {
        self.running = None;
        let relay = self.relay.clone();
        self.start(&["agent", "--relay", &relay]);
    }

    fn start(&mut self, args: &[&str]) {
        let mut command = self.machine.command(args);
        command.arg("--serial").arg(&self.serial);
        self.running = Some(Running::start(command));
    }

    /// Kills it; returns when, ns.
    pub fn kill(&mut self) -> u64 {
        let at = clock_ns();
        self.running = None;
        at
    }

    /// Sends it a signal; returns when, ns.
    pub fn signal(&self, signal: Signal) -> u64 {
        let at = clock_ns();
        self.running.as_ref().unwrap().signal(signal);
        at
    }

    /// Waits for a line with these words, and returns it.
    pub fn says(&mut self, words: &str) -> String {
        self.running.as_mut().unwrap().says(words)
    }
}
