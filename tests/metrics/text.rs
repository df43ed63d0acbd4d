//! Reads what is told as strictly as the format is written, and holds it against the table.

use std::collections::{BTreeMap, BTreeSet};

use joywire::clock::Clock;
use joywire::journal::Journal;
use joywire::metrics::{Book, Kind, RelayMeter, RobotMeter, Row, TABLE, serve};

use crate::house::{House, free_port, get};

/// All series with their values.
#[derive(Debug)]
pub struct Numbers {
    series: BTreeMap<String, f64>,
}

/// A family that is being read.
#[derive(Debug)]
struct Family {
    name: String,
    kind: String,
}

impl Numbers {
    /// The older form, as Prometheus' own documents describe it.
    ///
    /// # Panics
    /// If it is anything else.
    pub fn read_classic(text: &str) -> Self {
        assert!(!text.contains("# UNIT") && !text.contains("# EOF"), "this is another format:\n{text}");
        Self::read(text, "")
    }

    /// `OpenMetrics`.
    pub fn read_open(text: &str) -> Self {
        let body = text.strip_suffix("# EOF\n").expect("it ends with its end");
        let without_units: String = body.split_inclusive('\n').filter(|line| !line.starts_with("# UNIT ")).collect();
        for line in body.lines().filter_map(|line| line.strip_prefix("# UNIT ")) {
            let (name, unit) = line.split_once(' ').unwrap();
            assert!(name.ends_with(&format!("_{unit}")), "{line}");
        }
        Self::read(&without_units, "_total")
    }

    /// `ending`: what counters' samples have that their family has not.
    fn read(text: &str, ending: &str) -> Self {
        assert!(text.ends_with('\n'), "the last line is whole");
        let (mut series, mut seen, mut family) = (BTreeMap::new(), BTreeSet::new(), None::<Family>);
        let mut lines = text.lines().peekable();
        while let Some(line) = lines.next() {
            if let Some(help) = line.strip_prefix("# HELP ") {
                let (name, words) = help.split_once(' ').unwrap();
                let kind = lines.next().and_then(|line| line.strip_prefix(&format!("# TYPE {name} ")));
                let kind = kind.unwrap_or_else(|| panic!("{name} has no type behind its help"));
                assert!(["counter", "gauge", "histogram"].contains(&kind) && !words.is_empty(), "{line}");
                assert!(seen.insert(name.to_owned()), "{name} is there twice");
                assert!(lines.peek().is_some_and(|next| !next.starts_with('#')), "{name} has no samples");
                family = Some(Family { name: name.to_owned(), kind: kind.to_owned() });
                continue;
            }
            assert!(!line.starts_with('#') && !line.is_empty(), "unexpected: {line}");
            let (told, value) = line.rsplit_once(' ').unwrap();
            let family = family.as_ref().unwrap_or_else(|| panic!("a sample without a family: {line}"));
            let name = told.split('{').next().unwrap();
            let rest = name.strip_prefix(family.name.as_str()).unwrap_or_else(|| panic!("{line} is not of {family:?}"));
            let fits = match family.kind.as_str() {
                "counter" => rest == ending && name.ends_with("_total"),
                "gauge" => rest.is_empty() && !name.ends_with("_total"),
                _ => ["_bucket", "_sum", "_count"].contains(&rest),
            };
            assert!(fits, "{line} is not of {family:?}");
            check_labels(told);
            let value: f64 = value.parse().unwrap_or_else(|_| panic!("no number: {line}"));
            assert!(value >= 0.0, "{line}");
            assert!(series.insert(told.to_owned(), value).is_none(), "twice: {line}");
        }
        let numbers = Self { series };
        numbers.check_histograms(text);
        numbers
    }

    /// Buckets grow, the last is all there are, and there is a sum.
    fn check_histograms(&self, text: &str) {
        for name in text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.strip_suffix(" histogram")) {
            let buckets: Vec<(f64, f64)> = text
                .lines()
                .filter_map(|line| line.strip_prefix(&format!("{name}_bucket{{le=\"")))
                .filter_map(|rest| rest.split_once("\"} "))
                .filter(|(bound, _)| !bound.contains('"'))
                .map(|(bound, count)| (bound.parse().unwrap(), count.parse().unwrap()))
                .collect();
            // Where there are several robots this is not asked.
            let Some((last, all)) = buckets.last() else { continue };
            assert!(buckets.is_sorted_by(|a, b| a.0 < b.0 && a.1 <= b.1), "{name}: {buckets:?}");
            assert!(*last == f64::INFINITY, "{name} has no last bucket");
            assert!((self.of(&format!("{name}_count")) - all).abs() < 0.5, "{name}: count and buckets differ");
            assert!(self.of(&format!("{name}_sum")) >= 0.0);
        }
    }

    /// A series, written as it stands there.
    pub fn of(&self, series: &str) -> f64 {
        *self.series.get(series).unwrap_or_else(|| panic!("there is no {series}: {:#?}", self.series.keys()))
    }

    /// All series of a metric, with what they say.
    pub fn all(&self, metric: &str) -> BTreeMap<&str, f64> {
        let of = |series: &str| series.split('{').next() == Some(metric);
        self.series.iter().filter(|(series, _)| of(series)).map(|(series, value)| (series.as_str(), *value)).collect()
    }

    /// The sum of all series of a metric.
    pub fn sum(&self, metric: &str) -> f64 {
        self.all(metric).values().sum()
    }
}

/// Names, quotes and escapes are as they must be, and no name is there twice.
fn check_labels(told: &str) {
    let Some((_, labels)) = told.split_once('{') else { return };
    let labels = labels.strip_suffix('}').unwrap_or_else(|| panic!("no end: {told}"));
    let (mut rest, mut names) = (labels, BTreeSet::new());
    while !rest.is_empty() {
        let (name, after) = rest.split_once("=\"").unwrap_or_else(|| panic!("no value: {told}"));
        let fits = |c: char| c.is_ascii_lowercase() || c == '_';
        assert!(!name.is_empty() && name.chars().all(fits) && names.insert(name), "{told}");
        let mut escaped = false;
        let end = after.find(|c| {
            let ends = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        });
        let end = end.unwrap_or_else(|| panic!("no end of a value: {told}"));
        assert!(!after[..end].contains('\n'), "{told}");
        rest = &after[end + 1..];
        rest = rest.strip_prefix(',').unwrap_or(rest);
    }
}

/// Goal: both formats are what their readers expect, and tell all of the table, with every value of every label from the
/// start, and nothing else.
#[test]
fn what_is_told_is_the_table() {
    let house = House::open();
    let open = get(house.metrics, "/metrics", "Accept: application/openmetrics-text;version=1.0.0,*/*;q=0.1\r\n");
    assert!(
        open.head.contains("content-type: application/openmetrics-text; version=1.0.0; charset=utf-8"),
        "{}",
        open.head
    );
    let classic = get(house.metrics, "/metrics", "");
    assert!(classic.head.contains("content-type: text/plain; version=0.0.4; charset=utf-8"), "{}", classic.head);
    for numbers in [Numbers::read_open(&open.body), Numbers::read_classic(&classic.body)] {
        let mut told = 0;
        for row in TABLE {
            let series = match row.kind {
                Kind::Counter | Kind::Gauge | Kind::GaugeIfKnown => numbers.all(row.name).len(),
                Kind::Histogram(bounds) => {
                    let buckets = numbers.all(&format!("{}_bucket", row.name)).len();
                    assert_eq!(buckets, bounds.len() + 1, "{}", row.name);
                    told += buckets + 1;
                    1
                }
            };
            assert_eq!(series, row.series(), "{}", row.name);
            told += series;
        }
        assert_eq!(told, numbers.series.len(), "there is something else: {:#?}", numbers.series.keys());
    }
    for row in TABLE {
        let told = |row: &Row, name: &str| format!("# HELP {name} {}\n", row.help);
        assert!(open.body.contains(&told(row, row.base())), "{}", row.name);
        assert!(classic.body.contains(&told(row, row.name)), "{}", row.name);
    }
}

/// Goal: robots are told apart where there are several, whatever they are called; one alone needs no label.
#[test]
fn several_robots_are_told_apart() {
    let (port, clock) = (free_port(), Clock::start());
    let robots = ["Rover", "a \"quoted\" \\ name"].map(|name| (name, RobotMeter::new(clock)));
    robots[1].1.refused("stale");
    let book =
        robots.into_iter().fold(Book::new(Journal::none()), |book, (name, meter)| book.with_robot(name, meter.into()));
    let _served = serve(port, book.with_relay(RelayMeter::default().into())).unwrap();
    let numbers = Numbers::read_classic(&get(port, "/metrics", "").body);
    let expected = |robot: &str, count: f64| {
        let series = format!("joywire_refusals_total{{robot=\"{robot}\",code=\"stale\"}}");
        assert!((numbers.of(&series) - count).abs() < 0.5, "{series}");
    };
    expected("Rover", 0.0);
    expected("a \\\"quoted\\\" \\\\ name", 1.0);
    assert_eq!(numbers.all("joywire_step_duration_seconds_count").len(), 2);
    assert_eq!(numbers.all("joywire_relay_cut_off_total").len(), 1);
}

/// Goal: a reader as strict as this one finds what is wrong.
#[test]
fn the_reader_finds_what_is_wrong() {
    let good = "# HELP a_total x\n# TYPE a_total counter\na_total 1\n";
    Numbers::read_classic(good);
    for bad in [
        "a_total 1\n",
        "# HELP a x\n# TYPE a counter\na 1\n",
        "# HELP a_total x\na_total 1\n",
        "# HELP a_total x\n# TYPE a_total counter\na_total 1\na_total 2\n",
        "# HELP a_total x\n# TYPE a_total counter\na_total{b=\"c} 1\n",
        "# HELP a_total x\n# TYPE a_total counter\na_total{b=\"c\",b=\"d\"} 1\n",
        "# HELP a x\n# TYPE a histogram\na_bucket{le=\"1\"} 2\na_bucket{le=\"+Inf\"} 1\na_sum 1\na_count 1\n",
        "# HELP a x\n# TYPE a histogram\na_bucket{le=\"1\"} 1\na_sum 1\na_count 1\n",
        "# HELP a x\n# TYPE a histogram\na_bucket{le=\"+Inf\"} 1\na_sum 1\na_count 2\n",
        "# HELP a x\n# TYPE a gauge\n",
    ] {
        assert!(std::panic::catch_unwind(|| Numbers::read_classic(bad)).is_err(), "{bad:?} passed");
    }
}
