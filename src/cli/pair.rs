//! `joywire pair`: a code for one more device.

use std::process::ExitCode;

use anyhow::Context;

use super::reception::{Door, Reception, named};
use super::terminal::say;
use super::{PairArgs, devices, runtime, settings, signals};

pub fn run(args: &PairArgs) -> anyhow::Result<ExitCode> {
    let (folder, port) = settings::running(&args.running)?;
    let role = args.role.into();
    runtime()?.block_on(async {
        let dir = devices::running(&folder, port).await?;
        let shutdown = signals::shutdown()?;
        say(&format!("one more device may come in as {}; Ctrl-C ends this", named(role)));
        let reception = Reception::new(Door::There(dir), Some(role), args.robot.clone())?;
        match shutdown.run_until_cancelled(reception.receive(true)).await {
            Some(received) => received.context("no device was let in").map(|()| ExitCode::SUCCESS),
            None => Ok(ExitCode::SUCCESS),
        }
    })
}
