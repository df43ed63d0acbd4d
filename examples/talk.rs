//! Says what it is told to with our own Socket.IO client, and tells what it hears: the interoperability matrix drives it.
//!
//! usage: `talk https://localhost:8080`
//!
//! Reads `{"emit": name, "args": […], "ack": true or false}` a line. Prints `{"connected": true}`, then
//! `{"heard": name, "args": […]}` and `{"answered": […]}` a line, with `{"base64": text}` for binary data. Ends when its
//! standard input does.

#![expect(clippy::print_stdout, reason = "a program that talks to another by its standard output")]

use std::io::BufRead;

use anyhow::Context;
use joywire::protocol::events::name;
use joywire::socketio::{Client, Dial, Incoming, Trust};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::mpsc;

#[derive(Deserialize)]
struct Told {
    emit: String,
    args: Vec<Value>,
    #[serde(default)]
    ack: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let address = std::env::args().nth(1).context("usage: talk https://HOST:PORT")?.parse()?;
    let dial = Dial { address, trust: Trust::Anyone, cookie: None, auth: json!({}) };
    let mut client = Client::connect(&dial).await?;
    println!("{}", json!({"connected": true}));
    let (lines, mut told) = mpsc::channel(16);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if lines.blocking_send(line).is_err() {
                break;
            }
        }
    });
    loop {
        tokio::select! {
            line = told.recv() => {
                let Some(line) = line else { break };
                let Told { emit, args, ack } = serde_json::from_str(&line)?;
                let taken = if ack { client.ask(&emit, &args).is_some() } else { client.emit(&emit, &args) };
                anyhow::ensure!(taken, "{emit} could not be sent");
            }
            said = client.next() => match said? {
                Incoming::Event { name, .. } if name == name::TELEMETRY => {}
                Incoming::Event { name, args, .. } => println!("{}", json!({"heard": name, "args": args})),
                Incoming::Ack { args, .. } => println!("{}", json!({"answered": args})),
            }
        }
    }
    client.close().await;
    Ok(())
}
