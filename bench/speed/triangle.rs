//! PURE. The speeds that are asked for, one after the other: up and down by small steps, so that each is told from its
//! neighbours and none asks a robot for a leap that its ramp would spread over several frames.

/// The least speed, permille.
pub const LOW: i16 = 400;
/// The most, permille.
pub const HIGH: i16 = 700;

/// Speeds that go up and down between [`LOW`] and [`HIGH`].
#[derive(Clone, Debug)]
pub struct Triangle {
    step: i16,
    next: i16,
    up: bool,
}

impl Triangle {
    /// From [`LOW`] on by so many permille each time.
    pub fn of_steps(step: i16) -> Self {
        Self { step, next: LOW + step, up: true }
    }
}

impl Iterator for Triangle {
    type Item = i16;

    /// Never ends.
    fn next(&mut self) -> Option<i16> {
        let value = self.next;
        let next = if self.up { value + self.step } else { value - self.step };
        if !(LOW..=HIGH).contains(&next) {
            self.up = !self.up;
        }
        self.next = if self.up { value + self.step } else { value - self.step };
        Some(value)
    }
}
