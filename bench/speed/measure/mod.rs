//! The measures, one file each.
//!
//! A measure is a function `run(bench, report)`: it lets contestants do a round in turns ([`Bench::in_turns`]), in which
//! each starts what it needs, measures, and ends it; and it adds one figure a column to the report, one value a round.
//! `latency.rs` is the pattern. Whoever adds one adds a line to [`ALL`], and its goals to `goals.rs`.

pub mod cpu;
pub mod crowd;
pub mod fan_out;
pub mod latency;
pub mod memory;
pub mod page;
pub mod release;
pub mod round_trip;
pub mod size;
pub mod start;
pub mod throughput;

use super::bench::Bench;
use super::report::Report;

/// A measure.
pub struct Measure {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it finds, for people.
    pub finds: &'static str,
    /// Does it.
    pub run: fn(&Bench, &mut Report),
}

/// All of them, in the order of the report.
pub const ALL: &[Measure] = &[
    Measure {
        name: "latency",
        finds: "a command's intended time → the last byte of its frame, at 50, 200 and 1000 Hz",
        run: latency::run,
    },
    Measure {
        name: "round-trip",
        finds: "`direction` → `reply`, and a sample → telemetry that shows it",
        run: round_trip::run,
    },
    Measure {
        name: "release",
        finds: "a stick let go → a frame of zeros, and PWM zero at an emulated Uno",
        run: release::run,
    },
    Measure { name: "throughput", finds: "presses and samples a second with 32 on their way", run: throughput::run },
    Measure { name: "start", finds: "the program's start → its first frame", run: start::run },
    Measure { name: "fan-out", finds: "snapshots to 100 and 500 watchers: CPU a delivery, delay", run: fan_out::run },
    Measure {
        name: "crowd",
        finds: "the driver's latency among watchers and in a flood of strangers",
        run: crowd::run,
    },
    Measure { name: "cpu", finds: "CPU of a thousand commands at 50 Hz, and at rest", run: cpu::run },
    Measure { name: "memory", finds: "memory at rest and while somebody drives", run: memory::run },
    Measure { name: "connections", finds: "memory of 1,000 and 5,000 idle connections", run: memory::connections },
    Measure { name: "cycles", finds: "memory after a thousand have come and gone, twenty times", run: memory::cycles },
    Measure { name: "size", finds: "the binary; a clean build with JOYWIRE_BENCH_BUILD=1", run: size::run },
    Measure { name: "page", finds: "the page in Chromium: load event, robot shown", run: page::run },
];
