//! PURE. What can be wrong, and what follows from it: the policy as one table.

use serde::{Deserialize, Serialize};

/// Something that keeps the robot from driving. Strongest first: of several, the first is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// STOP is latched.
    Latched,
    /// No robot answers.
    RobotAbsent,
    /// The robot speaks another version of the protocol.
    RobotIncompatible,
    /// The robot's status stopped coming.
    RobotSilent,
    /// The robot answers but is not armed yet.
    RobotStarting,
    /// The robot stopped itself and wants to see neutral.
    RobotStopped,
    /// The agent itself was held up, so what it knew is old.
    Overrun,
    /// The driver's commands stopped coming, or came too late.
    CommandStale,
}

/// How hard to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stop {
    /// Brake along the limiter's ramp.
    Ramp,
    /// Zero at once.
    Cut,
}

/// What ends the stop once its cause is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clear {
    /// A fresh command.
    Itself,
    /// The driver has released the stick once.
    Neutral,
    /// An operator has reset the latch.
    Operator,
}

/// Where on the way from thumb to wheel the cause of a stop lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hop {
    /// A person wanted it.
    Person,
    /// Between the driver's hand and the agent: phone, Wi-Fi, relay.
    Network,
    /// The computer beside the robot.
    Agent,
    /// Between that and the robot.
    Cable,
    /// The robot itself.
    Robot,
}

impl Hop {
    /// A stable word for programs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Network => "network",
            Self::Agent => "agent",
            Self::Cable => "cable",
            Self::Robot => "robot",
        }
    }
}

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How hard to stop.
    pub stop: Stop,
    /// What ends it.
    pub clear: Clear,
    /// Where its cause lies.
    pub hop: Hop,
    /// A stable word for programs.
    pub code: &'static str,
    /// A sentence for people: what happened and what to do.
    pub text: &'static str,
}

impl Fault {
    /// Every fault, strongest first.
    pub const ALL: [Self; 8] = [
        Self::Latched,
        Self::RobotAbsent,
        Self::RobotIncompatible,
        Self::RobotSilent,
        Self::RobotStarting,
        Self::RobotStopped,
        Self::Overrun,
        Self::CommandStale,
    ];

    /// Its place in the table, from 1: how a frame names it.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8 + 1
    }

    /// The row of this fault. ARCHITECTURE.md shows the same table; a test compares them.
    #[must_use]
    pub const fn policy(self) -> Policy {
        use Clear::{Itself, Neutral, Operator};
        use Hop::{Agent, Cable, Network, Person, Robot};
        use Stop::{Cut, Ramp};
        let (stop, clear, hop, code, text) = match self {
            Self::Latched => {
                (Cut, Operator, Person, "latched", "STOP is latched: an operator must hold reset for 2 seconds")
            }
            Self::RobotAbsent => {
                (Cut, Neutral, Cable, "robot_absent", "no robot answers: check its cable and its power")
            }
            Self::RobotIncompatible => (Cut, Neutral, Robot, "robot_incompatible", "this robot cannot be driven"),
            Self::RobotSilent => {
                (Cut, Neutral, Cable, "robot_silent", "the robot fell silent: check its cable and its power")
            }
            Self::RobotStarting => (Cut, Neutral, Robot, "robot_starting", "the robot is starting: wait a moment"),
            Self::RobotStopped => {
                (Cut, Neutral, Robot, "robot_stopped", "the robot stopped itself: release the stick, then drive on")
            }
            Self::Overrun => {
                let text = "the computer beside the robot was held up: release the stick, then drive on";
                (Cut, Neutral, Agent, "overrun", text)
            }
            Self::CommandStale => {
                let text = "the driver's commands stopped coming: check the phone and its Wi-Fi";
                (Ramp, Itself, Network, "command_stale", text)
            }
        };
        Policy { stop, clear, hop, code, text }
    }
}

/// A set of faults.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Faults(u8);

impl Faults {
    /// Adds `fault` if `present`.
    #[must_use]
    pub fn with(self, fault: Fault, present: bool) -> Self {
        if present { Self(self.0 | Self::bit(fault)) } else { self }
    }

    /// Whether `fault` is among them.
    #[must_use]
    pub fn contains(self, fault: Fault) -> bool {
        self.0 & Self::bit(fault) != 0
    }

    /// All of them, strongest first.
    pub fn iter(self) -> impl Iterator<Item = Fault> {
        Fault::ALL.into_iter().filter(move |fault| self.contains(*fault))
    }

    /// The one to tell people of.
    #[must_use]
    pub fn strongest(self) -> Option<Fault> {
        self.iter().next()
    }

    /// How hard to stop: the hardest that any of them wants.
    #[must_use]
    pub fn stop(self) -> Option<Stop> {
        self.iter().map(|fault| fault.policy().stop).max()
    }

    /// Whether the driver must release the stick before driving on.
    #[must_use]
    pub fn owe_neutral(self) -> bool {
        self.iter().any(|fault| fault.policy().clear != Clear::Itself)
    }

    const fn bit(fault: Fault) -> u8 {
        1 << fault as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: no fault is forgotten in `ALL`, and each can be told apart.
    #[test]
    fn every_fault_has_its_own_code_and_place() {
        for (place, fault) in Fault::ALL.into_iter().enumerate() {
            assert_eq!((fault as usize, usize::from(fault.number())), (place, place + 1));
            assert!(Fault::ALL.into_iter().all(|other| other == fault || other.policy().code != fault.policy().code));
        }
    }

    /// Goal: the hardest stop and the strictest release win, in any combination.
    #[test]
    fn any_set_of_faults_stops_as_its_strictest_member() {
        for bits in 0..=u8::MAX {
            let faults = Faults(bits);
            let has_cut = faults.iter().any(|fault| fault.policy().stop == Stop::Cut);
            let expected = if has_cut { Some(Stop::Cut) } else { (bits != 0).then_some(Stop::Ramp) };
            assert_eq!(faults.stop(), expected);
            assert_eq!(faults.strongest().is_some(), bits != 0);
            assert_eq!(faults.owe_neutral(), faults.iter().any(|fault| fault != Fault::CommandStale));
        }
    }
}
