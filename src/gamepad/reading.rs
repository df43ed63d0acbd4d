//! PURE. Reading: where everything on a pad is, as far as the pad itself has told.

use std::collections::BTreeSet;

use super::control::Control;
use super::rules::Rules;
use crate::drive::{Hands, Stick};

/// An axis of a stick: which, and along what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    /// The left stick to the right.
    LeftX,
    /// The left stick forward.
    LeftY,
    /// The right stick to the right.
    RightX,
    /// The right stick forward.
    RightY,
}

impl Axis {
    /// All four.
    pub const ALL: [Self; 4] = [Self::LeftX, Self::LeftY, Self::RightX, Self::RightY];

    /// Its name: the stick's, and x (right) or y (forward).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::LeftX => "left_stick x",
            Self::LeftY => "left_stick y",
            Self::RightX => "right_stick x",
            Self::RightY => "right_stick y",
        }
    }
}

/// Something that a pad tells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Event {
    /// An axis is at −1…1, right and forward of centre positive.
    Axis(Axis, f64),
    /// A control is down, or up.
    Button(Control, bool),
    /// Anything else, such as a trigger's way or a button without a name: a sign of a hand all the same.
    Other,
}

#[derive(Clone, Copy, Debug, Default)]
struct Told {
    value: f64,
    /// The pad itself has shown it in the middle since it was plugged in.
    centred: bool,
}

/// Everything on one pad.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    axes: [Told; 4],
    down: BTreeSet<Control>,
}

impl Reading {
    /// Takes note of an event.
    ///
    /// An axis counts as centred until the pad has shown it there: what a pad has not told yet is unknown, not zero,
    /// and some axes begin at a stop.
    pub fn hear(&mut self, event: Event, rules: &Rules) {
        match event {
            Event::Axis(axis, value) => {
                let told = &mut self.axes[axis as usize];
                told.value = if value.is_nan() { 0.0 } else { value };
                told.centred |= value.abs() <= rules.shaping.dead_zone;
            }
            Event::Button(control, true) => {
                self.down.insert(control);
            }
            Event::Button(control, false) => {
                self.down.remove(&control);
            }
            Event::Other => {}
        }
    }

    /// Whether a control is down.
    #[must_use]
    pub fn is_down(&self, control: Control) -> bool {
        self.down.contains(&control)
    }

    /// Everything that is down, in the order of [`Control::ALL`].
    pub fn down(&self) -> impl Iterator<Item = Control> + '_ {
        self.down.iter().copied()
    }

    /// Where an axis was last told to be, −1…1, whether it drives or not.
    #[must_use]
    pub fn raw(&self, axis: Axis) -> f64 {
        self.axes[axis as usize].value
    }

    /// Whether any axis was shown in the middle.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.axes.iter().any(|told| told.centred)
    }

    /// What both hands ask for, before the speed.
    #[must_use]
    pub fn stick(&self, rules: &Rules) -> Stick {
        let at = |axis: Axis| {
            let told = self.axes[axis as usize];
            if told.centred { told.value } else { 0.0 }
        };
        let left = rules.shaping.stick([at(Axis::LeftX), at(Axis::LeftY)]);
        let right = rules.shaping.stick([at(Axis::RightX), at(Axis::RightY)]);
        rules.style.stick(Hands { left, right })
    }

    /// Share of full speed that the held buttons ask for, 0…1.
    #[must_use]
    pub fn speed(&self, rules: &Rules) -> f64 {
        let held = |control: Option<Control>| control.is_some_and(|control| self.is_down(control));
        if held(rules.slow) {
            rules.speeds.slow
        } else if held(rules.turbo) {
            rules.speeds.turbo
        } else {
            rules.speeds.normal
        }
    }

    /// Whether the deadman control is held, if there is one.
    #[must_use]
    pub fn is_attended(&self, rules: &Rules) -> bool {
        rules.deadman.is_none_or(|control| self.is_down(control))
    }
}
