//! Bad networks: a robot elsewhere is still driven, and what that costs is measured.

use std::io::Write;
use std::time::Duration;

use crate::network::Network;
use crate::partition::tell;
use crate::rig::Rig;

/// How long each network is driven by.
const TIME: Duration = Duration::from_secs(20);

/// Goal: with 20 ± 5 ms a way and 5 % loss, between page and relay or between relay and robot, people still drive; how old
/// their commands are at the wheels, and how often the robot stops for nothing, is told.
#[test]
fn robot_is_driven_by_bad_networks() {
    tell("loss::inside_robot_is_driven_by_bad_networks");
}

#[test]
#[ignore = "runs in a network of its own, started by the test of the same name"]
fn inside_robot_is_driven_by_bad_networks() {
    let mut network = Network::lay();
    let rig = Rig::across(&network);
    drive(&rig, "a good network");
    network.radio.weather(20.0, 5.0, 0.05);
    drive(&rig, "20 ± 5 ms and 5 % loss between page and relay");
    network.radio.weather(0.0, 0.0, 0.0);
    network.uplink.weather(20.0, 5.0, 0.05);
    drive(&rig, "20 ± 5 ms and 5 % loss between relay and robot");
    network.uplink.weather(0.0, 0.0, 0.0);
}

/// Holds the stick, lets go where the robot asks for it, and tells the figures.
fn drive(rig: &Rig, what: &str) {
    rig.ride().push_until("half speed ahead", (0.0, 0.5), |outputs| outputs.iter().all(|output| *output >= 490));
    rig.driver.ages();
    let from = rig.board.now_us();
    let time = if what.starts_with('2') { TIME } else { TIME / 5 };
    let end = from + u64::try_from(time.as_micros()).unwrap();
    let mut released = 0;
    while rig.board.now_us() < end {
        // After a second without commands the robot wants to see the stick released, and a person would try that.
        if !rig.board.soon(Duration::from_millis(1_500), |outputs| outputs != [0, 0]) {
            released += 1;
            rig.driver.release();
            rig.driver.is_ready();
            rig.driver.push(0.0, 0.5);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let mut ages = rig.driver.ages();
    let (mut still, mut driven) = (0, 0);
    let outputs = rig.board.outputs(from, end);
    for (place, (us, both)) in outputs.iter().enumerate() {
        let until = outputs.get(place + 1).map_or(end, |(next, _)| *next);
        assert!(both.iter().all(|output| (0..=510).contains(output)), "{both:?} at {us} µs");
        still += u64::from(*both == [0, 0]);
        driven += if *both == [0, 0] { 0 } else { until - (*us).max(from) };
    }
    rig.rests();
    ages.sort_unstable();
    let age = |percent: usize| ages[(ages.len() - 1) * percent / 100];
    let (minutes, share) = (time.as_secs_f64() / 60.0, 100 * driven / (end - from));
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    let stops = still as f64 / minutes;
    drop(writeln!(
        std::io::stderr(),
        "apart, {what}: age at the wheels p50 {} p95 {} p99 {} ms, n = {}; {stops:.0} false stops a minute ({released} with \
         a release), {share} % of the time in motion",
        age(50),
        age(95),
        age(99),
        ages.len()
    ));
    assert!(share >= 50, "this cannot be called driving");
}
