//! PURE. What people are told when a command has no effect.

use crate::drive::{DriverId, Refusal, ResetError};

/// A refusal's stable word for programs and its sentence for people; `name_of` knows the drivers.
#[must_use]
pub fn refusal(refusal: Refusal, name_of: impl Fn(DriverId) -> String) -> (&'static str, String) {
    let text = match refusal {
        Refusal::NotHolder { holder: Some(holder) } => format!("{} is driving", name_of(holder)),
        Refusal::NotHolder { holder: None } => "take the seat first".to_owned(),
        Refusal::OldEpoch => "the seat has changed hands since".to_owned(),
        Refusal::OldSeq => "a newer command came first".to_owned(),
        Refusal::NeutralFirst => "release the stick first".to_owned(),
        Refusal::Stopped(fault) => fault.policy().text.to_owned(),
        Refusal::NoStamp => "a command must carry the newest tick of the telemetry".to_owned(),
        Refusal::ForeignStamp => "the command's tick is not one of this robot".to_owned(),
        Refusal::Stale { age_ms } => format!("the command was {age_ms} ms old when it arrived"),
        Refusal::Reset(ResetError::NotLatched) => "STOP is not latched".to_owned(),
        Refusal::Reset(ResetError::WrongNonce) => "press and hold reset again".to_owned(),
        Refusal::Reset(ResetError::TooSoon) => "hold reset for 2 seconds".to_owned(),
    };
    (code(refusal), text)
}

/// A refusal's stable word for programs.
#[must_use]
pub const fn code(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::NotHolder { holder: Some(_) } => "seat_taken",
        Refusal::NotHolder { holder: None } => "no_seat",
        Refusal::OldEpoch => "old_epoch",
        Refusal::OldSeq => "old_seq",
        Refusal::NeutralFirst => "neutral_first",
        Refusal::Stopped(fault) => fault.policy().code,
        Refusal::NoStamp => "no_tick",
        Refusal::ForeignStamp => "foreign_tick",
        Refusal::Stale { .. } => "stale",
        Refusal::Reset(ResetError::NotLatched) => "not_latched",
        Refusal::Reset(ResetError::WrongNonce) => "wrong_nonce",
        Refusal::Reset(ResetError::TooSoon) => "too_soon",
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drive::Fault;
    use crate::metrics::{Metric, TABLE};

    /// Goal: no refusal is counted as some other.
    #[test]
    fn every_code_has_a_place_among_the_metrics() {
        let reset = [ResetError::NotLatched, ResetError::WrongNonce, ResetError::TooSoon].map(Refusal::Reset);
        let others = [
            Refusal::NotHolder { holder: None },
            Refusal::NotHolder { holder: Some(DriverId(1)) },
            Refusal::OldEpoch,
            Refusal::OldSeq,
            Refusal::NeutralFirst,
            Refusal::NoStamp,
            Refusal::ForeignStamp,
            Refusal::Stale { age_ms: 1 },
        ];
        let known = TABLE[Metric::Refusals as usize].labels[0].values;
        for refusal in Fault::ALL.map(Refusal::Stopped).into_iter().chain(reset).chain(others) {
            assert!(known.contains(&code(refusal)), "{refusal:?} is not counted apart");
        }
    }
}
