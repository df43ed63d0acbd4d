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
    Said::Host(ToMcu::Drive(Drive { session: SESSION, seq, tick, ttl_ms: 230, motors, aux: 0, epoch: 5, cause: 0 }))
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
        ("PARAM_GET 2", Said::Host(ToMcu::ParamGet { id: 2 })),
        ("PARAM 2 is 1000", Said::Robot(FromMcu::Param { id: 2, value: 1000 })),
        ("PARAM_SET 2 to 950", Said::Host(ToMcu::ParamSet { session: SESSION, id: 2, value: 950 })),
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

/// Where two bodies of the same length differ.
fn differences(one: &Said, other: &Said) -> Vec<usize> {
    let (one, other) = (one.body(), other.body());
    assert_eq!(one.as_slice().len(), other.as_slice().len());
    (0..one.as_slice().len()).filter(|at| one.as_slice()[*at] != other.as_slice()[*at]).collect()
}

/// A number of the document: `26 + 2n`, with two motors.
fn number(text: &str) -> usize {
    let terms = text.split('+').map(|term| match term.trim().strip_suffix('n') {
        Some(factor) => 2 * factor.parse::<usize>().unwrap(),
        None => term.trim().parse().unwrap(),
    });
    terms.sum()
}

/// Holds the rows of the table below `heading` against messages that differ from `base` in one field, all of whose
/// bytes they change.
fn holds_table(heading: &str, base: &Said, fields: &[(&str, Said)]) {
    let document = text("firmware-protocol.md");
    let section = document.split(heading).nth(1).unwrap().split("\n##").next().unwrap().to_owned();
    let rows: Vec<[&str; 3]> = section
        .lines()
        .filter(|line| line.starts_with("| ") && line.as_bytes()[2].is_ascii_digit())
        // The flag of DRIVE follows from its speeds, and is looked at above.
        .filter(|line| heading != "### DRIVE" || !line.starts_with("| 1 |"))
        .map(|line| line.trim_matches('|').splitn(3, " | ").map(str::trim).collect::<Vec<_>>().try_into().unwrap())
        .collect();
    assert_eq!(rows.len(), fields.len(), "{heading}: {rows:?}");
    for ([offset, bytes, field], (name, changed)) in rows.into_iter().zip(fields) {
        assert!(field.starts_with(name), "{heading}: {field} should begin with {name}");
        let place = number(offset);
        let expected: Vec<usize> = (place..place + number(bytes)).collect();
        assert_eq!(differences(base, changed), expected, "{heading}, {name}");
    }
}

/// Goal: every field of DRIVE and STATUS lies where the document says.
#[test]
fn fields_lie_where_the_document_says() {
    let base = Drive {
        session: 0,
        seq: 0,
        tick: 0,
        ttl_ms: 0,
        motors: PerMotor::new(&[0, 0]).unwrap(),
        aux: 0,
        epoch: 0,
        cause: 0,
    };
    let said = |drive: Drive| Said::Host(ToMcu::Drive(drive));
    // Without a ttl nothing moves, so that the flag stays what it is; with it and a speed it does not.
    let moving = Drive { ttl_ms: 0x0101, motors: PerMotor::new(&[0x0101, 0]).unwrap(), ..base };
    let resting = Drive { motors: PerMotor::new(&[0, 0]).unwrap(), ..moving };
    assert_eq!(differences(&said(moving), &said(resting)), [1, 14, 15], "bit 0 of byte 1: motors may turn");
    assert_eq!(differences(&said(base), &said(Drive { cause: 0x0f, ..base })), [1], "bits 4 to 7 of byte 1: the cause");
    holds_table(
        "### DRIVE",
        &said(base),
        &[
            ("session", said(Drive { session: 0x0101_0101, ..base })),
            ("seq", said(Drive { seq: 0x0101, ..base })),
            ("tick", said(Drive { tick: 0x0101_0101, ..base })),
            ("ttl", said(Drive { ttl_ms: 0x0101, ..base })),
            ("speeds", said(Drive { motors: PerMotor::new(&[0x0101, 0x0101]).unwrap(), ..base })),
            ("aux", said(Drive { aux: 1, ..base })),
            ("epoch", said(Drive { epoch: 1, ..base })),
        ],
    );
    let base = Status {
        age_ms: 0,
        battery_mv: 0,
        wants_neutral: false,
        counts: PerMotor::new(&[0, 0]),
        ..status(0, 0, McuState::Boot)
    };
    let said = |status: Status| Said::Robot(FromMcu::Status(status));
    holds_table(
        "### STATUS",
        &said(base),
        &[
            ("flags", said(Status { wants_neutral: true, ..base })),
            ("session", said(Status { session: 0x0101_0101, ..base })),
            ("tick", said(Status { tick: 0x0101_0101, ..base })),
            ("seq", said(Status { seq: 0x0101, ..base })),
            ("age", said(Status { age_ms: 0x0101, ..base })),
            ("state", said(Status { state: McuState::Linked, ..base })),
            ("why", said(Status { reason: StopReason::Deadline, ..base })),
            ("battery", said(Status { battery_mv: 0x0101, ..base })),
            ("whole messages refused", said(Status { rejected: 0x0101, ..base })),
            ("damaged", said(Status { bad_frames: 0x0101, ..base })),
            ("name of this latching", said(Status { latch_nonce: 0x0101_0101, ..base })),
            ("outputs", said(Status { outputs: PerMotor::new(&[0x0101, 0x0101]).unwrap(), ..base })),
            ("wheel counts", said(Status { counts: PerMotor::new(&[0x0101_0101, 0x0101_0101]), ..base })),
        ],
    );
}

/// Holds the list of fields of `name`, `field (bytes), …`, against messages that differ from `base` in one.
fn holds_list(name: &str, base: &Said, fields: &[Said]) {
    let document = text("firmware-protocol.md");
    let row = document
        .lines()
        .find(|line| line.strip_prefix("| ").is_some_and(|row| row.starts_with(name) && !row.contains(" robot | ")));
    let row = row.unwrap_or_else(|| panic!("no list of fields of {name}"));
    let sizes = row.split('(').skip(1).map(|rest| rest.split([',', ')']).next().unwrap());
    let sizes: Vec<usize> = sizes.filter_map(|size| size.parse().ok()).collect();
    assert_eq!(sizes.len(), fields.len(), "{row}");
    let mut place = 2;
    for (size, changed) in sizes.into_iter().zip(fields) {
        let expected: Vec<usize> = (place..place + size).collect();
        assert_eq!(differences(base, changed), expected, "{row}");
        place += size;
    }
    assert_eq!(place, base.body().as_slice().len(), "{row}");
}

/// Goal: the fields of all other messages come in the order that the document lists, with its sizes.
#[test]
fn fields_come_in_the_order_that_the_document_lists() {
    let host = Said::Host;
    holds_list("STOP", &host(ToMcu::Stop { reason: 0 }), &[host(ToMcu::Stop { reason: 1 })]);
    let reset = |session, nonce| host(ToMcu::LatchReset { session, nonce });
    holds_list("LATCH_RESET", &reset(0, 0), &[reset(0x0101_0101, 0), reset(0, 0x0101_0101)]);
    let hello = |nonce, min_major, max_major| host(ToMcu::Hello { nonce, min_major, max_major });
    holds_list("HELLO |", &hello(0x0101, 0, 0), &[hello(0x0202, 0, 0), hello(0x0101, 1, 0), hello(0x0101, 0, 1)]);
    holds_list("ARM", &host(ToMcu::Arm { session: 0 }), &[host(ToMcu::Arm { session: 0x0101_0101 })]);
    holds_list("PARAM_GET", &host(ToMcu::ParamGet { id: 0 }), &[host(ToMcu::ParamGet { id: 1 })]);
    let set = |session, id, value| host(ToMcu::ParamSet { session, id, value });
    holds_list("PARAM_SET", &set(0, 0, 0), &[set(0x0101_0101, 0, 0), set(0, 1, 0), set(0, 0, 0x0101_0101)]);
    let ack = HelloAck { nonce: 0, major: 0, boot_count: 0, motors: 0, max_ttl_ms: 0, name: [0; 12], hash: 0 };
    let says = |ack| Said::Robot(FromMcu::HelloAck(ack));
    holds_list(
        "HELLO_ACK",
        &says(ack),
        &[
            says(HelloAck { nonce: 0x0101, ..ack }),
            says(HelloAck { major: 1, ..ack }),
            says(HelloAck { boot_count: 0x0101, ..ack }),
            says(HelloAck { motors: 1, ..ack }),
            says(HelloAck { max_ttl_ms: 0x0101, ..ack }),
            says(HelloAck { name: [1; 12], ..ack }),
            says(HelloAck { hash: 0x0101_0101, ..ack }),
        ],
    );
    let param = |id, value| Said::Robot(FromMcu::Param { id, value });
    holds_list("PARAM |", &param(0, 0), &[param(1, 0), param(0, 0x0101_0101)]);
    holds_list("TEXT", &Said::Robot(FromMcu::Text([0; 32])), &[Said::Robot(FromMcu::Text([1; 32]))]);
    let none = Counters::default();
    let count = |counters| Said::Robot(FromMcu::Counters(counters));
    holds_list(
        "COUNTERS",
        &count(none),
        &[
            count(Counters { accepted: 0x0101, ..none }),
            count(Counters { damaged: 0x0101, ..none }),
            count(Counters { no_message: 0x0101, ..none }),
            count(Counters { foreign_session: 0x0101, ..none }),
            count(Counters { old_seq: 0x0101, ..none }),
            count(Counters { stale: 0x0101, ..none }),
            count(Counters { barred: 0x0101, ..none }),
        ],
    );
}

/// Goal: numbers of states and reasons, and the limits that a robot must keep, are those of the code.
#[test]
fn numbers_in_the_document_are_real() {
    let document = text("firmware-protocol.md");
    let states = [
        ("BOOT", McuState::Boot),
        ("LINKED", McuState::Linked),
        ("ARMED", McuState::Armed),
        ("DRIVING", McuState::Driving),
        ("STOPPED", McuState::Stopped),
        ("LATCHED", McuState::Latched),
    ];
    let told: Vec<String> = states.iter().map(|(name, state)| format!("{} {name}", *state as u8)).collect();
    assert!(document.contains(&format!("| state: {} |", told.join(", "))), "{told:?}");
    let reasons = [
        ("never", StopReason::None),
        ("deadline", StopReason::Deadline),
        ("link silent", StopReason::LinkLost),
        ("damaged frames", StopReason::BadFrames),
        ("STOP", StopReason::HostStop),
        ("LATCH", StopReason::Latch),
    ];
    let told: Vec<String> = reasons.iter().map(|(name, reason)| format!("{} {name}", *reason as u8)).collect();
    assert!(document.contains(&format!("| why it stopped last: {} |", told.join(", "))), "{told:?}");
    // The limits stand in the firmware's header, with their reasons; the simulated robot keeps the same ones, or
    // tests/core would say so.
    let header = text("firmware/joywire/src/core/jw_robot.h");
    let limit = |name: &str| -> u32 {
        let rest = header.split(&format!("{name} = ")).nth(1).unwrap_or_else(|| panic!("no {name}"));
        rest.split(',').next().unwrap().parse().unwrap()
    };
    let sentences = [
        (format!("min(ttl, {})", limit("JW_MAX_TTL_MS")), 2),
        (format!("at most {} counts", limit("JW_MAX_TTL_MS")), 1),
        (format!("come for {} ms without a pause above {} ms", limit("JW_PROVING_MS"), limit("JW_GAP_MS")), 1),
        (format!("after {} ms without a fresh message", limit("JW_LONG_GAP_MS")), 1),
        (
            format!(
                "{} ms of fresh neutral messages without a pause above {} ms",
                limit("JW_NEUTRAL_MS"),
                limit("JW_GAP_MS")
            ),
            1,
        ),
        (format!("full speed in {} ms", limit("JW_RISE_MS")), 1),
        (format!("More than {} damaged frames within any second", limit("JW_BAD_FRAMES_MAX")), 1),
        (format!("STATUS, {} times a second", 1000 / limit("JW_STATUS_MS")), 1),
    ];
    for (sentence, times) in sentences {
        assert!(document.matches(&sentence).count() >= times, "the document should say {sentence:?} {times} times");
    }
    for sentence in document.split("min(ttl, ").skip(1) {
        assert!(sentence.starts_with(&limit("JW_MAX_TTL_MS").to_string()));
    }
}
