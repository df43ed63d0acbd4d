//! Faults of the cable: stalls, damage, garbage, strangers, replays, floods, and a plug that is pulled.

use std::thread::sleep;
use std::time::Duration;

use crate::board::Model;
use crate::moment::clock_ns;
use crate::rig::{Rig, report};

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

impl Rig {
    fn half_speed(&self) {
        self.push_until("half speed ahead", (0.0, 0.5), |outputs| outputs.iter().all(|output| *output >= 490));
    }

    /// Half speed ahead; asserts that the motors never did anything else than that, or less. The share of
    /// the time in which they did it, percent.
    fn at_half_speed_nothing_wrong(&self, time: Duration) -> u64 {
        let from = self.board.now_us();
        sleep(time);
        let to = self.board.now_us();
        let outputs = self.board.outputs(from, to);
        let mut driven = 0;
        for (place, (us, both)) in outputs.iter().enumerate() {
            assert!(both.iter().all(|output| (0..=510).contains(output)), "{both:?} at {us} µs");
            let until = outputs.get(place + 1).map_or(to, |(next, _)| *next);
            if both.iter().all(|output| *output >= 490) {
                driven += until - (*us).max(from);
            }
        }
        100 * driven / (to - from)
    }

    /// The stick is let go now; how long after its last sample the motors were off, µs.
    fn let_go(&self) -> Option<u64> {
        let released = clock_ns();
        self.driver.release();
        self.stopped(released)
    }
}

/// Goal: I3 and row 3, five seconds of commands pile up in the cable and then come at once: the motors
/// have stopped in time, and nothing of it moves them.
#[test]
fn stalled_cable_stops_the_motors_and_its_backlog_moves_nothing() {
    for model in [Model::Uno, Model::Core] {
        let mut stops = Vec::new();
        let mut rig = Rig::ready(model, &[]);
        for stall in [5_000, 400, 1_500] {
            rig.full_speed();
            let began = clock_ns();
            rig.board.tell(&format!("stall {stall}"));
            stops.extend(rig.stopped(began + 2_000_000));
            // The stick was held until now: a short stall gives way to samples that may still move, for as long
            // as the promise lets them. What the cable holds beyond that moves nothing.
            rig.let_go();
            rig.board.stays_off(ms(stall + 300), "a backlog");
            rig.driver.is_ready();
        }
        report(&format!("{model:?}, a cable that stalls"), &mut stops);
    }
}

/// Goal: I9 and row 17, whatever share of the bits is wrong, the motors do what was asked or nothing, and
/// stop in time; and a few wrong bits are no reason to stop.
#[test]
fn damaged_bits_never_do_anything_else() {
    let mut rig = Rig::ready(Model::Uno, &[]);
    for (rate, least) in [("1e-6", 90), ("1e-5", 90), ("1e-4", 60), ("1e-3", 0), ("1e-2", 0)] {
        let (mut stops, mut best) = (Vec::new(), 0);
        for _ in 0..3 {
            rig.half_speed();
            rig.board.tell(&format!("flip {rate}"));
            best = best.max(rig.at_half_speed_nothing_wrong(ms(1_500)));
            stops.extend(rig.let_go());
            rig.board.stays_off(ms(200), "the stick is released");
            rig.board.tell("flip 0");
            rig.driver.is_ready();
        }
        // Of three tries the best: a machine that is busy with other work stops driving, too.
        assert!(best >= least, "at {rate} it drove only {best} % of the time");
        if stops.is_empty() {
            // So many are wrong that it had stopped long before.
            assert_eq!(least, 0);
        } else {
            report(&format!("Uno, bits wrong {rate}, stick released, driving {best} % of the time"), &mut stops);
        }
    }
    for harm in ["drop 0.003", "insert 0.003", "duplicate 0.003"] {
        rig.half_speed();
        rig.board.tell(harm);
        rig.at_half_speed_nothing_wrong(ms(1_500));
        rig.board.tell(&format!("{} 0", harm.split(' ').next().unwrap()));
        rig.driver.release();
        rig.driver.is_ready();
    }
}

/// Goal: rows 13 and 17, garbage without end and other programs' words move nothing and stop the motors in time.
#[test]
fn garbage_and_strangers_move_nothing() {
    let mut rig = Rig::ready(Model::Uno, &[]);
    for _ in 0..3 {
        rig.full_speed();
        let began = rig.board.tell("garbage 12000");
        // More than twenty damaged frames a second: the robot gives the session up.
        let rest = rig.board.rests();
        assert!(rest < began + 700_000, "{} µs", rest - began);
        rig.board.stays_off(ms(400), "garbage, and a stick that is held");
        rig.driver.release();
        rig.board.stays_off(ms(300), "garbage");
        rig.driver.is_ready();
    }
    rig.board.tell("say AT\\r\\nATZ\\r\\nATE1 V1 X1 D2 -STR=5\\r");
    rig.board.tell("say G28\\nM105\\nG1 X1000 F9000\\n");
    rig.board.stays_off(ms(500), "another program's words");
    rig.full_speed();
}

/// Goal: row 19, frames that drove, played again while driving and at rest, move nothing.
#[test]
fn replayed_frames_move_nothing() {
    for model in [Model::Uno, Model::Core] {
        let mut rig = Rig::ready(model, &[]);
        rig.full_speed();
        rig.board.tell("repeat 2000");
        rig.let_go();
        for _ in 0..3 {
            rig.board.tell("repeat 3000");
            rig.board.stays_off(ms(400), "recorded frames");
        }
        sleep(ms(1_100));
        let robot = rig.driver.telemetry()["link"]["robot"].clone();
        assert!(robot["old_seq"].as_u64().unwrap() > 50, "they were seen, and refused: {robot}");
    }
}

/// Goal: a flood beyond the 63 bytes that an Arduino holds loses frames and nothing else.
#[test]
fn flood_beyond_the_boards_memory_is_survived() {
    let mut rig = Rig::ready(Model::Uno, &["--baud", "1000000"]);
    rig.half_speed();
    let damaged = |rig: &Rig| rig.driver.telemetry()["link"]["robot"]["damaged"].as_u64().unwrap();
    let before = damaged(&rig);
    for _ in 0..4 {
        rig.board.tell("repeat 12000");
        rig.at_half_speed_nothing_wrong(ms(400));
    }
    rig.driver.release();
    rig.driver.is_ready();
    sleep(ms(1_100));
    assert!(damaged(&rig) > before + 4, "the board's memory did overflow");
    rig.full_speed();
}

/// Goal: row 10, the plug is pulled: off in time; and row 11, it comes back, is found, and waits for a released stick.
#[test]
fn pulled_plug_stops_and_comes_back_safely() {
    let home = tempfile::tempdir().unwrap();
    let link = home.path().join("robot");
    let mut stops = Vec::new();
    let mut rig = Rig::ready_at(Model::Uno, &link);
    for _ in 0..2 {
        rig.full_speed();
        let pulled = clock_ns();
        rig.board.tell("unplug 700");
        stops.extend(rig.stopped(pulled + 2_000_000));
        rig.resumes_after_release();
        rig.driver.release();
        rig.board.rests();
    }
    report("Uno, plug pulled", &mut stops);
}
