//! What is in memory: at rest, while somebody drives, for each of thousands of connections, and after thousands have gone.

use std::thread;
use std::time::Duration;

use super::super::bench::{Bench, progress};
use super::super::contestant::{Contestant, Options, Running};
use super::super::driver::{self, Driver};
use super::super::processes::{self, Memory};
use super::super::report::Report;
use super::super::watchers::Crowd;
use super::fan_out::place;

/// The tables.
const WORK: &str = "memory";
const CONNECTIONS: &str = "memory of idle connections";
const CYCLES: &str = "memory after many have come and gone";
/// A megabyte, as tables count it.
const MB: f64 = 1_000_000.0;
/// From the start of a contestant until it rests.
const SETTLE: Duration = Duration::from_secs(2);
/// Somebody drives for so long before it is looked at.
const DRIVE: Duration = Duration::from_secs(6);
/// Crowds, and how long they may take to come: Joywire lets in a hundred a second.
const CROWDS: [usize; 2] = [1_000, 5_000];
const LET_IN: Duration = Duration::from_mins(4);
/// How often a thousand come and go.
const TIMES: usize = 20;

/// At rest and while somebody drives.
pub fn run(bench: &Bench, report: &mut Report) {
    let turns = bench.in_turns("memory", &bench.contestants, |contestant| {
        let mut running = contestant.start(&Options::usual())?;
        let pids = running.pids();
        driver::runtime()?.block_on(async {
            tokio::time::sleep(SETTLE).await;
            let idle = processes::memory(&pids);
            let mut driver = Driver::connect(&mut running).await?;
            driver.hold(400, bench.time(DRIVE)).await?;
            Ok((idle, processes::memory(&pids)))
        })
    });
    for contestant in Contestant::ALL {
        let Some(rounds) = turns.rounds.get(&contestant) else { continue };
        let each =
            |of: &dyn Fn(&(Memory, Memory)) -> u64| rounds.iter().map(|round| mb(of(round))).collect::<Vec<f64>>();
        let row = contestant.name();
        report.add(WORK, row, "RSS MB at rest", each(&|(idle, _)| idle.resident));
        report.add(WORK, row, "PSS MB at rest", each(&|(idle, _)| idle.proportional));
        report.add(WORK, row, "RSS MB driving", each(&|(_, driving)| driving.resident));
        report.add(WORK, row, "PSS MB driving", each(&|(_, driving)| driving.proportional));
    }
    report.note(WORK, "All processes of a contestant together; at rest nobody is connected. Pages that several processes share count in each as RSS, \
         and divided among them as PSS.");
    turns.notes.iter().for_each(|note| report.note(WORK, note.clone()));
}

/// What a relay needs for a thousand and five thousand clients that only stay.
pub fn connections(bench: &Bench, report: &mut Report) {
    let crowds = CROWDS.map(|count| if bench.quick { count / 10 } else { count });
    let relays = bench.among(&[Contestant::Original, Contestant::JoywireApart]);
    // It is not a matter of luck, and takes minutes.
    let once = Bench { rounds: bench.rounds.min(2), ..bench.clone() };
    let turns = once.in_turns("connections", &relays, |contestant| {
        let running = relay_alone(contestant)?;
        let before = resident(&running);
        let mut found = vec![before];
        for count in crowds {
            let crowd = Crowd::gather(place(&running)?, count, LET_IN)?;
            thread::sleep(SETTLE);
            found.push(resident(&running));
            anyhow::ensure!(crowd.lost() == 0, "{} of {count} were cut off", crowd.lost());
            crowd.disperse();
            thread::sleep(SETTLE);
        }
        Ok(found)
    });
    for (contestant, rounds) in &turns.rounds {
        let row = row(*contestant);
        let each = |of: &dyn Fn(&[f64]) -> f64| rounds.iter().map(|found| of(found)).collect::<Vec<f64>>();
        report.add(CONNECTIONS, row, "RSS MB with none", each(&|found| found[0] / MB));
        report.add(CONNECTIONS, row, "RSS MB with 1,000", each(&|found| found[1] / MB));
        report.add(CONNECTIONS, row, "RSS MB with 5,000", each(&|found| found[2] / MB));
        report.add(CONNECTIONS, row, "bytes each of 1,000", each(&|found| (found[1] - found[0]) / real(crowds[0])));
        report.add(CONNECTIONS, row, "bytes each of 5,000", each(&|found| (found[2] - found[0]) / real(crowds[1])));
    }
    report.note(
        CONNECTIONS,
        "Relays without a robot, so that nothing is said but heartbeats: TLS, WebSocket and Socket.IO, let in, and idle. What the \
         kernel holds for sockets is not in it.",
    );
    turns.notes.iter().for_each(|note| report.note(CONNECTIONS, note.clone()));
}

/// Whether memory grows when a thousand come and go, again and again.
pub fn cycles(bench: &Bench, report: &mut Report) {
    let (times, count) = if bench.quick { (6, 100) } else { (TIMES, CROWDS[0]) };
    let relays = bench.among(&[Contestant::Original, Contestant::JoywireApart]);
    let once = Bench { rounds: 1, ..bench.clone() };
    let turns = once.in_turns("cycles", &relays, |contestant| {
        let running = relay_alone(contestant)?;
        let mut found = Vec::new();
        for time in 1..=times {
            let crowd = Crowd::gather(place(&running)?, count, LET_IN)?;
            let full = resident(&running);
            crowd.disperse();
            thread::sleep(SETTLE);
            found.push((full, resident(&running)));
            progress(&format!(
                "{}: cycle {time} of {times}, {:.1} MB after it",
                row(contestant),
                resident(&running) / MB
            ));
        }
        Ok(found)
    });
    for (contestant, rounds) in &turns.rounds {
        let Some(found) = rounds.first() else { continue };
        let row = row(*contestant);
        let last = found.len() - 1;
        report.add(CYCLES, row, "RSS MB full, 2nd", vec![found[1].0 / MB]);
        report.add(CYCLES, row, "full, last", vec![found[last].0 / MB]);
        report.add(CYCLES, row, "empty, 1st", vec![found[0].1 / MB]);
        report.add(CYCLES, row, "empty, 2nd", vec![found[1].1 / MB]);
        report.add(CYCLES, row, "empty, last", vec![found[last].1 / MB]);
        report.add(CYCLES, row, "last full / 2nd full", vec![found[last].0 / found[1].0]);
    }
    report.note(
        CYCLES,
        "A thousand clients come, all go, twenty times over: full is with them, empty two seconds after.",
    );
    turns.notes.iter().for_each(|note| report.note(CYCLES, note.clone()));
}

/// A relay whose robot's side has left.
fn relay_alone(contestant: Contestant) -> anyhow::Result<Running> {
    let mut options = Options::usual();
    options.settings.push(("limits", "connections", "8192".to_owned()));
    options.settings.push(("limits", "connections_per_local_address", "1024".to_owned()));
    let mut running = contestant.start(&options)?;
    drop(running.processes.pop());
    thread::sleep(SETTLE);
    Ok(running)
}

const fn row(contestant: Contestant) -> &'static str {
    if contestant.wants_robot() { "joywire relay" } else { "Node.js relay" }
}

fn resident(running: &Running) -> f64 {
    bytes(processes::memory(&running.pids()).resident)
}

fn mb(count: u64) -> f64 {
    bytes(count) / MB
}

fn bytes(count: u64) -> f64 {
    // The kernel counts pages.
    f64::from(u32::try_from(count / 1024).unwrap_or(u32::MAX)) * 1024.0
}

fn real(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
