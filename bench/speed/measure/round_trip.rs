//! From a press to the answer of the robot's side, at 50 Hz; and, at ours, from a sample to the telemetry that shows it.

use std::collections::VecDeque;
use std::time::Duration;

use joywire::protocol::events::name;
use serde_json::{Value, json};

use super::super::bench::{Bench, Turns};
use super::super::clock::{Beat, now};
use super::super::contestant::{Contestant, Options};
use super::super::driver::{self, Driver, Heard};
use super::super::matching::{Seen, Sent, matched, ms};
use super::super::report::Report;
use super::super::statistics::Samples;
use super::super::triangle::Triangle;

/// `direction` → `reply`.
const ANSWERED: &str = "round trip at 50 Hz";
/// A sample → telemetry.
const SHOWN: &str = "sample → telemetry that shows it, at 50 Hz";
/// Of everything.
const EVERY: Duration = Duration::from_millis(20);
/// A round.
const TIME: Duration = Duration::from_secs(6);
/// Answers come within this.
const LINGER: Duration = Duration::from_millis(300);
/// Who has events.
const WITH_EVENTS: [Contestant; 4] =
    [Contestant::Original, Contestant::OriginalUnlocked, Contestant::Joywire, Contestant::JoywireApart];
/// Who has telemetry.
const WITH_TELEMETRY: [Contestant; 2] = [Contestant::Joywire, Contestant::JoywireApart];

/// What a round found, and how many were not answered.
type Round = (Samples, usize);

/// Measures both.
pub fn run(bench: &Bench, report: &mut Report) {
    let answered = bench.in_turns("round trip", &bench.among(&WITH_EVENTS), |contestant| {
        let mut running = contestant.start(&Options::fast())?;
        driver::runtime()?.block_on(async {
            let mut driver = Driver::connect(&mut running).await?;
            presses(&mut driver, contestant.wants_robot(), bench.time(TIME)).await
        })
    });
    add(report, ANSWERED, &answered);
    report
        .note(ANSWERED, "`direction` → `reply`, which the robot's side says once its frame is decided on or written.");
    let shown = bench.in_turns("sample → telemetry", &bench.among(&WITH_TELEMETRY), |contestant| {
        let mut running = contestant.start(&Options::fast())?;
        driver::runtime()?.block_on(async {
            let mut driver = Driver::connect(&mut running).await?;
            samples(&mut driver, bench.time(TIME)).await
        })
    });
    add(report, SHOWN, &shown);
    report.note(SHOWN, "Most of it is the robot's own: it reports every 25 ms.");
}

/// Presses, and waits for their answers.
async fn presses(driver: &mut Driver, words: bool, time: Duration) -> anyhow::Result<Round> {
    let mut speeds = Triangle::of_steps(3);
    let mut open: VecDeque<(u64, Value)> = VecDeque::new();
    let mut found = Vec::new();
    let (mut beat, end) = (Beat::every(EVERY)?, now() + u64::try_from(time.as_nanos())?);
    let mut pressed = 0;
    while now() < end {
        tokio::select! {
            biased;
            moments = beat.next() => for intended in moments? {
                // Ours knows words, the other's frame follows the number.
                let press = if words { json!("up") } else { json!(speeds.next()) };
                driver.emit(name::DIRECTION, std::slice::from_ref(&press))?;
                open.push_back((intended, press));
                pressed += 1;
            },
            heard = driver.listen() => found.extend(answer(&heard?, &mut open)),
        }
    }
    let over = now() + u64::try_from(LINGER.as_nanos())?;
    while now() < over && !open.is_empty() {
        if let Ok(heard) = tokio::time::timeout(LINGER, driver.listen()).await {
            found.extend(answer(&heard?, &mut open));
        }
    }
    let lost = pressed - found.len();
    Ok((Samples::new(found), lost))
}

/// How long a press took that is answered now, ms; those before it never will be.
fn answer(heard: &Heard, open: &mut VecDeque<(u64, Value)>) -> Option<f64> {
    let said = heard.args.first().filter(|_| heard.event == name::REPLY)?;
    let data = &said[0]["data"];
    while let Some((intended, press)) = open.pop_front() {
        if press == *data {
            return Some(ms(heard.at.saturating_sub(intended)));
        }
    }
    None
}

/// Drives, and looks at the wheels in telemetry.
async fn samples(driver: &mut Driver, time: Duration) -> anyhow::Result<Round> {
    driver.speed_up().await?;
    let (mut speeds, mut sent, mut seen) = (Triangle::of_steps(3), Vec::new(), Vec::new());
    let (mut beat, end) = (Beat::every(EVERY)?, now() + u64::try_from(time.as_nanos())?);
    while now() < end {
        tokio::select! {
            biased;
            moments = beat.next() => for intended in moments? {
                let permille = speeds.next().unwrap_or_default();
                sent.push(Sent { intended, handed: now(), permille });
                driver.say(permille).await?;
            },
            heard = driver.listen() => {
                let heard = heard?;
                let wheels = driver.telemetry().filter(|_| heard.event == name::TELEMETRY);
                let permille = wheels.and_then(|telemetry| telemetry.wheels.first().copied());
                seen.extend(permille.map(|permille| Seen { at: heard.at, permille }));
            }
        }
    }
    let found = matched(&sent, &seen, 90);
    // The last ones are on their way.
    Ok((Samples::new(found.latencies), found.lost.saturating_sub(3)))
}

fn add(report: &mut Report, table: &'static str, turns: &Turns<Round>) {
    for (contestant, rounds) in &turns.rounds {
        let each = |share| rounds.iter().map(|(samples, _)| samples.quantile(share)).collect::<Vec<f64>>();
        report.add(table, contestant.name(), "p50 ms", each(500));
        report.add(table, contestant.name(), "p90 ms", each(900));
        report.add(table, contestant.name(), "p99 ms", each(990));
        let lost = rounds.iter().map(|(_, lost)| f64::from(u32::try_from(*lost).unwrap_or(u32::MAX)));
        report.add(table, contestant.name(), "lost", vec![lost.sum()]);
    }
    turns.notes.iter().for_each(|note| report.note(table, note.clone()));
}
