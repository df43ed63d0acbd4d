//! Agent: the real program beside a robot, on a machine of its own as far as its files tell.

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::house::House;
use crate::phone::list;
use crate::program::{Running, Shell};

/// No pad of the machine that the test runs on has a say.
const CONFIG: &str = "[gamepad]\nuse = \"off\"\n";

/// A machine beside a robot.
pub struct Agent {
    pub shell: Shell,
    pub name: String,
    args: Vec<String>,
    url: String,
}

impl Agent {
    /// A machine that the relay does not know yet. `serial`: where its robot is.
    pub fn new(house: &House, name: &str, serial: &str) -> Self {
        let shell = Shell::new();
        fs::write(shell.path("robot.toml"), CONFIG).unwrap();
        let args = ["--name", name, "--serial", serial, "--config", "robot.toml"];
        let args = args.iter().map(|word| (*word).to_owned()).collect();
        Self { shell, name: name.to_owned(), args, url: house.url() }
    }

    /// The same with other options than those of one robot.
    pub fn with(mut self, args: &[&str]) -> Self {
        self.args = args.iter().map(|word| (*word).to_owned()).collect();
        self
    }

    /// The command, to be started by the test.
    pub fn command(&self, more: &[&str]) -> Command {
        let mut command = self.shell.command(&["agent", "--relay", &self.url]);
        command.args(&self.args).args(more);
        command
    }

    /// The same machine with another name for its robot.
    pub fn renamed(mut self, name: &str) -> Self {
        self.args.iter_mut().filter(|word| **word == self.name).for_each(|word| name.clone_into(word));
        name.clone_into(&mut self.name);
        self
    }

    /// The program at work, which needs no code any more.
    pub fn start(&self) -> Running {
        Running::start(self.command(&[]))
    }

    /// The program at work, once it has its key, at a relay that lets in whoever has a code.
    pub fn joins(&self, house: &House) -> Running {
        let [code, fingerprint] = code(house, "agent");
        let mut program = Running::start(self.command(&["--code", &code, "--fingerprint", &fingerprint]));
        program.says("the relay has our robots");
        program
    }

    /// What it says when it ends by itself, as it must.
    pub fn complaint(&self, more: &[&str]) -> String {
        complaint(self.command(more))
    }
}

/// What a program says that must end by itself with 1: the sentence for the person who started it.
pub fn complaint(command: Command) -> String {
    let (status, said) = Running::start(command).end();
    assert_eq!(status, Some(1), "{said}");
    let sentence = said.lines().rfind(|line| line.starts_with("joywire: "));
    sentence.unwrap_or_else(|| panic!("no sentence in {said}")).to_owned()
}

/// A fresh code for `role`, and the fingerprint that goes with it.
pub fn code(house: &House, role: &str) -> [String; 2] {
    let mut pair = Running::start(house.prepare(&["pair", "--role", role]));
    if role == "agent" {
        let line = pair.says("joywire agent --relay");
        return ["--code", "--fingerprint"].map(|option| option_of(&line, option));
    }
    let url = crate::house::address(&pair.says("/p#"));
    [url.rsplit_once('#').unwrap().1.to_owned(), fingerprint(house)]
}

/// The fingerprint of the relay, as a person reads it beside a code for an agent.
pub fn fingerprint(house: &House) -> String {
    let mut pair = Running::start(house.prepare(&["pair", "--role", "agent"]));
    option_of(&pair.says("joywire agent --relay"), "--fingerprint")
}

/// What stands behind an option in a line.
pub fn option_of(line: &str, option: &str) -> String {
    let mut words = line.split_whitespace().skip_while(|word| *word != option);
    words.nth(1).unwrap_or_else(|| panic!("no {option} in {line:?}")).to_owned()
}

/// The device of that name which waits.
pub fn waiting(access: &Value, name: &str) -> Value {
    let found = access["waiting"].as_array().unwrap().iter().find(|waiting| waiting["name"] == name);
    found.unwrap_or_else(|| panic!("{name} does not wait: {access}")).clone()
}

/// The number of the device of that name which was let in.
pub fn device(house: &House, name: &str) -> String {
    let access = list(house);
    let found = access["devices"].as_array().unwrap().iter().find(|device| device["name"] == name);
    found.unwrap_or_else(|| panic!("{name} is not in: {access}"))["id"].to_string()
}
