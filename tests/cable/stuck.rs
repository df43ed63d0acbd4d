//! Stories of lines that take nothing for a while, or break under a frame.

use std::time::Duration;

use joywire::cable::{Cable, CableEvent};
use tokio::time::{sleep, timeout};

use crate::board::Board;
use crate::desk::{Desk, uno};
use crate::rig::{PATIENCE, cable};

/// Reads until a robot was heard, as the agent does.
async fn proved(cable: &mut Cable) {
    let mut bytes = [0; 512];
    loop {
        if let CableEvent::Bytes(_) = timeout(PATIENCE, cable.next(&mut bytes)).await.unwrap() {
            return cable.proved();
        }
    }
}

/// Reads for a while and forgets it.
async fn read_for(cable: &mut Cable, time: Duration) {
    let mut bytes = [0; 512];
    let reading = async {
        loop {
            cable.next(&mut bytes).await;
        }
    };
    drop(timeout(time, reading).await);
}

/// Goal: row 18, while a line is stuck its frames are dropped and counted; when it moves again, what
/// waited in it is thrown away, and what comes then arrives whole.
#[tokio::test(flavor = "multi_thread")]
async fn stuck_line_carries_only_young_frames_afterwards() {
    let mut shares = Vec::new();
    for _ in 0..4 {
        let (old, accepted) = stuck_and_free_again().await;
        // What the far end's own receiver held already, and what its first look let through, it gets.
        if old + 2000 < accepted {
            return;
        }
        // On a machine that is busy with other work the far end may read all before we come to forget it.
        shares.push((old, accepted));
    }
    panic!("old bytes arrived, of so many: {shares:?}");
}

/// How many old bytes arrived, of how many that the stuck line had taken.
async fn stuck_and_free_again() -> (usize, usize) {
    let (desk, robot) = (Desk::new(), Board::robot());
    desk.plug("ttyUSB0", uno("75433317", "1-1"), &robot);
    let mut cable = cable(&desk.dev("ttyUSB0"), &desk).unwrap();
    proved(&mut cable).await;
    robot.sleep(true);
    sleep(Duration::from_millis(50)).await;
    let heard_before = robot.heard().len();
    let mut accepted = 0;
    while cable.free_at().is_some() {
        cable.send(&mut vec![b'o'; 27]);
        accepted += 27;
        // The runtime lets a task do only so much at a time, and calls the line stuck beyond that.
        tokio::task::yield_now().await;
    }
    assert!(accepted > 10_000, "a terminal holds more than {accepted}");
    cable.send(&mut vec![b'o'; 27]);
    assert_eq!(cable.dropped(), 27);

    read_for(&mut cable, Duration::from_millis(300)).await;
    robot.sleep(false);
    // Time for all of it to arrive.
    read_for(&mut cable, Duration::from_secs(1)).await;
    assert!(cable.free_at().is_some(), "it does not move again");
    let old = robot.heard().len() - heard_before;
    cable.send(&mut b"young".to_vec());
    read_for(&mut cable, Duration::from_millis(100)).await;
    let heard = robot.heard();
    assert!(heard.ends_with(b"young"), "{:?}", &heard[heard.len() - 30..]);
    (old, accepted)
}

/// Goal: row 10, a line that breaks under a frame (EIO) is a lost line, not a crash and not a stuck one.
#[tokio::test(flavor = "multi_thread")]
async fn line_that_breaks_under_a_frame_is_lost() {
    let (desk, robot) = (Desk::new(), Board::robot());
    desk.plug("ttyUSB0", uno("75433317", "1-1"), &robot);
    let mut cable = cable(&desk.dev("ttyUSB0"), &desk).unwrap();
    proved(&mut cable).await;
    let path = robot.path().to_owned();
    drop(robot);
    cable.send(&mut vec![0; 27]);
    let mut bytes = [0; 512];
    let told = loop {
        match timeout(PATIENCE, cable.next(&mut bytes)).await.unwrap() {
            CableEvent::Down(why) => break why,
            CableEvent::Bytes(_) => {}
            other @ (CableEvent::Up(_) | CableEvent::Doubt(_)) => panic!("{other:?}"),
        }
    };
    assert!(told.contains("was unplugged"), "{told}");
    assert_eq!(cable.free_at(), None);
    let open =
        std::fs::read_dir("/proc/self/fd").unwrap().filter_map(|file| std::fs::read_link(file.unwrap().path()).ok());
    assert!(
        !open.into_iter().any(|target| target.to_string_lossy().starts_with(&format!("{path} "))),
        "it is still held"
    );
}
