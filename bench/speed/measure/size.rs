//! How large the program is, and how long it takes to build it from nothing.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};

use super::super::bench::{Bench, progress};
use super::super::clock::now;
use super::super::matching::ms;
use super::super::report::Report;

/// The table.
const TABLE: &str = "size and build";
/// Set to anything, the build is measured as well; it takes minutes.
const WITH_BUILD: &str = "JOYWIRE_BENCH_BUILD";

/// Measures the release binary, and the build if that is wanted.
pub fn run(_bench: &Bench, report: &mut Report) {
    match sizes() {
        Ok([whole, stripped]) => {
            report.add(TABLE, "joywire", "binary MB", vec![whole]);
            report.add(TABLE, "joywire", "stripped MB", vec![stripped]);
        }
        Err(error) => report.note(TABLE, format!("The size is missing: {error:#}")),
    }
    if std::env::var_os(WITH_BUILD).is_some() {
        match build() {
            Ok(seconds) => report.add(TABLE, "joywire", "clean release build s", vec![seconds]),
            Err(error) => report.note(TABLE, format!("The build is missing: {error:#}")),
        }
    } else {
        report.note(TABLE, format!("A clean build is measured with {WITH_BUILD}=1; it takes minutes."));
    }
    report.note(TABLE, "The page and all it needs is in the binary. MB are 1,000,000 bytes.");
}

fn sizes() -> anyhow::Result<[f64; 2]> {
    let binary = Path::new(env!("CARGO_BIN_EXE_joywire"));
    let home = tempfile::tempdir()?;
    let stripped = home.path().join("joywire");
    let done = Command::new("strip").arg("-o").arg(&stripped).arg(binary).status().context("there is no strip")?;
    ensure!(done.success(), "strip did not work");
    let size =
        |path: &Path| -> anyhow::Result<f64> { Ok(f64::from(u32::try_from(path.metadata()?.len())?) / 1_000_000.0) };
    Ok([size(binary)?, size(&stripped)?])
}

/// Seconds from nothing to the release binary; what is downloaded was downloaded before.
fn build() -> anyhow::Result<f64> {
    let target = tempfile::tempdir()?;
    progress("a clean build");
    let cargo = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO"));
        command.args(words).current_dir(env!("CARGO_MANIFEST_DIR")).env("CARGO_TARGET_DIR", target.path());
        command.stdout(Stdio::null()).stderr(Stdio::null()).status()
    };
    ensure!(cargo(&["fetch"])?.success(), "cargo fetch did not work");
    let began = now();
    ensure!(cargo(&["build", "--release", "--bin", "joywire"])?.success(), "cargo build did not work");
    Ok(ms(now() - began) / 1000.0)
}
