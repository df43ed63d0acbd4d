//! From a stick that is let go at full speed to a frame of zeros, and to motors without current at an emulated Uno.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::Context;
use serde_json::Value;

use super::super::bench::{Bench, Turns};
use super::super::clock::now;
use super::super::contestant::{Contestant, Options, Process, Running};
use super::super::driver::{self, Driver};
use super::super::matching::ms;
use super::super::report::Report;
use super::super::statistics::Samples;

/// On the wire.
const FRAME: &str = "release → frame of zeros";
/// At the motors.
const PWM: &str = "release → PWM zero at an emulated Uno";
/// Releases in a round.
const RELEASES: u64 = 12;
/// From rest to full speed, and a little.
const SPEED_UP: Duration = Duration::from_millis(500);
/// Full speed, permille.
const FULL: i16 = 1000;
/// Zeros come within this.
const PATIENCE: Duration = Duration::from_millis(500);
/// Rows of ours, and their settings: the ramp as it is, and the shortest.
const BRAKES: [(&str, Option<&str>); 2] = [("joywire", None), ("joywire, brake 10 ms", Some("10"))];

/// Measures both.
pub fn run(bench: &Bench, report: &mut Report) {
    let others = [Contestant::Original, Contestant::JoywireApart, Contestant::WebSocket];
    for (row, brake) in BRAKES {
        let turns = bench.in_turns(&format!("release, {row}"), &bench.among(&[Contestant::Joywire]), |contestant| {
            at_line(bench, contestant, &options(brake))
        });
        add(report, FRAME, &turns, |_| row);
    }
    let turns =
        bench.in_turns("release", &bench.among(&others), |contestant| at_line(bench, contestant, &options(None)));
    add(report, FRAME, &turns, Contestant::name);
    report.note(
        FRAME,
        "From full speed, at 115200 baud. Joywire brakes within 60 ms unless it is told otherwise; the others cut.",
    );
    for (row, brake) in BRAKES {
        let turns =
            bench.in_turns(&format!("release at an Uno, {row}"), &bench.among(&[Contestant::Joywire]), |contestant| {
                at_board(bench, contestant, &options(brake))
            });
        add(report, PWM, &turns, |_| row);
    }
    report.note(PWM, "TwoMotors on an emulated ATmega328P; its own ramp comes after ours.");
}

fn options(brake: Option<&str>) -> Options {
    let mut options = Options::usual();
    if let Some(ms) = brake {
        options.settings.push(("drive", "brake_ms", ms.to_owned()));
        options.settings.push(("drive", "turn_brake_ms", ms.to_owned()));
    }
    options
}

fn at_line(bench: &Bench, contestant: Contestant, options: &Options) -> anyhow::Result<Samples> {
    let mut running = contestant.start(options)?;
    driver::runtime()?.block_on(async {
        let mut driver = Driver::connect(&mut running).await?;
        let mut found = Vec::new();
        for number in 0..releases(bench) {
            drop(running.line().take());
            let at = let_go(&mut driver, number).await?;
            let seen = running.line().take();
            anyhow::ensure!(
                seen.iter().any(|frame| frame.at < at && frame.permille == FULL),
                "it never drove at full speed"
            );
            let zero = seen.iter().find(|frame| frame.at >= at && frame.permille == 0);
            found.push(ms(zero.context("it did not stop")?.at - at));
        }
        Ok(Samples::new(found))
    })
}

/// Drives at full speed, and lets go at any moment of ours' steps; returns when.
async fn let_go(driver: &mut Driver, number: u64) -> anyhow::Result<u64> {
    driver.hold(FULL, SPEED_UP).await?;
    driver.listen_for(Duration::from_millis(number * 7 % 20)).await?;
    driver.release().await
}

fn releases(bench: &Bench) -> u64 {
    if bench.quick { 3 } else { RELEASES }
}

fn at_board(bench: &Bench, contestant: Contestant, options: &Options) -> anyhow::Result<Samples> {
    let mut board = Board::start()?;
    let mut running: Running = contestant.start_at(&board.port, options)?;
    driver::runtime()?.block_on(async {
        let mut driver = Driver::connect(&mut running).await?;
        let mut found = Vec::new();
        for number in 0..releases(bench) {
            let at = let_go(&mut driver, number).await?;
            driver.listen_for(PATIENCE).await?;
            found.push(ms(board.zero_after(at)? - at));
        }
        Ok(Samples::new(found))
    })
}

/// An emulated Uno.
struct Board {
    process: Process,
    port: String,
    start: u64,
}

impl Board {
    fn start() -> anyhow::Result<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/firmware");
        let built = |name: &str| -> anyhow::Result<PathBuf> {
            let path = folder.join(name);
            anyhow::ensure!(path.exists(), "{} is not built: make firmware", path.display());
            Ok(path)
        };
        let mut command = Command::new(built("board-uno")?);
        command.arg("--json").arg(built("uno/TwoMotors.elf")?).stdin(Stdio::piped());
        let mut process = Process::start(&mut command)?;
        let line: Value = serde_json::from_str(&process.says("\"port\"")?)?;
        let port = line["port"].as_str().context("the name of its port")?.to_owned();
        let start = line["start_ns"].as_u64().context("when it started")?;
        Ok(Self { process, port, start })
    }

    /// When both motors were without current first, after a moment at which they had some, ns.
    fn zero_after(&mut self, moment: u64) -> anyhow::Result<u64> {
        let mut turned = false;
        for line in self.process.said() {
            let line: Value = serde_json::from_str(&line)?;
            let (Some(us), Some(out)) = (line["us"].as_u64(), line["out"].as_array()) else { continue };
            let at = self.start + us * 1000;
            let still = out.iter().all(|output| output.as_i64() == Some(0));
            turned = if at < moment { !still } else { turned };
            if at >= moment && still && turned {
                return Ok(at);
            }
        }
        anyhow::bail!("its motors did not stop after {moment} ns; it is {} now", now())
    }
}

fn add(report: &mut Report, table: &'static str, turns: &Turns<Samples>, row: impl Fn(Contestant) -> &'static str) {
    for (contestant, rounds) in &turns.rounds {
        let each = |share| rounds.iter().map(|samples| samples.quantile(share)).collect::<Vec<f64>>();
        let pooled = Samples::pooled(rounds);
        report.add(table, row(*contestant), "p50 ms", each(500));
        report.add(table, row(*contestant), "p90 ms", each(900));
        report.add(table, row(*contestant), "p99 ms", vec![pooled.quantile(990)]);
        report.add(table, row(*contestant), "max ms", vec![pooled.quantile(1000)]);
        let count = f64::from(u32::try_from(pooled.count()).unwrap_or(u32::MAX));
        report.add(table, row(*contestant), "releases", vec![count]);
    }
    turns.notes.iter().for_each(|note| report.note(table, note.clone()));
}
