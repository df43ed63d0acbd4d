//! Frames and messages: both sides accept, refuse and write the same.

use joywire::protocol::frame::{self, Accumulator, MAX_BODY};
use joywire::protocol::message::{MAJOR, ToMcu};

use crate::oracle::Oracle;
use crate::random::Random;

const FRAMES: usize = 1_000_000;
const MESSAGES: usize = 1_000_000;
/// So many between two looks at the other side.
const BATCH: usize = 10_000;

fn body(random: &mut Random) -> Vec<u8> {
    let longest = if random.once_in(4) { MAX_BODY } else { 34 };
    let len = 1 + random.index(longest);
    // Zeros are what byte stuffing is about.
    let zeros = random.once_in(2);
    (0..len).map(|_| if zeros && random.once_in(3) { 0 } else { random.u8() }).collect()
}

/// A frame, or what a bad line makes of one.
fn line(random: &mut Random, last: &mut Vec<u8>) -> Vec<u8> {
    let mut wire = Vec::new();
    frame::encode(&body(random), &mut wire);
    let place = random.index(wire.len());
    match random.below(12) {
        0 => wire[place] ^= 1 << random.below(8),
        1 => wire.truncate(place),
        2 => drop(wire.remove(place)),
        3 => wire.insert(place, random.u8()),
        4 => wire = last.clone(),
        5 => wire = (0..random.index(90)).map(|_| random.u8()).collect(),
        6 => wire[place] = 0,
        7 => wire[place] = 255,
        _ => {}
    }
    last.clone_from(&wire);
    wire
}

/// What our half makes of the bytes, as the oracle logs it.
fn expected(accumulator: &mut Accumulator, bytes: &[u8], log: &mut Vec<u8>) -> usize {
    let mut good = 0;
    for byte in bytes {
        match accumulator.push(*byte) {
            None => {}
            Some(Err(_)) => log.push(255),
            Some(Ok(body)) => {
                good += 1;
                log.push(u8::try_from(body.as_slice().len()).unwrap());
                log.extend(body.as_slice());
                frame::encode(body.as_slice(), log);
            }
        }
    }
    good
}

/// Goal: a million frames, good, damaged, cut and repeated, are the same to both sides.
#[test]
fn both_sides_read_the_same_frames() {
    let mut oracle = Oracle::start();
    let mut random = Random::new(1);
    let mut accumulator = Accumulator::new();
    let (mut last, mut good) = (Vec::new(), 0);
    for batch in 0..FRAMES / BATCH {
        let mut log = Vec::new();
        for _ in 0..BATCH {
            let bytes = line(&mut random, &mut last);
            good += expected(&mut accumulator, &bytes, &mut log);
            oracle.frames(&bytes);
        }
        assert_eq!(oracle.log(), log, "batch {batch}");
    }
    assert!(good > FRAMES / 3 && good < FRAMES, "{good} good frames of {FRAMES}");
}

/// Bodies near enough to messages that most rules meet.
fn near_message(random: &mut Random) -> Vec<u8> {
    const LENGTHS: [usize; 9] = [0, 20, 3, 2, 10, 6, 6, 3, 11];
    let kinds = if random.permille(125) { 16 } else { 9 };
    let kind = random.index(kinds);
    let mut len = LENGTHS.get(kind).copied().unwrap_or(5).max(1);
    if kind == 1 {
        len = 16 + 2 * random.index(6);
    }
    if random.once_in(8) {
        len = 1 + random.index(40);
    }
    let mut body: Vec<u8> = (0..len).map(|_| random.u8()).collect();
    body[0] = (if random.once_in(16) { random.u8() } else { MAJOR }) << 4 | u8::try_from(kind).unwrap();
    if kind == 1 {
        let limit = random.one_of(&[0, 10, 1000, 1000, 1001]);
        for speed in body.get_mut(14..).into_iter().flat_map(|speeds| speeds.chunks_exact_mut(2)) {
            let value = i16::try_from(random.below(2 * limit + 1)).unwrap() - i16::try_from(limit).unwrap();
            speed.copy_from_slice(&value.to_le_bytes());
        }
        if len > 13 && random.once_in(4) {
            body[12..14].fill(0);
        }
    }
    if kind == 5 && len > 3 && random.once_in(4) {
        body[2..4].fill(0);
    }
    body
}

/// Goal: a million bodies, most of them nearly messages, are accepted or refused by both sides alike.
#[test]
fn both_sides_accept_the_same_messages() {
    let mut oracle = Oracle::start();
    let mut random = Random::new(2);
    let mut accepted = [0; 16];
    for _ in 0..MESSAGES / BATCH {
        let bodies: Vec<_> = (0..BATCH).map(|_| near_message(&mut random)).collect();
        for body in &bodies {
            oracle.message(body);
        }
        for (body, theirs) in bodies.iter().zip(oracle.log()) {
            let ours = if ToMcu::decode(body).is_ok() { body[0] & 15 } else { 0 };
            assert_eq!(theirs, ours, "{body:02x?}");
            accepted[usize::from(ours)] += 1;
        }
    }
    assert!(accepted[..9].iter().all(|count| *count > 1000), "every type, and refusals: {accepted:?}");
    assert_eq!(accepted[9..], [0; 7]);
}
