//! The relay's certificate changes: renewed by the same authority, or by another one.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use crate::agent::ENLISTED;
use crate::driver::Driver;
use crate::ride::report;
use crate::rig::Rig;

/// Goal: a renewed certificate is none of the agent's business; another authority stops the robot, is told with what to do,
/// and drives nothing until somebody pairs again.
#[test]
fn robot_goes_on_with_a_renewed_certificate_and_refuses_a_new_authority() {
    let mut rig = Rig::apart();
    let tls = rig.relay.machine().data().join("tls");
    let files = || {
        let paths = fs::read_dir(&tls).unwrap().map(|entry| entry.unwrap().path());
        paths.filter(|path| path.is_file()).collect::<Vec<_>>()
    };
    let (mut leaves, mut others): (Vec<_>, Vec<_>) = (Vec::new(), Vec::new());
    for path in files() {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.contains("authority") { others.push(path) } else { leaves.push(path) }
    }
    assert!(!leaves.is_empty() && !others.is_empty(), "{leaves:?} {others:?}");
    let before: Vec<Vec<u8>> = leaves.iter().map(|path| fs::read(path).unwrap()).collect();

    rig.at_full_speed(1);
    let mut stops = Vec::new();
    let killed = rig.relay.kill();
    stops.extend(rig.ride().stopped(killed));
    remove(&leaves);
    rig.relay.restart();
    assert_ne!(leaves.iter().map(|path| fs::read(path).unwrap()).collect::<Vec<_>>(), before);
    rig.agent.says(ENLISTED);
    rig.ride().resumes_after_release();

    let killed = rig.relay.kill();
    stops.extend(rig.ride().stopped(killed));
    remove(&others);
    rig.relay.restart();
    let said = rig.agent.says("another certificate");
    assert!(said.contains("pair again"), "{said}");
    // The page is the relay's own, and trusts the new authority; there is no robot to drive.
    rig.driver = Driver::connect_for_good(rig.relay.dial());
    rig.driver.push(0.0, 1.0);
    rig.board.stays_off(Duration::from_secs(1), "the agent does not know this relay");
    assert_ne!(rig.driver.telemetry()["state"], "ready");
    rig.driver.release();

    rig.agent.pair(&rig.relay);
    rig.driver.is_ready();
    rig.ride().full_speed();
    report("apart, the relay's certificate changes", &mut stops);
}

fn remove(files: &[PathBuf]) {
    for path in files {
        fs::remove_file(path).unwrap();
    }
}
