//! `joywire calibrate`: finds what each motor needs, with a person who watches the wheels.

mod bench;
mod finding;

use std::path::Path;
use std::process::ExitCode;

use anyhow::bail;
use tokio::sync::mpsc;
use tokio::time::{Duration, Instant, timeout};

use self::bench::Bench;
use self::finding::{Findings, Side, names};
use super::robot_file::RobotFile;
use super::{CalibrateArgs, runtime, say, settings, signals, terminal};
use crate::cable::wanted::Wanted;
use crate::drive::Wheels;

/// What a wheel that is looked at is told, permille.
const LOOK: i16 = 300;
/// For so long.
const GLANCE: Duration = Duration::from_secs(1);
/// The least output is looked for in steps of so much, permille, each for so long.
const STEP: i16 = 10;
const STAIR: Duration = Duration::from_millis(250);
/// And up to here, permille.
const HIGHEST: i16 = 400;
/// Times that a robot is sent straight ahead at most.
const RUNS: usize = 25;
/// Nobody reads a question faster. An Enter that comes sooner was meant for something else, pressed twice, or is held down.
const READING: Duration = Duration::from_millis(400);

pub fn run(args: &CalibrateArgs) -> anyhow::Result<ExitCode> {
    // Read again when it is to be written; but whether it can be read is better known before than after all questions.
    let named = args.config.as_deref();
    RobotFile::find(named)?;
    let mut layers = settings::layers(named)?;
    if let Some(serial) = &args.serial {
        layers.option("robot.serial", serial.as_str())?;
    }
    let (config, wanted, finder) = settings::check(&layers)?;
    if wanted == Wanted::Simulated && args.serial.is_none() {
        bail!(
            "the configuration names no robot but the simulated one, and what its motors need would be written for yours: \
             add --serial auto, or --serial sim to practise"
        );
    }
    let before = settings::motors(&config);
    let wheels = settings::wheels(&config);
    runtime()?.block_on(async {
        let shutdown = signals::shutdown()?;
        say(&format!(
            "calibrating {} at {wanted}: {} wheels, {} motors",
            config.robot.name,
            wheels.name(),
            wheels.motors()
        ));
        say("Nothing turns faster than 40 % of full speed. Ctrl-C stops the motors and changes nothing.");
        let bench = Bench::open(&config, wanted, finder, shutdown.clone())?;
        let mut person = Person { bench, typed: terminal::typed()? };
        let session = async {
            let findings = find(&mut person, wheels, Findings::new(before, wheels)).await?;
            person.bench.rest();
            offer(&mut person, named, findings).await
        };
        let outcome = tokio::select! {
            outcome = session => outcome,
            () = shutdown.cancelled() => Ok("stopped; nothing was changed".to_owned()),
        };
        person.bench.close().await?;
        say(&outcome?);
        Ok(ExitCode::SUCCESS)
    })
}

/// Whoever watches the wheels, and the motors that they watch.
struct Person {
    bench: Bench,
    typed: mpsc::Receiver<(Instant, String)>,
}

impl Person {
    /// Asks until the answer is one of these letters.
    async fn choose(&mut self, question: &str, letters: &[char]) -> anyhow::Result<char> {
        let asked = Instant::now();
        loop {
            say(question);
            let answer = loop {
                let (at, line) = self.line().await?;
                // What was typed before the question is no answer to it.
                if at >= asked {
                    break line.trim().to_lowercase().chars().next();
                }
            };
            if let Some(letter) = answer.filter(|letter| letters.contains(letter)) {
                return Ok(letter);
            }
            say("one of the letters in brackets, then Enter");
        }
    }

    /// Says what an Enter will start, and waits for one by somebody who has read it.
    async fn enter(&mut self, question: &str) -> anyhow::Result<()> {
        let (mut quiet_since, mut told) = (Instant::now(), false);
        say(question);
        loop {
            let (at, _) = self.line().await?;
            if at >= quiet_since + READING {
                return Ok(());
            }
            quiet_since = quiet_since.max(at);
            if !told {
                say("That Enter came too soon to be meant for this: press it once you are ready.");
                told = true;
            }
        }
    }

    async fn line(&mut self) -> anyhow::Result<(Instant, String)> {
        match self.typed.recv().await {
            Some(typed) => Ok(typed),
            None => bail!("nobody answers any more; nothing was changed"),
        }
    }

    /// Whether Enter is pressed within this time.
    async fn enter_within(&mut self, time: Duration) -> anyhow::Result<bool> {
        match timeout(time, self.typed.recv()).await {
            Ok(Some(_)) => Ok(true),
            Ok(None) => bail!("nobody answers any more; nothing was changed"),
            Err(_) => Ok(false),
        }
    }
}

/// All questions, in order.
async fn find(person: &mut Person, wheels: Wheels, mut findings: Findings) -> anyhow::Result<Findings> {
    person.bench.ready().await?;
    let question = "Put the robot on a box so that no wheel touches anything. Do all wheels turn freely? [y]es, [n]o";
    if person.choose(question, &['y', 'n']).await? == 'n' {
        bail!("put it on a box first, and start again; nothing was changed");
    }
    for (motor, name) in names(wheels).iter().enumerate() {
        if wheels == Wheels::Ackermann && motor == 1 {
            steering(person, &mut findings).await?;
        } else {
            direction(person, &mut findings, motor, name).await?;
            dead_band(person, &mut findings, motor, name).await?;
        }
    }
    if wheels != Wheels::Ackermann {
        straight(person, &mut findings).await?;
    }
    Ok(findings)
}

async fn direction(person: &mut Person, findings: &mut Findings, motor: usize, name: &str) -> anyhow::Result<()> {
    loop {
        let place = motor + 1;
        person.enter(&format!("Motor {place} should be {name}. Watch it: it turns for a second. Press Enter.")).await?;
        person.bench.turn(findings.alone(motor, LOOK), GLANCE).await?;
        let question =
            "Which way did it turn, as seen by the robot? [f]orward, [b]ackward, [n]ot at all, [o]ther wheel, [a]gain";
        match person.choose(question, &['f', 'b', 'n', 'o', 'a']).await? {
            'f' => findings.set_inverted(motor, false),
            'b' => findings.set_inverted(motor, true),
            'o' => bail!("another wheel turned: plug the motors in so that this one is {name}; nothing was changed"),
            'n' => {
                say("Check its wires, its driver and the battery, then try again.");
                continue;
            }
            _ => continue,
        }
        return Ok(());
    }
}

async fn steering(person: &mut Person, findings: &mut Findings) -> anyhow::Result<()> {
    loop {
        let question = "Motor 2 should be the servo that steers. Watch the front wheels for a second. Press Enter.";
        person.enter(question).await?;
        person.bench.turn(findings.alone(1, LOOK), GLANCE).await?;
        match person
            .choose("Which way did they steer? [l]eft, [r]ight, [n]ot at all, [a]gain", &['l', 'r', 'n', 'a'])
            .await?
        {
            'l' => findings.set_inverted(1, false),
            'r' => findings.set_inverted(1, true),
            'n' => {
                say("Check its wires and its supply, then try again.");
                continue;
            }
            _ => continue,
        }
        return Ok(());
    }
}

async fn dead_band(person: &mut Person, findings: &mut Findings, motor: usize, name: &str) -> anyhow::Result<()> {
    loop {
        let question =
            format!("Now the least that turns {name}: it rises slowly. Enter to begin, Enter again once it turns.");
        person.enter(&question).await?;
        let mut output = 0;
        let mut seen = false;
        while !seen && output < HIGHEST {
            output += STEP;
            person.bench.hold(findings.alone(motor, output))?;
            seen = person.enter_within(STAIR).await?;
        }
        person.bench.rest();
        if seen {
            findings.set_dead_band(motor, output - STEP);
            say(&format!("it starts at about {} %", f64::from(output) / 10.0));
            return Ok(());
        }
        let question = "It should have turned by now. [a]gain, or [k]eep what it was?";
        if person.choose(question, &['a', 'k']).await? == 'k' {
            return Ok(());
        }
    }
}

async fn straight(person: &mut Person, findings: &mut Findings) -> anyhow::Result<()> {
    let question = "Now whether it goes straight. Put it on the floor with two metres ahead. [r]eady, or [s]kip this?";
    if person.choose(question, &['r', 's']).await? == 's' {
        return Ok(());
    }
    findings.forget_trim();
    for run in 0..RUNS {
        if run > 0 {
            // It may be in somebody's hands.
            person.enter("Put it back on the floor with two metres ahead, and step aside. Press Enter.").await?;
        }
        person.bench.turn(findings.ahead(LOOK), GLANCE).await?;
        let question = "Which way did it go? [s]traight, to the [l]eft, to the [r]ight, [a]gain";
        match person.choose(question, &['s', 'l', 'r', 'a']).await? {
            's' => return Ok(()),
            'l' => findings.slow(Side::Right),
            'r' => findings.slow(Side::Left),
            _ => {}
        }
    }
    bail!("it does not go straight whatever the motors are told: look at its wheels and gears; nothing was changed")
}

/// Shows what would change, and writes it if the person wants that.
async fn offer(person: &mut Person, named: Option<&Path>, findings: Findings) -> anyhow::Result<String> {
    loop {
        // People edit it while they look for what to write into it.
        let file = RobotFile::find(named)?;
        let change = file.with(&findings.motors())?;
        if change.lines.is_empty() {
            return Ok(format!("all of it stands in {} already", file.path().display()));
        }
        say(&format!("{} would change:", file.path().display()));
        for line in &change.lines {
            say(line);
        }
        if person.choose("Write that? [y]es, [n]o", &['y', 'n']).await? == 'n' {
            return Ok("nothing was changed".to_owned());
        }
        if file.write(&change)? {
            return Ok(format!("written to {}", file.path().display()));
        }
        say(&format!("{} has changed meanwhile: look at the difference again", file.path().display()));
    }
}
