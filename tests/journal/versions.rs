//! Files of other versions.

use joywire::journal::Kept;
use rusqlite::Connection;

use crate::rig::{Rig, chat};

/// A log of version 1, with three entries: as text, so that it stays what it was.
const ONE: &str = include_str!("version-1.sql");

/// Goal: a log of an older Joywire is carried on, and nothing in it changes.
#[test]
fn an_older_log_is_carried_on() {
    let rig = Rig::new();
    std::fs::create_dir(rig.data.join("log")).unwrap();
    Connection::open(rig.file()).unwrap().execute_batch(ONE).unwrap();
    // It can be read as it is.
    assert_eq!(rig.said(), ["hello", "is anybody there?"]);
    rig.sound();
    rig.write(["after".to_owned()]);
    assert_eq!(rig.said(), ["hello", "is anybody there?", "after"]);
    assert_eq!(rig.sound().entries, 4);
    assert_eq!(rig.rows()[2].event, "stop");
    let version: i64 = rig.sqlite().query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    assert_eq!(version, 2);
    assert!(rig.aside().is_empty());
    // By the index that version 2 brought.
    let plan: String = rig
        .sqlite()
        .query_row("EXPLAIN QUERY PLAN SELECT id FROM entries WHERE device = 7 ORDER BY id DESC", [], |row| row.get(3))
        .unwrap();
    assert!(plan.contains("entries_device"), "{plan}");
}

/// Goal: a log of a newer Joywire is not touched, and the program goes on without one.
#[test]
fn a_newer_log_is_left_alone() {
    let rig = Rig::new();
    rig.write(["before".to_owned()]);
    rig.sqlite().execute_batch("PRAGMA user_version = 99").unwrap();
    let bytes = std::fs::read(rig.file()).unwrap();
    let journal = rig.open();
    assert_eq!(rig.keep(&journal, chat("lost")), Kept::No);
    journal.note(chat("lost"));
    rig.until("both are lost", &journal, |counts| counts.lost == 2);
    rig.close(&journal);
    assert_eq!(std::fs::read(rig.file()).unwrap(), bytes);
    assert!(rig.aside().is_empty());
}

/// Goal: noise in the place of the version is damage, and what was written is kept.
#[test]
fn an_impossible_version_is_damage() {
    let rig = Rig::new();
    rig.write((0..20).map(|number| number.to_string()));
    rig.sqlite().execute_batch("PRAGMA user_version = 2067006442").unwrap();
    let journal = rig.open();
    assert_eq!(rig.keep(&journal, chat("after")), Kept::Yes);
    rig.close(&journal);
    assert_eq!(rig.aside().len(), 1);
    let said = rig.said();
    assert!(said.len() >= 21 && said.contains(&"after".to_owned()), "{said:?}");
}
