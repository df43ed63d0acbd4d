//! At the terminal.

use std::fs;
use std::io::Write;
use std::process::{ChildStdin, Stdio};

use rustix::process::Signal;

use crate::program::{self, Running, Shell};

const FILE: &str = "# mine\n[robot]\nname = \"Rover\" # the fast one\n";

/// Someone who calibrates a simulated robot and writes down what it is asked.
struct Session {
    run: Running,
    keys: ChildStdin,
}

impl Session {
    fn start(shell: &Shell, text: &str) -> Self {
        fs::write(shell.path("robot.toml"), text).unwrap();
        let mut command = shell.command(&["calibrate", "--config", "robot.toml"]);
        command.stdin(Stdio::piped());
        let mut run = Running::start(command);
        let keys = run.child.stdin.take().unwrap();
        Self { run, keys }
    }

    /// Waits for a question with these words, and answers.
    fn answer(&mut self, question: &str, answer: &str) {
        self.run.says(question);
        writeln!(self.keys, "{answer}").unwrap();
    }

    /// Answers what is asked about one motor.
    fn motor(&mut self, name: &str, way: &str) {
        self.answer(&format!("should be {name}"), "");
        self.answer("Which way did it turn", way);
        self.answer(&format!("the least that turns {name}"), "");
        // The simulated robot turns at once; so does the person's finger.
        writeln!(self.keys).unwrap();
        self.run.says("it starts at about");
    }
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
    let mut session = Session::start(&shell, "[robot]\nwheels = \"mecanum\"\n");
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

/// Goal: who says no, goes away or presses Ctrl-C has the file as it was.
#[test]
fn nothing_changes_unless_it_is_wanted() {
    let shell = Shell::new();
    let mut session = Session::start(&shell, FILE);
    session.answer("wheels turn freely?", "n");
    assert_eq!(session.run.end().0, Some(1));

    let mut session = Session::start(&shell, FILE);
    session.answer("wheels turn freely?", "y");
    session.answer("should be the left wheel", "");
    session.run.signal(Signal::INT);
    session.run.says("nothing was changed");
    assert_eq!(session.run.end().0, Some(0));

    let mut session = Session::start(&shell, FILE);
    session.answer("wheels turn freely?", "y");
    drop(session.keys);
    let (code, said) = session.run.end();
    assert!(code == Some(1) && said.contains("nobody answers any more"), "{said}");
    assert_eq!(fs::read_to_string(shell.path("robot.toml")).unwrap(), FILE);

    let complaint = shell.complaint(&["calibrate", "--config", "missing.toml"], 1);
    assert!(complaint.contains("missing.toml"), "{complaint}");
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
