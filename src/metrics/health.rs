//! Whether all is well, for whatever watches the program.

use std::time::Duration;

use serde_json::{Value, json};

use super::book::Book;
use super::pulse::Pulse;
use super::sheet::Reading;
use super::table::{Metric, STATES, TABLE};

/// A loop that has not gone round for this long hangs: it goes round 50 times a second, or 5 times at the relay.
const HANGS: Duration = Duration::from_secs(1);

/// What there is to say.
#[derive(Debug)]
pub(super) struct Health {
    /// What is wrong, as sentences; empty if all is well.
    pub(super) why: Vec<String>,
    /// All of it, for programs.
    pub(super) told: Value,
}

/// How it goes. A robot that is absent is usual (nobody has switched it on) and nothing that a restart of this program would
/// mend, so it counts as wrong only if `robots` are asked for. Trouble of the log is told and never counts: driving goes on.
pub(super) fn check(book: &Book, robots: bool) -> Health {
    let mut why = Vec::new();
    let mut told = Vec::new();
    for (name, meter) in &book.robots {
        let state = (0..STATES.len())
            .find(|state| meter.sheet.read(&TABLE[Metric::State as usize], *state) == Reading::Number(1))
            .map_or(STATES[0], |state| STATES[state]);
        let hangs = hangs(&meter.pulse).map(|words| format!("the loop that drives {name} {words}"));
        if robots && hangs.is_none() && state == STATES[0] {
            why.push(format!("{name} is absent: check its cable and its power"));
        }
        told.push(json!({ "name": name, "state": state, "decides": hangs.is_none() }));
        why.extend(hangs);
    }
    let relay = book.relay.as_ref().map(|meter| hangs(&meter.pulse));
    why.extend(relay.clone().flatten().map(|words| format!("the relay's loop {words}")));
    let log = book.journal.counts();
    let told = json!({
        "ok": why.is_empty(),
        "why": why,
        "version": env!("CARGO_PKG_VERSION"),
        "robots": told,
        "relay": relay.map(|hangs| json!({ "serves": hangs.is_none() })),
        "log": { "waiting": log.waiting, "lost": log.lost, "gaps": log.gaps },
    });
    Health { why, told }
}

fn hangs(pulse: &Pulse) -> Option<String> {
    match pulse.age() {
        None => Some("has not begun yet".to_owned()),
        Some(age) if age > HANGS => Some(format!("has hung for {:.1} s", age.as_secs_f64())),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::clock::Clock;
    use crate::journal::Journal;
    use crate::metrics::{RelayMeter, RobotMeter};
    use crate::protocol::events::{State, Telemetry};

    /// Goal: a loop that no longer goes round is told within a second or so, and when it does again.
    #[tokio::test(start_paused = true)]
    async fn a_loop_that_hangs_is_unhealthy() {
        let clock = Clock::start();
        let (robot, relay) = (Arc::new(RobotMeter::new(clock)), Arc::new(RelayMeter::default()));
        let book = Book::new(Journal::none()).with_relay(relay.clone()).with_robot("Rover", robot.clone());
        assert_eq!(check(&book, false).why.len(), 2, "nothing has begun");
        let step = || robot.step(clock.now(), None, Duration::ZERO);
        step();
        relay.pulse.beat_now();
        assert!(check(&book, false).why.is_empty());
        tokio::time::advance(Duration::from_millis(990)).await;
        assert!(check(&book, false).why.is_empty());
        tokio::time::advance(Duration::from_millis(20)).await;
        relay.pulse.beat_now();
        let health = check(&book, false);
        assert!(health.why.len() == 1 && health.why[0].contains("drives Rover has hung for 1.0 s"), "{health:?}");
        assert_eq!(health.told["robots"][0]["decides"], false);
        step();
        assert_eq!(check(&book, false).told["ok"], true);
        tokio::time::advance(Duration::from_millis(1010)).await;
        step();
        assert!(check(&book, false).why[0].starts_with("the relay's loop has hung"));
    }

    /// Goal: an absent robot is told always, and counts as wrong for whoever asks for robots.
    #[tokio::test(start_paused = true)]
    async fn an_absent_robot_is_unhealthy_for_those_who_ask() {
        let clock = Clock::start();
        let robot = Arc::new(RobotMeter::new(clock));
        let book = Book::new(Journal::none()).with_robot("Rover", robot.clone());
        robot.step(clock.now(), None, Duration::ZERO);
        let state = |state| {
            robot.publish(&Telemetry { state, ..Telemetry::default() }, (0, 0, 0));
            [check(&book, false), check(&book, true)]
                .map(|health| (health.why.len(), health.told["robots"][0]["state"].clone()))
        };
        assert_eq!(state(State::NoRobot), [(0, json!("no_robot")), (1, json!("no_robot"))]);
        assert_eq!(state(State::Latched), [(0, json!("latched")), (0, json!("latched"))]);
    }
}
