//! Network: three places, and the cables between them, which a test cuts or makes bad.
//!
//! The phone is where the test is, the relay at the hub, the agent at the robot.

use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::machine::inside;

/// The phone's address.
pub const PHONE: &str = "10.77.1.1";
/// The hub's on the side of the phone.
pub const HUB_FOR_THE_PHONE: &str = "10.77.1.2";
/// The hub's on the side of the robot.
pub const HUB_FOR_THE_ROBOT: &str = "10.77.2.1";
const ROBOT: &str = "10.77.2.2";

/// All of it. Ends with this.
pub struct Network {
    /// From the phone to the hub.
    pub radio: Wire,
    /// From the hub to the robot.
    pub uplink: Wire,
    hub: Place,
    robot: Place,
}

impl Network {
    /// Lays it, inside a network that is the test's own.
    pub fn lay() -> Self {
        let (hub, robot) = (Place::found(), Place::found());
        let radio = Wire::join(Command::new("python3"), "radio", hub.0.id());
        let uplink = Wire::join(inside(hub.0.id(), "python3"), "uplink", robot.0.id());
        let ip = || Command::new("ip");
        up(ip, "radio", PHONE);
        up(|| inside(hub.0.id(), "ip"), "radio", HUB_FOR_THE_PHONE);
        up(|| inside(hub.0.id(), "ip"), "uplink", HUB_FOR_THE_ROBOT);
        up(|| inside(robot.0.id(), "ip"), "uplink", ROBOT);
        Self { radio, uplink, hub, robot }
    }

    /// A process at the hub.
    pub fn hub(&self) -> u32 {
        self.hub.0.id()
    }

    /// A process at the robot.
    pub fn robot(&self) -> u32 {
        self.robot.0.id()
    }
}

fn up(ip: impl Fn() -> Command, name: &str, address: &str) {
    done(ip().args(["addr", "add", &format!("{address}/24"), "dev", name]));
    done(ip().args(["link", "set", name, "up"]));
}

fn done(command: &mut Command) {
    assert!(command.status().unwrap().success(), "{command:?}");
}

/// A process that keeps a network.
struct Place(Child);

impl Place {
    fn found() -> Self {
        let mut process = Command::new("unshare");
        process.args(["-n", "sh", "-c", "ip link set lo up && echo up && exec sleep 600"]);
        let mut process = process.stdout(Stdio::piped()).spawn().unwrap();
        let mut said = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut said).unwrap();
        assert_eq!(said, "up\n");
        Self(process)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// A cable.
pub struct Wire {
    process: Child,
    orders: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Wire {
    /// Between the network in which `python` runs and that of a process.
    fn join(mut python: Command, name: &str, to: u32) -> Self {
        python.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/apart/wire.py")).args([name, &to.to_string(), name]);
        let mut process = python.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let orders = process.stdin.take().unwrap();
        let mut answers = BufReader::new(process.stdout.take().unwrap()).lines();
        assert_eq!(answers.next().unwrap().unwrap(), "ready");
        Self { process, orders, answers }
    }

    /// Nothing arrives `there` (the end that is farther from the phone) or `here` any more; returns since when, ns.
    pub fn cut(&mut self, end: &str) -> u64 {
        self.order(&format!("cut {end}"))
    }

    /// All arrives again.
    pub fn mend(&mut self) -> u64 {
        self.order("mend")
    }

    /// Each frame is under way for so long, ms, give or take; a share is lost.
    pub fn weather(&mut self, delay_ms: f64, jitter_ms: f64, loss: f64) -> u64 {
        self.order(&format!("weather {delay_ms} {jitter_ms} {loss}"))
    }

    fn order(&mut self, order: &str) -> u64 {
        self.orders.write_all(format!("{order}\n").as_bytes()).unwrap();
        let answer = self.answers.next().unwrap().unwrap();
        answer.strip_prefix("since ").unwrap().parse().unwrap()
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
