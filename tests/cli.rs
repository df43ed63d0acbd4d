//! Stories of the command line: the real program, its words, its exit codes and its signals.

#![expect(clippy::unwrap_used, reason = "a test's own tools stop at the first surprise, too")]
#![expect(clippy::disallowed_methods, reason = "whether a program hangs is a matter of real time")]

#[path = "common/program.rs"]
mod program;

use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::thread;
use std::time::Instant;

use joywire::protocol::frame::Accumulator;
use joywire::protocol::message::ToMcu;
use program::{PATIENCE, Running, Shell, terminal, text};
use rustix::process::Signal;

/// Goal: whoever only asks for help learns what there is, and what each part does.
#[test]
fn help_teaches_every_command() {
    let shell = Shell::new();
    for (args, words) in [
        (&["--help"][..], &["run", "relay", "sim", "ports", "config", "--serial", "--port", "STOP", "Examples"][..]),
        (&["run", "--help"], &["--serial", "--port", "--name", "--config", "8080", "sim", "auto", "usb:VID:PID"]),
        (&["ports", "--help"], &["--json", "--listen", "--config", "restarts most boards"]),
        (&["pads", "--help"], &["--list", "--json", "--config", "Ctrl-C", "[gamepad]", "20 a second"]),
        (&["doctor", "--help"], &["--json", "--port", "--config", "--device-rule", "Exit code 0", "1:"]),
        (&["relay", "--help"], &["--port", "--web", "--config", "--public", "agents dial in", "pair --role agent"]),
        (&["agent", "--help"], &["--relay", "--code", "--fingerprint", "--serial", "--name", "--config", "--classic"]),
        (&["drive", "--help"], &["--relay", "--robot", "up 1s left 0.5s", "--code"]),
        (&["sim", "--help"], &["--link", "--config", "pseudo-terminal"]),
        (&["config", "--help"], &["show", "check"]),
        (&["config", "show", "--help"], &["--config", "came from"]),
        (&["config", "check", "--help"], &["FILE", "exit code 1"]),
    ] {
        let output = shell.output(args);
        let said = text(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{args:?}");
        for word in words {
            assert!(said.contains(word), "{args:?} does not mention {word}:\n{said}");
        }
    }
}

/// Goal: every way of not starting is one line that says what is wrong.
#[test]
fn what_cannot_start_says_why_in_a_line() {
    let shell = Shell::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for command in ["run", "relay"] {
        let complaint = shell.complaint(&[command, "--port", &port], 1);
        assert!(complaint.contains(&port) && complaint.contains("in use"), "{complaint}");
        let complaint = shell.complaint(&[command, "--public", "--port", "0", "--host", "robot:8080"], 1);
        assert!(complaint.contains("robot:8080") && complaint.contains("without port"), "{complaint}");
    }
    let complaint = shell.complaint(&["run", "--port", "0", "--serial", "/dev/no-such-robot"], 1);
    assert!(complaint.contains("/dev/no-such-robot") && complaint.contains("plug the robot in"), "{complaint}");
    let file = shell.path("not-a-port");
    fs::write(&file, "").unwrap();
    let complaint = shell.complaint(&["run", "--port", "0", "--serial", file.to_str().unwrap()], 1);
    assert!(complaint.contains("not-a-port is not a serial port"), "{complaint}");
    let complaint = shell.complaint(&["run", "--port", "0", "--serial", "/dev/null"], 1);
    assert!(complaint.contains("/dev/null is not a serial port"), "{complaint}");
    assert_eq!(shell.output(&["--no-such-option"]).status.code(), Some(2));
}

/// Goal: a pad's controls are named wrongly, or twice, in a file and not while driving.
#[test]
fn wrong_gamepad_settings_are_told_by_line() {
    let shell = Shell::new();
    let file = shell.path("pad.toml");
    let path = file.to_str().unwrap();
    for (setting, words) in [
        ("stop = \"b1\"", &["gamepad.stop", "\"b1\"", "such as", "joywire pads"][..]),
        ("stop = \"\"", &["gamepad.stop", "such as"]),
        ("deadman = \"left_stick\"", &["gamepad.deadman", "can be pressed"]),
        ("turbo = \"east\"", &["gamepad.turbo", "gamepad.stop has this one already"]),
        ("reset = [\"select\", \"select\"]", &["gamepad.reset", "already"]),
        ("reset = [\"select\"]", &["gamepad.reset", "two controls"]),
        ("style = \"car\"", &["gamepad.style", "curvature"]),
        ("use = \"\"", &["gamepad.use", "auto", "GUID"]),
        ("expo = 1.5", &["gamepad.expo", "0 to 1"]),
        ("dead_zone = 0", &["gamepad.dead_zone", "0.02 to 0.5"]),
        ("rest_ms = 0", &["gamepad.rest_ms", "500 to 60000"]),
    ] {
        fs::write(&file, format!("[gamepad]\n{setting}\n")).unwrap();
        for args in [&["config", "check", path][..], &["run", "--config", path]] {
            let complaint = shell.complaint(args, 1);
            assert!(complaint.contains("pad.toml:2"), "{complaint}");
            for word in words {
                assert!(complaint.contains(word), "{setting}: no {word:?} in {complaint}");
            }
        }
    }
    for fine in
        ["reset = []", "turbo = \"\"\nslow = \"right_shoulder\"", "use = \"X-Box\"", "deadman = \"left_trigger\""]
    {
        fs::write(&file, format!("[gamepad]\n{fine}\n")).unwrap();
        assert_eq!(shell.output(&["config", "check", path]).status.code(), Some(0), "{fine}");
    }
}

/// Goal: whoever sees no pad learns where to look, and a program can read the list and follows until it is stopped.
#[test]
#[cfg(feature = "gamepad")]
fn pads_are_listed_and_followed() {
    let shell = Shell::new();
    for args in [&["pads"][..], &["pads", "--list"]] {
        let output = shell.output(args);
        let said = text(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{args:?}: {said}");
        // This machine may have pads.
        assert!(said.contains("GUID") || (said.contains("--device-rule") && said.contains("udevd")), "{said}");
    }
    let output = shell.output(&["pads", "--list", "--json"]);
    let list: serde_json::Value = serde_json::from_str(text(&output.stdout).lines().next().unwrap()).unwrap();
    assert!(list["event"] == "list" && list["pads"].is_array());
    let mut running = Running::start(shell.command(&["pads", "--json"]));
    running.says("\"list\"");
    running.signal(Signal::INT);
    assert_eq!(running.end().0, Some(0));
    let complaint = shell.complaint(&["pads", "--config", "missing.toml"], 1);
    assert!(complaint.contains("missing.toml"), "{complaint}");
    let file = shell.path("pad.toml");
    fs::write(&file, "[gamepad]\nmappings = \"missing.txt\"\n").unwrap();
    let complaint = shell.complaint(&["pads", "--config", file.to_str().unwrap()], 1);
    assert!(complaint.contains("missing.txt") && complaint.contains("gamepad.mappings"), "{complaint}");
}

/// Goal: whoever built without gamepads learns how to build with them.
#[test]
#[cfg(not(feature = "gamepad"))]
fn pads_say_how_to_build_with_them() {
    let complaint = Shell::new().complaint(&["pads"], 1);
    assert!(complaint.contains("--features gamepad"), "{complaint}");
}

/// Goal: a wrong configuration starts nothing, and is found by file, line and key.
#[test]
fn bad_configuration_is_told_by_file_line_and_key() {
    let shell = Shell::new();
    let file = shell.path("bad.toml");
    let path = file.to_str().unwrap();
    fs::write(&file, "[safety]\n\nrobot_ttl_ms = 5000\n").unwrap();
    for args in [
        &["run", "--config", path][..],
        &["relay", "--config", path],
        &["sim", "--config", path],
        &["config", "check", path],
        &["config", "show", "--config", path],
    ] {
        let complaint = shell.complaint(args, 1);
        assert!(complaint.contains("bad.toml:3") && complaint.contains("safety.robot_ttl_ms"), "{args:?}: {complaint}");
    }
    for args in [&["config", "check", "missing.toml"][..], &["run", "--config", "missing.toml"]] {
        let complaint = shell.complaint(args, 1);
        assert!(complaint.contains("missing.toml"), "{complaint}");
        assert_eq!(complaint.matches("No such file").count(), 1, "{complaint}");
    }
    fs::write(&file, "[server]\nport = 9000\n").unwrap();
    let good = shell.output(&["config", "check", path]);
    assert!(good.status.success() && text(&good.stdout).contains("fine"), "{good:?}");
}

/// Goal: a robot that cannot be meant is told with the key, from whichever side it came.
#[test]
fn bad_port_setting_is_told_by_its_key() {
    let shell = Shell::new();
    for bad in ["simm", "ttyUSB0", "usb:2341", "usb:arduino:uno"] {
        let complaint = shell.complaint(&["run", "--port", "0", "--serial", bad], 1);
        let words = ["command line", "`robot.serial`", bad, "usb:2341:0043", "/dev/ttyUSB0"];
        assert!(words.iter().all(|word| complaint.contains(word)), "{complaint}");
    }
    for (text, line, key) in [
        ("[robot]\nusb = [\"2341:*\", \"uno\"]\n", 2, "robot.usb"),
        ("[robot]\nusb = [9025]\n", 2, "robot.usb"),
        ("[robot]\n\nports = \"/dev/ttyAMA0\"\n", 3, "robot.ports"),
        ("[robot]\n\nports = [\"/d*v/ttyAMA0\"]\n", 3, "robot.ports"),
    ] {
        fs::write(shell.path("bad.toml"), text).unwrap();
        for args in [&["config", "check", "bad.toml"][..], &["ports", "--config", "bad.toml"]] {
            let complaint = shell.complaint(args, 1);
            assert!(complaint.contains(&format!("bad.toml:{line}: `{key}`")), "{complaint}");
        }
    }
    let list = [("JOYWIRE_ROBOT__PORTS", r#"["/dev/ttyAMA0"]"#)];
    assert!(shell.command(&["config", "show"]).envs(list).output().unwrap().status.success());
    let text = [("JOYWIRE_ROBOT__PORTS", "/dev/ttyAMA0")];
    let said = shell.command(&["config", "show"]).envs(text).output().unwrap().stderr;
    assert!(self::text(&said).contains("list of texts"), "{}", self::text(&said));
}

/// Goal: whoever has no idea what a serial port is sees the ports, in words and for programs; `--listen`
/// knows a robot by what it says, and a machine without ports gets advice.
#[test]
fn ports_are_listed_and_listened_to() {
    let shell = Shell::new();
    let (link, silent) = (shell.path("mock-robot"), shell.path("mock-silent"));
    let mut sim = Running::start(shell.command(&["sim", "--link", link.to_str().unwrap()]));
    sim.says("mock-robot");
    let (_ours, path) = terminal();
    symlink(path, &silent).unwrap();
    let ports = format!("[\"{}\"]", shell.path("mock-*").display());
    let output = |args: &[&str]| {
        let output = shell.command(args).env("JOYWIRE_ROBOT__PORTS", &ports).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", text(&output.stderr));
        text(&output.stdout)
    };
    let without = shell.command(&["ports"]).env("JOYWIRE_ROBOT__USB", "[]").output().unwrap();
    assert!(without.status.success() && text(&without.stdout).contains("some only charge"), "{without:?}");
    let table = output(&["ports"]);
    let row = |table: &str, port: &Path| {
        let lines: Vec<&str> = table.lines().filter(|line| line.starts_with(port.to_str().unwrap())).collect();
        assert_eq!(lines.len(), 1, "{table}");
        lines[0].to_owned()
    };
    assert!(row(&table, &link).contains("may be a robot"), "{table}");
    let heard = output(&["ports", "--listen"]);
    assert!(row(&heard, &link).contains("speaks Joywire"), "{heard}");
    assert!(row(&heard, &silent).contains("nothing is heard"), "{heard}");

    let mut run = Running::start(shell.command(&["run", "--port", "0", "--serial", link.to_str().unwrap()]));
    run.says("INFO robot answers");
    let json: serde_json::Value = serde_json::from_str(&output(&["ports", "--json", "--listen"])).unwrap();
    let of =
        |port: &Path| json.as_array().unwrap().iter().find(|entry| entry["name"] == *port.to_str().unwrap()).unwrap();
    assert_eq!(of(&silent)["heard"], "nothing");
    assert_eq!(of(&link)["verdict"], "plausible");
    assert!(of(&link)["error"].as_str().unwrap().contains("in use by joywire"), "{json}");
}

/// Goal: a setting that is not TOML at all is also told in a line.
#[test]
fn broken_toml_is_told_by_its_line() {
    let shell = Shell::new();
    fs::write(shell.path("broken.toml"), "[server]\nport = = 1\n").unwrap();
    let said = text(&shell.output(&["config", "check", "broken.toml"]).stderr);
    assert!(said.contains("broken.toml") && said.contains("line 2"), "{said}");
}

/// Goal: nobody guesses where a value came from.
#[test]
fn config_show_tells_where_each_value_came_from() {
    let shell = Shell::new();
    fs::create_dir(shell.path("joywire")).unwrap();
    fs::write(shell.path("joywire/joywire.toml"), "[robot]\nname = \"Rover\"\ntrack_m = 0.3\n").unwrap();
    let output = shell.command(&["config", "show"]).env("JOYWIRE_ROBOT__TRACK_M", "0.4").output().unwrap();
    let said = text(&output.stdout);
    let server = said.split("[server]\n").nth(1).unwrap();
    let robot = said.split("[robot]\n").nth(1).unwrap();
    let line = |key: &str| {
        let section = if key == "port" { server } else { robot };
        let found = section.lines().find(|line| line.starts_with(&format!("{key} = ")));
        found.unwrap_or_else(|| panic!("no {key} in\n{said}")).to_owned()
    };
    assert!(output.status.success());
    assert!(line("name").contains("\"Rover\"") && line("name").ends_with("joywire/joywire.toml"), "{said}");
    assert!(line("track_m").contains("0.4") && line("track_m").ends_with("# JOYWIRE_ROBOT__TRACK_M"), "{said}");
    assert!(line("trust_port").contains("8081") && line("trust_port").ends_with("# default"), "{said}");
    assert!(toml::from_str::<toml::Table>(&said).is_ok(), "what it shows is itself a configuration");
}

/// Goal: a simulated robot is where it says, takes nobody's file, and leaves nothing behind.
#[test]
fn sim_makes_its_link_and_takes_it_away_again() {
    let shell = Shell::new();
    let file = shell.path("precious");
    fs::write(&file, "data").unwrap();
    assert!(shell.complaint(&["sim", "--link", "precious"], 1).contains("precious"));
    assert_eq!(fs::read_to_string(&file).unwrap(), "data");

    let link = shell.path("robot");
    symlink("/nowhere", &link).unwrap();
    for signal in [Signal::INT, Signal::TERM] {
        let mut sim = Running::start(shell.command(&["sim", "--link", link.to_str().unwrap()]));
        assert_eq!(Path::new(&sim.says("robot")), link);
        assert!(fs::read_link(&link).unwrap().starts_with("/dev/pts"));
        sim.signal(signal);
        assert_eq!(sim.end().0, Some(0));
        assert!(link.symlink_metadata().is_err(), "the link is still there");
    }
    let mut sim = Running::start(shell.command(&["sim"]));
    assert!(Path::new(&sim.says("/dev/")).exists());
}

/// Goal: Ctrl-C stops the robot before the program goes, and says so; with no robot it ends as well.
#[test]
fn ctrl_c_stops_the_robot_first() {
    let shell = Shell::new();
    for signal in [Signal::INT, Signal::TERM] {
        let mut run = Running::start(shell.command(&["run", "--port", "0"]));
        run.says("https://localhost:");
        run.says("INFO robot answers");
        run.signal(signal);
        let (code, said) = run.end();
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("joywire has stopped the robot and ended"), "{said}");
    }
    let mut relay = Running::start(shell.command(&["relay", "--port", "0"]));
    relay.says("https://localhost:");
    relay.signal(Signal::INT);
    assert_eq!(relay.end().0, Some(0));
}

/// Goal: the last words on the wire are STOP.
#[test]
fn last_frames_on_the_wire_are_stop() {
    let shell = Shell::new();
    let (ours, path) = terminal();
    let mut run = Running::start(shell.command(&["run", "--port", "0", "--serial", &path]));
    run.says("https://localhost:");
    // A robot that only ever reports is enough for a farewell: it was heard.
    let mut wire = Vec::new();
    joywire::protocol::frame::encode(status().encode().as_slice(), &mut wire);
    rustix::io::write(&ours, &wire).unwrap();
    let mut reader = fs::File::from(ours);
    let mut heard = Frames::default();
    heard.until(&mut reader, |message| matches!(message, ToMcu::Hello { .. }));
    run.signal(Signal::INT);
    // Reading a terminal fails once nobody has its other end open.
    heard.until(&mut reader, |_| false);
    let (code, said) = run.end();
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(heard.said.last(), Some(&ToMcu::Stop { reason: 0 }), "{:?}", heard.said);
}

/// Goal: two programs never drive one robot.
#[test]
fn second_program_at_a_port_is_refused() {
    let shell = Shell::new();
    let link = shell.path("robot");
    let link = link.to_str().unwrap();
    let mut sim = Running::start(shell.command(&["sim", "--link", link]));
    sim.says("robot");
    let mut first = Running::start(shell.command(&["run", "--port", "0", "--serial", link]));
    first.says("INFO robot answers");
    let complaint = shell.complaint(&["run", "--port", "0", "--serial", link], 1);
    let holder = format!("in use by joywire (process {})", first.child.id());
    assert!(complaint.contains(&holder), "{complaint}");
    first.signal(Signal::INT);
    assert_eq!(first.end().0, Some(0));
    let mut next = Running::start(shell.command(&["run", "--port", "0", "--serial", link]));
    next.says("INFO robot answers");
}

/// Goal: a program that was killed does not keep the simulated port for ever. (Root is let in anyway.)
#[test]
fn killed_program_leaves_the_simulated_port_free() {
    let shell = Shell::new();
    let link = shell.path("robot");
    let link = link.to_str().unwrap();
    let mut sim = Running::start(shell.command(&["sim", "--link", link]));
    sim.says("robot");
    let mut first = Running::start(shell.command(&["run", "--port", "0", "--serial", link]));
    first.says("INFO robot answers");
    drop(first);
    let end = Instant::now() + PATIENCE;
    while fs::OpenOptions::new().read(true).write(true).open(link).is_err() {
        assert!(Instant::now() < end, "the port is still in use");
        thread::yield_now();
    }
    let mut next = Running::start(shell.command(&["run", "--port", "0", "--serial", link]));
    next.says("INFO robot answers");
}

/// Goal: a robot that is unplugged is told, the program goes on, and finds it again.
#[test]
fn unplugged_robot_is_told_and_found_again() {
    let shell = Shell::new();
    let link = shell.path("robot");
    let link = link.to_str().unwrap();
    let sim = || {
        let mut sim = Running::start(shell.command(&["sim", "--link", link]));
        sim.says("robot");
        sim
    };
    let robot = sim();
    let mut run = Running::start(shell.command(&["run", "--port", "0", "--serial", link]));
    run.says("INFO robot answers");
    // First the name: the next pseudo-terminal of another test may get the same number.
    fs::remove_file(link).unwrap();
    drop(robot);
    run.says("cable to the robot is not open");
    let _robot = sim();
    run.says("cable to the robot is open");
    run.says("INFO robot answers");
    run.signal(Signal::INT);
    assert_eq!(run.end().0, Some(0));
}

/// The report of a robot that has just started.
fn status() -> joywire::protocol::message::FromMcu {
    use joywire::protocol::message::{FromMcu, McuState, NO_AGE, PerMotor, Status, StopReason};
    FromMcu::Status(Status {
        session: 0,
        tick: 1,
        seq: 0,
        age_ms: NO_AGE,
        state: McuState::Boot,
        reason: StopReason::None,
        battery_mv: 0,
        rejected: 0,
        bad_frames: 0,
        latch_nonce: 0,
        wants_neutral: false,
        outputs: PerMotor::new(&[0, 0]).unwrap(),
        counts: None,
    })
}

/// What a host said.
#[derive(Default)]
struct Frames {
    said: Vec<ToMcu>,
    accumulator: Accumulator,
}

impl Frames {
    /// Reads until a message fits or the line is dead.
    fn until(&mut self, reader: &mut fs::File, fits: impl Fn(&ToMcu) -> bool) {
        let mut bytes = [0; 256];
        while let Ok(len) = reader.read(&mut bytes) {
            let from = self.said.len();
            for frame in bytes[..len].iter().filter_map(|byte| self.accumulator.push(*byte)) {
                self.said.push(ToMcu::decode(frame.expect("a whole frame").as_slice()).expect("a known message"));
            }
            if len == 0 || self.said[from..].iter().any(&fits) {
                return;
            }
        }
    }
}
