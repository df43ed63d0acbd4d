//! What a recording tells of its stops.

use joywire::recording::story;

use crate::deck::{Deck, fault_run};

/// The story of the run in `deck::fault_run`, as a person reads it. `JOYWIRE_WRITE=1` writes it anew.
const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recording/fault_run.txt");

/// Goal: each stop is told with its time, cause, numbers, place, driver, how long the wheels turned and how it ended;
/// twice the same.
#[test]
fn fault_run_is_explained() {
    let mut told = fault_run().finish();
    // The wall clock is all that differs between two runs.
    told.start.wall_ns = 1_795_860_900_000_000_000;
    let review = told.review();
    let text =
        format!("{}\n\n{}\n", story::title(&told.start, &review, &told.ending), story::explain(&told.start, &review));
    if std::env::var_os("JOYWIRE_WRITE").is_some() {
        std::fs::write(GOLDEN, &text).unwrap();
    }
    assert_eq!(text, std::fs::read_to_string(GOLDEN).unwrap(), "JOYWIRE_WRITE=1 writes it anew");
    let json = story::as_json(&told.start, &review, &told.ending);
    assert_eq!(json["stops"].as_array().unwrap().len(), review.stops.len());
    assert!(json["difference"].is_null() && json["stops"][0]["causes"][0]["reason"]["hop"] == "network", "{json}");
}

/// Goal: a drive without stops says so, and so does one that is empty.
#[test]
fn calm_drive_says_so() {
    let mut deck = Deck::new();
    deck.record();
    deck.run(1200);
    deck.drives(crate::deck::ANNE, 0.0, 0.5);
    deck.run(500);
    let told = deck.finish();
    let review = told.review();
    assert_eq!(story::explain(&told.start, &review), "It never stopped by itself or by STOP.");
}

/// Goal: a stop that was there before the recording, and one that lasts beyond it, are told as such.
#[test]
fn stops_at_the_edges_are_told() {
    let mut deck = Deck::new();
    deck.run(1000);
    deck.taped.stop(deck.time(), crate::deck::ANNE, joywire::drive::Source::Network, "Anne".to_owned());
    deck.run(100);
    deck.record();
    deck.run(500);
    let told = deck.finish();
    let review = told.review();
    let text = story::explain(&told.start, &review);
    assert!(
        text.contains("from before the recording: latched") && text.contains("not within this recording"),
        "{text}"
    );
    assert!(text.contains("(Anne)") && text.contains("[hand ✗]"), "{text}");
}
