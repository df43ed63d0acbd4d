//! Many records at once, and several programs in one file.

use std::time::{Duration, Instant};

use joywire::journal::{Journal, Kept, Kind, Record};

use crate::rig::{Rig, chat};

fn notes(journal: &Journal, count: u32) -> Duration {
    let records: Vec<_> = (0..count).map(|number| chat(&number.to_string())).collect();
    let began = Instant::now();
    for record in records {
        journal.note(record);
    }
    began.elapsed()
}

/// Goal: noting never waits, whether the disk writes or is stuck; what then finds no room is counted and told, and what is
/// critical still finds some.
#[test]
fn noting_never_waits_for_a_stuck_disk() {
    const COUNT: u32 = 100_000;
    let rig = Rig::new();
    let journal = rig.open();
    assert_eq!(rig.keep(&journal, chat("begins")), Kept::Yes);
    let free = notes(&journal, COUNT);
    rig.until("all is written", &journal, |counts| counts.waiting == 0);
    let before = journal.counts().lost;
    let stuck = rig.sqlite();
    stuck.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let held = notes(&journal, COUNT);
    let each = held / COUNT;
    assert!(each < Duration::from_micros(100), "{each:?} for a note on a stuck disk");
    assert!(held < free * 20 + Duration::from_millis(500), "free {free:?}, stuck {held:?}");
    let lost = journal.counts().lost - before;
    assert!(lost > 50_000, "{lost} were lost: the queue has no bound");
    journal.note(Record::new(Kind::Stop, "STOP finds room"));
    assert_eq!(journal.counts().lost - before, lost);
    stuck.execute_batch("ROLLBACK").unwrap();
    drop(stuck);
    rig.until("all is written", &journal, |counts| counts.waiting == 0);
    let counts = journal.counts();
    rig.close(&journal);
    rig.sound();
    let rows = rig.rows();
    assert!(rows.iter().any(|row| row.event == "stop"));
    let told: u64 = rig.gaps().iter().map(|gap| gap["lost"].as_u64().unwrap()).sum();
    assert_eq!(told, counts.lost, "a loss is not told");
    let said = u64::try_from(rows.iter().filter(|row| row.event == "chat").count()).unwrap();
    assert_eq!(said + told, 1 + 2 * u64::from(COUNT), "neither there nor lost");
    println!("a note takes {:?} while the disk writes, {each:?} while it is stuck", free / COUNT);
}

/// Goal: who waits on a stuck disk gets an answer.
#[test]
fn nobody_waits_for_ever() {
    let rig = Rig::new();
    let journal = rig.open();
    assert_eq!(rig.keep(&journal, chat("begins")), Kept::Yes);
    let stuck = rig.sqlite();
    stuck.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let began = Instant::now();
    assert_eq!(rig.keep(&journal, chat("waits")), Kept::No);
    assert!(began.elapsed() < Duration::from_secs(10));
    drop(stuck);
    rig.close(&journal);
    rig.sound();
}

/// Goal: a record that nobody waits for is on the disk within a second.
#[test]
fn a_note_is_written_within_a_second() {
    let rig = Rig::new();
    let journal = rig.open();
    assert_eq!(rig.keep(&journal, chat("begins")), Kept::Yes);
    let began = Instant::now();
    journal.note(chat("noted"));
    assert_eq!(journal.counts().waiting, 1);
    rig.until("it is written", &journal, |counts| counts.waiting == 0);
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    assert_eq!(rig.said(), ["begins", "noted"]);
    rig.close(&journal);
}

/// Goal: two programs write one log, and it is one chain.
#[test]
fn two_programs_share_a_log() {
    let rig = Rig::new();
    let journals = [rig.open(), rig.open()];
    for number in 0..50 {
        for (writer, journal) in journals.iter().enumerate() {
            let record = chat(&format!("{writer} {number}"));
            if number % 2 == 0 {
                assert_eq!(rig.keep(journal, record), Kept::Yes);
            } else {
                journal.note(record);
            }
        }
    }
    for journal in &journals {
        rig.close(journal);
    }
    assert_eq!(rig.sound().entries, 100);
    let said = rig.said();
    for writer in ["0", "1"] {
        let own: Vec<_> = said.iter().filter_map(|text| text.strip_prefix(writer)).collect();
        assert_eq!(own, (0..50).map(|number| format!(" {number}")).collect::<Vec<_>>());
    }
    assert_eq!(rig.gaps().len(), 0, "both ended as they should");
}

/// Goal: a log that remembers nothing says so.
#[test]
fn no_log_keeps_nothing() {
    let rig = Rig::new();
    let journal = Journal::none();
    journal.note(chat("x"));
    assert_eq!(rig.keep(&journal, chat("x")), Kept::No);
    let reply = rig.runtime.block_on(journal.search(joywire::protocol::journal::LogRequest::default()));
    assert!(!reply.ok && reply.why.is_some_and(|why| why.contains("[log]")));
    rig.close(&journal);
    assert!(!rig.file().exists());
}
