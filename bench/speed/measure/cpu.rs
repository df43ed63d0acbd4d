//! What a thousand commands cost, at the rate at which people drive.

use std::time::Duration;

use tokio::time::sleep;

use super::super::bench::Bench;
use super::super::contestant::{Contestant, Options};
use super::super::driver::{self, Driver};
use super::super::matching::ms;
use super::super::processes;
use super::super::report::Report;

/// The table.
const TABLE: &str = "CPU at 50 Hz";
const HZ: u32 = 50;
/// As for latency.
const STEP: i16 = 3;
const TIME: Duration = Duration::from_secs(10);
/// After the start.
const SETTLE: Duration = Duration::from_secs(1);
/// To see what rests without rest; nobody is connected.
const IDLE: Duration = Duration::from_secs(4);

/// Measures everyone.
pub fn run(bench: &Bench, report: &mut Report) {
    let turns = bench.in_turns("cpu", &bench.contestants, |contestant| {
        let mut running = contestant.start(&Options::fast())?;
        let pids = running.pids();
        driver::runtime()?.block_on(async {
            sleep(SETTLE).await;
            let (time, before) = (bench.time(IDLE), processes::cpu(&pids));
            sleep(time).await;
            let idle = ms(processes::cpu(&pids) - before) / time.as_secs_f64() / 10.0;
            let mut driver = Driver::connect(&mut running).await?;
            driver.speed_up().await?;
            let before = processes::cpu(&pids);
            let commands = driver.open_loop(running.line(), HZ, bench.time(TIME), STEP).await?.len();
            let cost = ms(processes::cpu(&pids) - before);
            Ok((cost / f64::from(u32::try_from(commands)?), idle))
        })
    });
    for contestant in Contestant::ALL {
        let Some(rounds) = turns.rounds.get(&contestant) else { continue };
        // Milliseconds for one are seconds for a thousand.
        let row = contestant.name();
        report.add(TABLE, row, "CPU s / 1,000 commands", rounds.iter().map(|(each, _)| *each).collect());
        report.add(TABLE, row, "% of a CPU at rest", rounds.iter().map(|(_, idle)| *idle).collect());
    }
    report.note(
        TABLE,
        "All processes of a contestant together, from its first command to its last. Joywire's agent decides 50 times a second and \
         hears the robot 40 times a second whether somebody drives or not, and tells the driver of it: all of that is counted.",
    );
    turns.notes.iter().for_each(|note| report.note(TABLE, note.clone()));
}
