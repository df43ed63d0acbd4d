//! Nobody reads what the program says, and it does its work all the same.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// Goal: I14, a log that is full blocks nothing: a signal still ends the program in order.
#[test]
fn a_log_that_is_full_blocks_nothing() {
    let home = tempfile::tempdir().unwrap();
    let (unread, log) = std::io::pipe().unwrap();
    // Fill the pipe, so that the program's first line of log already finds no room.
    let mut filler = Command::new("sh").args(["-c", "yes"]).stdout(log.try_clone().unwrap()).spawn().unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_joywire"))
        .args(["run", "--port", "0"])
        .env("XDG_DATA_HOME", home.path())
        .env("XDG_CONFIG_HOME", home.path())
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .unwrap();
    let mut first = String::new();
    let mut lines = BufReader::new(program.stdout.take().unwrap());
    lines.read_line(&mut first).unwrap();
    assert!(first.starts_with("joywire drives"), "{first:?}");
    let pid = rustix::process::Pid::from_child(&program);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    let (tell, ended) = mpsc::channel();
    thread::spawn(move || drop(tell.send(lines.read_to_string(&mut String::new()))));
    let ended = ended.recv_timeout(Duration::from_secs(10));
    for child in [&mut program, &mut filler] {
        drop(child.kill());
        child.wait().unwrap();
    }
    drop(unread);
    assert!(ended.is_ok(), "the program did not end");
}

/// Goal: I14, a log whose reader has gone stops nothing.
#[test]
fn a_log_without_a_reader_stops_nothing() {
    let home = tempfile::tempdir().unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_joywire"))
        .args(["run", "--port", "0"])
        .env("XDG_DATA_HOME", home.path())
        .env("XDG_CONFIG_HOME", home.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(program.stderr.take());
    let mut lines = BufReader::new(program.stdout.take().unwrap());
    let mut first = String::new();
    lines.read_line(&mut first).unwrap();
    let (tell, ended) = mpsc::channel();
    thread::spawn(move || drop(tell.send(lines.read_to_string(&mut String::new()))));
    // Within two seconds the simulated robot is found and made ready, each with a line in the log.
    let ended = ended.recv_timeout(Duration::from_secs(2));
    program.kill().unwrap();
    program.wait().unwrap();
    assert!(first.starts_with("joywire drives") && ended.is_err(), "{first:?} {ended:?}");
}
