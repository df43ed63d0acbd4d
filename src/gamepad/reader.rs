//! Reader: the thread that waits for pads and tells the agent what they want.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::Duration;

use super::Settings;
use super::card::Card;
use super::desk::{Desk, DeskError, Happening};
use super::link::{PadsEnd, Word};
use super::pad::{Intent, Known, Pad};
use crate::clock::Clock;
use crate::drive::DriverId;

/// Between two looks at a pad that drives or is about to.
const BUSY: Duration = Duration::from_millis(5);
/// Between two looks while nobody touches a pad, unless one tells something.
const IDLE: Duration = Duration::from_millis(50);
/// Between two looks while there is no pad at all; one that is plugged in ends the wait.
const QUIET: Duration = Duration::from_secs(1);

/// Starts the thread; it ends with the agent's end of the link.
///
/// # Errors
/// If the system gives no thread. A desk that does not open is told in the log: phones drive without.
pub fn spawn(settings: Settings, end: PadsEnd, clock: Clock) -> io::Result<()> {
    thread::Builder::new().name("gamepads".into()).spawn(move || {
        let trouble = trouble(|| read(settings, &end, clock));
        // First the wheels, then the words.
        drop(end);
        if let Some(trouble) = trouble {
            tracing::warn!("{trouble}");
        }
    })?;
    Ok(())
}

/// Reads to the end; what to say of it, if there is anything. A panic ends the pads alone.
fn trouble(read: impl FnOnce() -> Result<(), DeskError>) -> Option<String> {
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(format!("gamepads cannot drive: {error}")),
        Err(_) => Some("gamepads drive no more: what reads them has failed; start joywire again".to_owned()),
    }
}

fn read(settings: Settings, end: &PadsEnd, clock: Clock) -> Result<(), DeskError> {
    let mut desk = Desk::open(settings, clock)?;
    while !end.is_deserted() {
        greet(&mut desk, end);
        desk.wait(patience(&desk));
        // Before the rest is read: what is read after this moment is at least as young as this stamp says.
        let known = end.known();
        if desk.drain() {
            step(&mut desk, end, clock, known);
        } else {
            // One pad that floods must not keep another's STOP from being heard.
            tell_stops(desk.plugged_mut().map(|plugged| &mut plugged.pad), end);
        }
    }
    Ok(())
}

fn patience(desk: &Desk) -> Duration {
    if desk.is_quiet() {
        QUIET
    } else if desk.plugged().any(|plugged| plugged.pad.is_busy()) {
        BUSY
    } else {
        IDLE
    }
}

fn tell_stops<'a>(pads: impl Iterator<Item = &'a mut Pad>, end: &PadsEnd) {
    for pad in pads {
        if pad.take_stop() {
            end.tell(pad.driver(), Word::Wants(Intent::Stop));
        }
    }
}

fn step(desk: &mut Desk, end: &PadsEnd, clock: Clock, known: Known) {
    let now = clock.now();
    for plugged in desk.plugged_mut() {
        let driver = plugged.pad.driver();
        let mut shake = false;
        plugged.pad.step(now, known, &mut |intent| {
            if intent == Intent::Rumble {
                shake = true;
            } else {
                end.tell(driver, Word::Wants(intent));
            }
        });
        if shake {
            plugged.shake();
        }
    }
}

fn greet(desk: &mut Desk, end: &PadsEnd) {
    for happening in desk.happened() {
        match happening {
            Happening::Here(driver, card) => here(end, driver, &card),
            Happening::Ignored(card) => {
                tracing::info!(name = card.name, guid = %card.guid, "gamepad left alone: gamepad.use means another one, or there are too many");
            }
            Happening::Stop(driver) => end.tell(driver, Word::Wants(Intent::Stop)),
            Happening::Gone(driver, card) => {
                end.tell(driver, Word::Gone);
                tracing::info!(name = card.name, "gamepad unplugged");
            }
        }
    }
}

fn here(end: &PadsEnd, driver: DriverId, card: &Card) {
    let Card { name, guid, mapping, is_named, rumble, device } = card;
    tracing::info!(name, %guid, mapping, rumble, device, "gamepad: let go of its stick once, then drive");
    if !is_named {
        tracing::warn!(
            "nobody knows which control of {name} is which: make a mapping for {guid} with SDL's gamepad tools, and \
             put its line into SDL_GAMECONTROLLERCONFIG or its file into gamepad.mappings; `joywire pads` shows the effect"
        );
    }
    end.tell(driver, Word::Here(name.clone()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gamepad::link::link;
    use crate::gamepad::{Control, Event, Rules};
    use crate::time::Time;

    /// Goal: whichever pad says STOP is heard, and once, also while there is too much to read for anything else.
    #[test]
    fn stop_is_told_while_pads_flood() {
        let (pads, agent) = link();
        let mut two = [DriverId(1), DriverId(2)].map(|id| Pad::new(Rules::default(), id, Time::ZERO));
        two[1].event(Time::ZERO, Event::Button(Control::East, true));
        two[1].event(Time::ZERO, Event::Button(Control::East, false));
        tell_stops(two.iter_mut(), &pads);
        assert_eq!(agent.take(), [(DriverId(2), Word::Wants(Intent::Stop))]);
        tell_stops(two.iter_mut(), &pads);
        assert!(agent.take().is_empty());
    }

    /// Goal: whoever wonders why no pad drives any more finds it in the log.
    #[test]
    fn reader_that_fails_is_told() {
        assert_eq!(trouble(|| Ok(())), None);
        let said = trouble(|| panic!("a fault, on purpose")).unwrap();
        assert!(said.contains("start joywire again"), "{said}");
    }
}
