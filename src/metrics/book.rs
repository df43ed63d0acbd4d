//! All that is counted in this program, as it is read when somebody asks.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use super::process;
use super::relay::RelayMeter;
use super::robot::RobotMeter;
use super::sheet::Sheet;
use super::table::{Metric, Part};
use crate::journal::Journal;

/// The meters of this program. It is complete before anybody asks.
#[derive(Clone, Debug)]
pub struct Book {
    pub(super) relay: Option<Arc<RelayMeter>>,
    pub(super) robots: Vec<(String, Arc<RobotMeter>)>,
    pub(super) journal: Journal,
    program: Arc<Sheet>,
}

impl Book {
    /// A program without relay and robots, whose log is `journal`.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the moment of the start is shown, and decides nothing")]
    pub fn new(journal: Journal) -> Self {
        let program = Sheet::new(Part::Program);
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        program.set(Metric::Started, 0, u64::try_from(since.as_nanos()).unwrap_or(u64::MAX));
        program.set(Metric::Build, 0, 1);
        Self { relay: None, robots: Vec::new(), journal, program: Arc::new(program) }
    }

    /// The same with a relay.
    #[must_use]
    pub fn with_relay(self, meter: Arc<RelayMeter>) -> Self {
        Self { relay: Some(meter), ..self }
    }

    /// The same with one robot more.
    #[must_use]
    pub fn with_robot(mut self, name: &str, meter: Arc<RobotMeter>) -> Self {
        self.robots.push((name.to_owned(), meter));
        self
    }

    /// Every sheet of a part, with the robot's name where there are several.
    pub(super) fn sheets(&self, part: Part) -> Vec<(Option<&str>, &Sheet)> {
        let several = self.robots.len() > 1;
        let robots = self.robots.iter().map(|(name, meter)| (several.then_some(name.as_str()), &meter.sheet));
        let relay = self.relay.iter().map(|meter| (None, &meter.sheet));
        let all = robots.chain(relay).chain(std::iter::once((None, &*self.program)));
        all.filter(|(_, sheet)| sheet.part() == part).collect()
    }

    /// Asks log and system how they do.
    pub(super) fn refresh(&self) {
        let log = self.journal.counts();
        let sheet = &self.program;
        sheet.set(Metric::LogRecords, 0, log.written);
        sheet.set(Metric::LogWaiting, 0, log.waiting);
        sheet.set(Metric::LogLost, 0, log.lost);
        sheet.set(Metric::LogGaps, 0, log.gaps);
        process::read(sheet);
    }
}
