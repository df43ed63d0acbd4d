//! A disk that is full, and one that is not there.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use joywire::journal::Kept;

use crate::rig::{Rig, chat};

/// Goal: on a full disk nobody waits, who wants to know is told no, and once there is room the log goes on and tells how
/// many are missing.
#[test]
fn a_full_disk_makes_a_gap_of_the_right_size() {
    let home = tempfile::tempdir().unwrap();
    let script =
        "mount -t tmpfs -o size=1m none \"$DATA\" && \"$PROGRAM\" --ignored --exact full::on_a_small_disk --nocapture";
    let mut command = Command::new("unshare");
    command.args(["-rm", "sh", "-ec", script]).stdin(Stdio::null());
    command.env("DATA", home.path()).env("PROGRAM", std::env::current_exe().unwrap());
    let output = command.output().expect("unshare is missing: install util-linux, or run `make tools`");
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains("1 passed"), "no small disk, or it went wrong there: {said}");
}

/// Goal: none of its own; the test above makes the disk.
#[test]
#[ignore = "it needs a disk of its own"]
fn on_a_small_disk() {
    let rig = Rig::at(Path::new(&std::env::var("DATA").unwrap()));
    let journal = rig.open();
    assert_eq!(rig.keep(&journal, chat("first")), Kept::Yes);
    let ballast = rig.data.join("ballast");
    // As much as there is.
    drop(fs::write(&ballast, vec![0; 1 << 20]));
    let long = "x".repeat(8000);
    let mut refused = 0;
    let began = Instant::now();
    for number in 0..12 {
        refused += u64::from(rig.keep(&journal, chat(&format!("kept {number} {long}"))) == Kept::No);
    }
    // Those that found room in what SQLite had already taken were kept.
    assert!(refused >= 8, "{refused} of 12 were refused");
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    let lost = journal.counts().lost;
    assert_eq!(lost, refused);
    // What nobody waits for waits for room.
    for number in 0..10 {
        journal.note(chat(&format!("noted {number}")));
    }
    fs::remove_file(&ballast).unwrap();
    rig.until("room again", &journal, |counts| counts.waiting == 0);
    assert_eq!(rig.keep(&journal, chat("last")), Kept::Yes);
    let counts = journal.counts();
    assert_eq!((counts.lost, counts.gaps), (lost, u64::try_from(rig.gaps().len()).unwrap()));
    rig.close(&journal);
    rig.sound();
    let told: u64 = rig.gaps().iter().map(|gap| gap["lost"].as_u64().unwrap()).sum();
    assert_eq!(told, lost);
    let said = rig.said();
    let short: Vec<&str> = said.iter().filter(|text| !text.starts_with("kept")).map(String::as_str).collect();
    let noted: Vec<String> = (0..10).map(|number| format!("noted {number}")).collect();
    assert_eq!(
        short,
        ["first"].into_iter().chain(noted.iter().map(String::as_str)).chain(["last"]).collect::<Vec<_>>()
    );
    assert_eq!(said.len() - short.len(), usize::try_from(12 - refused).unwrap());
}

/// Goal: a folder that may not be written keeps nobody from driving; once it may, the log begins and tells what is missing.
#[test]
fn a_folder_that_may_not_be_written_is_told_and_tried_again() {
    let rig = Rig::new();
    // Even root cannot make a folder where there is a file.
    let log = rig.data.join("log");
    fs::write(&log, "in the way").unwrap();
    let journal = rig.open();
    assert_eq!(rig.keep(&journal, chat("refused")), Kept::No);
    journal.note(chat("waits"));
    fs::remove_file(&log).unwrap();
    rig.until("the folder", &journal, |counts| counts.waiting == 0);
    rig.close(&journal);
    assert_eq!(rig.said(), ["waits"]);
    assert_eq!(rig.gaps()[0]["lost"], 1);
    rig.sound();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&log), mode(&rig.file())), (0o700, 0o600), "others can read it");
}

/// Goal: a program that ends while the disk takes nothing ends in time, and the next one tells of it.
#[test]
fn a_stuck_disk_keeps_nobody_from_ending() {
    let rig = Rig::new();
    rig.write(["before".to_owned()]);
    let journal = rig.open();
    rig.until("it opens", &journal, |_| {
        rig.sqlite().query_row("SELECT count(*) FROM run WHERE closed_ms IS NULL", [], |row| row.get::<_, i64>(0))
            == Ok(1)
    });
    let stuck = rig.sqlite();
    stuck.execute_batch("BEGIN EXCLUSIVE").unwrap();
    journal.note(chat("too late"));
    let began = Instant::now();
    assert!(!rig.runtime.block_on(journal.close(Duration::from_millis(300))));
    assert!(began.elapsed() < Duration::from_secs(2));
    stuck.execute_batch("ROLLBACK").unwrap();
    rig.until("it ends after all", &journal, |counts| counts.waiting == 0);
    assert_eq!(rig.said().len() + usize::try_from(journal.counts().lost).unwrap(), 2);
}
