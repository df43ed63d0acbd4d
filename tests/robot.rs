//! Stories of the simulated robot: what its firmware half accepts, and that it stops by itself.

use joywire::protocol::frame::{self, Accumulator};
use joywire::protocol::message::{Counters, Drive, FromMcu, McuState, PerMotor, Status, StopReason, ToMcu};
use joywire::robot::body::Build;
use joywire::robot::sim::{MAX_TTL, SimRobot};
use proptest::prelude::*;

const NONCE: u16 = 0x1234;
const BOOT: u16 = 7;
const SESSION: u32 = 0x1234_0007;

/// A robot and a host that says what the test wants it to say.
struct Bench {
    robot: SimRobot,
    seq: u16,
    from_robot: Accumulator,
    heard: Vec<FromMcu>,
}

impl Bench {
    fn new() -> Self {
        Self::at_tick(0)
    }

    fn at_tick(tick: u32) -> Self {
        let robot = SimRobot::new(Build::default(), BOOT).after_running(tick);
        Self { robot, seq: 0, from_robot: Accumulator::new(), heard: Vec::new() }
    }

    /// Armed, and neutral for long enough.
    fn ready() -> Self {
        Self::ready_at(0)
    }

    fn ready_at(tick: u32) -> Self {
        let mut bench = Self::at_tick(tick);
        bench.hello(NONCE);
        bench.say(ToMcu::Arm { session: SESSION });
        bench.keep([0, 0], 600);
        bench
    }

    fn hello(&mut self, nonce: u16) {
        self.say(ToMcu::Hello { nonce, min_major: 1, max_major: 1 });
    }

    fn say(&mut self, message: ToMcu) {
        let mut wire = Vec::new();
        frame::encode(message.encode().as_slice(), &mut wire);
        self.robot.receive(&wire);
    }

    /// The next DRIVE, right in every respect.
    fn next_drive(&mut self, speeds: [i16; 2]) -> Drive {
        self.seq = self.seq.wrapping_add(1);
        let motors = PerMotor::new(&speeds).expect("two motors");
        Drive {
            session: SESSION,
            seq: self.seq,
            tick: self.robot.tick(),
            ttl_ms: 230,
            motors,
            aux: 0,
            epoch: 1,
            cause: 0,
        }
    }

    fn drive(&mut self, speeds: [i16; 2]) {
        let drive = self.next_drive(speeds);
        self.say(ToMcu::Drive(drive));
    }

    fn pass(&mut self, ms: u64) {
        for _ in 0..ms {
            self.robot.tick_ms();
        }
        let mut wire = Vec::new();
        self.robot.transmit(&mut wire);
        for byte in wire {
            if let Some(Ok(body)) = self.from_robot.push(byte) {
                self.heard.push(FromMcu::decode(body.as_slice()).expect("the robot speaks well"));
            }
        }
    }

    /// Fresh commands every 20 ms.
    fn keep(&mut self, speeds: [i16; 2], ms: u64) {
        for _ in 0..ms / 20 {
            self.drive(speeds);
            self.pass(20);
        }
    }

    fn status(&mut self) -> Status {
        self.pass(25);
        let newest = self.heard.iter().rev().find_map(|message| match message {
            FromMcu::Status(status) => Some(*status),
            FromMcu::HelloAck(_) | FromMcu::Param { .. } | FromMcu::Text(_) | FromMcu::Counters(_) => None,
        });
        newest.expect("a status every 25 ms")
    }

    fn moves(&self) -> bool {
        !self.robot.is_off()
    }

    fn damage(&mut self, frames: u64) {
        for _ in 0..frames {
            self.robot.receive(&[0, 0x55, 0x55, 0]);
        }
    }
}

/// Goal: the plain case: an armed robot follows fresh commands.
#[test]
fn armed_robot_follows_fresh_commands() {
    let mut bench = Bench::ready();
    bench.keep([1000, -500], 400);
    assert_eq!(bench.robot.sides(), [1000, -500]);
    assert_eq!(bench.status().state, McuState::Driving);
    bench.keep([0, 0], 20);
    assert!(!bench.moves());
}

/// Goal: I5, no motion before handshake, ARM and 500 ms of valid link; any two of them are not enough.
#[test]
fn arming_needs_hello_arm_and_half_a_second() {
    let mut bench = Bench::new();
    bench.say(ToMcu::Arm { session: SESSION });
    bench.keep([0, 0], 800);
    bench.keep([1000, 1000], 200);
    assert!(!bench.moves(), "no HELLO");
    bench.hello(NONCE);
    bench.keep([0, 0], 800);
    bench.keep([1000, 1000], 200);
    assert!(!bench.moves(), "no ARM");
    assert_eq!(bench.status().state, McuState::Linked);
    let mut bench = Bench::new();
    bench.hello(NONCE);
    bench.say(ToMcu::Arm { session: SESSION });
    bench.keep([0, 0], 480);
    bench.keep([1000, 1000], 20);
    assert!(!bench.moves(), "only 480 ms");
    bench.keep([0, 0], 520);
    bench.keep([1000, 1000], 20);
    assert!(bench.moves());
}

/// Goal: a HELLO that is repeated because its answer was lost does not restart the session.
#[test]
fn repeated_hello_does_not_restart() {
    let mut bench = Bench::ready();
    bench.keep([500, 500], 400);
    bench.hello(NONCE);
    assert!(bench.moves());
    bench.hello(NONCE.wrapping_add(1));
    assert!(!bench.moves(), "another host has come");
    bench.keep([500, 500], 100);
    assert!(!bench.moves());
}

/// Goal: frames of another session, of an old sequence or with an old or future tick move nothing.
#[test]
fn unproven_frames_are_refused() {
    let mut bench = Bench::ready();
    let good = bench.next_drive([800, 800]);
    let wrong = [
        Drive { session: SESSION + 1, ..good },
        Drive { seq: good.seq.wrapping_sub(1), ..good },
        Drive { seq: good.seq.wrapping_add(1 << 15), ..good },
        Drive { tick: good.tick.wrapping_sub(MAX_TTL), ..good },
        Drive { tick: good.tick.wrapping_sub(65_536), ..good },
        Drive { tick: good.tick.wrapping_add(100), ..good },
        Drive { tick: good.tick.wrapping_add(1 << 31), ..good },
        Drive { ttl_ms: 0, ..good },
        Drive { ttl_ms: 10, tick: good.tick.wrapping_sub(10), ..good },
        Drive { motors: PerMotor::new(&[800]).unwrap(), ..good },
        Drive { motors: PerMotor::new(&[800, 800, 800]).unwrap(), ..good },
    ];
    for drive in wrong {
        bench.say(ToMcu::Drive(drive));
        bench.pass(1);
        assert!(!bench.moves(), "{drive:?}");
    }
    let good = bench.next_drive([800, 800]);
    bench.say(ToMcu::Drive(good));
    bench.pass(1);
    assert!(bench.moves());
}

/// Goal: I1, without fresh frames the outputs are off when the tick is 230 ms old, wherever the
/// clock stands, also while it wraps.
#[test]
fn deadline_holds_while_the_clock_wraps() {
    for before_wrap in [0, 1, 100, 229, 230, 231, 1000, 40_000] {
        let start = 0u32.wrapping_sub(before_wrap).wrapping_sub(600 + 400);
        let mut bench = Bench::ready_at(start);
        bench.keep([1000, 1000], 400);
        let drive = bench.next_drive([1000, 1000]);
        let stop = drive.tick.wrapping_add(MAX_TTL);
        bench.say(ToMcu::Drive(drive));
        while bench.moves() {
            bench.pass(1);
            assert!(stop.wrapping_sub(bench.robot.tick()) <= MAX_TTL, "still on at {}", bench.robot.tick());
        }
        assert_eq!(bench.robot.tick(), stop);
        assert_eq!(bench.status().reason, StopReason::Deadline);
    }
}

/// Goal: a late command drives for what is left of its time only.
#[test]
fn late_command_drives_only_for_the_rest_of_its_time() {
    let mut bench = Bench::ready();
    let drive = Drive { ttl_ms: 500, ..bench.next_drive([1000, 1000]) };
    bench.pass(200);
    bench.say(ToMcu::Drive(drive));
    bench.pass(29);
    assert!(bench.moves());
    bench.pass(1);
    assert!(!bench.moves(), "a ttl beyond 230 ms is cut to it");
}

/// Goal: a neutral frame stops, however old it is: stopping needs no proof of time.
#[test]
fn stale_neutral_still_stops() {
    let mut bench = Bench::ready();
    bench.keep([1000, 1000], 400);
    let old = Drive { tick: bench.robot.tick().wrapping_sub(5000), ..bench.next_drive([0, 0]) };
    bench.say(ToMcu::Drive(old));
    bench.pass(1);
    assert!(!bench.moves());
}

/// Goal: I4, a pause of more than a second wants 200 ms of neutral; a shorter one only the ramp.
#[test]
fn long_gap_wants_neutral() {
    let mut bench = Bench::ready();
    bench.keep([1000, 1000], 400);
    bench.pass(900);
    bench.keep([1000, 1000], 100);
    assert!(bench.moves());
    bench.pass(1001);
    bench.keep([1000, 1000], 400);
    assert!(!bench.moves());
    assert!(bench.status().wants_neutral);
    bench.keep([0, 0], 180);
    bench.keep([1000, 1000], 40);
    assert!(!bench.moves());
    bench.keep([0, 0], 220);
    bench.keep([1000, 1000], 40);
    assert!(bench.moves());
}

/// Goal: I4, neutral means nothing but neutral: motion in between, though refused, begins it anew.
#[test]
fn neutral_with_motion_in_between_is_no_neutral() {
    let mut bench = Bench::ready();
    bench.say(ToMcu::Stop { reason: 0 });
    for _ in 0..10 {
        bench.keep([0, 0], 20);
        bench.keep([1000, 1000], 100);
        assert!(!bench.moves());
    }
    bench.keep([0, 0], 220);
    bench.keep([1000, 1000], 40);
    assert!(bench.moves());
}

/// Goal: I9, more than 20 damaged frames within any second stop the robot and end the session; 20 do not.
#[test]
fn many_damaged_frames_end_the_session() {
    // Wherever its clock stands: a second is any second.
    for wait in [0, 50, 80, 99] {
        let mut bench = Bench::ready();
        bench.keep([1000, 1000], 300);
        bench.pass(wait);
        bench.damage(20);
        bench.keep([1000, 1000], 40);
        assert!(bench.moves());
        bench.damage(1);
        assert!(!bench.moves(), "after {wait} ms");
        let status = bench.status();
        assert_eq!((status.session, status.state), (0, McuState::Boot));
        bench.keep([0, 0], 700);
        bench.keep([1000, 1000], 100);
        assert!(!bench.moves(), "without a new handshake");
    }
    let mut bench = Bench::ready();
    for _ in 0..10 {
        bench.damage(20);
        bench.keep([1000, 1000], 1000);
        assert!(bench.moves(), "20 a second are borne");
    }
}

/// Goal: STOP and LATCH need no session, only motion does.
#[test]
fn stop_and_latch_are_always_honoured() {
    let mut bench = Bench::ready();
    bench.keep([1000, 1000], 400);
    bench.say(ToMcu::Stop { reason: 3 });
    assert!(!bench.moves());
    bench.keep([1000, 1000], 100);
    assert!(!bench.moves(), "STOP wants neutral");
    let mut bench = Bench::new();
    bench.say(ToMcu::Latch);
    assert!(bench.robot.is_latched());
}

/// Goal: I6, the latch outlives power failures and opens to its own nonce only, without moving.
#[test]
fn latch_opens_to_its_own_nonce_only() {
    let mut bench = Bench::ready();
    bench.keep([1000, 1000], 400);
    bench.say(ToMcu::Latch);
    assert!(!bench.moves());
    let first = bench.status().latch_nonce;
    bench.robot.reset();
    assert!(bench.robot.is_latched());
    let session = u32::from(NONCE) << 16 | u32::from(BOOT + 1);
    bench.hello(NONCE);
    for (session, nonce) in [(session, first ^ 1), (session ^ 1 << 16, first), (SESSION, first), (session, 0)] {
        bench.say(ToMcu::LatchReset { session, nonce });
        assert!(bench.robot.is_latched());
    }
    bench.say(ToMcu::LatchReset { session, nonce: first });
    assert!(!bench.robot.is_latched() && !bench.moves());
    bench.pass(10);
    bench.say(ToMcu::Latch);
    bench.say(ToMcu::LatchReset { session, nonce: first });
    assert!(bench.robot.is_latched(), "a recorded reset must not fit the next latching");
}

/// Goal: after a latch was cleared a held stick moves nothing before 200 ms of neutral.
#[test]
fn cleared_latch_wants_neutral() {
    let mut bench = Bench::ready();
    bench.say(ToMcu::Latch);
    let nonce = bench.status().latch_nonce;
    bench.keep([1000, 1000], 100);
    bench.say(ToMcu::LatchReset { session: SESSION, nonce });
    bench.keep([1000, 1000], 400);
    assert!(!bench.moves());
    bench.keep([0, 0], 220);
    bench.keep([1000, 1000], 40);
    assert!(bench.moves());
}

/// Goal: a parameter makes a motor gentler, never wilder, only at rest, and only within the session.
#[test]
fn parameters_make_a_robot_gentler_and_no_more() {
    let mut bench = Bench::ready();
    let set = |id, value| ToMcu::ParamSet { session: SESSION, id, value };
    bench.say(set(2, 500));
    bench.keep([1000, 1000], 400);
    assert_eq!(bench.robot.sides(), [1000, 500]);
    bench.say(set(2, 1000));
    bench.keep([1000, 1000], 400);
    assert_eq!(bench.robot.sides(), [1000, 500], "not while it drives");
    bench.keep([0, 0], 40);
    for wrong in [set(0, 500), set(3, 500), set(2, 1001), set(2, -1), ToMcu::ParamGet { id: 0 }] {
        bench.say(wrong);
    }
    bench.say(ToMcu::ParamSet { session: SESSION ^ 1, id: 2, value: 1000 });
    bench.keep([1000, 1000], 400);
    assert_eq!(bench.robot.sides(), [1000, 500]);
    let told: Vec<_> = bench.heard.iter().filter(|message| matches!(message, FromMcu::Param { .. })).collect();
    assert_eq!(told, [&FromMcu::Param { id: 2, value: 500 }]);
}

/// Goal: the robot tells once a second which rule refused what.
#[test]
fn counters_tell_why_messages_were_refused() {
    let mut bench = Bench::ready();
    let good = bench.next_drive([800, 800]);
    let drives = [
        Drive { motors: PerMotor::new(&[800]).unwrap(), ..good },
        Drive { session: SESSION + 1, ..good },
        Drive { seq: good.seq.wrapping_sub(1), ..good },
        Drive { tick: good.tick.wrapping_sub(MAX_TTL), ..good },
        good,
    ];
    for drive in drives {
        bench.say(ToMcu::Drive(drive));
    }
    bench.say(ToMcu::Latch);
    let barred = bench.next_drive([800, 800]);
    bench.say(ToMcu::Drive(barred));
    bench.damage(2);
    bench.pass(1000);
    let counters = bench.heard.iter().rev().find_map(|message| match message {
        FromMcu::Counters(counters) => Some(*counters),
        FromMcu::HelloAck(_) | FromMcu::Param { .. } | FromMcu::Text(_) | FromMcu::Status(_) => None,
    });
    let expected =
        Counters { accepted: 31, damaged: 2, no_message: 1, foreign_session: 1, old_seq: 1, stale: 1, barred: 1 };
    assert_eq!(counters, Some(expected));
    assert_eq!(bench.status().rejected, 5);
}

/// What a host, sane or not, may say.
fn anything() -> impl Strategy<Value = Vec<u8>> {
    let speed = || prop_oneof![Just(0i16), Just(1000), Just(-1000), -1000..=1000i16];
    let session = prop_oneof![4 => Just(SESSION), 1 => any::<u32>()];
    let drive = (session, 0..40u16, 0..260u32, prop_oneof![Just(230u16), any::<u16>()], speed(), speed()).prop_map(
        |(session, seq, tick, ttl_ms, left, right)| {
            let motors = PerMotor::new(&[left, right]).expect("two motors");
            ToMcu::Drive(Drive { session, seq, tick, ttl_ms, motors, aux: 0, epoch: 0, cause: 0 })
        },
    );
    let message = prop_oneof![
        6 => drive,
        1 => Just(ToMcu::Stop { reason: 0 }),
        1 => Just(ToMcu::Latch),
        1 => Just(ToMcu::Arm { session: SESSION }),
        1 => Just(ToMcu::Hello { nonce: NONCE, min_major: 1, max_major: 1 }),
        1 => (1..=u16::MAX, any::<u8>(), any::<u8>())
            .prop_map(|(nonce, min_major, max_major)| ToMcu::Hello { nonce, min_major, max_major }),
    ];
    let frame = message.prop_map(|message| {
        let mut wire = Vec::new();
        frame::encode(message.encode().as_slice(), &mut wire);
        wire
    });
    prop_oneof![8 => frame, 1 => prop::collection::vec(any::<u8>(), 0..80)]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Goal: no bytes crash the robot, and garbage alone never moves it.
    #[test]
    fn no_bytes_crash_or_move_a_robot(bytes in prop::collection::vec(any::<u8>(), 0..3000)) {
        let mut bench = Bench::ready();
        for chunk in bytes.chunks(10) {
            bench.robot.receive(chunk);
            bench.pass(1);
            prop_assert!(!bench.moves());
        }
    }

    /// Goal: whatever a host says, outputs stay within full speed, rise by the ramp only, never turn
    /// over without passing zero, and are off when no accepted frame is young enough.
    #[test]
    fn outputs_keep_their_limits_whatever_the_host_says(
        script in prop::collection::vec((anything(), 0..60u64), 1..60)
    ) {
        let mut bench = Bench::ready();
        // Ticks in the script count from here.
        bench.robot = bench.robot.clone().after_running(0);
        bench.keep([0, 0], 20);
        let mut before = bench.robot.sides();
        let mut last_bytes = 0;
        for (bytes, pause) in script {
            bench.robot.receive(&bytes);
            last_bytes = bench.robot.tick();
            for _ in 0..pause {
                let quiet = bench.robot.sides();
                prop_assert!(quiet == before || quiet == [0, 0], "bytes alone never start a motor");
                bench.pass(1);
                let after = bench.robot.sides();
                for (from, to) in quiet.into_iter().zip(after) {
                    prop_assert!(to.abs() <= 1000);
                    prop_assert!(to.abs() - from.abs() <= 4, "from {from} to {to} in 1 ms");
                    prop_assert!(i32::from(from) * i32::from(to) >= 0, "from {from} to {to}");
                }
                before = after;
            }
        }
        bench.pass(u64::from(MAX_TTL));
        prop_assert!(!bench.moves(), "still on {} ms after the last byte", bench.robot.tick() - last_bytes);
    }
}
