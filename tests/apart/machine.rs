//! Machine: a computer of its own for a program: its folders, and its network if there are several.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::program::Shell;

/// A computer.
pub struct Machine {
    shell: Shell,
    /// A process in its network.
    network: Option<u32>,
}

impl Machine {
    /// One in the network of the test.
    pub fn here() -> Self {
        Self { shell: Shell::new(), network: None }
    }

    /// One in the network in which that process is.
    pub fn in_network_of(process: u32) -> Self {
        Self { shell: Shell::new(), network: Some(process) }
    }

    /// The program on it.
    pub fn command(&self, args: &[&str]) -> Command {
        let here = self.shell.command(args);
        let Some(process) = self.network else { return here };
        let mut there = inside(process, here.get_program().to_str().unwrap());
        there.args(here.get_args()).current_dir(self.shell.home.path()).stdin(Stdio::null());
        for (name, value) in here.get_envs() {
            match value {
                Some(value) => there.env(name, value),
                None => there.env_remove(name),
            };
        }
        there
    }

    /// A file in its folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.shell.path(name)
    }

    /// Where the program keeps its files.
    pub fn data(&self) -> PathBuf {
        self.path("joywire")
    }
}

/// A program in the network of that process; it keeps its number.
pub fn inside(process: u32, program: &str) -> Command {
    let mut command = Command::new("nsenter");
    command.args(["-n", "-t", &process.to_string(), program]);
    command
}
