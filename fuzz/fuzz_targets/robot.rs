//! Any bytes at any time to the simulated robot: it never starts by bytes alone, never jumps, and always stops.
#![no_main]

use joywire_fuzz::protocol::frame;
use joywire_fuzz::protocol::message::{Drive, FULL, MAJOR, PerMotor, ToMcu};
use joywire_fuzz::robot::body::Build;
use joywire_fuzz::robot::sim::{MAX_TTL, SimRobot};
use libfuzzer_sys::fuzz_target;

/// The nonce below and the boot count below.
const SESSION: u32 = 0x0201_0007;

struct Bench {
    robot: SimRobot,
    seq: u16,
    last_bytes: u32,
}

impl Bench {
    fn receive(&mut self, bytes: &[u8]) {
        let before = self.robot.sides();
        self.robot.receive(bytes);
        self.last_bytes = self.robot.tick();
        let after = self.robot.sides();
        assert!(after == before || after == [0, 0], "bytes alone started a motor");
    }

    fn say(&mut self, body: &[u8]) {
        let mut wire = Vec::new();
        frame::encode(body, &mut wire);
        self.receive(&wire);
    }

    /// A DRIVE that fits, but for what four bytes say.
    fn drive(&mut self, [late, age, left, right]: [u8; 4]) {
        self.seq = self.seq.wrapping_add(1);
        let speed = |byte: u8| (i16::from(byte) - 128) * 7;
        let drive = Drive {
            session: SESSION,
            seq: if late == 255 { self.seq.wrapping_sub(9) } else { self.seq },
            tick: self.robot.tick().wrapping_sub(u32::from(age)),
            ttl_ms: if late & 2 != 0 { 230 } else { u16::from(late) * 8 },
            motors: PerMotor::new(&[speed(left), speed(right)]).unwrap(),
            aux: 0,
            cause: 0,
            epoch: 0,
        };
        self.say(ToMcu::Drive(drive).encode().as_slice());
    }

    fn pass(&mut self, milliseconds: u8) {
        for _ in 0..milliseconds {
            let before = self.robot.sides();
            self.robot.tick_ms();
            let after = self.robot.sides();
            for (from, to) in before.into_iter().zip(after) {
                assert!(to.abs() <= FULL && to.abs() - from.abs() <= 4 && i32::from(from) * i32::from(to) >= 0);
            }
            let silent = self.robot.tick().wrapping_sub(self.last_bytes);
            assert!(after == [0, 0] || silent <= MAX_TTL, "still on after {silent} ms without a byte");
        }
        self.robot.transmit(&mut Vec::new());
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Some((first, mut rest)) = bytes.split_first() else { return };
    let start = if first & 2 == 0 { 0 } else { u32::MAX - 2000 };
    let robot = SimRobot::new(Build::default(), 7).after_running(start);
    let mut bench = Bench { robot, seq: 0, last_bytes: start };
    if first & 1 == 1 {
        bench.say(ToMcu::Hello { nonce: 0x0201, min_major: MAJOR, max_major: MAJOR }.encode().as_slice());
        bench.say(ToMcu::Arm { session: SESSION }.encode().as_slice());
        for _ in 0..30 {
            bench.drive([2, 0, 128, 128]);
            bench.pass(20);
        }
    }
    while let Some((&op, after)) = rest.split_first() {
        bench.pass(op % 64);
        rest = after;
        if let (0..128, Some((twist, after))) = (op, rest.split_first_chunk::<4>()) {
            bench.drive(*twist);
            rest = after;
        } else if let (128..192, Some((len, after))) = (op, rest.split_first()) {
            let (body, after) = after.split_at(usize::from(len % 35).min(after.len()));
            bench.say(body);
            rest = after;
        } else if let Some((byte, after)) = rest.split_first() {
            bench.receive(&[*byte]);
            rest = after;
        }
    }
    bench.pass(255);
    assert_eq!(bench.robot.sides(), [0, 0]);
});
