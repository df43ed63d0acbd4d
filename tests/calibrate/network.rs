//! Over the network, as an operator's page does it: the real program, a simulated robot behind a pseudo-terminal.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::program::{Running, Shell};
use crate::socketio_client::{Client, Dial, PATIENCE};

const FILE: &str = "# mine\n[robot]\nname = \"Rover\" # the fast one\n";
/// New motors count after 200 ms of rest; a robot tells every 25 ms that it rests.
const RESTED: Duration = Duration::from_millis(400);

/// A robot behind a port, the program that drives it, and an operator.
struct Workshop {
    shell: Shell,
    _sim: Running,
    _run: Running,
    operator: Client,
    telemetry: Value,
    epoch: Value,
    seq: u32,
}

impl Workshop {
    async fn open() -> Self {
        let shell = Shell::new();
        fs::write(shell.path("robot.toml"), FILE).unwrap();
        let link = shell.path("robot");
        let link = link.to_str().unwrap();
        let mut sim = Running::start(shell.command(&["sim", "--link", link]));
        sim.says("robot");
        let args = ["run", "--port", "0", "--serial", link, "--config", "robot.toml"];
        let (run, dial) = program(&shell, &args);
        let operator = dial.client().await;
        Self { shell, _sim: sim, _run: run, operator, telemetry: Value::Null, epoch: Value::Null, seq: 0 }
    }

    async fn ask(&mut self, request: Value) -> Value {
        self.operator.ask("calibrate", &[request]).await.remove(0)
    }

    async fn take_the_seat(&mut self) {
        let taken = self.operator.ask("seat", &[json!({"want": "take"})]).await.remove(0);
        assert_eq!(taken["ok"], true, "{taken}");
        self.epoch = taken["seat"]["epoch"].clone();
    }

    /// Tells the motors these outputs until the wheels turn like that.
    async fn turn(&mut self, outputs: [i16; 4], wheels: [i16; 2]) {
        let end = Instant::now() + PATIENCE;
        while self.telemetry["wheels"] != json!(wheels) {
            assert!(Instant::now() < end, "told {outputs:?}, they never turned {wheels:?}: {}", self.telemetry);
            self.telemetry = self.operator.event_named("telemetry").await.remove(0);
            let (tick, session) = (&self.telemetry["tick"], &self.telemetry["session"]);
            self.seq += 1;
            let sample = json!({
                "seq": self.seq, "x": 0.0, "y": 0.0, "motors": outputs, "tick": tick, "session": session, "epoch": self.epoch,
            });
            self.operator.emit("drive", &[sample]).await;
        }
    }

    /// Sits down, if that is not so already, and lets go of everything for long enough to be believed.
    async fn rest(&mut self) {
        self.take_the_seat().await;
        let end = Instant::now() + RESTED;
        while Instant::now() < end {
            self.telemetry = Value::Null;
            self.turn([0; 4], [0; 2]).await;
        }
    }
}

/// Starts the program; the way to it.
fn program(shell: &Shell, args: &[&str]) -> (Running, Dial) {
    let mut run = Running::start(shell.command(args));
    let line = run.says("https://localhost:");
    let port = line.split("https://localhost:").nth(1).unwrap();
    let port: u16 = port.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap();
    run.says("INFO robot is ready");
    let dial = Dial::new(SocketAddr::from((Ipv4Addr::LOCALHOST, port)), &shell.path("joywire"));
    (run, dial)
}

fn needs(inverted: bool, trim: f64, dead_band: i16) -> Value {
    json!({"inverted": inverted, "trim": trim, "dead_band": dead_band})
}

/// Goal: what an operator finds out at the page is shown, written and in force at once, and only that.
#[tokio::test]
async fn what_was_found_is_written_and_in_force() {
    let mut workshop = Workshop::open().await;
    let path = workshop.shell.path("robot.toml");
    let shown = workshop.ask(json!({"want": "show"})).await;
    let drawn = needs(false, 1.0, 0);
    assert_eq!((&shown["ok"], &shown["motors"]), (&json!(true), &json!([drawn, drawn])), "{shown}");
    assert_eq!(fs::canonicalize(shown["file"].as_str().unwrap()).unwrap(), fs::canonicalize(&path).unwrap());

    let found = json!([needs(false, 1.0, 0), needs(true, 0.96, 40)]);
    let preview = workshop.ask(json!({"want": "preview", "motors": found})).await;
    let lines = preview["lines"].as_array().unwrap();
    assert!(lines.iter().any(|line| line == "+ trim = [1.0, 0.96]"), "{preview}");
    let mark = preview["mark"].clone();

    let write = json!({"want": "write", "motors": found, "mark": mark});
    let refused = workshop.ask(write.clone()).await;
    assert!(refused["ok"] == false && refused["why"].as_str().unwrap().contains("take the seat first"), "{refused}");
    let unseen = json!({"want": "write", "motors": [drawn, drawn], "mark": mark});
    for tries in 0.. {
        workshop.rest().await;
        workshop.turn([300, 0, 0, 0], [300, 0]).await;
        // On a machine that is held up the wheels rest by then; what was never shown is not written then, either.
        let refused = workshop.ask(unseen.clone()).await;
        let why = refused["why"].as_str().unwrap();
        assert!(why.contains("must rest") || (why.contains("look at") && tries < 5), "{refused}");
        if why.contains("must rest") {
            break;
        }
    }
    workshop.rest().await;
    workshop.turn([0, -300, 0, 0], [0, -300]).await;
    workshop.rest().await;

    let refused = workshop.ask(unseen).await;
    assert!(refused["ok"] == false && refused["why"].as_str().unwrap().contains("look at"), "{refused}");
    assert_eq!(fs::read_to_string(&path).unwrap(), FILE, "nothing was written so far");

    workshop.take_the_seat().await;
    let written = workshop.ask(write).await;
    assert_eq!((&written["ok"], &written["motors"]), (&json!(true), &found), "{written}");
    assert_eq!(written["wheels"], "differential");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.starts_with(FILE) && text.contains("inverted = [false, true]"), "{text}");
    // The output that turned the wheel backward turns it forward now: (300 − 40) of 920.
    workshop.rest().await;
    workshop.turn([0, -300, 0, 0], [0, 283]).await;
    let again = workshop.ask(json!({"want": "preview", "motors": found})).await;
    assert_eq!(again["lines"], json!([]), "{again}");
}

/// Goal: nonsense, and motors that there are not, change nothing; a simulated robot has nothing to find out.
#[tokio::test]
async fn what_does_not_fit_is_refused() {
    let mut workshop = Workshop::open().await;
    workshop.take_the_seat().await;
    let drawn = needs(false, 1.0, 0);
    for motors in [
        json!([drawn]),
        json!([drawn, drawn, drawn]),
        json!([drawn, needs(false, 0.4, 0)]),
        json!([drawn, needs(false, 1.1, 0)]),
        json!([drawn, needs(false, 1.0, 401)]),
        json!([drawn, needs(false, 1.0, -1)]),
    ] {
        let refused = workshop.ask(json!({"want": "preview", "motors": motors})).await;
        assert!(refused["ok"] == false && refused["why"].as_str().unwrap().contains("does not fit"), "{motors}");
    }
    for nonsense in [json!({"want": "all"}), json!({"want": "write", "motors": []}), json!(7)] {
        let refused = workshop.ask(nonsense).await;
        assert!(refused["ok"] == false && refused["why"].as_str().unwrap().contains("not understood"), "{refused}");
    }
    fs::write(workshop.shell.path("robot.toml"), "[robot\n").unwrap();
    let refused = workshop.ask(json!({"want": "preview", "motors": [drawn, drawn]})).await;
    assert!(refused["ok"] == false && refused["why"].as_str().unwrap().contains("robot.toml"), "{refused}");

    let (_run, dial) = program(&workshop.shell, &["run", "--port", "0", "--config", "/dev/null"]);
    let mut visitor = dial.client().await;
    let refused = visitor.ask("calibrate", &[json!({"want": "show"})]).await.remove(0);
    assert!(refused["ok"] == false && refused["why"].as_str().unwrap().contains("simulated"), "{refused}");
}
