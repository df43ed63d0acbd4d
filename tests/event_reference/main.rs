//! Holds docs/events.md against the types in src/protocol, from whose comments and examples it is written.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod examples;
mod page;
mod read;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use read::Contract;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn contract() -> Contract {
    let mut files: Vec<PathBuf> =
        fs::read_dir(root().join("src/protocol")).unwrap().map(|entry| entry.unwrap().path()).collect();
    // What a relay and its agents say to each other is not for clients.
    files.retain(|file| !file.ends_with("uplink.rs"));
    files.sort();
    Contract::read(files.iter().map(|path| fs::read_to_string(path).unwrap()))
}

/// Goal: what programmers read is what the program does. With `JOYWIRE_WRITE=1` the page is written anew.
#[test]
fn the_reference_tells_what_the_types_say() {
    let path = root().join("docs/events.md");
    let page = page::write(&contract(), &examples::all());
    if std::env::var_os("JOYWIRE_WRITE").is_some_and(|wish| wish == "1") {
        fs::write(&path, &page).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    let differs = kept.lines().zip(page.lines()).position(|(kept, page)| kept != page);
    assert!(
        kept == page,
        "docs/events.md is not what src/protocol says, from line {} on: look at what changed with\n    \
         JOYWIRE_WRITE=1 cargo test --test event_reference && git diff docs/events.md",
        differs.unwrap_or(kept.lines().count().min(page.lines().count())) + 1
    );
}

/// Goal: the reader still understands how the types are written down.
#[test]
fn every_event_and_its_payloads_are_found() {
    let contract = contract();
    let events: BTreeSet<&str> = contract.events.iter().map(|event| event.name.as_str()).collect();
    assert!(events.len() >= 14 && events.contains("drive") && events.contains("calibrate"), "{events:?}");
    let payloads = |name: &str| contract.payloads(name).iter().map(|item| item.name.clone()).collect::<Vec<_>>();
    assert_eq!(payloads("seat"), ["SeatRequest", "SeatView", "SeatReply"]);
    assert_eq!(payloads("access"), ["AccessRequest", "AccessReply", "Access"]);
    assert_eq!(payloads("drive"), ["Drive"]);
    let drive = contract.item("Drive");
    let absent: Vec<&str> = drive.fields.iter().filter(|field| field.may_be_absent).map(|field| &*field.name).collect();
    assert_eq!(absent, ["strafe", "motors", "tick", "session", "epoch"]);
}

/// Goal: no link leads nowhere.
#[test]
fn links_in_the_reference_lead_somewhere() {
    let page = page::write(&contract(), &examples::all());
    let headings: BTreeSet<String> = page
        .lines()
        .filter_map(|line| line.strip_prefix("## ").or(line.strip_prefix("### ")))
        .map(|heading| heading.replace('`', "").to_lowercase())
        .collect();
    let mut links = 0;
    for part in page.split("](#").skip(1) {
        let anchor = part.split(')').next().unwrap();
        assert!(headings.contains(anchor), "{anchor} is no heading of {headings:?}");
        links += 1;
    }
    assert!(links > 20, "{links}");
}
