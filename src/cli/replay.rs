//! `joywire replay`: plays a recording again, and tells why it stopped.

use std::fs;
use std::io::{self, BufRead};
use std::process::ExitCode;

use anyhow::{Context, bail};

use super::replay_live::Live;
use super::terminal::{is_attended, prompt};
use super::{ReplayArgs, plural, replay_live, runtime, say, settings};
use crate::cable::wanted::Wanted;
use crate::recording::again;
use crate::recording::read::{self, Ending};
use crate::recording::review::{Difference, Review, review};
use crate::recording::shape::{Start, hex};
use crate::recording::story;

pub fn run(args: &ReplayArgs) -> anyhow::Result<ExitCode> {
    if !(args.speed > 0.0 && args.speed <= 1.0) {
        bail!("--speed is a share of full speed, above 0 to 1");
    }
    let (start, mut reading) = read::open(&args.file)?;
    let review = review(&start, &mut reading);
    let ending = reading.ending().cloned().unwrap_or(Ending::Abrupt);
    let fine = review.difference.is_none() && !matches!(ending, Ending::Damaged(_));
    if args.json {
        say(&serde_json::to_string_pretty(&story::as_json(&start, &review, &ending))?);
        return Ok(code(fine));
    }
    say(&story::title(&start, &review, &ending));
    if args.explain {
        say(&format!("\n{}", story::explain(&start, &review)));
    }
    say(&compared(&start, &review));
    if args.explain || !fine {
        return Ok(code(fine));
    }
    if args.serial.is_none() && !args.realtime {
        simulate(&start, &review);
        return Ok(ExitCode::SUCCESS);
    }
    drive(args, &start, &review)
}

fn code(fine: bool) -> ExitCode {
    if fine { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What the comparison says.
fn compared(start: &Start, review: &Review) -> String {
    let frames = thousands(review.frames);
    let Some(Difference { at, recorded, now }) = &review.difference else {
        return format!("{frames} frames, all as recorded");
    };
    let after = story::length(at.since(review.began));
    let version = if start.version == env!("CARGO_PKG_VERSION") {
        "the recording was changed, or this is a fault of joywire's".to_owned()
    } else {
        format!("it was recorded by joywire {}, and this is {}", start.version, env!("CARGO_PKG_VERSION"))
    };
    let (recorded, now) = (hex(recorded), hex(now));
    format!("not as recorded from {after} on: {version}\n   recorded {recorded}\n   now      {now}")
}

/// A number with its thousands apart.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let first = digits.len() % 3;
    let groups = digits.as_bytes()[first..].chunks(3).map(|group| String::from_utf8_lossy(group).into_owned());
    let head = Some(digits[..first].to_owned()).filter(|head| !head.is_empty());
    head.into_iter().chain(groups).collect::<Vec<_>>().join(",")
}

/// Drives it again in the simulator.
fn simulate(start: &Start, review: &Review) {
    let again = again::drive(start, review);
    let (way, pose) = (again.way_m, again.pose);
    let recorded = start.controller.seat().holder().map_or(0, |_| 1) + review.given.len();
    say(&format!(
        "driven again by a simulated robot: {} commands, {way:.3} m of way, ends {:.3} m ahead and {:.3} m to the left, turned {:.1}°",
        thousands(recorded.try_into().unwrap_or(u64::MAX)),
        pose.x_m,
        pose.y_m,
        pose.heading_rad.to_degrees()
    ));
    let (then, now) = (review.stops.len() as u64, again.stops.len() as u64);
    say(&format!("{} there, {} recorded", plural(now, "stop"), plural(then, "stop")));
}

/// Drives it again in real time.
fn drive(args: &ReplayArgs, start: &Start, review: &Review) -> anyhow::Result<ExitCode> {
    let mut layers = settings::layers(args.config.as_deref())?;
    layers.option("robot.serial", args.serial.as_deref().unwrap_or("sim"))?;
    let (config, wanted, finder) = settings::check(&layers)?;
    if wanted != Wanted::Simulated && !args.yes {
        let limit = args.speed * 100.0;
        let length = story::length(review.length());
        let question = format!(
            "The wheels of the robot at {wanted} will turn, for {length} at {limit:.0} % of full speed at most. Is the way free? Type yes:"
        );
        if !ask(&question)? {
            bail!("nothing was driven");
        }
    }
    if review.bench > 0 {
        say("its calibration of single motors is left out");
    }
    let folder = (wanted == Wanted::Simulated).then(scratch).transpose()?;
    let mut agent = settings::agent(&config, &wanted)?;
    // What is set lower for the robot stays so.
    agent.controller.rules.speed_limit = agent.controller.rules.speed_limit.min(args.speed);
    if let Some(folder) = &folder {
        agent.dir.clone_from(folder);
    }
    let plug = settings::plug(&config, wanted, finder)?;
    let live = Live { agent, plug, baud: config.robot.baud, name: start.robot.clone() };
    let driven = runtime()?.block_on(replay_live::drive(live, review));
    if let Some(folder) = folder {
        drop(fs::remove_dir_all(folder));
    }
    driven
}

/// A simulated robot's latch is nobody's.
fn scratch() -> anyhow::Result<std::path::PathBuf> {
    let number = getrandom::u32().context("the system gives no random numbers")?;
    Ok(std::env::temp_dir().join(format!("joywire-replay-{number:08x}")))
}

fn ask(question: &str) -> anyhow::Result<bool> {
    if !is_attended() {
        bail!("the wheels would turn, and nobody is here to be asked: --yes says that the way is free");
    }
    prompt(question);
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(answer.trim() == "yes")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: people read large numbers.
    #[test]
    fn thousands_stand_apart() {
        let shown = [0, 7, 999, 1000, 12_345, 123_456, 1_000_000].map(thousands);
        assert_eq!(shown, ["0", "7", "999", "1,000", "12,345", "123,456", "1,000,000"]);
    }
}
