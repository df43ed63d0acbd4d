//! Networks fail between relay and robot: in one direction, in the other, in both, without a word to either.

use std::io::Write;
use std::thread::sleep;
use std::time::Duration;

use crate::namespace;
use crate::network::Network;
use crate::ride::{report, stopped};
use crate::rig::Rig;

/// Goal: I1 and row 9, whatever direction between relay and robot fails, the motors stop in time; the page tells which
/// link it is; what was under way moves nothing when it comes; and the robot is back by itself, for a stick that was released.
#[test]
fn robot_stops_when_the_network_to_its_relay_fails() {
    tell("partition::inside_robot_stops_when_the_network_to_its_relay_fails");
}

/// Runs a story in a network of its own, if that can be, and shows what it has measured.
pub fn tell(name: &str) {
    if namespace::possible() {
        let said = namespace::tell("", name);
        for line in said.lines().filter(|line| line.starts_with("apart, ")) {
            drop(writeln!(std::io::stderr(), "{line}"));
        }
    }
}

#[test]
#[ignore = "runs in a network of its own, started by the test of the same name"]
fn inside_robot_stops_when_the_network_to_its_relay_fails() {
    let mut network = Network::lay();
    let rig = Rig::across(&network);
    // The last of them ends the connection: then the robot's program has to come again.
    for (what, ends, longest) in [
        ("from robot to relay", &["here"][..], 900),
        ("from relay to robot", &["there"], 900),
        ("both ways", &["here", "there"], 7_000),
    ] {
        let mut stops = Vec::new();
        for (run, lasts) in [(0, 300), (1, 900), (2, longest)] {
            rig.at_full_speed(run);
            let cut = ends.iter().map(|end| network.uplink.cut(end)).min().unwrap();
            // Where samples go on to arrive, they are fresh as long as the robot's clock in them is, which nobody has heard
            // of since the cut: so that counts.
            let last = if ends == ["here"] { cut } else { rig.driver.last_push(cut) };
            stops.extend(stopped(&rig.board, last));
            if lasts > 500 {
                rig.driver.sees("a robot that is not heard", |telemetry| {
                    ["agent_silent", "agent_absent"].iter().any(|code| telemetry["reason"]["code"] == *code)
                });
            }
            rig.board.stays_off(Duration::from_millis(lasts), "nothing new can arrive");
            network.uplink.mend();
            if lasts > 500 {
                rig.ride().resumes_after_release();
            } else {
                // Whoever holds the stick need not even have noticed; the robot speeds up gently.
                assert!(rig.board.soon(Duration::from_secs(5), |outputs| outputs == [1000, 1000]));
            }
            rig.rests();
        }
        sleep(Duration::from_millis(50));
        report(&format!("apart, no network {what}"), &mut stops);
    }
}
