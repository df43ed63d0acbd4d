//! The folder: names, what is kept, what is completed.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, SystemTime};

use joywire::clock::Clock;
use joywire::recording::Recorder;
use joywire::recording::folder::{self, Keep};
use joywire::recording::read::Ending;

use crate::deck::{ANNE, Deck, Told, settings};

/// Goal: files are private, named by robot and time, and told with their robot, time, length and size.
#[test]
fn recordings_are_named_and_listed() {
    let mut deck = Deck::new();
    deck.record();
    deck.run(1000);
    std::thread::sleep(Duration::from_millis(400));
    let running = folder::list(&deck.folder()).unwrap();
    assert!(running.len() == 1 && running[0].running, "{running:?}");
    deck.taped.end_recording();
    // Another one within the same second takes another name.
    deck.record();
    deck.run(100);
    deck.close();
    let listed = folder::list(&deck.folder()).unwrap();
    assert_eq!(listed.len(), 2);
    for (recording, path) in listed.iter().rev().zip(deck.files()) {
        let told = fs::metadata(&path).unwrap();
        assert_eq!((recording.robot.as_str(), recording.bytes, recording.running), ("Rover", told.len(), false));
        assert!(recording.name.starts_with("rover-2") && recording.length_ms < 60_000, "{recording:?}");
        assert_eq!(told.permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(fs::metadata(deck.folder()).unwrap().permissions().mode() & 0o777, 0o700);
}

/// Goal: the oldest go when there is too much or when they are too old; what is being written stays, and so does everything
/// that is no recording.
#[test]
fn oldest_recordings_go_first() {
    let home = tempfile::tempdir().unwrap();
    let now = SystemTime::now();
    let make = |name: &str, bytes: usize, days: u64| {
        let path = home.path().join(name);
        fs::write(&path, vec![0; bytes]).unwrap();
        File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_modified(now - Duration::from_secs(days * 86_400))
            .unwrap();
    };
    for (name, bytes, days) in [
        ("a-1.mcap", 400, 9),
        ("a-2.mcap", 400, 8),
        ("a-3.mcap", 400, 7),
        ("a-4.mcap", 400, 1),
        ("notes.txt", 9999, 99),
    ] {
        make(name, bytes, days);
    }
    let running = File::open(home.path().join("a-1.mcap")).unwrap();
    rustix::fs::flock(&running, rustix::fs::FlockOperation::LockExclusive).unwrap();
    let keep = |bytes, days: u64| Keep { bytes, age: Duration::from_secs(days * 86_400) };
    let none: [&str; 0] = [];
    assert_eq!(folder::sweep(home.path(), keep(2000, 100), now).unwrap(), none);
    assert_eq!(folder::sweep(home.path(), keep(1300, 100), now).unwrap(), ["a-2.mcap"]);
    assert_eq!(folder::sweep(home.path(), keep(9000, 3), now).unwrap(), ["a-3.mcap"]);
    assert_eq!(folder::sweep(home.path(), keep(0, 0), now).unwrap(), ["a-4.mcap"]);
    drop(running);
    assert_eq!(folder::sweep(home.path(), keep(0, 9000), now).unwrap(), ["a-1.mcap"]);
    assert!(home.path().join("notes.txt").exists());
}

/// Goal: what a killed program left is completed when the next one starts: with a summary, nothing that was whole is lost,
/// and it still tells that it broke off. What is being written is left alone.
#[test]
fn unfinished_files_are_completed() {
    let mut deck = Deck::new();
    deck.record();
    deck.run(1200);
    deck.drives(ANNE, 0.0, 0.5);
    for _ in 0..4 {
        deck.run(400);
        // The recorder looks four times a second, and each time it makes a chunk.
        std::thread::sleep(Duration::from_millis(300));
    }
    deck.close();
    let path = deck.files().remove(0);
    let whole = fs::read(&path).unwrap();
    // Cut off in the middle of a chunk.
    fs::write(&path, &whole[..whole.len() * 6 / 10]).unwrap();
    let before = Told::at(&path);
    let changed = fs::metadata(&path).unwrap().modified().unwrap();
    let (recorder, tape) = Recorder::start(settings(&deck.folder()), Clock::start()).unwrap();
    drop(tape);
    recorder.finish();
    let after = Told::at(&path);
    assert!(matches!(after.ending, Ending::Abrupt), "{:?}", after.ending);
    assert_eq!(after.entries, before.entries);
    assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), changed);
    let bytes = fs::read(&path).unwrap();
    let summary = mcap::Summary::read(&bytes).unwrap().unwrap();
    assert!(summary.stats.unwrap().message_count > 50 && summary.metadata_indexes.len() == 1);
    assert_eq!(deck.files().len(), 1);
}
