//! What somebody does to the log while a program has it open: taken away, held, changed.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use joywire::journal::Kept;
use rustix::process::Signal;

use crate::program::{Running, Shell};
use crate::rig::{Rig, chat};
use crate::writer::{Told, Writer};

fn why(gap: &serde_json::Value) -> &str {
    gap["why"].as_str().unwrap()
}

/// Writes until it is on the disk.
fn goes_on(rig: &Rig, journal: &joywire::journal::Journal, text: &str) {
    rig.until("it goes on", journal, |_| rig.keep(journal, chat(text)) == Kept::Yes);
}

/// Goal: a program whose log folder is deleted goes on and does not tell that it died; when it is killed later, that is told.
#[test]
fn who_lives_is_not_told_dead_and_who_is_killed_is() {
    let rig = Rig::new();
    let writer = Writer::start(&rig.data, "w", Duration::from_millis(5), |_| ());
    while !matches!(writer.speaks(), Told::Kept(_)) {}
    // In one step, as the writer makes it anew meanwhile.
    fs::rename(rig.data.join("log"), rig.data.join("gone")).unwrap();
    fs::remove_dir_all(rig.data.join("gone")).unwrap();
    let journal_is_back = || rig.file().exists() && rig.reader().head().is_ok_and(|head| head.id > 2);
    let end = Instant::now() + crate::rig::PATIENCE;
    while !journal_is_back() {
        assert!(Instant::now() < end, "no new log");
        thread::sleep(Duration::from_millis(20));
    }
    let ended = |rig: &Rig| rig.gaps().iter().filter(|gap| why(gap).contains("ended without a farewell")).count();
    assert_eq!(ended(&rig), 0, "{:?}", rig.gaps());
    // A second program looks for the dead, too.
    rig.write(["second".to_owned()]);
    assert_eq!(ended(&rig), 0, "{:?}", rig.gaps());
    assert!(writer.kill().iter().any(|told| matches!(told, Told::Kept(_))));
    rig.write(["third".to_owned()]);
    assert_eq!(ended(&rig), 1, "{:?}", rig.gaps());
    let gaps = rig.gaps();
    let told = why(gaps.last().unwrap());
    assert!(told.contains("what came after ") && told.contains("(its newest entry) may be missing"), "{told}");
    rig.sound();
}

/// Goal: a log that is taken away or replaced by another one leaves a numbered gap that tells how much is gone, once.
#[test]
fn what_is_taken_away_is_told() {
    let rig = Rig::new();
    rig.write(["an older one".to_owned()]);
    fs::copy(rig.file(), rig.data.join("copy")).unwrap();
    let journal = rig.open();
    for text in ["a", "b"] {
        assert_eq!(rig.keep(&journal, chat(text)), Kept::Yes);
    }
    fs::rename(rig.file(), rig.data.join("taken")).unwrap();
    goes_on(&rig, &journal, "after");
    assert_eq!(rig.gaps().len(), 1);
    assert!(why(&rig.gaps()[0]).ends_with("taken away or replaced; 3 entries were in it"), "{:?}", rig.gaps());
    // The gap and `after` are in the new one.
    // What is beside it goes first: it would be taken for the newest part of the copy.
    for ending in ["-wal", "-shm"] {
        fs::remove_file(rig.data.join(format!("log/log.sqlite{ending}"))).unwrap();
    }
    fs::rename(rig.data.join("copy"), rig.file()).unwrap();
    goes_on(&rig, &journal, "later");
    rig.close(&journal);
    assert_eq!(rig.said(), ["an older one", "later"]);
    let gaps = rig.gaps();
    assert_eq!((gaps.len(), &gaps[0]["gap"]), (1, &serde_json::json!(2)), "gaps are numbered on: {gaps:?}");
    assert!(why(&gaps[0]).contains("2 entries were in it"), "{gaps:?}");
    assert_eq!((rig.verify().broken, rig.verify().gaps), (None, 1));
}

/// Goal: who runs is told that another program holds the log, and when that is over.
#[test]
fn a_log_that_is_held_is_told() {
    let shell = Shell::new();
    let rig = Rig::at(&shell.path("joywire"));
    rig.write(["a".to_owned()]);
    let other = rig.sqlite();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut program = Running::start(shell.command(&["run", "--port", "0", "--name", "Rover"]));
    program.says("another program holds it");
    other.execute_batch("ROLLBACK").unwrap();
    program.says("the log is written again");
    // Changed entries and a file that takes none: each is said once, however often it is tried.
    other
        .execute_batch(
            "UPDATE entries SET text = 'forged' WHERE id = 1;
             CREATE TRIGGER no BEFORE INSERT ON entries BEGIN SELECT RAISE(ABORT, 'no'); END",
        )
        .unwrap();
    program.signal(Signal::INT);
    let (code, said) = program.end();
    assert_eq!((code, said.matches("another program holds it").count()), (Some(0), 1), "{said}");
    assert_eq!(said.matches("the log cannot be written: no").count(), 1, "{said}");
    other.execute_batch("DROP TRIGGER no; UPDATE entries SET text = 'a' WHERE id = 1").unwrap();
    assert_eq!(rig.gaps().len(), 0);
    rig.sound();
}

/// Goal: an entry that was moved to the last number there is keeps nobody from writing: that is damage, and set aside.
#[test]
fn an_entry_at_the_last_number_is_damage() {
    let rig = Rig::new();
    rig.write(["a".to_owned(), "b".to_owned()]);
    let journal = rig.open();
    assert_eq!(rig.keep(&journal, chat("c")), Kept::Yes);
    rig.sqlite().execute_batch("UPDATE entries SET id = 9223372036854775807 WHERE id = 3").unwrap();
    goes_on(&rig, &journal, "after");
    rig.close(&journal);
    assert_eq!(rig.aside().len(), 1);
    assert_eq!(rig.said(), ["a", "b", "after"]);
    rig.sound();
    // All of them there.
    rig.sqlite()
        .execute_batch("DELETE FROM entries WHERE id > 1; UPDATE entries SET id = 9223372036854775807")
        .unwrap();
    rig.write(["at last".to_owned()]);
    assert_eq!(rig.said(), ["at last"]);
}

/// Goal: a file that takes no entries is not opened again and again, and once it takes them again, what was lost is told.
#[test]
fn a_file_that_refuses_is_kept_open() {
    let rig = Rig::new();
    let journal = rig.open();
    assert_eq!(rig.keep(&journal, chat("a")), Kept::Yes);
    let sqlite = rig.sqlite();
    sqlite.execute_batch("CREATE TRIGGER no BEFORE INSERT ON entries BEGIN SELECT RAISE(ABORT, 'no'); END").unwrap();
    assert_eq!(rig.keep(&journal, chat("b")), Kept::No);
    sqlite.execute_batch("DROP TRIGGER no").unwrap();
    goes_on(&rig, &journal, "c");
    rig.close(&journal);
    assert!(rig.aside().is_empty());
    assert_eq!((rig.said(), rig.gaps().len()), (vec!["a".to_owned(), "c".to_owned()], 1));
    rig.sound();
}

/// Goal: notes below 0 are a sentence to who checks, and damage to who writes.
#[test]
fn notes_that_no_log_has_are_refused() {
    for (name, after) in [("gap", 1), ("removed", 1)] {
        let rig = Rig::new();
        rig.write(["a".to_owned()]);
        rig.sqlite()
            .execute_batch(&format!("INSERT OR REPLACE INTO fact VALUES ('{name}', -1, zeroblob(32))"))
            .unwrap();
        let said = rig.reader().verify().unwrap_err().to_string();
        assert!(said.contains(&format!("its note “{name}” says -1")), "{said}");
        rig.write(["after".to_owned()]);
        assert_eq!((rig.said(), rig.aside().len()), (vec!["a".to_owned(), "after".to_owned()], after), "{name}");
        rig.sound();
    }
}
