//! Files that are damaged, and files that somebody changed.

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::Path;

use joywire::journal::chain::{Break, Head};
use joywire::journal::verify::{Compared, compare};
use joywire::journal::{Kept, Kind, Record};

use crate::random::Random;
use crate::rig::{Rig, chat};

const PAGE: u64 = 4096;

fn numbers(range: std::ops::Range<u32>) -> impl Iterator<Item = String> {
    // Long enough that a page holds few of them.
    range.map(|number| format!("{number} {}", "y".repeat(100)))
}

/// What is there after damage: a beginning of what was said, and then what came afterwards.
fn holds_a_beginning(rig: &Rig, of: &[String], after: &str) -> usize {
    let said = rig.said();
    let (last, before) = said.split_last().unwrap();
    assert_eq!(last, after);
    assert!(before.len() <= of.len() && before == &of[..before.len()], "not a beginning: {before:?}");
    before.len()
}

/// Goal: wherever bytes of the file are spoilt, the log goes on: damage that is found is said, the file set aside, and what
/// could be read carried over; damage that is not found spoils nothing that is shown as whole.
#[test]
fn spoilt_pages_are_found_and_the_rest_is_kept() {
    let seed =
        std::env::var("JOYWIRE_SEED").map_or_else(|_| u64::from(std::process::id()), |seed| seed.parse().unwrap());
    println!("JOYWIRE_SEED={seed}");
    let mut random = Random::new(seed);
    let whole = Rig::new();
    let texts: Vec<String> = numbers(0..600).collect();
    whole.write(texts.iter().cloned());
    let bytes = fs::read(whole.file()).unwrap();
    let pages = bytes.len() as u64 / PAGE;
    assert!(pages > 20, "{pages} pages");
    let (mut set_aside, mut carried) = (0, 0);
    for round in 0..40 {
        let rig = Rig::new();
        fs::create_dir(rig.data.join("log")).unwrap();
        fs::write(rig.file(), &bytes).unwrap();
        let file = fs::OpenOptions::new().write(true).open(rig.file()).unwrap();
        for _ in 0..=random.below(3) {
            let noise: Vec<u8> = (0..random.between(1, 2000)).map(|_| random.below(256).try_into().unwrap()).collect();
            // The first page now and then, else it would be spoilt too seldom.
            let page = if random.below(8) == 0 { 0 } else { random.below(pages) };
            file.write_all_at(&noise, page * PAGE + random.below(PAGE - noise.len() as u64)).unwrap();
        }
        drop(file);
        let journal = rig.open();
        assert_eq!(rig.keep(&journal, chat("after")), Kept::Yes, "round {round}");
        rig.close(&journal);
        if rig.aside().is_empty() {
            // Spoilt letters are no damage to SQLite. They are to the chain, unless free room was hit.
            match rig.reader().verify() {
                Ok(report) if report.broken.is_none() => assert_eq!(holds_a_beginning(&rig, &texts, "after"), 600),
                Ok(_) => {}
                Err(trouble) => panic!("round {round}: {trouble}"),
            }
            continue;
        }
        set_aside += 1;
        assert_eq!(rig.aside().len(), 1, "round {round}");
        let report = rig.sound();
        carried += usize::from(holds_a_beginning(&rig, &texts, "after") > 0);
        let gaps = rig.gaps();
        let gap = gaps.iter().find(|gap| gap["file"].is_string()).expect("no gap tells of it");
        let name = gap["file"].as_str().unwrap();
        assert_eq!(rig.aside()[0].file_name().unwrap(), name);
        assert!(report.entries > 1);
    }
    println!("{set_aside} of 40 were set aside, {carried} of these with entries that could be read");
    assert!(set_aside > 10 && carried > 3, "{set_aside} set aside, {carried} carried");
}

/// Goal: what is no database at all is set aside, an empty file is a new log.
#[test]
fn garbage_is_set_aside_and_nothing_is_a_beginning() {
    for (bytes, aside) in [(vec![0x55; 10_000], 1), (b"hello".to_vec(), 1), (Vec::new(), 0)] {
        let rig = Rig::new();
        fs::create_dir(rig.data.join("log")).unwrap();
        fs::write(rig.file(), &bytes).unwrap();
        rig.write(["after".to_owned()]);
        assert_eq!((rig.said(), rig.aside().len()), (vec!["after".to_owned()], aside));
        if let [kept] = rig.aside().as_slice() {
            assert_eq!(fs::read(kept).unwrap(), bytes, "it was changed");
        }
        rig.sound();
    }
}

/// A log whose newest entries are in the file beside it, as after a power cut.
fn with_newer_beside(texts: &[String]) -> (Vec<u8>, Vec<u8>) {
    let rig = Rig::new();
    let journal = rig.open();
    for text in texts {
        assert_eq!(rig.keep(&journal, chat(text)), Kept::Yes);
    }
    let read = |name: &str| fs::read(rig.data.join("log").join(name)).unwrap();
    let both = (read("log.sqlite"), read("log.sqlite-wal"));
    rig.close(&journal);
    both
}

/// Goal: however much of the newest part is cut off or spoilt, what is left is a beginning, whole, and the log goes on.
#[test]
fn a_cut_tail_costs_the_tail_alone() {
    let texts: Vec<String> = numbers(0..40).collect();
    let (file, tail) = with_newer_beside(&texts);
    assert!(tail.len() > 50_000, "{} bytes beside it", tail.len());
    let mut found = Vec::new();
    for step in 0..40 {
        let rig = Rig::new();
        fs::create_dir(rig.data.join("log")).unwrap();
        fs::write(rig.file(), &file).unwrap();
        let length = tail.len() * step / 39;
        let mut cut = tail[..length].to_vec();
        if step % 5 == 3 {
            cut[length / 2] ^= 0x10;
        }
        fs::write(rig.data.join("log/log.sqlite-wal"), cut).unwrap();
        rig.write(["after".to_owned()]);
        rig.sound();
        assert!(rig.aside().is_empty(), "{length} bytes: that is no damage");
        found.push(holds_a_beginning(&rig, &texts, "after"));
    }
    assert!(found.contains(&0) && found.last() == Some(&40) && found.iter().any(|n| (5..35).contains(n)), "{found:?}");
}

/// Goal: a program that was killed while it exchanged a damaged file leaves the new one, which the next program takes; and
/// what was beside the old one spoils nothing.
#[test]
fn a_file_that_was_being_exchanged_is_found() {
    let (_, tail) = with_newer_beside(&numbers(500..540).collect::<Vec<_>>());
    let rig = Rig::new();
    let texts: Vec<String> = numbers(0..300).collect();
    rig.write(texts.iter().cloned());
    fs::rename(rig.file(), rig.data.join("log/next.sqlite")).unwrap();
    fs::write(rig.data.join("log/log.sqlite-wal"), tail).unwrap();
    rig.write(["after".to_owned()]);
    assert_eq!(holds_a_beginning(&rig, &texts, "after"), 300);
    assert!(rig.aside().is_empty());
    rig.sound();
}

/// Goal: a file that is spoilt while a program has it open is set aside, and the program goes on in a new one.
#[test]
fn damage_under_a_running_program_is_survived() {
    let rig = Rig::new();
    let texts: Vec<String> = numbers(0..300).collect();
    rig.write(texts.iter().cloned());
    let journal = rig.open();
    assert_eq!(rig.keep(&journal, chat("fine")), Kept::Yes);
    // Another file takes its place, which is none: as when somebody copies over it.
    let other = rig.data.join("other");
    fs::write(&other, vec![0x55; 50_000]).unwrap();
    fs::rename(&other, rig.file()).unwrap();
    rig.until("it goes on", &journal, |_| rig.keep(&journal, chat("after")) == Kept::Yes);
    rig.close(&journal);
    assert_eq!(rig.said().last().map(String::as_str), Some("after"));
    assert_eq!(rig.aside().len(), 1);
    rig.sound();
}

/// Goal: a log that somebody takes away is begun anew by the program that runs.
#[test]
fn a_log_that_is_taken_away_begins_anew() {
    let rig = Rig::new();
    let journal = rig.open();
    assert_eq!(rig.keep(&journal, chat("before")), Kept::Yes);
    fs::rename(rig.file(), rig.data.join("taken")).unwrap();
    rig.until("it goes on", &journal, |_| rig.keep(&journal, chat("after")) == Kept::Yes);
    rig.close(&journal);
    assert_eq!(rig.said().last().map(String::as_str), Some("after"));
    rig.sound();
}

/// Goal: a change, a hole, a swap and a cut end show, and where.
#[test]
fn edits_show() {
    let edited = |edit: &str| {
        let rig = Rig::new();
        rig.write((0..20).map(|number| number.to_string()));
        let head: Head = rig.verify().head.to_string().parse().unwrap();
        rig.sqlite().execute_batch(edit).unwrap();
        let report = rig.verify();
        let found = rig.reader().link(head.id).unwrap();
        (report.broken, compare(&head, &report, found))
    };
    for (edit, broken) in [
        ("UPDATE entries SET text = 'I did not say that' WHERE id = 7", Break::Changed(7)),
        ("UPDATE entries SET at_ms = at_ms + 1 WHERE id = 3", Break::Changed(3)),
        ("UPDATE entries SET who = NULL WHERE id = 20", Break::Changed(20)),
        ("UPDATE entries SET device = 8 WHERE id = 4", Break::Changed(4)),
        ("UPDATE entries SET data = '{}' WHERE id = 4", Break::Changed(4)),
        ("UPDATE entries SET hash = zeroblob(32) WHERE id = 5", Break::Changed(5)),
        ("UPDATE entries SET hash = zeroblob(3) WHERE id = 5", Break::Unreadable(5)),
        ("DELETE FROM entries WHERE id = 9", Break::Missing(9)),
        ("DELETE FROM entries WHERE id <= 2", Break::Missing(1)),
        (
            "UPDATE entries SET id = 100 WHERE id = 5; UPDATE entries SET id = 5 WHERE id = 6; UPDATE entries SET id = 6 WHERE id = 100",
            Break::Changed(5),
        ),
    ] {
        assert_eq!(edited(edit).0, Some(broken), "{edit}");
    }
    // What the chain alone cannot see, a head that was kept does.
    assert_eq!(edited("DELETE FROM entries WHERE id > 15"), (None, Compared::Beyond));
    assert_eq!(edited("SELECT 1"), (None, Compared::Same));
    let forged = Rig::new();
    forged.write((0..20).map(|number| number.to_string()));
    let head: Head = forged.verify().head.to_string().parse().unwrap();
    let anew = Rig::new();
    anew.write((0..20).map(|number| (number + 1).to_string()));
    let report = anew.verify();
    assert_eq!(report.broken, None);
    assert_eq!(compare(&head, &report, Some(report.head)), Compared::Different);
}

/// Goal: an entry that was changed is no reason to set the log aside: it goes on, and `verify` still names the entry.
#[test]
fn a_changed_entry_stays_named() {
    let rig = Rig::new();
    rig.write((0..5).map(|number| number.to_string()));
    rig.sqlite().execute_batch("UPDATE entries SET text = 'x' WHERE id = 2").unwrap();
    rig.write(["after".to_owned()]);
    assert!(rig.aside().is_empty());
    assert_eq!(rig.verify().broken, Some(Break::Changed(2)));
    assert_eq!(rig.said().len(), 6);
}

/// Goal: a file that others could put at the place of a lock is not followed elsewhere.
#[test]
fn names_of_locks_lead_nowhere_else() {
    let rig = Rig::new();
    rig.write(["x".to_owned()]);
    let victim = rig.data.join("victim");
    fs::write(&victim, "precious").unwrap();
    rig.sqlite()
        .execute_batch("INSERT INTO run (lock, program, pid, began_ms) VALUES ('../victim', 'nobody', 1, 1)")
        .unwrap();
    let journal = rig.open();
    assert_eq!(rig.keep(&journal, Record::new(Kind::Stop, "STOP")), Kept::Yes);
    rig.close(&journal);
    assert!(Path::new(&victim).exists());
    assert_eq!(rig.gaps().len(), 1);
}
