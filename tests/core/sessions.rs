//! Sessions: a host that is sane, mad or on a bad line meets the C core and the simulated robot; both do the same.

use joywire::drive::Wheels;
use joywire::protocol::frame::{self, Accumulator};
use joywire::protocol::message::{Drive, FromMcu, HelloAck, PerMotor, Status, ToMcu};
use joywire::robot::body::Build;
use joywire::robot::sim::SimRobot;

use crate::oracle::Oracle;
use crate::random::Random;

const SESSIONS: u64 = 3_000;
/// What happens in each.
const STEPS: usize = 150;

/// Both robots, and the host that talks to them.
struct Pair<'a> {
    oracle: &'a mut Oracle,
    robot: SimRobot,
    /// What the oracle's log must be.
    log: Vec<u8>,
    from_robot: Accumulator,
    status: Option<Status>,
    session: u32,
    seq: u16,
    sent: Vec<Vec<u8>>,
    moved: u32,
}

impl Pair<'_> {
    fn settle(&mut self) {
        let mut wire = Vec::new();
        self.robot.transmit(&mut wire);
        for byte in wire {
            if let Some(Ok(body)) = self.from_robot.push(byte) {
                let message = FromMcu::decode(body.as_slice()).unwrap();
                self.note(&message);
                frame::encode(as_the_core_says_it(message).encode().as_slice(), &mut self.log);
            }
        }
    }

    fn note(&mut self, message: &FromMcu) {
        match message {
            FromMcu::Status(status) => self.status = Some(*status),
            FromMcu::HelloAck(HelloAck { major: 1, .. }) => {
                if let FromMcu::HelloAck(ack) = message {
                    self.session = ack.session();
                    self.seq = 0;
                }
            }
            FromMcu::HelloAck(_) | FromMcu::Param { .. } | FromMcu::Text(_) | FromMcu::Counters(_) => {}
        }
    }

    fn log_outputs(&mut self) {
        self.robot.outputs().as_slice().iter().for_each(|output| self.log.extend(output.to_le_bytes()));
    }

    fn receive(&mut self, bytes: &[u8]) {
        for part in bytes.chunks(255) {
            self.oracle.receive(part);
            self.robot.receive(part);
            self.settle();
            self.log_outputs();
        }
    }

    fn say(&mut self, message: ToMcu, random: &mut Random) {
        let mut wire = Vec::new();
        frame::encode(message.encode().as_slice(), &mut wire);
        self.sent.push(wire.clone());
        if random.once_in(12) {
            let place = random.index(wire.len());
            wire[place] ^= 1 << random.below(8);
        }
        self.receive(&wire);
    }

    fn pass(&mut self, milliseconds: u8) {
        self.oracle.pass(milliseconds);
        for _ in 0..milliseconds {
            self.robot.tick_ms();
            self.settle();
            self.log_outputs();
            self.moved += u32::from(!self.robot.is_off());
        }
    }

    fn power_failure(&mut self) {
        self.oracle.power_failure();
        self.robot.reset();
        self.settle();
    }

    fn drive(&mut self, random: &mut Random) -> ToMcu {
        self.seq = self.seq.wrapping_add(1);
        let speed = |random: &mut Random| {
            let any = i16::try_from(random.between(0, 2000)).unwrap() - 1000;
            random.one_of(&[0, 0, 1000, -1000, any, any])
        };
        let motors = self.robot.outputs().as_slice().len();
        let mut speeds: Vec<i16> = (0..motors).map(|_| speed(random)).collect();
        if random.once_in(3) {
            speeds.fill(0);
        }
        if random.once_in(60) {
            speeds.truncate(3);
            speeds.resize(3, 0);
        }
        let jump = if random.once_in(80) { random.one_of(&[0x7FFE, 0x7FFF, 0x8000, u16::MAX]) } else { 0 };
        let age = random.one_of(&[0, 0, 5, 30, 100, 200, 229, 230, 231, 65_536, u32::MAX]);
        ToMcu::Drive(Drive {
            session: if random.once_in(60) { random.u32() } else { self.session },
            seq: if random.once_in(40) { random.u16() } else { self.seq.wrapping_add(jump) },
            tick: self.robot.tick().wrapping_sub(if random.once_in(3) { age } else { 0 }),
            ttl_ms: if random.once_in(10) { random.one_of(&[0, 1, 50, 229, 400, u16::MAX]) } else { 230 },
            motors: PerMotor::new(&speeds).unwrap(),
            aux: 0,
            cause: 0,
            epoch: 0,
        })
    }

    fn step(&mut self, random: &mut Random) {
        match random.below(100) {
            0..60 => {
                // A few in a row, as a host drives.
                for _ in 0..random.below(12) {
                    let drive = self.drive(random);
                    self.say(drive, random);
                    self.pass(20);
                }
            }
            60..64 => self.say(ToMcu::Stop { reason: random.u8() }, random),
            64..66 => self.say(ToMcu::Latch, random),
            66..72 => {
                let nonce = self.status.map_or(0, |status| status.latch_nonce) ^ u32::from(random.once_in(4));
                self.say(ToMcu::LatchReset { session: self.session, nonce }, random);
            }
            72..76 => {
                let any = random.u16().max(1);
                let nonce = random.one_of(&[1, 2, any]);
                let max_major = if random.once_in(8) { 0 } else { 3 };
                self.say(ToMcu::Hello { nonce, min_major: 0, max_major }, random);
            }
            76..82 => self.say(ToMcu::Arm { session: self.session ^ u32::from(random.once_in(6)) }, random),
            82..84 => self.say(ToMcu::ParamGet { id: random.u8() % 4 }, random),
            84..86 => {
                let value = random.one_of(&[1000, 700, 0, 1001, -1, 333]);
                self.say(ToMcu::ParamSet { session: self.session, id: random.u8() % 4, value }, random);
            }
            86..90 => {
                if let Some(old) = (!self.sent.is_empty()).then(|| self.sent[random.index(self.sent.len())].clone()) {
                    self.receive(&old);
                }
            }
            90..93 => {
                let garbage: Vec<u8> = (0..random.index(400)).map(|_| random.u8() % 16).collect();
                self.receive(&garbage);
            }
            93 => self.power_failure(),
            94..97 => (0..random.below(8)).for_each(|_| self.pass(random.u8())),
            _ => self.pass(random.u8()),
        }
    }
}

/// The same message with what only the simulated robot has, a body, taken out.
fn as_the_core_says_it(message: FromMcu) -> FromMcu {
    match message {
        FromMcu::Status(status) => FromMcu::Status(Status { battery_mv: 0, counts: None, ..status }),
        FromMcu::HelloAck(_) | FromMcu::Param { .. } | FromMcu::Text(_) | FromMcu::Counters(_) => message,
    }
}

/// Goal: for random sessions with damage, replays, stalls and power failures both robots say and do the same.
#[test]
fn core_does_what_the_simulated_robot_does() {
    let mut oracle = Oracle::start();
    let (mut moved, mut milliseconds) = (0, 0u64);
    for seed in 0..SESSIONS {
        let mut random = Random::new(seed);
        let boot_count = random.u16();
        let any = random.u32();
        let tick = random.one_of(&[0, 0, u32::MAX - 5_000, any]);
        let wheels = random.one_of(&[Wheels::Differential, Wheels::Mecanum]);
        let build = Build::of(wheels);
        oracle.switch_on(u8::try_from(wheels.motors()).unwrap(), boot_count, tick);
        let mut pair = Pair {
            oracle: &mut oracle,
            robot: SimRobot::new(build, boot_count).after_running(tick),
            log: Vec::new(),
            from_robot: Accumulator::new(),
            status: None,
            session: 0,
            seq: 0,
            sent: Vec::new(),
            moved: 0,
        };
        pair.pass(30);
        pair.say(ToMcu::Hello { nonce: 7, min_major: 1, max_major: 1 }, &mut random);
        pair.say(ToMcu::Arm { session: pair.session }, &mut random);
        for _ in 0..30 {
            pair.seq += 1;
            let motors = PerMotor::new(&[0; 4][..wheels.motors()]).unwrap();
            let drive = Drive {
                session: pair.session,
                seq: pair.seq,
                tick: pair.robot.tick(),
                ttl_ms: 230,
                motors,
                aux: 0,
                cause: 0,
                epoch: 0,
            };
            pair.say(ToMcu::Drive(drive), &mut random);
            pair.pass(20);
        }
        for _ in 0..STEPS {
            pair.step(&mut random);
        }
        let log = std::mem::take(&mut pair.log);
        (moved, milliseconds) = (moved + u64::from(pair.moved), milliseconds + u64::from(pair.robot.tick() / 1000));
        let theirs = oracle.log();
        if let Some(place) = (0..log.len().max(theirs.len())).find(|at| log.get(*at) != theirs.get(*at)) {
            let around = |log: &[u8]| log.get(place.saturating_sub(40)..(place + 12).min(log.len())).unwrap().to_vec();
            panic!(
                "seed {seed}, byte {place} of {}:\nSimRobot {:02x?}\ncore     {:02x?}",
                log.len(),
                around(&log),
                around(&theirs)
            );
        }
    }
    assert!(milliseconds > 0 && moved > 100_000, "the robots moved for {moved} ms only");
}
