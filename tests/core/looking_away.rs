//! A loop that looks away while the interrupt goes on, as a busy sketch does.

use joywire::protocol::frame;
use joywire::protocol::message::{Drive, PerMotor, ToMcu};

use crate::oracle::Oracle;

const SESSION: u32 = 0x0007_0001;

struct Host {
    oracle: Oracle,
    tick: u32,
    seq: u16,
}

impl Host {
    /// In a session, armed, and neutral for long enough.
    fn ready() -> Self {
        let mut host = Self { oracle: Oracle::start(), tick: 0, seq: 0 };
        host.oracle.switch_on(2, 1, 0);
        host.say(ToMcu::Hello { nonce: 7, min_major: 1, max_major: 1 });
        host.say(ToMcu::Arm { session: SESSION });
        host.keep(0, 30);
        host
    }

    fn say(&mut self, message: ToMcu) {
        let mut wire = Vec::new();
        frame::encode(message.encode().as_slice(), &mut wire);
        self.oracle.receive(&wire);
    }

    fn drive(&mut self, speed: i16) {
        self.seq += 1;
        let motors = PerMotor::new(&[speed, speed]).unwrap();
        let drive =
            Drive { session: SESSION, seq: self.seq, tick: self.tick, ttl_ms: 230, motors, aux: 0, epoch: 0, cause: 0 };
        self.say(ToMcu::Drive(drive));
    }

    /// Fresh commands every 20 ms; the output after them, permille.
    fn keep(&mut self, speed: i16, times: u32) -> i16 {
        for _ in 0..times {
            self.drive(speed);
            self.oracle.pass(20);
            self.tick += 20;
        }
        let log = self.oracle.log();
        let [.., low, high] = log[..] else { panic!("outputs") };
        i16::from_le_bytes([low, high])
    }

    fn look_away(&mut self, milliseconds: u16) {
        self.oracle.look_away(milliseconds);
        self.tick += u32::from(milliseconds);
    }
}

/// Goal: I4, a gap is a gap although the loop did not look when it passed its limit: after more than a
/// second a held stick moves nothing, after a shorter one it may.
#[test]
fn gap_that_nobody_saw_is_a_gap() {
    let mut host = Host::ready();
    assert_eq!(host.keep(1000, 20), 1000);
    // Silence of 950 ms, of which the loop sees all; then it looks away over the limit.
    host.oracle.pass(250);
    host.oracle.pass(250);
    host.oracle.pass(250);
    host.oracle.pass(200);
    host.tick += 950;
    host.look_away(99);
    assert_eq!(host.keep(1000, 20), 0, "the stick was not released");
    assert_eq!(host.keep(0, 15), 0);
    assert_eq!(host.keep(1000, 20), 1000);
    host.look_away(900);
    assert_eq!(host.keep(1000, 20), 1000, "a shorter gap only ramps anew");
}

/// Goal: I10, the deadline needs no loop.
#[test]
fn deadline_needs_no_loop() {
    let mut host = Host::ready();
    assert_eq!(host.keep(1000, 20), 1000);
    host.look_away(240);
    host.oracle.receive(&[1]);
    let log = host.oracle.log();
    assert!(log.ends_with(&[0, 0, 0, 0]), "{log:?}");
}
