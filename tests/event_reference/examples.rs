//! One of everything that is said, made of the types themselves and read back from its JSON.

use std::fmt::Debug;

use joywire::protocol::access::{Access, AccessReply, AccessRequest, Device, Invite, Waiting};
use joywire::protocol::calibration::{CalibrateReply, CalibrateRequest, MotorNeeds};
use joywire::protocol::events::{
    Direction, Drive, Exceeded, Limits, Link, Numbers, Person, Pose, Reason, Refused, ResetReply, ResetRequest,
    RobotCard, Role, SeatReply, SeatRequest, SeatView, Speed, State, StopReply, StopRequest, Telemetry, VERSION,
    Welcome, name,
};
use joywire::protocol::fleet::{RobotSummary, RobotsReply, RobotsRequest};
use joywire::protocol::journal::{Entry, History, LogReply, LogRequest, Recording, RecordingsReply, RecordingsRequest};
use joywire::protocol::message::Counters;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// What is said, as JSON.
pub struct Example {
    /// Name of the type, or of the event if its payload has none.
    pub of: String,
    pub value: Value,
    /// Its fields in their order, what fits into a line in one line.
    pub text: String,
}

/// Longer lines are broken, characters.
const LINE: usize = 110;

/// All of them.
pub fn all() -> Vec<Example> {
    let mut all = untyped();
    all.extend([of(&welcome()), of(&Drive { tick: Some(41_302), session: Some(2_587_623_490), ..drive(7, 0.1, 0.6) })]);
    all.extend([of(&Drive { epoch: 3, ..drive(8, 0.0, 0.0) })]);
    all.extend(
        [SeatRequest::Take, SeatRequest::Ask, SeatRequest::Give { to: 5 }, SeatRequest::Release, SeatRequest::Clear]
            .map(|want| of(&want)),
    );
    all.extend([of(&seat())]);
    let taken = "Mia drives: ask for the seat".to_owned();
    all.extend(
        [SeatReply { ok: true, why: None, seat: seat() }, SeatReply { ok: false, why: Some(taken), seat: seat() }]
            .map(|reply| of(&reply)),
    );
    all.extend([of(&StopRequest { reason: "a cat on the track".to_owned() })]);
    all.extend([of(&StopReply { ok: true, why: None })]);
    all.extend([ResetRequest { nonce: None }, ResetRequest { nonce: Some(1_204_511) }].map(|request| of(&request)));
    all.extend([of(&ResetReply { ok: true, nonce: Some(1_204_511), why: None })]);
    all.extend([of(&telemetry())]);
    all.extend([of(&Refused {
        event: name::DRIVE.to_owned(),
        code: "rate".to_owned(),
        why: "more than 60 events a second: 12 dropped so far".to_owned(),
    })]);
    all.extend(access());
    all.extend(robots());
    all.extend(calibrate());
    all.extend(journal());
    all.extend(
        [Direction::Up, Direction::Down, Direction::Left, Direction::Right, Direction::Stop].map(|press| of(&press)),
    );
    all
}

/// Events whose payload is nobody's type: what is said, then what everyone hears.
fn untyped() -> Vec<Example> {
    vec![
        by_hand(name::ECHO, &json!([])),
        by_hand(name::CHAT, &json!(["hello", "ann-1", "page"])),
        by_hand(name::REPLY, &json!([{"data": "hello"}])),
        by_hand(name::NOTICES, &json!([{"data": "Robot is ready"}])),
    ]
}

fn of<T: Serialize + DeserializeOwned + PartialEq + Debug>(said: &T) -> Example {
    let value = serde_json::to_value(said).unwrap();
    assert_eq!(&serde_json::from_value::<T>(value.clone()).unwrap(), said, "it is not read as it was written");
    let of = std::any::type_name::<T>().rsplit("::").next().unwrap().to_owned();
    Example { of, value, text: written(&serde_json::to_string_pretty(said).unwrap()) }
}

fn by_hand(event: &str, value: &Value) -> Example {
    let text = written(&serde_json::to_string_pretty(value).unwrap());
    Example { of: event.to_owned(), value: value.clone(), text }
}

/// serde's one value a line, with whatever fits into a line joined.
fn written(pretty: &str) -> String {
    let mut open: Vec<Vec<String>> = vec![Vec::new()];
    for line in pretty.lines() {
        if line.ends_with(['{', '[']) {
            open.push(vec![line.to_owned()]);
            continue;
        }
        let closes = line.trim_start().starts_with(['}', ']']);
        open.last_mut().unwrap().push(line.to_owned());
        if closes {
            let block = open.pop().unwrap();
            let (first, last) = (&block[0], block.last().unwrap().trim_start());
            let inside: Vec<&str> = block[1..block.len() - 1].iter().map(|line| line.trim_start()).collect();
            let joined = format!("{first}{}{last}", inside.join(" "));
            let fits = joined.chars().count() <= LINE && !joined.contains('\n');
            open.last_mut().unwrap().push(if fits { joined } else { block.join("\n") });
        }
    }
    open.concat().join("\n")
}

fn person(id: u64, name: &str) -> Person {
    Person { id, name: name.to_owned() }
}

fn seat() -> SeatView {
    SeatView { holder: Some(person(4, "Mia")), epoch: 3, queue: vec![person(5, "Ben")] }
}

fn drive(seq: u32, x: f64, y: f64) -> Drive {
    Drive { seq, x, y, strafe: 0.0, motors: None, tick: None, session: None, epoch: 3 }
}

fn telemetry() -> Telemetry {
    Telemetry {
        tick: Some(41_302),
        session: Some(2_587_623_490),
        age_ms: Some(19),
        wheels: vec![540, 660],
        speed: Some(Speed { linear_mps: 0.36, lateral_mps: 0.0, angular_radps: 0.48 }),
        state: State::Driving,
        reason: None,
        last_stop: Some(stop()),
        battery_mv: Some(7412),
        pose: Some(Pose { x_m: 1.25, y_m: -0.5, heading_rad: 0.785 }),
        epoch: 3,
        recording: true,
        link: Link {
            silence_ms: 11,
            frames_sent: 2091,
            robot: Counters { accepted: 2090, ..Counters::default() },
            ..Link::default()
        },
    }
}

fn stop() -> Reason {
    Reason {
        code: "command_stale".to_owned(),
        text: "the driver's commands stopped coming: check the phone and its Wi-Fi".to_owned(),
        hop: "network".to_owned(),
        numbers: Numbers {
            exceeded: Some(Exceeded { what: "sample".to_owned(), ms: 213, limit_ms: 200 }),
            sample_ms: Some(213),
            tick_ms: Some(226),
            silence_ms: Some(12),
            pause_ms: Some(20),
        },
    }
}

fn journal() -> Vec<Example> {
    let said = Entry {
        id: 4711,
        at_ms: 1_795_000_000_000,
        event: "chat".to_owned(),
        robot: "Rover".to_owned(),
        who: Some("Mia".to_owned()),
        device: Some(1),
        text: "hello".to_owned(),
        data: json!(["hello", "Mia"]),
    };
    let missing = Entry {
        id: 4712,
        at_ms: 1_795_000_004_000,
        event: "gap".to_owned(),
        text: "gap 3: 12 entries are missing (the disk is full)".to_owned(),
        data: json!({"gap": 3, "lost": 12}),
        ..Entry::default()
    };
    let search = LogRequest { text: "hello".to_owned(), events: vec!["chat".to_owned()], ..LogRequest::default() };
    let found = LogReply { ok: true, why: None, entries: vec![said.clone()], more: false };
    let recording = Recording {
        name: "rover-2026-11-28-101500.mcap".to_owned(),
        robot: "Rover".to_owned(),
        at_ms: 1_795_000_000_000,
        length_ms: 61_500,
        bytes: 1_240_000,
        running: false,
        here: true,
    };
    let list = RecordingsReply { ok: true, why: None, running: false, recordings: vec![recording] };
    [RecordingsRequest::List, RecordingsRequest::Start, RecordingsRequest::Stop]
        .iter()
        .map(of)
        .chain([of(&History { entries: vec![said, missing] }), of(&search), of(&found), of(&list)])
        .collect()
}

fn welcome() -> Welcome {
    Welcome {
        version: VERSION,
        you: person(5, "Ben"),
        role: Role::Driver,
        robot: RobotCard {
            name: "Rover".to_owned(),
            color: "#3cb44b".to_owned(),
            simulated: true,
            wheels: "differential".to_owned(),
            track_m: Some(0.15),
            top_speed_mps: Some(0.6),
            ..RobotCard::default()
        },
        robots: vec![summary()],
        limits: Limits {
            sample_hz: 30,
            control_bytes: 1024,
            event_bytes: 16_384,
            events_per_second: 60,
            command_timeout_ms: 250,
            seat_ms: 1000,
            reset_hold_ms: 2000,
        },
        seat: seat(),
        telemetry: telemetry(),
    }
}

fn access() -> Vec<Example> {
    let waiting =
        Waiting { id: 2, name: "Ben's phone".to_owned(), role: Role::Driver, robot: None, number: "4711".to_owned() };
    let device = Device {
        id: 1,
        name: "Mia's phone".to_owned(),
        role: Role::Driver,
        robot: Some("Rover".to_owned()),
        paired: 1_795_000_000,
        seen: 1_795_003_600,
        here: true,
    };
    let access = Access { waiting: vec![waiting], devices: vec![device] };
    // The real one has 27 rows or more.
    let qr = vec!["### #".to_owned(), "# ## ".to_owned()];
    let url = "https://192.168.1.5:8080/p#3QKX…".to_owned();
    let fingerprint = Some("B7:E4:6B:C6:…".to_owned());
    let invite = Invite { url, role: Role::Viewer, robot: None, fingerprint, seconds: 120, qr };
    [
        AccessRequest::List,
        AccessRequest::Approve { id: 2 },
        AccessRequest::Deny { id: 2 },
        AccessRequest::Revoke { id: 1 },
        AccessRequest::Invite { role: Role::Viewer, robot: None },
        AccessRequest::Assign { id: 1, robot: Some("Rover".to_owned()) },
    ]
    .iter()
    .map(of)
    .chain([of(&AccessReply { ok: true, why: None, access: Access::default(), invite: Some(invite) }), of(&access)])
    .collect()
}

fn summary() -> RobotSummary {
    RobotSummary {
        name: "Rover".to_owned(),
        color: "#3cb44b".to_owned(),
        simulated: true,
        here: true,
        state: State::Ready,
        reason: None,
        holder: Some(person(4, "Mia")),
        clients: 2,
    }
}

fn robots() -> Vec<Example> {
    let requests = [
        RobotsRequest::List,
        RobotsRequest::Stop { reason: "end of the lesson".to_owned() },
        RobotsRequest::Kick { robot: "Rover".to_owned() },
    ];
    let reply = RobotsReply { ok: true, why: None, robots: vec![summary()] };
    requests.iter().map(of).chain([of(&reply), of(&summary())]).collect()
}

fn calibrate() -> Vec<Example> {
    let motors = vec![
        MotorNeeds { inverted: false, trim: 1.0, dead_band: 90 },
        MotorNeeds { inverted: true, trim: 0.96, dead_band: 110 },
    ];
    let reply = CalibrateReply {
        ok: true,
        wheels: "differential".to_owned(),
        motors: motors.clone(),
        file: "/home/mia/.config/joywire/joywire.toml".to_owned(),
        lines: vec!["- right = { trim = 1.0 }".to_owned(), "+ right = { inverted = true, trim = 0.96 }".to_owned()],
        mark: "9d41c3".to_owned(),
        ..CalibrateReply::default()
    };
    let requests = [
        CalibrateRequest::Show,
        CalibrateRequest::Preview { motors: motors.clone() },
        CalibrateRequest::Write { motors, mark: "9d41c3".to_owned() },
    ];
    requests.iter().map(of).chain([of(&reply)]).collect()
}
