//! Looks at everything that may keep people from driving, and says what to do about it.
//!
//! One file a subject: what is gathered comes from `look`, `door`, `visit`, `processes` and `ask`; what is judged is
//! pure. It changes nothing, needs no rights, and ends in time.

pub mod addresses;
pub mod ask;
pub mod certificate;
pub mod data;
pub mod device_rule;
pub mod door;
pub mod finding;
pub mod firewall;
pub mod gamepads;
mod look;
pub mod name;
pub mod page;
pub mod port;
pub mod processes;
pub mod programs;
pub mod serial_ports;
pub mod sockets;
pub mod visit;
pub mod wall_clock;

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use self::door::Door;
use self::finding::{Finding, Subject};
use self::name::Asked;
use crate::agent;
use crate::cable::discover::Finder;
use crate::clock::Clock;
use crate::network::interface::{Likelihood, rank};
use crate::network::list;

/// All of it ends within this, whatever hangs.
const PATIENCE: Duration = Duration::from_secs(8);
/// Names on a network are found within this, or not.
const RESOLVED: Duration = Duration::from_secs(2);
/// More addresses than this are not tried: each may take its time.
const TRIED: usize = 3;

/// What is asked about.
#[derive(Clone, Debug)]
pub struct Questions {
    /// HTTPS port.
    pub https: u16,
    /// Port of the page that brings the certificate, 0 for none.
    pub trust: u16,
    /// The robot's name on the network, if it is told.
    pub host: Option<String>,
    /// The address or name for the QR code, if the configuration has one.
    pub shown: String,
    /// Where keys and the latch are kept.
    pub data: PathBuf,
    /// Which serial ports may lead to a robot.
    pub finder: Finder,
    /// Whether the simulated robot is asked for.
    pub simulated: bool,
    /// Seconds since 1970.
    pub now: u64,
}

/// Looks at everything. The findings are in the order of their subjects.
#[must_use]
pub fn examine(questions: &Questions) -> Vec<Finding> {
    let clock = Clock::start();
    let (interfaces, unread) = match list::list() {
        Ok(interfaces) => (interfaces, None),
        Err(error) => (Vec::new(), Some(error)),
    };
    let own: Vec<IpAddr> = interfaces.iter().map(|interface| interface.address).collect();
    let ranked = rank(&interfaces);
    let likely = ranked.iter().filter(|one| one.likelihood == Likelihood::Likely).take(TRIED);
    let phones: Vec<IpAddr> = likely.map(|one| one.interface.address).collect();

    let Questions { https, trust, now, .. } = *questions;
    let door = start(move || door::examine(https, trust, &phones, now));
    let host = questions.host.clone();
    let name = start(move || host.map_or(Asked::Off, ask_for));
    let ports: Vec<u16> = [https, trust].into_iter().filter(|port| *port != 0).collect();
    let firewall = start(move || firewall::examine(&ports));
    let time = start(move || vec![wall_clock::judge(now, look::synchronized())]);
    let (finder, simulated) = (questions.finder.clone(), questions.simulated);
    let devices = start(move || devices(&finder, simulated));
    let folder = questions.data.clone();
    let data = start(move || {
        let latch = data::judge_latch(agent::latched(&folder.join("agent")).as_deref());
        let mut findings = data::judge(&look::folder(&folder));
        findings.push(latch);
        findings
    });

    let left = || PATIENCE.saturating_sub(clock.now().elapsed());
    let mut findings = match unread {
        None => addresses::judge(&ranked, https, look::emulated()),
        Some(error) => vec![Finding::warning(
            Subject::Addresses,
            format!("the addresses of this machine could not be read: {error}"),
            "`ip addr` (on a Mac: `ifconfig`) shows them; phones open https:// with one of them and the port",
        )],
    };
    findings.extend(addresses::judge_host(&questions.shown, &own));
    let door = door.recv_timeout(left()).ok();
    let public = door.as_ref().is_some_and(|door| door.public);
    findings.extend(door.map_or_else(|| late(Subject::Port), |Door { findings, .. }| findings));
    let asked = name.recv_timeout(left()).unwrap_or(Asked::Answers(Vec::new()));
    findings.push(name::judge(questions.host.as_deref().unwrap_or_default(), &asked, public, &own));
    findings.extend(addresses::judge_radio(&ranked));
    for (subject, told) in
        [(Subject::Firewall, firewall), (Subject::Clock, time), (Subject::SerialPorts, devices), (Subject::Data, data)]
    {
        findings.extend(told.recv_timeout(left()).unwrap_or_else(|_| late(subject)));
    }
    // Stable: within a subject the order stays.
    findings.sort_by_key(|finding| finding.subject);
    findings
}

fn devices(finder: &Finder, simulated: bool) -> Vec<Finding> {
    let rules = look::rules();
    let installed = rules.as_ref().is_some_and(|rules| !rules.is_empty());
    let mut findings = serial_ports::judge(&look::ports(finder), simulated, &look::user());
    findings.extend(gamepads::judge(&look::gamepads(), look::device_manager()));
    findings.extend(programs::judge(&processes::running(), installed));
    findings.push(device_rule::judge(rules.as_deref()));
    findings
}

fn ask_for(host: String) -> Asked {
    Asked::Answers(start(move || look::resolve(&host)).recv_timeout(RESOLVED).unwrap_or_default())
}

fn late(subject: Subject) -> Vec<Finding> {
    let what = format!("could not be looked at within {} s", PATIENCE.as_secs());
    vec![Finding::warning(
        subject,
        what,
        "try again; if it stays so, something in this system hangs: `sudo dmesg` may tell",
    )]
}

/// Does something beside; what hangs there holds nobody up.
pub(crate) fn start<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Receiver<T> {
    let (teller, told) = mpsc::channel();
    thread::spawn(move || {
        // Whoever asked may have given up.
        drop(teller.send(work()));
    });
    told
}
