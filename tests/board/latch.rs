//! The STOP latch on a real firmware: it survives whatever is killed, and only a held reset of that very latching opens it.

use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};

use crate::board::Model;
use crate::driver::Driver;
use crate::host::Host;
use crate::rig::Rig;
use crate::socketio_client::Dial;

/// An operator at another page asks one thing after the other; the answers.
fn operator(host: &Host, story: impl AsyncFnOnce(&mut crate::socketio_client::Client)) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut client = Dial::new(host.relay(), &host.data()).client().await;
        story(&mut client).await;
    });
}

fn stop(host: &Host) {
    operator(host, async |client| {
        assert_eq!(client.ask("stop", &[json!({})]).await[0]["ok"], true);
    });
}

/// Presses reset, holds it for two seconds, lets it go.
fn reset(host: &Host) {
    operator(host, async |client| {
        let pressed = client.ask("reset", &[json!({})]).await;
        assert_eq!(pressed[0]["ok"], true, "{pressed:?}");
        tokio::time::sleep(Duration::from_millis(2_100)).await;
        let released: Vec<Value> = client.ask("reset", &[json!({"nonce": pressed[0]["nonce"]})]).await;
        assert_eq!(released[0]["ok"], true, "{released:?}");
    });
}

fn latched(driver: &Driver) {
    driver.sees("a latched STOP", |telemetry| telemetry["state"] == "latched");
}

/// Goal: I6 and row 19, STOP stops a board that drives at once; it stays latched over a power failure
/// of the board and over another program; a held reset opens it; and that reset, recorded, opens no later one.
#[test]
fn latch_of_a_board_survives_everything_but_its_own_reset() {
    for model in [Model::Uno, Model::Core] {
        let mut rig = Rig::ready(model, &[]);
        rig.full_speed();
        let pressed = rig.board.now_us();
        stop(&rig.host);
        let off = rig.board.rests().saturating_sub(pressed);
        assert!(off <= 250_000, "{off} µs");
        latched(&rig.driver);

        rig.board.tell("reset 50");
        rig.board.stays_off(Duration::from_secs(1), "latched before the power failed");
        let port = rig.board.port();
        rig.release_the_port();
        // Another program, which knows nothing of the latch.
        rig.host = Host::start(&port);
        rig.driver = Driver::connect(Dial::new(rig.host.relay(), &rig.host.data()));
        latched(&rig.driver);
        rig.driver.push(0.0, 1.0);
        rig.board.stays_off(Duration::from_millis(500), "latched by the board alone");
        rig.driver.release();

        let before_reset = rig.board.heard();
        reset(&rig.host);
        rig.driver.is_ready();
        rig.full_speed();
        rig.driver.release();
        stop(&rig.host);
        latched(&rig.driver);
        let barred = |driver: &Driver| driver.telemetry()["link"]["robot"]["barred"].as_u64();
        let before = barred(&rig.driver);
        // From before the reset on, but not from before the session's HELLO: that would end the session.
        let recorded = rig.board.heard() - before_reset;
        rig.board.tell(&format!("repeat {recorded}"));
        // So long the line needs for them, and the robot to tell.
        sleep(Duration::from_micros(100 * recorded) + Duration::from_millis(1_500));
        latched(&rig.driver);
        assert!(barred(&rig.driver) > before, "the recorded reset was there, and refused");
        rig.board.stays_off(Duration::from_millis(100), "a recorded reset");
    }
}

/// Goal: I6, whichever bit of the board's memory is wrong, a latched STOP is latched after a power failure.
#[test]
fn latch_survives_a_wrong_bit_in_the_boards_memory() {
    let mut rig = Rig::ready(Model::Uno, &[]);
    stop(&rig.host);
    latched(&rig.driver);
    rig.release_the_port();
    for byte in 0..12 {
        rig.board.tell(&format!("spoil {byte}"));
        rig.board.tell("reset 20");
        rig.board.stays_off(Duration::from_millis(100), "a wrong bit");
    }
    for byte in 0..12 {
        rig.board.tell(&format!("spoil {byte}"));
        rig.board.tell("reset 20");
    }
    sleep(Duration::from_millis(100));
    // Another program, which knows nothing of the latch, hears of it.
    rig.host = Host::start(&rig.board.port());
    rig.driver = Driver::connect(Dial::new(rig.host.relay(), &rig.host.data()));
    latched(&rig.driver);
}
