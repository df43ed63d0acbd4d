//! Joywire, in one process and in two, as its users start it: the log on, metrics off, a robot at a serial port.

use std::fmt::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Context;

use super::{Options, Running};

/// `joywire run`.
pub fn start(running: &mut Running, port: &str, options: &Options) -> anyhow::Result<()> {
    let config = configuration(running.home.path(), options)?;
    let process = running.spawn(&mut command(running.home.path(), &["run", "--serial", port, "--config", &config]))?;
    running.address = Some(process.says_its_address()?);
    Ok(())
}

/// `joywire relay` and `joywire agent`, which need no code on one machine.
pub fn start_apart(running: &mut Running, port: &str, options: &Options) -> anyhow::Result<()> {
    let config = configuration(running.home.path(), options)?;
    let relay = running.spawn(&mut command(running.home.path(), &["relay", "--config", &config]))?;
    let address = relay.says_its_address()?;
    let url = address.to_string();
    let words = ["agent", "--relay", &url, "--serial", port, "--config", &config];
    running.spawn(&mut command(running.home.path(), &words))?.says("joywire brings")?;
    running.address = Some(address);
    Ok(())
}

fn command(home: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_joywire"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("JOYWIRE_")) {
        command.env_remove(name);
    }
    command.args(words).current_dir(home).env("XDG_DATA_HOME", home).env("XDG_CONFIG_HOME", home);
    command.stdin(Stdio::null());
    command
}

/// Writes the configuration, and returns where.
fn configuration(home: &Path, options: &Options) -> anyhow::Result<String> {
    let mut settings = vec![
        ("server", "port", "0".to_owned()),
        ("robot", "baud", options.baud.to_string()),
        ("metrics", "port", "0".to_owned()),
        ("gamepad", "use", "\"off\"".to_owned()),
    ];
    settings.extend(options.settings.iter().cloned());
    settings.sort();
    let mut text = String::new();
    for (place, (section, key, value)) in settings.iter().enumerate() {
        if place == 0 || settings[place - 1].0 != *section {
            writeln!(text, "[{section}]")?;
        }
        writeln!(text, "{key} = {value}")?;
    }
    let path = home.join("bench.toml");
    std::fs::write(&path, text)?;
    path.into_os_string().into_string().ok().context("a folder with a name in UTF-8")
}
