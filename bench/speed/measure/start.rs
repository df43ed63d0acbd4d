//! From the start of the programs to the first message on the line.

use std::time::Duration;

use anyhow::Context;

use super::super::bench::Bench;
use super::super::clock::now;
use super::super::contestant::{Contestant, Options};
use super::super::driver::{self, Driver};
use super::super::matching::ms;
use super::super::report::Report;
use super::super::statistics::Samples;

const TABLE: &str = "start to first frame";
/// Starts in a round: at as many moments between two reports of the robot, which come every 25 ms.
const STARTS: u64 = 10;
/// From one of these moments to the next, us.
const PHASE: u64 = 2_500;
const PATIENCE: Duration = Duration::from_secs(5);
/// Who starts as people start it.
const STARTED: [Contestant; 4] =
    [Contestant::Original, Contestant::OriginalUnlocked, Contestant::Joywire, Contestant::JoywireApart];

/// Measures it.
pub fn run(bench: &Bench, report: &mut Report) {
    let turns = bench.in_turns("start", &bench.among(&STARTED), |contestant| {
        let starts = (0..if bench.quick { 1 } else { STARTS }).map(|number| start(contestant, number));
        let starts = starts.collect::<anyhow::Result<Vec<_>>>()?;
        let (ready, frame): (Vec<f64>, Vec<f64>) = starts.into_iter().unzip();
        Ok((Samples::new(ready), Samples::new(frame)))
    });
    for (contestant, rounds) in &turns.rounds {
        let ready = rounds.iter().map(|(ready, _)| ready.median()).collect();
        let frame = rounds.iter().map(|(_, frame)| frame.median()).collect();
        report.add(TABLE, contestant.name(), "ready ms", ready);
        report.add(TABLE, contestant.name(), "p50 ms", frame);
    }
    report.note(
        TABLE,
        "`ready`: the programs have said so, and clients may come. Joywire is started for the first time, and makes its \
         certificates; it says nothing on the line before it has heard a robot, which reports every 25 ms. The original says \
         nothing before a client does: one connects as soon as the programs are ready.",
    );
    turns.notes.iter().for_each(|note| report.note(TABLE, note.clone()));
}

fn start(contestant: Contestant, number: u64) -> anyhow::Result<(f64, f64)> {
    let mut options = Options::fast();
    options.robot_ahead = Duration::from_micros(500_000 + number * PHASE);
    let mut running = contestant.start(&options)?;
    let ready = now();
    if !contestant.wants_robot() {
        driver::runtime()?.block_on(async {
            let mut driver = Driver::connect(&mut running).await?;
            driver.say(500).await?;
            driver.listen_for(Duration::from_millis(100)).await
        })?;
    }
    let first = running.line().first(PATIENCE).context("no frame came")?;
    Ok((ms(ready - running.started), ms(first - running.started)))
}
