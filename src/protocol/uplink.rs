//! PURE. What a relay and the agents that dial in to it say to each other, over the same Socket.IO as people.
//!
//! An agent connects with the session of a device that was let in as [`Role::Agent`], and says `enlist` first. From then
//! on each order and sample names its robot by the place that it had in that list. Unknown fields are ignored, so that a
//! newer side can tell more; whatever changes the meaning of what is there takes a new version.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::calibration::CalibrateRequest;
use super::events::{
    Direction, Drive, Person, Refused, ResetRequest, RobotCard, Role, SeatRequest, SeatView, Telemetry,
};
use super::journal::RecordingsRequest;

/// Versions of this contract that this program speaks.
pub const VERSIONS: Versions = Versions { min: 1, max: 1 };
/// Robots of one agent at most.
pub const ROBOTS: usize = 16;

/// Event names of the uplink.
pub mod name {
    /// Agent to relay (acknowledged with [`super::Enlisted`]), first of all: its versions and robots.
    pub const ENLIST: &str = "enlist";
    /// Relay to agent: an order of a person; acknowledged with its answer if it has one.
    pub const ORDER: &str = "order";
    /// Relay to agent (acknowledged with nothing): the newest stick samples of a robot's people. The relay sends the
    /// next ones when few are unacknowledged, so that none wait in a slow network.
    pub const SAMPLES: &str = "samples";
    /// Agent to relay: the newest snapshot of a robot, latest wins.
    pub const REPORT: &str = "report";
    /// Agent to relay: something to be said to people.
    pub const REMARK: &str = "remark";
}

/// A range of versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    /// The oldest.
    pub min: u32,
    /// The newest.
    pub max: u32,
}

impl Versions {
    /// The newest version that both speak; `None` if there is none.
    #[must_use]
    pub fn common(self, other: Self) -> Option<u32> {
        let newest = self.max.min(other.max);
        (newest >= self.min.max(other.min)).then_some(newest)
    }
}

/// `enlist`, from an agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Enlist {
    /// What it speaks.
    pub versions: Versions,
    /// Chosen at its start: tells a second program with the same key from the first one that came back.
    #[serde(default)]
    pub instance: u64,
    /// Its program and version, for people to read.
    pub program: String,
    /// Its robots, [`ROBOTS`] at most.
    pub robots: Vec<RobotCard>,
}

/// Acknowledgement of `enlist`. After a refusal the relay ends the connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enlisted {
    /// Whether its robots are at the relay now.
    pub ok: bool,
    /// The version that both speak from now on.
    #[serde(default)]
    pub version: Option<u32>,
    /// Why not, as a sentence.
    #[serde(default)]
    pub why: Option<String>,
}

/// The robot's clock as the relay knew it, when a press without a stamp of its own came by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passed {
    /// Session with the robot.
    pub session: u32,
    /// The robot's clock, ms.
    pub tick: u32,
}

/// `order`: what a person asks for, stick samples apart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// Place of the robot in [`Enlist::robots`].
    pub robot: usize,
    /// Who.
    pub from: Person,
    /// What they may do; the relay has checked it, the agent checks it again.
    pub role: Role,
    /// The number of their device at the relay.
    #[serde(default)]
    pub device: Option<u64>,
    /// What.
    pub what: Wish,
}

/// What an order asks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "lowercase")]
pub enum Wish {
    /// A press of a direction button.
    Direction {
        /// Which.
        direction: Direction,
        /// When it passed the relay; one that was long on its way is refused.
        passed: Option<Passed>,
    },
    /// About the seat; answered with `SeatReply`.
    Seat {
        /// What.
        request: SeatRequest,
    },
    /// STOP; answered with `StopReply` once the latch is on disk.
    Stop {
        /// What to show beside the latch.
        reason: String,
    },
    /// A step of clearing the latch; answered with `ResetReply`.
    Reset {
        /// Which.
        request: ResetRequest,
    },
    /// What the motors need; answered with `CalibrateReply`.
    Calibrate {
        /// What.
        request: CalibrateRequest,
    },
    /// About recordings; answered with `RecordingsReply`.
    Recordings {
        /// What.
        request: RecordingsRequest,
    },
    /// A chat line, of which the robot's side says that it has it.
    Chat {
        /// The line.
        text: Value,
    },
    /// The person has left.
    Gone,
}

/// `samples`: the newest stick sample of each of a robot's people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Samples {
    /// Place of the robot in [`Enlist::robots`].
    pub robot: usize,
    /// One a person.
    pub samples: Vec<Sampled>,
}

/// A person's newest stick sample.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sampled {
    /// Who.
    pub from: Person,
    /// What they may do.
    pub role: Role,
    /// The number of their device at the relay.
    #[serde(default)]
    pub device: Option<u64>,
    /// What they said.
    pub drive: Drive,
}

/// `report`: a robot's newest snapshot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Place of the robot in [`Enlist::robots`].
    pub robot: usize,
    /// The snapshot.
    pub telemetry: Telemetry,
    /// Who drives.
    pub seat: SeatView,
}

/// `remark`: something that a robot's agent says to people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Remarked {
    /// Place of the robot in [`Enlist::robots`].
    pub robot: usize,
    /// What.
    pub what: Words,
}

/// What an agent says to people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "say", rename_all = "lowercase")]
pub enum Words {
    /// The seat has changed.
    Seat {
        /// Who drives now.
        seat: SeatView,
    },
    /// The original's `reply`, for everyone.
    Reply {
        /// To what.
        data: Value,
    },
    /// The original's `notices`, for everyone.
    Notice {
        /// A sentence.
        text: String,
    },
    /// Something that a person sent had no effect.
    Refused {
        /// Whom to tell.
        to: u64,
        /// What and why.
        refused: Refused,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    /// Goal: two programs agree on the newest version that both speak, and see when there is none.
    #[test]
    fn versions_are_agreed_on() {
        let speaks = |min, max| Versions { min, max };
        assert_eq!(speaks(1, 3).common(speaks(2, 5)), Some(3));
        assert_eq!(speaks(2, 2).common(speaks(1, 2)), Some(2));
        assert_eq!(speaks(1, 1).common(speaks(2, 3)), None);
        assert_eq!(speaks(4, 6).common(speaks(2, 3)), None);
    }

    /// Goal: a newer side may tell more, and is understood; what moves a robot is read as strictly as ever.
    #[test]
    fn unknown_fields_are_ignored_but_not_in_a_sample() {
        let order = json!({"robot": 0, "from": {"id": 1, "name": "Anne", "hat": "red"}, "role": "driver", "since": 5,
            "what": {"do": "stop", "reason": "", "colour": "red"}});
        assert!(serde_json::from_value::<Order>(order).is_ok());
        let sampled = |extra: &str| {
            json!({"from": {"id": 1, "name": "Anne"}, "role": "driver",
                "drive": {"seq": 1, "x": 0.0, "y": 0.5, extra: 1}})
        };
        assert!(serde_json::from_value::<Sampled>(sampled("epoch")).is_ok());
        assert!(serde_json::from_value::<Sampled>(sampled("throttle")).is_err());
    }

    proptest! {
        /// Goal: what one side writes the other reads, and no JSON crashes the parser.
        #[test]
        fn orders_survive_the_wire(robot in 0..ROBOTS, id: u64, name in ".{0,32}", tick: Option<u32>, junk in ".{0,200}") {
            let passed = tick.map(|tick| Passed { session: 7, tick });
            let what = Wish::Direction { direction: Direction::Up, passed };
            let order = Order { robot, from: Person { id, name }, role: Role::Driver, device: None, what };
            let text = serde_json::to_string(&order).expect("an order is JSON");
            prop_assert_eq!(serde_json::from_str::<Order>(&text).expect("what was written is read"), order);
            drop(serde_json::from_str::<Order>(&junk));
            drop(serde_json::from_str::<Enlist>(&junk));
            drop(serde_json::from_str::<Report>(&junk));
        }
    }
}
