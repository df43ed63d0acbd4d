//! Holds firmware-protocol.md and firmware/vectors.txt against the code that speaks the protocol.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use joywire::protocol::frame::{self, Accumulator, Body};
use joywire::protocol::message::{
    Counters, Drive, FromMcu, HelloAck, McuState, NO_AGE, PerMotor, Status, StopReason, ToMcu,
};

fn text(path: &str) -> String {
    fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// A message of either direction.
enum Said {
    Host(ToMcu),
    Robot(FromMcu),
}

impl Said {
    fn body(&self) -> Body {
        match self {
            Self::Host(message) => message.encode(),
            Self::Robot(message) => message.encode(),
        }
    }

    fn from(&self) -> &'static str {
        match self {
            Self::Host(_) => "host",
            Self::Robot(_) => "robot",
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}

fn frame_of(body: &[u8]) -> Vec<u8> {
    let mut wire = Vec::new();
    frame::encode(body, &mut wire);
    wire
}

const SESSION: u32 = 0x9a3c_0042;

fn drive(seq: u16, tick: u32, motors: [i16; 2]) -> Said {
    let motors = PerMotor::new(&motors).unwrap();
    Said::Host(ToMcu::Drive(Drive { session: SESSION, seq, tick, ttl_ms: 230, motors, aux: 0, epoch: 5 }))
}

fn status(session: u32, tick: u32, state: McuState) -> Status {
    Status {
        session,
        tick,
        seq: 0,
        age_ms: NO_AGE,
        state,
        reason: StopReason::None,
        battery_mv: 7400,
        rejected: 0,
        bad_frames: 0,
        latch_nonce: 0,
        wants_neutral: true,
        outputs: PerMotor::new(&[0, 0]).unwrap(),
        counts: None,
    }
}

/// The exchange that the document tells, in order.
fn exchange() -> Vec<(&'static str, Said)> {
    let ack = HelloAck {
        nonce: 0x9a3c,
        major: 1,
        boot_count: 0x42,
        motors: 2,
        max_ttl_ms: 230,
        name: *b"my-robot\0\0\0\0",
        hash: 0,
    };
    let driving = Status {
        seq: 7,
        age_ms: 19,
        wants_neutral: false,
        outputs: PerMotor::new(&[300, -300]).unwrap(),
        counts: PerMotor::new(&[1200, -1184]),
        ..status(SESSION, 123_475, McuState::Driving)
    };
    let latched = Status {
        seq: 7,
        age_ms: 44,
        reason: StopReason::Latch,
        latch_nonce: 0x0043_e26a,
        ..status(SESSION, 123_500, McuState::Latched)
    };
    let counters = Counters { accepted: 6071, damaged: 2, stale: 1, barred: 3, ..Counters::default() };
    vec![
        ("STATUS: started, tick 25", Said::Robot(FromMcu::Status(status(0, 25, McuState::Boot)))),
        ("HELLO, versions 1 to 1", Said::Host(ToMcu::Hello { nonce: 0x9a3c, min_major: 1, max_major: 1 })),
        ("HELLO_ACK: two motors, \"my-robot\"", Said::Robot(FromMcu::HelloAck(ack))),
        ("ARM", Said::Host(ToMcu::Arm { session: SESSION })),
        ("DRIVE: neutral, tick 50", drive(1, 50, [0, 0])),
        ("STATUS: armed, tick 600", Said::Robot(FromMcu::Status(status(SESSION, 600, McuState::Armed)))),
        ("DRIVE: 300 and −300, tick 123456", drive(7, 123_456, [300, -300])),
        ("STATUS: driving, with wheel counts", Said::Robot(FromMcu::Status(driving))),
        ("STOP", Said::Host(ToMcu::Stop { reason: 0 })),
        ("LATCH", Said::Host(ToMcu::Latch)),
        ("STATUS: latched", Said::Robot(FromMcu::Status(latched))),
        ("LATCH_RESET of that latching", Said::Host(ToMcu::LatchReset { session: SESSION, nonce: 0x0043_e26a })),
        ("PARAM_GET 3", Said::Host(ToMcu::ParamGet { id: 3 })),
        ("PARAM 3 is −20", Said::Robot(FromMcu::Param { id: 3, value: -20 })),
        ("PARAM_SET 3 to 15", Said::Host(ToMcu::ParamSet { session: SESSION, id: 3, value: 15 })),
        ("TEXT \"left motor is warm\"", Said::Robot(FromMcu::Text(*b"left motor is warm\0\0\0\0\0\0\0\0\0\0\0\0\0\0"))),
        ("COUNTERS: 6071 accepted, 2 damaged, 1 stale, 3 barred", Said::Robot(FromMcu::Counters(counters))),
    ]
}

/// Goal: whoever follows the document byte by byte is understood.
#[test]
fn exchange_in_the_document_has_its_real_bytes() {
    let document = text("firmware-protocol.md");
    let mut rows = String::new();
    for (what, said) in exchange() {
        writeln!(rows, "| {} | {what} | `{}` |", said.from(), hex(&frame_of(said.body().as_slice()))).unwrap();
    }
    for row in rows.lines() {
        assert!(document.contains(row), "the document should hold\n{rows}");
    }
}

/// Goal: types and lengths in the document are those of the code, for every message.
#[test]
fn types_and_lengths_in_the_document_are_real() {
    let document = text("firmware-protocol.md");
    let mut seen = 0u16;
    for (what, said) in exchange() {
        let body = said.body();
        let kind = body.as_slice()[0] & 15;
        let name = what.split([' ', ':', ',']).next().unwrap();
        let direction = if matches!(said, Said::Host(_)) { "to robot" } else { "from robot" };
        let row = document.lines().find(|line| line.starts_with(&format!("| {name} | {kind} | {direction} | ")));
        let row = row.unwrap_or_else(|| panic!("no row for {name}, type {kind}, {direction}"));
        let length = match name {
            "DRIVE" => "16 + 2n".to_owned(),
            "STATUS" => "26 + 2n, or 26 + 6n with wheel counts".to_owned(),
            _ => body.as_slice().len().to_string(),
        };
        assert!(row.ends_with(&format!("| {length} |")), "{row} should end with {length}");
        let expected = match (name, what.contains("wheel counts")) {
            ("DRIVE", _) => 16 + 2 * 2,
            ("STATUS", false) => 26 + 2 * 2,
            ("STATUS", true) => 26 + 6 * 2,
            _ => body.as_slice().len(),
        };
        assert_eq!(body.as_slice().len(), expected, "{what}");
        seen |= 1 << kind;
    }
    assert_eq!(seen, 0b11_1111_1111_1110, "every type from 1 to 13 appears in the exchange");
}

/// Goal: the test vectors that firmware is checked with are true, good ones and damaged ones.
#[test]
fn vectors_are_true() {
    let (mut good, mut damaged) = (0, 0);
    for line in text("firmware/vectors.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let [verdict, what, bytes] = line.split(" | ").collect::<Vec<_>>()[..] else { panic!("{line}") };
        let bytes: Vec<u8> = bytes.split(' ').map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect();
        let mut accumulator = Accumulator::new();
        let bodies: Vec<_> = bytes.iter().filter_map(|byte| accumulator.push(*byte)).collect();
        match verdict {
            "robot" | "host" => {
                let body = bodies[0].unwrap();
                assert_eq!((bodies.len(), frame_of(body.as_slice())), (1, bytes), "{what}");
                let known = if verdict == "host" {
                    ToMcu::decode(body.as_slice()).is_ok()
                } else {
                    FromMcu::decode(body.as_slice()).is_ok()
                };
                assert!(known, "{what}");
                good += 1;
            }
            "refused" => {
                let body = bodies[0].unwrap();
                assert!(ToMcu::decode(body.as_slice()).is_err(), "{what}");
                damaged += 1;
            }
            "damaged" => {
                assert!(!bodies.is_empty() && bodies.iter().all(Result::is_err), "{what}");
                damaged += 1;
            }
            _ => panic!("{line}"),
        }
    }
    assert!(good >= 16 && damaged >= 8, "{good} good, {damaged} damaged");
}

/// Goal: the checksum code in the document compiles and is right, both versions of it.
#[test]
fn checksum_code_in_the_document_works() {
    let document = text("firmware-protocol.md");
    let blocks: Vec<&str> = document.split("```c\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    let [plain, nibbles] = blocks[..] else { panic!("{} blocks of C", blocks.len()) };
    let (declaration, steps) = nibbles.split_once('\n').unwrap();
    let program = format!(
        "#include <stdint.h>\n#include <stdio.h>\n{plain}\n\
         int main(void) {{\n\
         const uint8_t sample[] = \"123456789\";\n\
         {declaration}\n\
         for (uint32_t n = 0; n < 16; n++) {{ uint32_t crc = n;\n\
         for (int bit = 0; bit < 4; bit++) crc = crc & 1 ? (crc >> 1) ^ 0xC8DF352F : crc >> 1;\n\
         table[n] = crc; }}\n\
         uint32_t crc = 0xFFFFFFFF;\n\
         for (int i = 0; i < 9; i++) {{ uint8_t byte = sample[i];\n{steps}}}\n\
         printf(\"%08x %08x\", (unsigned)crc32(sample, 9), (unsigned)~crc);\nreturn 0; }}\n"
    );
    let dir = tempfile::tempdir().unwrap();
    let (source, binary) = (dir.path().join("crc.c"), dir.path().join("crc"));
    fs::write(&source, program).unwrap();
    let built = Command::new("cc").args(["-std=c99", "-Wall", "-Werror", "-o"]).arg(&binary).arg(&source).status();
    assert!(built.expect("this test needs a C compiler: install build-essential").success());
    let said = Command::new(&binary).output().unwrap().stdout;
    assert_eq!(String::from_utf8_lossy(&said), "1697d06a 1697d06a");
}
