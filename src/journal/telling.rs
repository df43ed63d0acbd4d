//! PURE. How seats, stops and people are told in the log, whoever tells it.

use serde_json::json;

use super::{Doer, Kind, Record};
use crate::protocol::events::{Reason, SeatView};

/// Who drives now.
#[must_use]
pub fn seat(seat: &SeatView, doer: Option<Doer>) -> Record {
    let name = seat.holder.as_ref().map(|holder| &*holder.name);
    let queue: Vec<&str> = seat.queue.iter().map(|person| &*person.name).collect();
    let data = json!({"holder": name, "epoch": seat.epoch, "queue": queue});
    Record { doer, ..Record::new(Kind::Seat, format!("{} drives", name.unwrap_or("nobody"))) }.with(data)
}

/// The robot stopped. `doer`: who drove.
#[must_use]
pub fn stopped(reason: &Reason, doer: Option<Doer>) -> Record {
    let data = json!({"code": reason.code, "hop": reason.hop, "numbers": reason.numbers});
    Record { doer, ..Record::new(Kind::Fault, reason.text.clone()) }.with(data)
}

/// The robot may drive again; `reason` is over.
#[must_use]
pub fn ready(reason: &Reason) -> Record {
    Record::new(Kind::Fault, "the robot is ready").with(json!({"code": null, "over": reason.code}))
}
