//! What is counted of the relay.

use std::time::Duration;

use super::pulse::Pulse;
use super::sheet::Sheet;
use super::table::{EVENTS, KINDS, Metric, Part, RELAY_CODES};
use crate::clock::Clock;
use crate::protocol::access::Device;
use crate::protocol::events::Role;

/// The relay shows so often that it goes round.
const BEAT: Duration = Duration::from_millis(200);

/// Why a connection or a request was not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// Too many connections, or they come too fast.
    Crowded,
    /// Another host, origin, machine, or a proxy.
    TurnedAway,
    /// A stranger that asks too fast.
    TooFast,
    /// A session that is somebody else's, or one too many.
    Session,
    /// The room is full.
    Full,
    /// Somebody who flooded lately.
    Barred,
}

/// The numbers of a relay.
#[derive(Debug)]
pub struct RelayMeter {
    pub(super) sheet: Sheet,
    pub(super) pulse: Pulse,
}

impl Default for RelayMeter {
    fn default() -> Self {
        Self { sheet: Sheet::new(Part::Relay), pulse: Pulse::new(Clock::start()) }
    }
}

impl RelayMeter {
    /// Shows for ever that its thread goes round.
    pub async fn beat(&self) {
        loop {
            self.pulse.beat_now();
            tokio::time::sleep(BEAT).await;
        }
    }

    /// A client has sent an event.
    pub fn event(&self, name: &str) {
        let series = EVENTS.iter().position(|known| *known == name).unwrap_or(EVENTS.len() - 1);
        self.sheet.add(Metric::RelayEvents, series, 1);
    }

    /// An event was refused, by this code.
    pub fn refused(&self, code: &str) {
        let series = RELAY_CODES.iter().position(|known| *known == code).unwrap_or(RELAY_CODES.len() - 1);
        self.sheet.add(Metric::RelayRefusals, series, 1);
    }

    /// Somebody was not let in.
    pub fn rejected(&self, why: Rejection) {
        self.sheet.add(Metric::RelayRefusedConnections, why as usize, 1);
    }

    /// A client or agent has come; `device`: whether it is a paired one.
    pub fn came(&self, role: Role, device: bool) {
        self.sheet.add(Metric::RelayConnections, connection(role, device), 1);
    }

    /// It has gone.
    pub fn went(&self, role: Role, device: bool) {
        self.sheet.take(Metric::RelayConnections, connection(role, device), 1);
    }

    /// A client was cut off.
    pub fn cut_off(&self) {
        self.sheet.add(Metric::RelayCutOff, 0, 1);
    }

    /// So many remarks were lost.
    pub fn lost_remarks(&self, count: u64) {
        self.sheet.add(Metric::RelayLostRemarks, 0, count);
    }

    /// These devices are let in.
    pub fn devices(&self, devices: &[Device]) {
        for role in [Role::Agent, Role::Viewer, Role::Driver, Role::Operator] {
            let count = devices.iter().filter(|device| device.role == role).count();
            self.sheet.set(Metric::RelayDevices, place(role), u64::try_from(count).unwrap_or(u64::MAX));
        }
    }

    /// So many robots are here, so many away.
    pub fn robots(&self, presence: impl Iterator<Item = bool>) {
        let (here, away): (Vec<bool>, Vec<bool>) = presence.partition(|here| *here);
        for (series, robots) in [here, away].iter().enumerate() {
            self.sheet.set(Metric::RelayRobots, series, u64::try_from(robots.len()).unwrap_or(u64::MAX));
        }
    }
}

/// In the order of the table.
fn place(role: Role) -> usize {
    match role {
        Role::Agent => 0,
        Role::Viewer => 1,
        Role::Driver => 2,
        Role::Operator => 3,
    }
}

fn connection(role: Role, device: bool) -> usize {
    place(role) * KINDS.len() + usize::from(device)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::table::{REJECTIONS, ROLES};

    /// Goal: the words of the table are those of the program.
    #[test]
    fn words_are_those_of_the_program() {
        let rejections = [
            Rejection::Crowded,
            Rejection::TurnedAway,
            Rejection::TooFast,
            Rejection::Session,
            Rejection::Full,
            Rejection::Barred,
        ];
        for (why, word) in rejections.into_iter().zip(REJECTIONS) {
            assert_eq!(REJECTIONS[why as usize], word);
            assert_eq!(format!("{why:?}").to_lowercase(), word.replace('_', ""));
        }
        for role in [Role::Agent, Role::Viewer, Role::Driver, Role::Operator] {
            assert_eq!(serde_json::to_value(role).unwrap(), ROLES[place(role)]);
        }
    }
}
