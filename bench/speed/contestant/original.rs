//! The shape of the system that Joywire follows: a Node.js relay and a Python agent (bench/original/).

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::ensure;

use super::{Options, Running};

/// Starts both programs; `locked`: with a lock around the agent's TLS socket.
pub fn start(running: &mut Running, port: &str, options: &Options, locked: bool) -> anyhow::Result<()> {
    let (certificate, key) = running.certificate()?;
    // The relay prints every event; that goes to the cheapest place there is. The shell becomes the relay: one process.
    let mut relay = Command::new("sh");
    relay.args(["-c", "exec \"$0\" \"$@\" >/dev/null", "node"]).arg(place("bench/original/relay.mjs"));
    relay.args(["--port", "0", "--key"]).arg(key).arg("--cert").arg(certificate).stdin(Stdio::null());
    let address = running.spawn(&mut relay)?.says_its_address()?;
    let mut agent = Command::new(python()?);
    agent.arg(place("bench/original/agent.py")).args([&address.to_string(), port]);
    agent.args(["--baud", &options.baud.to_string()]).args(locked.then_some("--lock")).stdin(Stdio::null());
    // Its libraries would otherwise look for authorities of somebody's own.
    agent.env_remove("REQUESTS_CA_BUNDLE").env_remove("CURL_CA_BUNDLE");
    running.spawn(&mut agent)?.says("connected")?;
    running.address = Some(address);
    Ok(())
}

/// The Python that has the agent's packages: `JOYWIRE_BENCH_PYTHON`, or what `make bench` has installed.
pub fn python() -> anyhow::Result<PathBuf> {
    let installed = || place("target/bench-venv/bin/python");
    let python = std::env::var_os("JOYWIRE_BENCH_PYTHON").map_or_else(installed, PathBuf::from);
    ensure!(python.exists(), "{} is not there: `make target/bench-venv/ready` installs it", python.display());
    Ok(python)
}

fn place(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}
