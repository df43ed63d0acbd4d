//! `joywire sim`: a simulated robot on a pseudo-terminal.

use std::process::ExitCode;

use anyhow::Context;

use super::{SimArgs, runtime, say, settings, signals};
use crate::robot::pty::Pty;
use crate::robot::sim::SimRobot;

pub fn run(args: &SimArgs) -> anyhow::Result<ExitCode> {
    let (config, ..) = settings::check(&settings::layers(args.config.as_deref())?)?;
    runtime()?.block_on(async {
        let shutdown = signals::shutdown()?;
        let pty = Pty::open(args.link.as_deref()).with_context(|| match &args.link {
            Some(link) => format!("cannot put a simulated robot at {}", link.display()),
            None => "cannot open a pseudo-terminal".to_owned(),
        })?;
        say(&args.link.as_deref().unwrap_or(pty.path()).display().to_string());
        pty.run(SimRobot::new(settings::build(&config), settings::boot_count()?), shutdown).await;
        Ok(ExitCode::SUCCESS)
    })
}
