//! Which link is down is told: the page can say where to look.

use std::thread::sleep;
use std::time::Duration;

use rustix::process::Signal;

use crate::rig::Rig;

/// Goal: no agent, an agent that is silent, a robot that is silent, no robot: each is told by its own word, and gone when
/// it is mended.
#[test]
fn page_is_told_which_link_is_down() {
    let mut rig = Rig::apart();
    rig.agent.kill();
    rig.page_tells("agent_absent");
    rig.agent.restart();
    rig.driver.is_ready();

    rig.agent.signal(Signal::STOP);
    rig.page_tells("agent_silent");
    rig.agent.signal(Signal::CONT);
    rig.driver.is_ready();

    rig.board.tell("reset 1500");
    rig.page_tells("robot_silent");
    rig.driver.is_ready();

    let port = rig.board.port();
    let Rig { driver, relay: _relay, agent: _agent, board } = rig;
    drop(board);
    driver.sees("no robot", |telemetry| telemetry["reason"]["code"] == "robot_absent");
    assert!(!port.exists());
    sleep(Duration::from_millis(700));
    assert_eq!(driver.telemetry()["reason"]["code"], "robot_absent", "the agent is heard, and says what is wrong");
}
