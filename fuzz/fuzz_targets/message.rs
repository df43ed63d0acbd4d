//! Any body: what is taken for a message means the same when it is written again, and has one direction.
#![no_main]

use joywire_fuzz::protocol::message::{FULL, FromMcu, ToMcu};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    let (to_robot, from_robot) = (ToMcu::decode(body), FromMcu::decode(body));
    assert!(to_robot.is_err() || from_robot.is_err());
    if let Ok(message) = to_robot {
        assert_eq!(ToMcu::decode(message.encode().as_slice()), Ok(message));
        if let ToMcu::Drive(drive) = message {
            assert!(drive.motors.as_slice().iter().all(|speed| (-FULL..=FULL).contains(speed)));
        }
    }
    if let Ok(message) = from_robot {
        assert_eq!(FromMcu::decode(message.encode().as_slice()), Ok(message));
    }
});
