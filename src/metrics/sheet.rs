//! The numbers of one part, as atomics: whoever counts waits for nobody.
//!
//! The library's own histogram has a lock, which a scrape holds while it copies. Here a thread that drives would have to
//! wait for one that answers a stranger; so buckets are atomics as well, and a scrape may see a sum that is one
//! observation ahead of its buckets.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::table::{Kind, Metric, Part, Row, TABLE};

/// Of a number that nobody has measured.
const UNKNOWN: u64 = u64::MAX;

/// What a series says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Reading {
    /// Nothing: nobody has measured it.
    Unknown,
    /// A number, as it is stored.
    Number(u64),
    /// How many observations lie in each bucket alone, the last without a bound, and the sum of all, ns.
    Buckets(Vec<u64>, u64),
}

/// All numbers of a part.
#[derive(Debug)]
pub(super) struct Sheet {
    part: Part,
    cells: Box<[AtomicU64]>,
    /// Where each metric's cells begin.
    starts: Box<[usize]>,
}

/// Cells of one series.
fn width(row: &Row) -> usize {
    match row.kind {
        Kind::Counter | Kind::Gauge | Kind::GaugeIfKnown => 1,
        // Its buckets, the one without a bound, and the sum.
        Kind::Histogram(bounds) => bounds.len() + 2,
    }
}

impl Sheet {
    /// All at 0, or unknown.
    pub(super) fn new(part: Part) -> Self {
        let (mut cells, mut starts) = (Vec::new(), Vec::new());
        for row in TABLE {
            starts.push(cells.len());
            if row.part == part {
                let first = if row.kind == Kind::GaugeIfKnown { UNKNOWN } else { 0 };
                cells.extend((0..row.series() * width(row)).map(|_| AtomicU64::new(first)));
            }
        }
        Self { part, cells: cells.into(), starts: starts.into() }
    }

    /// Whose it is.
    pub(super) fn part(&self) -> Part {
        self.part
    }

    /// Adds to a counter or gauge.
    pub(super) fn add(&self, metric: Metric, series: usize, more: u64) {
        self.cell(metric, series).fetch_add(more, Ordering::Relaxed);
    }

    /// Takes from a gauge.
    pub(super) fn take(&self, metric: Metric, series: usize, less: u64) {
        self.cell(metric, series).fetch_sub(less, Ordering::Relaxed);
    }

    /// Sets a gauge, or a counter that is counted elsewhere.
    pub(super) fn set(&self, metric: Metric, series: usize, value: u64) {
        self.cell(metric, series).store(value, Ordering::Relaxed);
    }

    /// Sets one that may not be known.
    pub(super) fn set_if_known(&self, metric: Metric, value: Option<u64>) {
        self.set(metric, 0, value.unwrap_or(UNKNOWN));
    }

    /// Sets one of its series to 1 and the others to 0; all to 0 without one.
    pub(super) fn choose(&self, metric: Metric, chosen: Option<usize>) {
        for series in 0..TABLE[metric as usize].series() {
            self.set(metric, series, u64::from(chosen == Some(series)));
        }
    }

    /// Counts a duration.
    pub(super) fn observe(&self, metric: Metric, duration: Duration) {
        let Kind::Histogram(bounds) = TABLE[metric as usize].kind else { return };
        let seconds = duration.as_secs_f64();
        let bucket = bounds.iter().take_while(|bound| seconds > **bound).count();
        let start = self.starts[metric as usize];
        self.cells[start + bucket].fetch_add(1, Ordering::Relaxed);
        let ns = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        self.cells[start + bounds.len() + 1].fetch_add(ns, Ordering::Relaxed);
    }

    /// What a series says now.
    pub(super) fn read(&self, row: &Row, series: usize) -> Reading {
        let start = self.starts[row.metric as usize] + series * width(row);
        let cells: Vec<u64> =
            self.cells[start..start + width(row)].iter().map(|cell| cell.load(Ordering::Relaxed)).collect();
        match (row.kind, cells.as_slice()) {
            (Kind::GaugeIfKnown, [UNKNOWN]) | (_, []) => Reading::Unknown,
            (Kind::Histogram(_), [buckets @ .., sum]) => Reading::Buckets(buckets.to_vec(), *sum),
            (_, [value, ..]) => Reading::Number(*value),
        }
    }

    fn cell(&self, metric: Metric, series: usize) -> &AtomicU64 {
        &self.cells[self.starts[metric as usize] + series]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: a duration is counted where it belongs, a bound itself below it, and none is lost.
    #[test]
    fn durations_are_counted_in_their_bucket() {
        let sheet = Sheet::new(Part::Robot);
        let row = &TABLE[Metric::AgeAtWheels as usize];
        for ms in [0, 10, 11, 230, 900] {
            sheet.observe(Metric::AgeAtWheels, Duration::from_millis(ms));
        }
        let expected = vec![2, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1];
        assert_eq!(sheet.read(row, 0), Reading::Buckets(expected, 1_151_000_000));
    }

    /// Goal: metrics do not write into each other's places.
    #[test]
    fn every_series_has_a_cell_of_its_own() {
        for part in [Part::Robot, Part::Relay, Part::Program] {
            let sheet = Sheet::new(part);
            let rows = || TABLE.iter().filter(|row| row.part == part && !matches!(row.kind, Kind::Histogram(_)));
            let all = || rows().flat_map(|row| (0..row.series()).map(move |series| (row, series)));
            for (value, (row, series)) in (1..).zip(all()) {
                sheet.set(row.metric, series, value);
            }
            for (value, (row, series)) in (1..).zip(all()) {
                assert_eq!(sheet.read(row, series), Reading::Number(value), "{}", row.name);
            }
        }
    }
}
