//! A robot's snapshots to a crowd: what each delivery costs the relay, and how late the last of a hundred is.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::thread;
use std::time::Duration;

use joywire::protocol::events::{State, Telemetry, name};

use super::super::bench::{Bench, Turns};
use super::super::contestant::{Contestant, Options, Running};
use super::super::matching::ms;
use super::super::processes;
use super::super::report::Report;
use super::super::statistics::Samples;
use super::super::watchers::{Crowd, Heard, Source};

/// Watchers, and for how long.
const CROWDS: [(&str, usize); 2] = [("fan-out to 100 watchers", 100), ("fan-out to 500 watchers", 500)];
const TIME: Duration = Duration::from_secs(6);
/// As often as a robot reports, and Joywire tells of it.
const EVERY: Duration = Duration::from_millis(25);
/// What begins together is over by then: code is warm, windows of TCP have grown.
const SETTLE: Duration = Duration::from_secs(1);
/// For all to be let in.
pub const LET_IN: Duration = Duration::from_secs(90);

/// One crowd's round.
struct Round {
    samples: Samples,
    deliveries: f64,
    cost_us: f64,
    bytes: f64,
    seconds: f64,
    /// Events of which not all have heard, in deliveries.
    missing: f64,
}

/// Measures both crowds.
pub fn run(bench: &Bench, report: &mut Report) {
    let contestants = bench.among(&[Contestant::Original, Contestant::Joywire, Contestant::JoywireApart]);
    for (table, count) in CROWDS {
        let turns = bench.in_turns("fan-out", &contestants, |contestant| round(bench, contestant, count));
        add(report, table, &turns);
    }
}

/// Room for a crowd at ours, as a class or a fair would configure it.
pub fn roomy() -> Options {
    let mut options = Options::fast();
    options.settings.push(("limits", "connections", "1024".to_owned()));
    options.settings.push(("limits", "connections_per_local_address", "1024".to_owned()));
    options
}

/// Where a crowd connects: the relay's port on this machine.
///
/// # Errors
/// If it listens nowhere.
pub fn place(running: &Running) -> anyhow::Result<SocketAddr> {
    Ok((Ipv4Addr::LOCALHOST, running.address()?.port()).into())
}

fn round(bench: &Bench, contestant: Contestant, count: usize) -> anyhow::Result<Round> {
    let running = contestant.start(&roomy())?;
    let to = place(&running)?;
    let crowd = Crowd::gather(to, count, LET_IN)?;
    // At ours the robot itself is the source: it reports, and its agent tells of it. The original's has nothing to tell.
    let source =
        (!contestant.wants_robot()).then(|| Source::start(to, name::TELEMETRY, &snapshot(), EVERY)).transpose()?;
    thread::sleep(SETTLE);
    // Who passes things on: the relay. Ours in one process has the agent in it.
    let relay = &running.pids()[..1];
    drop(running.line().take_reports());
    crowd.record();
    let before = (processes::cpu(relay), crowd.deliveries(), crowd.bytes());
    let time = bench.time(TIME);
    thread::sleep(time);
    let after = (processes::cpu(relay), crowd.deliveries(), crowd.bytes());
    // What is on its way still arrives.
    thread::sleep(Duration::from_millis(300));
    anyhow::ensure!(crowd.lost() == 0, "{} of {count} watchers have lost their connection", crowd.lost());
    let heard = crowd.heard();
    let reports = || running.line().take_reports().into_iter().map(|told| Heard { key: told.tick.into(), at: told.at });
    let said = source.as_ref().map_or_else(|| reports().collect(), Source::said);
    drop(source);
    let whole = |count: u64| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    let deliveries = whole(after.1 - before.1);
    let (samples, missing) = delays(&said, &heard, count);
    Ok(Round {
        samples,
        deliveries,
        cost_us: ms(after.0 - before.0) * 1000.0 / deliveries,
        bytes: whole(after.2 - before.2) / deliveries,
        seconds: time.as_secs_f64(),
        missing,
    })
}

/// How long each delivery took, ms, and how many did not come, of what was said while it was noted.
fn delays(said: &[Heard], heard: &[Heard], watchers: usize) -> (Samples, f64) {
    let at: HashMap<u64, u64> = said.iter().map(|one| (one.key, one.at)).collect();
    let mut counts: HashMap<u64, usize> = HashMap::new();
    for one in heard {
        *counts.entry(one.key).or_default() += 1;
    }
    let known = |one: &&Heard| at.contains_key(&one.key);
    let samples = heard.iter().filter(known).map(|one| ms(one.at.saturating_sub(at[&one.key])));
    // At both ends some are noted and others not.
    let (first, last) = (heard.iter().map(|h| h.key).min(), heard.iter().map(|h| h.key).max());
    let inside = said.iter().filter(|one| Some(one.key) > first && Some(one.key) < last);
    let missing: usize = inside.map(|one| watchers.saturating_sub(counts.get(&one.key).copied().unwrap_or(0))).sum();
    (Samples::new(samples), f64::from(u32::try_from(missing).unwrap_or(u32::MAX)))
}

/// A snapshot as ours tells it of a robot that is ready, for the original's relay to pass on.
fn snapshot() -> String {
    let telemetry = Telemetry {
        tick: Some(0),
        session: Some(2_587_623_490),
        wheels: vec![0, 0],
        state: State::Ready,
        battery_mv: Some(7400),
        ..Telemetry::default()
    };
    serde_json::to_string(&telemetry).unwrap_or_default()
}

fn add(report: &mut Report, table: &'static str, turns: &Turns<Round>) {
    for (contestant, rounds) in &turns.rounds {
        let row = contestant.name();
        let each = |of: &dyn Fn(&Round) -> f64| rounds.iter().map(of).collect::<Vec<f64>>();
        report.add(table, row, "CPU µs a delivery", each(&|round| round.cost_us));
        report.add(table, row, "p50 ms", each(&|round| round.samples.quantile(500)));
        report.add(table, row, "p99 ms", each(&|round| round.samples.quantile(990)));
        report.add(table, row, "deliveries/s", each(&|round| round.deliveries / round.seconds));
        report.add(table, row, "bytes each", each(&|round| round.bytes));
        report.add(table, row, "missing", each(&|round| round.missing));
    }
    report.note(
        table,
        "A snapshot 40 times a second. At Joywire from the robot's report on the serial line, which its agent reads, until a \
         watcher has the telemetry; CPU of the whole process, with the agent in it, or of the relay. At the original from a \
         client's emit of as many bytes; CPU of the relay alone, without its agent, which hears everything as well.",
    );
    turns.notes.iter().for_each(|note| report.note(table, note.clone()));
}
