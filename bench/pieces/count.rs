//! Counts instructions: callgrind runs this program twice for each piece, once with twice the rounds. What the second run
//! needs more is the pieces' own, as start and end are the same.
//!
//! Crates for this (gungraun, once iai-callgrind) need a program of their own beside them, of the same version, and take
//! the start of a relay for part of the piece. Two runs and a difference need neither.

use std::path::Path;
use std::process::Command;

use super::budget::Budget;
use super::{PIECES, Piece};

/// With this set the counts become the budget.
const RENEW: &str = "JOYWIRE_WRITE";

/// Counts all pieces and compares them with the budget, or renews it.
pub fn compare() {
    let home = tempfile::tempdir().unwrap();
    let counts: Vec<(&Piece, u64)> = PIECES.iter().map(|piece| (piece, count(piece, home.path()))).collect();
    if std::env::var_os(RENEW).is_some() {
        Budget::write(&counts);
        println!("the budget is renewed: {}", Budget::PATH);
        return;
    }
    let budget = Budget::read();
    let mut wrong = Vec::new();
    println!("| piece | instructions | budget | difference | allowed |");
    println!("| --- | ---: | ---: | ---: | ---: |");
    for (piece, counted) in counts {
        match budget.verdict(piece, counted) {
            Ok(row) => println!("{row}"),
            Err((row, why)) => {
                println!("{row}");
                wrong.push(why);
            }
        }
    }
    if !wrong.is_empty() {
        println!("\n{}", wrong.join("\n"));
        println!(
            "If it is meant to, renew {} with `{RENEW}=1 make instructions` and say why in the commit. If everything is \
             several times its budget, the build is not the one of `make instructions`: Cargo.toml's profile.dev has \
             opt-levels that the budget counts on.",
            Budget::PATH
        );
        std::process::exit(1);
    }
}

/// Instructions of one round of a piece.
fn count(piece: &Piece, home: &Path) -> u64 {
    let [once, twice] = [piece.rounds, 2 * piece.rounds].map(|rounds| run(piece.name, rounds, home));
    twice.saturating_sub(once) / piece.rounds
}

/// Instructions of a whole run.
fn run(name: &str, rounds: u64, home: &Path) -> u64 {
    let file = home.join("callgrind.out");
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--error-exitcode=1"]).arg(format!("--callgrind-out-file={}", file.display()));
    valgrind.arg(std::env::current_exe().unwrap()).args(["--do", name, &rounds.to_string()]);
    let ended = valgrind.output().unwrap_or_else(|error| {
        panic!("valgrind could not be started: {error}: install it with your system's packages, `apt install valgrind`")
    });
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(ended.status.success(), "{name} failed under valgrind: {said}");
    let written = std::fs::read_to_string(&file).unwrap();
    let totals = written.lines().find_map(|line| line.strip_prefix("totals: ").or(line.strip_prefix("summary: ")));
    totals.and_then(|count| count.trim().parse().ok()).unwrap_or_else(|| panic!("callgrind counted nothing: {said}"))
}
