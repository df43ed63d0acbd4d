//! PURE. Shaping: what a stick of a gamepad is taken for, in stages of one order.
//!
//! ```text
//! raw axes → dead zone → expo → style (style.rs) → speed → Stick
//! ```
//!
//! Each stage is symmetric and continuous, keeps centre and stop where they are, and makes no deflection larger than 1.
//! Each is monotone, too, but for the turn of the style "curvature": near rest it is a turn on the spot, and so it can
//! fall while the stick is pushed ahead. The page's own gamepad has the same stages (`web/shaping.js`); `tests/shaping.json` holds both to
//! the same values.

/// The stages' settings; the configuration checks their ranges.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shaping {
    /// Share of the way around the centre that counts as centre, 0…0.5.
    pub dead_zone: f64,
    /// Share of the way that counts as full, more than `dead_zone`, at most 1: few sticks reach their corners.
    pub full_zone: f64,
    /// How much finer the middle is, 0 (not at all) … 1 (cubic).
    pub expo: f64,
}

impl Default for Shaping {
    fn default() -> Self {
        Self { dead_zone: 0.1, full_zone: 0.95, expo: 0.3 }
    }
}

impl Shaping {
    /// Shapes a stick with two axes, each −1…1; what is beyond, or is no number, counts as its nearest end or 0.
    #[must_use]
    pub fn stick(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        self.radial([tame(x), tame(y)]).map(|axis| self.curved(axis))
    }

    /// Shapes a single axis, as that of a thumb that only goes forward and back.
    #[must_use]
    pub fn axis(&self, value: f64) -> f64 {
        let [shaped, _] = self.stick([value, 0.0]);
        shaped
    }

    /// The radial dead zone: with reach r = √(x²+y²), dead zone d and full zone f, the reach becomes
    /// r′ = min(1, max(0, (r − d) / (f − d))) and the direction stays. So the way begins at 0 where the zone ends.
    fn radial(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        let reach = x.hypot(y);
        if reach <= self.dead_zone {
            return [0.0; 2];
        }
        let wanted = ((reach - self.dead_zone) / (self.full_zone - self.dead_zone)).min(1.0);
        [x / reach * wanted, y / reach * wanted]
    }

    /// Expo on each axis: v′ = (1 − k)·v + k·v³.
    fn curved(&self, value: f64) -> f64 {
        (1.0 - self.expo) * value + self.expo * value.powi(3)
    }
}

/// Nothing beyond the stops, and nothing that is no number.
fn tame(value: f64) -> f64 {
    if value.is_nan() { 0.0 } else { value.clamp(-1.0, 1.0) }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "what is mirrored or centred is so exactly")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_shaping() -> impl Strategy<Value = Shaping> {
        (0.0..=0.5f64, 0.6..=1.0f64, 0.0..=1.0f64).prop_map(|(dead_zone, full_zone, expo)| Shaping {
            dead_zone,
            full_zone,
            expo,
        })
    }

    /// Goal: what a broken driver reports moves nothing by itself.
    #[test]
    fn what_is_no_number_is_the_centre() {
        assert_eq!(Shaping::default().stick([f64::NAN, f64::NAN]), [0.0, 0.0]);
        assert_eq!(Shaping::default().stick([0.0, f64::INFINITY]), [0.0, 1.0]);
    }

    proptest! {
        /// Goal: mirrored hands give mirrored sticks.
        #[test]
        fn shaping_is_symmetric(shaping in any_shaping(), x in -1.5..1.5f64, y in -1.5..1.5f64) {
            let [a, b] = shaping.stick([x, y]);
            prop_assert_eq!(shaping.stick([-x, y]), [-a, b]);
            prop_assert_eq!(shaping.stick([x, -y]), [a, -b]);
        }

        /// Goal: pushing further never gives less, and never more than full.
        #[test]
        fn shaping_is_monotone(shaping in any_shaping(), angle in 0.0..6.2f64, near in 0.0..1.0f64, more in 0.0..1.0f64) {
            let reach = |r: f64| { let [x, y] = shaping.stick([r * angle.cos(), r * angle.sin()]); x.hypot(y) };
            let far = near + (1.0 - near) * more;
            prop_assert!(reach(near) <= reach(far) + 1e-12);
            prop_assert!(reach(far) <= 1.0 + 1e-12);
        }

        /// Goal: no jump at the edge of the dead zone, nor anywhere else: a step of the hand gives a step no more than
        /// the steepest slope of all stages.
        #[test]
        fn shaping_is_continuous(shaping in any_shaping(), x in -1.0..1.0f64, y in -1.0..1.0f64, dx in -1e-3..1e-3f64, dy in -1e-3..1e-3f64) {
            let [a, b] = shaping.stick([x, y]);
            let [c, d] = shaping.stick([x + dx, y + dy]);
            // Dead zone: slope 1/(f − d) along and at most that across the direction; expo: at most 1 + 2k.
            let steepest = (1.0 + 2.0 * shaping.expo) / (shaping.full_zone - shaping.dead_zone);
            prop_assert!((a - c).hypot(b - d) <= steepest * dx.hypot(dy) + 1e-9);
        }

        /// Goal: centre stays centre, and the stop is full.
        #[test]
        fn centre_and_stop_stay(shaping in any_shaping(), within in -1.0..1.0f64) {
            prop_assert_eq!(shaping.axis(within * shaping.dead_zone), 0.0);
            prop_assert!((shaping.axis(1.0) - 1.0).abs() < 1e-12);
        }
    }
}
