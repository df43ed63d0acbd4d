//! Holds the dashboard against the table: it asks for nothing that is not told, and shows all that is.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use joywire::metrics::{Kind, TABLE};
use serde_json::Value;

fn dashboard() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/grafana/joywire.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// Names in an expression that can be metrics.
fn metrics(expression: &str) -> BTreeSet<String> {
    let words = expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("joywire_") || word.starts_with("process_")).map(str::to_owned).collect()
}

/// Labels that an expression groups by.
fn grouped(expression: &str) -> BTreeSet<String> {
    let lists = expression.split("by (").skip(1).map(|rest| rest.split(')').next().unwrap());
    lists.flat_map(|list| list.split(", ")).map(str::to_owned).collect()
}

/// Goal: every query asks for what is told, in the way its kind is asked for, by labels that it has; and everything is shown.
#[test]
fn every_metric_is_shown_and_none_that_is_not() {
    let told: BTreeMap<String, _> = TABLE
        .iter()
        .flat_map(|row| match row.kind {
            Kind::Histogram(_) => vec![(format!("{}_bucket", row.name), row)],
            Kind::Counter | Kind::Gauge | Kind::GaugeIfKnown => vec![(row.name.to_owned(), row)],
        })
        .collect();
    let mut shown = BTreeSet::new();
    let dashboard = dashboard();
    for panel in dashboard["panels"].as_array().unwrap() {
        let title = panel["title"].as_str().unwrap();
        for target in panel["targets"].as_array().into_iter().flatten() {
            let expression = target["expr"].as_str().unwrap();
            let names = metrics(expression);
            assert_eq!(names.len(), 1, "{title}: {expression}");
            let name = names.first().unwrap();
            let row = told.get(name).unwrap_or_else(|| panic!("{title} asks for {name}, which nobody tells"));
            let grows = expression.contains("rate(") || expression.contains("increase(");
            let counts = matches!(row.kind, Kind::Counter | Kind::Histogram(_));
            assert_eq!(grows, counts, "{title}: {expression}");
            let mut labels: BTreeSet<&str> = ["robot", "instance", "le"].into();
            labels.extend(
                row.labels.iter().flat_map(|label| [Some(label.name), label.beside.map(|(name, _)| name)]).flatten(),
            );
            let legend = target["legendFormat"].as_str().unwrap();
            let told_by_legend = legend.split("{{").skip(1).map(|rest| rest.split("}}").next().unwrap().to_owned());
            for label in grouped(expression).into_iter().chain(told_by_legend) {
                assert!(labels.contains(label.as_str()), "{title} knows a label {label} of {name}");
            }
            assert!(expression.contains("instance=~\"$instance\""), "{title} mixes programs");
            shown.insert(name.clone());
        }
    }
    let missing: Vec<_> = told.keys().filter(|name| !shown.contains(*name)).collect();
    assert!(missing.is_empty(), "nothing shows {missing:?}");
}

/// Goal: it can be imported anywhere: any data source, panels beside each other, units where there are some.
#[test]
fn dashboard_fits_any_grafana() {
    let dashboard = dashboard();
    assert!(dashboard["schemaVersion"].as_u64().unwrap() >= 39 && dashboard["id"].is_null());
    let variables = dashboard["templating"]["list"].as_array().unwrap();
    assert!(variables.iter().any(|variable| variable["type"] == "datasource" && variable["query"] == "prometheus"));
    let (mut ids, mut places) = (BTreeSet::new(), BTreeSet::new());
    for panel in dashboard["panels"].as_array().unwrap() {
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "two panels have one number");
        let [x, y, w, h] = ["x", "y", "w", "h"].map(|key| panel["gridPos"][key].as_u64().unwrap());
        assert!(x + w <= 24, "{} is too wide", panel["title"]);
        for cell in (x..x + w).flat_map(|x| (y..y + h).map(move |y| (x, y))) {
            assert!(places.insert(cell), "{} lies on another", panel["title"]);
        }
        if panel["type"] == "row" {
            continue;
        }
        assert_eq!(panel["datasource"]["uid"], "${datasource}", "{}", panel["title"]);
        for target in panel["targets"].as_array().unwrap() {
            assert_eq!(target["datasource"]["uid"], "${datasource}", "{}", panel["title"]);
            let seconds = target["expr"].as_str().unwrap().contains("histogram_quantile");
            assert!(!seconds || panel["fieldConfig"]["defaults"]["unit"] == "s", "{}", panel["title"]);
        }
    }
}
