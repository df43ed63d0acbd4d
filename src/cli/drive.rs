//! `joywire drive`: drives a robot from a script, one step after the other.

use std::process::ExitCode;

use super::{DriveArgs, key, runtime, say, settings, signals};
use crate::driver::steps::Steps;
use crate::driver::{DriveError, Driver};
use crate::protocol::events::Role;
use crate::socketio::Address;

pub fn run(args: &DriveArgs) -> anyhow::Result<ExitCode> {
    let steps = Steps::read(&args.steps)?;
    let address: Address = args.relay.parse()?;
    let data = settings::data_dir(&settings::layers(args.config.as_deref())?.check()?)?;
    runtime()?.block_on(async {
        let shutdown = signals::shutdown()?;
        Box::pin(async {
            let mut dial = Box::pin(key::dial(&address, &args.key, (Role::Driver, "joywire drive"), &data)).await?;
            dial.auth = serde_json::json!({ "name": "joywire drive", "robot": args.robot });
            let mut driver = Driver::connect(&dial).await?;
            driver.sit().await?;
            let work = async {
                for step in &steps.0 {
                    driver.hold(*step).await?;
                }
                Ok::<(), DriveError>(())
            };
            let outcome = shutdown.run_until_cancelled(work).await;
            // Whatever has happened: the stick is let go.
            let released = driver.release().await;
            let name = driver.welcome().robot.name.clone();
            driver.close().await;
            match outcome {
                Some(outcome) => {
                    outcome?;
                    released?;
                    say(&format!("{name} has done it"));
                    Ok(ExitCode::SUCCESS)
                }
                None => Ok(ExitCode::FAILURE),
            }
        })
        .await
    })
}
