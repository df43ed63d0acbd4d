//! The book as text: `OpenMetrics`, or the older form for whoever does not ask for that.

use std::fmt::{self, Write};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::exemplar::Exemplar;
use prometheus_client::registry::{Registry, Unit};

use super::book::Book;
use super::sheet::{Reading, Sheet};
use super::table::{Kind, Row, TABLE};

/// Labels of a series.
type Labels<'a> = Vec<(&'a str, &'a str)>;
/// No observation is told beside a count.
const NOTHING: Option<&Exemplar<Labels<'static>, f64>> = None;

impl Collector for Book {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        self.refresh();
        TABLE.iter().try_for_each(|row| encode(self, row, &mut encoder))
    }
}

/// The registry, which reads the book.
pub(super) fn registry(book: Book) -> Registry {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(book));
    registry
}

/// All metrics as `OpenMetrics`.
pub(super) fn open_metrics(registry: &Registry) -> Result<String, fmt::Error> {
    let mut text = String::new();
    text::encode(&mut text, registry)?;
    Ok(text)
}

/// The same in Prometheus' own older form: there a counter's name has its ending in the comments, too, and neither units
/// nor an end are told.
pub(super) fn classic(open: &str) -> Result<String, fmt::Error> {
    let mut text = String::new();
    let counters: Vec<&str> = TABLE.iter().filter(|row| row.kind == Kind::Counter).map(Row::base).collect();
    for line in open.lines().filter(|line| !line.starts_with("# UNIT ") && *line != "# EOF") {
        let told = line.strip_prefix("# HELP ").or(line.strip_prefix("# TYPE ")).and_then(|rest| rest.split_once(' '));
        match told {
            Some((name, rest)) if counters.contains(&name) => {
                writeln!(text, "{}{name}_total {rest}", &line[.."# HELP ".len()])?;
            }
            Some(_) | None => writeln!(text, "{line}")?,
        }
    }
    Ok(text)
}

fn encode(book: &Book, row: &Row, encoder: &mut DescriptorEncoder) -> fmt::Result {
    let mut series = Vec::new();
    for (robot, sheet) in book.sheets(row.part) {
        series.extend(readings(row, robot, sheet));
    }
    if series.is_empty() {
        return Ok(());
    }
    let unit = match row.unit() {
        Some("seconds") => Some(Unit::Seconds),
        Some("bytes") => Some(Unit::Bytes),
        Some("volts") => Some(Unit::Volts),
        Some(_) | None => None,
    };
    let kind = match row.kind {
        Kind::Counter => MetricType::Counter,
        Kind::Gauge | Kind::GaugeIfKnown => MetricType::Gauge,
        Kind::Histogram(_) => MetricType::Histogram,
    };
    let name = row.unit().map_or(row.base(), |unit| row.base().trim_end_matches(unit).trim_end_matches('_'));
    let mut metric = encoder.encode_descriptor(name, row.help, unit.as_ref(), kind)?;
    for (labels, reading) in series {
        if labels.is_empty() {
            value(row, &reading, &mut metric)?;
        } else {
            value(row, &reading, &mut metric.encode_family(&labels)?)?;
        }
    }
    Ok(())
}

/// Everything that a sheet says of a metric.
fn readings<'a>(row: &Row, robot: Option<&'a str>, sheet: &Sheet) -> Vec<(Labels<'a>, Reading)> {
    (0..row.series())
        .map(|series| (labels(row, robot, series), sheet.read(row, series)))
        .filter(|(_, reading)| *reading != Reading::Unknown)
        .collect()
}

/// The labels of one of a metric's series: the last label's values change first.
fn labels<'a>(row: &Row, robot: Option<&'a str>, mut series: usize) -> Labels<'a> {
    let mut labels: Labels = Vec::new();
    for label in row.labels.iter().rev() {
        let value = series % label.values.len();
        series /= label.values.len();
        labels.extend(label.beside.map(|(name, values)| (name, values[value])));
        labels.push((label.name, label.values[value]));
    }
    labels.extend(robot.map(|name| ("robot", name)));
    labels.reverse();
    labels
}

fn value(row: &Row, reading: &Reading, metric: &mut MetricEncoder) -> fmt::Result {
    match (reading, row.kind) {
        (Reading::Unknown, _) => Ok(()),
        (Reading::Buckets(counts, sum), Kind::Histogram(bounds)) => {
            let bounds = bounds.iter().copied().chain(std::iter::once(f64::INFINITY));
            let buckets: Vec<(f64, u64)> = bounds.zip(counts.iter().copied()).collect();
            let count = counts.iter().sum();
            metric.encode_histogram::<Labels>(float(*sum) * row.scale(), count, &buckets, None)
        }
        (Reading::Number(number), Kind::Counter) if row.unit().is_none() => metric.encode_counter(number, NOTHING),
        (Reading::Number(number), Kind::Counter) => metric.encode_counter(&(float(*number) * row.scale()), NOTHING),
        (Reading::Number(number) | Reading::Buckets(_, number), _) => {
            metric.encode_gauge(&(float(*number) * row.scale()))
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "whoever reads it counts in floating point, too")]
fn float(number: u64) -> f64 {
    number as f64
}
