//! PURE. What a script asks a robot to do, one thing after the other: `left 0.5s up 1s`.

use std::str::FromStr;
use std::time::Duration;

/// One step lasts this long at most: whoever wants more says it again.
const LONGEST: Duration = Duration::from_mins(1);

/// One thing to do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Where the stick is, right of centre, −1…1.
    pub x: f64,
    /// Forward of centre, −1…1.
    pub y: f64,
    /// For how long.
    pub lasts: Duration,
}

/// All of them, in their order.
#[derive(Clone, Debug, PartialEq)]
pub struct Steps(pub Vec<Step>);

/// Why words are no steps.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoSteps {
    /// Not a direction.
    #[error("{0:?} is no direction: up, down, left, right, stop, or a stick's place as X,Y, such as 0.3,-1")]
    Direction(String),
    /// Not a time.
    #[error("{0:?} is no time: 0.5s, 500ms, 2s; a minute at most")]
    Time(String),
    /// A direction at the end.
    #[error("for how long {0}? a time stands behind each direction: {0} 0.5s")]
    Endless(String),
    /// Nothing.
    #[error("drive where, and for how long? for example: up 1s left 0.5s")]
    Nothing,
}

impl Steps {
    /// Reads directions and times in turn.
    ///
    /// # Errors
    /// [`NoSteps`].
    pub fn read<T: AsRef<str>>(words: &[T]) -> Result<Self, NoSteps> {
        if words.is_empty() {
            return Err(NoSteps::Nothing);
        }
        words.chunks(2).map(|pair| step(pair)).collect::<Result<_, _>>().map(Self)
    }
}

impl FromStr for Steps {
    type Err = NoSteps;

    fn from_str(text: &str) -> Result<Self, NoSteps> {
        Self::read(&text.split_whitespace().collect::<Vec<_>>())
    }
}

fn step<T: AsRef<str>>(pair: &[T]) -> Result<Step, NoSteps> {
    let word = pair.first().map_or("", AsRef::as_ref);
    let (x, y) = place(word).ok_or_else(|| NoSteps::Direction(word.to_owned()))?;
    let time = pair.get(1).map(AsRef::as_ref).ok_or_else(|| NoSteps::Endless(word.to_owned()))?;
    let lasts = duration(time).ok_or_else(|| NoSteps::Time(time.to_owned()))?;
    Ok(Step { x, y, lasts })
}

fn place(word: &str) -> Option<(f64, f64)> {
    match word {
        "up" => return Some((0.0, 1.0)),
        "down" => return Some((0.0, -1.0)),
        "left" => return Some((-1.0, 0.0)),
        "right" => return Some((1.0, 0.0)),
        "stop" => return Some((0.0, 0.0)),
        _ => {}
    }
    let (x, y) = word.split_once(',')?;
    let within = |text: &str| text.parse::<f64>().ok().filter(|share| (-1.0..=1.0).contains(share));
    Some((within(x)?, within(y)?))
}

fn duration(text: &str) -> Option<Duration> {
    let seconds = match text.strip_suffix("ms") {
        Some(ms) => ms.parse::<f64>().ok()? / 1000.0,
        None => text.strip_suffix('s')?.parse::<f64>().ok()?,
    };
    let lasts = Duration::try_from_secs_f64(seconds).ok()?;
    (!lasts.is_zero() && lasts <= LONGEST).then_some(lasts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Goal: what a person writes in a script is what the robot does.
    #[test]
    fn steps_are_read_in_their_order() {
        let steps: Steps = "left 0.5s up 1s 0.25,-1 20ms".parse().unwrap();
        let step = |x, y, ms| Step { x, y, lasts: Duration::from_millis(ms) };
        assert_eq!(steps.0, [step(-1.0, 0.0, 500), step(0.0, 1.0, 1000), step(0.25, -1.0, 20)]);
    }

    /// Goal: nothing that is almost a step moves anything.
    #[test]
    fn whatever_is_no_step_is_refused() {
        for bad in
            ["", "up", "up 1", "up -1s", "up 0s", "up 61s", "up NaNs", "up infs", "around 1s", "2,0 1s", "0,nan 1s"]
        {
            assert!(bad.parse::<Steps>().is_err(), "{bad:?}");
        }
        let said = "left 1s up".parse::<Steps>().unwrap_err().to_string();
        assert_eq!(said, "for how long up? a time stands behind each direction: up 0.5s");
    }

    proptest! {
        /// Goal: no text crashes it, and no stick leaves its square.
        #[test]
        fn any_text_is_read_or_refused(text in ".{0,60}") {
            if let Ok(Steps(steps)) = text.parse::<Steps>() {
                prop_assert!(steps.iter().all(|step| step.x.abs() <= 1.0 && step.y.abs() <= 1.0));
            }
        }
    }
}
