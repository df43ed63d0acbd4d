//! STOP that is pressed while the agent is away, and what the latch survives.

use std::time::Duration;

use serde_json::json;

use crate::rig::Rig;

fn stays_latched(rig: &Rig, why: &str) {
    rig.driver.sees("a latched STOP", |telemetry| telemetry["state"] == "latched");
    rig.driver.push(0.0, 1.0);
    rig.board.stays_off(Duration::from_millis(400), why);
    rig.driver.release();
}

/// Goal: I6, STOP while the agent is away is told to be owed, not done; it is latched when the agent comes back, and
/// stays so whichever program ends, until it is reset; then the robot drives.
#[test]
fn stop_pressed_while_the_agent_is_away_is_latched_on_its_return() {
    let mut rig = Rig::apart();
    rig.ride().full_speed();
    let killed = rig.agent.kill();
    rig.ride().stopped(killed);
    rig.page_tells("agent_absent");
    rig.driver.release();
    let reply = rig.relay.operator(async |client| client.ask("stop", &[json!({"reason": "a cat"})]).await);
    assert_eq!(reply[0]["ok"], false, "nobody has latched it: {reply:?}");
    assert!(reply[0]["why"].as_str().unwrap().contains("as soon as"), "{reply:?}");
    rig.agent.restart();
    stays_latched(&rig, "the STOP that was owed");
    rig.relay.kill();
    rig.relay.restart();
    stays_latched(&rig, "after the relay's restart");
    rig.agent.kill();
    rig.agent.restart();
    stays_latched(&rig, "after the agent's restart");
    rig.relay.kill();
    rig.agent.kill();
    rig.relay.restart();
    rig.agent.restart();
    stays_latched(&rig, "after both");
    rig.relay.operator(async |client| {
        let pressed = client.ask("reset", &[json!({})]).await;
        assert_eq!(pressed[0]["ok"], true, "{pressed:?}");
        tokio::time::sleep(Duration::from_millis(2_100)).await;
        let released = client.ask("reset", &[json!({"nonce": pressed[0]["nonce"]})]).await;
        assert_eq!(released[0]["ok"], true, "{released:?}");
    });
    rig.driver.is_ready();
    rig.ride().full_speed();
}

/// Goal: I6, STOP stops a robot elsewhere within the promise, and is confirmed only when it is latched.
#[test]
fn stop_reaches_a_robot_elsewhere_in_time() {
    let rig = Rig::apart();
    rig.ride().full_speed();
    let pressed = rig.board.now_us();
    let reply = rig.relay.operator(async |client| client.ask("stop", &[json!({})]).await);
    assert_eq!(reply[0]["ok"], true, "{reply:?}");
    let took = rig.board.rests().saturating_sub(pressed);
    assert!(took <= 250_000, "{took} µs");
    stays_latched(&rig, "STOP");
}
