//! What every measure has: who is measured, how often, and turns in which nobody else may be busy.

use std::collections::BTreeMap;
use std::io::Write;

use super::contestant::Contestant;
use super::machine::Watch;

/// A round that something else disturbed is repeated so often at most.
const REPEATS: usize = 3;

/// What was asked for.
#[derive(Clone, Debug)]
pub struct Bench {
    /// Rounds of each measure.
    pub rounds: usize,
    /// Short rounds, to see that it works; figures then mean little.
    pub quick: bool,
    /// Who is measured.
    pub contestants: Vec<Contestant>,
}

/// What turns have found.
#[derive(Debug)]
pub struct Turns<T> {
    /// Each contestant's rounds.
    pub rounds: BTreeMap<Contestant, Vec<T>>,
    /// What to say below the table.
    pub notes: Vec<String>,
}

impl Bench {
    /// Those of `wanted` that were asked for.
    pub fn among(&self, wanted: &[Contestant]) -> Vec<Contestant> {
        wanted.iter().copied().filter(|contestant| self.contestants.contains(contestant)).collect()
    }

    /// A time, shorter if everything is to be quick.
    pub fn time(&self, time: std::time::Duration) -> std::time::Duration {
        if self.quick { time / 5 } else { time }
    }

    /// Lets each contestant do `work` once a round, A B A B, and back from B to A in every second round. `work` starts what
    /// it needs and ends it. A turn in which others were busy is repeated; whoever fails is left out from then on, and both
    /// is noted.
    pub fn in_turns<T>(
        &self,
        what: &str,
        contestants: &[Contestant],
        mut work: impl FnMut(Contestant) -> anyhow::Result<T>,
    ) -> Turns<T> {
        let mut turns = Turns { rounds: BTreeMap::new(), notes: Vec::new() };
        let mut failed = Vec::new();
        for round in 0..self.rounds {
            let order: Vec<Contestant> =
                if round % 2 == 0 { contestants.to_vec() } else { contestants.iter().rev().copied().collect() };
            for contestant in order {
                if failed.contains(&contestant) {
                    continue;
                }
                progress(&format!("{what}: round {} of {}, {}", round + 1, self.rounds, contestant.name()));
                match undisturbed(contestant, &mut turns.notes, &mut work) {
                    Ok(found) => turns.rounds.entry(contestant).or_default().push(found),
                    Err(error) => {
                        progress(&format!("{}: {error:#}", contestant.name()));
                        turns.notes.push(format!("{} is missing: {error:#}", contestant.name()));
                        failed.push(contestant);
                    }
                }
            }
        }
        turns
    }
}

fn undisturbed<T>(
    contestant: Contestant,
    notes: &mut Vec<String>,
    work: &mut impl FnMut(Contestant) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    for turn in 0.. {
        let watch = Watch::start();
        let found = work(contestant)?;
        match watch.disturbed() {
            None => return Ok(found),
            Some(share) if turn < REPEATS => {
                progress(&format!("others took {:.0} % of a CPU: once more", share * 100.0));
            }
            Some(share) => {
                let text = format!(
                    "A round of {} counts although others took {:.0} % of a CPU.",
                    contestant.name(),
                    share * 100.0
                );
                progress(&text);
                notes.push(text);
                return Ok(found);
            }
        }
    }
    unreachable!("turns are without end")
}

/// Tells whoever waits how far it is.
pub fn progress(line: &str) {
    drop(writeln!(std::io::stderr().lock(), "{line}"));
}
