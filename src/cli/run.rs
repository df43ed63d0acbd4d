//! `joywire run`: relay, agent and robot in one process.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use tokio_util::sync::CancellationToken;

use super::front::Front;
use super::phones::{Names, Phones};
use super::robot_file::NamedFile;
use super::terminal::farewell;
use super::{RunArgs, descriptors, gamepad, memory, relay as relay_command, runtime, say, settings, signals};
use crate::agent::Agent;
use crate::agent::taped::Tape;
use crate::cable::Cable;
use crate::cable::discover::Finder;
use crate::cable::wanted::Wanted;
use crate::clock::Clock;
use crate::config::Config;
use crate::gamepad::Settings;
use crate::journal::Journal;
use crate::mailbox::mailbox;
use crate::metrics::{self, Book};
use crate::recording::{self, Recorder};
use crate::relay::Relay;

pub fn run(args: &RunArgs) -> anyhow::Result<ExitCode> {
    let layers = settings::for_run(args)?;
    let (config, wanted, finder) = settings::check(&layers)?;
    let pads = gamepad::settings(&layers, &config)?;
    descriptors::provide(&config);
    // Files are named from the folder that the program began in.
    let motor_file = NamedFile(args.relay.config.as_deref().map(std::path::absolute).transpose()?);
    // Before the log is open and signals are caught: whoever is asked something must be able to leave.
    let phones = config.server.public.then(|| Phones::choose(&config)).transpose()?;
    let recording = settings::recording(&layers, &config)?;
    let journal = memory::open(&layers, &config, "joywire run")?;
    let drive = drive(&config, wanted, finder, pads, motor_file, phones, (&journal, recording));
    runtime()?.block_on(memory::around(&journal, "joywire run", drive))?;
    farewell("joywire has stopped the robot and ended");
    Ok(ExitCode::SUCCESS)
}

async fn drive(
    config: &Config,
    wanted: Wanted,
    finder: Finder,
    pads: Settings,
    motor_file: NamedFile,
    phones: Option<Phones>,
    (journal, recording): (&Journal, recording::Settings),
) -> anyhow::Result<()> {
    let clock = Clock::start();
    let shutdown = signals::shutdown()?;
    let (relay_end, agent_end) = mailbox();
    let names = Names::new(phones.as_ref());
    // First of all the cable: a robot that talks by itself is heard while certificates are made.
    let cable = Cable::plug_in(settings::plug(config, wanted.clone(), finder)?, config.robot.baud, clock)?;
    let relay = Relay::bind(settings::relay(config, &wanted, &names, journal)?, Some(relay_end))?;
    let (robot, simulated) = (wanted.to_string(), wanted == Wanted::Simulated);
    let mut agent_settings = settings::agent(config, &wanted)?;
    agent_settings.journal = journal.clone();
    let dir = agent_settings.dir.clone();
    let agent = Agent::new(agent_settings, cable, agent_end, clock)
        .with_context(|| format!("the STOP latch in {} cannot be kept", dir.display()))?;
    let agent = if simulated { agent } else { agent.with_motor_file(Arc::new(motor_file)) };
    let (recorder, tape) = record(recording, clock)?;
    let agent = agent.with_tape(tape, config.recording.on);
    let agent = gamepad::plug_in(agent, pads, config.access.local_operator, clock)?;

    let book = Book::new(journal.clone()).with_relay(relay.meter()).with_robot(&config.robot.name, agent.meter());
    let _numbers = metrics::serve(config.metrics.port, book);
    // Who reads this may ask for everything at once.
    say(&format!("joywire drives {robot}: open {} in a browser on this machine", relay_command::url(&relay)));
    relay_command::show_pages(config, &relay);
    let _open = Front::open(config, &relay, phones, names);

    // The agent ends first, so that the motors have stopped before anything else is taken away; but
    // a relay that ends by itself takes the agent with it.
    let relay_shutdown = CancellationToken::new();
    let mut agent = tokio::spawn(agent.run(shutdown.clone()));
    let mut relay = tokio::spawn(relay.serve(relay_shutdown.clone()));
    let served = tokio::select! {
        stopped = &mut agent => {
            stopped.context("the agent ended by a fault of its own")?;
            relay_shutdown.cancel();
            relay.await
        }
        served = &mut relay => {
            shutdown.cancel();
            agent.await.context("the agent ended by a fault of its own")?;
            served
        }
    };
    recorder.finish();
    served.context("the relay ended by a fault of its own")??;
    Ok(())
}

/// Starts what writes recordings.
pub fn record(settings: recording::Settings, clock: Clock) -> anyhow::Result<(Recorder, Tape)> {
    let folder = settings.folder.clone();
    Recorder::start(settings, clock).with_context(|| format!("recordings cannot be kept in {}", folder.display()))
}
