//! `joywire devices`: who waits, who is in, and who is thrown out.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use anyhow::{Context, bail};

use super::reception::named;
use super::terminal::say;
use super::{DevicesArgs, DevicesCommand, RunningArgs, memory, plural, runtime, settings};
use crate::access::control;
use crate::access::gate::Gate;
use crate::clock::Clock;
use crate::journal::{Doer, Journal};
use crate::protocol::access::{Access, AccessReply, AccessRequest, Device};

/// How the log names it.
const PROGRAM: &str = "joywire devices";

pub fn run(args: &DevicesArgs) -> anyhow::Result<ExitCode> {
    let (folder, port) = settings::running(&args.running)?;
    let (request, json) = match args.command.clone() {
        None => (AccessRequest::List, false),
        Some(DevicesCommand::List { json }) => (AccessRequest::List, json),
        Some(DevicesCommand::Approve { id }) => (AccessRequest::Approve { id }, false),
        Some(DevicesCommand::Deny { id }) => (AccessRequest::Deny { id }, false),
        Some(DevicesCommand::Revoke { id }) => (AccessRequest::Revoke { id }, false),
        Some(DevicesCommand::Assign { id, robot }) => (AccessRequest::Assign { id, robot }, false),
    };
    let before = runtime()?.block_on(ask(&args.running, &folder, port, AccessRequest::List))?.access;
    let reply = runtime()?.block_on(ask(&args.running, &folder, port, request.clone()))?;
    if let Some(why) = reply.why {
        bail!(why);
    }
    match request {
        AccessRequest::List if json => say(&serde_json::to_string(&reply.access)?),
        AccessRequest::List | AccessRequest::Invite { .. } | AccessRequest::Assign { .. } => list(&reply.access),
        AccessRequest::Approve { id } => say(&format!("{} is let in", waiting(&before, id))),
        AccessRequest::Deny { id } => say(&format!("{} was sent away", waiting(&before, id))),
        AccessRequest::Revoke { id } => {
            let device = before.devices.iter().find(|device| device.id == id);
            let name = device.map_or_else(|| format!("device {id}"), |device| device.name.clone());
            say(&format!("{name} is out; it can come back with a new code alone"));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn waiting(access: &Access, id: u64) -> String {
    let found = access.waiting.iter().find(|waiting| waiting.id == id);
    found.map_or_else(|| format!("device {id}"), |waiting| waiting.name.clone())
}

/// Asks the running program, or the list that a stopped one left.
async fn ask(which: &RunningArgs, folder: &Path, port: u16, request: AccessRequest) -> anyhow::Result<AccessReply> {
    let error = match running(folder, port).await {
        Ok(dir) => return control::ask(&dir, request).await.context("the running program does not answer"),
        Err(error) => error,
    };
    let dir = folder.join(port.to_string());
    let offline = matches!(request, AccessRequest::List | AccessRequest::Revoke { .. });
    if !offline || !dir.is_dir() {
        return Err(error);
    }
    let journal = if matches!(request, AccessRequest::Revoke { .. }) {
        let layers = settings::layers_of_running(which)?;
        memory::open(&layers, &layers.check()?, PROGRAM)?
    } else {
        Journal::none()
    };
    match Gate::open(&dir, true, String::new(), journal.clone(), Clock::start()) {
        Ok(gate) => Ok(memory::around(&journal, PROGRAM, gate.ask(request, Doer::here())).await),
        // It has the list, so changing the file would change nothing, whatever we said.
        Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
            bail!("joywire runs at port {port} but does not answer, so nothing was changed: end it, then try again")
        }
        Err(error) => Err(error).with_context(|| format!("cannot read the list of devices in {}", dir.display())),
    }
}

/// The access folder of the program that runs at `port`.
///
/// # Errors
/// A sentence, if none runs there, with the ports where some do.
pub async fn running(folder: &Path, port: u16) -> anyhow::Result<PathBuf> {
    let dir = folder.join(port.to_string());
    let Err(refused) = control::ask(&dir, AccessRequest::List).await else { return Ok(dir) };
    if refused.kind() == std::io::ErrorKind::PermissionDenied {
        bail!("joywire at port {port} was started by another user: only they let devices in");
    }
    let mut others = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if control::ask(&entry.path(), AccessRequest::List).await.is_ok() {
            others.push(format!("--port {}", entry.file_name().to_string_lossy()));
        }
    }
    others.sort();
    match others.as_slice() {
        [] => {
            bail!("no joywire runs at port {port}, nor did one that let devices in: start one with `joywire --public`")
        }
        ports => bail!("no joywire runs at port {port}, but elsewhere: add {}", ports.join(" or ")),
    }
}

fn list(access: &Access) {
    if access.waiting.is_empty() && access.devices.is_empty() {
        say("no device was let in yet: `joywire pair` shows a code for one");
    }
    for waiting in &access.waiting {
        let (id, name, number) = (waiting.id, &waiting.name, &waiting.number);
        say(&format!("{number}: “{name}” waits to come in as {}", named(waiting.role)));
        say(&format!(
            "      `joywire devices approve {id}` if the device shows {number}, too; `joywire devices deny {id}` if not"
        ));
    }
    if access.devices.is_empty() {
        return;
    }
    let width = access.devices.iter().map(|device| device.name.chars().count()).max().unwrap_or(0).max(4);
    say(&format!("{:>4}  {:<width$}  {:<8}  LAST HERE", "ID", "NAME", "ROLE"));
    for device in &access.devices {
        let role = format!("{:?}", device.role).to_lowercase();
        let robot = device.robot.as_ref().map_or_else(String::new, |robot| format!(", for {robot}"));
        say(&format!("{:>4}  {:<width$}  {role:<8}  {}{robot}", device.id, device.name, last_here(device)));
    }
}

#[expect(clippy::disallowed_methods, reason = "tells a person how long ago something was")]
fn last_here(device: &Device) -> String {
    if device.here {
        return "now".to_owned();
    }
    let seen = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(device.seen));
    let ago = seen.and_then(|seen| SystemTime::now().duration_since(seen).ok());
    // To the hour: visits are written down no finer.
    match ago.map_or(0, |ago| ago.as_secs() / 3600) {
        0 => "within the hour".to_owned(),
        hours @ 1..48 => format!("{} ago", plural(hours, "hour")),
        hours => format!("{} ago", plural(hours / 24, "day")),
    }
}
