//! The safety campaign: thousands of seeded worlds in which everything fails, and one judge.
//!
//! `JOYWIRE_SEEDS=100000 cargo test --test world` runs more of them, `JOYWIRE_SEED=4711` only one.

mod common;

use std::env;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use common::bugs::Bug;
use common::faults::{Kind, Story, Tally};
use common::judge::I1;
use common::world::{Report, World};

/// Seeds of an ordinary run.
const SEEDS: u64 = 10_000;
/// A planted bug must be found within so many.
const PLANTED: u64 = 400;

fn number(variable: &str) -> Option<u64> {
    env::var(variable).ok().map(|text| text.parse().expect("a whole number"))
}

/// Runs the seeds on all cores until a promise is broken.
fn campaign(seeds: Range<u64>, world: impl Fn(u64) -> World + Sync) -> Vec<Report> {
    let next = AtomicU64::new(seeds.start);
    let cores = thread::available_parallelism().map_or(2, usize::from);
    let work = || {
        let mut reports = Vec::new();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                return reports;
            }
            let report = world(seed).run();
            if report.violation.is_some() {
                next.store(seeds.end, Ordering::Relaxed);
            }
            reports.push(report);
        }
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("a worker ends well")).collect()
    })
}

fn verdict(report: &Report) -> Option<String> {
    let violation = report.violation.as_ref()?;
    let (seed, rule, story) = (report.seed, violation.rule, &violation.story);
    Some(format!("seed {seed} breaks {rule} {story}rerun: JOYWIRE_SEED={seed} cargo test --test world every_promise"))
}

/// Goal: in thousands of worlds full of faults no promise is broken, robots still drive, and every
/// kind of fault has occurred.
#[test]
fn every_promise_holds_in_every_world() {
    let seeds = match number("JOYWIRE_SEED") {
        Some(seed) => seed..seed + 1,
        None => 1..number("JOYWIRE_SEEDS").unwrap_or(SEEDS) + 1,
    };
    let reports = campaign(seeds, |seed| World::new(seed, Bug::None));
    if let Some(verdict) = reports.iter().find_map(verdict) {
        panic!("{verdict}");
    }
    let mut tally = Tally::default();
    for report in &reports {
        tally.add(&report.tally);
    }
    let virtual_ms: u64 = reports.iter().map(|report| report.length).sum();
    let moved_ms: u64 = reports.iter().map(|report| report.moved_ms).sum();
    let moved = reports.iter().filter(|report| report.moved_ms > 0).count();
    let worst = reports.iter().map(|report| report.worst).max().unwrap_or(0);
    println!("{} worlds, {} virtual minutes, motion in {moved} worlds", reports.len(), virtual_ms / 60_000);
    println!("{} minutes of motion, at most {worst} ms after the last sample", moved_ms / 60_000);
    for kind in Kind::ALL {
        println!("  {kind:?}: {}", tally.of(kind));
    }
    if reports.len() >= 1000 {
        assert!(moved * 2 > reports.len(), "only {moved} worlds saw motion");
        assert!(moved_ms * 10 > virtual_ms, "only {moved_ms} of {virtual_ms} ms saw motion");
        assert!(worst > 150, "the worst case was never near");
        assert!(Kind::ALL.into_iter().all(|kind| tally.of(kind) > 0), "a kind of fault never occurred: {tally:?}");
        let quiet = reports.iter().filter(|report| report.story == Story::Quiet);
        assert!(quiet.into_iter().all(|report| report.moved_ms > 2_000), "a quiet world hardly moved");
    }
}

/// Looks for a world that shows the bug; tells the rule and the seed.
fn find(world: impl Fn(u64) -> World + Sync) -> Option<(&'static str, u64)> {
    let reports = campaign(1..PLANTED + 1, world);
    let found = reports.iter().filter_map(|report| Some((report.violation.as_ref()?.rule, report.seed)));
    found.min_by_key(|(_, seed)| *seed)
}

/// Goal: the judge is awake: every planted bug is found within a few hundred worlds.
#[test]
fn every_planted_bug_is_found() {
    for bug in Bug::ALL {
        let found = find(|seed| World::new(seed, bug));
        let (rule, seed) = found.unwrap_or_else(|| panic!("{bug:?} was not found in {PLANTED} worlds"));
        println!("{bug:?}: found by {rule} in world {seed}");
    }
}

/// Goal: it is the effect that gives bugs away, not only their way of working: the weaker acceptance
/// rules of firmware really move motors without a hand, and so on.
#[test]
fn planted_bugs_show_by_their_effect() {
    for (bug, rule) in [
        (Bug::ArrivalTime, I1),
        (Bug::ShortTick, I1),
        (Bug::TickAlone, I1),
        (Bug::LateZero, I1),
        (Bug::StampOnArrival, I1),
        (Bug::RepeatedCommand, I1),
        (Bug::AnyoneDrives, I1),
        (Bug::KeepAlive, "I4 neutral after a gap"),
        (Bug::SessionOverReset, "I5 motion before arming"),
        (Bug::ForgottenLatch, "I6 motion while latched"),
        (Bug::LingeringHolder, "I7 handover"),
    ] {
        let found = find(|seed| World::new(seed, bug).judged_by(rule));
        let (_, seed) = found.unwrap_or_else(|| panic!("{bug:?} showed no {rule} in {PLANTED} worlds"));
        println!("{bug:?}: {rule} in world {seed}");
    }
}
