//! PURE. How seats, stops and people are told in the log, whoever tells it.

use serde_json::json;

use super::{Doer, Kind, Record};
use crate::protocol::events::{Reason, SeatView};

/// Who drives now, or who waits for that: the seat was `before`.
#[must_use]
pub fn seat(before: &SeatView, seat: &SeatView, doer: Option<Doer>) -> Record {
    let name = seat.holder.as_ref().map(|holder| &*holder.name);
    let queue: Vec<&str> = seat.queue.iter().map(|person| &*person.name).collect();
    let same = (before.epoch, &before.holder) == (seat.epoch, &seat.holder);
    let data = json!({"holder": name, "epoch": seat.epoch, "queue": queue, "changed": !same});
    let text = if same {
        format!("the seat is waited for by {}", if queue.is_empty() { "nobody".to_owned() } else { queue.join(", ") })
    } else {
        format!("{} drives", name.unwrap_or("nobody"))
    };
    Record { doer, ..Record::new(Kind::Seat, text) }.with(data)
}

/// The robot stopped. `doer`: who drove.
#[must_use]
pub fn stopped(reason: &Reason, doer: Option<Doer>) -> Record {
    let data = json!({"code": reason.code, "hop": reason.hop, "numbers": reason.numbers, "text": reason.text});
    let text = match reason.measured() {
        Some(measured) => format!("{} ({}: {measured})", reason.text, reason.hop),
        None => reason.text.clone(),
    };
    Record { doer, ..Record::new(Kind::Fault, text) }.with(data)
}

/// The same as a relay tells it of a robot whose agent is elsewhere: that has a log of its own, which knows better.
#[must_use]
pub fn heard(record: Record) -> Record {
    let mut data = record.data.clone();
    if let Some(fields) = data.as_object_mut() {
        fields.insert("by".to_owned(), json!("relay"));
    } else {
        data = json!({"by": "relay"});
    }
    Record { text: format!("{}, as the relay heard", record.text), data, ..record }
}

/// The robot may drive again; `reason` is over.
#[must_use]
pub fn ready(reason: &Reason) -> Record {
    Record::new(Kind::Fault, "the robot is ready").with(json!({"code": null, "over": reason.code}))
}
