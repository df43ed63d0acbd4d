//! Stories of robots that vanish and come back, and of others that sit in their place.

use std::time::Duration;

use joywire::protocol::events::State;
use tokio::time::sleep;

use crate::board::{Board, Says};
use crate::desk::{Desk, uno};
use crate::rig::Rig;

const MOMENT: Duration = Duration::from_millis(500);

/// Goal: rows 10 and 11, a robot that is pulled out while it drives is noticed and told, is found under
/// another name, armed anew, and does not move before the stick was released.
#[tokio::test(flavor = "multi_thread")]
async fn robot_comes_back_under_another_name_and_waits_for_the_stick() {
    for by_path in [false, true] {
        let (desk, label, robot) = (Desk::new(), uno("75433317", "1-1"), Board::robot());
        desk.plug("ttyUSB0", label, &robot);
        let mut rig = Rig::start(&if by_path { desk.dev("ttyUSB0") } else { "auto".to_owned() }, &desk);
        let before = rig.ready().await;
        rig.stick(0.0, MOMENT).await;
        rig.stick(1.0, MOMENT).await;
        assert!(robot.fastest() > 500, "it does not drive");

        desk.unplug("ttyUSB0", label);
        drop(robot);
        let told = rig.says("was unplugged").await;
        assert!(told.starts_with("no robot answers") && told.contains("ttyUSB0") || !by_path, "{told}");
        assert_eq!(rig.now().state, State::NoRobot);
        let back = Board::robot();
        desk.plug("ttyUSB1", label, &back);
        // The stick is held all the time.
        while rig.now().tick.is_none() {
            rig.stick(1.0, MOMENT / 5).await;
        }
        rig.stick(1.0, 3 * MOMENT).await;
        assert_eq!(back.fastest(), 0, "it moved with the stick still held");
        rig.stick(0.0, MOMENT).await;
        let after = rig.ready().await;
        assert_ne!(after.session, before.session);
        assert_eq!((after.link.reconnects, after.link.restarts), (1, 0));
        rig.stick(1.0, MOMENT).await;
        assert!(back.fastest() > 500, "it does not drive again");
        rig.end().await;
    }
}

/// Goal: row 11, another board at the robot's path, even one that speaks Joywire, is not opened; people
/// are told, and the robot is found where it is.
#[tokio::test(flavor = "multi_thread")]
async fn another_board_at_the_robots_path_is_never_opened() {
    let (desk, label, robot) = (Desk::new(), uno("75433317", "1-1"), Board::robot());
    desk.plug("ttyUSB0", label, &robot);
    let mut rig = Rig::start(&desk.dev("ttyUSB0"), &desk);
    rig.ready().await;
    desk.unplug("ttyUSB0", label);
    drop(robot);
    let (other_label, other) = (uno("75433318", "1-1"), Board::robot());
    desk.plug("ttyUSB0", other_label, &other);
    let told = rig.says("another device is at").await;
    assert!(told.contains("2341:0043:75433318") && told.contains("2341:0043:75433317"), "{told}");
    sleep(4 * MOMENT).await;
    assert!(!other.is_open() && other.heard().is_empty());
    let (elsewhere, back) = (uno("75433317", "1-2"), Board::robot());
    desk.plug("ttyUSB1", elsewhere, &back);
    rig.ready().await;
    assert!(!other.is_open() && other.heard().is_empty() && back.is_open());
    rig.end().await;
}

/// Goal: of two candidates the silent one is left, unharmed, for the one that is a robot.
#[tokio::test(flavor = "multi_thread")]
async fn robot_is_found_behind_a_silent_neighbour() {
    let (desk, silent, robot) = (Desk::new(), Board::new(Says::Nothing), Board::robot());
    desk.plug("ttyACM0", uno("75433311", "1-1"), &silent);
    desk.plug("ttyACM1", uno("75433312", "1-2"), &robot);
    let mut rig = Rig::start("auto", &desk);
    let told = rig.says("listening at").await;
    assert!(told.contains(&desk.by_id(uno("75433311", "1-1"))), "the first port is the first: {told}");
    rig.ready().await;
    assert!(silent.heard().is_empty() && !silent.is_open());
    rig.end().await;
}

/// Goal: row 14, nothing is sent into the bootloader of a board that takes three seconds to start.
#[tokio::test(flavor = "multi_thread")]
async fn bootloader_hears_nothing() {
    let (desk, robot) = (Desk::new(), Board::new(Says::Robot(Duration::from_secs(3))));
    desk.plug("ttyACM0", uno("75433311", "1-1"), &robot);
    let mut rig = Rig::start("usb:2341:0043", &desk);
    rig.ready().await;
    assert_eq!(robot.heard_early(), 0);
    assert!(!robot.heard().is_empty());
    rig.end().await;
}

/// Goal: a board that resets while its line stays open hears nothing while it starts, although the stick is
/// held; then it is greeted again, and does not move before the stick was released.
#[tokio::test(flavor = "multi_thread")]
async fn board_that_resets_hears_nothing_until_it_speaks() {
    let (desk, label, robot) = (Desk::new(), uno("75433317", "1-1"), Board::robot());
    desk.plug("ttyUSB0", label, &robot);
    let mut rig = Rig::start("auto", &desk);
    rig.ready().await;
    rig.stick(0.0, MOMENT).await;
    rig.stick(1.0, MOMENT).await;
    assert!(robot.fastest() > 500, "it does not drive");
    robot.hold_in_reset(true);
    rig.stick(1.0, MOMENT).await;
    assert_eq!(rig.now().state, State::NoRobot);
    let before = robot.lost();
    rig.stick(1.0, 4 * MOMENT).await;
    assert_eq!(robot.lost(), before, "bytes for a bootloader");
    robot.fastest();
    robot.hold_in_reset(false);
    rig.stick(1.0, 3 * MOMENT).await;
    assert_eq!(robot.fastest(), 0, "it moved with the stick still held");
    rig.stick(0.0, MOMENT).await;
    assert_eq!(rig.ready().await.link.restarts, 1);
    rig.end().await;
}

/// Goal: with nothing plugged in the program waits, says so, and drives as soon as there is a robot.
#[tokio::test(flavor = "multi_thread")]
async fn robot_may_come_later() {
    for (wanted, words) in
        [("auto", "no robot found: plug it in"), ("usb:2341:0043:75433319", "2341:0043:75433319 is not there")]
    {
        let desk = Desk::new();
        let mut rig = Rig::start(wanted, &desk);
        rig.says(words).await;
        let robot = Board::robot();
        desk.plug("ttyACM5", uno("75433319", "1-1"), &robot);
        assert_eq!(rig.ready().await.link.reconnects, 0);
        rig.end().await;
    }
}
