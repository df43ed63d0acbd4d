//! PURE. The host's half of a session with the robot: hello, version, arm, sequence.
//!
//! The host never speaks first: it waits until the robot's STATUS has been heard, so that nothing is
//! written into a bootloader or to a device that is no robot. Freshness is carried by
//! [`Session::drive`]: every DRIVE names the session and echoes a tick.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::message::{Drive, FromMcu, HelloAck, MAJOR, McuState, PerMotor, Status, StopReason, ToMcu};
use crate::time::Time;

/// Time between two HELLOs, or two ARMs, that were not answered.
const RETRY: Duration = Duration::from_millis(100);

/// Where a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Stage {
    /// Nothing was heard yet.
    Listening,
    /// The robot speaks; HELLO goes out until it is answered.
    Greeting { nonce: u16 },
    /// In session; ARM goes out until the robot's status shows that it is armed.
    Open { ack: HelloAck, armed: bool },
    /// The robot is not one that we can drive. It may be given other firmware while the port stays
    /// open; its clock then starts anew.
    Incompatible { why: Mismatch, tick: Option<u32> },
}

/// The host's half of a session.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Session {
    stage: Stage,
    seq: u16,
    /// State of a small generator of nonces: unlike the last ones is all they must be.
    nonces: u32,
    driven: Driven,
    asked: Option<Time>,
}

/// What a message of the robot meant for the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Nothing that changes it.
    None,
    /// A session has begun.
    Opened(HelloAck),
    /// The session has ended.
    Lost(Loss),
    /// The robot is not one that we can drive.
    Incompatible(Mismatch),
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Loss {
    /// The robot started anew.
    Restarted,
    /// The robot closed it: too many frames were damaged.
    Damaged,
    /// The robot is in another host's session.
    Taken,
}

impl Loss {
    /// What to tell people.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Restarted => "the robot has restarted",
            Self::Damaged => "the robot closed the session: too many frames were damaged: check the cable",
            Self::Taken => "another program has taken the robot",
        }
    }
}

/// Why we and a robot do not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mismatch {
    /// Its protocol is older than ours.
    RobotIsOlder,
    /// Our protocol is older than its.
    WeAreOlder,
    /// It speaks as we do and yet wants none of our versions.
    Refused,
    /// It has so many motors, and not those that we drive.
    Motors(u8),
}

impl Mismatch {
    /// What to tell people, with which side to update.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::RobotIsOlder => "its firmware is older than this joywire: upload the current firmware to the board",
            Self::WeAreOlder => "its firmware is newer than this joywire: update joywire",
            Self::Refused => "it speaks none of our versions: update its firmware and joywire",
            Self::Motors(_) => {
                "it has another number of motors than the wheels that are configured: set robot.wheels, or their number \
                 in the firmware"
            }
        }
    }
}

/// The motors that the host has speeds for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Driven {
    /// Left and right, each with one motor or with two: front left, front right, rear left, rear right.
    Sides,
    /// So many, each with a speed of its own.
    Motors(u8),
}

impl Session {
    /// A session that has heard nothing. `seed` is random, so that no two hosts take the same nonces.
    #[must_use]
    pub fn new(seed: u32, driven: Driven) -> Self {
        Self { stage: Stage::Listening, seq: 0, nonces: seed, asked: None, driven }
    }

    /// The cable is new: forget everything but the nonces.
    pub fn restart(&mut self) {
        self.stage = Stage::Listening;
        self.asked = None;
    }

    /// The session's number, while one is open.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        match self.stage {
            Stage::Open { ack, .. } => Some(ack.session()),
            Stage::Listening | Stage::Greeting { .. } | Stage::Incompatible { .. } => None,
        }
    }

    /// Why the robot and we do not fit, if we do not.
    #[must_use]
    pub fn incompatible(&self) -> Option<Mismatch> {
        match self.stage {
            Stage::Incompatible { why, .. } => Some(why),
            Stage::Listening | Stage::Greeting { .. } | Stage::Open { .. } => None,
        }
    }

    /// Takes note of a whole message of another major version.
    pub fn handle_foreign(&mut self, major: u8) -> Event {
        let why = if major < MAJOR { Mismatch::RobotIsOlder } else { Mismatch::WeAreOlder };
        self.give_up(why)
    }

    /// Takes note of a message of the robot.
    pub fn handle(&mut self, message: &FromMcu) -> Event {
        match (self.stage, message) {
            (Stage::Listening, FromMcu::Status(status)) => {
                self.greet(status.session);
                Event::None
            }
            (Stage::Greeting { nonce }, FromMcu::HelloAck(ack)) if ack.nonce == nonce => self.open(*ack),
            (Stage::Open { ack, .. }, FromMcu::Status(status)) => self.follow(ack, status),
            (Stage::Incompatible { why, tick }, FromMcu::Status(status)) => self.reconsider(why, tick, status),
            (
                Stage::Listening | Stage::Greeting { .. } | Stage::Open { .. } | Stage::Incompatible { .. },
                FromMcu::HelloAck(_)
                | FromMcu::Status(_)
                | FromMcu::Param { .. }
                | FromMcu::Text(_)
                | FromMcu::Counters(_),
            ) => Event::None,
        }
    }

    /// Whether something must be said to the robot that was not yet said.
    #[must_use]
    pub fn has_news(&self) -> bool {
        match self.stage {
            Stage::Greeting { .. } | Stage::Open { armed: false, .. } => self.asked.is_none(),
            Stage::Open { armed: true, .. } | Stage::Listening | Stage::Incompatible { .. } => false,
        }
    }

    /// What must be said to the robot now, if anything.
    pub fn request(&mut self, now: Time) -> Option<ToMcu> {
        if self.asked.is_some_and(|asked| now.since(asked) < RETRY) {
            return None;
        }
        let request = match self.stage {
            Stage::Greeting { nonce } => ToMcu::Hello { nonce, min_major: MAJOR, max_major: MAJOR },
            Stage::Open { ack, armed: false } => ToMcu::Arm { session: ack.session() },
            Stage::Open { armed: true, .. } | Stage::Listening | Stage::Incompatible { .. } => return None,
        };
        self.asked = Some(now);
        Some(request)
    }

    /// The next DRIVE of this session; `None` while there is none, or if `speeds` do not fit the robot's
    /// motors. Left and right are repeated for a robot with two motors a side.
    pub fn drive(&mut self, speeds: &[i16], tick: u32, ttl_ms: u16, epoch: u8, cause: u8) -> Option<ToMcu> {
        let Stage::Open { ack, .. } = self.stage else { return None };
        let motors = match (self.driven, ack.motors, speeds) {
            (Driven::Sides, 4, &[left, right]) => PerMotor::new(&[left, right, left, right])?,
            _ => PerMotor::new(speeds).filter(|_| speeds.len() == usize::from(ack.motors))?,
        };
        self.seq = self.seq.wrapping_add(1);
        Some(ToMcu::Drive(Drive { session: ack.session(), seq: self.seq, tick, ttl_ms, motors, aux: 0, epoch, cause }))
    }

    /// Chooses a nonce that can be neither session 0, which means none, nor the session that the
    /// robot is in at `present`: it would take the HELLO for a repeated one.
    fn greet(&mut self, present: u32) {
        let mut nonce = self.next_nonce();
        while nonce == 0 || u32::from(nonce) == present >> 16 {
            nonce = self.next_nonce();
        }
        self.stage = Stage::Greeting { nonce };
        self.asked = None;
    }

    fn next_nonce(&mut self) -> u16 {
        // A linear congruential step (Knuth's constants); the upper half is well mixed.
        self.nonces = self.nonces.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let [_, _, low, high] = self.nonces.to_le_bytes();
        u16::from_le_bytes([low, high])
    }

    fn open(&mut self, ack: HelloAck) -> Event {
        self.asked = None;
        if ack.major != MAJOR {
            return self.give_up(Mismatch::Refused);
        }
        let fits = match self.driven {
            Driven::Sides => matches!(ack.motors, 2 | 4),
            Driven::Motors(count) => ack.motors == count,
        };
        if !fits {
            return self.give_up(Mismatch::Motors(ack.motors));
        }
        self.stage = Stage::Open { ack, armed: false };
        self.seq = 0;
        Event::Opened(ack)
    }

    fn give_up(&mut self, why: Mismatch) -> Event {
        let known = self.incompatible() == Some(why);
        self.stage = Stage::Incompatible { why, tick: None };
        if known { Event::None } else { Event::Incompatible(why) }
    }

    /// A robot that did not want us is greeted again once it speaks our version, or has started anew.
    fn reconsider(&mut self, why: Mismatch, before: Option<u32>, status: &Status) -> Event {
        let speaks_as_we_do = matches!(why, Mismatch::Refused | Mismatch::Motors(_));
        if speaks_as_we_do && before.is_none_or(|tick| tick <= status.tick) {
            self.stage = Stage::Incompatible { why, tick: Some(status.tick) };
        } else {
            self.greet(status.session);
        }
        Event::None
    }

    fn follow(&mut self, ack: HelloAck, status: &Status) -> Event {
        if status.session != ack.session() {
            self.greet(status.session);
            return Event::Lost(match (status.session, status.reason) {
                (0, StopReason::BadFrames) => Loss::Damaged,
                (0, _) => Loss::Restarted,
                (_, _) => Loss::Taken,
            });
        }
        let armed = match status.state {
            McuState::Boot | McuState::Linked => false,
            McuState::Armed | McuState::Driving | McuState::Stopped | McuState::Latched => true,
        };
        self.stage = Stage::Open { ack, armed };
        Event::None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::message::NO_AGE;

    fn status(session: u32, state: McuState) -> FromMcu {
        FromMcu::Status(Status {
            session,
            tick: 5,
            seq: 0,
            age_ms: NO_AGE,
            state,
            reason: StopReason::None,
            battery_mv: 0,
            rejected: 0,
            bad_frames: 0,
            latch_nonce: 0,
            wants_neutral: false,
            outputs: PerMotor::new(&[0, 0]).unwrap(),
            counts: None,
        })
    }

    fn ack(nonce: u16, major: u8) -> FromMcu {
        FromMcu::HelloAck(HelloAck {
            nonce,
            major,
            boot_count: 3,
            motors: 2,
            max_ttl_ms: 230,
            name: *b"test\0\0\0\0\0\0\0\0",
            hash: 0,
        })
    }

    fn greeted() -> (Session, u16) {
        let mut session = Session::new(7, Driven::Sides);
        session.handle(&status(0, McuState::Boot));
        let Some(ToMcu::Hello { nonce, .. }) = session.request(Time::ZERO) else { panic!("no HELLO") };
        (session, nonce)
    }

    /// Goal: nothing is written to something that has not spoken as a robot does.
    #[test]
    fn host_waits_until_the_robot_has_spoken() {
        let mut session = Session::new(7, Driven::Sides);
        assert_eq!(session.request(Time::from_millis(10_000)), None);
        assert_eq!(session.drive(&[0, 0], 0, 0, 0, 0), None);
        session.handle(&status(0, McuState::Boot));
        assert!(matches!(session.request(Time::from_millis(10_001)), Some(ToMcu::Hello { .. })));
    }

    /// Goal: the way from HELLO to motion, in order, with repeats where answers are lost.
    #[test]
    fn session_opens_and_arms() {
        let (mut session, nonce) = greeted();
        assert!(!session.has_news(), "HELLO was said already");
        assert_eq!(session.request(Time::from_millis(50)), None);
        assert!(matches!(session.request(Time::from_millis(100)), Some(ToMcu::Hello { .. })));
        assert_eq!(session.handle(&ack(nonce.wrapping_add(1), MAJOR)), Event::None, "an answer to someone else");
        assert!(matches!(session.handle(&ack(nonce, MAJOR)), Event::Opened(_)));
        let id = session.id().unwrap();
        assert_eq!(id, u32::from(nonce) << 16 | 3);
        assert!(session.has_news(), "a robot that answers waits for ARM");
        assert_eq!(session.request(Time::from_millis(110)), Some(ToMcu::Arm { session: id }));
        assert!(!session.has_news());
        session.handle(&status(id, McuState::Linked));
        assert_eq!(session.request(Time::from_millis(210)), Some(ToMcu::Arm { session: id }));
        session.handle(&status(id, McuState::Armed));
        assert_eq!(session.request(Time::from_millis(400)), None);
    }

    /// Goal: a robot that restarted gets a new nonce, so that no old frame fits.
    #[test]
    fn robot_reset_begins_a_new_session() {
        let (mut session, nonce) = greeted();
        session.handle(&ack(nonce, MAJOR));
        assert_eq!(session.handle(&status(0, McuState::Boot)), Event::Lost(Loss::Restarted));
        assert_eq!(session.drive(&[0, 0], 0, 0, 0, 0), None);
        let Some(ToMcu::Hello { nonce: next, .. }) = session.request(Time::ZERO) else { panic!("no HELLO") };
        assert_ne!(next, nonce);
    }

    /// Goal: a session that ended says why: a noisy cable and another program are no restart of the robot.
    #[test]
    fn the_end_of_a_session_says_why() {
        let FromMcu::Status(started) = status(0, McuState::Boot) else { panic!("a status") };
        for (id, reason, loss) in [
            (0, StopReason::None, Loss::Restarted),
            (0, StopReason::Deadline, Loss::Restarted),
            (0, StopReason::BadFrames, Loss::Damaged),
            (5, StopReason::BadFrames, Loss::Taken),
        ] {
            let (mut session, nonce) = greeted();
            session.handle(&ack(nonce, MAJOR));
            let last = FromMcu::Status(Status { session: id, reason, ..started });
            assert_eq!(session.handle(&last), Event::Lost(loss));
            assert!(matches!(session.request(Time::ZERO), Some(ToMcu::Hello { .. })));
        }
    }

    /// Goal: a host that starts while the robot is in a session never takes that session's nonce: the
    /// robot would think the HELLO a repeated one and refuse all new, low sequence numbers.
    #[test]
    fn new_session_never_takes_the_robots_present_nonce() {
        let (_, nonce) = greeted();
        let mut session = Session::new(7, Driven::Sides);
        session.handle(&status(u32::from(nonce) << 16 | 3, McuState::Armed));
        let Some(ToMcu::Hello { nonce: fresh, .. }) = session.request(Time::ZERO) else { panic!("no HELLO") };
        assert_ne!(fresh, nonce);
    }

    /// Goal: no session is ever 0, which a STATUS shows while there is none.
    #[test]
    fn no_session_has_the_number_of_none() {
        // Found by search: the first nonce of this seed would be 0.
        let mut session = Session::new(61_318, Driven::Sides);
        session.handle(&status(0, McuState::Boot));
        let Some(ToMcu::Hello { nonce, .. }) = session.request(Time::ZERO) else { panic!("no HELLO") };
        assert_ne!(nonce, 0);
    }

    /// Goal: a robot of another version is left alone.
    #[test]
    fn other_versions_are_left_alone() {
        let (mut session, nonce) = greeted();
        assert_eq!(session.handle(&ack(nonce, 0)), Event::Incompatible(Mismatch::Refused));
        for _ in 0..3 {
            session.handle(&status(0, McuState::Boot));
            assert_eq!(session.incompatible(), Some(Mismatch::Refused));
            assert_eq!(session.request(Time::from_millis(5000)), None);
            assert_eq!(session.drive(&[0, 0], 0, 0, 0, 0), None);
        }
    }

    /// Goal: row 20, a message of another version says whose side to update, once, and is the end.
    #[test]
    fn a_message_of_another_version_says_who_is_older() {
        let mut session = Session::new(7, Driven::Sides);
        assert_eq!(session.handle_foreign(2), Event::Incompatible(Mismatch::WeAreOlder));
        assert_eq!(session.handle_foreign(2), Event::None);
        assert_eq!(session.request(Time::ZERO), None);
        assert_eq!(session.handle_foreign(0), Event::Incompatible(Mismatch::RobotIsOlder));
    }

    /// Goal: a robot that was given the right firmware while its port stayed open is greeted again.
    #[test]
    fn reflashed_robot_is_greeted_again() {
        let (mut session, nonce) = greeted();
        session.handle(&ack(nonce, 0));
        session.handle(&status(0, McuState::Boot));
        let FromMcu::Status(started) = status(0, McuState::Boot) else { panic!("a status") };
        session.handle(&FromMcu::Status(Status { tick: 0, ..started }));
        assert!(matches!(session.request(Time::from_millis(5000)), Some(ToMcu::Hello { .. })));
        session.handle_foreign(2);
        session.handle(&status(0, McuState::Boot));
        assert!(matches!(session.request(Time::from_millis(6000)), Some(ToMcu::Hello { .. })));
    }

    /// Goal: speeds for another number of motors are never sent.
    #[test]
    fn speeds_must_fit_the_robot() {
        let (mut session, nonce) = greeted();
        session.handle(&ack(nonce, MAJOR));
        assert_eq!(session.drive(&[1], 0, 0, 0, 0), None);
        assert!(session.drive(&[1, 2], 0, 0, 0, 0).is_some());
    }

    /// Goal: a robot with two motors a side is driven like one with a motor a side, in the order front
    /// left, front right, rear left, rear right; any other number is no robot of ours.
    #[test]
    fn four_motors_are_driven_in_pairs() {
        let with_motors = |count| {
            let (mut session, nonce) = greeted();
            let FromMcu::HelloAck(ack) = ack(nonce, MAJOR) else { panic!("a HELLO_ACK") };
            let event = session.handle(&FromMcu::HelloAck(HelloAck { motors: count, ..ack }));
            (session, event)
        };
        let (mut four, _) = with_motors(4);
        let Some(ToMcu::Drive(drive)) = four.drive(&[1, -2], 0, 0, 0, 0) else { panic!("no DRIVE") };
        assert_eq!(drive.motors.as_slice(), [1, -2, 1, -2]);
        for count in [0, 1, 3, 5] {
            assert_eq!(with_motors(count).1, Event::Incompatible(Mismatch::Motors(count)));
        }
    }

    /// Goal: whoever configured four wheels of their own does not drive a robot with two motors by them.
    #[test]
    fn configured_wheels_must_be_there() {
        for (driven, motors, fits) in [(4, 4, true), (4, 2, false), (2, 4, false), (2, 2, true)] {
            let mut session = Session::new(7, Driven::Motors(driven));
            session.handle(&status(0, McuState::Boot));
            let Some(ToMcu::Hello { nonce, .. }) = session.request(Time::ZERO) else { panic!("no HELLO") };
            let FromMcu::HelloAck(ack) = ack(nonce, MAJOR) else { panic!("a HELLO_ACK") };
            let event = session.handle(&FromMcu::HelloAck(HelloAck { motors, ..ack }));
            assert_eq!(event == Event::Incompatible(Mismatch::Motors(motors)), !fits, "{driven} for {motors}");
            let speeds = [1, -2, 3, -4];
            assert_eq!(session.drive(&speeds[..usize::from(driven)], 0, 0, 0, 0).is_some(), fits);
        }
    }
}
