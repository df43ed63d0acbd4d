//! Times, with their spread.

use std::time::Instant;

use super::PIECES;

/// Each is measured so many times, in turns with the others.
const ROUNDS: usize = 15;
/// One measurement lasts about so long, ns.
const LASTS: u128 = 50_000_000;

/// How long `work` takes, ns.
pub fn of(work: impl FnOnce()) -> u128 {
    let began = Instant::now();
    work();
    began.elapsed().as_nanos()
}

/// Measures and prints all pieces.
pub fn table() {
    let counts: Vec<u64> = PIECES.iter().map(|piece| enough(piece.run)).collect();
    let mut taken = vec![Vec::new(); PIECES.len()];
    for _ in 0..ROUNDS {
        for ((piece, count), taken) in PIECES.iter().zip(&counts).zip(&mut taken) {
            taken.push((piece.run)(*count) / u128::from(*count));
        }
    }
    println!("| piece | median | least | most |");
    println!("| --- | ---: | ---: | ---: |");
    for (piece, mut taken) in PIECES.iter().zip(taken) {
        taken.sort_unstable();
        let [least, median, most] = [0, ROUNDS / 2, ROUNDS - 1].map(|place| shown(taken[place]));
        println!("| {} | {median} | {least} | {most} |", piece.name);
    }
}

/// So many that they last long enough to be measured.
fn enough(run: fn(u64) -> u128) -> u64 {
    let mut count = 16;
    loop {
        let took = run(count);
        if took >= LASTS / 4 {
            return u64::try_from(u128::from(count) * LASTS / took).unwrap().max(1);
        }
        count *= 4;
    }
}

fn shown(ns: u128) -> String {
    if ns < 10_000 { format!("{ns} ns") } else { format!("{} µs", ns / 1000) }
}
