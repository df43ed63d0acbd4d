//! Relay and agent are killed, freeze, and come back, while the stick is held all the time.

use std::thread::sleep;
use std::time::Duration;

use rustix::process::Signal;

use crate::ride::report;
use crate::rig::Rig;

/// What is known to have ended stops the robot long before any clock does, even on a busy machine.
const AT_ONCE_US: u64 = 150_000;

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// Goal: I1, the relay is killed at any moment: the motors stop in time; it starts again, robot and page come back by
/// themselves, and a stick that was held all the time moves nothing before it is released.
#[test]
fn relay_that_is_killed_stops_the_robot_and_gets_it_back() {
    let mut rig = Rig::apart();
    let mut stops = Vec::new();
    for run in 0..3 {
        rig.at_full_speed(run);
        let killed = rig.relay.kill();
        stops.extend(rig.ride().stopped(killed));
        rig.board.stays_off(ms(400), "there is no relay");
        rig.relay.restart();
        rig.ride().resumes_after_release();
    }
    let median = report("apart, SIGKILL of the relay", &mut stops);
    // The system ends a killed program's connections: whoever came by them has left, and nobody waits for clocks.
    assert!(median <= AT_ONCE_US, "the agent did not take a lost relay for what it is");
}

/// Goal: I1, I3, I4, the relay freezes and comes back with all that has piled up: the motors stop in time, and nothing
/// old moves them.
#[test]
fn relay_that_freezes_stops_the_robot_and_its_backlog_moves_nothing() {
    let rig = Rig::apart();
    let mut stops = Vec::new();
    for (run, frozen) in [2_000, 200, 5_000, 200].into_iter().enumerate() {
        rig.at_full_speed(run.try_into().unwrap());
        let stopped = rig.relay.signal(Signal::STOP);
        if frozen < 250 {
            // It is back before the promise is due, and may drive on with what is fresh: so nothing fresh is there.
            sleep(ms(40));
            rig.driver.release();
            sleep(ms(frozen - 40));
            rig.relay.signal(Signal::CONT);
            stops.extend(rig.ride().stopped(stopped + 40_000_000));
            rig.rests();
            continue;
        }
        stops.extend(rig.ride().stopped(stopped));
        sleep(ms(frozen));
        rig.relay.signal(Signal::CONT);
        rig.ride().resumes_after_release();
    }
    report("apart, SIGSTOP of the relay", &mut stops);
}

/// Goal: I1, the agent is killed at any moment: the motors stop in time; it starts again without a code, and nothing
/// moves before the stick is released.
#[test]
fn agent_that_is_killed_stops_the_robot_and_is_taken_back() {
    let mut rig = Rig::apart();
    let mut stops = Vec::new();
    for run in 0..3 {
        rig.at_full_speed(run);
        let killed = rig.agent.kill();
        stops.extend(rig.ride().stopped(killed));
        rig.page_tells("agent_absent");
        rig.board.stays_off(ms(400), "there is no agent");
        rig.agent.restart();
        rig.ride().resumes_after_release();
    }
    report("apart, SIGKILL of the agent", &mut stops);
}

/// Goal: I1, I3, the agent freezes and comes back with all that has piled up: the motors stop in time, nothing old moves
/// them, and the stick must be released.
#[test]
fn agent_that_freezes_stops_the_robot_and_its_backlog_moves_nothing() {
    let rig = Rig::apart();
    let mut stops = Vec::new();
    for (run, frozen) in [3_000, 500, 500].into_iter().enumerate() {
        rig.at_full_speed(run.try_into().unwrap());
        let stopped = rig.agent.signal(Signal::STOP);
        stops.extend(rig.ride().stopped(stopped));
        sleep(ms(frozen.max(250) - 250));
        rig.agent.signal(Signal::CONT);
        rig.ride().resumes_after_release();
    }
    report("apart, SIGSTOP of the agent", &mut stops);
}
