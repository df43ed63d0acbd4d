//! Holds docs/metrics.md against the table, from which it is written.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use joywire::metrics::{Kind, Part, Row, TABLE};

const HEAD: &str = r#"# Metrics

Joywire tells Prometheus, or whatever reads its format, how it does: http://localhost:8082/metrics, to this machine alone. Another
port: `--metrics PORT` or `[metrics] port`; none: `--metrics off`. `config/grafana/joywire.json` is a dashboard for Grafana with all
that is told here: Dashboards, New, Import.

Prometheus on the same machine:

```yaml
scrape_configs:
  - job_name: joywire
    scrape_interval: 5s
    static_configs:
      - targets: ["localhost:8082"]
```

Prometheus elsewhere: let an agent beside Joywire (`prometheus --agent`, Grafana Alloy) send on what it reads, or forward the port
(`ssh -L 8082:localhost:8082 robot`). Joywire does not open it, as it tells who drives when, and asks nobody who they are.

## Is all well?

http://localhost:8082/healthz answers 200 if it is, 503 if not, and as JSON why (`curl localhost:8082/healthz`):

- 503 when the loop that drives, or the relay's, has not gone round for a second. It is told by a thread of its own, so it is
  answered even then. The robot has stopped by itself long before.
- A robot that is absent is told (`robots[].state`), and is no fault of this program, which a restart would not mend; so it
  makes 503 only for `/healthz?robot`.
- Trouble of the log is told (`log.lost`, `log.gaps`) and never makes 503: driving goes on.

## What is told

Names, units and kinds keep to Prometheus' conventions. Every series is there from the start, at 0, with every value of its labels;
no name of a person or device, and no event that somebody invents, becomes one. With several robots in one program (`joywire agent`
with several `--config`) each series of a robot has the label `robot`.

"#;

const TAIL: &str = r"
## Questions

- Who stopped it, and how often? `sum by (cause, hop) (increase(joywire_stops_total[1d]))`
- How old are commands at the wheels? `histogram_quantile(0.99, rate(joywire_age_at_wheels_seconds_bucket[5m]))`
- Does the robot stand still because of something that should wake somebody?
  `max_over_time(joywire_stopped{cause=~'robot_silent|overrun'}[1m]) > 0`
- Is the log whole? `increase(joywire_log_lost_total[1h]) == 0`

This page is written from the table in `src/metrics/table.rs`: `JOYWIRE_WRITE=1 cargo test --test metrics document` writes it anew.
";

fn page() -> String {
    let mut page = HEAD.to_owned();
    for (part, title) in [
        (Part::Robot, "Of each robot beside this program"),
        (Part::Relay, "Of the relay"),
        (Part::Program, "Of the program"),
    ] {
        writeln!(page, "### {title}\n").unwrap();
        writeln!(page, "| name | kind | labels | what |\n| --- | --- | --- | --- |").unwrap();
        for row in TABLE.iter().filter(|row| row.part == part) {
            let unit = row.unit().map_or(String::new(), |unit| format!(", {unit}"));
            writeln!(page, "| `{}` | {}{unit} | {} | {}. |", row.name, kind(row), labels(row), row.help).unwrap();
        }
        page.push('\n');
    }
    page.trim_end().to_owned() + "\n" + TAIL
}

fn kind(row: &Row) -> String {
    match row.kind {
        Kind::Counter => "counter".to_owned(),
        Kind::Gauge | Kind::GaugeIfKnown => "gauge".to_owned(),
        Kind::Histogram(bounds) => {
            let bounds: Vec<String> = bounds.iter().map(f64::to_string).collect();
            format!("histogram ({})", bounds.join(" "))
        }
    }
}

fn labels(row: &Row) -> String {
    let told = row.labels.iter().map(|label| match label.beside {
        None => format!("`{}`: {}", label.name, label.values.join(" ")),
        Some((name, values)) => {
            let pairs: Vec<String> =
                label.values.iter().zip(values).map(|(value, beside)| format!("{value} ({beside})")).collect();
            format!("`{}` (`{name}`): {}", label.name, pairs.join(" "))
        }
    });
    told.collect::<Vec<_>>().join("; ")
}

/// Goal: what people read is what is told. With `JOYWIRE_WRITE=1` the page is written anew.
#[test]
fn document_tells_what_the_table_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/metrics.md");
    let page = page();
    if std::env::var_os("JOYWIRE_WRITE").is_some_and(|wish| wish == "1") {
        fs::write(&path, &page).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == page,
        "docs/metrics.md is not what the table says: look at what changed with\n    \
         JOYWIRE_WRITE=1 cargo test --test metrics document && git diff docs/metrics.md"
    );
}
