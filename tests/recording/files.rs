//! The folder: names, what is kept, what is completed.

use std::fs::{self, File};
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use joywire::clock::Clock;
use joywire::protocol::journal::RecordingsRequest;
use joywire::recording::Recorder;
use joywire::recording::folder::{self, Keep};
use joywire::recording::read::{self, Ending};

use tokio::sync::oneshot;

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

/// A recording of some chunks, its bytes, and where its chunks begin.
fn chunks() -> (Deck, PathBuf, Vec<u8>, Vec<usize>) {
    let mut deck = Deck::new();
    deck.record();
    for _ in 0..4 {
        deck.run(400);
        std::thread::sleep(Duration::from_millis(300));
    }
    deck.close();
    let path = deck.files().remove(0);
    let bytes = fs::read(&path).unwrap();
    let (mut at, mut chunks) = (8, Vec::new());
    while bytes[at] != mcap::records::op::DATA_END {
        if bytes[at] == mcap::records::op::CHUNK {
            chunks.push(at);
        }
        at += 9 + usize::try_from(u64::from_le_bytes(bytes[at + 1..at + 9].try_into().unwrap())).unwrap();
    }
    assert!(chunks.len() > 3, "{chunks:?}");
    (deck, path, bytes, chunks)
}

/// What a start says of the only unfinished file of a folder.
fn mended(folder: &Path) -> Result<(), String> {
    let mut all = folder::finish_unfinished(folder).unwrap();
    assert!(
        all.len() == 1
            && fs::read_dir(folder).unwrap().all(|entry| entry.unwrap().path().extension().unwrap() == "mcap")
    );
    all.remove(0).1.map_err(|error| error.to_string())
}

/// Goal: a recording that is damaged is not taken for one that has broken off: not a byte of it goes.
#[test]
fn damaged_files_stay_as_they_are() {
    let (deck, path, whole, chunks) = chunks();
    let end = whole.len() - 20;
    let place = |at: usize, bytes: &[u8]| [&whole[..at], bytes, &whole[at + bytes.len()..end]].concat();
    for (what, bytes) in [
        ("an impossible length", place(chunks[1] + 1, &u64::MAX.to_le_bytes())),
        ("a length beyond the end", place(chunks[1] + 1, &(40_u64 << 20).to_le_bytes())),
        ("a byte of a chunk", place(chunks[1] + 100, &[0])),
        ("zeros in the middle", place(chunks[1], &[0; 60])),
        ("an early end", place(chunks[1], &[mcap::records::op::DATA_END])),
        ("an early footer", place(chunks[1], &[mcap::records::op::FOOTER])),
    ] {
        fs::write(&path, &bytes).unwrap();
        let why = mended(&deck.folder()).expect_err(what);
        assert!(why.contains("damaged"), "{what}: {why}");
        assert!(fs::read(&path).unwrap() == bytes, "{what}");
    }
    // Zeros at the end are what a power cut leaves.
    let cut = [&whole[..chunks[3]], &[0; 5000]].concat();
    fs::write(&path, cut).unwrap();
    let before = Told::at(&path).entries;
    assert_eq!(mended(&deck.folder()), Ok(()));
    assert!(Told::at(&path).entries == before && before.len() > 50);
}

/// Goal: what is not ours stays as it is, and so does a copy that somebody may not have finished.
#[test]
fn foreign_files_and_unfinished_copies_stay_as_they_are() {
    let (deck, path, whole, chunks) = chunks();
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    let noise = std::iter::repeat_with(|| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random.to_le_bytes()[0]
    });
    let noise: Vec<u8> = noise.take(100_000).collect();
    let foreign = [mcap::MAGIC, &noise].concat();
    for bytes in [&noise, &foreign, &Vec::new()] {
        fs::write(&path, bytes).unwrap();
        let why = mended(&deck.folder()).unwrap_err();
        assert!(why.contains("no recording of Joywire"), "{why}");
        assert!(&fs::read(&path).unwrap() == bytes);
    }
    // A second file while the first is there has another inode.
    let copy = path.with_file_name("rover-2026-11-28-101500.mcap");
    fs::write(&copy, &whole[..chunks[2] + 10]).unwrap();
    fs::remove_file(&path).unwrap();
    let inode = || fs::metadata(&copy).unwrap().ino();
    let before = inode();
    let why = mended(&deck.folder()).unwrap_err();
    assert!(why.contains("a copy") && inode() == before, "{why}");
    // Whoever copies gets on with it in the same file.
    let file = File::options().write(true).open(&copy).unwrap();
    file.write_all_at(&whole, 0).unwrap();
    assert!(matches!(Told::at(&copy).ending, Ending::Whole(_)));
    // An old one is nobody's any more.
    fs::write(&copy, &whole[..chunks[2] + 10]).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(61)).unwrap();
    assert_eq!(mended(&deck.folder()), Ok(()));
    assert!(read::open(&copy).is_ok() && mcap::Summary::read(&fs::read(&copy).unwrap()).unwrap().is_some());
}

/// Goal: a folder that is deleted during a recording is made again, and the recording goes on in it; nobody is told
/// meanwhile that none runs.
#[test]
fn deleted_folder_is_made_again() {
    let mut deck = Deck::new();
    deck.record();
    deck.run(400);
    std::thread::sleep(Duration::from_millis(600));
    fs::remove_dir_all(deck.folder()).unwrap();
    let (reply, told) = oneshot::channel();
    deck.taped.recordings(deck.time(), joywire::protocol::events::Role::Operator, RecordingsRequest::List, reply);
    let told = told.blocking_recv().unwrap();
    assert!(told.running && told.why.is_some(), "{told:?}");
    std::thread::sleep(Duration::from_millis(600));
    deck.run(400);
    std::thread::sleep(Duration::from_millis(600));
    deck.run(400);
    let told = deck.finish();
    assert!(matches!(told.ending, Ending::Whole(_)) && told.entries.len() > 20 && told.review().difference.is_none());

    // The same between two recordings.
    let mut deck = Deck::new();
    fs::remove_dir_all(deck.folder()).unwrap();
    deck.record();
    deck.run(400);
    let told = deck.finish();
    assert!(matches!(told.ending, Ending::Whole(_)), "{:?}", told.ending);
}
