//! The command line: one file a command, and what they share.

mod agent;
mod calibrate;
mod config;
mod descriptors;
mod devices;
mod doctor;
mod drive;
mod front;
mod gamepad;
mod key;
mod log;
mod memory;
mod pads;
mod pair;
mod phones;
mod ports;
mod qr;
mod reception;
mod relay;
mod replay;
mod replay_live;
mod robot_file;
mod run;
mod settings;
mod signals;
mod sim;
mod terminal;

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use tracing_appender::non_blocking::NonBlockingBuilder;
use tracing_subscriber::EnvFilter;

use self::terminal::{complain, say};
use crate::protocol::events::Role;

/// What is logged unless `JOYWIRE_LOG` says otherwise: transitions of ours, troubles of others.
const LOG: &str = "warn,joywire=info";

/// Lines that wait for a terminal at most. The usual 128,000 take 4 MiB of memory before the first is written.
const LINES: usize = 4096;

/// Drive a serial robot from a phone browser or a gamepad, and trust it to stop.
#[derive(Debug, Parser)]
#[command(
    name = "joywire",
    version,
    args_conflicts_with_subcommands = true,
    after_help = "\
Without a command, `joywire` does what `joywire run` does: it drives a simulated robot at https://localhost:8080.\n\
\n\
Examples:\n  \
  joywire                            drive the simulated robot in a browser\n  \
  joywire --public                   drive it from a phone as well: scan the code that appears\n  \
  joywire pair --role viewer         a code for one more device, from another terminal\n  \
  joywire relay --public             the relay alone; `joywire pair --role agent` beside it shows what to type at a robot\n  \
  joywire ports                      the serial ports here, and which may lead to a robot\n  \
  joywire --serial auto              drive the robot that is found at a serial port\n  \
  joywire --serial /dev/ttyUSB0      drive the robot at that port\n  \
  joywire pads                       the gamepads here, and what each of their controls does\n  \
  joywire sim --link /tmp/robot      a simulated robot that other programs open like a serial port\n  \
  joywire calibrate --serial auto    finds direction, dead band and trim of each motor, step by step\n  \
  joywire --record                   drive, and record it\n  \
  joywire replay --explain FILE      every stop of a recording: when, why, where, how long\n  \
  joywire doctor                     what keeps people from driving, and what to do about it\n  \
  joywire log --since today          what was said and done today; `--follow` goes on with what comes\n  \
  joywire config show                every setting, its value and where it came from\n\
\n\
The STOP button stops motors by software. Fit a switch that cuts motor power as well."
)]
pub struct CommandLine {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: RunArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Relay, agent and robot in one process (the default).
    Run(RunArgs),
    /// The HTTPS relay alone, for robots whose agents dial in.
    ///
    /// It serves the page and relays chat, direction and any other event between clients, and leads each to its robot.
    /// `joywire pair --role agent` shows what to type beside a robot.
    Relay(RelayArgs),
    /// The agent alone, beside its robot: it dials out to a relay on another machine.
    ///
    /// `joywire pair --role agent` beside the relay shows the command to type here the first time, with a code and the
    /// relay's fingerprint; from then on `--relay` is enough. The robot keeps its rules, its seat and its STOP by itself: when
    /// the relay cannot be reached it stops, and gamepads at this machine go on driving. One agent brings several robots with
    /// one `--config` for each.
    Agent(AgentArgs),
    /// Drives a robot from a script: directions and times, one step after the other.
    ///
    /// `joywire drive left 0.5s up 1s`. It takes the seat, drives, and lets go; exit code 0 if the robot did all of it, 1 if
    /// someone else drives, or it was stopped. A relay on another machine must know this one first: `joywire pair` beside
    /// it shows a code.
    Drive(DriveArgs),
    /// A simulated robot on a pseudo-terminal, for CI and for other people's programs.
    ///
    /// Prints the path of a port that can be opened like a serial port, and runs until Ctrl-C.
    Sim(SimArgs),
    /// Shows a code that lets one more device in, while the program runs.
    Pair(PairArgs),
    /// Lists the devices that were let in, lets waiting ones in, throws some out.
    Devices(DevicesArgs),
    /// Lists the serial ports of this machine, and which may lead to a robot.
    Ports(PortsArgs),
    /// Shows the gamepads of this machine: which there are, and live what their controls ask the robot for.
    ///
    /// Nothing is driven by it. Each control is shown by the name that it has in the configuration ([gamepad]), with
    /// what it is for there, and each stick with what becomes of it: dead zone, curve, style, speed, wheels. Ends with
    /// Ctrl-C. When the output is no terminal, it is the list alone.
    Pads(PadsArgs),
    /// Finds each motor's direction, dead band and trim, with you watching the wheels, and writes them into the robot's file.
    ///
    /// Put the robot on a box first. It asks step by step, turns one motor at a time at 40 % at most, shows what would
    /// change in the file and asks before it writes. `--serial sim` is for practice. End joywire before: it keeps the
    /// robot for itself.
    Calibrate(CalibrateArgs),
    /// Finds out what keeps people from driving: network, firewall, certificate, serial ports, permissions.
    ///
    /// It changes nothing, needs no special rights, and says what to do about whatever is not fine. Exit code 0: no
    /// problem (notes and warnings are none); 1: at least one problem, or a configuration that would be refused.
    Doctor(DoctorArgs),
    /// Shows what was said and done: chat, commands, who drove, every STOP, every fault with its reason, who came in.
    ///
    /// Without options it shows the last 50 entries. It works while joywire runs and afterwards. Gaps in the log are told in it,
    /// with how much is missing and why. `[log]` in the configuration says how long it remembers.
    Log(log::LogArgs),
    /// Plays a recording again: checks that it makes the same frames, and drives its commands again.
    ///
    /// Every input of the recording is played into the same rules, and every frame for the robot is compared with the
    /// recorded one. Then the commands are given to a simulated robot, in no time; with `--serial`, to a real one, whose
    /// rules, seat and STOP are in force as ever. `--explain` tells of every stop instead: when, what, why, where on the way
    /// from the hand to the wheels, and how long. Recordings are in the folder `recordings` of your data folder; Foxglove
    /// opens them. Exit code 0: all is as recorded, and driven to the end.
    Replay(ReplayArgs),
    /// Shows or checks the configuration.
    #[command(subcommand)]
    Config(ConfigCommand),
}

#[derive(Debug, Args)]
struct RunArgs {
    #[command(flatten)]
    relay: RelayArgs,
    /// The robot: `sim`, `auto`, the path of its serial port, or `usb:VID:PID[:SERIAL]`.
    ///
    /// `auto` finds the robot at the serial ports that may have one; `joywire ports` lists them.
    #[arg(long, value_name = "sim|auto|PATH|usb:VID:PID")]
    serial: Option<String>,
    /// Records this drive from the start, for `joywire replay` and Foxglove.
    #[arg(long)]
    record: bool,
}

#[derive(Debug, Args)]
struct RelayArgs {
    /// HTTPS port; 0 takes any free one [default: 8080].
    #[arg(long)]
    port: Option<u16>,
    /// Lets phones and other machines knock: shows a code to scan. Who is not paired sees the page, no more.
    #[arg(long)]
    public: bool,
    /// The address or name by which phones reach this machine [default: chosen from its networks].
    #[arg(long, value_name = "ADDRESS|NAME")]
    host: Option<String>,
    /// Whether someone here must say yes before a device drives; `no` lets in whoever sees the code [default: yes].
    #[arg(long, value_name = "yes|no")]
    confirm: Option<Confirm>,
    /// The robot's name on the page.
    #[arg(long)]
    name: Option<String>,
    /// A folder with pages of your own, served at /; Joywire's page is at /joywire/ then.
    #[arg(long, value_name = "DIR")]
    web: Option<PathBuf>,
    #[command(flatten)]
    metrics: MetricsArgs,
    /// Configuration file [default: joywire/joywire.toml in your configuration folder, if it is there].
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Whether numbers are served, and where.
#[derive(Debug, Args)]
struct MetricsArgs {
    /// Port of this machine for Prometheus (http://localhost:PORT/metrics) and health checks (/healthz) [default: 8082].
    #[arg(long, value_name = "PORT|off", value_parser = metrics_port)]
    metrics: Option<u16>,
}

#[derive(Debug, Args)]
struct AgentArgs {
    /// The relay's address, such as `https://192.168.1.5:8080`.
    #[arg(long, value_name = "URL")]
    relay: String,
    #[command(flatten)]
    key: KeyArgs,
    /// The robot: `sim`, `auto`, the path of its serial port, or `usb:VID:PID[:SERIAL]` [default: the configured one].
    #[arg(long, value_name = "sim|auto|PATH|usb:VID:PID")]
    serial: Option<String>,
    /// The robot's name on the page; no two robots of a relay have the same.
    #[arg(long)]
    name: Option<String>,
    /// Configuration file; one for each robot, if this agent has several.
    #[arg(long, value_name = "FILE")]
    config: Vec<PathBuf>,
    /// Records this drive from the start, for `joywire replay` and Foxglove.
    #[arg(long)]
    record: bool,
    /// The relay is the Node.js server of the original course system, or another that tells everything to everyone:
    /// direction and chat are heard, reply and notices are said.
    #[arg(long)]
    classic: bool,
    #[command(flatten)]
    metrics: MetricsArgs,
}

#[derive(Debug, Args)]
struct DriveArgs {
    /// The relay's address.
    #[arg(long, value_name = "URL", default_value = "https://localhost:8080")]
    relay: String,
    /// The robot, by name, if the relay has several.
    #[arg(long, value_name = "NAME")]
    robot: Option<String>,
    #[command(flatten)]
    key: KeyArgs,
    /// Configuration file, for the data folder.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Directions (up, down, left, right, stop, or a stick's place as X,Y), each with a time: up 1s left 0.5s
    #[arg(required = true, value_name = "DIRECTION TIME", allow_negative_numbers = true)]
    steps: Vec<String>,
}

/// How a program comes to be known to a relay.
#[derive(Debug, Args)]
struct KeyArgs {
    /// The code that `joywire pair` shows beside the relay; the first time only.
    #[arg(long, requires = "fingerprint", allow_hyphen_values = true)]
    code: Option<String>,
    /// The fingerprint that stands beside the code: nobody else can answer in the relay's place.
    #[arg(long, value_name = "SHA256")]
    fingerprint: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Confirm {
    Yes,
    No,
}

/// Which of the running programs is meant.
#[derive(Debug, Args)]
struct RunningArgs {
    /// HTTPS port of the running program [default: the configured one, 8080].
    #[arg(long, global = true)]
    port: Option<u16>,
    /// Its configuration file.
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct PairArgs {
    /// What the device may do: watch, drive, or also clear STOP and let others in, all of which may STOP; `agent`: run
    /// a robot from another machine.
    #[arg(long, default_value = "driver")]
    role: WantedRole,
    /// The robot that it is for, if the relay has several; a viewer or driver sees no other.
    #[arg(long, value_name = "NAME")]
    robot: Option<String>,
    #[command(flatten)]
    running: RunningArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum WantedRole {
    Agent,
    Viewer,
    Driver,
    Operator,
}

impl From<WantedRole> for Role {
    fn from(wanted: WantedRole) -> Self {
        match wanted {
            WantedRole::Agent => Self::Agent,
            WantedRole::Viewer => Self::Viewer,
            WantedRole::Driver => Self::Driver,
            WantedRole::Operator => Self::Operator,
        }
    }
}

#[derive(Debug, Args)]
struct DevicesArgs {
    #[command(subcommand)]
    command: Option<DevicesCommand>,
    #[command(flatten)]
    running: RunningArgs,
}

#[derive(Clone, Debug, Subcommand)]
enum DevicesCommand {
    /// Lists devices that wait and those that were let in (the default).
    List {
        /// As JSON, for programs.
        #[arg(long)]
        json: bool,
    },
    /// Lets a waiting device in. Compare its four digits first.
    Approve {
        /// Its number in the list.
        id: u64,
    },
    /// Sends a waiting device away.
    Deny {
        /// Its number in the list.
        id: u64,
    },
    /// Says which robot a device is for, if the relay has several: a viewer or driver sees no other.
    Assign {
        /// Its number in the list.
        id: u64,
        /// The robot's name; without it: any.
        robot: Option<String>,
    },
    /// Throws a device out: its connections end at once, and so does its driving.
    Revoke {
        /// Its number in the list.
        id: u64,
    },
}

#[derive(Debug, Args)]
struct SimArgs {
    /// Also makes a symbolic link there that points to the port.
    #[arg(long, value_name = "PATH")]
    link: Option<PathBuf>,
    /// Configuration file, for the robot's dimensions.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct PortsArgs {
    /// As JSON, for programs.
    #[arg(long)]
    json: bool,
    /// Opens the ports that may have a robot, one after the other, and listens up to 4 s at each.
    ///
    /// Careful: opening its port restarts most boards. A printer stops printing, a robot stops driving.
    #[arg(long)]
    listen: bool,
    /// Configuration file, for the USB devices and ports that may be a robot.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct PadsArgs {
    /// The list alone.
    #[arg(long)]
    list: bool,
    /// One JSON object a line, for programs: the list first, then a line for every change, 20 a second of a pad at most.
    #[arg(long)]
    json: bool,
    /// Configuration file, for the controls' functions and how sticks are shaped.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct CalibrateArgs {
    /// The robot: `sim`, `auto`, the path of its serial port, or `usb:VID:PID[:SERIAL]` [default: the configured one].
    #[arg(long, value_name = "sim|auto|PATH|usb:VID:PID")]
    serial: Option<String>,
    /// The robot's file, which is changed [default: joywire/joywire.toml in your configuration folder].
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct DoctorArgs {
    /// As JSON, for programs: a list of subject, level (fine, note, warning, problem), what, and advice.
    #[arg(long)]
    json: bool,
    /// HTTPS port to look at, if it is not the one of the configuration.
    #[arg(long)]
    port: Option<u16>,
    /// Prints the device rule for udev instead, which opens robots and gamepads to whoever sits at this machine.
    #[arg(long, conflicts_with_all = ["json", "port", "config"])]
    device_rule: bool,
    /// Configuration file [default: joywire/joywire.toml in your configuration folder, if it is there].
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct ReplayArgs {
    /// The recording, an .mcap file.
    file: PathBuf,
    /// Tells of every stop, and drives nothing.
    #[arg(long, conflicts_with_all = ["realtime", "serial"])]
    explain: bool,
    /// The same as JSON, for programs: the stops with their numbers, and whether all frames are as recorded.
    #[arg(long, conflicts_with_all = ["realtime", "serial"])]
    json: bool,
    /// Drives the simulated robot in real time.
    #[arg(long)]
    realtime: bool,
    /// Drives a real robot again: `auto`, the path of its serial port, or `usb:VID:PID[:SERIAL]`. Its wheels turn!
    ///
    /// End joywire before: it keeps the robot for itself. Ctrl-C stops it.
    #[arg(long, value_name = "auto|PATH|usb:VID:PID")]
    serial: Option<String>,
    /// How fast at most, as a share of full speed, above 0 to 1; the way becomes shorter by as much.
    #[arg(long, value_name = "SHARE", default_value_t = 0.5)]
    speed: f64,
    /// Does not ask before the wheels turn.
    #[arg(long)]
    yes: bool,
    /// Configuration file, for the robot at --serial and the data folder.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Prints every key, its value, and where it came from.
    Show {
        /// Configuration file.
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// Checks a file; exit code 1 if it would be refused.
    Check {
        /// Configuration file.
        file: PathBuf,
    },
}

fn metrics_port(text: &str) -> Result<u16, &'static str> {
    match text {
        "off" => Ok(0),
        port => port.parse().map_err(|_| "a port, 1 to 65535, or off"),
    }
}

/// Runs the command. An error becomes one line on standard error and exit code 1.
#[must_use]
pub fn main(line: CommandLine) -> ExitCode {
    let filter = EnvFilter::try_from_env("JOYWIRE_LOG").unwrap_or_else(|_| EnvFilter::new(LOG));
    let colours = io::stderr().is_terminal();
    // A paused terminal or a full pipe blocks whoever writes to it. That must not be the thread that
    // drives: the log has its own, and what it cannot take is dropped and counted.
    let queue = NonBlockingBuilder::default().buffered_lines_limit(LINES);
    let (writer, _flushed_at_the_end) = queue.finish(terminal::Log);
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer)
        .with_ansi(colours)
        .with_target(false)
        // Else a log that nobody reads any more would be complained about in a way that panics.
        .log_internal_errors(false)
        .init();
    let outcome = match line.command {
        None => run::run(&line.run),
        Some(Command::Run(args)) => run::run(&args),
        Some(Command::Relay(args)) => relay::run(&args),
        Some(Command::Agent(args)) => agent::run(&args),
        Some(Command::Drive(args)) => drive::run(&args),
        Some(Command::Sim(args)) => sim::run(&args),
        Some(Command::Pair(args)) => pair::run(&args),
        Some(Command::Devices(args)) => devices::run(&args),
        Some(Command::Ports(args)) => ports::run(&args),
        Some(Command::Pads(args)) => pads::run(&args),
        Some(Command::Calibrate(args)) => calibrate::run(&args),
        Some(Command::Doctor(args)) => doctor::run(&args),
        Some(Command::Log(args)) => log::run(&args),
        Some(Command::Replay(args)) => replay::run(&args),
        Some(Command::Config(ConfigCommand::Show { config })) => config::show(config.as_deref()),
        Some(Command::Config(ConfigCommand::Check { file })) => config::check(&file),
    };
    outcome.unwrap_or_else(|error| {
        complain(&format!("joywire: {}", whole(&error)));
        ExitCode::FAILURE
    })
}

/// An error with its causes, each said once: some errors say their cause themselves.
fn whole(error: &anyhow::Error) -> String {
    error
        .chain()
        .skip(1)
        .map(ToString::to_string)
        .fold(error.to_string(), |said, cause| if said.contains(&cause) { said } else { format!("{said}: {cause}") })
}

/// A number of things, in words.
fn plural(count: u64, thing: &str) -> String {
    if count == 1 { format!("1 {thing}") } else { format!("{count} {thing}s") }
}

/// One thread for everything that waits: a command reaches the wire without waking another.
fn runtime() -> io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}
