//! Drives the robot a little way: takes the seat, drives with fresh samples, and lets go.
//!
//! `cargo run --example drive [https://localhost:8080]`, beside a `cargo run` on the same machine, where programs need no
//! pairing. Ctrl-C lets go at once.

#![expect(clippy::print_stdout, reason = "it tells whoever runs it what it does")]

use std::pin::pin;
use std::time::Duration;

use anyhow::{Context, bail};
use joywire::protocol::events::{
    self, Drive, Refused, SeatReply, SeatRequest, SeatView, State, Telemetry, Welcome, name,
};
use joywire::socketio::{Client, Dial, Incoming, Trust};
use serde::de::DeserializeOwned;
use serde_json::json;
use tokio::time::{Instant, interval, timeout};

/// How long, seconds, and where the stick is: x to the right, y ahead, each −1…1.
const WAY: [(f64, f64, f64); 4] = [(0.3, 0.0, 0.0), (1.0, 0.0, 0.4), (0.6, -0.4, 0.0), (0.3, 0.0, 0.0)];
/// For an answer.
const PATIENCE: Duration = Duration::from_secs(3);

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "https://localhost:8080".to_owned()).parse()?;
    let dial = Dial { address, trust: Trust::Anyone, cookie: None, auth: json!({"name": "drive.rs"}) };
    let mut client = Client::connect(&dial).await?;
    // Nothing is said before the welcome.
    let welcome: Welcome = timeout(PATIENCE, hear(&mut client, name::WELCOME)).await??;
    let taken = seat(&mut client, SeatRequest::Take).await?;
    if !taken.ok {
        bail!("no seat: {}", taken.why.unwrap_or_default());
    }
    println!("driving {}", welcome.robot.name);
    let why = drive(&mut client, &welcome, taken.seat.epoch).await?;
    if let Some(why) = why {
        println!("{why}");
    }
    // Giving the seat back stops the robot at once.
    seat(&mut client, SeatRequest::Release).await?;
    client.close().await;
    Ok(())
}

/// Samples at the pace that the robot asks for, each with the newest tick that it told; returns why it ended early.
async fn drive(client: &mut Client, welcome: &Welcome, epoch: u32) -> anyhow::Result<Option<String>> {
    let mut newest = welcome.telemetry.clone();
    let mut pace = interval(Duration::from_secs(1) / welcome.limits.sample_hz);
    let mut quit = pin!(tokio::signal::ctrl_c());
    let mut seq = 0;
    for (seconds, x, y) in WAY {
        let until = Instant::now() + Duration::from_secs_f64(seconds);
        while Instant::now() < until {
            tokio::select! {
                _ = pace.tick() => {
                    seq += 1;
                    let (tick, session) = (newest.tick, newest.session);
                    let sample = Drive { seq, x, y, strafe: 0.0, motors: None, tick, session, epoch };
                    // A sample that still waits is replaced: only the newest is worth anything.
                    client.latest(0, name::DRIVE, &[json!(sample)]);
                }
                said = client.next() => {
                    let Incoming::Event { name: event, args, .. } = said? else { continue };
                    match event.as_str() {
                        name::TELEMETRY => {
                            newest = events::parse::<Telemetry>(name::TELEMETRY, &args)?;
                            // The next fresh sample mends a stale one; everything else wants a look first.
                            let stale = newest.reason.as_ref().is_some_and(|reason| reason.code == "command_stale");
                            if !stale && !matches!(newest.state, State::Ready | State::Driving) {
                                return Ok(Some(newest.reason.map_or("stopped".to_owned(), |reason| reason.text)));
                            }
                        }
                        name::SEAT => {
                            let seat: SeatView = events::parse(name::SEAT, &args)?;
                            if seat.holder.is_none_or(|holder| holder.id != welcome.you.id) {
                                return Ok(Some("somebody else drives now".to_owned()));
                            }
                        }
                        name::REFUSED => {
                            let refused: Refused = events::parse(name::REFUSED, &args)?;
                            println!("refused: {} {}", refused.event, refused.why);
                        }
                        _ => {}
                    }
                }
                _ = &mut quit => return Ok(Some("letting go".to_owned())),
            }
        }
    }
    Ok(None)
}

/// The first event of a name.
async fn hear<T: DeserializeOwned>(client: &mut Client, wanted: &'static str) -> anyhow::Result<T> {
    loop {
        if let Incoming::Event { name, args, .. } = client.next().await?
            && name == wanted
        {
            return Ok(events::parse(wanted, &args)?);
        }
    }
}

/// Asks for the seat, or gives it back.
async fn seat(client: &mut Client, want: SeatRequest) -> anyhow::Result<SeatReply> {
    let asked = client.ask(name::SEAT, &[json!(want)]).context("too much waits to be sent")?;
    let answer = async {
        loop {
            if let Incoming::Ack { id, args } = client.next().await?
                && id == asked
            {
                return Ok::<_, anyhow::Error>(events::parse(name::SEAT, &args)?);
            }
        }
    };
    timeout(PATIENCE, answer).await?
}
