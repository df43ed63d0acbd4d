//! Stories of motors on the bench: told one by one, by the same rules as any stick.

use joywire::drive::{Command, Motor, Motors, Output, Pilot, Rules, WheelSpeeds};

use crate::play::{ANNE, BEN, Play, STEP, moves};

/// Tells motors; a sample before every step.
fn tell(play: &mut Play, outputs: [i16; 2], ms: u64) -> Vec<Output> {
    let tell_and_step = |_| {
        let sample = play.sample(0.0);
        play.say(ANNE, Command::Bench(sample, WheelSpeeds::new(&outputs)));
        play.step()
    };
    (0..ms / STEP).map(tell_and_step).collect()
}

fn outputs(output: &Output) -> [i16; 2] {
    [output.outputs.as_slice()[0], output.outputs.as_slice()[1]]
}

/// Goal: one motor turns alone, softly and no faster than 40 %, with nothing of what is known about it yet.
#[test]
fn one_motor_turns_alone_and_slowly() {
    let motors = Motors::new(&[Motor { inverted: true, trim: 0.5, dead_band: 300 }; 2]);
    let mut play = Play::with_anne();
    play.pilot = Pilot::new(Rules { motors, ..Rules::default() }, false);
    play.pass(40);
    play.say(ANNE, Command::Take);
    tell(&mut play, [0, 0], 40);
    let told = tell(&mut play, [0, 1000], 600);
    assert!(outputs(&told[1])[1] < 100, "it starts softly: {:?}", outputs(&told[1]));
    assert!(told.iter().all(|output| outputs(output)[0] == 0 && (0..=400).contains(&outputs(output)[1])));
    assert_eq!(outputs(told.last().unwrap()), [0, 400]);
}

/// Goal: all that stops a stick stops the bench: silence, the seat of another, a stick that was not released.
#[test]
fn bench_stops_as_a_stick_does() {
    let mut play = Play::with_anne();
    tell(&mut play, [300, 0], 400);
    let silent = play.pass(600);
    assert!(!moves(&silent[15..]), "it stops when nobody says anything any more");
    let mut play = Play::new();
    play.say(ANNE, Command::Take);
    assert!(!moves(&tell(&mut play, [300, 300], 400)), "not from a seat that has not seen rest");
    let mut play = Play::with_anne();
    tell(&mut play, [300, 300], 400);
    play.say(BEN, Command::Stop);
    assert!(!moves(&tell(&mut play, [300, 300], 400)), "not against STOP");
}

/// Goal: neither way between bench and stick makes a wheel leap.
#[test]
fn bench_and_stick_do_not_mix() {
    let mut play = Play::with_anne();
    tell(&mut play, [-400, 0], 600);
    tell(&mut play, [0, 0], 20);
    let driven = play.hold(ANNE, 1.0, 40);
    assert!(driven.iter().all(|output| outputs(output).iter().all(|speed| speed.abs() < 200)), "{driven:?}");
    play.hold(ANNE, 1.0, 600);
    let told = tell(&mut play, [400, 400], 40);
    assert!(told.iter().all(|output| outputs(output)[0] < 100), "{told:?}");
    let told = tell(&mut play, [-400, 400], 40);
    assert!(told.iter().all(|output| outputs(output)[0] > -100), "a reversal passes through rest: {told:?}");
}

/// Goal: motors that are known better count once nobody asks for anything and the wheels have come to rest; under a held
/// stick never, whatever stopped it meanwhile.
#[test]
fn known_motors_count_from_the_next_rest() {
    let known = Motors::new(&[Motor::default(), Motor { inverted: true, trim: 0.5, dead_band: 0 }]);
    let mut play = Play::with_anne();
    let driven = play.hold(ANNE, 1.0, 1000);
    assert_eq!(outputs(driven.last().unwrap()), [1000, 1000]);
    play.pilot.fit(known);
    // A turn of the stick passes through rest, a link that hiccups ends there.
    let mut driven = play.hold(ANNE, 1.0, 200);
    driven.extend(play.hold(ANNE, -1.0, 1000));
    driven.extend(play.pass(600));
    driven.extend(play.hold(ANNE, -1.0, 1000));
    assert!(driven.iter().any(|output| outputs(output) == [0, 0]) && outputs(driven.last().unwrap()) == [-1000, -1000]);
    assert!(driven.iter().all(|output| outputs(output)[0] == outputs(output)[1]), "not under a held stick");
    play.hold(ANNE, 0.0, 1000);
    let driven = play.hold(ANNE, 1.0, 1000);
    assert_eq!(outputs(driven.last().unwrap()), [1000, -500]);
    assert_eq!(driven.last().unwrap().wheels.as_slice(), [1000, 1000], "the page shows the wheels, not the outputs");
}
