//! One pad's rules, in virtual time.

use std::time::Duration;

use joywire::drive::{DriverId, Style};
use joywire::gamepad::{Axis, Control, Event, Intent, Rules};

use super::hand::{Hand, LOOK, ME, PHONE, drives, forward, samples, wiggle};

fn count(said: &[Intent], wanted: Intent) -> usize {
    said.iter().filter(|intent| **intent == wanted).count()
}

/// Goal: a pad that lies on its stick, or whose axis begins at a stop, moves no robot.
#[test]
fn nothing_drives_before_the_pad_has_shown_its_middle() {
    let mut hand = Hand::new(Rules::default());
    assert!(hand.pass(5_000).is_empty(), "a pad that tells nothing is not known to be in the middle");
    hand.tap(Control::South);
    hand.push(1.0);
    assert!(hand.pass(1_000).is_empty(), "neither a button nor a pushed stick shows the middle");
    hand.push(0.05);
    hand.pass(20);
    hand.push(1.0);
    let said = hand.pass(200);
    assert_eq!(said[0], Intent::Take);
    assert!(drives(&said));
}

/// Goal: an axis that the pad has not shown in the middle yet drives nothing, whatever the other one has shown.
#[test]
fn each_axis_shows_its_own_middle() {
    let mut hand = Hand::known(Rules::default());
    hand.tell(Event::Axis(Axis::LeftX, 1.0));
    assert!(hand.pass(500).is_empty());
    hand.tell(Event::Axis(Axis::LeftX, 0.0));
    hand.tell(Event::Axis(Axis::LeftX, 1.0));
    assert!(drives(&hand.pass(100)));
}

/// Goal: touching a pad takes the seat, and nothing but neutral is said before it is the pad's.
#[test]
fn touch_takes_the_seat_and_starts_from_neutral() {
    let mut hand = Hand::known(Rules::default());
    hand.generous = false;
    hand.seat(Some(PHONE));
    hand.push(0.8);
    assert_eq!(hand.pass(100), [Intent::Take], "asked once, and no sample while a phone has it");
    hand.seat(Some(ME));
    let said = samples(&hand.pass(100));
    assert!(said[0].stick.is_neutral() && !said[1].stick.is_neutral());
    assert!(said.iter().all(|sample| sample.epoch == hand.known.epoch));
    assert!(said.windows(2).all(|pair| pair[1].seq == pair[0].seq + 1));
}

/// Goal: a hand that did not get the seat at its touch does not drive off by surprise when it falls free later.
#[test]
fn touch_without_success_must_be_let_go() {
    let mut hand = Hand::known(Rules::default());
    hand.generous = false;
    hand.seat(Some(DriverId(ME.0 + 1)));
    assert_eq!(count(&wiggle(&mut hand, 0.8, 2_000), Intent::Take), 1);
    hand.generous = true;
    hand.seat(None);
    assert!(wiggle(&mut hand, 0.8, 2_000).is_empty());
    hand.push(0.0);
    hand.push(0.8);
    assert!(drives(&hand.pass(100)));
}

/// Goal: a pad that is put down gives the seat back; one that is only rested on keeps it alive.
#[test]
fn resting_pad_keeps_the_seat_and_then_gives_it_back() {
    let mut hand = Hand::seated();
    wiggle(&mut hand, 0.8, 500);
    hand.push(0.0);
    hand.said.clear();
    let let_go = hand.now;
    hand.pass(3_000);
    let (at, last) = *hand.said.last().unwrap();
    assert_eq!(last, Intent::Leave);
    assert!((2_000..=2_000 + 2 * LOOK).contains(&(at - let_go)), "{} ms", at - let_go);
    let times: Vec<u64> = hand.said.iter().map(|(at, _)| *at).collect();
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] <= 250), "{times:?}");
    assert!(!drives(&hand.said.iter().map(|(_, intent)| *intent).collect::<Vec<_>>()));
    assert_eq!(hand.known.holder, None);
    assert!(hand.pass(2_000).is_empty());
}

/// Goal: a held stick is said often enough for the pilot, never too often for the wire, with the robot's time of the
/// moment when the pad was read.
#[test]
fn held_stick_is_said_at_a_steady_pace() {
    let mut hand = Hand::seated();
    hand.push(0.9);
    hand.pass(200);
    hand.said.clear();
    hand.pass(1_000);
    for pair in hand.said.windows(2) {
        assert!((25..=33).contains(&(pair[1].0 - pair[0].0)), "{pair:?}");
    }
    hand.said.clear();
    for turn in 0..200 {
        hand.push(0.5 + f64::from(turn) / 500.0);
        hand.pass(LOOK);
    }
    assert!((30..=40).contains(&hand.said.len()), "{} samples in a second", hand.said.len());
    for (at, intent) in &hand.said {
        assert_eq!(u64::from(samples(&[*intent])[0].stamp.unwrap().tick), *at);
    }
}

/// Goal: letting go is said at once.
#[test]
fn release_does_not_wait_for_its_turn() {
    let mut hand = Hand::seated();
    wiggle(&mut hand, 0.9, 200);
    hand.pass(LOOK * 5);
    hand.push(0.0);
    let said = samples(&hand.pass(LOOK));
    assert!(said.len() == 1 && said[0].stick.is_neutral());
}

/// Goal: a stick that is weighed down, or a pad out of reach, drives no longer than 3 s; then it must be let go once.
#[test]
fn pad_that_tells_nothing_for_three_seconds_stops() {
    let mut hand = Hand::seated();
    hand.push(0.9);
    assert!(drives(&hand.pass(2_900)));
    let said = hand.pass(200);
    assert_eq!(count(&said, Intent::Still), 1);
    assert!(samples(&said).last().unwrap().stick.is_neutral());
    hand.push(0.8);
    assert!(!drives(&hand.pass(500)), "moving the stick is not letting it go");
    hand.push(0.0);
    hand.push(0.8);
    assert!(drives(&hand.pass(500)));
}

/// Goal: whoever moves anything on the pad drives on as long as they like.
#[test]
fn any_movement_on_the_pad_is_a_sign_of_a_hand() {
    let mut hand = Hand::seated();
    hand.push(0.9);
    for _ in 0..10 {
        assert!(drives(&hand.pass(2_000)));
        hand.tell(Event::Other);
    }
    assert_eq!(hand.said.iter().filter(|(_, intent)| *intent == Intent::Still).count(), 0);
}

/// Goal: with a deadman, an open hand stops, and nothing starts by closing it around a pushed stick.
#[test]
fn deadman_must_be_held() {
    let mut hand = Hand::known(Rules { deadman: Some(Control::LeftTrigger), ..Rules::default() });
    hand.push(0.9);
    assert!(hand.pass(200).is_empty());
    hand.press(Control::LeftTrigger);
    assert!(hand.pass(200).is_empty(), "the stick was pushed before");
    hand.push(0.0);
    hand.push(0.9);
    assert!(drives(&hand.pass(200)));
    hand.lift(Control::LeftTrigger);
    let said = samples(&hand.pass(LOOK));
    assert!(said.last().unwrap().stick.is_neutral());
    hand.press(Control::LeftTrigger);
    assert!(!drives(&hand.pass(500)));
}

/// Goal: turbo and slow are held, and slow wins.
#[test]
fn speed_buttons_change_the_speed_while_held() {
    let mut hand = Hand::seated();
    hand.push(1.0);
    let speed = |hand: &mut Hand| {
        let said = samples(&hand.pass(100));
        (forward(said.last().unwrap()) * 100.0).round()
    };
    assert!((speed(&mut hand) - 65.0).abs() < 0.1);
    hand.press(Control::RightShoulder);
    assert!((speed(&mut hand) - 100.0).abs() < 0.1);
    hand.press(Control::LeftShoulder);
    assert!((speed(&mut hand) - 35.0).abs() < 0.1);
    hand.lift(Control::LeftShoulder);
    hand.lift(Control::RightShoulder);
    assert!((speed(&mut hand) - 65.0).abs() < 0.1);
}

/// Goal: STOP is a single touch, also with a pad that has not driven yet, and the held stick drives no more.
#[test]
fn stop_is_an_edge() {
    let mut hand = Hand::new(Rules::default());
    hand.tap(Control::East);
    assert_eq!(hand.pass(100), [Intent::Stop], "down and up between two looks");
    let mut hand = Hand::seated();
    hand.push(0.9);
    hand.pass(100);
    hand.press(Control::East);
    let said = hand.pass(1_000);
    assert_eq!((said[0], count(&said, Intent::Stop)), (Intent::Stop, 1));
    assert!(!drives(&said));
}

/// Goal: whoever holds the pad feels that the robot was stopped or that someone else drives.
#[test]
fn stop_and_losing_the_seat_are_felt() {
    let mut hand = Hand::seated();
    hand.push(0.9);
    hand.pass(100);
    hand.known.latched = true;
    let said = hand.pass(100);
    assert_eq!(count(&said, Intent::Rumble), 1);
    assert!(!drives(&said));
    hand.known.latched = false;
    assert!(!drives(&hand.pass(100)), "a stick that was held through STOP must be let go");
    hand.seat(Some(PHONE));
    hand.generous = false;
    assert_eq!(hand.pass(1_000), [Intent::Rumble]);
    let mut late = Hand::new(Rules::default());
    late.known.latched = true;
    assert!(late.pass(100).is_empty(), "STOP from before it was plugged in is no news");
}

/// Goal: the seat button takes the seat, and gives it back.
#[test]
fn seat_button_takes_and_gives() {
    let mut hand = Hand::known(Rules::default());
    hand.tap(Control::North);
    assert_eq!(hand.pass(LOOK), [Intent::Take]);
    hand.pass(100);
    hand.push(0.9);
    assert!(drives(&hand.pass(100)));
    hand.tap(Control::North);
    let said = hand.pass(100);
    assert_eq!(count(&said, Intent::Leave), 1);
    assert_eq!(hand.known.holder, None);
    assert!(wiggle(&mut hand, 0.9, 500).is_empty(), "the stick was held all the while");
}

/// Goal: a seat that someone hands over does not move the robot under a hand that happens to be on the pad.
#[test]
fn given_seat_starts_from_neutral() {
    let mut hand = Hand::known(Rules::default());
    hand.generous = false;
    hand.push(0.9);
    hand.pass(1_000);
    hand.seat(Some(ME));
    assert!(!drives(&wiggle(&mut hand, 0.9, 500)));
}

/// Goal: two controls held together for 2 s reset STOP, and one let go early does not.
#[test]
fn two_controls_reset() {
    let mut hand = Hand::known(Rules::default());
    hand.known.latched = true;
    hand.pass(20);
    hand.press(Control::Select);
    assert!(hand.pass(3_000).is_empty());
    hand.press(Control::Start);
    assert_eq!(hand.pass(1_900), [Intent::PressReset]);
    hand.lift(Control::Select);
    hand.press(Control::Select);
    assert_eq!(hand.pass(3_000), [Intent::CancelReset]);
    hand.lift(Control::Start);
    hand.pass(20);
    hand.press(Control::Start);
    let begun = hand.now;
    assert_eq!(hand.pass(3_000), [Intent::PressReset, Intent::ReleaseReset]);
    let released = hand.said.last().unwrap().0;
    assert!(released - begun > 2_000, "the latch wants 2 s by its own clock");
}

/// Goal: a thread that stands still cannot make old news look young: its samples carry the time of their reading.
#[test]
fn samples_carry_the_time_of_their_reading() {
    let mut hand = Hand::seated();
    hand.push(0.9);
    hand.pass(100);
    // The robot's time stands still as far as this thread has heard, however often it speaks.
    let (stamp, mut said) = (hand.known.stamp, Vec::new());
    for turn in 1..50 {
        let now = joywire::time::Time::from_millis(hand.now + turn * LOOK);
        hand.pad.step(now, hand.known, &mut |intent| said.push(intent));
    }
    let said = samples(&said);
    assert!(said.len() > 5 && said.iter().all(|sample| sample.stamp == stamp));
}

/// Goal: the robot goes where the configured style says.
#[test]
fn style_says_what_sticks_do() {
    let mut hand = Hand::known(Rules { style: Style::Tank, rest: Duration::from_secs(5), ..Rules::default() });
    hand.tell(Event::Axis(Axis::RightY, 0.0));
    hand.push(1.0);
    hand.tell(Event::Axis(Axis::RightY, 1.0));
    let straight = samples(&hand.pass(100)).last().unwrap().stick.twist();
    assert!(straight.linear > 0.6 && straight.angular.abs() < 1e-9);
    hand.tell(Event::Axis(Axis::RightY, 0.0));
    let curve = samples(&hand.pass(100)).last().unwrap().stick.twist();
    assert!(curve.linear > 0.3 && curve.angular < -0.3, "the left side pushes to the right");
}
