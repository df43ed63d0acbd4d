//! The configuration: defaults, then a file, then the environment, then the command line; checked as a whole.
//!
//! The annotated `config/joywire.toml` holds the defaults. Every layer is parsed strictly (nothing is
//! coerced, nothing unknown passes), and nothing in it can switch a protection off. The layering is
//! our own: the `config` crate coerces ("yes" becomes true) and forgets where a value came from.

mod ranges;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use toml::{Table, Value};

/// The annotated defaults.
pub const DEFAULTS: &str = include_str!("../../config/joywire.toml");
/// Variables that begin with this and hold [`NESTING`] are configuration.
const PREFIX: &str = "JOYWIRE_";
/// Between section and key in a variable's name.
const NESTING: &str = "__";

/// Everything, as it is written.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "config/joywire.toml describes every key")]
pub struct Config {
    pub server: Server,
    pub access: Access,
    pub tls: Tls,
    pub robot: Robot,
    pub motors: Motors,
    pub drive: Drive,
    pub direction: Direction,
    pub gamepad: Gamepad,
    pub safety: Safety,
    pub limits: Limits,
    pub log: Log,
    pub metrics: Metrics,
    pub recording: Recording,
    pub data: Data,
}

macro_rules! section {
    ($(#[$doc:meta])* $name:ident { $($key:ident: $kind:ty),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Deserialize)]
        #[serde(deny_unknown_fields)]
        #[expect(missing_docs, reason = "config/joywire.toml describes every key")]
        pub struct $name { $(pub $key: $kind),+ }
    };
}

section! { /// `[server]`
Server { port: u16, public: bool, host: String, trust_port: u16, mdns: bool, web: String } }
section! { /// `[access]`
Access { confirm: bool, local_operator: bool } }
section! { /// `[tls]`
Tls { cert: String, key: String } }
section! { /// `[robot]`
Robot {
    name: String,
    color: String,
    serial: String,
    usb: Vec<String>,
    ports: Vec<String>,
    baud: u32,
    wheels: String,
    track_m: f64,
    wheelbase_m: f64,
    steering_lock_deg: f64,
    top_speed_mps: f64,
    counts_per_m: f64,
} }
section! { /// `[motors]`
Motors { inverted: Vec<bool>, trim: Vec<f64>, dead_band: Vec<i16> } }
section! { /// `[drive]`
Drive {
    speed_limit: f64,
    accelerate_ms: u64,
    brake_ms: u64,
    turn_accelerate_ms: u64,
    turn_brake_ms: u64,
    accelerate_jerk_ms: u64,
    brake_jerk_ms: u64,
} }
section! { /// `[direction]`
Direction { hold_ms: u64, speed: f64 } }
section! { /// `[gamepad]`
Gamepad {
    r#use: String,
    mappings: String,
    style: String,
    dead_zone: f64,
    full_zone: f64,
    expo: f64,
    normal_speed: f64,
    slow_speed: f64,
    turbo_speed: f64,
    deadman: String,
    turbo: String,
    slow: String,
    stop: String,
    seat: String,
    reset: Vec<String>,
    rest_ms: u64,
    rumble: bool,
} }
section! { /// `[safety]`
Safety { command_timeout_ms: u64, robot_ttl_ms: u64, step_ms: u64 } }
section! { /// `[limits]`
Limits {
    connections: usize,
    connections_per_address: usize,
    connections_per_local_address: usize,
    events_per_second: u32,
    burst: u32,
    deliveries_per_second: u32,
} }
section! { /// `[log]`
Log { on: bool, keep_days: u32, max_mib: u32 } }
section! { /// `[metrics]`
Metrics { port: u16 } }
section! { /// `[recording]`
Recording { on: bool, max_mib: u64, max_minutes: u64, keep_mib: u64, keep_days: u64 } }
section! { /// `[data]`
Data { dir: String } }

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody said otherwise.
    Default,
    /// A file.
    File(PathBuf),
    /// An environment variable.
    Environment(String),
    /// An option on the command line.
    CommandLine,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Default => write!(formatter, "default"),
            Self::File(path) => write!(formatter, "{}", path.display()),
            Self::Environment(name) => write!(formatter, "{name}"),
            Self::CommandLine => write!(formatter, "command line"),
        }
    }
}

/// Why there is no configuration; each names the place and the key.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// Not TOML.
    #[error("{origin}: {detail}")]
    Syntax {
        /// Where.
        origin: String,
        /// Line, column and what is wrong.
        detail: String,
    },
    /// No such key.
    #[error("{place}: there is no key `{key}`; `joywire config show` lists them all")]
    Unknown {
        /// Where, with the line if there is one.
        place: String,
        /// The key.
        key: String,
    },
    /// Not of the kind that the key takes, or out of its range.
    #[error("{place}: `{key}` is {found}, but must be {expected}")]
    Value {
        /// Where, with the line if there is one.
        place: String,
        /// The key.
        key: String,
        /// What stands there.
        found: String,
        /// What may stand there.
        expected: String,
    },
}

/// Values with their origins, on the way to a [`Config`].
#[derive(Clone, Debug)]
pub struct Layers {
    values: BTreeMap<String, (Value, Origin)>,
    /// Text of the file, to find lines in.
    text: String,
}

impl Layers {
    /// The defaults.
    ///
    /// # Panics
    /// Never: a test parses the defaults.
    #[must_use]
    pub fn defaults() -> Self {
        let table: Table = DEFAULTS.parse().expect("a test parses the defaults");
        let values = flat(table).into_iter().map(|(key, value)| (key, (value, Origin::Default))).collect();
        Self { values, text: String::new() }
    }

    /// Lays a file over them.
    ///
    /// # Errors
    /// [`ConfigError`] with file, line and key.
    pub fn file(&mut self, path: &Path) -> Result<(), ConfigError> {
        let unreadable = |source| ConfigError::Unreadable { path: path.to_owned(), source };
        self.text(std::fs::read_to_string(path).map_err(unreadable)?, path)
    }

    /// The same with a text that would stand in that file.
    ///
    /// # Errors
    /// [`ConfigError`] with file, line and key.
    pub fn text(&mut self, text: String, path: &Path) -> Result<(), ConfigError> {
        let table: Table = text.parse().map_err(|error: toml::de::Error| ConfigError::Syntax {
            origin: path.display().to_string(),
            detail: error.to_string().trim_end().to_owned(),
        })?;
        self.text = text;
        flat(table).into_iter().try_for_each(|(key, value)| self.set(&key, value, Origin::File(path.to_owned())))
    }

    /// Lays variables over them: those whose names begin with `JOYWIRE_` and hold two underscores.
    ///
    /// # Errors
    /// [`ConfigError`] with variable and key.
    pub fn environment(&mut self, variables: impl Iterator<Item = (String, String)>) -> Result<(), ConfigError> {
        for (name, text) in variables {
            let Some(key) = name.strip_prefix(PREFIX).filter(|rest| rest.contains(NESTING)) else { continue };
            let key = key.to_lowercase().replacen(NESTING, ".", 1);
            let is_text = matches!(self.values.get(&key), Some((Value::String(_), _)));
            let value = if is_text { Value::String(text) } else { bare(&text) };
            self.set(&key, value, Origin::Environment(name))?;
        }
        Ok(())
    }

    /// Lays an option of the command line over them.
    ///
    /// # Errors
    /// [`ConfigError`] if the value does not fit the key.
    pub fn option(&mut self, key: &str, value: impl Into<Value>) -> Result<(), ConfigError> {
        self.set(key, value.into(), Origin::CommandLine)
    }

    /// Every key with its value and origin, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value, &Origin)> {
        self.values.iter().map(|(key, (value, origin))| (key.as_str(), value, origin))
    }

    /// Checks the whole.
    ///
    /// # Errors
    /// [`ConfigError`] for the first value out of its range.
    ///
    /// # Panics
    /// Never: `set` keeps every key and its kind.
    pub fn check(&self) -> Result<Config, ConfigError> {
        let mut table = Table::new();
        for (key, (value, _)) in &self.values {
            let (section, name) = key.split_once('.').expect("every key has a section");
            let section = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
            section.as_table_mut().expect("made one line above").insert(name.to_owned(), value.clone());
        }
        let config = Config::deserialize(Value::Table(table)).map_err(|error| self.misfit(&error))?;
        self.check_ranges(&config)?;
        Ok(config)
    }

    /// The error of a value that has the right kind but not the right form, as whoever reads it says.
    ///
    /// # Panics
    /// If there is no such key.
    #[must_use]
    pub fn refusal(&self, key: &str, found: &str, expected: &str) -> ConfigError {
        let (_, origin) = &self.values[key];
        ConfigError::Value {
            place: self.place(key, origin),
            key: key.to_owned(),
            found: format!("\"{found}\""),
            expected: expected.to_owned(),
        }
    }

    fn set(&mut self, key: &str, value: Value, origin: Origin) -> Result<(), ConfigError> {
        let place = self.place(key, &origin);
        let Some((old, _)) = self.values.get(key) else {
            return Err(ConfigError::Unknown { place, key: key.to_owned() });
        };
        let value = match (old, value) {
            // A whole number is a fine value for a key that takes fractions.
            #[expect(clippy::cast_precision_loss, reason = "settings are far below 2⁵³")]
            (Value::Float(_), Value::Integer(whole)) => Value::Float(whole as f64),
            (_, value) => value,
        };
        let list = ListOf::of(key);
        let fits = value.as_array().is_none_or(|items| items.iter().all(|item| list.takes(item)));
        if !old.same_type(&value) || !fits {
            let kind = if old.is_array() { list.words() } else { old.type_str() };
            let (found, expected) = (value.to_string(), format!("a {kind}"));
            return Err(ConfigError::Value { place, key: key.to_owned(), found, expected });
        }
        self.values.insert(key.to_owned(), (value, origin));
        Ok(())
    }

    /// The error of a value that is of the right kind but does not fit its type, such as port 70000.
    fn misfit(&self, error: &toml::de::Error) -> ConfigError {
        let culprit = self.iter().find(|(_, value, origin)| {
            **origin != Origin::Default && value.is_integer() && error.message().contains(&value.to_string())
        });
        match culprit {
            Some((key, value, origin)) => ConfigError::Value {
                place: self.place(key, origin),
                key: key.to_owned(),
                found: value.to_string(),
                expected: "smaller, and not below 0".to_owned(),
            },
            None => ConfigError::Syntax { origin: "configuration".to_owned(), detail: error.message().to_owned() },
        }
    }

    /// An origin with the line of `key`, where there are lines.
    fn place(&self, key: &str, origin: &Origin) -> String {
        match (origin, line_of(&self.text, key)) {
            (Origin::File(path), Some(line)) => format!("{}:{line}", path.display()),
            (Origin::File(_) | Origin::Default | Origin::Environment(_) | Origin::CommandLine, _) => origin.to_string(),
        }
    }
}

impl Config {
    /// The agent may be at most this old before it decides again.
    #[must_use]
    pub fn step(&self) -> Duration {
        Duration::from_millis(self.safety.step_ms)
    }
}

/// What the items of a list are: an empty default does not tell.
#[derive(Clone, Copy)]
enum ListOf {
    Texts,
    Switches,
    Fractions,
    Numbers,
}

impl ListOf {
    fn of(key: &str) -> Self {
        match key {
            "motors.inverted" => Self::Switches,
            "motors.trim" => Self::Fractions,
            "motors.dead_band" => Self::Numbers,
            _ => Self::Texts,
        }
    }

    fn takes(self, item: &Value) -> bool {
        match self {
            Self::Texts => item.is_str(),
            Self::Switches => item.is_bool(),
            Self::Fractions => item.is_float(),
            Self::Numbers => item.as_integer().is_some_and(|number| i16::try_from(number).is_ok()),
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Texts => "list of texts, as in [\"one\", \"two\"]",
            Self::Switches => "list of true and false, one a motor, as in [false, true]",
            Self::Fractions => "list of numbers with a point, one a motor, as in [1.0, 0.95]",
            Self::Numbers => "list of whole numbers, one a motor, as in [80, 95]",
        }
    }
}

/// `section.key` and value of everything in a table.
fn flat(table: Table) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    for (section, value) in table {
        if let Value::Table(keys) = value {
            all.extend(keys.into_iter().map(|(key, value)| (format!("{section}.{key}"), value)));
        } else {
            all.push((section, value));
        }
    }
    all
}

/// A variable's text as a TOML value; text if it is none.
fn bare(text: &str) -> Value {
    let parsed: Option<Table> = format!("value = {text}").parse().ok();
    parsed.and_then(|mut table| table.remove("value")).unwrap_or_else(|| Value::String(text.to_owned()))
}

/// Line of `section.key` in a TOML text, from 1.
fn line_of(text: &str, key: &str) -> Option<usize> {
    let (section, name) = key.split_once('.').unwrap_or(("", key));
    let mut within = "";
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(header) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            within = header.trim();
        }
        let named = line.split('=').next().map(str::trim);
        if (within == section && named == Some(name)) || (within.is_empty() && named == Some(key)) {
            return Some(index + 1);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_file(text: &str) -> Result<Config, ConfigError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let mut layers = Layers::defaults();
        layers.file(file.path())?;
        layers.check()
    }

    /// Goal: the annotated file is the default, and valid.
    #[test]
    fn defaults_are_valid() {
        assert!(Layers::defaults().check().is_ok());
        assert_eq!(with_file(DEFAULTS).unwrap(), Layers::defaults().check().unwrap());
    }

    /// Goal: I15, no configuration weakens a protection; the message names file, line and key.
    #[test]
    fn protections_have_floors_and_ceilings() {
        for (text, line, key) in [
            ("[safety]\nrobot_ttl_ms = 0", 2, "safety.robot_ttl_ms"),
            ("[safety]\nrobot_ttl_ms = 501", 2, "safety.robot_ttl_ms"),
            ("\n[safety]\n\ncommand_timeout_ms = 230", 4, "safety.command_timeout_ms"),
            ("[safety]\nstep_ms = 60", 2, "safety.step_ms"),
            ("[direction]\nhold_ms = 501", 2, "direction.hold_ms"),
            ("[robot]\nbaud = 38400\n[safety]\nstep_ms = 10", 4, "safety.step_ms"),
            ("[direction]\nspeed = nan", 2, "direction.speed"),
            ("[drive]\nspeed_limit = inf", 2, "drive.speed_limit"),
            ("[safety]\nrobot_ttl_ms = -1", 2, "safety.robot_ttl_ms"),
            ("[server]\nport = 70000", 2, "server.port"),
            ("[drive]\nspeed_limit = \"1\"", 2, "drive.speed_limit"),
            ("[drive]\nspeed = 1", 2, "drive.speed"),
            ("[drove]\nspeed = 1", 2, "drove.speed"),
            ("port = 1", 1, "port"),
        ] {
            let error = with_file(text).expect_err(text).to_string();
            assert!(error.contains(&format!(":{line}: ")) && error.contains(&format!("`{key}`")), "{text:?}: {error}");
        }
        assert!(with_file("[server\nport = 1").unwrap_err().to_string().contains("line 1"));
    }

    /// Goal: I15 and row 28, whichever single value is put anywhere, the result is refused or harmless.
    #[test]
    fn mutated_files_are_refused_or_harmless() {
        let poison = ["0", "-1", "501", "1e308", "nan", "inf", "\"\"", "\"yes\"", "true", "[]", "{}", "1970-01-01", ""];
        let mut refused = 0;
        for (line_number, line) in
            DEFAULTS.lines().enumerate().filter(|(_, line)| line.contains(" = ") && !line.starts_with('#'))
        {
            for value in poison {
                let key = line.split('=').next().unwrap();
                let mutated: Vec<String> = DEFAULTS
                    .lines()
                    .enumerate()
                    .map(|(number, old)| if number == line_number { format!("{key}= {value}") } else { old.to_owned() })
                    .collect();
                match with_file(&mutated.join("\n")) {
                    Err(_) => refused += 1,
                    Ok(config) => {
                        let safety = config.safety;
                        assert!((1..=230).contains(&safety.robot_ttl_ms), "{key} = {value}");
                        assert!((1..230).contains(&safety.command_timeout_ms) && (1..=50).contains(&safety.step_ms));
                        assert!(config.direction.speed <= 0.5 && config.direction.hold_ms <= 500);
                    }
                }
            }
        }
        assert!(refused > 100, "only {refused} mutations were refused");
    }

    /// Goal: the nearest word counts, and its origin is known.
    #[test]
    fn later_layers_win_and_say_so() {
        let mut layers = Layers::defaults();
        let variables = [("JOYWIRE_ROBOT__NAME", "Rover"), ("JOYWIRE_SERVER__PORT", "9000"), ("JOYWIRE_LOG", "debug")];
        layers.environment(variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into_iter()).unwrap();
        layers.option("server.port", 9001).unwrap();
        let config = layers.check().unwrap();
        assert_eq!((config.robot.name.as_str(), config.server.port), ("Rover", 9001));
        let origins: BTreeMap<_, _> = layers.iter().map(|(key, _, origin)| (key, origin.to_string())).collect();
        assert_eq!(origins["robot.name"], "JOYWIRE_ROBOT__NAME");
        assert_eq!(origins["server.port"], "command line");
        assert_eq!(origins["data.dir"], "default");
        let stray = [("JOYWIRE_ROBOT__NAMES".to_owned(), "x".to_owned())];
        assert!(layers.environment(stray.into_iter()).is_err());
    }
}
