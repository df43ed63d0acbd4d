//! Any bytes on the line: what is taken for a frame is one, and nothing longer than a frame is kept.
#![no_main]

use joywire_fuzz::protocol::frame::{self, Accumulator, MAX_BODY};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut accumulator = Accumulator::new();
    for byte in bytes {
        let Some(Ok(body)) = accumulator.push(*byte) else { continue };
        assert!((1..=MAX_BODY).contains(&body.as_slice().len()));
        let mut wire = Vec::new();
        frame::encode(body.as_slice(), &mut wire);
        let mut again = Accumulator::new();
        let read: Vec<_> = wire.iter().filter_map(|byte| again.push(*byte)).collect();
        assert_eq!(read, [Ok(body)]);
    }
});
