//! PURE. Style: how two hands on two sticks ask for one motion.

use super::motion::Stick;

/// Up to this deflection forward a car-like curve fades into turning on the spot.
const PIVOT_ZONE: f64 = 0.2;

/// The two sticks, right and forward of centre, each −1…1, shaped already.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Hands {
    /// The left stick.
    pub left: [f64; 2],
    /// The right stick.
    pub right: [f64; 2],
}

/// What each stick is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// The left stick drives and turns: x → turn, y → forward.
    #[default]
    Arcade,
    /// One stick a side, as in a tank: forward = (l + r)/2, turn to the right = (l − r)/2, with the two sticks' y.
    Tank,
    /// Like arcade, but the stick steers a curve whose radius does not depend on the speed: turn = x·c with
    /// c = max(|y|, 1 − |y|/0.2), so that the robot still turns on the spot when it does not drive.
    Curvature,
    /// For robots that go sideways: the left stick moves (x → strafe, y → forward), the right one turns.
    Strafe,
}

impl Style {
    /// The position that both hands ask for.
    #[must_use]
    pub fn stick(self, hands: Hands) -> Stick {
        let Hands { left: [x, y], right: [aside, ahead] } = hands;
        let (turn, forward, strafe) = match self {
            Self::Arcade => (x, y, 0.0),
            Self::Tank => ((y - ahead) / 2.0, f64::midpoint(y, ahead), 0.0),
            Self::Curvature => (x * y.abs().max(1.0 - y.abs() / PIVOT_ZONE), y, 0.0),
            Self::Strafe => (aside, y, x),
        };
        // Every value lies in the range of its sources; one that does not drives nothing.
        Stick::new(turn, forward).and_then(|stick| stick.with_strafe(strafe)).unwrap_or(Stick::NEUTRAL)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drive::{Shaping, Wheels, mix};
    use proptest::prelude::*;
    use serde_json::Value;

    const STYLES: [(&str, Style); 4] =
        [("arcade", Style::Arcade), ("tank", Style::Tank), ("curvature", Style::Curvature), ("strafe", Style::Strafe)];

    /// Goal: in a tank each hand has its own side.
    #[test]
    fn tank_gives_each_hand_its_side() {
        let wheels = |left, right| {
            let stick = Style::Tank.stick(Hands { left: [0.0, left], right: [0.0, right] });
            mix(Wheels::Differential, stick.twist()).as_slice().to_vec()
        };
        assert_eq!(wheels(1.0, 1.0), [1000, 1000]);
        assert_eq!(wheels(1.0, 0.0), [1000, 0]);
        assert_eq!(wheels(-0.5, 0.5), [-500, 500]);
    }

    /// Goal: the curve stays the curve at any speed, and a robot at rest still turns on the spot.
    #[test]
    fn curvature_does_not_depend_on_speed() {
        let twist = |x, y| Style::Curvature.stick(Hands { left: [x, y], right: [0.0; 2] }).twist();
        let radius = |y| twist(0.5, y).angular / twist(0.5, y).linear;
        assert!((radius(0.3) - radius(0.9)).abs() < 1e-9);
        assert!((twist(0.5, 0.0).angular + 0.5).abs() < 1e-9);
    }

    /// Goal: this program and the page take the same hands for the same stick.
    #[test]
    fn page_and_program_shape_alike() {
        let text = include_str!("../../tests/shaping.json");
        let cases: Value = serde_json::from_str(text).unwrap();
        let cases = cases.as_array().unwrap();
        assert!(cases.len() >= 40);
        for case in cases {
            let number = |path: &str| case.pointer(path).and_then(Value::as_f64).unwrap();
            let pair = |path: &str| [number(&format!("{path}/0")), number(&format!("{path}/1"))];
            let shaping =
                Shaping { dead_zone: number("/dead_zone"), full_zone: number("/full_zone"), expo: number("/expo") };
            let hands = Hands { left: shaping.stick(pair("/left")), right: shaping.stick(pair("/right")) };
            let style = STYLES.iter().find(|(name, _)| *name == case["style"]).unwrap().1;
            let [x, y] = pair("/stick");
            let wanted = Stick::new(x, y).unwrap().with_strafe(number("/stick/2")).unwrap().twist();
            let got = style.stick(hands).twist();
            for (got, wanted) in
                [(got.linear, wanted.linear), (got.lateral, wanted.lateral), (got.angular, wanted.angular)]
            {
                assert!((got - wanted).abs() < 1e-6, "{case}: {got}");
            }
        }
    }

    proptest! {
        /// Goal: no style asks for more than full, and all are symmetric.
        #[test]
        fn styles_are_bounded_and_symmetric(
            a in -1.0..1.0f64, b in -1.0..1.0f64, c in -1.0..1.0f64, d in -1.0..1.0f64, which in 0usize..4
        ) {
            let style = STYLES[which].1;
            let twist = style.stick(Hands { left: [a, b], right: [c, d] }).twist();
            let mirrored = if style == Style::Tank {
                Hands { left: [a, d], right: [c, b] }
            } else {
                Hands { left: [-a, b], right: [-c, d] }
            };
            let other = style.stick(mirrored).twist();
            prop_assert!(twist.linear.abs() <= 1.0 && twist.lateral.abs() <= 1.0 && twist.angular.abs() <= 1.0);
            prop_assert!((twist.linear - other.linear).abs() < 1e-12);
            prop_assert!((twist.angular + other.angular).abs() < 1e-12);
            prop_assert!((twist.lateral + other.lateral).abs() < 1e-12);
        }
    }
}
