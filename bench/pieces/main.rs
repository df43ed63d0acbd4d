//! What the pieces of a command cost: their time, as a table, and their instructions, which a budget bounds.
//!
//! `cargo bench --bench pieces` measures times. `make instructions` counts instructions with callgrind and compares them
//! with budget.toml; time differs from machine to machine and from second to second, instructions hardly do.

#![expect(clippy::unwrap_used, reason = "whoever measures may stop at the first surprise")]
#![expect(clippy::disallowed_methods, reason = "it measures real time")]
#![expect(clippy::print_stdout, reason = "figures are all that it is for")]

mod budget;
mod count;
mod house;
mod ride;
mod time;

use std::hint::black_box;

use joywire::protocol::frame::{self, Accumulator};
use joywire::protocol::message::{Drive, PerMotor, ToMcu};

use house::House;
use ride::Ride;

/// Something that is done so many times in a row, after it has been made ready.
pub struct Piece {
    /// Its name in tables and in the budget.
    pub name: &'static str,
    /// How often it is done while instructions are counted: enough that the difference to twice as often is its own.
    pub rounds: u64,
    /// Share of its budget by which it may differ. More where the system and cryptography have a say.
    pub margin: f64,
    /// Makes it ready and does it so many times; returns how long the doing took, in ns.
    pub run: fn(u64) -> u128,
}

/// All that is measured.
pub const PIECES: [Piece; 8] = [
    Piece { name: "pilot_step", rounds: 2000, margin: 0.10, run: |rounds| Ride::driving().pilot(rounds) },
    Piece { name: "controller_step", rounds: 2000, margin: 0.10, run: |rounds| Ride::driving().controller(rounds) },
    Piece { name: "frame_encode", rounds: 2000, margin: 0.10, run: encode },
    Piece { name: "frame_decode", rounds: 2000, margin: 0.10, run: decode },
    Piece { name: "telemetry", rounds: 1000, margin: 0.10, run: |rounds| Ride::driving().telemetry(rounds) },
    Piece { name: "relay_sample", rounds: 200, margin: 0.15, run: |rounds| House::work(0, House::samples, rounds) },
    Piece { name: "relay_event", rounds: 200, margin: 0.15, run: |rounds| House::work(0, House::events, rounds) },
    Piece { name: "relay_telemetry", rounds: 50, margin: 0.15, run: |rounds| House::work(8, House::snapshots, rounds) },
];

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => time::table(),
        ["--instructions"] => count::compare(),
        // So callgrind is given this very program.
        ["--do", name, rounds] => {
            let piece = PIECES.iter().find(|piece| piece.name == name).unwrap();
            (piece.run)(rounds.parse().unwrap());
        }
        _ => {
            println!("pieces [--instructions]: the time of each piece, or its instructions against budget.toml");
            std::process::exit(2);
        }
    }
}

/// A frame that drives two motors.
fn frame() -> ToMcu {
    let motors = PerMotor::new(&[620, -580]).unwrap();
    ToMcu::Drive(Drive {
        session: 0x1234_0007,
        seq: 77,
        tick: 123_456,
        ttl_ms: 230,
        motors,
        aux: 0,
        epoch: 3,
        cause: 0,
    })
}

fn encode(rounds: u64) -> u128 {
    let (message, mut wire) = (frame(), Vec::with_capacity(frame::MAX_FRAME));
    time::of(|| {
        for _ in 0..rounds {
            wire.clear();
            frame::encode(black_box(&message).encode().as_slice(), &mut wire);
            black_box(&wire);
        }
    })
}

fn decode(rounds: u64) -> u128 {
    let (mut wire, mut accumulator) = (Vec::new(), Accumulator::new());
    frame::encode(frame().encode().as_slice(), &mut wire);
    time::of(|| {
        for _ in 0..rounds {
            for byte in black_box(&wire) {
                if let Some(body) = accumulator.push(*byte) {
                    black_box(ToMcu::decode(body.unwrap().as_slice()).unwrap());
                }
            }
        }
    })
}
