//! PURE. The robots behind one relay, as people see them and operators stop them: the `robots` event.

use serde::{Deserialize, Serialize};

use super::events::{Person, Reason, State};

/// One robot in the list that everybody sees.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RobotSummary {
    /// Its name, by which clients ask for it: `auth: {robot: NAME}`, `/?robot=NAME`.
    pub name: String,
    /// Its colour, `#rrggbb`: no two robots of a relay have the same.
    pub color: String,
    /// Whether it is the simulator.
    pub simulated: bool,
    /// Whether its agent is connected to the relay.
    pub here: bool,
    /// What it is doing.
    pub state: State,
    /// Why it is stopped or latched; `null` while it is neither.
    pub reason: Option<Reason>,
    /// Who drives it; `null` if nobody.
    pub holder: Option<Person>,
    /// How many clients look at it.
    pub clients: usize,
}

/// `robots`, from a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "lowercase", deny_unknown_fields)]
pub enum RobotsRequest {
    /// All of them.
    List,
    /// From an operator: latches STOP on every robot. One whose agent is away is stopped as soon as that is back.
    Stop {
        /// What to show beside the latches, at most 100 characters of it are kept.
        #[serde(default)]
        reason: String,
    },
    /// From an operator: takes a robot's seat from whoever drives it by the network, who may not drive for half a minute.
    Kick {
        /// The robot's name.
        robot: String,
    },
}

/// Acknowledgement of `robots`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RobotsReply {
    /// Whether it was done; for `stop`: whether every robot has confirmed its latch.
    pub ok: bool,
    /// Why not, as a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// All of them.
    pub robots: Vec<RobotSummary>,
}
