//! From a command's intended time to the last byte of its frame: an open loop at three rates.

use std::time::Duration;

use super::super::bench::{Bench, Turns};
use super::super::contestant::{Contestant, Options, Running};
use super::super::driver::{self, Driver};
use super::super::matching::{Matched, matched};
use super::super::report::Report;
use super::super::statistics::Samples;

/// Commands a second; for how long; by how many permille the speed changes from one to the next. A ramp from rest to full
/// speed in 300 ms, the fastest that ours can be told, is 3.3 permille in a millisecond.
const RATES: [(&str, u32, Duration, i16); 3] = [
    ("command at 50 Hz", 50, Duration::from_secs(8), 3),
    ("command at 200 Hz", 200, Duration::from_secs(4), 3),
    ("command at 1000 Hz", 1000, Duration::from_secs(4), 2),
];
/// Commands beyond the newest that was shown among which a frame's is looked for.
const AHEAD: usize = 130;

/// One rate's round.
struct Round {
    samples: Samples,
    matched: Matched,
    frames: f64,
    seconds: f64,
}

/// Measures all rates, each contestant started once a round for all of them.
pub fn run(bench: &Bench, report: &mut Report) {
    let turns = bench.in_turns("latency", &bench.contestants, |contestant| {
        let mut running = contestant.start(&Options::fast())?;
        driver::runtime()?.block_on(async {
            let mut driver = Driver::connect(&mut running).await?;
            let mut rounds = Vec::new();
            for rate in RATES {
                rounds.push(round(&mut driver, &running, rate, bench).await?);
            }
            Ok(rounds)
        })
    });
    add(report, &turns);
}

async fn round(
    driver: &mut Driver,
    running: &Running,
    (_, hz, time, step): (&str, u32, Duration, i16),
    bench: &Bench,
) -> anyhow::Result<Round> {
    let time = bench.time(time);
    let sent = driver.open_loop(running.line(), hz, time, step).await?;
    let seen = running.line().take();
    let matched = matched(&sent, &seen, AHEAD);
    let samples = Samples::new(matched.latencies.iter().copied());
    Ok(Round { samples, matched, frames: f64::from(u32::try_from(seen.len())?), seconds: time.as_secs_f64() })
}

fn add(report: &mut Report, turns: &Turns<Vec<Round>>) {
    for (place, (table, hz, ..)) in RATES.into_iter().enumerate() {
        for contestant in Contestant::ALL {
            let Some(rounds) = turns.rounds.get(&contestant) else { continue };
            let rounds: Vec<&Round> = rounds.iter().map(|rates| &rates[place]).collect();
            let each = |of: &dyn Fn(&Round) -> f64| rounds.iter().map(|round| of(round)).collect::<Vec<f64>>();
            let pooled = Samples::pooled(rounds.iter().map(|round| &round.samples));
            let count = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
            let row = contestant.name();
            report.add(table, row, "p50 ms", each(&|round| round.samples.quantile(500)));
            report.add(table, row, "p90 ms", each(&|round| round.samples.quantile(900)));
            report.add(table, row, "p99 ms", each(&|round| round.samples.quantile(990)));
            report.add(table, row, "p99.9 ms", vec![pooled.quantile(999)]);
            report.add(table, row, "max ms", vec![pooled.quantile(1000)]);
            report.add(table, row, "commands/s", vec![f64::from(hz)]);
            report.add(table, row, "frames/s", each(&|round| round.frames / round.seconds));
            report.add(table, row, "lost", vec![rounds.iter().map(|round| count(round.matched.lost)).sum()]);
            report.add(
                table,
                row,
                "out of order",
                vec![rounds.iter().map(|round| count(round.matched.out_of_order)).sum()],
            );
        }
        report.note(
            table,
            "A command that a newer one replaced counts from its own intended time until a frame with the newer one could be \
             read. p99.9 and max are of all rounds together. Joywire at 2,000,000 baud, without the soft start of its ramp.",
        );
        turns.notes.iter().for_each(|note| report.note(table, note.clone()));
    }
}
