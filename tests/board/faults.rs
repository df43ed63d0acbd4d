//! Faults of the host and of the board: the program dies, freezes or sleeps; the board hangs, resets, starts slowly.

use std::thread::sleep;
use std::time::Duration;

use rustix::process::Signal;

use crate::board::{Board, Model};
use crate::host::Host;
use crate::rig::{Rig, report};

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// Goal: the plain case, so that all that follows means something: the stick moves the pins of an
/// Arduino, both ways, and letting go stops them.
#[test]
fn stick_moves_the_pins_of_an_uno() {
    let rig = Rig::ready(Model::Uno, &[]);
    rig.full_speed();
    rig.push_until("full speed back", (0.0, -1.0), |[left, right]| left <= -990 && right <= -990);
    rig.push_until("turn to the right", (1.0, 0.0), |[left, right]| left > 200 && right < -200);
    rig.driver.release();
    rig.board.rests();
    rig.driver.is_ready();
    rig.board.stays_off(ms(300), "nobody drives");
}

/// Goal: I1 and row 8, the program is killed at any moment: the motors stop in time.
#[test]
fn board_stops_when_the_program_is_killed() {
    for (model, runs) in [(Model::Uno, 6), (Model::Core, 6)] {
        let mut stops = Vec::new();
        for run in 0..runs {
            let rig = Rig::at_full_speed(model, run);
            let killed = rig.host.signal(Signal::KILL);
            stops.extend(rig.stopped(killed));
            rig.board.stays_off(ms(500), "nobody is there");
        }
        report(&format!("{model:?}, SIGKILL of the program"), &mut stops);
    }
}

/// Goal: I1, I3, I4 and rows 7 and 8, the program freezes and comes back with all that has piled up:
/// the motors stop in time, nothing old moves them, and a stick that was held all the time must be released.
#[test]
fn board_stops_when_the_program_freezes_and_moves_for_nothing_old() {
    let mut stops = Vec::new();
    let rig = Rig::ready(Model::Uno, &[]);
    for (run, frozen) in [300, 5_000, 1_200, 700].into_iter().enumerate() {
        rig.full_speed();
        sleep(ms(17 * u64::try_from(run).unwrap()));
        let stopped = rig.host.signal(Signal::STOP);
        stops.extend(rig.stopped(stopped));
        sleep(ms(frozen));
        rig.host.signal(Signal::CONT);
        rig.resumes_after_release();
        rig.driver.release();
        rig.board.rests();
    }
    report("Uno, SIGSTOP of the program", &mut stops);
}

/// Goal: row 8, the case in which a tick of sixteen bits would look young again.
#[test]
fn freeze_as_long_as_a_short_clock_turns_moves_nothing() {
    let rigs = [Rig::at_full_speed(Model::Core, 1), Rig::at_full_speed(Model::Uno, 2)];
    let mut stops: Vec<u64> = rigs.iter().filter_map(|rig| rig.stopped(rig.host.signal(Signal::STOP))).collect();
    sleep(ms(65_536 - 250));
    for rig in &rigs {
        rig.host.signal(Signal::CONT);
    }
    for rig in &rigs {
        rig.board.stays_off(ms(1_500), "the backlog is a minute old");
    }
    report("Core and Uno, SIGSTOP of 65.5 s", &mut stops);
}

/// Goal: I10 and row 16, the board's own program hangs: the interrupt stops the motors, and the
/// watchdog starts the board anew, which moves for nobody that has not let go of the stick.
#[test]
fn board_that_hangs_stops_its_motors_itself() {
    let faults = [
        ("pin A0 1", "pin A0 0", "the loop hangs"),
        ("pin A1 1", "pin A1 0", "the timer's interrupt dies"),
        ("pin A2 1", "pin A2 0", "the loop hangs without interrupts"),
        ("pin A3 1", "pin A3 0", "the clock stands still"),
        ("pin A4 1", "pin A4 0", "the clock goes too slow"),
    ];
    for (fault, cure, what) in faults {
        let mut stops = Vec::new();
        let mut rig = Rig::ready(Model::FaultyUno, &[]);
        for run in 0..3 {
            rig.full_speed();
            sleep(ms(13 * run));
            let began = rig.board.tell(fault);
            let restarted = rig.board.says("watchdog", began) - began;
            let off = rig.board.rests().saturating_sub(began);
            assert!(off <= 200_000 && restarted <= 200_000, "{what}: off {off} µs, restarted {restarted} µs");
            stops.push(off);
            rig.board.tell(cure);
            rig.resumes_after_release();
            rig.driver.release();
            rig.board.rests();
        }
        report(&format!("Uno, {what} (counted from there)"), &mut stops);
    }
}

/// Goal: I5 and row 15, power fails again and again: off at once, off until a new session has proved
/// itself, and until the stick was released.
#[test]
fn board_that_resets_starts_at_rest() {
    for model in [Model::Uno, Model::Core] {
        let mut rig = Rig::ready(model, &[]);
        for run in 0..3 {
            rig.full_speed();
            sleep(ms(29 * run));
            let reset = rig.board.tell("reset 50");
            assert!(rig.board.rests() <= reset + 5_000, "off at once");
            rig.board.stays_off(ms(550), "it starts at rest");
            rig.resumes_after_release();
        }
        // A board whose power comes and goes never moves.
        for _ in 0..5 {
            rig.board.tell("reset 20");
            rig.board.stays_off(ms(300), "it has just started");
        }
    }
}

/// Goal: row 14, opening the port resets an Arduino: nothing is written into its bootloader, however long it takes.
#[test]
fn nothing_is_written_while_a_board_starts() {
    let rig = Rig::ready(Model::Uno, &["--boot", "3000"]);
    assert_eq!(rig.board.lost(), 0);
    rig.full_speed();
}

/// Goal: row 20, a board of another version is left alone, without a byte, and who must update is said.
#[test]
fn board_of_another_version_is_left_alone() {
    for (model, advice) in [(Model::NewerCore, "update joywire"), (Model::OlderCore, "upload the current firmware")] {
        let mut board = Board::start(model, &[]);
        let mut host = Host::start(&board.port());
        assert!(host.says("cannot be driven").contains(advice));
        board.stays_off(ms(500), "it is none of ours");
        assert_eq!(board.heard(), 0);
    }
}
