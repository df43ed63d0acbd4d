//! Holds the house to its plan: who imports whom, what each file says it is, and that documents agree with code.
#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use joywire::config::Layers;
use joywire::drive::Fault;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn files(dir: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The code of a file without its tests and comments.
fn code(path: &Path) -> String {
    let whole = fs::read_to_string(path).unwrap();
    let product = whole.split("#[cfg(test)]\nmod tests").next().unwrap();
    product.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// Rooms of `src/`, and the rooms that each may know.
fn plan() -> BTreeMap<&'static str, &'static [&'static str]> {
    BTreeMap::from([
        ("time", &[][..]),
        ("clock", &["time"][..]),
        ("drive", &["time"][..]),
        ("protocol", &["time"][..]),
        ("private_file", &[][..]),
        ("network", &[][..]),
        ("mailbox", &["protocol"][..]),
        ("journal", &["clock", "private_file", "protocol", "time"][..]),
        ("metrics", &["clock", "drive", "journal", "protocol", "time"][..]),
        ("access", &["clock", "journal", "private_file", "protocol", "time"][..]),
        ("certificate", &["private_file"][..]),
        ("robot", &["clock", "drive", "protocol", "time"][..]),
        ("cable", &["clock", "protocol", "robot", "time"][..]),
        ("gamepad", &["clock", "drive", "time"][..]),
        (
            "agent",
            &[
                "cable",
                "clock",
                "drive",
                "gamepad",
                "journal",
                "mailbox",
                "metrics",
                "private_file",
                "protocol",
                "time",
            ][..],
        ),
        ("recording", &["agent", "clock", "drive", "private_file", "protocol", "robot", "time"][..]),
        ("relay", &["access", "certificate", "clock", "journal", "mailbox", "metrics", "private_file", "protocol"][..]),
        ("socketio", &["clock", "time"][..]),
        ("enrol", &["private_file", "protocol", "socketio"][..]),
        ("uplink", &["journal", "mailbox", "protocol", "socketio"][..]),
        ("driver", &["protocol", "socketio"][..]),
        ("config", &[][..]),
        ("doctor", &["agent", "cable", "clock", "network", "private_file"][..]),
        (
            "cli",
            &[
                "access",
                "agent",
                "cable",
                "certificate",
                "clock",
                "config",
                "doctor",
                "drive",
                "driver",
                "enrol",
                "gamepad",
                "journal",
                "mailbox",
                "metrics",
                "network",
                "protocol",
                "recording",
                "relay",
                "robot",
                "socketio",
                "time",
                "uplink",
            ][..],
        ),
    ])
}

/// The room of a file: its folder below `src/`, or its own name.
fn room(path: &Path) -> String {
    let inside = path.strip_prefix(root().join("src")).unwrap();
    inside.components().next().unwrap().as_os_str().to_string_lossy().trim_end_matches(".rs").to_owned()
}

/// Goal: data goes one way; a room knows only the rooms below it.
#[test]
fn rooms_know_only_the_rooms_below_them() {
    let plan = plan();
    let rooms: BTreeSet<&str> = plan.keys().copied().collect();
    let mut imports = 0;
    for path in files(&root().join("src"), ".rs") {
        let room = room(&path);
        if room == "lib" || room == "main" {
            continue;
        }
        let allowed = plan.get(room.as_str()).unwrap_or_else(|| panic!("the plan has no room {room}"));
        let code = code(&path);
        let mut known: BTreeSet<String> = BTreeSet::new();
        for part in code.split("crate::").skip(1) {
            // `crate::{agent, relay}` names several.
            let list = part.strip_prefix('{').map_or(part, |list| list.split('}').next().unwrap());
            let depth = if part.starts_with('{') { list.split(',').count() } else { 1 };
            for name in list.split(',').take(depth) {
                let word: String = name.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                known.insert(word);
            }
        }
        for other in known.iter().filter(|other| rooms.contains(other.as_str()) && **other != room) {
            imports += 1;
            assert!(
                allowed.contains(&other.as_str()),
                "{} imports {other}, which {room} must not know",
                path.display()
            );
        }
    }
    assert!(imports > 20, "only {imports} imports were found: does this test still read them?");
}

/// Goal: what decides has no clock, socket, file, log, thread or async.
#[test]
fn pure_files_stay_pure() {
    let forbidden = [
        "tokio",
        "tracing",
        "std::fs",
        "std::io",
        "std::net",
        "std::thread",
        "std::env",
        "Instant",
        "SystemTime",
        "async ",
        "getrandom",
        "rand::",
    ];
    let mut pure = 0;
    for path in files(&root().join("src"), ".rs") {
        let whole = fs::read_to_string(&path).unwrap();
        let room = room(&path);
        let says_pure = whole.starts_with("//! PURE.");
        assert!(
            says_pure
                || !["drive", "protocol", "time"].contains(&room.as_str())
                || path.ends_with("protocol/events.rs"),
            "{} must be pure and say so",
            path.display()
        );
        if says_pure {
            pure += 1;
            let code = code(&path);
            for word in forbidden {
                assert!(!code.contains(word), "{} says it is pure and uses {word}", path.display());
            }
        }
    }
    assert!(pure >= 15);
}

/// Goal: every file says in one sentence what it is for, and none grows into two nouns unnoticed.
#[test]
fn files_say_what_they_are_and_stay_small() {
    for path in files(&root().join("src"), ".rs") {
        let whole = fs::read_to_string(&path).unwrap();
        assert!(whole.starts_with("//! "), "{} does not say what it is for", path.display());
        let product = whole.split("#[cfg(test)]\nmod tests").next().unwrap().lines().count();
        assert!(product <= 540, "{} has {product} lines: which second noun hides there?", path.display());
    }
    for path in files(&root().join("web"), ".js") {
        let first = fs::read_to_string(&path).unwrap();
        assert!(first.starts_with("//"), "{} does not say what it is for", path.display());
    }
}

/// Goal: nothing in the product can panic on purpose or is left for later.
#[test]
fn nothing_is_left_for_later() {
    for path in files(&root().join("src"), ".rs") {
        for word in ["todo!", "unimplemented!", "FIXME", "TODO", "XXX"] {
            assert!(!fs::read_to_string(&path).unwrap().contains(word), "{} has {word}", path.display());
        }
    }
}

/// Goal: page and program use the same event names.
#[test]
fn page_and_program_use_the_same_event_names() {
    let names = |text: &str, before: &str| -> BTreeSet<String> {
        text.lines().filter_map(|line| line.trim().strip_prefix(before)?.split('"').nth(1).map(str::to_owned)).collect()
    };
    let ours = names(&text("src/protocol/events.rs"), "pub const ");
    assert!(ours.len() >= 12, "{ours:?}");
    let page = text("web/events.js");
    for name in &ours {
        assert!(page.contains(&format!("\"{name}\"")), "web/events.js does not know {name}");
    }
}

/// Goal: the documented configuration is the configuration, every key with its range or meaning.
#[test]
fn every_configuration_key_is_explained() {
    let document = text("config/joywire.toml");
    for (key, value, _) in Layers::defaults().iter() {
        let (_, name) = key.split_once('.').unwrap();
        let at = document.lines().position(|line| line == format!("{name} = {value}"));
        let at = at.unwrap_or_else(|| panic!("{key} = {value} is not in config/joywire.toml"));
        let above = document.lines().nth(at - 1).unwrap();
        assert!(above.starts_with('#') || above.contains(" = "), "{key} has no explanation above it");
    }
}

/// Goal: the fault table that people read is the one that decides.
#[test]
fn fault_table_in_the_document_is_the_one_that_decides() {
    let document = text("ARCHITECTURE.md");
    for fault in Fault::ALL {
        let policy = fault.policy();
        let (code, hop) = (policy.code, policy.hop.name());
        let row = format!("| {} | `{code}` | {:?} | {:?} | {hop} |", fault.number(), policy.stop, policy.clear);
        assert!(document.contains(&row), "ARCHITECTURE.md lacks the row {row}");
        let cause = format!("| {} | `{code}` |", fault.number());
        assert!(text("firmware-protocol.md").contains(&cause), "firmware-protocol.md lacks the row {cause}");
    }
}

/// Goal: the plan that people read is the one that is held.
#[test]
fn plan_in_the_document_is_the_one_that_is_held() {
    let document = text("ARCHITECTURE.md");
    for (room, below) in plan() {
        let list = if below.is_empty() { "nothing".to_owned() } else { below.join(", ") };
        let row = format!("| `{room}` | {list} |");
        assert!(document.contains(&row), "ARCHITECTURE.md lacks the row {row}");
    }
}
