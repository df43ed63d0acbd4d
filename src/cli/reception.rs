//! The reception: shows codes in a terminal, asks about devices that wait, and says who came.

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};

use super::terminal::{self, say};
use super::{plural, qr};
use crate::access::control;
use crate::access::gate::Gate;
use crate::journal::Doer;
use crate::protocol::access::{Access, AccessReply, AccessRequest, Invite, Waiting};
use crate::protocol::events::Role;

/// How often another program is asked for news.
const ASK_AGAIN: Duration = Duration::from_millis(500);
/// Nobody reads a question faster.
const READING: Duration = Duration::from_millis(700);
/// A code is not replaced sooner than this, so that nobody can make the terminal race.
const SLOWEST: Duration = Duration::from_secs(2);

/// Where the gate is.
#[derive(Debug)]
pub enum Door {
    /// In this program.
    Here(Arc<Gate>),
    /// In the program whose access folder that is.
    There(PathBuf),
}

impl Door {
    /// Asks the gate.
    pub async fn ask(&self, request: AccessRequest) -> io::Result<AccessReply> {
        match self {
            Self::Here(gate) => Ok(gate.ask(request, Doer::here()).await),
            Self::There(dir) => control::ask(dir, request).await,
        }
    }

    /// Waits until there may be news.
    async fn news(&self) {
        match self {
            Self::Here(gate) => {
                let mut changes = gate.changes();
                tokio::select! {
                    // The gate lives as long as this door.
                    _ = changes.changed() => {}
                    () = sleep(ASK_AGAIN) => {}
                }
            }
            Self::There(_) => sleep(ASK_AGAIN).await,
        }
    }

    /// Whether a code that is on the screen is void before its time.
    fn is_void(&self, invite: &Invite) -> bool {
        match self {
            Self::Here(gate) => gate.left(invite).is_none(),
            // Seen by who comes, and by its time.
            Self::There(_) => false,
        }
    }
}

/// A code on the screen.
#[derive(Debug)]
struct Shown {
    invite: Invite,
    until: Instant,
    since: Instant,
    /// Lines it takes, and the terminal's count of lines when they were written.
    lines: u64,
    at: u64,
}

/// One terminal's reception.
#[derive(Debug)]
pub struct Reception {
    door: Door,
    /// What the codes are for; none are shown without it.
    role: Option<Role>,
    /// The robot that they are for, if it matters.
    robot: Option<String>,
    shown: Option<Shown>,
    /// Devices that were asked about or told of, and those that are in.
    asked: BTreeSet<u64>,
    question: Option<(Waiting, Instant)>,
    inside: Option<BTreeSet<u64>>,
    /// Whether someone has shown a code since one was put on the screen.
    spent: bool,
    typed: Option<mpsc::Receiver<(Instant, String)>>,
}

impl Reception {
    /// A reception that shows codes for `role`, if any, and for a robot, if it matters. Who sits at the terminal answers
    /// there.
    pub fn new(door: Door, role: Option<Role>, robot: Option<String>) -> io::Result<Self> {
        let typed = terminal::is_attended().then(terminal::typed).transpose()?;
        let (asked, question, inside) = (BTreeSet::new(), None, None);
        Ok(Self { door, role, robot, shown: None, asked, question, inside, spent: false, typed })
    }

    /// Receives for ever, or until the first new device is in if `once`.
    pub async fn receive(mut self, once: bool) -> io::Result<()> {
        loop {
            let access = self.door.ask(AccessRequest::List).await?.access;
            let came = self.greet(&access);
            if once && came {
                return Ok(());
            }
            self.inquire(&access);
            self.spent |= came;
            self.renew(!access.waiting.is_empty()).await?;
            tokio::select! {
                () = self.door.news() => {}
                () = expiry(self.shown.as_ref()) => {}
                line = next_line(&mut self.typed) => self.hear(line).await?,
            }
        }
    }

    /// Says who has come in since the last look; whether anyone has.
    fn greet(&mut self, access: &Access) -> bool {
        let now: BTreeSet<u64> = access.devices.iter().map(|device| device.id).collect();
        let before = self.inside.replace(now.clone()).unwrap_or(now);
        let new: Vec<_> = access.devices.iter().filter(|device| !before.contains(&device.id)).collect();
        for device in &new {
            say(&format!(
                "“{}” is in, as {}; `joywire devices revoke {}` throws it out",
                device.name,
                named(device.role),
                device.id
            ));
        }
        !new.is_empty()
    }

    /// Asks about the first device that waits.
    fn inquire(&mut self, access: &Access) {
        if let Some((question, _)) = &self.question
            && !access.waiting.contains(question)
        {
            say("");
            say(&format!("“{}” was answered elsewhere, or gave up", question.name));
            self.question = None;
        }
        for waiting in &access.waiting {
            let Waiting { id, name, role, robot: _, number } = waiting;
            if self.asked.contains(id) {
                continue;
            }
            let wish = format!("{number}: “{name}” wants to come in as {}", named(*role));
            if self.typed.is_none() {
                say(&format!("{wish}; if the device shows {number}, too, `joywire devices approve {id}` lets it in"));
            } else if self.question.is_none() {
                terminal::prompt(&format!("{wish}. Does the device show {number}, too? [y/N]"));
                self.question = Some((waiting.clone(), Instant::now()));
            } else {
                continue;
            }
            self.asked.insert(*id);
            self.spent = true;
        }
    }

    /// Does what was typed.
    async fn hear(&mut self, line: Option<(Instant, String)>) -> io::Result<()> {
        let Some((when, line)) = line else {
            // The terminal is gone: whoever waits is answered from another.
            self.typed = None;
            if let Some((question, _)) = self.question.take() {
                self.asked.remove(&question.id);
            }
            return Ok(());
        };
        let Some((question, asked)) = self.question.take() else { return Ok(()) };
        // A second press of the same keys is no answer to a question that nobody can have read.
        if when.saturating_duration_since(asked) < READING {
            say("that was too quick to be an answer to this question:");
            self.asked.remove(&question.id);
            return Ok(());
        }
        let yes = ["y", "yes", "j", "ja"].contains(&line.trim().to_lowercase().as_str());
        let id = question.id;
        let request = if yes { AccessRequest::Approve { id } } else { AccessRequest::Deny { id } };
        match self.door.ask(request).await?.why {
            Some(why) => say(&why),
            None if yes => {}
            None => say(&format!("“{}” was sent away", question.name)),
        }
        Ok(())
    }

    /// Shows a code if there is none that can still be used. `waits`: someone who showed one waits for an answer.
    async fn renew(&mut self, waits: bool) -> io::Result<()> {
        // Nothing is drawn between a question and its answer.
        let (Some(role), None) = (self.role, &self.question) else { return Ok(()) };
        if let Some(shown) = &self.shown {
            let late = shown.until <= Instant::now();
            if !terminal::is_watched() {
                // Whoever reads a pipe reads one code, and its guest may be answered from another terminal.
                let why = "nobody came in by the code in time";
                return if late && !waits { Err(io::Error::new(io::ErrorKind::TimedOut, why)) } else { Ok(()) };
            }
            if !(self.spent || late || self.door.is_void(&shown.invite)) {
                return Ok(());
            }
            if shown.since.elapsed() < SLOWEST {
                sleep_until(shown.since + SLOWEST).await;
            }
        }
        let reply = self.door.ask(AccessRequest::Invite { role, robot: self.robot.clone() }).await?;
        let Some(invite) = reply.invite else { return Err(io::Error::other(reply.why.unwrap_or_default())) };
        if let Some(old) = self.shown.take().filter(|old| old.at == terminal::lines()) {
            terminal::erase(old.lines);
        }
        let before = terminal::lines();
        show(&invite);
        if matches!(self.door, Door::There(_)) && invite.role != Role::Agent {
            let (code, fingerprint) = proof(&invite);
            say(&format!("a program comes in with --code {code} --fingerprint {fingerprint}"));
        }
        self.spent = false;
        let (now, at) = (Instant::now(), terminal::lines());
        let until = now + Duration::from_secs(invite.seconds);
        self.shown = Some(Shown { invite, until, since: now, lines: at - before, at });
        Ok(())
    }
}

fn show(invite: &Invite) {
    if invite.role == Role::Agent {
        return show_command(invite);
    }
    if invite.url.starts_with("https://localhost:") {
        say("this program is open to browsers of this machine only; for phones, start it with --public");
    }
    for line in qr::lines(&invite.qr, terminal::has_colours()) {
        say(&line);
    }
    let of = invite.robot.as_ref().map_or_else(String::new, |robot| format!(" for {robot}"));
    say(&format!(
        "scan it to come in as {}{of}, or open {}\nIt is good for one device and {}.",
        named(invite.role),
        invite.url,
        plural(invite.seconds, "second")
    ));
}

/// A code for an agent is not scanned: it is typed beside the robot.
fn show_command(invite: &Invite) {
    let relay = invite.url.split("/p#").next().unwrap_or_default();
    let (code, fingerprint) = proof(invite);
    say(&format!(
        "type this beside the robot:\n\n  joywire agent --relay {relay} --code {code} --fingerprint {fingerprint}\n\nIt is \
         good for one machine and {}.",
        plural(invite.seconds, "second")
    ));
}

/// What a program shows the relay, and by what it knows it.
fn proof(invite: &Invite) -> (&str, String) {
    let code = invite.url.split_once('#').map_or("", |(_, code)| code);
    (code, invite.fingerprint.as_deref().unwrap_or_default().replace(':', ""))
}

/// A role with its article.
pub fn named(role: Role) -> &'static str {
    match role {
        Role::Agent => "a robot's agent",
        Role::Viewer => "a viewer",
        Role::Driver => "a driver",
        Role::Operator => "an operator",
    }
}

async fn expiry(shown: Option<&Shown>) {
    match shown {
        Some(shown) => sleep_until(shown.until).await,
        None => std::future::pending().await,
    }
}

async fn next_line(typed: &mut Option<mpsc::Receiver<(Instant, String)>>) -> Option<(Instant, String)> {
    match typed {
        Some(typed) => typed.recv().await,
        None => std::future::pending().await,
    }
}
