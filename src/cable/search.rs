//! PURE. Which serial port to try next, given what is plugged in and what is remembered.

use std::time::Duration;

use super::port::{Port, Verdict};
use super::wanted::Wanted;
use crate::time::Time;

/// First pause before a broken line is tried again; it doubles up to [`LAST_PAUSE`], and begins anew
/// once a robot was heard.
pub const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The longest pause between two tries.
pub const LAST_PAUSE: Duration = Duration::from_secs(5);
/// A port that was tried in vain is not reason enough to leave another one before this has passed.
const REST: Duration = Duration::from_secs(30);
/// A robot that has vanished is waited for so long before another one is looked for: boards with USB of
/// their own are away for seconds when they restart.
const LOYAL: Duration = Duration::from_secs(10);

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Open this port.
    Open(Port),
    /// There is nothing to open for now.
    Wait {
        /// When to look again.
        until: Time,
        /// Why there is nothing, as a sentence.
        why: String,
    },
}

/// The search for a robot.
#[derive(Clone, Debug)]
pub struct Search {
    wanted: Wanted,
    /// Where the robot was heard last.
    robot: Option<Port>,
    /// When its line broke.
    lost: Time,
    /// Ports that were tried in vain, and when.
    vain: Vec<(Port, Time)>,
    /// Those of this round, and why each was passed over.
    passed: Vec<(Port, String)>,
    /// How long to wait after this round.
    pause: Duration,
}

impl Search {
    /// A search that has not begun.
    #[must_use]
    pub fn new(wanted: Wanted) -> Self {
        Self { wanted, robot: None, lost: Time::ZERO, vain: Vec::new(), passed: Vec::new(), pause: FIRST_PAUSE }
    }

    /// What is searched for.
    #[must_use]
    pub fn wanted(&self) -> &Wanted {
        &self.wanted
    }

    /// Which of `ports` to open. A port at a path that the user named is among them under that name.
    pub fn next(&mut self, now: Time, ports: &[Port]) -> Next {
        self.vain.retain(|(port, _)| ports.contains(port));
        let candidates = self.candidates(now, ports);
        let untried = candidates.into_iter().find(|port| !self.passed.iter().any(|(passed, _)| passed == *port));
        if let Some(port) = untried {
            return Next::Open(port.clone());
        }
        let why = if self.passed.is_empty() {
            self.absence(ports)
        } else {
            self.passed.iter().map(|(_, why)| why.as_str()).collect::<Vec<_>>().join("; ")
        };
        Next::Wait { until: self.backoff(now), why }
    }

    /// The port could not be opened.
    pub fn failed(&mut self, now: Time, port: &Port, why: String) {
        self.note_vain(now, port);
        self.passed.push((port.clone(), why));
    }

    /// No robot was heard at the open port for long enough. Whether to leave it: only for another one
    /// that was not tried lately, as most boards restart whenever their port is opened.
    pub fn leave(&mut self, now: Time, port: &Port, ports: &[Port], why: &str) -> bool {
        let rested = |other: &Port| self.vain_at(other).is_none_or(|at| now.since(at) >= REST);
        let candidates = self.candidates(now, ports);
        let better = candidates.into_iter().any(|other| other.device != port.device && rested(other));
        if better {
            self.failed(now, port, why.to_owned());
        }
        better
    }

    /// A robot was heard at the open port.
    pub fn proved(&mut self, port: &Port) {
        self.vain.retain(|(vain, _)| vain != port);
        self.passed.clear();
        self.pause = FIRST_PAUSE;
        self.robot = Some(port.clone());
    }

    /// The open line broke; `proved`: a robot had been heard on it. Returns when to look again.
    pub fn lost(&mut self, now: Time, port: &Port, proved: bool) -> Time {
        if proved {
            self.lost = now;
        } else {
            self.note_vain(now, port);
        }
        self.backoff(now)
    }

    /// The end of a round. Returns when the next one begins.
    fn backoff(&mut self, now: Time) -> Time {
        self.passed.clear();
        let until = now + self.pause;
        self.pause = (self.pause * 2).min(LAST_PAUSE);
        until
    }

    /// The ports that may be tried, the likeliest first.
    fn candidates<'a>(&self, now: Time, ports: &'a [Port]) -> Vec<&'a Port> {
        let robot = self.robot.as_ref();
        let is_robot = |port: &Port| robot.is_some_and(|robot| is(port, robot));
        let mut fitting: Vec<&Port> = match &self.wanted {
            Wanted::Simulated => Vec::new(),
            Wanted::Auto => ports.iter().filter(|port| matches!(port.verdict, Verdict::Plausible(_))).collect(),
            Wanted::Usb { .. } => {
                ports.iter().filter(|port| port.usb.as_ref().is_some_and(|usb| self.wanted.names(usb))).collect()
            }
            Wanted::Path(path) => match ports.iter().find(|port| port.name == *path) {
                Some(port) if robot.is_none_or(|robot| may_be(port, robot)) => return vec![port],
                // Gone from there, or another device is there now: the same board may have another name.
                Some(_) | None => ports.iter().filter(|port| is_robot(port)).collect(),
            },
        };
        if robot.is_some_and(|robot| robot.usb.is_some()) && now.since(self.lost) < LOYAL {
            fitting.retain(|port| is_robot(port));
        }
        fitting.sort_by_key(|port| (self.vain_at(port), !is_robot(port), port.verdict, port.device.clone()));
        fitting
    }

    /// Why there is no port to try.
    fn absence(&self, ports: &[Port]) -> String {
        match (&self.wanted, &self.robot) {
            (Wanted::Path(path), Some(robot)) if ports.iter().any(|port| port.name == *path) => {
                let there = ports.iter().find(|port| port.name == *path).map(Port::description).unwrap_or_default();
                format!("another device is at {path}: {there}; the robot was {}", robot.description())
            }
            (Wanted::Path(path), _) => format!("no serial port at {path}: plug the robot in"),
            (_, Some(robot)) => format!("the robot at {} is gone: plug it in", robot.name),
            (Wanted::Usb { .. }, None) => {
                format!("{} is not there: plug it in; `joywire ports` lists the ports", self.wanted)
            }
            (Wanted::Auto | Wanted::Simulated, None) => {
                "no robot found: plug it in, with a cable that carries data; `joywire ports` lists the ports".to_owned()
            }
        }
    }

    fn vain_at(&self, port: &Port) -> Option<Time> {
        self.vain.iter().find(|(vain, _)| vain == port).map(|(_, at)| *at)
    }

    fn note_vain(&mut self, now: Time, port: &Port) {
        self.vain.retain(|(vain, _)| vain != port);
        self.vain.push((port.clone(), now));
    }
}

/// Whether this is certainly the robot's port.
fn is(port: &Port, robot: &Port) -> bool {
    match (&port.usb, &robot.usb) {
        (Some(usb), Some(known)) => usb.is(known),
        (None, None) => port.name == robot.name,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

/// Whether this may be the robot's port, given that it has the name that the user gave.
fn may_be(port: &Port, robot: &Port) -> bool {
    match (&port.usb, &robot.usb) {
        (Some(usb), Some(known)) => usb.may_be(known),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cable::usb::Usb;
    use crate::time::millis;

    fn at(seconds: u64) -> Time {
        Time::from_millis(seconds * 1000)
    }

    /// A port with an Arduino; the list knows it at the first place.
    fn arduino(device: &str, serial: &str, socket: &str) -> Port {
        let usb = Usb {
            vid: 0x2341,
            pid: 0x0043,
            serial: (!serial.is_empty()).then(|| serial.to_owned()),
            interface: Some(0),
            socket: socket.to_owned(),
            product: Some("Uno".to_owned()),
            manufacturer: None,
        };
        Port { name: device.to_owned(), device: device.to_owned(), usb: Some(usb), verdict: Verdict::Plausible(0) }
    }

    fn judged(port: Port, verdict: Verdict) -> Port {
        Port { verdict, ..port }
    }

    fn search(wanted: &str) -> Search {
        Search::new(wanted.parse().unwrap())
    }

    fn opens(search: &mut Search, now: Time, ports: &[Port]) -> Option<String> {
        match search.next(now, ports) {
            Next::Open(port) => Some(port.name),
            Next::Wait { .. } => None,
        }
    }

    fn waits(search: &mut Search, now: Time, ports: &[Port]) -> (u64, String) {
        match search.next(now, ports) {
            Next::Wait { until, why } => (millis(until.since(now)), why),
            Next::Open(port) => panic!("{} is opened", port.name),
        }
    }

    /// Goal: row 12, the pauses grow from half a second to five, and only a robot that was heard makes
    /// them short again; a port that merely opens does not.
    #[test]
    fn backoff_grows_until_a_robot_is_heard() {
        let mut search = search("auto");
        let pauses: Vec<u64> = (0..6).map(|_| waits(&mut search, Time::ZERO, &[]).0).collect();
        assert_eq!(pauses, [500, 1000, 2000, 4000, 5000, 5000]);
        let board = arduino("/dev/ttyACM0", "75433317", "1-1");
        assert_eq!(millis(search.lost(at(1), &board, false).since(at(1))), 5000);
        search.proved(&board);
        assert_eq!(millis(search.lost(at(2), &board, true).since(at(2))), 500);
        assert_eq!(millis(search.lost(at(3), &board, false).since(at(3))), 1000);
    }

    /// Goal: a modem, a phone or a board's own UART is never opened by `auto`.
    #[test]
    fn auto_opens_only_what_may_be_a_robot() {
        let mut search = search("auto");
        let modem = judged(arduino("/dev/ttyUSB0", "75433311", "1-1"), Verdict::Stranger);
        let uart = Port { name: "/dev/ttyS0".into(), device: "/dev/ttyS0".into(), usb: None, verdict: Verdict::Other };
        let (_, why) = waits(&mut search, Time::ZERO, &[modem.clone(), uart.clone()]);
        assert!(why.starts_with("no robot found"), "{why}");
        let board = arduino("/dev/ttyUSB1", "75433312", "1-2");
        assert_eq!(opens(&mut search, Time::ZERO, &[modem, uart, board]).as_deref(), Some("/dev/ttyUSB1"));
    }

    /// Goal: the likeliest port is first, and what was tried in vain comes after all others.
    #[test]
    fn likeliest_port_is_first_and_duds_are_last() {
        let mut search = search("auto");
        let adapter = judged(arduino("/dev/ttyUSB0", "75433311", "1-1"), Verdict::Plausible(5));
        let (one, two) = (arduino("/dev/ttyACM0", "75433312", "1-2"), arduino("/dev/ttyACM1", "75433313", "1-3"));
        let ports = [adapter.clone(), two.clone(), one.clone()];
        let mut order = Vec::new();
        while let Some(port) = opens(&mut search, Time::ZERO, &ports) {
            let port = ports.iter().find(|other| other.name == port).unwrap();
            search.failed(at(order.len() as u64), port, format!("{} is in use", port.name));
            order.push(port.name.clone());
        }
        assert_eq!(order, ["/dev/ttyACM0", "/dev/ttyACM1", "/dev/ttyUSB0"]);
        // The next round begins with the one whose failure is the oldest; a new one goes first.
        assert_eq!(opens(&mut search, at(9), &ports).as_deref(), Some("/dev/ttyACM0"));
        let new = judged(arduino("/dev/ttyUSB9", "75433319", "1-9"), Verdict::Plausible(9));
        assert_eq!(opens(&mut search, at(9), &[one, two, adapter, new]).as_deref(), Some("/dev/ttyUSB9"));
    }

    /// Goal: a round that fails tells every reason once.
    #[test]
    fn failed_round_tells_its_reasons() {
        let mut search = search("auto");
        let ports = [arduino("/dev/ttyACM0", "75433312", "1-2"), arduino("/dev/ttyACM1", "75433313", "1-3")];
        for port in &ports {
            search.failed(Time::ZERO, port, format!("{} is in use", port.name));
        }
        assert_eq!(waits(&mut search, Time::ZERO, &ports).1, "/dev/ttyACM0 is in use; /dev/ttyACM1 is in use");
    }

    /// Goal: the only candidate is never closed, which would restart it again and again; and of two,
    /// none is restarted more than once in half a minute.
    #[test]
    fn silent_port_is_left_only_for_one_that_was_not_tried() {
        let mut search = search("auto");
        let (one, two) = (arduino("/dev/ttyACM0", "75433312", "1-2"), arduino("/dev/ttyACM1", "75433313", "1-3"));
        assert!(!search.leave(at(4), &one, std::slice::from_ref(&one), "nothing"));
        let both = [one.clone(), two.clone()];
        assert!(search.leave(at(8), &one, &both, "nothing"));
        assert_eq!(opens(&mut search, at(8), &both).as_deref(), Some("/dev/ttyACM1"));
        assert!(!search.leave(at(12), &two, &both, "nothing"));
        assert!(!search.leave(at(37), &two, &both, "nothing"));
        assert!(search.leave(at(38), &two, &both, "nothing"), "it may have been flashed since");
    }

    /// Goal: row 11, ttyUSB0 that comes back as ttyUSB1 is the same robot, also under a path.
    #[test]
    fn robot_is_found_under_its_new_name() {
        for wanted in ["/dev/ttyUSB0", "auto", "usb:2341:0043"] {
            let mut search = search(wanted);
            let robot = arduino("/dev/ttyUSB0", "75433317", "1-1");
            assert_eq!(opens(&mut search, at(0), std::slice::from_ref(&robot)).as_deref(), Some("/dev/ttyUSB0"));
            search.proved(&robot);
            search.lost(at(1), &robot, true);
            waits(&mut search, at(2), &[]);
            let (other, back) =
                (arduino("/dev/ttyUSB2", "75433318", "1-2"), arduino("/dev/ttyUSB3", "75433317", "1-4"));
            assert_eq!(opens(&mut search, at(3), &[other, back]).as_deref(), Some("/dev/ttyUSB3"), "{wanted}");
        }
    }

    /// Goal: row 11, another device at the robot's path is told and not opened, the robot elsewhere is.
    #[test]
    fn another_device_at_the_path_is_not_taken() {
        let mut search = search("/dev/ttyUSB0");
        let robot = arduino("/dev/ttyUSB0", "75433317", "1-1");
        search.proved(&robot);
        search.lost(at(1), &robot, true);
        let other = arduino("/dev/ttyUSB0", "75433318", "1-1");
        let (_, why) = waits(&mut search, at(60), std::slice::from_ref(&other));
        assert_eq!(
            why,
            "another device is at /dev/ttyUSB0: Uno (2341:0043:75433318); the robot was Uno (2341:0043:75433317)"
        );
        let back = arduino("/dev/ttyUSB1", "75433317", "1-1");
        assert_eq!(opens(&mut search, at(61), &[other, back]).as_deref(), Some("/dev/ttyUSB1"));
    }

    /// Goal: of two boards without numbers of their own, the one in another socket is not mistaken for
    /// the robot; at the path that the user named, it is taken at the user's word.
    #[test]
    fn board_without_a_number_is_known_by_its_socket() {
        for number in ["", "0001"] {
            let mut search = search("/dev/ttyUSB0");
            let robot = arduino("/dev/ttyUSB0", number, "1-1");
            search.proved(&robot);
            search.lost(at(1), &robot, true);
            waits(&mut search, at(60), &[arduino("/dev/ttyUSB1", number, "1-2")]);
            let back = arduino("/dev/ttyUSB1", number, "1-1");
            assert_eq!(opens(&mut search, at(61), &[back]).as_deref(), Some("/dev/ttyUSB1"));
            let replugged = arduino("/dev/ttyUSB0", number, "1-3");
            assert_eq!(opens(&mut search, at(62), &[replugged]).as_deref(), Some("/dev/ttyUSB0"));
        }
    }

    /// Goal: a robot that restarts for a moment is not left for the neighbour's.
    #[test]
    fn vanished_robot_is_waited_for_before_another_is_taken() {
        let mut search = search("auto");
        let (robot, other) = (arduino("/dev/ttyACM0", "75433317", "1-1"), arduino("/dev/ttyACM1", "75433318", "1-2"));
        search.proved(&robot);
        search.lost(at(100), &robot, true);
        let (_, why) = waits(&mut search, at(109), std::slice::from_ref(&other));
        assert!(why.contains("/dev/ttyACM0 is gone"), "{why}");
        assert_eq!(opens(&mut search, at(110), &[other]).as_deref(), Some("/dev/ttyACM1"));
    }

    /// Goal: a port that was tried in vain is tried like a new one when it was plugged in again.
    #[test]
    fn dud_that_was_plugged_in_again_is_new() {
        let mut search = search("auto");
        let (dud, other) = (arduino("/dev/ttyACM0", "75433312", "1-2"), arduino("/dev/ttyACM1", "75433313", "1-3"));
        let both = [dud.clone(), other.clone()];
        assert!(search.leave(at(4), &dud, &both, "nothing"));
        opens(&mut search, at(5), std::slice::from_ref(&other));
        assert!(search.leave(at(9), &other, &both, "nothing"), "it was away in between");
    }

    /// Goal: `usb:` opens only the device of those numbers.
    #[test]
    fn usb_numbers_choose_the_device() {
        let ports = [arduino("/dev/ttyACM0", "75433317", "1-1"), arduino("/dev/ttyACM1", "75433318", "1-2")];
        assert_eq!(opens(&mut search("usb:2341:0043:75433318"), at(0), &ports).as_deref(), Some("/dev/ttyACM1"));
        let (_, why) = waits(&mut search("usb:0403:6001"), at(0), &ports);
        assert!(why.contains("0403:6001") && why.contains("joywire ports"), "{why}");
    }
}
