//! The log of a program that runs: opened with a note of what began, closed with one of its end.

use std::time::Duration;

use anyhow::Context;
use serde_json::{Map, Value, json};

use super::settings;
use crate::config::{Config, Layers, Origin};
use crate::journal::{Journal, Kind, Record, Retention, Settings};

/// A disk that hangs keeps nobody longer.
const FAREWELL: Duration = Duration::from_secs(2);

/// Opens the log and notes what began: its version, and what is configured otherwise than by default. `program` is such as
/// `joywire run`.
pub fn open(layers: &Layers, config: &Config, program: &str) -> anyhow::Result<Journal> {
    if !config.log.on {
        return Ok(Journal::none());
    }
    let retention = Retention { days: config.log.keep_days, bytes: u64::from(config.log.max_mib) << 20 };
    let settings = Settings { data: settings::data_dir(config)?, program: program.to_owned(), retention };
    let journal = Journal::open(settings).context("the log cannot be opened")?;
    let version = env!("CARGO_PKG_VERSION");
    let data = json!({"version": version, "configuration": configured(layers)});
    journal.note(Record::new(Kind::Program, format!("{program} {version} began")).with(data));
    Ok(journal)
}

/// Does what a program is for, however that ends, and then notes the end and writes what waits.
pub async fn around<T>(journal: &Journal, program: &str, work: impl Future<Output = T>) -> T {
    let done = work.await;
    journal.note(Record::new(Kind::Program, format!("{program} ended")));
    if !journal.close(FAREWELL).await {
        tracing::error!("the disk took too long: the log's last second may be missing");
    }
    done
}

/// What is configured otherwise than by default.
fn configured(layers: &Layers) -> Value {
    let changed = layers.iter().filter(|(_, _, origin)| **origin != Origin::Default);
    let entries = changed.map(|(key, value, _)| (key.to_owned(), serde_json::to_value(value).unwrap_or_default()));
    Value::Object(entries.collect::<Map<_, _>>())
}
