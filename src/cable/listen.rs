//! Listens at a port without saying a word, and tells whether a robot is there.

use tokio::io::AsyncReadExt;
use tokio::time::timeout_at;

use super::heard::{Heard, PATIENCE};
use super::port::Port;
use super::serial::{self, SerialError};
use crate::clock::Clock;
use crate::protocol::frame::Accumulator;
use crate::protocol::message::FromMcu;

/// Opens `port` at `baud` bits a second and listens until a robot was heard, at most [`PATIENCE`].
///
/// # Errors
/// [`SerialError`] if it cannot be opened.
pub async fn listen(port: &Port, baud: u32, clock: Clock) -> Result<Heard, SerialError> {
    let mut stream = serial::open(port, baud)?;
    let end = clock.now() + PATIENCE;
    let (mut accumulator, mut heard, mut bytes) = (Accumulator::new(), Heard::Nothing, [0; 256]);
    // A port that never pauses must not hold us.
    while clock.now() < end {
        let Ok(Ok(len @ 1..)) = timeout_at(clock.instant(end), stream.read(&mut bytes)).await else { break };
        heard = Heard::Noise;
        for frame in bytes[..len].iter().filter_map(|byte| accumulator.push(*byte)) {
            let message = frame.ok().and_then(|body| FromMcu::decode(body.as_slice()).ok());
            if matches!(message, Some(FromMcu::Status(_))) {
                return Ok(Heard::Robot);
            }
        }
    }
    Ok(heard)
}
