//! At the terminal.

use std::fs;
use std::io::Write;
use std::process::{ChildStdin, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::board::Board;
use crate::program::{self, PATIENCE, Running, Shell};

const FILE: &str = "# mine\n[robot]\nname = \"Rover\" # the fast one\n";

/// A question that starts a motor is read for longer than this, or the answer does not count.
const READ: Duration = Duration::from_millis(600);
/// All of a stop.
const PROMISED: Duration = Duration::from_millis(250);

/// Someone who calibrates a robot on a cable and writes down what is asked.
struct Session {
    run: Running,
    keys: ChildStdin,
    board: Board,
}

impl Session {
    fn start(shell: &Shell, text: &str) -> Self {
        let board = Board::robot();
        let path = board.path().to_owned();
        Self::at(shell, text, board, &path)
    }

    /// With the simulated robot of the program itself, whose motors nobody sees.
    fn practise(shell: &Shell, text: &str) -> Self {
        Self::at(shell, text, Board::robot(), "sim")
    }

    fn at(shell: &Shell, text: &str, board: Board, serial: &str) -> Self {
        fs::write(shell.path("robot.toml"), text).unwrap();
        let mut command = shell.command(&["calibrate", "--config", "robot.toml", "--serial", serial]);
        command.stdin(Stdio::piped());
        let mut run = Running::start(command);
        let keys = run.child.stdin.take().unwrap();
        Self { run, keys, board }
    }

    /// Waits for a question with these words, and answers.
    fn answer(&mut self, question: &str, answer: &str) {
        self.run.says(question);
        self.types(answer);
    }

    fn types(&mut self, answer: &str) {
        writeln!(self.keys, "{answer}").unwrap();
    }

    /// Waits for what an Enter will start, reads it, and presses Enter.
    fn enter(&mut self, question: &str) {
        self.run.says(question);
        sleep(READ);
        self.types("");
    }

    /// Answers what is asked about one motor.
    fn motor(&mut self, name: &str, way: &str) {
        self.enter(&format!("should be {name}"));
        self.answer("Which way did it turn", way);
        self.enter(&format!("the least that turns {name}"));
        // The robot turns at once; so does the person's finger.
        self.types("");
        self.run.says("it starts at about");
    }

    /// Waits until a motor turns at least so fast, permille.
    fn turns(&self, least: u16) {
        let end = Instant::now() + PATIENCE;
        while self.board.fastest() < least {
            assert!(Instant::now() < end, "no motor turns");
            sleep(Duration::from_millis(1));
        }
    }
}

/// Waits until the motors are told nothing any more; they must be within what is promised.
fn rests(board: &Board, fault: Instant) {
    board.fastest();
    loop {
        let looked = Instant::now();
        sleep(Duration::from_millis(5));
        if board.fastest() == 0 {
            let took = looked.saturating_duration_since(fault);
            assert!(took <= PROMISED, "motors off after {took:?}");
            break;
        }
    }
    sleep(PROMISED);
    assert_eq!(board.fastest(), 0, "they turn again");
}

/// Goal: whoever answers the questions has a file that tells the motors, with all else in it as it was.
#[test]
fn answers_become_the_robots_file() {
    let shell = Shell::new();
    let mut session = Session::start(&shell, FILE);
    session.answer("wheels turn freely?", "perhaps");
    session.answer("one of the letters", "y");
    session.motor("the left wheel", "f");
    session.motor("the right wheel", "b");
    session.answer("on the floor", "r");
    session.answer("Which way did it go?", "l");
    session.enter("Put it back");
    session.answer("Which way did it go?", "s");
    session.run.says("+ inverted = [false, true]");
    session.answer("Write that?", "y");
    session.run.says("written to");
    assert_eq!(session.run.end().0, Some(0));
    let text = fs::read_to_string(shell.path("robot.toml")).unwrap();
    assert!(text.starts_with(FILE), "{text}");
    assert!(text.contains("inverted = [false, true]") && text.contains("trim = [1.0, 0.98]"), "{text}");
    let shown = program::text(&shell.output(&["config", "show", "--config", "robot.toml"]).stdout);
    assert!(shown.contains("trim = [1.0, 0.98]"), "{shown}");
}

/// Goal: a robot on four wheels of its own is asked about each.
#[test]
fn every_motor_is_asked_about() {
    let shell = Shell::new();
    let mut session = Session::practise(&shell, "[robot]\nwheels = \"mecanum\"\n");
    session.answer("wheels turn freely?", "y");
    for (name, way) in [
        ("the front left wheel", "f"),
        ("the front right wheel", "f"),
        ("the rear left wheel", "b"),
        ("the rear right wheel", "f"),
    ] {
        session.motor(name, way);
    }
    session.answer("on the floor", "s");
    session.answer("Write that?", "y");
    assert_eq!(session.run.end().0, Some(0));
    let text = fs::read_to_string(shell.path("robot.toml")).unwrap();
    assert!(text.contains("inverted = [false, false, true, false]"), "{text}");
}

/// Goal: I1: who says no, goes away or presses Ctrl-C has motors that stand, and the file as it was.
#[test]
fn nothing_changes_unless_it_is_wanted() {
    let shell = Shell::new();
    let mut session = Session::start(&shell, FILE);
    session.answer("wheels turn freely?", "n");
    assert_eq!(session.run.end().0, Some(1));

    let mut session = Session::start(&shell, FILE);
    session.answer("wheels turn freely?", "y");
    session.enter("should be the left wheel");
    session.turns(250);
    let fault = Instant::now();
    session.run.signal(Signal::INT);
    rests(&session.board, fault);
    session.run.says("nothing was changed");
    assert_eq!(session.run.end().0, Some(0));

    let mut session = Session::start(&shell, FILE);
    session.answer("wheels turn freely?", "y");
    session.enter("should be the left wheel");
    session.answer("Which way did it turn", "f");
    session.enter("the least that turns the left wheel");
    session.turns(30);
    let fault = Instant::now();
    drop(session.keys);
    rests(&session.board, fault);
    let (code, said) = session.run.end();
    assert!(code == Some(1) && said.contains("nobody answers any more"), "{said}");
    assert_eq!(fs::read_to_string(shell.path("robot.toml")).unwrap(), FILE);

    let complaint = shell.complaint(&["calibrate", "--config", "missing.toml"], 1);
    assert!(complaint.contains("missing.toml"), "{complaint}");
}

/// Goal: no wheel turns by an Enter that was pressed for something else: twice, too early, or held down.
#[test]
fn enter_that_nobody_meant_turns_nothing() {
    let shell = Shell::new();
    let mut session = Session::start(&shell, FILE);
    session.answer("wheels turn freely?", "y\n");
    session.run.says("should be the left wheel");
    session.run.says("came too soon");
    assert_eq!(session.board.fastest(), 0);
    sleep(READ);
    session.types("");
    session.turns(250);
    // More of them than are kept, while it turns: none is an answer to what is asked after that.
    session.types(&"\n".repeat(40));
    session.run.says("Which way did it turn");
    session.board.fastest();
    session.types("f\n\n");
    session.run.says("the least that turns the left wheel");
    session.run.says("came too soon");
    sleep(READ);
    assert_eq!(session.board.fastest(), 0, "it waits for somebody who has read the question");
    session.types("");
    session.turns(30);
    drop(session.keys);
    let (_, said) = session.run.end();
    assert!(!said.contains("one of the letters"), "{said}");
}

/// Goal: a robot that is carried back to where it began does not drive off in somebody's hands.
#[test]
fn carried_robot_does_not_drive() {
    let shell = Shell::new();
    let mut session = Session::start(&shell, "");
    session.answer("wheels turn freely?", "y");
    session.motor("the left wheel", "f");
    session.motor("the right wheel", "f");
    session.answer("on the floor", "r");
    for answer in ["l", "r", "a"] {
        session.run.says("Which way did it go?");
        session.board.fastest();
        session.types(answer);
        session.run.says("Put it back");
        sleep(READ);
        assert_eq!(session.board.fastest(), 0, "it drives after {answer}");
        session.types("");
        session.turns(250);
    }
}

/// Goal: what somebody writes into the file while motors are looked at stays in it, and only what was shown is written.
#[test]
fn edits_made_meanwhile_are_kept() {
    let shell = Shell::new();
    let path = shell.path("robot.toml");
    let mut session = Session::start(&shell, FILE);
    session.answer("wheels turn freely?", "y");
    fs::write(&path, format!("{FILE}# while it ran\n")).unwrap();
    session.motor("the left wheel", "f");
    session.motor("the right wheel", "b");
    session.answer("on the floor", "s");
    session.run.says("Write that?");
    fs::write(&path, format!("{FILE}# while it ran\n# while it asked\n")).unwrap();
    session.types("y");
    session.run.says("has changed meanwhile");
    session.run.says("+ inverted = [false, true]");
    session.answer("Write that?", "y");
    session.run.says("written to");
    assert_eq!(session.run.end().0, Some(0));
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains("# while it ran\n# while it asked\n") && text.contains("inverted = [false, true]"), "{text}");
}

/// Goal: what was found of the simulated robot, whose motors need nothing, does not become the real one's by forgetting
/// an option.
#[test]
fn simulated_robot_is_calibrated_only_if_asked_for() {
    let shell = Shell::new();
    fs::write(shell.path("robot.toml"), FILE).unwrap();
    let complaint = shell.complaint(&["calibrate", "--config", "robot.toml"], 1);
    assert!(complaint.contains("simulated") && complaint.contains("--serial auto"), "{complaint}");
    let mut command = shell.command(&["calibrate", "--config", "robot.toml", "--serial", "sim"]);
    command.stdin(Stdio::piped());
    Running::start(command).says("wheels turn freely?");
}

/// Goal: STOP is not worked around by calibrating.
#[test]
fn latched_robot_is_not_calibrated() {
    let shell = Shell::new();
    fs::create_dir_all(shell.path("joywire/agent")).unwrap();
    fs::write(shell.path("joywire/agent/latch"), "anything that is no latch file").unwrap();
    let session = Session::start(&shell, FILE);
    let (code, said) = session.run.end();
    assert!(code == Some(1) && said.contains("STOP is latched"), "{said}");
}
