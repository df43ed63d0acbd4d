//! Files that are damaged, foreign, cut off or empty, and disks that cannot keep up.

use std::fs;
use std::io::Cursor;
use std::process::Command;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use joywire::recording::read::{self, Ending};
use joywire::recording::review::review;
use joywire::recording::shape::Why;
use joywire::recording::story;

use crate::deck::{ANNE, Deck, Told, fault_run};

/// Reads bytes as far as they go, and tells them; whether they were those of a whole recording that plays again.
fn tell(bytes: &[u8]) -> Result<bool, String> {
    let (start, mut reading) = read::begin(Cursor::new(bytes), "file").map_err(|error| error.to_string())?;
    let review = review(&start, &mut reading);
    let ending = reading.ending().unwrap().clone();
    assert!(!story::title(&start, &review, &ending).is_empty() && !story::explain(&start, &review).is_empty());
    Ok(review.difference.is_none() && matches!(ending, Ending::Whole(_)))
}

/// Goal: whichever bytes of a recording are other ones, nothing crashes, and hardly ever does it count as fine: what says
/// nothing about the drive may be another one.
#[test]
fn any_damage_is_survived_and_noticed() {
    let mut deck = Deck::new();
    deck.record();
    deck.run(1200);
    deck.drives(ANNE, 0.0, 0.5);
    deck.run(600);
    let whole = fs::read(deck.finish().path).unwrap();
    assert_eq!(tell(&whole), Ok(true));
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        usize::try_from(random % u64::try_from(below).unwrap()).unwrap()
    };
    let (mut fine, mut tried) = (0, 0);
    for _ in 0..600 {
        let mut bytes = whole.clone();
        for _ in 0..=next(4) {
            let place = next(bytes.len());
            bytes[place] ^= 1 << next(8);
        }
        tried += 1;
        fine += usize::from(tell(&bytes) == Ok(true));
    }
    // The summary at the end repeats what came before, and nobody reads it here.
    assert!(fine * 2 < tried, "{fine} of {tried} damaged files counted as fine");
    for _ in 0..100 {
        let (from, to) = (next(whole.len()), next(whole.len()));
        let mut bytes = whole.clone();
        bytes.copy_within(from.min(to)..from.max(to), 0);
        drop(tell(&bytes));
        bytes.drain(from.min(to)..from.max(to));
        drop(tell(&bytes));
    }
}

/// Goal: a file that is cut off anywhere tells all that came before, and that it ends abruptly.
#[test]
fn cut_off_file_tells_what_it_has() {
    let told = fault_run().finish();
    let whole = fs::read(&told.path).unwrap();
    let all = told.review();
    let mut before = 0;
    for length in (0..whole.len()).step_by(whole.len() / 150) {
        let Ok((start, mut reading)) = read::begin(Cursor::new(&whole[..length]), "file") else {
            assert_eq!(before, 0, "once it can be read, more of it can be read as well");
            continue;
        };
        let review = review(&start, &mut reading);
        assert_eq!(review.difference, None);
        assert!(review.frames >= before && review.frames <= all.frames);
        before = review.frames;
        let ending = reading.ending().unwrap();
        let summary = length * 10 > whole.len() * 9;
        assert!(
            matches!(ending, Ending::Abrupt) || (summary && matches!(ending, Ending::Whole(_))),
            "{ending:?} at {length}"
        );
    }
    assert!(before * 10 > all.frames * 9, "{before} of {}", all.frames);
}

/// Goal: what is no recording of ours is refused with a sentence.
#[test]
fn foreign_files_are_refused() {
    let refused = |bytes: &[u8]| tell(bytes).unwrap_err();
    assert!(refused(b"").contains("is no recording"), "{}", refused(b""));
    assert!(refused(&[0; 4096]).contains("it is no MCAP file"));
    let mut other = Cursor::new(Vec::new());
    let mut writer = mcap::Writer::new(&mut other).unwrap();
    let channel = writer.add_channel(0, "/chatter", "json", &std::collections::BTreeMap::default()).unwrap();
    let header = mcap::records::MessageHeader { channel_id: channel, sequence: 0, log_time: 1, publish_time: 1 };
    writer.write_to_known_channel(&header, b"{}").unwrap();
    writer.finish().unwrap();
    drop(writer);
    assert!(refused(other.get_ref()).contains("it begins with /chatter"), "{}", refused(other.get_ref()));
}

/// Goal: a pipe is refused with a sentence, and nobody waits for what it may bring.
#[test]
fn pipe_is_refused_at_once() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("pipe.mcap");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    let (end, done) = mpsc::channel();
    thread::spawn(move || end.send(read::open(&path).err().map(|error| error.to_string())));
    let why = done.recv_timeout(Duration::from_secs(5)).expect("it hangs").unwrap();
    assert!(why.contains("pipe.mcap") && why.contains("it is a pipe or a device"), "{why}");
}

/// Goal: a recording of a version whose state is another one is refused with both versions.
#[test]
fn other_version_says_so() {
    let mut other = Cursor::new(Vec::new());
    let mut writer = mcap::Writer::new(&mut other).unwrap();
    let channel = writer.add_channel(0, "/joywire/state", "json", &std::collections::BTreeMap::default()).unwrap();
    let header = mcap::records::MessageHeader { channel_id: channel, sequence: 0, log_time: 1, publish_time: 1 };
    writer.write_to_known_channel(&header, br#"{"version": "9.1.0", "controller": {"brain": 1}}"#).unwrap();
    writer.finish().unwrap();
    drop(writer);
    let why = tell(other.get_ref()).unwrap_err();
    assert!(why.contains("recorded by joywire 9.1.0") && why.contains(env!("CARGO_PKG_VERSION")), "{why}");
}

/// Goal: a disk that cannot keep up makes no hole in a recording: it ends, what is lost is counted, and the next one plays
/// again by itself. Driving does not wait.
#[test]
fn gap_ends_a_recording_and_begins_the_next() {
    let mut deck = Deck::new();
    deck.record();
    deck.run(1000);
    deck.drives(ANNE, 0.0, 0.6);
    // Far faster than the recorder looks, so the queue is full.
    for _ in 0..400 {
        deck.taped.receive(deck.time(), b"\0", &mut |_| {});
        for _ in 0..100 {
            deck.taped.receive(deck.time(), b"\0", &mut |_| {});
        }
    }
    thread::sleep(Duration::from_millis(600));
    deck.run(1000);
    deck.close();
    let files: Vec<Told> = deck.files().iter().map(|path| Told::at(path)).collect();
    assert_eq!(files.len(), 2);
    let Ending::Whole(end) = &files[0].ending else { panic!("{:?}", files[0].ending) };
    assert!(end.why == Why::Gap && end.lost > 10_000, "{end:?}");
    assert_eq!((files[1].start.why, files[1].start.lost), (Why::Gap, end.lost));
    assert!(files.iter().all(|file| file.review().difference.is_none()));
    let review = files[1].review();
    assert!(story::title(&files[1].start, &review, &files[1].ending).contains("after a gap"));
}
