//! From configuration to the settings of each part.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, bail};

use super::phones::Names;
use super::{Confirm, MetricsArgs, RelayArgs, RunArgs, RunningArgs};
use crate::agent::controller::Dimensions;
use crate::cable::Plug;
use crate::cable::discover::Finder;
use crate::cable::pattern::PatternError;
use crate::cable::wanted::Wanted;
use crate::config::{self, Config, Layers};
use crate::drive::{Geometry, Motor, Motors, Ramp, Rules, Wheels};
use crate::journal::Journal;
use crate::network::hostname;
use crate::protocol::events::RobotCard;
use crate::recording::folder::Keep;
use crate::robot::body::Build;
use crate::{agent, doctor, recording, relay};

/// Defaults, file and environment. Without `file`, the one in the user's configuration folder if
/// there is one.
pub fn layers(file: Option<&Path>) -> anyhow::Result<Layers> {
    let usual = usual_file().filter(|path| path.exists());
    let mut layers = Layers::defaults();
    if let Some(path) = file.map(Path::to_owned).or(usual) {
        layers.file(&path)?;
    }
    with_environment(layers)
}

/// The same with what the environment says over it.
pub fn with_environment(mut layers: Layers) -> anyhow::Result<Layers> {
    layers.environment(std::env::vars_os().filter_map(|(name, value)| {
        // A variable that is no text cannot be one of ours.
        Some((name.into_string().ok()?, value.into_string().ok()?))
    }))?;
    Ok(layers)
}

/// Where the user's own file is, or would be.
pub fn usual_file() -> Option<PathBuf> {
    dirs::config_dir().map(|dir| dir.join("joywire/joywire.toml"))
}

/// The layers checked as a whole, and what they say about the robot's port.
///
/// # Errors
/// [`crate::config::ConfigError`] for the first value that does not do.
pub fn check(layers: &Layers) -> anyhow::Result<(Config, Wanted, Finder)> {
    let config = layers.check()?;
    let robot = &config.robot;
    let wanted = read(layers, "robot.serial", &robot.serial)?;
    let usb = robot.usb.iter().map(|text| read(layers, "robot.usb", text)).collect::<Result<_, _>>()?;
    super::gamepad::settings(layers, &config)?;
    let ports = robot.ports.iter().map(|text| read(layers, "robot.ports", text)).collect::<Result<_, _>>()?;
    check_wheels(layers, &config)?;
    Ok((config, wanted, Finder::new(usb, ports)))
}

/// What is told of the wheels must fit them.
fn check_wheels(layers: &Layers, config: &Config) -> anyhow::Result<()> {
    let (robot, told) = (&config.robot, &config.motors);
    let Some(wheels) = Wheels::named(&robot.wheels) else {
        let names = Wheels::ALL.map(|kind| format!("\"{}\"", kind.name())).join(", ");
        return Err(layers.refusal("robot.wheels", &robot.wheels, &format!("one of {names}")).into());
    };
    let most = wheels.motors();
    let lists = [("inverted", told.inverted.len()), ("trim", told.trim.len()), ("dead_band", told.dead_band.len())];
    if let Some((list, count)) = lists.into_iter().find(|(_, count)| *count > most) {
        let found = format!("a list of {count}");
        let expected = format!("at most {most}: so many speeds has a robot with {} wheels", wheels.name());
        return Err(layers.refusal(&format!("motors.{list}"), &found, &expected).into());
    }
    if wheels == Wheels::Ackermann && told.dead_band.get(1).is_some_and(|band| *band > 0) {
        return Err(layers.refusal("motors.dead_band", "above 0 for motor 2", "0 there: a servo has none").into());
    }
    Ok(())
}

fn read<T: FromStr<Err = PatternError>>(layers: &Layers, key: &str, text: &str) -> anyhow::Result<T> {
    text.parse().map_err(|error: PatternError| layers.refusal(key, text, error.expected).into())
}

/// The whole for `joywire relay`.
pub fn for_relay(args: &RelayArgs) -> anyhow::Result<Layers> {
    let mut layers = layers(args.config.as_deref())?;
    if let Some(port) = args.port {
        layers.option("server.port", i64::from(port))?;
    }
    if args.public {
        layers.option("server.public", true)?;
    }
    if (args.host.is_some() || args.confirm.is_some()) && !layers.check()?.server.public {
        bail!("--host and --confirm are about phones: add --public");
    }
    if let Some(host) = &args.host {
        layers.option("server.host", host.as_str())?;
    }
    if let Some(confirm) = args.confirm {
        layers.option("access.confirm", confirm == Confirm::Yes)?;
    }
    if let Some(name) = &args.name {
        layers.option("robot.name", name.as_str())?;
    }
    metrics(&mut layers, &args.metrics)?;
    if let Some(web) = &args.web {
        let web = web.to_str().with_context(|| format!("{} is no name that can be told", web.display()))?;
        layers.option("server.web", web)?;
    }
    Ok(layers)
}

/// What the command line says of metrics.
pub fn metrics(layers: &mut Layers, args: &MetricsArgs) -> anyhow::Result<()> {
    Ok(args.metrics.map_or(Ok(()), |port| layers.option("metrics.port", i64::from(port)))?)
}

/// The whole for `joywire run`.
pub fn for_run(args: &RunArgs) -> anyhow::Result<Layers> {
    let mut layers = for_relay(&args.relay)?;
    if let Some(serial) = &args.serial {
        layers.option("robot.serial", serial.as_str())?;
    }
    if args.record {
        layers.option("recording.on", true)?;
    }
    Ok(layers)
}

/// The access folder of the running program that is meant, and its port.
pub fn running(args: &RunningArgs) -> anyhow::Result<(PathBuf, u16)> {
    let (config, ..) = check(&layers_of_running(args)?)?;
    Ok((data_dir(&config)?.join("access"), config.server.port))
}

/// The configuration of the running program that is meant.
pub fn layers_of_running(args: &RunningArgs) -> anyhow::Result<Layers> {
    let mut layers = layers(args.config.as_deref())?;
    if let Some(port) = args.port {
        layers.option("server.port", i64::from(port))?;
    }
    Ok(layers)
}

/// The kind of robot.
pub fn wheels(config: &Config) -> Wheels {
    // `check` has refused every other name.
    Wheels::named(&config.robot.wheels).unwrap_or_default()
}

/// The simulated robot's dimensions: what nobody measured is that of a desk robot.
pub fn build(config: &Config) -> Build {
    let robot = &config.robot;
    let desk = Build::of(wheels(config));
    let or = |measured: f64, usual: f64| if measured > 0.0 { measured } else { usual };
    Build {
        geometry: Geometry {
            wheels: desk.geometry.wheels,
            track_m: or(robot.track_m, desk.geometry.track_m),
            wheelbase_m: or(robot.wheelbase_m, desk.geometry.wheelbase_m),
            steering_lock_rad: robot.steering_lock_deg.to_radians(),
        },
        top_speed_mps: or(robot.top_speed_mps, desk.top_speed_mps),
        counts_per_m: or(robot.counts_per_m, desk.counts_per_m),
    }
}

/// The robot's dimensions, if all that its kind has are known: measured, or made up by ourselves.
fn dimensions(config: &Config, wanted: &Wanted) -> Option<Dimensions> {
    let Build { geometry, top_speed_mps, counts_per_m } = build(config);
    if *wanted == Wanted::Simulated {
        return Some(Dimensions { geometry, top_speed_mps, counts_per_m: Some(counts_per_m) });
    }
    let robot = &config.robot;
    let known = match geometry.wheels {
        Wheels::Differential | Wheels::Skid => robot.track_m > 0.0,
        Wheels::Mecanum | Wheels::Omni => robot.track_m > 0.0 && robot.wheelbase_m > 0.0,
        Wheels::Ackermann => robot.wheelbase_m > 0.0,
    };
    let counts_per_m = Some(robot.counts_per_m).filter(|counts| *counts > 0.0);
    (known && robot.top_speed_mps > 0.0).then_some(Dimensions { geometry, top_speed_mps, counts_per_m })
}

/// What the motors need.
pub fn motors(config: &Config) -> Motors {
    let config::Motors { inverted, trim, dead_band } = &config.motors;
    let motor = |number: usize| Motor {
        inverted: inverted.get(number).copied().unwrap_or(false),
        trim: trim.get(number).copied().unwrap_or(1.0),
        dead_band: dead_band.get(number).copied().unwrap_or(0),
    };
    Motors::new(&(0..wheels(config).motors()).map(motor).collect::<Vec<_>>())
}

/// A random count of starts, so that no two simulated robots share a session.
pub fn boot_count() -> anyhow::Result<u16> {
    let mut bytes = [0; 2];
    getrandom::fill(&mut bytes).context("the system gives no random numbers")?;
    Ok(u16::from_le_bytes(bytes))
}

/// What the cable leads to.
pub fn plug(config: &Config, wanted: Wanted, finder: Finder) -> anyhow::Result<Plug> {
    match wanted {
        Wanted::Simulated => Ok(Plug::Simulated { build: build(config), boot_count: boot_count()? }),
        Wanted::Auto | Wanted::Path(_) | Wanted::Usb { .. } => Ok(Plug::Serial { wanted, finder }),
    }
}

/// What people are told of the robot.
pub fn card(config: &Config, wanted: &Wanted) -> RobotCard {
    let (wheels, known) = (wheels(config), dimensions(config, wanted));
    RobotCard {
        name: config.robot.name.clone(),
        color: config.robot.color.clone(),
        simulated: *wanted == Wanted::Simulated,
        wheels: wheels.name().to_owned(),
        strafe: wheels.strafes(),
        track_m: known.map(|known| known.geometry.track_m),
        top_speed_mps: known.map(|known| known.top_speed_mps),
    }
}

/// The relay's settings.
pub fn relay(config: &Config, wanted: &Wanted, names: &Names, journal: &Journal) -> anyhow::Result<relay::Settings> {
    let mut settings = relay::Settings::new(config.server.port, card(config, wanted), data_dir(config)?);
    settings.public = config.server.public;
    settings.journal = journal.clone();
    settings.hosts = names.all.subscribe();
    settings.confirm = config.access.confirm;
    settings.local_operator = config.access.local_operator;
    settings.limits.events_per_second = config.limits.events_per_second;
    settings.limits.command_timeout_ms = config.safety.command_timeout_ms;
    settings.burst = config.limits.burst;
    // However many listen, one event fits.
    let everybody = u32::try_from(config.limits.connections).unwrap_or(u32::MAX);
    settings.deliveries_per_second = config.limits.deliveries_per_second.max(everybody);
    // A KiB for each event that may come: else who is allowed more of them would be held back by their bytes.
    settings.bytes_per_second = settings.bytes_per_second.max(config.limits.events_per_second.saturating_mul(1024));
    settings.connections = config.limits.connections;
    settings.connections_per_address = config.limits.connections_per_address;
    settings.connections_per_local_address = config.limits.connections_per_local_address;
    let tls = &config.tls;
    settings.own_certificate = (!tls.cert.is_empty()).then(|| (PathBuf::from(&tls.cert), PathBuf::from(&tls.key)));
    settings.names = names.vouched.subscribe();
    let trust_port = config.server.trust_port;
    settings.recordings = Some(recordings(config)?);
    settings.web = web(&config.server.web, &settings.data_directory)?;
    settings.trust_port = (config.server.public && trust_port != 0).then_some(trust_port);
    Ok(settings)
}

/// The folder with the user's own pages, if there is one.
fn web(folder: &str, data: &Path) -> anyhow::Result<Option<PathBuf>> {
    if folder.is_empty() {
        return Ok(None);
    }
    let root = std::fs::canonicalize(folder).with_context(|| format!("cannot serve the pages in {folder}"))?;
    if !root.is_dir() {
        bail!("cannot serve the pages in {folder}: it is a file; name the folder that it is in");
    }
    if std::path::absolute(data)?.starts_with(&root) {
        bail!("{folder} holds Joywire's own keys ({}): serve a folder that has pages alone", data.display());
    }
    Ok(Some(root))
}

/// The agent's settings.
pub fn agent(config: &Config, wanted: &Wanted) -> anyhow::Result<agent::Settings> {
    let drive = &config.drive;
    let ramp = |accelerate, brake| Ramp {
        accelerate: Duration::from_millis(accelerate),
        brake: Duration::from_millis(brake),
        accelerate_jerk: Duration::from_millis(drive.accelerate_jerk_ms),
        brake_jerk: Duration::from_millis(drive.brake_jerk_ms),
    };
    let rules = Rules {
        command_timeout: Duration::from_millis(config.safety.command_timeout_ms),
        robot_ttl: Duration::from_millis(config.safety.robot_ttl_ms),
        nudge_hold: Duration::from_millis(config.direction.hold_ms),
        nudge_speed: config.direction.speed,
        speed_limit: drive.speed_limit,
        straight: ramp(drive.accelerate_ms, drive.brake_ms),
        turn: ramp(drive.turn_accelerate_ms, drive.turn_brake_ms),
        wheels: wheels(config),
        // A simulated robot's motors are as drawn.
        motors: if *wanted == Wanted::Simulated { Motors::default() } else { motors(config) },
        ..Rules::default()
    };
    let controller = agent::controller::Settings {
        rules,
        dimensions: dimensions(config, wanted),
        seed: getrandom::u32().context("the system gives no random numbers")?,
    };
    // One latch, whichever the robot: a port has many names, and none of them may be a way around it.
    let dir = data_dir(config)?.join("agent");
    let name = config.robot.name.clone();
    Ok(agent::Settings { controller, step: config.step(), dir, name, journal: Journal::none() })
}

/// How this robot is recorded.
pub fn recording(layers: &Layers, config: &Config) -> anyhow::Result<recording::Settings> {
    let (name, told) = (&config.robot.name, &config.recording);
    Ok(recording::Settings {
        folder: recordings(config)?,
        label: hostname::label(name),
        robot: name.clone(),
        step: config.step(),
        config: layers.iter().map(|(key, value, _)| (key.to_owned(), value.to_string())).collect(),
        file_bytes: told.max_mib << 20,
        file_length: Duration::from_secs(60 * told.max_minutes),
        keep: Keep { bytes: told.keep_mib << 20, age: Duration::from_secs(24 * 3600 * told.keep_days) },
    })
}

/// The folder of recordings.
pub fn recordings(config: &Config) -> anyhow::Result<PathBuf> {
    Ok(data_dir(config)?.join("recordings"))
}

/// What the doctor looks at. `now` is in seconds since 1970.
pub fn doctor(config: &Config, wanted: &Wanted, finder: Finder, now: u64) -> anyhow::Result<doctor::Questions> {
    Ok(doctor::Questions {
        https: config.server.port,
        trust: config.server.trust_port,
        host: config.server.mdns.then(|| format!("{}.local", hostname::label(&config.robot.name))),
        shown: config.server.host.clone(),
        data: data_dir(config)?,
        finder,
        simulated: *wanted == Wanted::Simulated,
        now,
    })
}

/// The user's data directory.
pub fn data_dir(config: &Config) -> anyhow::Result<PathBuf> {
    if config.data.dir.is_empty() {
        let home = dirs::data_dir().context("there is no data folder: set HOME, or data.dir in the configuration")?;
        Ok(home.join("joywire"))
    } else {
        Ok(PathBuf::from(&config.data.dir))
    }
}
