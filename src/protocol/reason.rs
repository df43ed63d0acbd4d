//! PURE. Why a robot is stopped, with the numbers that were measured.

use serde::{Deserialize, Serialize};

/// Why the robot is stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// A stable word, for programs.
    pub code: String,
    /// A sentence, for people.
    pub text: String,
    /// Where on the way from thumb to wheel the cause lies: `person`, `network`, `agent`, `cable` or `robot`.
    #[serde(default)]
    pub hop: String,
    /// What was measured when the stop began.
    #[serde(default)]
    pub numbers: Numbers,
}

/// Ages at the moment when a stop began, ms; `null` where there was nothing to measure.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numbers {
    /// The age that made the stop; `null` if none did.
    pub exceeded: Option<Exceeded>,
    /// Since the driver's newest sample had arrived at the agent.
    pub sample_ms: Option<u32>,
    /// Since the robot's time that this sample rested on, by the robot's clock.
    pub tick_ms: Option<u32>,
    /// Since the robot's newest report.
    pub silence_ms: Option<u32>,
    /// Since the agent had decided before.
    pub pause_ms: Option<u32>,
}

/// An age that was too long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exceeded {
    /// Which: `sample`, `tick`, `silence` or `pause`.
    pub what: String,
    /// How long it was, ms.
    pub ms: u32,
    /// How long it may be, ms.
    pub limit_ms: u32,
}

impl Reason {
    /// A reason without numbers.
    #[must_use]
    pub fn new(code: &str, hop: &str, text: &str) -> Self {
        Self { code: code.to_owned(), text: text.to_owned(), hop: hop.to_owned(), numbers: Numbers::default() }
    }

    /// What was measured, as a sentence; `None` if the stop was not for an age.
    #[must_use]
    pub fn measured(&self) -> Option<String> {
        let Numbers { exceeded, sample_ms, tick_ms, silence_ms, .. } = &self.numbers;
        let Exceeded { what, ms, limit_ms } = exceeded.as_ref()?;
        let beside =
            |what: &str, age: &Option<u32>| age.map_or(String::new(), |age| format!("; {what} was {age} ms old"));
        let (told, rest) = match what.as_str() {
            "sample" => ("the newest sample", beside("the robot's time in it", tick_ms)),
            "tick" => ("the robot's time in the newest sample", beside("the sample itself", sample_ms)),
            "silence" => ("the robot's newest report", String::new()),
            _ => {
                let rest = beside("the robot's newest report", silence_ms);
                return Some(format!(
                    "the computer did not decide for {ms} ms, at most {limit_ms} ms are allowed{rest}"
                ));
            }
        };
        Some(format!("{told} was {ms} ms old, at most {limit_ms} ms are allowed{rest}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: people read which age was too long, how long, and how long it may be.
    #[test]
    fn the_age_that_was_too_long_is_said() {
        let of = |what: &str| {
            let exceeded = Some(Exceeded { what: what.to_owned(), ms: 213, limit_ms: 200 });
            let numbers = Numbers { exceeded, tick_ms: Some(227), silence_ms: Some(4), ..Numbers::default() };
            Reason { numbers, ..Reason::new("code", "hop", "text") }.measured().unwrap()
        };
        assert_eq!(
            of("sample"),
            "the newest sample was 213 ms old, at most 200 ms are allowed; the robot's time in it was 227 ms old"
        );
        assert_eq!(of("silence"), "the robot's newest report was 213 ms old, at most 200 ms are allowed");
        assert!(of("pause").starts_with("the computer did not decide for 213 ms, at most 200 ms"));
        assert_eq!(Reason::new("latched", "person", "STOP").measured(), None);
    }
}
