//! PURE. How messages lie in bodies, byte by byte.
//!
//! Little-endian. Byte 0 is `major << 4 | type`, byte 1 holds flags. Every type has one length
//! (DRIVE and STATUS: by their number of motors); anything else is refused, never guessed.

use super::frame::Body;
use super::message::{
    Counters, Drive, FULL, FromMcu, HelloAck, MAJOR, MAX_MOTORS, McuState, MessageError, PerMotor, Status, StopReason,
    ToMcu,
};

const DRIVE: u8 = 1;
const STOP: u8 = 2;
const LATCH: u8 = 3;
const LATCH_RESET: u8 = 4;
const HELLO: u8 = 5;
const ARM: u8 = 6;
const PARAM_GET: u8 = 7;
const PARAM_SET: u8 = 8;
const HELLO_ACK: u8 = 9;
const STATUS: u8 = 10;
const PARAM: u8 = 11;
const TEXT: u8 = 12;
const COUNTERS: u8 = 13;

/// DRIVE: the motors may turn. Without it every speed must be zero.
const FLAG_ENABLE: u8 = 1;
/// The upper half of a DRIVE's flags is its cause.
const CAUSE_SHIFT: u8 = 4;
const CAUSE_MOST: u8 = 0x0f;
/// STATUS: wheel counts follow the outputs.
const FLAG_COUNTS: u8 = 1;
/// STATUS: the robot wants neutral before it moves again.
const FLAG_WANTS_NEUTRAL: u8 = 2;

/// Reads fields from a body in order.
struct Fields<'a> {
    kind: u8,
    len: usize,
    rest: &'a [u8],
}

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], MessageError> {
        let (field, rest) =
            self.rest.split_first_chunk::<N>().ok_or(MessageError::Length { kind: self.kind, len: self.len })?;
        self.rest = rest;
        Ok(*field)
    }

    fn u8(&mut self) -> Result<u8, MessageError> {
        self.take().map(u8::from_le_bytes)
    }

    fn u16(&mut self) -> Result<u16, MessageError> {
        self.take().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Result<u32, MessageError> {
        self.take().map(u32::from_le_bytes)
    }

    fn i32(&mut self) -> Result<i32, MessageError> {
        self.take().map(i32::from_le_bytes)
    }

    /// `count` speeds of −1000…1000.
    fn speeds(&mut self, count: usize) -> Result<PerMotor<i16>, MessageError> {
        let mut speeds = [0; MAX_MOTORS];
        for slot in speeds.iter_mut().take(count) {
            *slot = self.take().map(i16::from_le_bytes)?;
            if !(-FULL..=FULL).contains(slot) {
                return Err(MessageError::Range { field: "motor speed" });
            }
        }
        speeds.get(..count).and_then(PerMotor::new).ok_or(MessageError::Length { kind: self.kind, len: self.len })
    }

    fn counts(&mut self, count: usize) -> Result<PerMotor<i32>, MessageError> {
        let mut counts = [0; MAX_MOTORS];
        for slot in counts.iter_mut().take(count) {
            *slot = self.i32()?;
        }
        counts.get(..count).and_then(PerMotor::new).ok_or(MessageError::Length { kind: self.kind, len: self.len })
    }

    fn end<T>(&self, message: T) -> Result<T, MessageError> {
        if self.rest.is_empty() { Ok(message) } else { Err(MessageError::Length { kind: self.kind, len: self.len }) }
    }
}

/// Splits a body into its type, flags and the fields that follow.
fn open(body: &[u8]) -> Result<(u8, u8, Fields<'_>), MessageError> {
    let kind = body.first().map_or(0, |byte| byte & 0x0f);
    let mut fields = Fields { kind, len: body.len(), rest: body };
    let major = fields.u8()? >> 4;
    if major != MAJOR {
        return Err(MessageError::Version { major });
    }
    let flags = fields.u8()?;
    Ok((kind, flags, fields))
}

/// Begins a body.
fn begin(kind: u8, flags: u8) -> Body {
    let mut body = Body::new();
    body.put(&[MAJOR << 4 | kind, flags]);
    body
}

fn put_speeds(body: &mut Body, speeds: &PerMotor<i16>) {
    for speed in speeds.as_slice() {
        body.put(&speed.to_le_bytes());
    }
}

impl ToMcu {
    /// The body of this message.
    #[must_use]
    pub fn encode(&self) -> Body {
        match *self {
            Self::Drive(drive) => {
                let enable = if drive.is_neutral() { 0 } else { FLAG_ENABLE };
                let mut body = begin(DRIVE, enable | (drive.cause & CAUSE_MOST) << CAUSE_SHIFT);
                body.put(&drive.session.to_le_bytes()).put(&drive.seq.to_le_bytes()).put(&drive.tick.to_le_bytes());
                body.put(&drive.ttl_ms.to_le_bytes());
                put_speeds(&mut body, &drive.motors);
                *body.put(&[drive.aux, drive.epoch])
            }
            Self::Stop { reason } => *begin(STOP, 0).put(&[reason]),
            Self::Latch => begin(LATCH, 0),
            Self::LatchReset { session, nonce } => {
                *begin(LATCH_RESET, 0).put(&session.to_le_bytes()).put(&nonce.to_le_bytes())
            }
            Self::Hello { nonce, min_major, max_major } => {
                *begin(HELLO, 0).put(&nonce.to_le_bytes()).put(&[min_major, max_major])
            }
            Self::Arm { session } => *begin(ARM, 0).put(&session.to_le_bytes()),
            Self::ParamGet { id } => *begin(PARAM_GET, 0).put(&[id]),
            Self::ParamSet { session, id, value } => {
                *begin(PARAM_SET, 0).put(&session.to_le_bytes()).put(&[id]).put(&value.to_le_bytes())
            }
        }
    }

    /// Reads a body.
    ///
    /// # Errors
    /// [`MessageError`]: the message is refused as a whole.
    pub fn decode(body: &[u8]) -> Result<Self, MessageError> {
        let (kind, flags, mut fields) = open(body)?;
        let message = match kind {
            DRIVE => Self::Drive(decode_drive(flags, &mut fields)?),
            STOP => Self::Stop { reason: fields.u8()? },
            LATCH => Self::Latch,
            LATCH_RESET => Self::LatchReset { session: fields.u32()?, nonce: fields.u32()? },
            HELLO => Self::Hello { nonce: nonce(fields.u16()?)?, min_major: fields.u8()?, max_major: fields.u8()? },
            ARM => Self::Arm { session: fields.u32()? },
            PARAM_GET => Self::ParamGet { id: fields.u8()? },
            PARAM_SET => Self::ParamSet { session: fields.u32()?, id: fields.u8()?, value: fields.i32()? },
            _ => return Err(MessageError::Kind { kind }),
        };
        fields.end(message)
    }
}

fn nonce(nonce: u16) -> Result<u16, MessageError> {
    if nonce == 0 { Err(MessageError::Range { field: "nonce" }) } else { Ok(nonce) }
}

fn decode_drive(flags: u8, fields: &mut Fields<'_>) -> Result<Drive, MessageError> {
    // 14 bytes before the motors, 2 after them.
    let motors = fields.len.saturating_sub(16) / 2;
    let drive = Drive {
        session: fields.u32()?,
        seq: fields.u16()?,
        tick: fields.u32()?,
        ttl_ms: fields.u16()?,
        motors: fields.speeds(motors)?,
        aux: fields.u8()?,
        epoch: fields.u8()?,
        cause: flags >> CAUSE_SHIFT,
    };
    if flags & FLAG_ENABLE == 0 && !drive.is_neutral() {
        return Err(MessageError::Range { field: "enable flag" });
    }
    Ok(drive)
}

impl FromMcu {
    /// The body of this message.
    #[must_use]
    pub fn encode(&self) -> Body {
        match *self {
            Self::HelloAck(ack) => {
                let mut body = begin(HELLO_ACK, 0);
                body.put(&ack.nonce.to_le_bytes()).put(&[ack.major]).put(&ack.boot_count.to_le_bytes());
                *body.put(&[ack.motors]).put(&ack.max_ttl_ms.to_le_bytes()).put(&ack.name).put(&ack.hash.to_le_bytes())
            }
            Self::Status(status) => encode_status(&status),
            Self::Param { id, value } => *begin(PARAM, 0).put(&[id]).put(&value.to_le_bytes()),
            Self::Text(text) => *begin(TEXT, 0).put(&text),
            Self::Counters(counters) => {
                let mut body = begin(COUNTERS, 0);
                for count in counters.in_order() {
                    body.put(&count.to_le_bytes());
                }
                body
            }
        }
    }

    /// Reads a body.
    ///
    /// # Errors
    /// [`MessageError`]: the message is refused as a whole.
    pub fn decode(body: &[u8]) -> Result<Self, MessageError> {
        let (kind, flags, mut fields) = open(body)?;
        let message = match kind {
            HELLO_ACK => Self::HelloAck(HelloAck {
                nonce: fields.u16()?,
                major: fields.u8()?,
                boot_count: fields.u16()?,
                motors: fields.u8()?,
                max_ttl_ms: fields.u16()?,
                name: fields.take()?,
                hash: fields.u32()?,
            }),
            STATUS => Self::Status(decode_status(flags, &mut fields)?),
            PARAM => Self::Param { id: fields.u8()?, value: fields.i32()? },
            TEXT => Self::Text(fields.take()?),
            COUNTERS => Self::Counters(Counters {
                accepted: fields.u16()?,
                damaged: fields.u16()?,
                no_message: fields.u16()?,
                foreign_session: fields.u16()?,
                old_seq: fields.u16()?,
                stale: fields.u16()?,
                barred: fields.u16()?,
            }),
            _ => return Err(MessageError::Kind { kind }),
        };
        fields.end(message)
    }
}

fn encode_status(status: &Status) -> Body {
    let counts = if status.counts.is_some() { FLAG_COUNTS } else { 0 };
    let neutral = if status.wants_neutral { FLAG_WANTS_NEUTRAL } else { 0 };
    let mut body = begin(STATUS, counts | neutral);
    body.put(&status.session.to_le_bytes()).put(&status.tick.to_le_bytes());
    body.put(&status.seq.to_le_bytes()).put(&status.age_ms.to_le_bytes());
    body.put(&[status.state as u8, status.reason as u8]).put(&status.battery_mv.to_le_bytes());
    body.put(&status.rejected.to_le_bytes()).put(&status.bad_frames.to_le_bytes());
    body.put(&status.latch_nonce.to_le_bytes());
    put_speeds(&mut body, &status.outputs);
    for count in status.counts.iter().flat_map(PerMotor::as_slice) {
        body.put(&count.to_le_bytes());
    }
    body
}

fn decode_status(flags: u8, fields: &mut Fields<'_>) -> Result<Status, MessageError> {
    let has_counts = flags & FLAG_COUNTS != 0;
    // 26 bytes before the outputs; a motor has 2 bytes of output and perhaps 4 of counter.
    let motors = fields.len.saturating_sub(26) / if has_counts { 6 } else { 2 };
    Ok(Status {
        session: fields.u32()?,
        tick: fields.u32()?,
        seq: fields.u16()?,
        age_ms: fields.u16()?,
        state: one_of(&McuState::ALL, fields.u8()?, "state")?,
        reason: one_of(&StopReason::ALL, fields.u8()?, "stop reason")?,
        battery_mv: fields.u16()?,
        rejected: fields.u16()?,
        bad_frames: fields.u16()?,
        latch_nonce: fields.u32()?,
        wants_neutral: flags & FLAG_WANTS_NEUTRAL != 0,
        outputs: fields.speeds(motors)?,
        counts: if has_counts { Some(fields.counts(motors)?) } else { None },
    })
}

fn one_of<T: Copy>(all: &[T], number: u8, field: &'static str) -> Result<T, MessageError> {
    all.get(usize::from(number)).copied().ok_or(MessageError::Range { field })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::frame;
    use crate::protocol::message::TEXT_LEN;
    use proptest::prelude::*;

    fn sample() -> Drive {
        Drive {
            session: 0x9a3c_0042,
            seq: 7,
            tick: 123_456,
            ttl_ms: 230,
            motors: PerMotor::new(&[300, -300]).unwrap(),
            aux: 0,
            epoch: 5,
            cause: 0,
        }
    }

    /// Goal: the protocol's published sample frame, byte for byte.
    #[test]
    fn sample_drive_has_its_published_bytes() {
        let mut wire = Vec::new();
        frame::encode(ToMcu::Drive(sample()).encode().as_slice(), &mut wire);
        let published = "00 04 11 01 42 04 3c 9a 07 04 40 e2 01 02 e6 05 2c 01 d4 fe 06 05 13 a1 48 78 00";
        let bytes: Vec<String> = wire.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(bytes.join(" "), published);
    }

    /// Goal: a speed beyond full refuses the whole message; it is not clamped.
    #[test]
    fn speeds_out_of_range_are_refused() {
        for bad in [1001, -1001, i16::MAX, i16::MIN] {
            let drive = Drive { motors: PerMotor::new(&[bad, 0]).unwrap(), ..sample() };
            let body = ToMcu::Drive(drive).encode();
            assert_eq!(ToMcu::decode(body.as_slice()), Err(MessageError::Range { field: "motor speed" }));
        }
    }

    /// Goal: motion without the enable flag is no motion.
    #[test]
    fn motion_needs_the_enable_flag() {
        let mut body = ToMcu::Drive(sample()).encode().as_slice().to_vec();
        body[1] = 0;
        assert_eq!(ToMcu::decode(&body), Err(MessageError::Range { field: "enable flag" }));
    }

    /// Goal: another version, an unknown type and a wrong length are refused as what they are.
    #[test]
    fn strangers_are_refused() {
        let good = ToMcu::Drive(sample()).encode();
        let mut body = good.as_slice().to_vec();
        body[0] = 0x21;
        assert_eq!(ToMcu::decode(&body), Err(MessageError::Version { major: 2 }));
        body[0] = 0x1f;
        assert_eq!(ToMcu::decode(&body), Err(MessageError::Kind { kind: 15 }));
        for len in [0, 1, 2, 15, 16, 17, 19, 21] {
            let mut body = good.as_slice().to_vec();
            body.resize(len, 0);
            assert!(ToMcu::decode(&body).is_err(), "a DRIVE of {len} bytes was accepted");
        }
    }

    fn speeds() -> impl Strategy<Value = PerMotor<i16>> {
        prop::collection::vec(-FULL..=FULL, 1..=MAX_MOTORS).prop_map(|all| PerMotor::new(&all).expect("1 to 4"))
    }

    fn to_mcu() -> impl Strategy<Value = ToMcu> {
        let drive = (any::<(u32, u16, u32, u16, u8, u8)>(), 0..=CAUSE_MOST, speeds()).prop_map(
            |((session, seq, tick, ttl_ms, aux, epoch), cause, motors)| {
                ToMcu::Drive(Drive { session, seq, tick, ttl_ms, motors, aux, epoch, cause })
            },
        );
        prop_oneof![
            drive,
            any::<u8>().prop_map(|reason| ToMcu::Stop { reason }),
            Just(ToMcu::Latch),
            any::<(u32, u32)>().prop_map(|(session, nonce)| ToMcu::LatchReset { session, nonce }),
            (1..=u16::MAX, any::<u8>(), any::<u8>())
                .prop_map(|(nonce, min_major, max_major)| { ToMcu::Hello { nonce, min_major, max_major } }),
            any::<u32>().prop_map(|session| ToMcu::Arm { session }),
            any::<u8>().prop_map(|id| ToMcu::ParamGet { id }),
            any::<(u32, u8, i32)>().prop_map(|(session, id, value)| ToMcu::ParamSet { session, id, value }),
        ]
    }

    fn status() -> impl Strategy<Value = FromMcu> {
        let numbers = any::<(u32, u32, u16, u16, u16, u16, u16, u32, bool)>();
        (numbers, 0usize..6, 0usize..6, speeds(), any::<Option<[i32; 4]>>()).prop_map(
            |(
                (session, tick, seq, age_ms, battery_mv, rejected, bad_frames, latch_nonce, wants_neutral),
                state,
                reason,
                outputs,
                counts,
            )| {
                FromMcu::Status(Status {
                    session,
                    tick,
                    seq,
                    age_ms,
                    battery_mv,
                    rejected,
                    bad_frames,
                    latch_nonce,
                    wants_neutral,
                    outputs,
                    state: McuState::ALL[state],
                    reason: StopReason::ALL[reason],
                    counts: counts.and_then(|all| PerMotor::new(&all[..outputs.as_slice().len()])),
                })
            },
        )
    }

    fn from_mcu() -> impl Strategy<Value = FromMcu> {
        prop_oneof![
            status(),
            any::<(u16, u8, u16, u8, u16, [u8; 12], u32)>().prop_map(
                |(nonce, major, boot_count, motors, max_ttl_ms, name, hash)| {
                    FromMcu::HelloAck(HelloAck { nonce, major, boot_count, motors, max_ttl_ms, name, hash })
                }
            ),
            any::<(u8, i32)>().prop_map(|(id, value)| FromMcu::Param { id, value }),
            any::<[u8; TEXT_LEN]>().prop_map(FromMcu::Text),
            any::<[u16; 7]>().prop_map(|[accepted, damaged, no_message, foreign_session, old_seq, stale, barred]| {
                let counters = Counters { accepted, damaged, no_message, foreign_session, old_seq, stale, barred };
                FromMcu::Counters(counters)
            }),
        ]
    }

    proptest! {
        /// Goal: every message arrives as it was sent.
        #[test]
        fn any_message_to_the_robot_survives(message in to_mcu()) {
            prop_assert_eq!(ToMcu::decode(message.encode().as_slice()), Ok(message));
        }

        /// Goal: every message arrives as it was sent, and fits a body.
        #[test]
        fn any_message_from_the_robot_survives(message in from_mcu()) {
            prop_assert_eq!(FromMcu::decode(message.encode().as_slice()), Ok(message));
        }

        /// Goal: no body crashes a decoder, and none is a message of both directions.
        #[test]
        fn any_body_is_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..64)) {
            prop_assert!(ToMcu::decode(&body).is_err() || FromMcu::decode(&body).is_err());
        }
    }
}
