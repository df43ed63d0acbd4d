//! A recording with anything in it: it is read, played and told, or refused, and nothing crashes.
#![no_main]

use std::collections::BTreeMap;
use std::io::Cursor;

use joywire_fuzz::agent::controller::{Controller, Settings};
use joywire_fuzz::drive::Rules;
use joywire_fuzz::recording::read;
use joywire_fuzz::recording::review::review;
use joywire_fuzz::recording::shape::{Start, Why};
use joywire_fuzz::recording::story;
use joywire_fuzz::recording::topic::Topic;
use libfuzzer_sys::fuzz_target;
use mcap::records::MessageHeader;

fuzz_target!(|bytes: &[u8]| {
    tell(bytes);
    // Behind a beginning that is right: messages of any content on our channels.
    let mut file = Cursor::new(Vec::new());
    let mut writer = mcap::WriteOptions::new().compression(None).create(&mut file).expect("memory takes it");
    let rules = Settings { rules: Rules::default(), dimensions: None, seed: 7 };
    let start = Start {
        at_ns: 0,
        wall_ns: 0,
        version: String::new(),
        robot: String::new(),
        why: Why::Wanted,
        lost: 0,
        step_ms: 20,
        names: BTreeMap::new(),
        controller: Controller::new(rules, None),
    };
    let mut put = |topic: Topic, data: &[u8]| {
        let channel_id = writer.add_channel(0, topic.name(), "json", &BTreeMap::new()).expect("few channels");
        let header = MessageHeader { channel_id, sequence: 0, log_time: 0, publish_time: 0 };
        writer.write_to_known_channel(&header, data).expect("memory takes it");
    };
    put(Topic::State, &serde_json::to_vec(&start).expect("a state has a shape"));
    for line in bytes.split(|byte| *byte == b'\n') {
        let (kind, data) = line.split_first().unwrap_or((&0, &[]));
        put(Topic::ALL[usize::from(*kind) % Topic::ALL.len()], data);
    }
    writer.finish().expect("memory takes it");
    drop(writer);
    tell(file.get_ref());
});

fn tell(bytes: &[u8]) {
    let Ok((start, mut reading)) = read::begin(Cursor::new(bytes), "file") else { return };
    let review = review(&start, &mut reading);
    let ending = reading.ending().cloned().expect("it has ended");
    let text = story::title(&start, &review, &ending) + &story::explain(&start, &review);
    assert!(!text.is_empty() && story::as_json(&start, &review, &ending).is_object());
}
