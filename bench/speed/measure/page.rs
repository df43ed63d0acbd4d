//! How soon a phone's browser shows the page, and the robot on it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};
use serde_json::Value;

use super::super::bench::{Bench, progress};
use super::super::contestant::{Contestant, Options};
use super::super::report::Report;
use super::super::statistics::Samples;

/// The table.
const TABLE: &str = "page in Chromium";
const LOADS: &str = "5";
/// What each load tells, and what that is called.
const COLUMNS: [(&str, &str); 4] =
    [("load_ms", "load event ms"), ("shown_ms", "shown ms"), ("requests", "requests"), ("bytes", "bytes")];

/// Measures pages that are loaded for the first time, by a browser on the same machine.
pub fn run(bench: &Bench, report: &mut Report) {
    let contestants = bench.among(&[Contestant::Original, Contestant::Joywire]);
    // Turns of its own: a browser's processes do not end as our children, and would be taken for others who are busy.
    let (mut found, mut notes) = (BTreeMap::<Contestant, Vec<Vec<Value>>>::new(), Vec::new());
    for round in 1..=bench.rounds {
        for contestant in &contestants {
            progress(&format!("page: round {round} of {}, {}", bench.rounds, contestant.name()));
            match turn(*contestant) {
                Ok(loads) => found.entry(*contestant).or_default().push(loads),
                Err(error) => notes.push(format!("{} is missing: {error:#}", contestant.name())),
            }
        }
    }
    for (contestant, rounds) in &found {
        for (key, column) in COLUMNS {
            let median = |loads: &Vec<Value>| Samples::new(loads.iter().filter_map(|load| load[key].as_f64())).median();
            report.add(TABLE, contestant.name(), column, rounds.iter().map(median).collect());
        }
    }
    report.note(
        TABLE,
        "Each first load of a fresh browser profile of a phone. Shown: Joywire's page shows the state of the robot; the original's \
         page, of a few buttons and the Socket.IO client, has connected.",
    );
    for note in notes {
        report.note(TABLE, note);
    }
}

fn turn(contestant: Contestant) -> anyhow::Result<Vec<Value>> {
    let running = contestant.start(&Options::usual())?;
    load(&running.address()?.to_string())
}

fn load(url: &str) -> anyhow::Result<Vec<Value>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("bench/page.mjs");
    let output = Command::new("node").arg(script).args([url, LOADS]).output().context("there is no node")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "the browser did not load it: {}", said.trim());
    let found: Value = serde_json::from_slice(&output.stdout).context("what the browser's script said is no JSON")?;
    Ok(found["loads"].as_array().cloned().unwrap_or_default())
}
