//! What a driver feels of others: of watchers, and of strangers who knock without end.

use std::time::Duration;

use super::super::bench::{Bench, Turns};
use super::super::contestant::{Contestant, Running};
use super::super::driver::{self, Driver};
use super::super::matching::{Matched, matched};
use super::super::report::Report;
use super::super::statistics::Samples;
use super::super::strangers::Strangers;
use super::super::watchers::Crowd;
use super::fan_out::{LET_IN, place, roomy};

/// The table.
const TABLE: &str = "a driver in a crowd, at 50 Hz";
/// Who else is there: what that is called, watchers, strangers who knock a second.
const OTHERS: [(&str, usize, u32); 4] =
    [("alone", 0, 0), ("64 watchers", 64, 0), ("500 watchers", 500, 0), ("flood of strangers", 0, 300)];
const TIME: Duration = Duration::from_secs(6);
const HZ: u32 = 50;
/// As for latency.
const STEP: i16 = 3;
const AHEAD: usize = 130;

/// With some others there.
struct Phase {
    samples: Samples,
    matched: Matched,
    turned_away: f64,
}

/// Measures all of them, one after the other at the same contestant, so that each is held against being alone.
pub fn run(bench: &Bench, report: &mut Report) {
    let contestants = bench.among(&[Contestant::Original, Contestant::Joywire, Contestant::JoywireApart]);
    let turns = bench.in_turns("crowd", &contestants, |contestant| {
        let mut running = contestant.start(&roomy())?;
        OTHERS.iter().map(|others| phase(bench, &mut running, *others)).collect::<anyhow::Result<Vec<Phase>>>()
    });
    add(report, &turns);
}

fn phase(bench: &Bench, running: &mut Running, (_, watchers, strangers): (&str, usize, u32)) -> anyhow::Result<Phase> {
    let to = place(running)?;
    let crowd = (watchers > 0).then(|| Crowd::gather(to, watchers, LET_IN)).transpose()?;
    driver::runtime()?.block_on(async {
        let mut driver = Driver::connect(running).await?;
        let flood = (strangers > 0).then(|| Strangers::come(to, strangers)).transpose()?;
        // It is in full swing, and whoever was in time at first is not any more.
        driver.hold(0, Duration::from_millis(500)).await?;
        let sent = driver.open_loop(running.line(), HZ, bench.time(TIME), STEP).await?;
        let matched = matched(&sent, &running.line().take(), AHEAD);
        driver.release().await?;
        let (knocked, answered) = flood.as_ref().map_or((0, 0), Strangers::counts);
        drop((crowd, flood));
        let whole = |count: u64| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        let turned_away = whole(knocked - answered) / whole(knocked.max(1));
        Ok(Phase { samples: Samples::new(matched.latencies.iter().copied()), matched, turned_away })
    })
}

fn add(report: &mut Report, turns: &Turns<Vec<Phase>>) {
    for (place, (others, ..)) in OTHERS.into_iter().enumerate() {
        for (contestant, rounds) in &turns.rounds {
            let row = format!("{}, {others}", contestant.name());
            let each =
                |of: &dyn Fn(&Phase) -> f64| rounds.iter().map(|phases| of(&phases[place])).collect::<Vec<f64>>();
            let sum = each(&|phase| f64::from(u32::try_from(phase.matched.lost).unwrap_or(u32::MAX))).iter().sum();
            report.add(TABLE, &row, "p50 ms", each(&|phase| phase.samples.quantile(500)));
            report.add(TABLE, &row, "p99 ms", each(&|phase| phase.samples.quantile(990)));
            report.add(
                TABLE,
                &row,
                "p99 × alone",
                rounds.iter().map(|p| p[place].samples.quantile(990) / p[0].samples.quantile(990)).collect(),
            );
            report.add(TABLE, &row, "lost", vec![sum]);
            if others.contains("strangers") {
                report.add(TABLE, &row, "% unanswered", each(&|phase| phase.turned_away * 100.0));
            }
        }
    }
    report.note(
        TABLE,
        "Watchers of Joywire hear the robot 40 times a second, those of the original every command and every reply. The flood: 300 \
         connections a second from 50 addresses, each with a TLS handshake and a request; Joywire turns most away before that.",
    );
    turns.notes.iter().for_each(|note| report.note(TABLE, note.clone()));
}
