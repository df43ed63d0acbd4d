//! PURE. What people are told when a command has no effect.

use crate::drive::{DriverId, Refusal, ResetError};

/// A refusal's stable word for programs and its sentence for people; `name_of` knows the drivers.
#[must_use]
pub fn refusal(refusal: Refusal, name_of: impl Fn(DriverId) -> String) -> (&'static str, String) {
    match refusal {
        Refusal::NotHolder { holder: Some(holder) } => ("seat_taken", format!("{} is driving", name_of(holder))),
        Refusal::NotHolder { holder: None } => ("no_seat", "take the seat first".to_owned()),
        Refusal::OldEpoch => ("old_epoch", "the seat has changed hands since".to_owned()),
        Refusal::OldSeq => ("old_seq", "a newer command came first".to_owned()),
        Refusal::NeutralFirst => ("neutral_first", "release the stick first".to_owned()),
        Refusal::Stopped(fault) => (fault.policy().code, fault.policy().text.to_owned()),
        Refusal::NoStamp => ("no_tick", "a command must carry the newest tick of the telemetry".to_owned()),
        Refusal::ForeignStamp => ("foreign_tick", "the command's tick is not one of this robot".to_owned()),
        Refusal::Stale { age_ms } => ("stale", format!("the command was {age_ms} ms old when it arrived")),
        Refusal::Reset(ResetError::NotLatched) => ("not_latched", "STOP is not latched".to_owned()),
        Refusal::Reset(ResetError::WrongNonce) => ("wrong_nonce", "press and hold reset again".to_owned()),
        Refusal::Reset(ResetError::TooSoon) => ("too_soon", "hold reset for 2 seconds".to_owned()),
    }
}

/// Whether a refusal is part of every drive (late packets, the last sample after a handover) and not
/// worth a person's attention. It is counted all the same.
#[must_use]
pub fn is_routine(refusal: Refusal) -> bool {
    match refusal {
        Refusal::OldEpoch | Refusal::OldSeq => true,
        Refusal::NotHolder { .. }
        | Refusal::NeutralFirst
        | Refusal::Stopped(_)
        | Refusal::NoStamp
        | Refusal::ForeignStamp
        | Refusal::Stale { .. }
        | Refusal::Reset(_) => false,
    }
}
