//! PURE. Frames: a body and its CRC-32, stuffed with COBS, between two zero bytes.
//!
//! `0x00 COBS(body ++ crc32le(body)) 0x00`. The CRC is CRC-32/AUTOSAR: behind COBS a 16-bit CRC
//! loses its distance, this one detects every error of up to seven bits in bodies of up to 34 bytes.

use serde::{Deserialize, Serialize};

use crc::{CRC_32_AUTOSAR, Crc, Table};

/// Longest body, bytes. Bodies that move motors stay at or below 34.
pub const MAX_BODY: usize = 64;
/// Bytes of the checksum.
const CRC_LEN: usize = 4;
/// Longest stuffed content: COBS adds one byte for up to 254.
const MAX_STUFFED: usize = MAX_BODY + CRC_LEN + 1;
/// Longest frame on the wire, with its two delimiters.
pub const MAX_FRAME: usize = MAX_STUFFED + 2;

/// Sixteen lookups an octet are enough here and keep the table small for the caches.
const CRC: Crc<u32, Table<1>> = Crc::<u32, Table<1>>::new(&CRC_32_AUTOSAR);

/// A body of a message: at most [`MAX_BODY`] bytes, on the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Body {
    bytes: [u8; MAX_BODY],
    len: usize,
}

impl Body {
    /// An empty body.
    #[must_use]
    pub const fn new() -> Self {
        Self { bytes: [0; MAX_BODY], len: 0 }
    }

    /// Appends bytes.
    ///
    /// # Panics
    /// If they do not fit: message layouts are fixed and all shorter (a test holds that).
    pub fn put(&mut self, bytes: &[u8]) -> &mut Self {
        self.bytes[self.len..self.len + bytes.len()].copy_from_slice(bytes);
        self.len += bytes.len();
        self
    }

    /// The bytes.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl Default for Body {
    fn default() -> Self {
        Self::new()
    }
}

/// Appends the frame of `body` to `wire`.
///
/// # Panics
/// If `body` is longer than [`MAX_BODY`].
pub fn encode(body: &[u8], wire: &mut Vec<u8>) {
    assert!(body.len() <= MAX_BODY, "a body of {} bytes is longer than {MAX_BODY}", body.len());
    let mut plain = [0; MAX_BODY + CRC_LEN];
    let end = body.len() + CRC_LEN;
    plain[..body.len()].copy_from_slice(body);
    plain[body.len()..end].copy_from_slice(&CRC.checksum(body).to_le_bytes());
    let mut stuffed = [0; MAX_STUFFED];
    let len = cobs::encode(&plain[..end], &mut stuffed);
    wire.push(0);
    wire.extend_from_slice(&stuffed[..len]);
    wire.push(0);
}

/// Why bytes between two zeros are no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// More bytes than any frame has, or too few to hold a checksum.
    #[error("a frame cannot be {len} bytes long")]
    Length {
        /// How many there were; counting ends beyond the longest.
        len: usize,
    },
    /// Not valid COBS.
    #[error("byte stuffing is damaged")]
    Stuffing,
    /// The checksum does not fit.
    #[error("checksum is wrong")]
    Checksum,
}

/// Collects bytes until a frame is whole. Never holds more than one frame.
#[derive(Clone, Serialize, Deserialize)]
#[serde(from = "Collected", into = "Collected")]
pub struct Accumulator {
    bytes: [u8; MAX_STUFFED],
    /// How many bytes came since the last zero; may pass the buffer's end by one.
    len: usize,
}

/// What an accumulator holds, as it stands in a recording.
#[derive(Serialize, Deserialize)]
struct Collected {
    bytes: Vec<u8>,
    /// Whether more came than any frame has.
    over: bool,
}

impl From<Collected> for Accumulator {
    fn from(collected: Collected) -> Self {
        let mut accumulator = Self::new();
        let bytes = collected.bytes.iter().take(MAX_STUFFED);
        accumulator.bytes.iter_mut().zip(bytes).for_each(|(slot, byte)| *slot = *byte);
        let held = collected.bytes.len().min(MAX_STUFFED);
        accumulator.len = if collected.over { MAX_STUFFED + 1 } else { held };
        accumulator
    }
}

impl From<Accumulator> for Collected {
    fn from(accumulator: Accumulator) -> Self {
        let over = accumulator.len > MAX_STUFFED;
        Self { bytes: accumulator.bytes[..accumulator.len.min(MAX_STUFFED)].to_vec(), over }
    }
}

impl std::fmt::Debug for Accumulator {
    /// What came before the last zero is of no account.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Accumulator").field(&self.len).field(&&self.bytes[..self.len.min(MAX_STUFFED)]).finish()
    }
}

impl Default for Accumulator {
    fn default() -> Self {
        Self::new()
    }
}

impl Accumulator {
    /// An empty one.
    #[must_use]
    pub const fn new() -> Self {
        Self { bytes: [0; MAX_STUFFED], len: 0 }
    }

    /// Takes one byte. At a zero that ends a frame: its body, or why there is none.
    pub fn push(&mut self, byte: u8) -> Option<Result<Body, FrameError>> {
        if byte != 0 {
            if let Some(slot) = self.bytes.get_mut(self.len) {
                *slot = byte;
            }
            self.len = (self.len + 1).min(MAX_STUFFED + 1);
            return None;
        }
        let len = std::mem::take(&mut self.len);
        match len {
            0 => None,
            _ if len > MAX_STUFFED => Some(Err(FrameError::Length { len })),
            _ => Some(unpack(&self.bytes[..len])),
        }
    }

    /// Drops what was collected: the line has been interrupted.
    pub fn clear(&mut self) {
        self.len = 0;
    }
}

fn unpack(stuffed: &[u8]) -> Result<Body, FrameError> {
    let mut plain = [0; MAX_STUFFED];
    let report = cobs::decode(stuffed, &mut plain).map_err(|_| FrameError::Stuffing)?;
    let len = report.frame_size();
    let body_len = len.checked_sub(CRC_LEN).filter(|body| (1..=MAX_BODY).contains(body));
    let body_len = body_len.ok_or(FrameError::Length { len })?;
    let (body, checksum) = plain[..len].split_at(body_len);
    if CRC.checksum(body).to_le_bytes() != checksum {
        return Err(FrameError::Checksum);
    }
    let mut whole = Body::new();
    whole.put(body);
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frames(bytes: &[u8]) -> Vec<Result<Body, FrameError>> {
        let mut accumulator = Accumulator::new();
        bytes.iter().filter_map(|byte| accumulator.push(*byte)).collect()
    }

    fn wire_of(body: &[u8]) -> Vec<u8> {
        let mut wire = Vec::new();
        encode(body, &mut wire);
        wire
    }

    /// A DRIVE of two motors, the longest that most robots ever get.
    const BODY: [u8; 20] = [0x11, 1, 0x42, 0, 0x3c, 0x9a, 7, 0, 0x40, 0xe2, 1, 0, 0xe6, 0, 0x2c, 1, 0xd4, 0xfe, 0, 5];

    /// Goal: the checksum is the published one.
    #[test]
    fn crc_has_its_published_check_value() {
        assert_eq!(CRC.checksum(b"123456789"), 0x1697_D06A);
    }

    /// Goal: I9, every error of one or two bits in a frame is noticed, exhaustively.
    #[test]
    fn every_one_and_two_bit_error_is_detected() {
        let wire = wire_of(&BODY);
        let inner = 1..wire.len() - 1;
        let mut tried = 0;
        for first in inner.start * 8..inner.end * 8 {
            for second in first..inner.end * 8 {
                let mut damaged = wire.clone();
                damaged[first / 8] ^= 1 << (first % 8);
                if second != first {
                    damaged[second / 8] ^= 1 << (second % 8);
                }
                tried += 1;
                for frame in frames(&damaged) {
                    assert!(frame.is_err(), "bits {first} and {second}: a damaged frame was accepted");
                }
            }
        }
        assert_eq!(tried, 200 * 201 / 2);
    }

    /// Goal: whatever came before, the frame after the next zero is read.
    #[test]
    fn garbage_costs_at_most_the_frame_it_hits() {
        let mut bytes = vec![0x55; 10_000];
        bytes.extend(wire_of(&BODY));
        let seen = frames(&bytes);
        assert_eq!(seen.len(), 2);
        assert_eq!(seen[0], Err(FrameError::Length { len: MAX_STUFFED + 1 }));
        assert_eq!(seen[1].unwrap().as_slice(), BODY);
    }

    /// Goal: empty and tiny frames are no messages.
    #[test]
    fn nothing_is_no_message() {
        assert!(frames(&[0; 100]).is_empty());
        assert_eq!(frames(&[1, 0]), [Err(FrameError::Length { len: 0 })]);
        assert_eq!(frames(&wire_of(&[])), [Err(FrameError::Length { len: 4 })]);
    }

    proptest! {
        /// Goal: what is sent is what arrives, for every body.
        #[test]
        fn any_body_survives_the_wire(body in prop::collection::vec(any::<u8>(), 1..=MAX_BODY)) {
            let wire = wire_of(&body);
            prop_assert!(wire.len() <= MAX_FRAME);
            prop_assert!(!wire[1..wire.len() - 1].contains(&0));
            let seen = frames(&wire);
            prop_assert_eq!(seen.len(), 1);
            let whole = seen[0].expect("undamaged");
            prop_assert_eq!(whole.as_slice(), body);
        }

        /// Goal: up to seven damaged bits are always noticed in frames that move motors.
        #[test]
        fn up_to_seven_bit_errors_are_detected(bits in prop::collection::btree_set(8usize..26 * 8, 1..=7)) {
            let mut wire = wire_of(&BODY);
            for bit in bits {
                wire[bit / 8] ^= 1 << (bit % 8);
            }
            prop_assert!(frames(&wire).iter().all(Result::is_err));
        }

        /// Goal: no bytes crash the accumulator.
        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
            drop(frames(&bytes));
        }
    }
}
