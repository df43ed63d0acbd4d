//! The most commands a second: 32 are on their way at any time, and the next are sent as soon as older ones are answered, or
//! readable.

use std::time::Duration;

use anyhow::Context;
use joywire::protocol::events::name;
use serde_json::json;

use super::super::bench::{Bench, Turns};
use super::super::clock::now;
use super::super::contestant::{Contestant, Options, Running};
use super::super::driver::{self, Driver};
use super::super::matching::ms;
use super::super::report::Report;
use super::super::triangle::{LOW, Triangle};

/// `direction` → `reply`: what all answer.
const ANSWERED: &str = "presses a second, 32 on their way";
/// Samples of a stick → frames.
const TABLE: &str = "commands a second, 32 on their way";
/// Presses on their way.
const WINDOW: usize = BLOCK * BLOCKS;
/// Who has events.
const WITH_EVENTS: [Contestant; 4] =
    [Contestant::Original, Contestant::OriginalUnlocked, Contestant::Joywire, Contestant::JoywireApart];
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

/// Measures both.
pub fn run(bench: &Bench, report: &mut Report) {
    let turns = bench.in_turns("presses", &bench.among(&WITH_EVENTS), |contestant| {
        let mut running = contestant.start(&Options::fast())?;
        driver::runtime()?.block_on(async {
            let mut driver = Driver::connect(&mut running).await?;
            presses(&mut driver, &running, bench.time(TIME)).await
        })
    });
    add(report, ANSWERED, "presses/s", &turns);
    report.note(
        ANSWERED,
        "`direction` → `reply`, as the original's clients do it: the original answers when it has written a frame for the press, \
         Joywire when the press is decided on; its frames follow at the pace of the line.",
    );
    let turns = bench.in_turns("throughput", &bench.contestants, |contestant| {
        let mut running = contestant.start(&Options::fast())?;
        driver::runtime()?.block_on(async {
            let mut driver = Driver::connect(&mut running).await?;
            driver.speed_up().await?;
            round(&mut driver, &running, bench.time(TIME)).await
        })
    });
    add(report, TABLE, "commands/s", &turns);
    report.note(
        TABLE,
        "Samples of a stick, in blocks of 16, whose last asks for another speed: when a frame shows it, all of them were heard. Joywire \
         drives by the newest sample alone, at the pace of the line, and its speed has to follow the ramp: fewer frames than \
         commands are meant so, and the ramp bounds this figure.",
    );
}

fn add(report: &mut Report, table: &'static str, column: &'static str, turns: &Turns<Round>) {
    for contestant in Contestant::ALL {
        let Some(rounds) = turns.rounds.get(&contestant) else { continue };
        let count = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        let each = |of: &dyn Fn(&Round) -> usize| rounds.iter().map(|r| count(of(r)) / r.seconds).collect::<Vec<f64>>();
        report.add(table, contestant.name(), column, each(&|round| round.commands));
        report.add(table, contestant.name(), "frames/s", each(&|round| round.frames));
        report.add(table, contestant.name(), "lost", vec![rounds.iter().map(|round| count(round.lost)).sum()]);
    }
    turns.notes.iter().for_each(|note| report.note(table, note.clone()));
}

/// Presses, and presses again for every answer.
async fn presses(driver: &mut Driver, running: &Running, time: Duration) -> anyhow::Result<Round> {
    let line = running.line();
    drop(line.take());
    let (mut round, mut open) = (Round::default(), 0);
    let start = now();
    let end = start + u64::try_from(time.as_nanos())?;
    while now() < end {
        for _ in open..WINDOW {
            driver.emit(name::DIRECTION, &[json!("up")])?;
        }
        open = WINDOW;
        match tokio::time::timeout(PATIENCE, driver.listen()).await {
            Ok(heard) if heard.as_ref().is_ok_and(|heard| heard.event == name::REPLY) => {
                open -= 1;
                round.commands += 1;
            }
            Ok(heard) => drop(heard?),
            Err(_) => {
                round.lost += open;
                open = 0;
            }
        }
    }
    round.frames = line.take().len();
    round.seconds = ms(now() - start) / 1000.0;
    Ok(round)
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
    round.seconds = ms(now() - start) / 1000.0;
    Ok(round)
}
