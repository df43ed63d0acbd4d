//! `joywire ports`: the serial ports of this machine, and which may lead to a robot.

use std::process::ExitCode;

use serde_json::{Value, json};

use super::{PortsArgs, runtime, say, settings};
use crate::cable::heard::Heard;
use crate::cable::listen::listen;
use crate::cable::port::{Port, Verdict};
use crate::cable::serial;
use crate::clock::Clock;

/// What to try if no robot is to be seen.
const ADVICE: &str = "plug the robot in, with a cable that carries data (some only charge); if it does not appear, \
                      `sudo dmesg` tells whether the system found a driver for it";

/// A port and what was found out about it.
struct Found {
    port: Port,
    in_use: Option<String>,
    forbidden: Option<String>,
    /// What was heard, or why it could not be opened.
    heard: Option<Result<Heard, String>>,
}

pub fn run(args: &PortsArgs) -> anyhow::Result<ExitCode> {
    let (config, _, finder) = settings::check(&settings::layers(args.config.as_deref())?)?;
    let mut all: Vec<Found> = finder.list().into_iter().map(look).collect();
    if args.listen {
        runtime()?.block_on(hear(&mut all, config.robot.baud, !args.json));
    }
    if args.json {
        say(&Value::Array(all.iter().map(as_json).collect()).to_string());
    } else if all.is_empty() {
        say(&format!("no serial ports here: {ADVICE}"));
    } else {
        table(&all);
        if !all.iter().any(|found| matches!(found.port.verdict, Verdict::Plausible(_))) {
            say(&format!("none of them looks like a robot: {ADVICE}"));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn look(port: Port) -> Found {
    let (in_use, forbidden) = (serial::in_use(&port), serial::forbidden(&port));
    Found { port, in_use, forbidden, heard: None }
}

/// Opens the plausible ones, one after the other.
async fn hear(all: &mut [Found], baud: u32, tell: bool) {
    let clock = Clock::start();
    for found in all {
        if matches!(found.port.verdict, Verdict::Plausible(_)) && found.in_use.is_none() && found.forbidden.is_none() {
            if tell {
                say(&format!("listening at {} …", found.port.name));
            }
            found.heard = Some(listen(&found.port, baud, clock).await.map_err(|error| error.to_string()));
        }
    }
}

fn table(all: &[Found]) {
    let mut rows = vec![["PORT", "DEVICE", "USB", "PRODUCT", "A ROBOT?"].map(str::to_owned)];
    rows.extend(all.iter().map(row));
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths = [width(0), width(1), width(2), width(3)];
    for [port, device, usb, product, verdict] in &rows {
        let [first, second, third, fourth] = widths;
        say(&format!("{port:<first$}  {device:<second$}  {usb:<third$}  {product:<fourth$}  {verdict}"));
    }
}

fn row(found: &Found) -> [String; 5] {
    let usb = found.port.usb.as_ref();
    let numbers = usb.map(|usb| format!("{:04x}:{:04x}", usb.vid, usb.pid));
    let product = usb.and_then(|usb| usb.product.clone().or_else(|| usb.manufacturer.clone()));
    let dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    [found.port.name.clone(), found.port.device.clone(), dash(numbers), dash(product), words(found)]
}

/// The verdict for people.
fn words(found: &Found) -> String {
    match &found.heard {
        Some(Ok(heard)) => return heard.sentence("it"),
        Some(Err(error)) => return error.clone(),
        None => {}
    }
    let verdict = match found.port.verdict {
        Verdict::Plausible(_) => "may be a robot",
        Verdict::Stranger => "not a robot that we know",
        Verdict::Other => "not on USB: only if you name it",
    };
    match (&found.in_use, &found.forbidden) {
        (Some(holder), _) => format!("{verdict}; in use by {holder}"),
        (None, Some(hint)) => format!("{verdict}; no permission: {hint}"),
        (None, None) => verdict.to_owned(),
    }
}

/// The same for programs.
fn as_json(found: &Found) -> Value {
    let usb = found.port.usb.as_ref();
    json!({
        "name": found.port.name,
        "device": found.port.device,
        "vid": usb.map(|usb| format!("{:04x}", usb.vid)),
        "pid": usb.map(|usb| format!("{:04x}", usb.pid)),
        "serial": usb.and_then(|usb| usb.serial.as_ref()),
        "product": usb.and_then(|usb| usb.product.as_ref()),
        "manufacturer": usb.and_then(|usb| usb.manufacturer.as_ref()),
        "verdict": match found.port.verdict {
            Verdict::Plausible(_) => "plausible",
            Verdict::Stranger => "stranger",
            Verdict::Other => "other",
        },
        "in_use_by": found.in_use,
        "permitted": found.forbidden.is_none(),
        "heard": found.heard.as_ref().map(|heard| match heard {
            Ok(Heard::Robot) => "robot",
            Ok(Heard::Noise) => "noise",
            Ok(Heard::Nothing) => "nothing",
            Err(_) => "error",
        }),
        "error": found.heard.as_ref().and_then(|heard| heard.as_ref().err()),
    })
}
