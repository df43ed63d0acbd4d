//! Stories of devices that are no robots: whatever they say, they never hear a word from us.

use std::time::Duration;

use joywire::protocol::events::State;
use tokio::time::sleep;

use crate::board::{Board, Says};
use crate::desk::{Desk, Label, uno};
use crate::rig::Rig;

/// Goal: row 13 turned round, a device that is no robot is told as what it is, and not a byte is written
/// to it, not even when the program ends.
async fn is_told_and_left_alone(says: Says, words: &str) {
    let (desk, stranger) = (Desk::new(), Board::new(says));
    desk.plug("ttyUSB0", uno("75433317", "1-1"), &stranger);
    let mut rig = Rig::start(&desk.dev("ttyUSB0"), &desk);
    let told = rig.says(words).await;
    assert!(told.starts_with("no robot answers") && told.contains(&desk.dev("ttyUSB0")), "{told}");
    // The stick of someone who hopes all the same.
    rig.stick(0.0, Duration::from_millis(300)).await;
    rig.stick(1.0, Duration::from_secs(1)).await;
    assert_eq!(rig.now().state, State::NoRobot);
    assert!(stranger.is_open(), "the only port there is is not closed, which would restart what is there");
    rig.end().await;
    sleep(Duration::from_millis(100)).await;
    assert_eq!(stranger.heard(), b"");
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_is_told_and_left_alone() {
    is_told_and_left_alone(Says::Nothing, "nothing is heard from").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_echo_is_told_and_left_alone() {
    // It has nothing to repeat, as nothing is said to it.
    is_told_and_left_alone(Says::Echo, "nothing is heard from").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_modem_or_printer_is_told_and_left_alone() {
    is_told_and_left_alone(Says::Text, "speaks, but not as a Joywire robot").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn endless_noise_is_told_and_left_alone() {
    is_told_and_left_alone(Says::Noise, "speaks, but not as a Joywire robot").await;
}

/// Goal: `auto` opens no device that the configuration does not list, whatever it would say.
#[tokio::test(flavor = "multi_thread")]
async fn unlisted_devices_are_not_opened() {
    let (desk, modem) = (Desk::new(), Board::robot());
    desk.plug("ttyUSB0", Label { vid: "1199", pid: "9071", serial: "1", socket: "1-1" }, &modem);
    let mut rig = Rig::start("auto", &desk);
    rig.says("no robot found").await;
    sleep(Duration::from_secs(3)).await;
    assert!(!modem.is_open() && modem.heard().is_empty());
    rig.end().await;
}
