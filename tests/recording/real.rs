//! The real program: recorded, killed, on a full disk; and a robot on a pseudo-terminal that is driven again.

use std::fs;
use std::io::Read;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicI16, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use joywire::recording::read::Ending;
use joywire::recording::stops::Stop;
use joywire::robot::body::Build;
use joywire::robot::sim::SimRobot;
use rustix::process::Signal;
use serde_json::Value;

use crate::deck::{ANNE, Deck, Told};
use crate::program::{Running, Shell, terminal, text};

const CONFIG: &str = "[server]\nmdns = false\nport = 0\n[robot]\nname = \"Rover\"\n";

fn shell() -> Shell {
    let shell = Shell::new();
    fs::write(shell.path("joywire.toml"), CONFIG).unwrap();
    shell
}

/// Starts the program, and waits until it is open.
fn start(mut command: Command) -> (Running, String) {
    command.args(["--config", "joywire.toml"]);
    let mut running = Running::start(command);
    let line = running.says("https://localhost:");
    let url = line.split_whitespace().find(|word| word.starts_with("https://")).unwrap().to_owned();
    running.says("robot is ready");
    (running, url)
}

fn drive(shell: &Shell, url: &str, steps: &[&str]) -> String {
    let output = shell.command(&["drive", "--relay", url, "--config", "joywire.toml"]).args(steps).output().unwrap();
    text(&output.stdout) + &text(&output.stderr)
}

fn recordings(shell: &Shell) -> Vec<PathBuf> {
    let folder = fs::read_dir(shell.path("joywire/recordings")).unwrap();
    let mut files: Vec<PathBuf> = folder.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn replay(shell: &Shell, file: &Path, more: &[&str]) -> (Option<i32>, String) {
    let output = shell.command(&["replay", file.to_str().unwrap()]).args(more).output().unwrap();
    (output.status.code(), text(&output.stdout) + &text(&output.stderr))
}

/// Goal: a program that is killed in the middle of a drive leaves a recording that plays again up to its last moments and
/// says that it breaks off; the next start completes it.
#[test]
fn killed_program_leaves_a_recording() {
    let shell = shell();
    let (mut running, url) = start(shell.command(&["run", "--record"]));
    assert!(drive(&shell, &url, &["up", "1s", "left", "0.5s"]).contains("has done it"));
    // What is written waits a quarter of a second at most.
    sleep(Duration::from_millis(700));
    running.child.kill().unwrap();
    drop(running);
    let file = recordings(&shell).remove(0);
    let before = Told::at(&file);
    assert!(matches!(before.ending, Ending::Abrupt), "{:?}", before.ending);
    assert!(before.review().acts.len() > 30, "{} acts", before.review().acts.len());
    let (code, said) = replay(&shell, &file, &[]);
    assert!(code == Some(0) && said.contains("ends abruptly") && said.contains("all as recorded"), "{said}");
    let twice = replay(&shell, &file, &[]);
    assert_eq!((code, said), twice, "driven again it is the same");

    let mut command = shell.command(&["run"]);
    command.args(["--config", "joywire.toml"]);
    let mut running = Running::start(command);
    running.says("is complete now");
    running.says("robot is ready");
    running.signal(Signal::INT);
    assert_eq!(running.end().0, Some(0));
    let bytes = fs::read(&file).unwrap();
    assert!(mcap::Summary::read(&bytes).unwrap().is_some());
    assert_eq!(Told::at(&file).entries, before.entries);
    let (code, said) = replay(&shell, &file, &["--explain"]);
    assert!(code == Some(0) && said.contains("ends abruptly") && said.contains("It never stopped"), "{said}");
}

/// Goal: a driver whose program stands still for a moment stops the robot, and the recording of the real program tells it
/// with numbers and place; as JSON, too.
#[test]
fn frozen_driver_is_explained() {
    let shell = shell();
    let (running, url) = start(shell.command(&["run", "--record"]));
    let driver = shell.command(&["drive", "--relay", &url, "--config", "joywire.toml", "up", "20s"]);
    let driver = Running::start(driver);
    sleep(Duration::from_millis(2500));
    driver.signal(Signal::STOP);
    sleep(Duration::from_millis(700));
    driver.signal(Signal::CONT);
    sleep(Duration::from_millis(700));
    drop(driver);
    sleep(Duration::from_millis(700));
    running.signal(Signal::INT);
    assert_eq!(running.end().0, Some(0));
    let file = recordings(&shell).remove(0);
    let (code, said) = replay(&shell, &file, &["--explain"]);
    assert_eq!(code, Some(0), "{said}");
    let stale = "the newest sample was 2";
    assert!(said.contains("command_stale") && said.contains(stale) && said.contains("[network ✗]"), "{said}");
    let (code, json) = replay(&shell, &file, &["--json"]);
    let told: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((code, &told["robot"], &told["ending"]["how"]), (Some(0), &"Rover".into(), &"whole".into()), "{told}");
    assert!(told["difference"].is_null() && told["frames"].as_u64().unwrap() > 100);
    let review = Told::at(&file).review();
    let stops: &[Stop] = &review.stops;
    assert_eq!(told["stops"].as_array().unwrap().len(), stops.len());
    let first = &stops[0];
    assert_eq!((first.driver.as_deref(), &*first.causes[0].reason.code), (Some("joywire drive"), "command_stale"));
    assert!(first.moved && first.reported_zero.is_some_and(|age| age < Duration::from_millis(250)), "{first:?}");
}

/// Goal: on a disk that is full the recording ends with a sentence; the program goes on driving.
#[test]
fn full_disk_ends_the_recording_and_not_the_drive() {
    let shell = shell();
    let folder = shell.path("joywire/recordings");
    fs::create_dir_all(&folder).unwrap();
    // A small disk that only the program sees.
    let script = format!("mount -t tmpfs -o size=96k,mode=700 none '{}' && exec \"$@\"", folder.display());
    let tried = Command::new("unshare").args(["-rm", "true"]).status();
    assert!(tried.is_ok_and(|status| status.success()), "this needs user namespaces: unshare -rm");
    let inner = shell.command(&["run", "--record", "--config", "joywire.toml"]);
    let mut command = Command::new("unshare");
    command.args(["-rm", "sh", "-c", &script, "sh"]).arg(inner.get_program()).args(inner.get_args());
    command.current_dir(shell.home.path());
    for (name, value) in inner.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let mut running = Running::start(command);
    let line = running.says("https://localhost:");
    let url = line.split_whitespace().find(|word| word.starts_with("https://")).unwrap().to_owned();
    running.says("robot is ready");
    let said = running.says("Driving goes on");
    assert!(said.contains("No space left"), "{said}");
    assert!(drive(&shell, &url, &["up", "0.5s"]).contains("has done it"));
    running.signal(Signal::INT);
    assert_eq!(running.end().0, Some(0));
}

/// A robot on a pseudo-terminal, whose motors a test looks at.
struct Board {
    path: String,
    fastest: Arc<AtomicI16>,
    rests: Arc<AtomicBool>,
    quit: Arc<AtomicBool>,
    thread: Option<thread::JoinHandle<()>>,
    heard: Arc<Mutex<Vec<u8>>>,
}

impl Board {
    fn new() -> Self {
        let (ours, path) = terminal();
        rustix::io::ioctl_fionbio(&ours, true).unwrap();
        let (fastest, rests, quit) =
            (Arc::new(AtomicI16::new(0)), Arc::new(AtomicBool::new(true)), Arc::new(AtomicBool::new(false)));
        let heard = Arc::new(Mutex::new(Vec::new()));
        let theirs = (fastest.clone(), rests.clone(), quit.clone(), heard.clone());
        let thread = thread::spawn(move || {
            let (fastest, rests, quit, heard) = theirs;
            let mut robot = SimRobot::new(Build::default(), 3);
            let (began, mut done) = (Instant::now(), 0);
            while !quit.load(Ordering::Relaxed) {
                sleep(Duration::from_millis(1));
                let mut bytes = [0; 512];
                let read = fs::File::from(ours.as_fd().try_clone_to_owned().unwrap()).read(&mut bytes).unwrap_or(0);
                heard.lock().unwrap().extend_from_slice(&bytes[..read]);
                robot.receive(&bytes[..read]);
                while done < began.elapsed().as_millis() {
                    done += 1;
                    robot.tick_ms();
                    let speed = robot.sides().map(i16::abs).into_iter().max().unwrap();
                    fastest.fetch_max(speed, Ordering::Relaxed);
                }
                rests.store(robot.is_off(), Ordering::Relaxed);
                let mut wire = Vec::new();
                robot.transmit(&mut wire);
                rustix::io::write(&ours, &wire).ok();
            }
        });
        Self { path, fastest, rests, quit, thread: Some(thread), heard }
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        self.quit.store(true, Ordering::Relaxed);
        drop(self.thread.take().unwrap().join());
    }
}

/// A recording of two seconds ahead at full speed.
fn two_seconds_ahead() -> Told {
    let mut deck = Deck::new();
    deck.record();
    deck.run(1000);
    deck.drives(ANNE, 0.0, 1.0);
    deck.run(2000);
    deck.held = None;
    deck.sample(ANNE, joywire::drive::Stick::NEUTRAL);
    deck.run(300);
    deck.finish()
}

/// Goal: with --serial and --yes a real robot drives the recording, at the speed that was asked for at most, and rests
/// afterwards; its STOP latch is ours, and keeps it from driving.
#[test]
fn real_robot_is_driven_again_no_faster_than_asked_for() {
    let (shell, told) = (shell(), two_seconds_ahead());
    let board = Board::new();
    let serial = ["--serial", &board.path, "--speed", "0.4", "--config", "joywire.toml"];
    // Nobody is there to be asked.
    let (code, said) = replay(&shell, &told.path, &serial);
    assert!(code == Some(1) && said.contains("--yes"), "{said}");
    assert_eq!(board.fastest.load(Ordering::Relaxed), 0);
    let (code, said) = replay(&shell, &told.path, &[&serial[..], &["--yes"]].concat());
    assert!(code == Some(0) && said.contains("was driven again") && said.contains("to the end"), "{said}");
    let fastest = board.fastest.load(Ordering::Relaxed);
    assert!((350..=400).contains(&fastest), "{fastest} permille");
    assert!(board.rests.load(Ordering::Relaxed) && !board.heard.lock().unwrap().is_empty());

    let latch = shell.path("joywire/agent/latch");
    fs::write(&latch, "joywire latch 1: latched\nAnne\n").unwrap();
    board.fastest.store(0, Ordering::Relaxed);
    let (code, said) = replay(&shell, &told.path, &[&serial[..], &["--yes"]].concat());
    assert!(code == Some(1) && said.contains("STOP is latched"), "{said}");
    assert_eq!(board.fastest.load(Ordering::Relaxed), 0);
}

/// Goal: Ctrl-C stops the robot; and where STOP was pressed in the recording, the replay ends.
#[test]
fn replay_ends_by_stop_and_by_ctrl_c() {
    let (shell, told) = (shell(), two_seconds_ahead());
    let board = Board::new();
    let mut command = shell.command(&["replay", told.path.to_str().unwrap(), "--yes", "--config", "joywire.toml"]);
    command.args(["--serial", &board.path, "--speed", "1"]);
    let running = Running::start(command);
    let end = Instant::now() + Duration::from_secs(20);
    while board.rests.load(Ordering::Relaxed) {
        assert!(Instant::now() < end, "the wheels never turned");
        sleep(Duration::from_millis(5));
    }
    running.signal(Signal::INT);
    let (code, said) = running.end();
    assert!(code == Some(1) && said.contains("stopped"), "{said}");
    sleep(Duration::from_millis(300));
    assert!(board.rests.load(Ordering::Relaxed));

    let mut deck = Deck::new();
    deck.record();
    deck.run(1000);
    deck.drives(ANNE, 0.0, 1.0);
    deck.run(500);
    deck.taped.stop(deck.time(), ANNE, joywire::drive::Source::Network, "Anne".to_owned());
    deck.run(3000);
    let (code, said) = replay(&shell, &deck.finish().path, &["--realtime", "--config", "joywire.toml"]);
    assert!(code == Some(0) && said.contains("pressed STOP in the recording"), "{said}");
}

/// Goal: what is no recording, or not there, is refused with one sentence.
#[test]
fn replay_refuses_what_is_no_recording() {
    let shell = shell();
    assert!(shell.complaint(&["replay", "none.mcap"], 1).contains("cannot read none.mcap"));
    assert!(shell.complaint(&["replay", "joywire.toml"], 1).contains("is no recording of Joywire"));
    assert!(shell.complaint(&["replay", "joywire.toml", "--speed", "1.5"], 1).contains("--speed"));
}
