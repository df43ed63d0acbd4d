//! PURE. What a pad's controls are for, as the configuration says.

use std::time::Duration;

use super::control::Control;
use crate::drive::{Shaping, Style, Wheels};

/// The same for every pad.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// The robot's wheels.
    pub wheels: Wheels,
    /// What each stick is for.
    pub style: Style,
    /// How a stick is shaped.
    pub shaping: Shaping,
    /// Shares of full speed, 0…1.
    pub speeds: Speeds,
    /// Must be held while driving.
    pub deadman: Option<Control>,
    /// Drives at the turbo speed while held.
    pub turbo: Option<Control>,
    /// Drives at the slow speed while held; of both, slow wins.
    pub slow: Option<Control>,
    /// STOP.
    pub stop: Control,
    /// Takes the seat, or gives it back.
    pub seat: Option<Control>,
    /// Held together, they reset STOP.
    pub reset: Option<[Control; 2]>,
    /// A pad that rests this long gives the seat back.
    pub rest: Duration,
}

/// Shares of full speed, 0…1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Speeds {
    /// With neither button held.
    pub normal: f64,
    /// With the slow button held.
    pub slow: f64,
    /// With the turbo button held.
    pub turbo: f64,
}

impl Rules {
    /// What a control is for, by its key in the configuration.
    #[must_use]
    pub fn function(&self, control: Control) -> Option<&'static str> {
        let is = |wanted: Option<Control>| wanted == Some(control);
        match () {
            () if self.stop == control => Some("stop"),
            () if is(self.seat) => Some("seat"),
            () if is(self.turbo) => Some("turbo"),
            () if is(self.slow) => Some("slow"),
            () if is(self.deadman) => Some("deadman"),
            () if self.reset.is_some_and(|pair| pair.contains(&control)) => Some("reset"),
            () => None,
        }
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            wheels: Wheels::default(),
            style: Style::Arcade,
            shaping: Shaping::default(),
            speeds: Speeds { normal: 0.65, slow: 0.35, turbo: 1.0 },
            deadman: None,
            turbo: Some(Control::RightShoulder),
            slow: Some(Control::LeftShoulder),
            stop: Control::East,
            seat: Some(Control::North),
            reset: Some([Control::Select, Control::Start]),
            rest: Duration::from_secs(2),
        }
    }
}
