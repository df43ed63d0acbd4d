//! Desk: the pads that are plugged in, through gilrs. The one place that knows that library.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use gilrs::ff::{BaseEffect, BaseEffectType, Effect, EffectBuilder, Repeat, Replay, Ticks};
use gilrs::{Button, EventType, GamepadId, Gilrs, GilrsBuilder};

use super::Settings;
use super::card::{Card, tidy};
use super::choice::Guid;
use super::control::Control;
use super::pad::Pad;
use super::reading::{Axis, Event};
use crate::clock::Clock;
use crate::drive::DriverId;
use crate::time::Time;

/// Pads count from here, relay connections from 1, so that no two drivers are the same. Exact in JavaScript.
const FIRST_ID: u64 = 1 << 52;
/// Pads at most; what comes beyond is told and left alone.
const PADS: usize = 16;
/// Events read at once at most. Whatever floods more than that does not drive.
const GULP: usize = 4096;
/// A hat is a digital one: beyond half its way it is down.
const HAT: f32 = 0.5;
/// While gilrs still holds a pad that is gone, its wait returns at once; this much is waited instead.
const PAUSE: Duration = Duration::from_millis(2);
/// If gilrs has not noticed by then that a pad is gone, it has lost the message and is started anew.
const NOTICE: Duration = Duration::from_secs(1);
/// gilrs lists the pads first and listens for new ones some milliseconds later. It never tells of one that was plugged in
/// between. And of plugs that move in the same instant it tells one and keeps the others for the next time. So this long
/// after a start, and after each plug, somebody must look again.
const SECOND_LOOK: Duration = Duration::from_secs(1);
/// How a pad shakes.
const SHAKE_MS: u32 = 300;
const SHAKE_MAGNITUDE: u16 = 50_000;

/// Why there is no desk.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// The file of mappings cannot be read.
    #[error("cannot read the mappings {path} (gamepad.mappings): {source}")]
    Mappings {
        /// The file.
        path: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// The system gives no gamepads.
    #[error("this system shows no gamepads: {0}")]
    System(String),
}

/// A pad that is plugged in and chosen.
#[derive(Debug)]
pub struct Plugged {
    /// What can be said of it.
    pub card: Card,
    /// Its rules.
    pub pad: Pad,
    shake: Option<Shake>,
}

struct Shake(Effect);

impl std::fmt::Debug for Shake {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Shake")
    }
}

/// What happened at the desk.
#[derive(Debug)]
pub enum Happening {
    /// A pad was plugged in.
    Here(DriverId, Card),
    /// A pad was there that is not chosen.
    Ignored(Card),
    /// A pad said STOP, and was gone before anyone looked.
    Stop(DriverId),
    /// A pad was unplugged.
    Gone(DriverId, Card),
}

/// All pads.
#[derive(Debug)]
pub struct Desk {
    settings: Settings,
    gilrs: Gilrs,
    plugged: BTreeMap<usize, Plugged>,
    next_id: u64,
    /// Pads that are gone but that gilrs has not missed yet, since when.
    missed: BTreeMap<usize, Time>,
    /// When gilrs may have overlooked a pad, until somebody has looked again.
    doubted: Option<Time>,
    happened: Vec<Happening>,
    clock: Clock,
}

impl Desk {
    /// Looks at every pad that is plugged in now.
    ///
    /// # Errors
    /// [`DeskError`], with what to do about it.
    pub fn open(settings: Settings, clock: Clock) -> Result<Self, DeskError> {
        let gilrs = start(&settings, settings.rumble)?;
        let mut desk = Self {
            settings,
            gilrs,
            plugged: BTreeMap::new(),
            next_id: FIRST_ID,
            missed: BTreeMap::new(),
            doubted: Some(clock.now()),
            happened: Vec::new(),
            clock,
        };
        desk.greet_all();
        Ok(desk)
    }

    /// The chosen pads.
    pub fn plugged(&self) -> impl Iterator<Item = &Plugged> {
        self.plugged.values()
    }

    /// Whether nobody has to look: no pad is here, none goes or may have been overlooked. A new one ends the wait by itself.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.plugged.is_empty() && self.missed.is_empty() && self.doubted.is_none()
    }

    /// The chosen pads, to be stepped.
    pub fn plugged_mut(&mut self) -> impl Iterator<Item = &mut Plugged> {
        self.plugged.values_mut()
    }

    /// What happened since the last call.
    pub fn happened(&mut self) -> Vec<Happening> {
        std::mem::take(&mut self.happened)
    }

    /// Waits for news of any pad, `limit` at most.
    #[expect(clippy::disallowed_methods, reason = "this thread drives nothing; it waits for hands")]
    pub fn wait(&mut self, limit: Duration) {
        let before = self.clock.now();
        match self.gilrs.next_event_blocking(Some(limit)) {
            Some(event) => self.hear(event),
            // A pad that was pulled out keeps the wait from waiting until the system has told.
            None if self.clock.now().since(before) < limit.min(PAUSE) => std::thread::sleep(PAUSE),
            None => {}
        }
    }

    /// Reads everything that pads have told. `false` if there is more than can be read now: then nothing here is known
    /// to be true any more.
    pub fn drain(&mut self) -> bool {
        for _ in 0..GULP {
            let Some(event) = self.gilrs.next_event() else {
                self.miss();
                return true;
            };
            self.hear(event);
        }
        false
    }

    fn greet_all(&mut self) {
        let all: Vec<GamepadId> = self.gilrs.gamepads().map(|(id, _)| id).collect();
        for id in all {
            self.greet(id);
        }
    }

    fn greet(&mut self, id: GamepadId) {
        let place = usize::from(id);
        self.dismiss(place);
        self.missed.remove(&place);
        let Some(card) = self.card(id) else { return };
        if self.plugged.len() >= PADS || !self.settings.choice.takes(&card.name, card.guid) {
            self.happened.push(Happening::Ignored(card));
            return;
        }
        let driver = DriverId(self.next_id);
        self.next_id += 1;
        let shake = (self.settings.rumble && card.rumble).then(|| shake(&mut self.gilrs, id)).flatten();
        let pad = Pad::new(self.settings.rules.clone(), driver, self.clock.now());
        self.happened.push(Happening::Here(driver, card.clone()));
        self.plugged.insert(place, Plugged { card, pad, shake });
    }

    fn dismiss(&mut self, place: usize) {
        if let Some(mut plugged) = self.plugged.remove(&place) {
            // Its last word may have been STOP.
            if plugged.pad.take_stop() {
                self.happened.push(Happening::Stop(plugged.pad.driver()));
            }
            self.happened.push(Happening::Gone(plugged.pad.driver(), plugged.card));
        }
    }

    fn card(&self, id: GamepadId) -> Option<Card> {
        let gamepad = self.gilrs.connected_gamepad(id)?;
        let named =
            gamepad.axis_code(gilrs::Axis::LeftStickY).is_some() && gamepad.button_code(Button::South).is_some();
        Some(Card {
            name: tidy(gamepad.os_name()),
            guid: Guid(gamepad.uuid()),
            mapping: gamepad.map_name().map(tidy),
            is_named: named,
            rumble: gamepad.is_ff_supported(),
            device: device(&gamepad),
        })
    }

    fn hear(&mut self, event: gilrs::Event) {
        let place = usize::from(event.id);
        if event.event == EventType::Connected {
            self.doubted = Some(self.clock.now());
            return self.greet(event.id);
        }
        if event.event == EventType::Disconnected {
            self.doubted = Some(self.clock.now());
            self.missed.remove(&place);
            return self.dismiss(place);
        }
        let now = self.clock.now();
        if let Some(plugged) = self.plugged.get_mut(&place) {
            translate(event.event, |event| plugged.pad.event(now, event));
        }
    }

    /// Looks for pads whose device has vanished: the system's message about it comes later, and sometimes never.
    fn miss(&mut self) {
        let gone = |(_, plugged): &(&usize, &Plugged)| {
            !plugged.card.device.is_empty() && !Path::new(&plugged.card.device).exists()
        };
        let gone: Vec<usize> = self.plugged.iter().filter(gone).map(|(place, _)| *place).collect();
        let now = self.clock.now();
        for place in gone {
            self.dismiss(place);
            self.missed.insert(place, now);
        }
        if self.missed.values().any(|since| now.since(*since) >= NOTICE) {
            self.restart(now);
        }
        if self.doubted.is_some_and(|at| now.since(at) >= SECOND_LOOK) {
            self.look_again(now);
        }
    }

    fn restart(&mut self, now: Time) {
        if let Ok(gilrs) = start(&self.settings, self.settings.rumble) {
            self.replace(gilrs, now);
        } else {
            self.missed.values_mut().for_each(|since| *since = now);
        }
    }

    fn look_again(&mut self, now: Time) {
        self.doubted = None;
        // One that shakes pads would leave a thread behind.
        let Ok(second) = start(&self.settings, false) else { return };
        let known: Vec<String> = self.gilrs.gamepads().map(|(_, pad)| device(&pad)).collect();
        if second.gamepads().any(|(_, pad)| !known.contains(&device(&pad))) {
            drop(second);
            self.restart(now);
        }
    }

    fn replace(&mut self, gilrs: Gilrs, now: Time) {
        // What the old one has not told yet may be STOP.
        for _ in 0..GULP {
            let Some(event) = self.gilrs.next_event() else { break };
            if event.event != EventType::Connected {
                self.hear(event);
            }
        }
        let all: Vec<usize> = self.plugged.keys().copied().collect();
        for place in all {
            self.dismiss(place);
        }
        self.gilrs = gilrs;
        self.doubted = Some(now);
        self.missed.clear();
        self.greet_all();
    }
}

impl Plugged {
    /// Shakes the pad, if it can; never waits.
    pub fn shake(&self) {
        if let Some(Shake(effect)) = &self.shake {
            // The thread that does it may have ended; a pad that does not shake is still a pad.
            effect.play().ok();
        }
    }
}

/// `shakes`: with a thread that shakes pads. It looks 20 times a second whether it has to, and never ends.
fn start(settings: &Settings, shakes: bool) -> Result<Gilrs, DeskError> {
    let mut builder = GilrsBuilder::new()
        // Our own shaping is the only one: dead zones in a row are none that anyone has set.
        .with_default_filters(false)
        .with_force_feedback(shakes);
    if let Some(path) = &settings.mappings {
        let text = std::fs::read_to_string(path)
            .map_err(|source| DeskError::Mappings { path: path.display().to_string(), source })?;
        // What gilrs brings would win over the file.
        builder = builder.add_mappings(&text).add_included_mappings(false);
    }
    builder.build().map_err(|error| DeskError::System(error.to_string()))
}

fn shake(gilrs: &mut Gilrs, id: GamepadId) -> Option<Shake> {
    let duration = Ticks::from_ms(SHAKE_MS);
    let strong = BaseEffect {
        kind: BaseEffectType::Strong { magnitude: SHAKE_MAGNITUDE },
        scheduling: Replay { play_for: duration, ..Replay::default() },
        ..BaseEffect::default()
    };
    EffectBuilder::new().add_effect(strong).repeat(Repeat::For(duration)).gamepads(&[id]).finish(gilrs).ok().map(Shake)
}

#[cfg(target_os = "linux")]
fn device(gamepad: &gilrs::Gamepad<'_>) -> String {
    use gilrs::LinuxGamepadExt;
    gamepad.devpath().display().to_string()
}

#[cfg(not(target_os = "linux"))]
fn device(_: &gilrs::Gamepad<'_>) -> String {
    String::new()
}

/// What an event of gilrs says in our words. What nobody named is no sign of a hand: it may be a sensor of tilt.
#[expect(clippy::wildcard_enum_match_arm, reason = "the library may add events; none of them drives")]
fn translate(event: EventType, mut hear: impl FnMut(Event)) {
    match event {
        EventType::ButtonPressed(button, _) => hear(press(button, true)),
        EventType::ButtonReleased(button, _) => hear(press(button, false)),
        EventType::AxisChanged(axis, value, _) => match axis {
            gilrs::Axis::LeftStickX => hear(Event::Axis(Axis::LeftX, value.into())),
            gilrs::Axis::LeftStickY => hear(Event::Axis(Axis::LeftY, value.into())),
            gilrs::Axis::RightStickX => hear(Event::Axis(Axis::RightX, value.into())),
            gilrs::Axis::RightStickY => hear(Event::Axis(Axis::RightY, value.into())),
            gilrs::Axis::DPadX => {
                hear(Event::Button(Control::DpadLeft, value <= -HAT));
                hear(Event::Button(Control::DpadRight, value >= HAT));
            }
            gilrs::Axis::DPadY => {
                hear(Event::Button(Control::DpadDown, value <= -HAT));
                hear(Event::Button(Control::DpadUp, value >= HAT));
            }
            gilrs::Axis::LeftZ | gilrs::Axis::RightZ => hear(Event::Other),
            gilrs::Axis::Unknown => {}
        },
        EventType::ButtonChanged(..) => hear(Event::Other),
        _ => {}
    }
}

fn press(button: Button, down: bool) -> Event {
    let control = match button {
        Button::South => Control::South,
        Button::East => Control::East,
        Button::North => Control::North,
        Button::West => Control::West,
        Button::LeftTrigger => Control::LeftShoulder,
        Button::RightTrigger => Control::RightShoulder,
        Button::LeftTrigger2 => Control::LeftTrigger,
        Button::RightTrigger2 => Control::RightTrigger,
        Button::Select => Control::Select,
        Button::Start => Control::Start,
        Button::Mode => Control::Mode,
        Button::LeftThumb => Control::LeftStickPress,
        Button::RightThumb => Control::RightStickPress,
        Button::DPadUp => Control::DpadUp,
        Button::DPadDown => Control::DpadDown,
        Button::DPadLeft => Control::DpadLeft,
        Button::DPadRight => Control::DpadRight,
        Button::C | Button::Z | Button::Unknown => return Event::Other,
    };
    Event::Button(control, down)
}
