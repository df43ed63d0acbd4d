//! Stories of pads and a phone with the real agent and a simulated robot.

use std::time::Duration;

use joywire::gamepad::{Control, PadsEnd, Word};
use joywire::protocol::events::State;
use tokio::time::sleep;

use super::rig::{NAME, PHONE, Rig};

async fn pass(ms: u64) {
    sleep(Duration::from_millis(ms)).await;
}

/// Goal: whoever stands beside the robot can take over from a phone by touching the pad, and hands back by putting it
/// down.
#[tokio::test(start_paused = true)]
async fn pad_borrows_the_seat_from_a_phone() {
    let mut rig = Rig::start(true).await;
    assert!(rig.phone_takes().await.ok);
    rig.phone_holds(0.0, 50).await;
    rig.phone_holds(1.0, 500).await;
    assert!(rig.turns());
    let pad = rig.plug_in().await;
    rig.phone_holds(1.0, 500).await;
    assert!(rig.turns(), "a pad that lies there takes nothing");

    rig.push(&pad, 1.0);
    let touched = rig.clock.now();
    rig.phone_holds(1.0, 70).await;
    assert_eq!(rig.holder().as_deref(), Some(NAME));
    let epoch = rig.relay.seat.borrow().epoch;
    rig.sees("at rest", |telemetry| telemetry.epoch == epoch && telemetry.wheels == [0, 0]).await;
    rig.sees("driven by the pad", |telemetry| telemetry.wheels[0] > 0).await;
    let waited = rig.clock.now().since(touched);
    assert!(waited >= Duration::from_millis(200) && waited < Duration::from_millis(450), "{waited:?}");
    assert!(rig.refused().iter().any(|code| code == "seat_taken"), "the phone is told who drives");
    let waiting: Vec<u64> = rig.relay.seat.borrow().queue.iter().map(|person| person.id).collect();
    assert_eq!(waiting, [PHONE]);

    rig.push(&pad, 0.0);
    pass(2_300).await;
    assert_eq!(rig.holder().as_deref(), Some("Anne"));
    rig.refused();
    rig.phone_holds(1.0, 500).await;
    assert!(!rig.turns(), "a thumb that stayed on the phone's stick drives nothing");
    assert_eq!(rig.refused(), ["neutral_first"]);
    rig.phone_holds(0.0, 50).await;
    rig.phone_holds(1.0, 500).await;
    assert!(rig.turns());
    rig.end().await;
}

/// Goal: a pad that is pulled out at full stick stops the robot at once, although it never said zero.
#[tokio::test(start_paused = true)]
async fn unplugged_pad_stops_the_robot() {
    let mut rig = Rig::start(true).await;
    let pad = rig.plug_in().await;
    rig.push(&pad, 1.0);
    rig.sees("at its speed", |telemetry| telemetry.wheels == [650, 650]).await;
    let pulled = rig.clock.now();
    pad.unplug();
    rig.sees("at rest", |telemetry| telemetry.wheels == [0, 0]).await;
    let waited = rig.clock.now().since(pulled);
    assert!(waited <= Duration::from_millis(100), "{waited:?}");
    assert_eq!(rig.holder(), None);
    let again = rig.plug_in().await;
    assert!(again.id != pad.id && !rig.turns());
    rig.end().await;
}

/// Goal: a thread that no longer reads the pad drives no further, even if what it said last would still be repeated.
#[tokio::test(start_paused = true)]
async fn stalled_reader_stops_the_robot() {
    let mut rig = Rig::start(true).await;
    let pad = rig.plug_in().await;
    rig.push(&pad, 1.0);
    rig.sees("at its speed", |telemetry| telemetry.wheels == [650, 650]).await;
    let stalled = rig.clock.now();
    pad.stall();
    rig.sees("at rest", |telemetry| telemetry.wheels == [0, 0]).await;
    assert!(rig.clock.now().since(stalled) <= Duration::from_millis(330), "{:?}", rig.clock.now().since(stalled));
    pass(1_200).await;
    assert_eq!(rig.holder(), None);
    rig.end().await;
}

/// Goal: STOP and its reset are two buttons away, without a phone.
#[tokio::test(start_paused = true)]
async fn pad_stops_and_resets() {
    let mut rig = Rig::start(true).await;
    let pad = rig.plug_in().await;
    rig.push(&pad, 1.0);
    rig.sees("at its speed", |telemetry| telemetry.wheels == [650, 650]).await;
    rig.button(&pad, Control::East, true);
    rig.button(&pad, Control::East, false);
    rig.sees("latched, at rest", |telemetry| telemetry.state == State::Latched && telemetry.wheels == [0, 0]).await;
    rig.button(&pad, Control::Select, true);
    rig.button(&pad, Control::Start, true);
    pass(1_500).await;
    rig.button(&pad, Control::Start, false);
    pass(1_500).await;
    assert_eq!(rig.relay.telemetry.borrow().state, State::Latched, "let go too early");
    rig.button(&pad, Control::Start, true);
    pass(1_900).await;
    assert_eq!(rig.relay.telemetry.borrow().state, State::Latched);
    rig.sees("open", |telemetry| telemetry.state == State::Ready).await;
    pass(500).await;
    assert!(!rig.turns(), "the stick was held through all of it");
    rig.push(&pad, 0.0);
    pass(50).await;
    rig.push(&pad, 1.0);
    rig.sees("driving", |telemetry| telemetry.wheels == [650, 650]).await;
    rig.end().await;
}

/// Goal: where the machine's own user is no operator, neither is whoever holds its pad.
#[tokio::test(start_paused = true)]
async fn pad_resets_only_as_an_operator() {
    let mut rig = Rig::start(false).await;
    let pad = rig.plug_in().await;
    rig.button(&pad, Control::East, true);
    rig.sees("latched", |telemetry| telemetry.state == State::Latched).await;
    pass(50).await;
    rig.button(&pad, Control::Select, true);
    rig.button(&pad, Control::Start, true);
    pass(4_000).await;
    assert_eq!(rig.relay.telemetry.borrow().state, State::Latched);
    rig.end().await;
}

/// Goal: of two pads the one that was touched first drives; the other one gets nothing by being held on.
#[tokio::test(start_paused = true)]
async fn two_pads_are_two_drivers() {
    let mut rig = Rig::start(true).await;
    let (one, two) = (rig.plug_in().await, rig.plug_in().await);
    rig.push(&one, 1.0);
    pass(100).await;
    rig.push(&two, -1.0);
    rig.sees("driven forward", |telemetry| telemetry.wheels == [650, 650]).await;
    one.unplug();
    pass(1_000).await;
    assert!(!rig.turns(), "the second hand was refused, so it must let go first");
    rig.push(&two, 0.0);
    pass(20).await;
    rig.push(&two, -1.0);
    rig.sees("driven back", |telemetry| telemetry.wheels[0] < 0).await;
    rig.end().await;
}

/// Goal: an agent outlives whoever reads pads, and leaves nobody in the seat who is no more.
#[tokio::test(start_paused = true)]
async fn reader_that_ends_takes_its_pads_along() {
    let (pads, agent) = joywire::gamepad::link();
    let id = joywire::drive::DriverId(1 << 52);
    pads.tell(id, Word::Here("Pad".to_owned()));
    drop::<PadsEnd>(pads);
    let words: Vec<Word> = agent.take().into_iter().map(|(_, word)| word).collect();
    assert_eq!(words, [Word::Here("Pad".to_owned()), Word::Gone]);
    agent.arrived().await;
}
