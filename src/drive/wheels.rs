//! PURE. Wheels: the kinds of robots that can be driven.

use serde::{Deserialize, Serialize};

/// How a robot's wheels make its motion. With four motors their order is front left, front right, rear left, rear
/// right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wheels {
    /// Two wheels, left and right, or two sides with two motors each that turn alike.
    #[default]
    Differential,
    /// Four motors, fixed wheels: it turns like a tank, and skids.
    Skid,
    /// Four wheels with rollers at 45°, which look like an X from above: it goes sideways as well.
    Mecanum,
    /// Four omni wheels at the corners, turned by 45°: the same for the driver.
    Omni,
    /// A car: motor 0 drives, motor 1 is the servo that steers, left positive.
    Ackermann,
}

impl Wheels {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Differential, Self::Skid, Self::Mecanum, Self::Omni, Self::Ackermann];

    /// Number of speeds that its mixer gives.
    #[must_use]
    pub const fn motors(self) -> usize {
        match self {
            Self::Differential | Self::Ackermann => 2,
            Self::Skid | Self::Mecanum | Self::Omni => 4,
        }
    }

    /// Whether it can go sideways.
    #[must_use]
    pub const fn strafes(self) -> bool {
        match self {
            Self::Mecanum | Self::Omni => true,
            Self::Differential | Self::Skid | Self::Ackermann => false,
        }
    }

    /// Whether it turns by steered wheels, so that a slower one does not turn less.
    #[must_use]
    pub const fn steer(self) -> bool {
        match self {
            Self::Ackermann => true,
            Self::Differential | Self::Skid | Self::Mecanum | Self::Omni => false,
        }
    }

    /// Its name in configuration and contract.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Differential => "differential",
            Self::Skid => "skid",
            Self::Mecanum => "mecanum",
            Self::Omni => "omni",
            Self::Ackermann => "ackermann",
        }
    }

    /// The kind of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}
