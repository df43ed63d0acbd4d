//! A robot that says anything at any time: the host speaks only in a session, and never of an older one.
#![no_main]

use joywire_fuzz::protocol::message::{FromMcu, MAJOR, ToMcu};
use joywire_fuzz::protocol::session::{Driven, Event, Session};
use joywire_fuzz::time::Time;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut session = Session::new(7, Driven::Sides);
    let (mut now, mut nonce, mut open, mut heard) = (0u64, None, None, false);
    let mut rest = bytes;
    while let Some((&[op, len], after)) = rest.split_first_chunk::<2>() {
        let (body, after) = after.split_at(usize::from(len % 64).min(after.len()));
        rest = after;
        now += u64::from(op >> 3);
        let mut body = body.to_vec();
        match op % 8 {
            0 => {
                session.restart();
                (open, heard) = (None, false);
            }
            1 => {
                session.handle_foreign(len);
                open = None;
            }
            2..6 => {
                // Make it a message that fits, more often than chance would.
                if let Some(first) = body.first_mut() {
                    *first = MAJOR << 4 | (9 + *first % 5);
                }
                if let (Some(nonce), true) = (nonce, body.len() > 4 && op & 8 != 0) {
                    let nonce: u16 = nonce;
                    body[2..4].copy_from_slice(&nonce.to_le_bytes());
                    body[4] = MAJOR;
                }
                let Ok(message) = FromMcu::decode(&body) else { continue };
                heard |= matches!(message, FromMcu::Status(_));
                match session.handle(&message) {
                    Event::Opened(ack) => {
                        assert_eq!(Some(ack.nonce), nonce, "an answer to nobody");
                        open = Some(ack.session());
                    }
                    Event::Lost(_) | Event::Incompatible(_) => open = None,
                    Event::None => {}
                }
            }
            _ => match session.request(Time::from_millis(now)) {
                Some(ToMcu::Hello { nonce: asked, .. }) => {
                    assert!(heard && asked != 0 && open.is_none());
                    nonce = Some(asked);
                }
                Some(ToMcu::Arm { session }) => assert_eq!(Some(session), open),
                Some(other) => panic!("{other:?} was not asked for"),
                None => {}
            },
        }
        assert_eq!(session.id(), open);
        let drive = session.drive(&[1, -1], 5, 230, 0, 0);
        assert!(drive.is_none() || matches!(drive, Some(ToMcu::Drive(drive)) if Some(drive.session) == open));
    }
});
