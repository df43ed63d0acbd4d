//! Programs that are killed while they write.

use std::collections::HashSet;
use std::thread;
use std::time::Duration;

use crate::random::Random;
use crate::rig::Rig;
use crate::writer::{Told, Writer};

const KILLS: usize = 300;

/// Goal: whatever a program acknowledged before it was killed is in the log, the log is what was written, and each such
/// end is told.
#[test]
fn what_was_acknowledged_outlives_three_hundred_kills() {
    let seed =
        std::env::var("JOYWIRE_SEED").map_or_else(|_| u64::from(std::process::id()), |seed| seed.parse().unwrap());
    println!("JOYWIRE_SEED={seed}");
    let mut random = Random::new(seed);
    let rig = Rig::new();
    let (mut kept, mut kills) = (Vec::new(), 0);
    while kills < KILLS {
        // One at a time, or several that share the log.
        let count = if random.below(4) == 0 { 3 } else { 1 };
        let pause = Duration::from_micros(random.below(3) * 300);
        let mut writers: Vec<_> =
            (0..count).map(|number| Writer::start(&rig.data, &format!("{kills}.{number}"), pause, |_| ())).collect();
        // Most are killed at work, some while they open the log.
        if random.below(5) > 0 {
            for writer in &writers {
                writer.speaks();
            }
        }
        kills += count;
        while !writers.is_empty() {
            thread::sleep(Duration::from_micros(random.between(5_000, 80_000) / count as u64));
            let writer = writers.swap_remove(usize::try_from(random.below(writers.len() as u64)).unwrap());
            for told in writer.kill() {
                match told {
                    Told::Kept(text) => kept.push(text),
                    Told::Noted(..) => {}
                    Told::Refused(text) => panic!("{text} was refused on a disk with room"),
                }
            }
        }
    }
    rig.close(&rig.open());
    rig.sound();
    assert!(kept.len() > 3 * KILLS, "only {} were acknowledged: that is no load", kept.len());
    let rows = rig.rows();
    let texts: HashSet<&str> = rows.iter().map(|row| row.text.as_str()).collect();
    let missing: Vec<_> = kept.iter().filter(|text| !texts.contains(text.as_str())).collect();
    assert!(missing.is_empty(), "{} of {} acknowledged records are missing: {missing:?}", missing.len(), kept.len());
    assert_eq!(texts.len(), rows.len(), "a record is there twice");
    let runs: i64 = rig.sqlite().query_row("SELECT count(*) FROM run", [], |row| row.get(0)).unwrap();
    let open: i64 =
        rig.sqlite().query_row("SELECT count(*) FROM run WHERE closed_ms IS NULL", [], |row| row.get(0)).unwrap();
    // All but the last one, which ended as it should.
    assert_eq!((rig.gaps().len(), open), (usize::try_from(runs).unwrap() - 1, 0));
    let locks = std::fs::read_dir(rig.data.join("log"))
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().starts_with("run-"));
    // A lock stays where the program was killed before it had told its name: a few.
    println!("{} acknowledged, {} entries, {} runs, {} locks left", kept.len(), rows.len(), runs, locks.count());
}
