//! Disks that take their time, and power that is cut: what was not synced is gone, or half gone.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use crate::random::Random;
use crate::rig::{PATIENCE, Rig, chat};
use crate::writer::{Told, Writer, now_ms};

/// Bytes that a disk writes whole or not at all.
const SECTOR: usize = 512;

/// The disk of power.c, built for this test.
fn disk(dir: &Path) -> PathBuf {
    let library = dir.join("disk.so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/journal/power.c");
    let mut compiler = Command::new("cc");
    compiler.args(["-O1", "-Wall", "-Werror", "-shared", "-fPIC", "-o"]).arg(&library).arg(source).arg("-ldl");
    let built = compiler.output().expect("cc is missing: install gcc, or run `make tools`");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    library
}

/// What a disk has after a power cut, in `safe`: what was synced, and of the rest some sectors, as it pleases.
fn cut(live: &Path, synced: &Path, safe: &Path, random: &mut Random, torn: bool) {
    fs::create_dir_all(safe).unwrap();
    for name in ["log.sqlite", "log.sqlite-wal"] {
        let mut bytes = fs::read(synced.join(name)).unwrap_or_default();
        let newer = fs::read(live.join(name)).unwrap_or_default();
        if torn {
            bytes.resize(bytes.len().max(newer.len()), 0);
            for at in (0..newer.len()).step_by(SECTOR) {
                let sector = at..newer.len().min(at + SECTOR);
                if random.below(2) == 0 {
                    bytes[sector.clone()].copy_from_slice(&newer[sector]);
                }
            }
        }
        fs::write(safe.join(name), bytes).unwrap();
    }
}

/// Goal: when power is cut, what was acknowledged is on the disk and what was only noted is there but for the last second,
/// though each sync takes long; and what the disk has half of makes no damage.
#[test]
fn a_power_cut_takes_the_last_second_at_most() {
    let seed =
        std::env::var("JOYWIRE_SEED").map_or_else(|_| u64::from(std::process::id()), |seed| seed.parse().unwrap());
    println!("JOYWIRE_SEED={seed}");
    let mut random = Random::new(seed);
    let tools = tempfile::tempdir().unwrap();
    let disk = disk(tools.path());
    let (mut kept, mut lost) = (0, 0);
    for round in 0..12 {
        let (rig, synced, after) = (Rig::new(), tempfile::tempdir().unwrap(), Rig::new());
        let delay = [0, 30, 120][round % 3];
        let writer = Writer::start(&rig.data, "w", Duration::from_millis(1), |command| {
            command.env("LD_PRELOAD", &disk).env("DISK_SYNCED", synced.path()).env("DISK_SYNC_MS", delay.to_string());
        });
        writer.speaks();
        thread::sleep(Duration::from_millis(random.between(1000, 1800)));
        let (told, at) = (writer.kill(), now_ms());
        cut(&rig.data.join("log"), synced.path(), &after.data.join("log"), &mut random, round % 2 == 1);
        after.close(&after.open());
        after.sound();
        assert!(after.aside().is_empty(), "a power cut is no damage");
        let rows = after.rows();
        for told in told {
            let there = |text: &str| rows.iter().any(|row| row.text == text);
            match told {
                Told::Kept(text) => {
                    assert!(there(&text), "round {round}: {text} was acknowledged and is not there");
                    kept += 1;
                }
                Told::Noted(text, noted) if !there(&text) => {
                    assert!(
                        at - noted < 1000,
                        "round {round}: {text} was noted {} ms before and is not there",
                        at - noted
                    );
                    lost += 1;
                }
                Told::Noted(..) => {}
                Told::Refused(text) => panic!("{text} was refused"),
            }
        }
    }
    // Else nothing was cut.
    assert!(kept > 300 && lost > 0, "{kept} kept, {lost} lost");
}

/// Goal: many that wait share a sync, however slow it is.
#[test]
fn those_who_wait_share_a_sync() {
    let (tools, synced, rig) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), Rig::new());
    let disk = disk(tools.path());
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--ignored", "--exact", "power::a_hundred_wait", "--nocapture"]).env("DATA", &rig.data);
    command.env("LD_PRELOAD", &disk).env("DISK_SYNCED", synced.path()).env("DISK_SYNC_MS", "300");
    let output = command.output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("1 passed"), "{said}");
    assert_eq!(rig.said().len(), 101);
    let syncs = fs::read(synced.path().join("count")).unwrap().len();
    assert!((2..30).contains(&syncs), "{syncs} syncs for a hundred that waited");
}

/// Goal: none of its own; the test above runs it on a slow disk.
#[test]
#[ignore = "it needs a disk that is slow"]
fn a_hundred_wait() {
    let rig = Rig::at(Path::new(&std::env::var("DATA").unwrap()));
    let journal = rig.open();
    // By now it is open, so that the first of them need not wait for the rest.
    assert_eq!(rig.keep(&journal, chat("first")), joywire::journal::Kept::Yes);
    let waiting: Vec<_> = (0..100).map(|number| journal.keep(chat(&number.to_string()))).collect();
    rig.runtime.block_on(async {
        for kept in waiting {
            assert_eq!(tokio::time::timeout(PATIENCE, kept).await.unwrap(), joywire::journal::Kept::Yes);
        }
    });
    rig.close(&journal);
}
