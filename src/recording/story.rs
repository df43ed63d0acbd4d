//! PURE. Story: the stops of a recording as people read them. What stopped it and where that lies stands in `drive/safety.rs`.

use std::fmt::Write;
use std::time::Duration;

use serde_json::{Value, json};

use super::calendar;
use super::read::Ending;
use super::review::Review;
use super::shape::{Start, Why, ns};
use super::stops::{Phase, Stop};
use crate::drive::{Fault, Hop};
use crate::protocol::events::Speed;
use crate::time::Time;

/// The way from the hand to the wheels.
const WAY: [(Hop, &str); 5] = [
    (Hop::Person, "hand"),
    (Hop::Network, "network"),
    (Hop::Agent, "agent"),
    (Hop::Cable, "cable"),
    (Hop::Robot, "robot"),
];

/// Who recorded what, and how it ends.
#[must_use]
pub fn title(start: &Start, review: &Review, ending: &Ending) -> String {
    let (when, length) = (calendar::moment(start.wall_ns / 1_000_000), length(review.length()));
    let mut title = format!("{}, {when}: {length}, recorded by joywire {}", start.robot, start.version);
    match start.why {
        Why::Full => title.push_str("\nIt goes on where the recording before it ends"),
        Why::Gap => title.push_str("\nIt begins after a gap: the disk could not keep up"),
        Why::Wanted | Why::ProgramEnded => {}
    }
    if let Some(how) = ending_text(ending, review) {
        write!(title, "\n{how}").ok();
    }
    title
}

/// How it ends, if that is worth a sentence.
#[must_use]
pub fn ending_text(ending: &Ending, review: &Review) -> Option<String> {
    let after = length(review.length());
    match ending {
        Ending::Whole(end) => match end.why {
            Why::Wanted | Why::ProgramEnded => None,
            Why::Full => Some("Another recording goes on where it ends".to_owned()),
            Why::Gap => Some("It ends with a gap: the disk could not keep up".to_owned()),
        },
        Ending::Abrupt => Some(format!("It ends abruptly after {after}: the program was killed, or the disk was full")),
        Ending::Damaged(why) => Some(format!("It is damaged after {after}: {why}")),
    }
}

/// Every stop, and a summary.
#[must_use]
pub fn explain(start: &Start, review: &Review) -> String {
    let mut text = String::new();
    for (number, stop) in review.stops.iter().enumerate() {
        let told = tell(number + 1, stop, start, review);
        writeln!(text, "{told}").ok();
    }
    text.push_str(&summary(&review.stops));
    text
}

/// How many stops of which kind.
#[must_use]
pub fn summary(stops: &[Stop]) -> String {
    if stops.is_empty() {
        return "It never stopped by itself or by STOP.".to_owned();
    }
    let mut codes: Vec<(&str, usize)> = Vec::new();
    for code in stops.iter().filter_map(|stop| Some(stop.causes.first()?.reason.code.as_str())) {
        match codes.iter_mut().find(|(known, _)| *known == code) {
            Some((_, count)) => *count += 1,
            None => codes.push((code, 1)),
        }
    }
    let list: Vec<String> = codes.iter().map(|(code, count)| format!("{count} × {code}")).collect();
    let slowest = stops.iter().filter(|stop| was_heard(stop)).filter_map(|stop| stop.reported_zero).max();
    let slowest = slowest.map(|age| format!("; the robot reported rest at most {} after a stop began", ms(age)));
    let stops = if stops.len() == 1 { "1 stop".to_owned() } else { format!("{} stops", stops.len()) };
    format!("{stops}: {}{}.", list.join(", "), slowest.unwrap_or_default())
}

fn tell(number: usize, stop: &Stop, start: &Start, review: &Review) -> String {
    let wall =
        |at: Time| calendar::time_of_day(start.wall_ns.saturating_sub(start.at_ns).saturating_add(ns(at)) / 1_000_000);
    let mut text = String::new();
    let Some(first) = stop.causes.first() else { return text };
    let into = length(stop.began.since(review.began));
    let when = if stop.from_before {
        "from before the recording".to_owned()
    } else {
        format!("{} UTC, {into} into the recording", wall(stop.began))
    };
    writeln!(text, "{number}. {when}: {}", first.reason.code).ok();
    let mut row = |name: &str, what: &str| writeln!(text, "   {name:<7} {what}").ok();
    row("what", &first.reason.text);
    row("why", &why(first));
    row("where", &chain(first.fault.policy().hop));
    row("driver", &driver(stop));
    if let Some(wheels) = wheels(stop) {
        row("wheels", &wheels);
    }
    for phase in stop.causes.iter().skip(1) {
        let after = length(phase.at.since(stop.began));
        row("then", &format!("{after} later {}: {} ({})", phase.reason.code, phase.reason.text, why(phase)));
    }
    let end = match stop.ended {
        Some(ended) => format!("after {}: {}", length(ended.since(stop.began)), stop.end),
        None => "not within this recording".to_owned(),
    };
    row("end", &end);
    text
}

/// The numbers of a cause.
fn why(phase: &Phase) -> String {
    phase.reason.measured().unwrap_or_else(|| without_age(phase.fault).to_owned())
}

/// What is known of a cause that no age made.
fn without_age(fault: Fault) -> &'static str {
    match fault {
        Fault::Latched => "somebody pressed STOP, or the robot's own latch was set",
        Fault::RobotAbsent => "there was no line to a robot",
        Fault::RobotIncompatible => "it speaks another version",
        Fault::RobotStarting => "its session was not ours: it had restarted, or was not armed yet",
        Fault::RobotStopped => "it reported that it must see neutral first",
        Fault::RobotSilent | Fault::Overrun | Fault::CommandStale => "nobody could tell how old the newest command was",
    }
}

/// The way from hand to robot with the place that failed.
fn chain(broken: Hop) -> String {
    let stations: Vec<String> =
        WAY.iter().map(|(hop, name)| if *hop == broken { format!("[{name} ✗]") } else { (*name).to_owned() }).collect();
    stations.join(" ─ ")
}

fn driver(stop: &Stop) -> String {
    let who = stop.driver.as_deref().unwrap_or("nobody");
    let Some(age) = stop.wheels_age else { return format!("{who}, at rest") };
    let wheels = stop.wheels.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let speed = match &stop.speed {
        Some(Speed { linear_mps, angular_radps, .. }) => {
            format!("{linear_mps:.2} m/s and {angular_radps:.2} rad/s (wheels {wheels} ‰)")
        }
        None => format!("wheels {wheels} ‰"),
    };
    format!("{who}, at {speed}, reported {} before", ms(age))
}

fn wheels(stop: &Stop) -> Option<String> {
    if !stop.moved {
        return None;
    }
    let told = stop.told_zero.map_or("not told to rest".to_owned(), |age| format!("told to rest after {}", ms(age)));
    let off = match stop.reported_zero {
        None => "the robot reported no rest".to_owned(),
        Some(age) if !was_heard(stop) => {
            format!("when the robot was heard again, after {}, they were at rest", ms(age))
        }
        Some(age) => format!("the robot reported rest after {}", ms(age)),
    };
    Some(format!("{told}; {off}"))
}

/// Whether the robot could be heard when the stop began.
fn was_heard(stop: &Stop) -> bool {
    stop.causes.first().is_some_and(|phase| phase.fault.policy().hop != Hop::Cable)
}

fn ms(age: Duration) -> String {
    format!("{} ms", age.as_millis())
}

/// A length as people read it.
#[must_use]
pub fn length(length: Duration) -> String {
    let (minutes, seconds) = (length.as_secs() / 60, length.as_secs() % 60);
    let tenths = length.subsec_millis();
    if minutes == 0 { format!("{seconds}.{tenths:03} s") } else { format!("{minutes} min {seconds}.{tenths:03} s") }
}

/// The same for programs.
#[must_use]
pub fn as_json(start: &Start, review: &Review, ending: &Ending) -> Value {
    let ending = match ending {
        Ending::Whole(end) => json!({ "how": "whole", "why": end.why, "lost": end.lost }),
        Ending::Abrupt => json!({ "how": "abrupt" }),
        Ending::Damaged(why) => json!({ "how": "damaged", "why": why }),
    };
    let difference = review.difference.as_ref().map(|difference| {
        let hex = super::shape::hex;
        json!({ "at_ns": ns(difference.at), "recorded": hex(&difference.recorded), "now": hex(&difference.now) })
    });
    json!({
        "robot": start.robot, "version": start.version, "began_ns": start.at_ns, "wall_ns": start.wall_ns,
        "ended_ns": ns(review.ended), "ending": ending, "frames": review.frames, "difference": difference,
        "stops": review.stops,
    })
}
