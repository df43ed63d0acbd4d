//! `joywire log`, as people and programs use it.

use std::process::Stdio;

use joywire::journal::{Doer, Journal, Kept, Kind, Record};
use joywire::protocol::events::Role;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::program::{Running, Shell, text};
use crate::rig::{Rig, chat};

/// The program, and a log where it looks for one.
fn house() -> (Shell, Rig) {
    let shell = Shell::new();
    let rig = Rig::at(&shell.path("joywire"));
    (shell, rig)
}

fn story(rig: &Rig) -> Journal {
    let journal = rig.open();
    journal.note(chat("hello Grace"));
    journal.note(Record::new(Kind::Chat, "=HYPERLINK(\"x\")\u{1b}[2J\u{202e}evil").of("Rover").by(Doer {
        name: "Grace".into(),
        role: Some(Role::Viewer),
        device: Some(9),
    }));
    journal
        .note(Record::new(Kind::Stop, "Ada pressed STOP").of("Rover").by(crate::rig::ada()).with(json!({"nonce": 5})));
    journal.note(Record::new(Kind::Seat, "Ada drives, says \"hi\", and more").of("Other").by(crate::rig::ada()));
    assert_eq!(rig.keep(&journal, Record::new(Kind::Connection, "a phone came")), Kept::Yes);
    journal
}

fn lines(shell: &Shell, args: &[&str]) -> Vec<String> {
    let output = shell.output(&[&["log"], args].concat());
    assert_eq!(output.status.code(), Some(0), "{args:?}: {}", text(&output.stderr));
    text(&output.stdout).lines().map(str::to_owned).collect()
}

/// Goal: whoever looks sees what was said and done, and nothing that was said does anything to the terminal; each filter
/// leaves what it is for.
#[test]
fn the_log_is_shown_and_filtered() {
    let (shell, rig) = house();
    let journal = story(&rig);
    let all = lines(&shell, &[]);
    assert_eq!(all.len(), 6, "{all:#?}");
    assert!(all[0].starts_with("TIME ") && all[0].ends_with("TEXT"));
    assert!(
        all[1].contains("chat")
            && all[1].contains("Rover")
            && all[1].contains("Ada")
            && all[1].ends_with("hello Grace")
    );
    assert!(!all.iter().any(|line| line.contains(['\u{1b}', '\u{202e}'])), "{all:#?}");
    let ids = |args: &[&str]| -> Vec<u64> {
        let lines = lines(&shell, &[args, &["--json"]].concat());
        lines.iter().map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].as_u64().unwrap()).collect()
    };
    for (args, expected) in [
        (&["--event", "stop,seat"][..], &[3, 4][..]),
        (&["--device", "9"], &[2]),
        (&["--device", "ada"], &[1, 3, 4]),
        (&["--robot", "Rover"], &[1, 2, 3]),
        (&["--text", "GRACE"], &[1, 2]),
        (&["--last", "2"], &[4, 5]),
        (&["--event", "chat", "--event", "stop", "--last", "2"], &[2, 3]),
        (&["--since", "10m"], &[1, 2, 3, 4, 5]),
        (&["--since", "today", "--until", "now", "--text", "stop"], &[3]),
        (&["--until", "2h"], &[]),
        (&["--since", "2020-01-01", "--until", "2020-12-31"], &[]),
    ] {
        assert_eq!(ids(args), expected, "{args:?}");
    }
    rig.close(&journal);
    // As well when no program runs any more.
    assert_eq!(lines(&shell, &[]), all);
}

/// Goal: programs get everything: JSON as JSON, CSV as spreadsheets read it, and without formulas.
#[test]
fn programs_get_everything() {
    let (shell, rig) = house();
    let journal = story(&rig);
    rig.close(&journal);
    let json: Vec<Value> = lines(&shell, &["--json"]).iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(json.len(), 5);
    let stop = &json[2];
    for (field, value) in [
        ("id", json!(3)),
        ("event", json!("stop")),
        ("robot", json!("Rover")),
        ("who", json!("Ada")),
        ("role", json!("driver")),
        ("device", json!(7)),
        ("text", json!("Ada pressed STOP")),
        ("data", json!({"nonce": 5})),
        ("run", json!(1)),
    ] {
        assert_eq!(stop[field], value, "{field}");
    }
    assert!(stop["time"].as_str().unwrap().ends_with('Z') && stop["at_ms"].is_u64());
    // Python reads CSV as spreadsheets do.
    let read =
        "import csv,sys,json; print(json.dumps(list(csv.DictReader(open(sys.argv[1], newline='', encoding='utf8')))))";
    let csv = shell.output(&["log", "--csv"]);
    std::fs::write(shell.path("log.csv"), &csv.stdout).unwrap();
    let python = std::process::Command::new("python3").args(["-c", read]).arg(shell.path("log.csv")).output().unwrap();
    let rows: Vec<Value> =
        serde_json::from_slice(&python.stdout).unwrap_or_else(|_| panic!("{}", text(&python.stderr)));
    assert_eq!(rows.len(), 5);
    assert_eq!(rows[1]["text"], "'=HYPERLINK(\"x\")\u{1b}[2J\u{202e}evil");
    assert_eq!((&rows[3]["text"], &rows[3]["device"]), (&json!("Ada drives, says \"hi\", and more"), &json!("7")));
    assert_eq!((&rows[2]["data"], &rows[4]["who"]), (&json!("{\"nonce\":5}"), &json!("")));
}

/// Goal: who follows sees what comes, of what was asked for, even if the file is set aside meanwhile.
#[test]
fn followers_see_what_comes() {
    let (shell, rig) = house();
    let journal = story(&rig);
    let mut follower = Running::start(shell.command(&["log", "--follow", "--event", "chat,gap"]));
    follower.says("hello Grace");
    assert_eq!(rig.keep(&journal, Record::new(Kind::Stop, "not asked for")), Kept::Yes);
    assert_eq!(rig.keep(&journal, chat("as it comes")), Kept::Yes);
    follower.says("as it comes");
    for number in 0..300 {
        journal.note(chat(&format!("{number} {}", "y".repeat(100))));
    }
    rig.close(&journal);
    follower.says("299 y");
    // Damaged while nobody writes: the next program sets it aside. What is beside the file would mend it.
    rig.sqlite().query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    let bytes = std::fs::read(rig.file()).unwrap();
    let half = bytes.len() / 8192 * 4096;
    std::fs::write(shell.path("spoilt"), [&bytes[..half], &vec![0x55; bytes.len() - half]].concat()).unwrap();
    for ending in ["-wal", "-shm"] {
        drop(std::fs::remove_file(shell.path(&format!("joywire/log/log.sqlite{ending}"))));
    }
    std::fs::rename(shell.path("spoilt"), rig.file()).unwrap();
    let journal = rig.open();
    assert_eq!(rig.keep(&journal, chat("in the new file")), Kept::Yes);
    follower.says("set aside");
    follower.says("in the new file");
    assert_eq!(rig.aside().len(), 1);
    // Whoever starts tests in the background may have told them to ignore SIGINT.
    follower.signal(Signal::TERM);
    let (_, said) = follower.end();
    assert!(!said.contains("not asked for"), "{said}");
    assert_eq!(said.matches("hello Grace").count(), 1, "{said}");
    assert_eq!(said.matches("  299 y").count(), 1, "{said}");
    assert!(rig.said().len() > 10, "nothing was carried over");
    rig.close(&journal);
}

/// Goal: whoever keeps a head can prove later that nothing was changed, and a change makes the command fail.
#[test]
fn verify_proves_and_refuses() {
    let (shell, rig) = house();
    rig.write((0..10).map(|number| number.to_string()));
    let said = lines(&shell, &["verify"]).join("\n");
    assert!(said.contains("10 entries are as they were written") && said.contains("0 gaps"), "{said}");
    let head = said.split("--head ").nth(1).unwrap().split('`').next().unwrap().to_owned();
    assert!(head.starts_with("10:"));
    rig.write(["more".to_owned()]);
    assert!(lines(&shell, &["verify", "--head", &head]).join("\n").contains("all before it"));
    let other = head.replace(|c: char| c.is_ascii_alphabetic(), "0");
    assert!(shell.complaint(&["log", "verify", "--head", &other], 1).contains("changed"));
    let beyond = head.replacen("10:", "99:", 1);
    assert!(shell.complaint(&["log", "verify", "--head", &beyond], 1).contains("ends with entry 11"));
    assert_eq!(shell.output(&["log", "verify", "--head", "10:abc"]).status.code(), Some(2));
    rig.sqlite().execute_batch("UPDATE entries SET text = 'x' WHERE id = 4").unwrap();
    let output = shell.output(&["log", "verify"]);
    let said = text(&output.stderr);
    assert!(output.status.code() == Some(1) && said.contains("entry 4 is not what was written"), "{said}");
    assert!(said.contains("3 entries are before it") || said.contains("3 entries"), "{said}");
}

/// Goal: who asks for nonsense, or where there is nothing, is told what to do.
#[test]
fn nonsense_is_answered_with_a_sentence() {
    let (shell, rig) = house();
    for args in [&["log"][..], &["log", "verify"], &["log", "--follow"]] {
        let complaint = shell.complaint(args, 1);
        assert!(complaint.contains("there is no log in ") && complaint.contains("log.sqlite yet"), "{complaint}");
    }
    rig.close(&story(&rig));
    let unknown = shell.complaint(&["log", "--event", "chat,drive"], 1);
    assert!(unknown.contains("“drive”") && unknown.contains("stop, ") && unknown.contains("gap"), "{unknown}");
    for (option, bad) in [("--since", "noon"), ("--until", "2026-02-30")] {
        let complaint = shell.complaint(&["log", option, bad], 1);
        assert!(
            complaint.contains(option) && complaint.contains(bad) && complaint.contains("yesterday"),
            "{complaint}"
        );
    }
    assert!(shell.complaint(&["log", "--last", "0"], 1).contains("give 1 or more"));
    assert!(shell.complaint(&["log", "--until", "yesterday", "--follow"], 1).contains("--until is over"));
    rig.sqlite().execute_batch("UPDATE entries SET at_ms = -5 WHERE id = 2").unwrap();
    for form in [&[][..], &["--json"], &["--csv"]] {
        assert!(lines(&shell, form).iter().any(|line| line.contains("time unknown (-5 ms)")), "{form:?}");
    }
    let output = shell.output(&["log", "--text", "nowhere"]);
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), "no entry fits\n"));
    rig.write((0..60).map(|number| number.to_string()));
    let output = shell.output(&["log"]);
    assert_eq!(text(&output.stdout).lines().count(), 51);
    assert!(text(&output.stderr).contains("the last 50"), "{}", text(&output.stderr));
    std::fs::write(rig.file(), "no database").unwrap();
    assert!(shell.complaint(&["log"], 1).contains("sets it aside"));
}

/// Goal: a reader that has read enough ends it quietly.
#[test]
fn a_closed_pipe_is_no_error() {
    let (shell, rig) = house();
    rig.write((0..5000).map(|number| number.to_string()));
    let mut child =
        shell.command(&["log", "--last", "5000"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()));
}

/// Goal: a program that ran has told when it began and how it was configured, and that it ended; one that was killed has a
/// gap; and without a log there is none.
#[test]
fn programs_tell_when_they_began_and_ended() {
    let (shell, rig) = house();
    let run = |args: &[&str]| {
        let mut program = Running::start(shell.command(&[&["run", "--port", "0", "--name", "Rover"], args].concat()));
        program.says("joywire drives");
        program
    };
    let program = run(&[]);
    program.signal(Signal::INT);
    assert_eq!(program.end().0, Some(0));
    let rows = rig.rows();
    let programs: Vec<&str> = rows.iter().filter(|row| row.event == "program").map(|row| row.text.as_str()).collect();
    assert!(
        programs.len() == 2 && programs[0].starts_with("joywire run") && programs[1].ends_with("ended"),
        "{programs:?}"
    );
    let data: Value = serde_json::from_str(rows[0].data.as_deref().unwrap()).unwrap();
    assert_eq!(data["configuration"]["robot.name"], "Rover");
    let program = run(&[]);
    let seen = || rig.rows().iter().filter(|row| row.event == "program").count() == 3;
    while !seen() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    program.signal(Signal::KILL);
    drop(program.end());
    std::fs::write(shell.path("off.toml"), "[log]\non = false\n").unwrap();
    let off = shell.path("off.toml");
    let program = run(&["--config", off.to_str().unwrap()]);
    program.signal(Signal::INT);
    program.end();
    assert_eq!(rig.gaps().len(), 0, "a program without a log wrote in it");
    let program = run(&[]);
    program.signal(Signal::INT);
    program.end();
    assert!(rig.gaps()[0]["why"].as_str().unwrap().contains("without a farewell"));
    rig.sound();
}
