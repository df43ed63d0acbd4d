//! PURE. What the figures are to be, as multiples of another contestant's wherever a machine's own speed would decide else.

/// A figure's place: table, row, column.
pub type Place = (&'static str, &'static str, &'static str);

/// A goal.
#[derive(Clone, Copy, Debug)]
pub struct Goal {
    /// What is meant.
    pub what: &'static str,
    /// The goal in words.
    pub words: &'static str,
    /// The figure.
    pub figure: Place,
    /// What it is divided by; none: it counts by itself.
    pub against: Option<Place>,
    /// Whether more is better: then the other is divided by it.
    pub inverse: bool,
    /// What that may be at most.
    pub most: f64,
}

const fn ratio(what: &'static str, words: &'static str, figure: Place, against: Place, most: f64) -> Goal {
    Goal { what, words, figure, against: Some(against), inverse: false, most }
}

const fn plain(what: &'static str, words: &'static str, figure: Place, most: f64) -> Goal {
    Goal { what, words, figure, against: None, inverse: false, most }
}

/// All of them.
pub const ALL: &[Goal] = &[
    ratio(
        "command p50 at 50 Hz",
        "≤ 0.3 × the original",
        ("command at 50 Hz", "joywire", "p50 ms"),
        ("command at 50 Hz", "original", "p50 ms"),
        0.3,
    ),
    ratio(
        "command p50 at 50 Hz",
        "≤ 1.25 × the WebSocket floor",
        ("command at 50 Hz", "joywire", "p50 ms"),
        ("command at 50 Hz", "websocket", "p50 ms"),
        1.25,
    ),
    ratio(
        "command p99 at 50 Hz",
        "≤ 0.4 × the original",
        ("command at 50 Hz", "joywire", "p99 ms"),
        ("command at 50 Hz", "original", "p99 ms"),
        0.4,
    ),
    ratio(
        "command p99 at 1000 Hz",
        "≤ 0.1 × the original",
        ("command at 1000 Hz", "joywire", "p99 ms"),
        ("command at 1000 Hz", "original", "p99 ms"),
        0.1,
    ),
    plain("out of order at 1000 Hz", "0", ("command at 1000 Hz", "joywire", "out of order"), 0.0),
    ratio(
        "round trip p50 at 50 Hz",
        "≤ 0.25 × the original",
        ("round trip at 50 Hz", "joywire", "p50 ms"),
        ("round trip at 50 Hz", "original", "p50 ms"),
        0.25,
    ),
    Goal {
        what: "commands a second, 32 on their way",
        words: "≥ 60 × the original (its share ≤ 0.0167)",
        figure: ("presses a second, 32 on their way", "joywire", "presses/s"),
        against: Some(("presses a second, 32 on their way", "original", "presses/s")),
        inverse: true,
        most: 1.0 / 60.0,
    },
    plain("start to first frame", "≤ 20 ms", ("start to first frame", "joywire", "p50 ms"), 20.0),
    plain(
        "release → PWM zero on the emulated Uno at 115200, p99",
        "≤ 30 ms",
        ("release → PWM zero at an emulated Uno", "joywire, brake 10 ms", "p99 ms"),
        30.0,
    ),
    ratio(
        "fan-out CPU a delivered message, 500 watchers",
        "≤ 0.25 × Node.js",
        ("fan-out to 500 watchers", "joywire", "CPU µs a delivery"),
        ("fan-out to 500 watchers", "original", "CPU µs a delivery"),
        0.25,
    ),
    plain(
        "driver's p99 with 64 watchers",
        "≤ 1.2 × alone",
        ("a driver in a crowd, at 50 Hz", "joywire, 64 watchers", "p99 × alone"),
        1.2,
    ),
    ratio(
        "CPU per 1,000 commands at 50 Hz, all processes",
        "≤ 0.07 × the original",
        ("CPU at 50 Hz", "joywire", "CPU s / 1,000 commands"),
        ("CPU at 50 Hz", "original", "CPU s / 1,000 commands"),
        0.07,
    ),
    plain("RSS of `joywire run`, driving, MB", "≤ 16 MB", ("memory", "joywire", "RSS MB driving"), 16.0),
    ratio(
        "bytes per idle connection at 5,000",
        "≤ 0.5 × Node.js",
        ("memory of idle connections", "joywire relay", "bytes each of 5,000"),
        ("memory of idle connections", "Node.js relay", "bytes each of 5,000"),
        0.5,
    ),
    plain(
        "RSS with 1,000 connections, 20th time / 2nd time",
        "≤ 1.02: does not grow",
        ("memory after many have come and gone", "joywire relay", "last full / 2nd full"),
        1.02,
    ),
];
