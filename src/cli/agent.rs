//! `joywire agent`: beside the robot, dialling out to a relay elsewhere.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::robot_file::NamedFile;
use super::run::record;
use super::terminal::farewell;
use super::{AgentArgs, gamepad, key, memory, runtime, say, settings, signals};
use crate::agent::Agent;
use crate::cable::Cable;
use crate::cable::wanted::Wanted;
use crate::clock::Clock;
use crate::config::{Config, Layers};
use crate::journal::Journal;
use crate::mailbox::mailbox;
use crate::metrics::{self, Book};
use crate::network::hostname;
use crate::protocol::events::Role;
use crate::protocol::uplink::ROBOTS;
use crate::recording::Recorder;
use crate::socketio::Address;
use crate::uplink::{Robot, Speech, Uplink};

/// A robot that is to be brought to the relay.
struct Plan {
    layers: Layers,
    file: Option<PathBuf>,
}

pub fn run(args: &AgentArgs) -> anyhow::Result<ExitCode> {
    let address: Address = args.relay.parse()?;
    let plans = plans(args)?;
    let plan = plans.first().context("an agent has a robot")?;
    let first = plan.layers.check()?;
    let data = settings::data_dir(&first)?;
    let journal = memory::open(&plan.layers, &first, "joywire agent")?;
    runtime()?.block_on(memory::around(&journal, "joywire agent", async {
        let shutdown = signals::shutdown()?;
        let clock = Clock::start();
        let dial = if args.classic {
            key::classic(&address, args.key.fingerprint.as_deref())?
        } else {
            let known = key::dial(&address, &args.key, (Role::Agent, &first.robot.name), &data);
            match shutdown.run_until_cancelled(known).await {
                Some(dial) => dial?,
                None => return Ok(ExitCode::SUCCESS),
            }
        };
        let (mut agents, mut robots, mut recorders) = (JoinSet::new(), Vec::new(), Vec::new());
        let mut book = Book::new(journal.clone());
        for (place, plan) in plans.iter().enumerate() {
            let (robot, agent, recorder) = build(plan, place, plans.len(), &journal, clock)?;
            book = book.with_robot(&robot.card.name, agent.meter());
            robots.push(robot);
            recorders.push(recorder);
            agents.spawn(agent.run(shutdown.clone()));
        }
        let names = robots.iter().map(|robot| robot.card.name.as_str()).collect::<Vec<_>>().join(", ");
        say(&format!("joywire brings {names} to the relay at {address}"));
        let _numbers = metrics::serve(first.metrics.port, book);
        let instance = u64::from(getrandom::u32().context("the system gives no random numbers")?);
        let speech = if args.classic { Speech::Classic } else { Speech::Relay { instance } };
        // The agents end first, so that the motors have stopped before anything else is taken away.
        let closing = CancellationToken::new();
        let mut uplink =
            tokio::spawn(Uplink::new(dial, robots, speech).with_journal(journal.clone()).run(closing.clone()));
        let ended = tokio::select! {
            Some(stopped) = agents.join_next() => {
                shutdown.cancel();
                Some(stopped.context("an agent ended by a fault of its own"))
            }
            refused = &mut uplink => {
                shutdown.cancel();
                Some(refused.context("the way to the relay ended by a fault of its own")?.map_err(Into::into))
            }
        };
        while let Some(stopped) = agents.join_next().await {
            stopped.context("an agent ended by a fault of its own")?;
        }
        recorders.into_iter().for_each(Recorder::finish);
        closing.cancel();
        if !uplink.is_finished() {
            drop(uplink.await);
        }
        ended.transpose()?;
        farewell("joywire has stopped its robots and ended");
        Ok(ExitCode::SUCCESS)
    }))
}

/// One robot for each configuration file, or the usual one.
fn plans(args: &AgentArgs) -> anyhow::Result<Vec<Plan>> {
    let files: Vec<Option<&Path>> = match args.config.as_slice() {
        [] => vec![None],
        files => files.iter().map(|file| Some(file.as_path())).collect(),
    };
    if args.classic && files.len() > 1 {
        bail!("a classic server knows one robot: give one --config");
    }
    if files.len() > ROBOTS {
        bail!("one agent brings {ROBOTS} robots at most: start another one for the rest");
    }
    if files.len() > 1 && (args.serial.is_some() || args.name.is_some()) {
        bail!("--serial and --name are for one robot: with several, each file has its own robot.serial and robot.name");
    }
    let plans: Vec<Plan> = files
        .into_iter()
        .map(|file| {
            let mut layers = settings::layers(file)?;
            if let Some(serial) = &args.serial {
                layers.option("robot.serial", serial.as_str())?;
            }
            if args.record {
                layers.option("recording.on", true)?;
            }
            if let Some(name) = &args.name {
                layers.option("robot.name", name.as_str())?;
            }
            settings::metrics(&mut layers, &args.metrics)?;
            // Files are named from the folder that the program began in.
            Ok(Plan { layers, file: file.map(std::path::absolute).transpose()? })
        })
        .collect::<anyhow::Result<_>>()?;
    check_ports(&plans)?;
    Ok(plans)
}

/// No two robots may be looked for at one port.
fn check_ports(plans: &[Plan]) -> anyhow::Result<()> {
    let mut ports: Vec<String> = Vec::new();
    for plan in plans {
        let (config, wanted, _) = settings::check(&plan.layers)?;
        let port = wanted.to_string();
        if plans.len() > 1 && wanted == Wanted::Auto {
            bail!("with several robots each needs a port of its own: set robot.serial of {}", config.robot.name);
        }
        if wanted != Wanted::Simulated && ports.contains(&port) {
            bail!("two robots are at {port}: set robot.serial of {}", config.robot.name);
        }
        ports.push(port);
    }
    Ok(())
}

fn build(
    plan: &Plan,
    place: usize,
    robots: usize,
    journal: &Journal,
    clock: Clock,
) -> anyhow::Result<(Robot, Agent, Recorder)> {
    let (config, wanted, finder) = settings::check(&plan.layers)?;
    let (relay_end, agent_end) = mailbox();
    let card = settings::card(&config, &wanted);
    let mut agent_settings = settings::agent(&config, &wanted)?;
    agent_settings.journal = journal.clone();
    if robots > 1 {
        agent_settings.dir = latch_of(&agent_settings.dir, &config);
    }
    let dir = agent_settings.dir.clone();
    let simulated = wanted == Wanted::Simulated;
    let cable = Cable::plug_in(settings::plug(&config, wanted, finder)?, config.robot.baud, clock)?;
    let agent = Agent::new(agent_settings, cable, agent_end, clock)
        .with_context(|| format!("the STOP latch in {} cannot be kept", dir.display()))?;
    let agent = if simulated { agent } else { agent.with_motor_file(Arc::new(NamedFile(plan.file.clone()))) };
    let (recorder, tape) = record(settings::recording(&plan.layers, &config)?, clock)?;
    let agent = agent.with_tape(tape, config.recording.on);
    // A pad has one robot: the first.
    let agent = if place == 0 {
        let pads = gamepad::settings(&plan.layers, &config)?;
        gamepad::plug_in(agent, pads, config.access.local_operator, clock)?
    } else {
        agent
    };
    Ok((Robot { card, end: relay_end }, agent, recorder))
}

/// The latch of one of several robots: each has its own, by name.
fn latch_of(dir: &Path, config: &Config) -> PathBuf {
    dir.join("robots").join(hostname::label(&config.robot.name))
}
