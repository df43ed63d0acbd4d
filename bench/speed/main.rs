//! Speed, side by side with the system that Joywire follows and with the floors below both: `cargo bench --bench speed`.

#![expect(clippy::print_stdout, reason = "figures are all that it is for")]
#![expect(clippy::disallowed_methods, reason = "it measures real time")]

mod bench;
mod clock;
mod contestant;
mod driver;
mod goals;
mod line;
mod machine;
mod matching;
mod measure;
mod processes;
mod report;
mod statistics;
mod strangers;
mod triangle;
mod watchers;

use std::path::PathBuf;

use anyhow::Context;
use clap::Parser;

use bench::Bench;
use contestant::Contestant;
use report::Report;

/// Measures Joywire side by side with the shape of the system that it follows, and with the floors below both.
///
/// Each round starts every contestant anew at a pseudo-terminal, in turns; one client, on one clock, drives them all. A round in
/// which something else was busy on the machine is repeated. Tables go to standard output and, with JSON, into a folder.
#[derive(Debug, Parser)]
#[command(
    name = "speed",
    after_help = "The whole takes less than half an hour; `--quick` takes a few minutes, and its figures mean little."
)]
struct Args {
    /// What is measured, with commas between; all without it. See below.
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    measures: Vec<String>,
    /// Who is measured, with commas between; all without it.
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    contestants: Vec<String>,
    /// Rounds of each; fewer than five tell little.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Short rounds, to see whether it works.
    #[arg(long)]
    quick: bool,
    /// Where speed.md and speed.json are written.
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/target/bench"), value_name = "FOLDER")]
    output: PathBuf,
    /// Lists measures and contestants.
    #[arg(long)]
    list: bool,
    /// As cargo says it.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> anyhow::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.first().is_some_and(|word| word == contestant::FLOOR) {
        return contestant::serve_floor(&words[1..]);
    }
    let args = Args::parse();
    if args.list {
        list();
        return Ok(());
    }
    let measures = chosen(&args.measures, measure::ALL, |measure| measure.name)?;
    let contestants = chosen(&args.contestants, &Contestant::ALL, |contestant| contestant.name())?;
    let contestants = contestants.into_iter().copied().collect();
    let bench = Bench { rounds: args.rounds.max(1), quick: args.quick, contestants };
    let mut report = Report::default();
    for measure in measures {
        (measure.run)(&bench, &mut report);
    }
    let machine = machine::described();
    let text = report.markdown(&machine, bench.rounds);
    println!("{text}");
    std::fs::create_dir_all(&args.output).with_context(|| format!("{} cannot be made", args.output.display()))?;
    std::fs::write(args.output.join("speed.md"), &text)?;
    let data = serde_json::to_string_pretty(&report.json(&machine, bench.rounds))?;
    std::fs::write(args.output.join("speed.json"), data)?;
    Ok(())
}

/// Those of `all` that are named; all if none is.
fn chosen<'a, T>(named: &[String], all: &'a [T], name: impl Fn(&T) -> &'static str) -> anyhow::Result<Vec<&'a T>> {
    if named.is_empty() {
        return Ok(all.iter().collect());
    }
    named
        .iter()
        .map(|wanted| {
            let known = || all.iter().map(&name).collect::<Vec<_>>().join(", ");
            all.iter().find(|one| name(one) == wanted).with_context(|| format!("there is no {wanted}, but {}", known()))
        })
        .collect()
}

fn list() {
    println!("measures:");
    for measure in measure::ALL {
        println!("  {:<18} {}", measure.name, measure.finds);
    }
    println!("contestants:");
    for contestant in Contestant::ALL {
        println!("  {:<18} {}", contestant.name(), contestant.describes());
    }
}
