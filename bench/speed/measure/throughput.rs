//! The most commands a second: 32 are on their way at any time, and the next are sent as soon as older ones are readable.

use std::time::Duration;

use anyhow::Context;

use super::super::bench::Bench;
use super::super::clock::now;
use super::super::contestant::{Contestant, Options, Running};
use super::super::driver::{self, Driver};
use super::super::report::Report;
use super::super::triangle::{LOW, Triangle};

const TABLE: &str = "commands a second, 32 on their way";
/// Commands of one block. The last of them asks for another speed: when that can be read, all of them were heard.
const BLOCK: usize = 16;
/// Blocks on their way.
const BLOCKS: usize = 2;
const TIME: Duration = Duration::from_secs(3);
/// What was not readable by then is lost.
const PATIENCE: Duration = Duration::from_millis(250);

/// What a round found.
#[derive(Default)]
struct Round {
    commands: usize,
    frames: usize,
    lost: usize,
    seconds: f64,
}

/// Measures it.
pub fn run(bench: &Bench, report: &mut Report) {
    let turns = bench.in_turns("throughput", &bench.contestants, |contestant| {
        let mut running = contestant.start(&Options::fast())?;
        driver::runtime()?.block_on(async {
            let mut driver = Driver::connect(&mut running).await?;
            driver.speed_up().await?;
            round(&mut driver, &running, bench.time(TIME)).await
        })
    });
    for contestant in Contestant::ALL {
        let Some(rounds) = turns.rounds.get(&contestant) else { continue };
        let count = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        let each = |of: &dyn Fn(&Round) -> usize| rounds.iter().map(|r| count(of(r)) / r.seconds).collect::<Vec<f64>>();
        report.add(TABLE, contestant.name(), "commands/s", each(&|round| round.commands));
        report.add(TABLE, contestant.name(), "frames/s", each(&|round| round.frames));
        report.add(TABLE, contestant.name(), "lost", vec![rounds.iter().map(|round| count(round.lost)).sum()]);
    }
    report.note(
        TABLE,
        "Joywire drives by the newest command alone, at the pace of the line: fewer frames than commands are meant so. The same \
         client sends for all, each command as a packet of its own.",
    );
    turns.notes.iter().for_each(|note| report.note(TABLE, note.clone()));
}

async fn round(driver: &mut Driver, running: &Running, time: Duration) -> anyhow::Result<Round> {
    let line = running.line();
    drop(line.take());
    let (mut speeds, mut before) = (Triangle::of_steps(1), LOW);
    // The speeds that end the blocks on their way, oldest first.
    let mut open: Vec<i16> = Vec::new();
    let mut round = Round::default();
    let start = now();
    let end = start + u64::try_from(time.as_nanos())?;
    while now() < end {
        while open.len() < BLOCKS {
            let next = speeds.next().context("triangles have no end")?;
            for _ in 1..BLOCK {
                driver.say(before).await?;
            }
            driver.say(next).await?;
            (before, open) = (next, [open, vec![next]].concat());
        }
        tokio::select! {
            biased;
            () = line.arrived() => {
                let seen = line.take();
                round.frames += seen.len();
                let newest = open.iter().rposition(|speed| seen.iter().any(|frame| frame.permille == *speed));
                let shown = newest.map_or(0, |place| place + 1);
                open.drain(..shown);
                round.commands += shown * BLOCK;
            }
            heard = driver.listen() => drop(heard?),
            () = tokio::time::sleep(PATIENCE) => {
                round.lost += open.len() * BLOCK;
                open.clear();
            }
        }
    }
    round.seconds = super::super::matching::ms(now() - start) / 1000.0;
    Ok(round)
}
