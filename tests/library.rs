//! Stories of the Arduino library: it is laid out as the Arduino tools want it, its examples compile, its core is small.
//!
//! Needs make and a compiler for AVR: `apt-get install gcc-avr avr-libc arduino-core-avr`.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

/// What the core may take of an Uno, bytes.
const CORE_FLASH: u32 = 4096;
const CORE_RAM: u32 = 300;
/// What that has beside its bootloader, bytes.
const UNO_FLASH: u32 = 32_256;
const UNO_RAM: u32 = 2048;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn library() -> PathBuf {
    root().join("firmware/joywire")
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The files right in a folder whose names have that ending.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<_> = entries.filter(|path| path.to_string_lossy().ends_with(ending)).collect();
    found.sort();
    found
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

fn examples() -> Vec<PathBuf> {
    files(&library().join("examples"), "")
}

fn words(text: &str) -> BTreeSet<&str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty()).collect()
}

/// What a sketch sees: the headers that are not in a folder, and the core's types that they use.
fn headers() -> String {
    let source = library().join("src");
    let mut all: String = files(&source, ".h").iter().map(|path| text(path)).collect();
    all.push_str(&text(&source.join("core/jw_message.h")));
    all
}

/// What make prints for a target of the firmware's Makefile.
fn make(target: &str) -> String {
    // Tests run side by side, and must not build the same file at the same time.
    static BUILDING: Mutex<()> = Mutex::new(());
    let _alone = BUILDING.lock().unwrap_or_else(PoisonError::into_inner);
    assert!(
        Command::new("avr-gcc").arg("--version").output().is_ok(),
        "this test needs a compiler for AVR: apt-get install gcc-avr avr-libc arduino-core-avr"
    );
    let made = Command::new("make").args(["--silent", "-C", "firmware", target]).current_dir(root()).output();
    let made = made.expect("this test needs make: apt-get install make");
    let (printed, complaints) = (String::from_utf8_lossy(&made.stdout), String::from_utf8_lossy(&made.stderr));
    assert!(made.status.success(), "make {target}:\n{complaints}");
    assert!(!complaints.contains("warning"), "make {target}:\n{complaints}");
    printed.into_owned()
}

/// Flash and RAM by name, as `make size` prints them.
fn sizes() -> BTreeMap<String, (u32, u32)> {
    let table = make("size");
    let rows = table.lines().filter_map(|line| {
        let (line, ram) = line.trim().rsplit_once(' ')?;
        let (name, flash) = line.trim().rsplit_once(' ')?;
        Some((name.trim().to_owned(), (flash.parse().ok()?, ram.parse().ok()?)))
    });
    rows.collect()
}

/// Goal: library.properties has every key that the Arduino library specification asks for, and true ones.
#[test]
fn properties_are_those_that_arduino_asks_for() {
    let properties = text(&library().join("library.properties"));
    let value = |key: &str| {
        let found = properties.lines().find_map(|line| line.strip_prefix(&format!("{key}=")));
        found.unwrap_or_else(|| panic!("library.properties has no {key}"))
    };
    for key in ["author", "maintainer", "sentence", "paragraph"] {
        assert!(!value(key).is_empty(), "{key} is empty");
    }
    value("url");
    assert_eq!(value("name"), "Joywire");
    assert_eq!(value("version"), env!("CARGO_PKG_VERSION"));
    assert_eq!(value("category"), "Communication");
    for architecture in value("architectures").split(',') {
        let board = library().join(format!("src/board/{architecture}.cpp"));
        assert!(board.exists(), "{architecture} has no board file");
    }
    for header in value("includes").split(',') {
        assert!(library().join("src").join(header).exists(), "there is no {header}");
    }
    assert!(!value("paragraph").contains(value("sentence")), "the IDE shows the paragraph behind the sentence");
    assert_eq!(text(&library().join("LICENSE")), text(&root().join("LICENSE")));
}

/// Goal: every keyword is in a header, and every public method is a keyword.
#[test]
fn keywords_are_the_words_of_the_headers() {
    let (keywords, headers) = (text(&library().join("keywords.txt")), headers());
    let known = words(&headers);
    let mut listed = BTreeSet::new();
    for line in keywords.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (word, kind) = line.split_once('\t').unwrap_or_else(|| panic!("no tab in {line}"));
        assert!(["KEYWORD1", "KEYWORD2", "LITERAL1"].contains(&kind), "{line}");
        assert!(known.contains(word), "no header has {word}");
        assert!(listed.insert(word), "{word} is listed twice");
    }
    let mut methods = 0;
    for header in files(&library().join("src"), ".h") {
        let header = text(&header);
        let public = header.split("public:").nth(1).unwrap_or("").split("private:").next().unwrap();
        // Four spaces in, and no comment: a declaration.
        for line in
            public.lines().filter(|line| line.starts_with("    ") && !line[4..].starts_with([' ', '/', '{', '}']))
        {
            let Some((before, _)) = line.split_once('(') else { continue };
            let method = before.rsplit(' ').next().unwrap();
            assert!(listed.contains(method), "{method} is no keyword");
            methods += 1;
        }
    }
    assert!(methods >= 10, "only {methods} methods were found: does this test still read them?");
}

/// Goal: every example is a folder with a sketch of its name, whose wiring table names every pin that it uses.
#[test]
fn examples_say_how_they_are_wired() {
    let readme = text(&library().join("README.md"));
    let mut pins = 0;
    for folder in examples() {
        let name = name(&folder);
        let sketch = text(&folder.join(format!("{name}.ino")));
        assert!(readme.contains(&format!("(examples/{name}/{name}.ino)")), "the README does not name {name}");
        let table: String = sketch.lines().take_while(|line| line.starts_with("//")).collect::<Vec<_>>().join("\n");
        for word in ["Arduino Uno", "GND", "10 kOhm", "switch that you can reach"] {
            assert!(table.contains(word), "{name} says nothing of {word}");
        }
        let named = words(&table);
        for line in sketch.lines().filter(|line| line.starts_with("JoywireMotor") || line.starts_with("JoywireServo")) {
            let used = line.split(['(', ')']).nth(1).unwrap();
            for pin in used.split(',').map(str::trim) {
                assert!(named.contains(pin), "{name} does not say what pin {pin} is for");
                pins += 1;
            }
        }
        assert!(!words(&sketch.replace("no delay()", "")).contains("delay"), "{name} waits");
        assert!(sketch.contains("joywire.update();"), "{name} does not update");
    }
    assert!(pins >= 20, "only {pins} pins were found: does this test still read them?");
}

/// Goal: every example compiles for an Uno without a warning, and leaves more than half of the board to its owner.
#[test]
fn examples_compile_and_leave_room() {
    make("uno");
    let sizes = sizes();
    for folder in examples() {
        let name = name(&folder);
        let (flash, ram) = sizes[&format!("sketch {name}")];
        assert!(flash < UNO_FLASH / 2, "{name} takes {flash} bytes of flash");
        assert!(ram < UNO_RAM / 2, "{name} takes {ram} bytes of RAM");
    }
}

/// Goal: the core stays below 4 kB of flash and 300 bytes of RAM.
#[test]
fn core_stays_small() {
    let (flash, ram) = sizes()["core"];
    assert!(flash < CORE_FLASH, "the core takes {flash} bytes of flash: what can go?");
    assert!(ram < CORE_RAM, "the core takes {ram} bytes of RAM: what can go?");
    assert!(flash > CORE_FLASH / 2 && ram > CORE_RAM / 2, "{flash} and {ram} bytes: is all of the core measured?");
}

/// Goal: the core runs anywhere: no Arduino, no heap, no waiting, no floating point.
#[test]
fn core_needs_nothing_but_c() {
    let allowed = ["<stdbool.h>", "<stdint.h>", "<stdlib.h>", "<string.h>"];
    let forbidden = ["malloc", "calloc", "realloc", "free", "new", "delay", "sleep", "float", "double", "printf"];
    let folder = library().join("src/core");
    let sources: Vec<_> = [files(&folder, ".c"), files(&folder, ".h")].concat();
    assert!(sources.len() >= 6);
    for path in sources {
        let source = text(&path);
        for header in source.lines().filter_map(|line| line.strip_prefix("#include ")) {
            let header = header.split_whitespace().next().unwrap();
            assert!(header.starts_with("\"jw_") || allowed.contains(&header), "{} includes {header}", path.display());
        }
        // Without its comments.
        let code: String =
            source.split("/*").map(|part| part.split_once("*/").map_or(part, |(_, code)| code)).collect();
        for word in forbidden {
            assert!(!words(&code).contains(word), "{} says {word}", path.display());
        }
    }
}
