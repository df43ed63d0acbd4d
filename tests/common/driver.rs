//! Driver: a person at a page, who samples 30 times a second and echoes the newest tick, whatever becomes of it.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, interval, sleep};

use crate::moment::clock_ns;
use crate::program::PATIENCE;
use crate::socketio_client::{Client, Dial};

const SAMPLE_EVERY: Duration = Duration::from_millis(33);
const CONNECT_AGAIN: Duration = Duration::from_millis(100);

/// What the driver and the test share.
#[derive(Debug, Default)]
struct Hand {
    stick: (f64, f64),
    strafe: f64,
    telemetry: Value,
    /// When samples with a pushed stick were sent, ns.
    pushed: Vec<u64>,
    /// The age at the wheels as the page was told it, ms, each once.
    ages: Vec<u64>,
    /// When the seat was taken, ns.
    seated: Option<u64>,
    quit: bool,
}

/// What a driver does beside driving.
#[derive(Clone, Copy, Debug, Default)]
struct Manner {
    /// Connects again, the stick as it is, until told to quit.
    returns: bool,
    /// Says on standard error when it sends a sample with a pushed stick.
    tells: bool,
}

/// A driver at work, on a thread of its own.
#[derive(Debug)]
pub struct Driver {
    hand: Arc<Mutex<Hand>>,
    thread: Option<JoinHandle<()>>,
}

impl Driver {
    /// Connects.
    pub fn connect(dial: Dial) -> Self {
        Self::start(dial, Manner::default())
    }

    /// Connects, and does so again whenever the connection has ended, without letting go of the stick.
    #[allow(dead_code, reason = "where relay and robot are one program, both are gone")]
    pub fn connect_for_good(dial: Dial) -> Self {
        Self::start(dial, Manner { returns: true, tells: false })
    }

    /// The same in a program of its own, which says `pushed NS` before each sample with a pushed stick.
    #[allow(dead_code, reason = "where relay and robot are one program, both are gone")]
    pub fn connect_aloud(dial: Dial) -> Self {
        Self::start(dial, Manner { returns: true, tells: true })
    }

    fn start(dial: Dial, manner: Manner) -> Self {
        let hand = Arc::new(Mutex::new(Hand::default()));
        let theirs = Arc::clone(&hand);
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(drive(&dial, &theirs, manner));
        });
        Self { hand, thread: Some(thread) }
    }

    /// Holds the stick there from now on.
    pub fn push(&self, x: f64, y: f64) {
        self.hand.lock().unwrap().stick = (x, y);
    }

    /// Holds the stick at its centre and the control that goes sideways there.
    pub fn push_aside(&self, strafe: f64) {
        self.push(0.0, 0.0);
        self.hand.lock().unwrap().strafe = strafe;
    }

    /// Lets everything go.
    pub fn release(&self) {
        self.push_aside(0.0);
    }

    /// Waits until the telemetry is as wished.
    pub fn sees(&self, what: &str, wished: impl Fn(&Value) -> bool) {
        let end = std::time::Instant::now() + PATIENCE;
        loop {
            let telemetry = self.telemetry();
            if wished(&telemetry) {
                return;
            }
            assert!(std::time::Instant::now() < end, "the page never showed {what}: {telemetry}");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until the robot may be driven, by us, and the stick has been at rest for long enough.
    pub fn is_ready(&self) {
        self.sees("a robot that is ready", |telemetry| telemetry["state"] == "ready");
        let end = std::time::Instant::now() + PATIENCE;
        while self.hand.lock().unwrap().seated.is_none_or(|since| clock_ns() - since < 300_000_000) {
            assert!(std::time::Instant::now() < end, "the driver never got the seat");
            thread::sleep(Duration::from_millis(5));
        }
        // A sample at rest, after the robot was ready, must have arrived.
        thread::sleep(3 * SAMPLE_EVERY);
    }

    /// Waits until only a held stick keeps the robot from being driven.
    pub fn is_ready_to_be_released(&self) {
        let waits =
            |code: &Value| ["overrun", "robot_stopped", "robot_silent", "robot_starting"].iter().any(|c| code == c);
        self.sees("a robot that waits for the stick to be released", |telemetry| {
            let state = &telemetry["state"];
            state == "ready" || state == "driving" || (state == "stopped" && waits(&telemetry["reason"]["code"]))
        });
    }

    /// The newest telemetry.
    pub fn telemetry(&self) -> Value {
        self.hand.lock().unwrap().telemetry.clone()
    }

    /// Ages at the wheels that the page was told since this was last asked, ms.
    #[allow(dead_code, reason = "figures are for those who drive by bad networks")]
    pub fn ages(&self) -> Vec<u64> {
        std::mem::take(&mut self.hand.lock().unwrap().ages)
    }

    /// When the newest sample with a pushed stick before `ns` was sent, ns.
    pub fn last_push(&self, ns: u64) -> u64 {
        *self.hand.lock().unwrap().pushed.iter().rev().find(|sent| **sent <= ns).expect("the stick was pushed")
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.hand.lock().unwrap().quit = true;
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(ended.is_ok() || thread::panicking(), "the driver's thread has panicked");
        }
    }
}

async fn drive(dial: &Dial, hand: &Mutex<Hand>, manner: Manner) {
    while !hand.lock().unwrap().quit {
        let client = if manner.returns { dial.try_client().await } else { Some(dial.client().await) };
        match client {
            Some(client) => stay(client, hand, manner).await,
            None => sleep(CONNECT_AGAIN).await,
        }
        if !manner.returns {
            return;
        }
        let mut hand = hand.lock().unwrap();
        (hand.seated, hand.telemetry) = (None, Value::Null);
    }
}

/// Drives until the connection ends, or it is time to quit.
async fn stay(mut client: Client, hand: &Mutex<Hand>, manner: Manner) {
    let (mut seat, mut seq) = (client.welcome["seat"].clone(), 0);
    let mut asked = Instant::now();
    let mut samples = interval(SAMPLE_EVERY);
    loop {
        tokio::select! {
            event = client.event() => match event {
                Some((name, arguments)) if name == "telemetry" => hand.lock().unwrap().hear(&arguments[0]),
                Some((name, arguments)) if name == "seat" => seat = arguments[0].clone(),
                // A robot has come to a relay that had none.
                Some((name, arguments)) if name == "welcome" => seat = arguments[0]["seat"].clone(),
                Some(_) => {}
                None => return,
            },
            _ = samples.tick() => {
                if hand.lock().unwrap().quit {
                    return;
                }
                let seated = seat["holder"]["id"] == client.id();
                note_seat(hand, seated);
                if seated {
                    seq += 1;
                    sample(&mut client, hand, seq, &seat["epoch"], manner).await;
                } else if asked.elapsed() > Duration::from_millis(300) {
                    asked = Instant::now();
                    client.raw(r#"42["seat",{"want":"take"}]"#).await;
                }
            }
        }
    }
}

impl Hand {
    fn hear(&mut self, telemetry: &Value) {
        if telemetry["tick"] != self.telemetry["tick"] {
            self.ages.extend(telemetry["age_ms"].as_u64());
        }
        self.telemetry = telemetry.clone();
    }
}

fn note_seat(hand: &Mutex<Hand>, seated: bool) {
    let mut hand = hand.lock().unwrap();
    hand.seated = if seated { hand.seated.or(Some(clock_ns())) } else { None };
}

async fn sample(client: &mut Client, hand: &Mutex<Hand>, seq: u32, epoch: &Value, manner: Manner) {
    let (sample, moving) = {
        let hand = hand.lock().unwrap();
        let ((x, y), strafe, telemetry) = (hand.stick, hand.strafe, &hand.telemetry);
        let (tick, session) = (&telemetry["tick"], &telemetry["session"]);
        let sample =
            json!({"seq": seq, "x": x, "y": y, "strafe": strafe, "tick": tick, "session": session, "epoch": epoch});
        (sample, (x, y, strafe) != (0.0, 0.0, 0.0))
    };
    if moving {
        let now = clock_ns();
        hand.lock().unwrap().pushed.push(now);
        if manner.tells {
            drop(writeln!(std::io::stderr(), "pushed {now}"));
        }
    }
    client.emit("drive", &[sample]).await;
}
