//! Stories of robots of every kind: their annotated files, and where each goes in the simulator.

#![expect(clippy::unwrap_used, reason = "a test's own tools stop at the first surprise, too")]
#![expect(clippy::disallowed_methods, reason = "people and programs live in real time")]

#[path = "common/driver.rs"]
#[expect(dead_code, reason = "the stories of boards use the rest")]
mod driver;
#[path = "common/moment.rs"]
mod moment;
#[path = "common/program.rs"]
#[expect(dead_code, reason = "the stories of the command line use the rest")]
mod program;
#[path = "common/socketio_client.rs"]
#[expect(dead_code, reason = "other tests use more of it")]
mod socketio_client;

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use driver::Driver;
use joywire::drive::Wheels;
use program::{Running, Shell, text};
use rustix::process::Signal;
use serde_json::Value;
use socketio_client::Dial;

fn robots() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("config/robots")
}

fn file(wheels: Wheels) -> String {
    robots().join(format!("{}.toml", wheels.name())).display().to_string()
}

/// Where the robot is, and how it stands: metres and radians.
#[derive(Clone, Copy, Debug)]
struct Place {
    x: f64,
    y: f64,
    heading: f64,
}

fn place(driver: &Driver) -> Place {
    let pose = &driver.telemetry()["pose"];
    let of = |key: &str| pose[key].as_f64().unwrap_or_else(|| panic!("no {key} in {pose}"));
    Place { x: of("x_m"), y: of("y_m"), heading: of("heading_rad") }
}

/// What a push of a second does to a robot that has just been started.
fn after_a_second(wheels: Wheels, (x, y): (f64, f64), strafe: f64) -> (Place, Value) {
    let shell = Shell::new();
    let mut run = Running::start(shell.command(&["--port", "0", "--config", &file(wheels)]));
    let line = run.says("https://localhost:");
    let port = line.split("localhost:").nth(1).and_then(|rest| rest.split(' ').next()).unwrap().parse().unwrap();
    let driver = Driver::connect(Dial::new(SocketAddr::from((Ipv4Addr::LOCALHOST, port)), &shell.path("joywire")));
    driver.is_ready();
    driver.push_aside(strafe);
    driver.push(x, y);
    thread::sleep(Duration::from_secs(1));
    let moving = driver.telemetry();
    driver.release();
    driver.sees("a robot at rest", |telemetry| {
        telemetry["wheels"].as_array().is_some_and(|wheels| wheels.iter().all(|wheel| wheel == 0))
    });
    // Its motors coast.
    thread::sleep(Duration::from_millis(400));
    let there = place(&driver);
    drop(driver);
    run.signal(Signal::TERM);
    assert_eq!(run.end().0, Some(0));
    (there, moving)
}

/// Goal: whoever has a robot of some kind finds a file for it that is accepted, and no kind is forgotten.
#[test]
fn every_kind_has_an_annotated_file() {
    let mut found: Vec<_> = fs::read_dir(robots()).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.sort();
    let mut names: Vec<_> = Wheels::ALL.map(|kind| robots().join(format!("{}.toml", kind.name()))).to_vec();
    names.sort();
    assert_eq!(found, names);
    let shell = Shell::new();
    for kind in Wheels::ALL {
        let output = shell.output(&["config", "check", &file(kind)]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        let shown = text(&shell.output(&["config", "show", "--config", &file(kind)]).stdout);
        assert!(shown.contains(&format!("wheels = \"{}\"", kind.name())), "{shown}");
    }
}

/// Goal: a robot that is described wrongly does not start on a guess.
#[test]
fn wheels_that_do_not_fit_are_refused() {
    let shell = Shell::new();
    for (text, words) in [
        (
            "[robot]\nwheels = \"hover\"\n",
            "robot.toml:2: `robot.wheels` is \"hover\", but must be one of \"differential\"",
        ),
        ("[robot]\nwheels = \"mecanum\"\n[motors]\ntrim = [1.0, 0.4]\n", "`motors.trim` is 0.4, but must be 0.5 to 1"),
        ("[robot]\nwheels = \"ackermann\"\n[motors]\ninverted = [true, true, true]\n", "at most 2"),
        ("[robot]\nwheels = \"ackermann\"\n[motors]\ndead_band = [50, 50]\n", "a servo has none"),
        ("[motors]\ntrim = [1, 1]\n", "numbers with a point"),
        ("[motors]\ndead_band = [401]\n", "0 to 400"),
        ("[robot]\ntrack_m = -1.0\n", "0.01 to 5"),
        ("[drive]\nbrake_ms = 80\nbrake_jerk_ms = 30\n", "`drive.brake_jerk_ms` is 30, but must be 0 to 20"),
    ] {
        fs::write(shell.path("robot.toml"), text).unwrap();
        let complaint = shell.complaint(&["config", "check", "robot.toml"], 1);
        assert!(complaint.contains(words), "{complaint}");
    }
}

/// Goal: each kind goes where its driver wants, and the map shows it.
#[test]
fn every_kind_goes_where_it_is_steered() {
    for kind in Wheels::ALL {
        let (there, moving) = after_a_second(kind, (0.0, 0.5), 0.0);
        assert!(there.x > 0.1 && there.y.abs() < 0.02 && there.heading.abs() < 0.05, "{kind:?} ahead: {there:?}");
        assert!(moving["speed"]["linear_mps"].as_f64().unwrap() > 0.2, "{kind:?}: {}", moving["speed"]);
        assert_eq!(moving["wheels"].as_array().unwrap().len(), kind.motors());
        let (there, _) = after_a_second(kind, (-0.4, 0.4), 0.0);
        assert!(there.x.hypot(there.y) > 0.02 && there.heading > 0.2, "{kind:?} around a curve: {there:?}");
        let (there, moving) = after_a_second(kind, (0.0, 0.0), -0.5);
        if kind.strafes() {
            assert!(there.y > 0.1 && there.x.abs() < 0.02 && there.heading.abs() < 0.05, "{kind:?} aside: {there:?}");
            assert!(moving["speed"]["lateral_mps"].as_f64().unwrap() > 0.2, "{kind:?}: {}", moving["speed"]);
        } else {
            assert!(there.x.hypot(there.y) < 1e-6, "{kind:?} cannot go sideways: {there:?}");
        }
    }
}

/// Goal: a car keeps its steering while it stands, and turns to the side that the stick points to.
#[test]
fn car_steers_to_the_side_of_the_stick() {
    let (there, moving) = after_a_second(Wheels::Ackermann, (1.0, 0.5), 0.0);
    assert!(there.y < -0.02 && there.heading < -0.1, "to the right: {there:?}");
    let [drive, steering] = [0, 1].map(|motor| moving["wheels"][motor].as_i64().unwrap());
    assert!(drive > 400 && steering < -800, "{drive} {steering}");
    let (there, moving) = after_a_second(Wheels::Ackermann, (-1.0, 0.0), 0.0);
    assert!(there.x.hypot(there.y) < 1e-6, "{there:?}");
    assert!(moving["wheels"][1].as_i64().unwrap() > 800, "{}", moving["wheels"]);
}
