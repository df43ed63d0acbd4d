//! `joywire relay`: the HTTPS relay alone.

use std::process::ExitCode;

use super::{RelayArgs, complain, runtime, say, settings, signals};
use crate::mailbox::{AgentEnd, mailbox};
use crate::relay::Relay;

/// Exit code for an option that does not work (yet), as clap uses it.
const USAGE: u8 = 2;

pub fn run(args: &RelayArgs) -> anyhow::Result<ExitCode> {
    if args.public {
        return Ok(refuse_public());
    }
    let (config, wanted, _) = settings::check(&settings::for_relay(args)?)?;
    runtime()?.block_on(async {
        let shutdown = signals::shutdown()?;
        let (relay_end, agent_end) = mailbox();
        let relay = Relay::bind(settings::relay(&config, &wanted)?, relay_end)?;
        say(&format!("joywire relays, without a robot: open {} in a browser on this machine", url(&relay)));
        tokio::select! {
            served = relay.serve(shutdown) => served?,
            () = answer_nobody(agent_end) => {}
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// Nobody drives here: commands are dropped, and the relay tells their senders.
async fn answer_nobody(agent_end: AgentEnd) {
    loop {
        agent_end.arrived().await;
        drop(agent_end.take());
    }
}

/// Until phones can be paired, nobody but this machine is let in.
pub fn refuse_public() -> ExitCode {
    complain("joywire: --public is not in this version: it will come with pairing, so that no stranger can drive");
    ExitCode::from(USAGE)
}

/// The address for a browser.
pub fn url(relay: &Relay) -> String {
    let port = relay.local_addrs().first().map_or(0, std::net::SocketAddr::port);
    format!("https://localhost:{port}")
}
