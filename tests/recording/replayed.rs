//! A recording that is played again.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::BufReader;

use joywire::agent::tape::{Entry, What};
use joywire::recording::again;
use joywire::recording::read::Ending;
use joywire::recording::review::review;
use joywire::recording::topic::Topic;

use crate::deck::{Deck, Told, fault_run};

/// Goal: a drive in which everything goes wrong that can plays again byte for byte, also as it stands in the file; every
/// channel is there, and times only rise.
#[test]
fn fault_run_plays_again_to_the_same_frames() {
    let deck = fault_run();
    let told = deck.told.clone();
    let file = deck.finish();
    assert!(matches!(file.ending, Ending::Whole(_)), "{:?}", file.ending);
    let review = file.review();
    assert_eq!(review.difference, None);
    let written: Vec<u8> = file.entries.iter().filter_map(Entry::written).flatten().copied().collect();
    assert!(
        written.starts_with(&told) && written.len() > told.len(),
        "the file has what the robot was told, and the last words"
    );
    assert!(review.frames > 500, "{} frames", review.frames);
    let codes: BTreeSet<&str> =
        review.stops.iter().flat_map(|stop| &stop.causes).map(|cause| cause.reason.code.as_str()).collect();
    let wanted = ["command_stale", "latched", "overrun", "robot_absent", "robot_starting", "robot_stopped"];
    assert_eq!(codes, BTreeSet::from(wanted));

    let (mut topics, mut newest, mut data) = (BTreeSet::new(), 0, 0);
    let messages = mcap::io::MessageReader::new(BufReader::new(File::open(&file.path).unwrap()));
    for message in messages {
        let message = message.unwrap();
        assert!(message.log_time >= newest, "times must rise");
        newest = message.log_time;
        data += message.data.len();
        topics.insert(message.channel.topic.clone());
    }
    let all: BTreeSet<String> =
        Topic::ALL.iter().filter(|topic| **topic != Topic::Motors).map(|topic| topic.name().to_owned()).collect();
    assert!(topics.is_superset(&all), "missing: {:?}", all.difference(&topics));
    assert!(data > 100_000);
}

/// Goal: a recording that was changed is noticed, whichever step it is.
#[test]
fn changed_byte_is_noticed() {
    let file = fault_run().finish();
    let steps: Vec<usize> =
        (0..file.entries.len()).filter(|n| file.entries[*n].written().is_some_and(|b| b.len() > 9)).collect();
    for step in steps.iter().step_by(97) {
        let mut entries = file.entries.clone();
        let Entry { at, what: What::Step(bytes) } = &mut entries[*step] else { continue };
        bytes[7] ^= 1;
        let at = *at;
        let difference = review(&file.start, entries.into_iter()).difference.unwrap();
        assert_eq!((difference.at, difference.recorded[7] ^ 1), (at, difference.now[7]));
    }
}

/// Goal: a byte of the robot that is another one changes what is decided, so it is noticed as well.
#[test]
fn changed_input_is_noticed() {
    let file = fault_run().finish();
    let mut entries = file.entries.clone();
    let (mut noticed, mut tried) = (0, 0);
    for place in (0..entries.len()).step_by(53) {
        let kept = entries[place].clone();
        if let What::Received(bytes) = &mut entries[place].what {
            tried += 1;
            let middle = bytes.len() / 2;
            bytes[middle] ^= 0x10;
            noticed += usize::from(review(&file.start, entries.iter().cloned()).difference.is_some());
        }
        entries[place] = kept;
    }
    // A report that is lost once means nothing when the next one comes 25 ms later; its tick does.
    assert!(tried > 5 && noticed * 2 > tried, "{noticed} of {tried}");
}

/// Goal: a long drive is many files, each of which plays again by itself, and together they are the drive.
#[test]
fn every_file_of_a_long_drive_is_whole_by_itself() {
    let mut deck = Deck::with(|settings| settings.file_bytes = 100 << 10);
    deck.record();
    deck.run(1000);
    deck.drives(crate::deck::ANNE, 0.2, 0.9);
    for _ in 0..14 {
        deck.run(1500);
        // The recorder looks four times a second.
        std::thread::sleep(std::time::Duration::from_millis(280));
    }
    let told = deck.told.clone();
    deck.close();
    let files: Vec<Told> = deck.files().iter().map(|path| Told::at(path)).collect();
    assert!(files.len() >= 4, "{} files", files.len());
    let mut written = Vec::new();
    for file in &files {
        let review = file.review();
        assert_eq!(review.difference, None, "{}", file.path.display());
        written.extend(file.entries.iter().filter_map(Entry::written).flatten().copied());
        assert!(fs::metadata(&file.path).unwrap().len() < 400 << 10);
    }
    assert_eq!(written, told, "nothing is missing between files");
}

/// Goal: driven again in the simulator, a recording makes the same way twice, and about the way that it made first.
#[test]
fn driven_again_it_goes_the_same_way() {
    let mut deck = Deck::new();
    deck.record();
    deck.run(1000);
    deck.drives(crate::deck::ANNE, 0.2, 0.8);
    deck.run(2000);
    deck.held = Some((crate::deck::ANNE, joywire::drive::Stick::NEUTRAL));
    deck.run(1000);
    let went = deck.robot.chassis().pose();
    let file = deck.finish();
    let review = file.review();
    let (first, second) = (again::drive(&file.start, &review), again::drive(&file.start, &review));
    assert_eq!((first.wire, first.way_m.to_bits()), (second.wire, second.way_m.to_bits()));
    let apart = (first.pose.x_m - went.x_m).hypot(first.pose.y_m - went.y_m);
    assert!(first.way_m > 0.5 && apart < 0.1 * first.way_m, "{:?} instead of {went:?}", first.pose);
}
