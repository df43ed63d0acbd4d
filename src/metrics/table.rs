//! PURE. What is counted: the one table of all metrics. docs/metrics.md is written from it.

use crate::drive::Fault;

/// Each metric, in the order of [`TABLE`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the table describes every one")]
pub enum Metric {
    Commands,
    Refusals,
    Stops,
    Stopped,
    State,
    AgeAtWheels,
    StepDuration,
    StepLateness,
    FramesSent,
    BadFrames,
    CableErrors,
    CableDroppedBytes,
    RobotReconnects,
    RobotRestarts,
    RobotMessages,
    DroppedCommands,
    ReplacedSamples,
    SeatHeld,
    SeatWaiting,
    SeatChanges,
    Battery,
    Recording,
    RecordingBytes,
    RecordingDropped,
    RelayEvents,
    RelayRefusals,
    RelayConnections,
    RelayRefusedConnections,
    RelayCutOff,
    RelayLostRemarks,
    RelayDevices,
    RelayRobots,
    LogRecords,
    LogWaiting,
    LogLost,
    LogGaps,
    Build,
    CpuTime,
    ResidentMemory,
    VirtualMemory,
    OpenFiles,
    MostFiles,
    Threads,
    Started,
}

/// What kind of number it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// It only grows, from 0 at the start.
    Counter,
    /// It goes up and down.
    Gauge,
    /// The same; absent until somebody has measured it.
    GaugeIfKnown,
    /// Durations, counted by how long they were; these are the bounds, in seconds.
    Histogram(&'static [f64]),
}

/// Whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Of each robot whose agent is in this program.
    Robot,
    /// Of the relay, if it is in this program.
    Relay,
    /// Of the program.
    Program,
}

/// A label with all the values that it can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label {
    /// Its name.
    pub name: &'static str,
    /// Its values.
    pub values: &'static [&'static str],
    /// A second label that follows from the first, with the value that belongs to each.
    pub beside: Option<(&'static str, &'static [&'static str])>,
}

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// Which.
    pub metric: Metric,
    /// What kind of number.
    pub kind: Kind,
    /// Whose.
    pub part: Part,
    /// Its name, as Prometheus has it.
    pub name: &'static str,
    /// Its labels.
    pub labels: &'static [Label],
    /// A sentence.
    pub help: &'static str,
}

impl Row {
    /// Its unit, as the name tells it; `None` for what is only counted.
    #[must_use]
    pub fn unit(&self) -> Option<&'static str> {
        let base = self.base();
        ["seconds", "bytes", "volts"].into_iter().find(|unit| base.ends_with(&format!("_{unit}")))
    }

    /// Its name without the ending of counters.
    #[must_use]
    pub fn base(&self) -> &'static str {
        self.name.strip_suffix("_total").unwrap_or(self.name)
    }

    /// What a stored number is to be multiplied by: durations are stored in ns, voltages in mV.
    #[must_use]
    pub fn scale(&self) -> f64 {
        match self.unit() {
            Some("seconds") => 1e-9,
            Some("volts") => 1e-3,
            Some(_) | None => 1.0,
        }
    }

    /// How many series it has.
    #[must_use]
    pub fn series(&self) -> usize {
        self.labels.iter().map(|label| label.values.len()).product()
    }
}

const fn label(name: &'static str, values: &'static [&'static str]) -> Label {
    Label { name, values, beside: None }
}

/// Where commands come from.
pub(super) const SOURCES: [&str; 2] = ["network", "gamepad"];
/// What robots are asked for.
pub(super) const COMMANDS: [&str; 9] =
    ["drive", "motors", "direction", "seat", "stop", "reset", "calibrate", "recordings", "chat"];
/// What clients send, by the names of the events; `topic` is any other.
pub(super) const EVENTS: [&str; 13] = [
    "drive",
    "direction",
    "seat",
    "stop",
    "reset",
    "calibrate",
    "recordings",
    "log",
    "access",
    "robots",
    "echo",
    "chat",
    "topic",
];
/// What the robot is doing.
pub(super) const STATES: [&str; 6] = ["no_robot", "starting", "ready", "driving", "stopped", "latched"];
/// What became of a message at the robot.
pub(super) const OUTCOMES: [&str; 7] =
    ["accepted", "damaged", "no_message", "foreign_session", "old_seq", "stale", "barred"];
/// What devices may do.
pub(super) const ROLES: [&str; 4] = ["agent", "viewer", "driver", "operator"];
/// Who is at the other end of a connection.
pub(super) const KINDS: [&str; 2] = ["local", "device"];
/// Whether a robot's agent is connected.
pub(super) const PRESENCE: [&str; 2] = ["here", "away"];
/// Why a connection or a request was refused.
pub(super) const REJECTIONS: [&str; 6] = ["crowded", "turned_away", "too_fast", "session", "full", "barred"];
/// Why the relay has refused an event.
pub(super) const RELAY_CODES: [&str; 9] =
    ["rate", "size", "role", "malformed", "name", "busy", "robot", "grounded", "other"];

/// Refusals of the pilot and the agent that are no faults; `other` is last.
const OWN_CODES: [&str; 14] = [
    "seat_taken",
    "no_seat",
    "old_epoch",
    "old_seq",
    "neutral_first",
    "no_tick",
    "foreign_tick",
    "stale",
    "not_latched",
    "wrong_nonce",
    "too_soon",
    "bad_stick",
    "bad_motors",
    "role",
];

/// The codes of all faults, in the order of their table, and the hops.
pub(super) const CAUSES: [&str; Fault::ALL.len()] = {
    let mut codes = [""; Fault::ALL.len()];
    let mut at = 0;
    while at < codes.len() {
        codes[at] = Fault::ALL[at].policy().code;
        at += 1;
    }
    codes
};
const HOPS: [&str; Fault::ALL.len()] = {
    let mut hops = [""; Fault::ALL.len()];
    let mut at = 0;
    while at < hops.len() {
        hops[at] = Fault::ALL[at].policy().hop.name();
        at += 1;
    }
    hops
};
/// Why a command had no effect.
pub(super) const CODES: [&str; OWN_CODES.len() + CAUSES.len() + 1] = {
    let mut codes = ["other"; OWN_CODES.len() + CAUSES.len() + 1];
    let mut at = 0;
    while at < codes.len() - 1 {
        codes[at] = if at < OWN_CODES.len() { OWN_CODES[at] } else { CAUSES[at - OWN_CODES.len()] };
        at += 1;
    }
    codes
};

const CAUSE: Label = Label { name: "cause", values: &CAUSES, beside: Some(("hop", &HOPS)) };
const VERSION: Label = label("version", &[env!("CARGO_PKG_VERSION")]);

/// An age of 230 ms stops the robot; most are far below.
const AGES: Kind = Kind::Histogram(&[0.01, 0.02, 0.03, 0.04, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.5]);
/// From the cost of a step on a fast machine to the pause that counts as held up.
const STEPS: Kind = Kind::Histogram(&[
    0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
]);

const fn row(
    metric: Metric,
    kind: Kind,
    part: Part,
    (name, labels): (&'static str, &'static [Label]),
    help: &'static str,
) -> Row {
    Row { metric, kind, part, name, labels, help }
}

use self::Kind::{Counter, Gauge, GaugeIfKnown};
use self::Part::{Program, Relay, Robot};

/// The table.
#[rustfmt::skip]
pub static TABLE: &[Row] = &[
    row(Metric::Commands, Counter, Robot,
        ("joywire_commands_total", &[label("command", &COMMANDS), label("source", &SOURCES)]),
        "Commands that reached the robot's agent, whether or not they had an effect"),
    row(Metric::Refusals, Counter, Robot, ("joywire_refusals_total", &[label("code", &CODES)]),
        "Commands that the agent refused, by code, also those of which nobody is told: samples of a stick at rest, old_epoch, old_seq"),
    row(Metric::Stops, Counter, Robot, ("joywire_stops_total", &[CAUSE]),
        "Times that a robot that was ready was stopped, and times that STOP was latched, by the cause that was told"),
    row(Metric::Stopped, Gauge, Robot, ("joywire_stopped", &[CAUSE]),
        "Why the robot may not drive now: 1 for the strongest cause, 0 for all others; all 0 if it may"),
    row(Metric::State, Gauge, Robot, ("joywire_robot_state", &[label("state", &STATES)]),
        "What the robot is doing: 1 for the state that telemetry tells, 0 for all others"),
    row(Metric::AgeAtWheels, AGES, Robot, ("joywire_age_at_wheels_seconds", &[]),
        "How old commands were when the robot obeyed them, by its own clock, told with each status while it drives; it stops by itself at 0.23"),
    row(Metric::StepDuration, STEPS, Robot, ("joywire_step_duration_seconds", &[]),
        "How long the agent took to decide and to hand the frame to the cable"),
    row(Metric::StepLateness, STEPS, Robot, ("joywire_step_lateness_seconds", &[]),
        "How much later than it was due the agent decided; 0.25 of pause counts as held up"),
    row(Metric::FramesSent, Counter, Robot, ("joywire_frames_sent_total", &[]),
        "DRIVE frames written to the robot"),
    row(Metric::BadFrames, Counter, Robot, ("joywire_bad_frames_total", &[]),
        "Frames from the robot that were damaged or not understood"),
    row(Metric::CableErrors, Counter, Robot, ("joywire_cable_errors_total", &[]),
        "Times that the line to the robot broke, was given up or could not be opened, each reason once in a row"),
    row(Metric::CableDroppedBytes, Counter, Robot, ("joywire_cable_dropped_bytes_total", &[]),
        "Bytes thrown away because the line did not take them in time"),
    row(Metric::RobotReconnects, Counter, Robot, ("joywire_robot_reconnects_total", &[]),
        "Lines on which the robot was heard, after the first"),
    row(Metric::RobotRestarts, Counter, Robot, ("joywire_robot_restarts_total", &[]),
        "Times that the robot restarted while its line was open"),
    row(Metric::RobotMessages, Counter, Robot, ("joywire_robot_messages_total", &[label("outcome", &OUTCOMES)]),
        "What became of our messages at the robot, by its own count; from 0 again when it restarts or has counted 65535"),
    row(Metric::DroppedCommands, Counter, Robot, ("joywire_mailbox_dropped_total", &[]),
        "Commands dropped because too many waited for the agent"),
    row(Metric::ReplacedSamples, Counter, Robot, ("joywire_mailbox_replaced_total", &[]),
        "Stick samples replaced by newer ones before the agent read them"),
    row(Metric::SeatHeld, Gauge, Robot, ("joywire_seat_held", &[]),
        "Whether somebody drives: 1 or 0"),
    row(Metric::SeatWaiting, Gauge, Robot, ("joywire_seat_waiting", &[]),
        "People who wait for the seat"),
    row(Metric::SeatChanges, Counter, Robot, ("joywire_seat_changes_total", &[]),
        "Times that the seat was taken, given on or left"),
    row(Metric::Battery, GaugeIfKnown, Robot, ("joywire_battery_volts", &[]),
        "The robot's battery; absent if it does not measure it"),
    row(Metric::Recording, Gauge, Robot, ("joywire_recording", &[]),
        "Whether this robot is being recorded: 1 or 0"),
    row(Metric::RecordingBytes, Counter, Robot, ("joywire_recording_written_bytes_total", &[]),
        "Bytes written to recordings"),
    row(Metric::RecordingDropped, Counter, Robot, ("joywire_recording_dropped_total", &[]),
        "Messages that recordings lack because the disk was slow or full"),
    row(Metric::RelayEvents, Counter, Relay, ("joywire_relay_events_total", &[label("event", &EVENTS)]),
        "Events that clients sent, refused ones too; topic stands for any name that is not the contract's"),
    row(Metric::RelayRefusals, Counter, Relay, ("joywire_relay_refusals_total", &[label("code", &RELAY_CODES)]),
        "Events that the relay refused, by the code that their sender is told"),
    row(Metric::RelayConnections, Gauge, Relay,
        ("joywire_relay_connections", &[label("role", &ROLES), label("kind", &KINDS)]),
        "Clients and agents that are connected, by what they may do, and whether they are of this machine or a paired device"),
    row(Metric::RelayRefusedConnections, Counter, Relay,
        ("joywire_relay_refused_connections_total", &[label("why", &REJECTIONS)]),
        "Connections and requests that were not let in: too many or too fast, a foreign host, origin or proxy, strangers that ask too fast, sessions of somebody else or too many, a full room, somebody who flooded lately"),
    row(Metric::RelayCutOff, Counter, Relay, ("joywire_relay_cut_off_total", &[]),
        "Clients that were cut off because they sent without end"),
    row(Metric::RelayLostRemarks, Counter, Relay, ("joywire_relay_lost_remarks_total", &[]),
        "Remarks of agents that the relay lost because it could not keep up"),
    row(Metric::RelayDevices, Gauge, Relay, ("joywire_relay_paired_devices", &[label("role", &ROLES)]),
        "Devices that were let in"),
    row(Metric::RelayRobots, Gauge, Relay, ("joywire_relay_robots", &[label("presence", &PRESENCE)]),
        "Robots that the relay knows, by whether their agent is connected"),
    row(Metric::LogRecords, Counter, Program, ("joywire_log_records_total", &[]),
        "Records written to the message log"),
    row(Metric::LogWaiting, Gauge, Program, ("joywire_log_waiting", &[]),
        "Records that wait to be written to the message log"),
    row(Metric::LogLost, Counter, Program, ("joywire_log_lost_total", &[]),
        "Records that the message log lacks because the disk was slow or full"),
    row(Metric::LogGaps, Counter, Program, ("joywire_log_gaps_total", &[]),
        "Gaps in the message log, each of which it tells of"),
    row(Metric::Build, Gauge, Program, ("joywire_build_info", &[VERSION]),
        "Always 1; the label tells which Joywire it is"),
    row(Metric::CpuTime, Counter, Program, ("process_cpu_seconds_total", &[]),
        "Total user and system CPU time spent in seconds"),
    row(Metric::ResidentMemory, GaugeIfKnown, Program, ("process_resident_memory_bytes", &[]),
        "Resident memory size in bytes"),
    row(Metric::VirtualMemory, GaugeIfKnown, Program, ("process_virtual_memory_bytes", &[]),
        "Virtual memory size in bytes"),
    row(Metric::OpenFiles, GaugeIfKnown, Program, ("process_open_fds", &[]),
        "Number of open file descriptors"),
    row(Metric::MostFiles, GaugeIfKnown, Program, ("process_max_fds", &[]),
        "Maximum number of open file descriptors"),
    row(Metric::Threads, GaugeIfKnown, Program, ("process_threads", &[]),
        "Number of threads"),
    row(Metric::Started, Gauge, Program, ("process_start_time_seconds", &[]),
        "Start time of the process since unix epoch in seconds"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Goal: a metric is found at its own place, by its own name, and nothing in it can grow without bound.
    #[test]
    fn every_metric_has_its_place_its_name_and_a_bound() {
        let mut names = BTreeSet::new();
        for (place, row) in TABLE.iter().enumerate() {
            assert_eq!(row.metric as usize, place, "{}", row.name);
            assert!(names.insert(row.base()), "{} is there twice", row.name);
            assert_eq!(row.kind == Kind::Counter, row.name.ends_with("_total"), "{}", row.name);
            assert!(row.name.starts_with("joywire_") || row.name.starts_with("process_"), "{}", row.name);
            assert!(!row.help.ends_with('.') && !row.help.contains('\n') && row.series() <= 64, "{}", row.name);
            if let Kind::Histogram(bounds) = row.kind {
                assert!(bounds.is_sorted() && row.unit() == Some("seconds"), "{}", row.name);
            }
            for label in row.labels {
                assert_eq!(label.values.iter().collect::<BTreeSet<_>>().len(), label.values.len(), "{}", row.name);
                assert!(label.beside.is_none_or(|(_, values)| values.len() == label.values.len()));
            }
        }
    }
}
