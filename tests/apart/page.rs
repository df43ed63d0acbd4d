//! The page: a driver in a program of its own, which is killed or freezes.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, sleep};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::board::Board;
use crate::driver::Driver;
use crate::moment::clock_ns;
use crate::relay::Relay;
use crate::ride::{report, stopped};
use crate::rig::Rig;
use crate::socketio_client::Dial;

/// A program that pushes the stick ahead for as long as it lives.
struct Page {
    process: Child,
    pushed: Arc<Mutex<Vec<u64>>>,
}

impl Page {
    fn open(relay: &Relay) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "page::page_at_work", "--nocapture"])
            .env("PAGE_OF", relay.machine().data())
            .env("PAGE_TO", relay.dial().to.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let pushed = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&pushed);
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                told.lock().unwrap().extend(line.strip_prefix("pushed ").map(|ns| ns.parse::<u64>().unwrap()));
            }
        });
        Self { process, pushed }
    }

    /// One that drives at full speed. Where this machine was too busy for it to drive, it would have to let go of the stick,
    /// which it never does: then another is opened.
    fn drives(relay: &Relay, board: &Board) -> Self {
        for _ in 0..4 {
            let page = Self::open(relay);
            if board.soon(Duration::from_secs(8), |outputs| outputs.iter().all(|output| *output >= 990)) {
                return page;
            }
        }
        panic!("the page does not drive");
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.process), signal).unwrap();
    }

    /// When the newest sample was sent. It was told before that.
    fn last_push(&self) -> u64 {
        sleep(Duration::from_millis(50));
        *self.pushed.lock().unwrap().last().unwrap()
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

#[test]
#[ignore = "is the page of these stories"]
fn page_at_work() {
    let (to, home) = (std::env::var("PAGE_TO").unwrap(), std::env::var_os("PAGE_OF").unwrap());
    let driver = Driver::connect_aloud(Dial::new(to.parse().unwrap(), home.as_ref()));
    driver.is_ready();
    driver.push(0.0, 1.0);
    let began = clock_ns();
    while clock_ns() - began < 60_000_000_000 {
        sleep(Duration::from_millis(100));
    }
}

/// Goal: I1 and row 4, the page is killed, or freezes with the stick held: the motors of a robot elsewhere stop in time;
/// a page that comes back moves nothing, as it has not let go.
#[test]
fn page_that_is_killed_or_freezes_stops_a_robot_elsewhere() {
    let Rig { driver, relay, agent: _agent, board } = Rig::apart();
    // It would take the seat.
    drop(driver);
    let (mut killed, mut frozen) = (Vec::new(), Vec::new());
    for run in 0..3 {
        let page = Page::drives(&relay, &board);
        sleep(Duration::from_millis(run * 37));
        page.signal(Signal::STOP);
        frozen.extend(stopped(&board, page.last_push()));
        sleep(Duration::from_millis(1_500));
        page.signal(Signal::CONT);
        board.stays_off(Duration::from_millis(500), "the page has never let go");
        drop(page);

        let page = Page::drives(&relay, &board);
        sleep(Duration::from_millis(run * 37));
        page.signal(Signal::KILL);
        killed.extend(stopped(&board, page.last_push()));
    }
    report("apart, SIGSTOP of the page", &mut frozen);
    report("apart, SIGKILL of the page", &mut killed);
}
