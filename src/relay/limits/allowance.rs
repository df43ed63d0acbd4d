//! What one client may still send, and what it was already told.

use std::time::Duration;

use tokio::time::Instant;

use super::bucket::{Bucket, Rate};

/// STOPs from one client; more change nothing.
const STOPS: Rate = Rate::new(20.0, 20.0);
/// Events beyond all limits that a client is forgiven. Even what is thrown away costs the thread that drives.
const FORGIVEN: Rate = Rate::new(100.0, 1000.0);
/// The same thing is said to the same client once in this time.
const TELL_AGAIN: Duration = Duration::from_secs(1);

/// What one client may still send, and what it was already told.
#[derive(Debug)]
pub(crate) struct Allowance {
    events: Bucket,
    stops: Bucket,
    forgiven: Bucket,
    flooded: bool,
    in_motion: bool,
    told: Vec<(String, Instant)>,
    dropped: u64,
}

impl Allowance {
    /// A fresh allowance of `per_second` events with bursts of `burst`.
    pub(crate) fn new(per_second: u32, burst: u32, now: Instant) -> Self {
        Self {
            events: Bucket::new(Rate::new(f64::from(per_second), f64::from(burst)), now),
            stops: Bucket::new(STOPS, now),
            forgiven: Bucket::new(FORGIVEN, now),
            flooded: false,
            in_motion: false,
            told: Vec::new(),
            dropped: 0,
        }
    }

    /// Whether one more event may pass.
    pub(crate) fn event(&mut self, now: Instant) -> bool {
        let passes = self.events.take(now);
        self.count(passes, now)
    }

    /// Whether a STOP may pass. STOPs have an allowance of their own, which nothing else uses up.
    pub(crate) fn stop(&mut self, now: Instant) -> bool {
        let passes = self.stops.take(now) || self.events.take(now);
        self.count(passes, now)
    }

    /// Whether a stick sample may pass.
    ///
    /// A neutral one after a sample that drove always does: refusing it would keep the robot moving.
    /// Each such pass was paid for by the sample before it, so this opens no door to a flood.
    pub(crate) fn sample(&mut self, neutral: bool, now: Instant) -> bool {
        let stops_motion = neutral && self.in_motion;
        let passes = self.events.take(now) || stops_motion;
        if passes {
            self.in_motion = !neutral;
        }
        self.count(passes, now)
    }

    /// Whether it is time to tell the client (again) that something was refused for `code`.
    pub(crate) fn tell(&mut self, code: &str, now: Instant) -> bool {
        match self.told.iter_mut().find(|(known, _)| *known == code) {
            Some((_, at)) if now.saturating_duration_since(*at) < TELL_AGAIN => false,
            Some((_, at)) => {
                *at = now;
                true
            }
            None => {
                self.told.push((code.to_owned(), now));
                true
            }
        }
    }

    /// Whether it has sent so much that it must go.
    pub(crate) fn flooded(&self) -> bool {
        self.flooded
    }

    /// Events over the limits so far.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
    }

    fn count(&mut self, passes: bool, now: Instant) -> bool {
        if !passes {
            self.dropped += 1;
            self.flooded |= !self.forgiven.take(now);
        }
        passes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    /// Goal: a flood of anything else leaves room for STOP.
    #[test]
    fn stop_passes_when_nothing_else_does() {
        let now = Instant::now();
        let mut allowance = Allowance::new(60, 20, now);
        while allowance.event(now) {}
        assert!(allowance.stop(now));
        assert!(!allowance.event(now));
        assert_eq!(allowance.dropped(), 2);
        assert_eq!((0..1000).filter(|_| allowance.stop(now)).count(), 19, "STOPs are bounded too");
    }

    /// Goal: the limit never keeps a robot moving: after a sample that drove, neutral passes.
    #[test]
    fn neutral_is_never_dropped_in_favour_of_motion() {
        let start = Instant::now();
        let mut allowance = Allowance::new(60, 20, start);
        let mut moving = false;
        for step in 0..10_000 {
            let (now, neutral) = (start + Duration::from_micros(100 * step), step % 3 == 0);
            if allowance.sample(neutral, now) {
                moving = !neutral;
            } else if neutral {
                assert!(!moving, "a neutral sample was dropped while the robot moved");
            }
        }
        let passed = 10_000 - allowance.dropped();
        assert!(passed <= 2 * (60 + 20 + 1), "{passed} samples passed in a second");
    }

    /// Goal: who goes on and on is cut off, who exceeds a limit now and then is not.
    #[test]
    fn endless_flood_is_told_from_a_burst() {
        let start = Instant::now();
        let mut allowance = Allowance::new(60, 20, start);
        for _ in 0..1000 {
            allowance.event(start);
        }
        assert!(!allowance.flooded());
        for second in 1..100 {
            for _ in 0..110 {
                allowance.event(start + ms(1000 * second));
            }
            assert!(!allowance.flooded(), "in second {second}");
        }
        for _ in 0..1100 {
            allowance.event(start + ms(100_000));
        }
        assert!(allowance.flooded());
    }

    /// Goal: a refusal is told once a second for each reason, not once an event.
    #[test]
    fn a_client_is_told_once_a_second() {
        let start = Instant::now();
        let mut allowance = Allowance::new(60, 20, start);
        let told = (0..3000).filter(|step| allowance.tell("rate", start + ms(*step))).count();
        assert_eq!(told, 3);
        assert!(allowance.tell("size", start + ms(2999)));
    }
}
