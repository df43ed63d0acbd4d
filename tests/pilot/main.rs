//! Stories of the pilot in virtual time: what each person may expect when this or that goes wrong.

mod bench;
mod model;
mod play;
mod seat;

use joywire::drive::{
    Answer, Command, Fault, Grant, Input, Pilot, Refusal, ResetError, RobotState, Rules, Sample, Source, Stamp, Stick,
};
use joywire::time::Time;

use play::{ANNE, BEN, Play, SESSION, STEP, ahead, moves, speed};

/// Goal: the plain case, so that all that follows means something: a held stick drives, to full
/// speed in 300 ms.
#[test]
fn held_stick_drives() {
    let mut play = Play::with_anne();
    let outputs = play.hold(ANNE, 1.0, 600);
    assert!(outputs[0..13].iter().all(|output| speed(output) < 1000), "too quick");
    assert!(outputs[17..].iter().all(|output| speed(output) == 1000 && output.driving));
    assert!(moves(&play.hold(ANNE, -0.5, 600)));
}

/// Goal: who does not hold the seat moves nothing, whatever is sent.
#[test]
fn refused_driver_moves_nothing() {
    let mut play = Play::with_anne();
    let sample = play.sample(1.0);
    assert_eq!(play.say(BEN, Command::Sample(sample)), Answer::Refused(Refusal::NotHolder { holder: Some(ANNE) }));
    assert_eq!(play.say(BEN, Command::Take), Answer::Seat(Grant::Refused { holder: ANNE }));
    assert_eq!(play.say(BEN, Command::Nudge(ahead(1.0))), Answer::Refused(Refusal::NotHolder { holder: Some(ANNE) }));
    assert_eq!(play.say(BEN, Command::Give(BEN)), Answer::Refused(Refusal::NotHolder { holder: Some(ANNE) }));
    assert!(!moves(&play.hold(BEN, 1.0, 600)));
    // Nor does anyone drive a robot whose seat is free.
    let mut play = Play::new();
    assert!(!moves(&play.hold(BEN, 1.0, 600)));
}

/// Goal: a stick that is already held when the seat comes moves nothing until it was released.
#[test]
fn new_seat_starts_from_neutral() {
    let mut play = Play::new();
    play.say(ANNE, Command::Take);
    let sample = play.sample(1.0);
    assert_eq!(play.say(ANNE, Command::Sample(sample)), Answer::Refused(Refusal::NeutralFirst));
    assert!(!moves(&play.hold(ANNE, 1.0, 800)));
    play.hold(ANNE, 0.0, 20);
    assert!(moves(&play.hold(ANNE, 1.0, 100)));
}

/// Goal: when samples stop coming the wheels ramp down, on frames that prove nothing new.
#[test]
fn stale_command_ramps_down() {
    let mut play = Play::with_anne();
    play.hold(ANNE, 1.0, 600);
    let last_sample = play.tick() - u32::try_from(STEP).unwrap();
    let outputs = play.pass(400);
    let stopped = outputs.iter().position(|output| output.wheels.is_zero()).unwrap();
    assert!(outputs[stopped..].iter().all(|output| output.wheels.is_zero()));
    assert!((9..=14).contains(&stopped), "at rest {} ms after the last sample", (stopped + 2) * 20);
    for output in &outputs[..stopped] {
        assert_eq!(output.tick, Some(last_sample), "a ramp must not extend the motion");
    }
    assert_eq!(outputs[stopped].faults.strongest(), Some(Fault::CommandStale));
    assert_eq!(outputs[stopped + 1].tick, Some(play.tick() - u32::try_from(400 - (stopped + 2) * 20).unwrap()));
    // It is back with the samples, without ceremony, while the seat lasts.
    assert!(moves(&play.hold(ANNE, 1.0, 100)));
}

/// Goal: without the robot's time in a sample nothing moves, and the sender learns why.
#[test]
fn no_tick_no_motion() {
    let mut play = Play::with_anne();
    for _ in 0..20 {
        let sample = Sample { stamp: None, ..play.sample(1.0) };
        assert_eq!(play.say(ANNE, Command::Sample(sample)), Answer::Refused(Refusal::NoStamp));
        assert!(play.step().wheels.is_zero());
    }
}

/// Goal: a tick of the future, of another session or of too long ago moves nothing.
#[test]
fn wrong_ticks_are_refused() {
    let mut play = Play::with_anne();
    let tick = play.tick();
    let wrong = [
        (SESSION, tick.wrapping_add(1), Refusal::ForeignStamp),
        (SESSION, tick.wrapping_add(1 << 30), Refusal::ForeignStamp),
        (SESSION + 1, tick, Refusal::ForeignStamp),
        (SESSION, tick.wrapping_sub(231), Refusal::Stale { age_ms: 231 }),
        (SESSION, tick.wrapping_sub(65_536), Refusal::Stale { age_ms: 65_536 }),
    ];
    for (session, tick, refusal) in wrong {
        let sample = Sample { stamp: Some(Stamp { session, tick }), ..play.sample(1.0) };
        assert_eq!(play.say(ANNE, Command::Sample(sample)), Answer::Refused(refusal));
    }
    assert!(!moves(&play.pass(100)));
}

/// Goal: samples that come late, twice or from before a change of the seat move nothing.
#[test]
fn old_sequence_and_old_epoch_are_refused() {
    let mut play = Play::with_anne();
    let first = play.sample(1.0);
    let second = play.sample(0.0);
    assert_eq!(play.say(ANNE, Command::Sample(second)), Answer::Accepted);
    for old in [first, second] {
        assert_eq!(play.say(ANNE, Command::Sample(old)), Answer::Refused(Refusal::OldSeq));
    }
    let before = play.sample(1.0);
    play.say(ANNE, Command::Leave);
    play.say(ANNE, Command::Take);
    assert_eq!(play.say(ANNE, Command::Sample(before)), Answer::Refused(Refusal::OldEpoch));
    assert!(!moves(&play.pass(100)));
}

/// Goal: sequence numbers may wrap.
#[test]
fn sequence_numbers_wrap() {
    let mut play = Play::with_anne();
    for seq in [u32::MAX >> 1, u32::MAX - 1, u32::MAX, 0, 1] {
        let sample = Sample { seq, ..play.sample(1.0) };
        assert_eq!(play.say(ANNE, Command::Sample(sample)), Answer::Accepted, "{seq}");
    }
}

/// Goal: I7, between the motion of one holder and that of the next the wheels are told to rest for
/// 200 ms, however eager the next one is and however late the agent comes to its steps.
#[test]
fn handover_keeps_200_ms_of_neutral() {
    for pause in [STEP, 60, 140] {
        let mut play = Play::with_anne();
        play.hold(ANNE, 1.0, 400);
        play.now += pause - STEP;
        play.say_from(BEN, Source::Gamepad, Command::Take);
        let outputs = [play.hold(BEN, 0.0, 20), play.hold(BEN, 1.0, 600)].concat();
        let rest = outputs.iter().position(|output| !output.wheels.is_zero()).unwrap();
        // The first of these frames begins the rest, the one with motion ends it.
        assert!(u64::try_from(rest).unwrap() * STEP >= 200, "{rest} frames of rest after a pause of {pause} ms");
    }
}

/// Goal: who loses the seat stops at once, not along a ramp.
#[test]
fn losing_the_seat_cuts_motion() {
    for way_out in [Command::Leave, Command::Give(BEN)] {
        let mut play = Play::with_anne();
        play.hold(ANNE, 1.0, 400);
        play.say(ANNE, way_out);
        assert!(!moves(&play.hold(ANNE, 1.0, 600)));
    }
}

/// Goal: a press of a direction button drives for its hold, at half speed, and then stops.
#[test]
fn direction_press_drives_for_its_hold_at_capped_speed() {
    let mut play = Play::new();
    assert_eq!(play.say(ANNE, Command::Nudge(ahead(1.0))), Answer::Accepted);
    let outputs = play.pass(1000);
    assert!(moves(&outputs[..3]));
    assert!(outputs.iter().all(|output| (0..=500).contains(&speed(output))));
    assert_eq!(outputs[17].wheels.as_slice(), [500, 500]);
    assert!(!moves(&outputs[23..]), "it drove longer than 400 ms and a ramp");
    assert!(outputs.iter().all(|output| output.tick.is_some()));
}

/// Goal: the original's stop button stops at once.
#[test]
fn neutral_press_stops_at_once() {
    let mut play = Play::new();
    play.say(ANNE, Command::Nudge(ahead(1.0)));
    assert!(moves(&play.pass(200)));
    play.say(ANNE, Command::Nudge(Stick::NEUTRAL));
    assert!(!moves(&play.pass(600)));
}

/// Goal: STOP is zero in the very next frame, from anyone, and asks for the robot's own latch.
#[test]
fn stop_is_zero_at_once() {
    let mut play = Play::with_anne();
    play.hold(ANNE, 1.0, 400);
    play.say(BEN, Command::Stop);
    let outputs = play.hold(ANNE, 1.0, 600);
    assert!(!moves(&outputs));
    assert!(outputs.iter().all(|output| output.latch && output.faults.contains(Fault::Latched)));
    assert!(!moves(&play.hold(ANNE, 0.0, 100)) && !moves(&play.hold(ANNE, 1.0, 600)), "neutral does not unlatch");
}

/// Goal: a latch that the disk remembers holds from the first moment on.
#[test]
fn remembered_latch_holds() {
    let mut play = Play::latched(true);
    play.say(ANNE, Command::Take);
    play.hold(ANNE, 0.0, 40);
    assert!(!moves(&play.hold(ANNE, 1.0, 600)));
}

/// Goal: only a held reset clears, clearing moves nothing, and driving on begins with neutral.
#[test]
fn clearing_the_latch_never_moves() {
    let mut play = Play::with_anne();
    play.say(ANNE, Command::Stop);
    play.robot = Some(RobotState::Latched);
    play.hold(ANNE, 1.0, 100);
    play.say(BEN, Command::PressReset(9));
    play.hold(ANNE, 1.0, 1_000);
    assert_eq!(play.say(BEN, Command::ReleaseReset(9)), Answer::Refused(Refusal::Reset(ResetError::TooSoon)));
    play.say(BEN, Command::PressReset(10));
    play.hold(ANNE, 1.0, 2_000);
    assert_eq!(play.say(BEN, Command::ReleaseReset(10)), Answer::Accepted);
    assert!(play.step().unlatch);
    play.robot = Some(RobotState::Ready);
    assert!(!moves(&play.hold(ANNE, 1.0, 600)) && !play.pilot.is_latched());
    play.hold(ANNE, 0.0, 20);
    assert!(moves(&play.hold(ANNE, 1.0, 100)));
}

/// Goal: a robot that latched itself latches the agent, too.
#[test]
fn robots_own_latch_is_taken_over() {
    let mut play = Play::with_anne();
    play.robot = Some(RobotState::Latched);
    assert_eq!(play.fault(), Some(Fault::Latched));
    play.robot = Some(RobotState::Ready);
    assert_eq!(play.fault(), Some(Fault::Latched));
}

/// Goal: an agent that was held up forgets what it was told before, and wants neutral.
#[test]
fn overrun_needs_neutral() {
    let mut play = Play::with_anne();
    play.hold(ANNE, 1.0, 400);
    play.now += 300;
    let sample = play.sample(1.0);
    play.say(ANNE, Command::Sample(sample));
    assert_eq!(play.fault(), Some(Fault::Overrun));
    assert!(!moves(&play.hold(ANNE, 1.0, 600)));
    play.hold(ANNE, 0.0, 20);
    assert!(moves(&play.hold(ANNE, 1.0, 100)));
}

/// Goal: a press that waited while the agent was held up drives nothing when it wakes.
#[test]
fn press_from_before_an_overrun_moves_nothing() {
    let mut play = Play::new();
    play.now += 5_000;
    play.say(ANNE, Command::Nudge(ahead(1.0)));
    assert!(!moves(&play.pass(600)));
}

/// Goal: a robot that falls silent is not driven blindly, and driving on begins with neutral.
#[test]
fn silence_of_the_robot_cuts() {
    let mut play = Play::with_anne();
    play.hold(ANNE, 1.0, 400);
    play.robot = None;
    let outputs = play.hold(ANNE, 1.0, 400);
    assert!(!moves(&outputs[10..]));
    assert!(outputs[10].faults.contains(Fault::RobotSilent));
    play.robot = Some(RobotState::Ready);
    assert!(!moves(&play.hold(ANNE, 1.0, 400)));
    play.hold(ANNE, 0.0, 20);
    assert!(moves(&play.hold(ANNE, 1.0, 100)));
}

/// Goal: whatever keeps a robot from driving, the wheels rest meanwhile and until neutral.
#[test]
fn robot_that_is_not_ready_is_not_driven() {
    for (state, fault) in [
        (RobotState::Starting, Fault::RobotStarting),
        (RobotState::Stopped, Fault::RobotStopped),
        (RobotState::Incompatible, Fault::RobotIncompatible),
    ] {
        let mut play = Play::with_anne();
        play.hold(ANNE, 1.0, 400);
        play.robot = Some(state);
        assert_eq!(play.fault(), Some(fault));
        assert!(!moves(&play.hold(ANNE, 1.0, 400)));
        let sample = play.sample(1.0);
        assert_eq!(play.say(ANNE, Command::Sample(sample)), Answer::Refused(Refusal::Stopped(fault)));
        play.robot = Some(RobotState::Ready);
        assert!(!moves(&play.hold(ANNE, 1.0, 400)));
    }
    let mut play = Play::with_anne();
    play.hold(ANNE, 1.0, 400);
    play.robot = None;
    play.pilot.handle(play.time(), Input::Robot(None));
    assert_eq!(play.fault(), Some(Fault::RobotAbsent));
    assert!(!moves(&play.hold(ANNE, 1.0, 100)));
}

/// Goal: the seat is free one second after its holder's last sample, and goes to who waits.
#[test]
fn seat_expires_after_a_second() {
    let mut play = Play::with_anne();
    play.hold(ANNE, 1.0, 400);
    play.pass(960);
    assert_eq!(play.pilot.seat().holder(), Some(ANNE));
    play.pass(20);
    assert_eq!(play.pilot.seat().holder(), None);
    let mut play = Play::with_anne();
    assert_eq!(play.say(BEN, Command::Ask), Answer::Seat(Grant::Queued { position: 1 }));
    play.pass(1_020);
    assert_eq!(play.pilot.seat().holder(), Some(BEN));
}

/// Goal: the pad beside the robot takes the seat from a phone, never the other way round.
#[test]
fn pad_preempts_phone() {
    let mut play = Play::with_anne();
    play.hold(ANNE, 1.0, 400);
    let answer = play.say_from(BEN, Source::Gamepad, Command::Take);
    assert_eq!(answer, Answer::Seat(Grant::Preempted { from: ANNE }));
    assert!(play.step().wheels.is_zero());
    assert_eq!(play.say(ANNE, Command::Take), Answer::Seat(Grant::Refused { holder: BEN }));
    assert!(!moves(&play.hold(ANNE, 1.0, 400)));
}

/// Goal: before a robot has ever spoken there is no tick, and nothing to send.
#[test]
fn nothing_is_said_before_the_robot_speaks() {
    let mut pilot = Pilot::new(Rules::default(), false);
    let output = pilot.step(Time::ZERO);
    assert_eq!((output.tick, output.faults.strongest()), (None, Some(Fault::RobotAbsent)));
}

/// Goal: settings decide: the speed limit caps a held stick.
#[test]
fn speed_limit_caps_the_stick() {
    let rules = Rules { speed_limit: 0.3, ..Rules::default() };
    let mut play = Play::with_anne();
    play.pilot = Pilot::new(rules, false);
    play.pass(40);
    play.say(ANNE, Command::Take);
    play.hold(ANNE, 0.0, 40);
    let outputs = play.hold(ANNE, 1.0, 400);
    assert_eq!(outputs.iter().map(speed).max(), Some(300));
}
