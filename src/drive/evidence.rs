//! PURE. Evidence: what was measured when a stop began.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::safety::Fault;

/// Ages at the moment of a decision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Since the newest sample that is followed arrived; `None` while none is.
    pub sample_age: Option<Duration>,
    /// Since the robot's time that this sample rests on, by the robot's clock.
    pub tick_age: Option<Duration>,
    /// Since the robot's newest report; `None` without one.
    pub silence: Option<Duration>,
    /// Since the decision before this one.
    pub pause: Duration,
}

/// How long each of them may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Of [`Evidence::sample_age`].
    pub sample_age: Duration,
    /// Of [`Evidence::tick_age`].
    pub tick_age: Duration,
    /// Of [`Evidence::silence`].
    pub silence: Duration,
    /// Of [`Evidence::pause`].
    pub pause: Duration,
}

/// Which age made a fault, how long it was and how long it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Excess {
    /// A stable word for programs: `sample`, `tick`, `silence` or `pause`.
    pub what: &'static str,
    /// How long it was.
    pub age: Duration,
    /// How long it may be.
    pub limit: Duration,
}

impl Evidence {
    /// The age that made `fault`; `None` for one that no age makes.
    #[must_use]
    pub fn excess(&self, fault: Fault, limits: &Limits) -> Option<Excess> {
        let over =
            |what, age: Option<Duration>, limit| age.filter(|age| *age > limit).map(|age| Excess { what, age, limit });
        match fault {
            Fault::CommandStale => over("sample", self.sample_age, limits.sample_age)
                .or_else(|| over("tick", self.tick_age, limits.tick_age)),
            Fault::RobotSilent => over("silence", self.silence, limits.silence),
            Fault::Overrun => over("pause", Some(self.pause), limits.pause),
            Fault::Latched
            | Fault::RobotAbsent
            | Fault::RobotIncompatible
            | Fault::RobotStarting
            | Fault::RobotStopped => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: what is told as the cause is what was too long, with both numbers.
    #[test]
    fn the_age_that_was_too_long_is_told() {
        let ms = Duration::from_millis;
        let limits = Limits { sample_age: ms(200), tick_age: ms(230), silence: ms(200), pause: ms(250) };
        let fresh =
            Evidence { sample_age: Some(ms(200)), tick_age: Some(ms(230)), silence: Some(ms(200)), pause: ms(250) };
        assert!(Fault::ALL.into_iter().all(|fault| fresh.excess(fault, &limits).is_none()));
        let told = |evidence: Evidence, fault| evidence.excess(fault, &limits).map(|told| (told.what, told.age));
        let late = Evidence { tick_age: Some(ms(231)), ..fresh };
        assert_eq!(told(late, Fault::CommandStale), Some(("tick", ms(231))));
        assert_eq!(
            told(Evidence { sample_age: Some(ms(201)), ..late }, Fault::CommandStale),
            Some(("sample", ms(201)))
        );
        assert_eq!(told(Evidence { silence: Some(ms(300)), ..fresh }, Fault::RobotSilent), Some(("silence", ms(300))));
        assert_eq!(told(Evidence { pause: ms(900), ..fresh }, Fault::Overrun), Some(("pause", ms(900))));
        assert_eq!(told(Evidence { pause: ms(900), ..fresh }, Fault::Latched), None);
    }
}
