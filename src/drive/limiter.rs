//! PURE. Limiter: lets a motion change no faster than the robot should.
//!
//! Each direction of a [`Twist`] has a speed v and an acceleration a. With A = 1/time for a full swing and
//! J = A/jerk time, a step of dt keeps |a| ≤ A, lets a change by at most J·dt, and takes the largest a of these with
//! which v + a·dt + a²/2J does not pass the goal: from there a can still fall to zero in time. Wider steps are made of
//! such of 1 ms, or a stop would take longer the more seldom somebody asks.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::motion::Twist;

/// This near the goal counts as there; far below a permille.
const THERE: f64 = 1e-6;
/// A step is divided into parts of this length at most.
const PART: Duration = Duration::from_millis(1);

/// How fast one direction may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ramp {
    /// Rest to full speed takes this long, the jerk's time apart.
    pub accelerate: Duration,
    /// Full speed to rest takes this long, the jerk's time apart.
    pub brake: Duration,
    /// The acceleration takes this long to build up, and to fade before the goal; zero for at once.
    pub accelerate_jerk: Duration,
    /// The same for braking; whatever it is, it lengthens every stop.
    pub brake_jerk: Duration,
}

/// Lets a motion change no faster than the robot should.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Limiter {
    straight: Ramp,
    turn: Ramp,
    linear: Axis,
    lateral: Axis,
    angular: Axis,
}

/// One direction: speed, and its change, in full speeds a second.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Axis {
    speed: f64,
    acceleration: f64,
}

/// The most acceleration and the most change of it, in full speeds a second, and a second squared.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    acceleration: f64,
    jerk: f64,
}

impl Limiter {
    /// A limiter at rest: `straight` for going ahead and sideways, `turn` for turning.
    #[must_use]
    pub fn new(straight: Ramp, turn: Ramp) -> Self {
        let (linear, lateral, angular) = Default::default();
        Self { straight, turn, linear, lateral, angular }
    }

    /// Moves towards `target` for `dt` and returns the motion reached; a change of direction ends at rest, and goes on
    /// with the next call.
    pub fn step(&mut self, target: Twist, dt: Duration) -> Twist {
        self.linear.go(target.linear, dt, self.straight);
        self.lateral.go(target.lateral, dt, self.straight);
        self.angular.go(target.angular, dt, self.turn);
        Twist { linear: self.linear.speed, lateral: self.lateral.speed, angular: self.angular.speed }
    }

    /// Forgets the motion: the next step starts from rest.
    pub fn cut(&mut self) {
        (self.linear, self.lateral, self.angular) = Default::default();
    }
}

impl Axis {
    fn go(&mut self, target: f64, dt: Duration, ramp: Ramp) {
        let parts = u32::try_from(dt.as_nanos().div_ceil(PART.as_nanos())).unwrap_or(u32::MAX);
        let part = dt.as_secs_f64() / f64::from(parts);
        let up = Bounds::new(ramp.accelerate, ramp.accelerate_jerk);
        let down = Bounds::new(ramp.brake, ramp.brake_jerk);
        for _ in 0..parts {
            self.step(target, part, up, down);
            let arrived = (target - self.speed).abs() < THERE && self.acceleration == 0.0;
            if self.speed == 0.0 || arrived {
                return;
            }
        }
    }

    fn step(&mut self, target: f64, dt: f64, up: Bounds, down: Bounds) {
        // A change of direction brakes to rest first; the next step after that accelerates.
        let goal = if self.speed * target < 0.0 { 0.0 } else { target };
        let braking = goal.abs() < self.speed.abs();
        let bounds = if braking { down } else { up };
        let way = (goal - self.speed).abs();
        let towards = if goal < self.speed { -1.0 } else { 1.0 };
        let now = self.acceleration * towards;
        // Whoever brakes while the speed still rises has no use for the rest of that: it would only delay the stop.
        let now = if braking { now.max(0.0) } else { now };
        // What else leads away from the goal, or past it, is taken back as fast as braking sets in: a change of mind does
        // not wait for comfort either.
        let back = down.jerk.max(bounds.jerk) * dt;
        let least = now - back;
        let onward = if now < 0.0 { (now + back).min(bounds.jerk * dt) } else { now + bounds.jerk * dt };
        let most = onward.min(bounds.acceleration);
        let wanted = bounds.towards(way, dt).min(most).max(least);
        self.acceleration = wanted * towards;
        let before = self.speed;
        self.speed += self.acceleration * dt;
        if (goal - self.speed).abs() < THERE {
            self.speed = goal;
        }
        if self.speed == 0.0 || before * self.speed < 0.0 {
            // Rest is rest: what comes after it starts anew.
            *self = Self::default();
        }
    }
}

impl Bounds {
    fn new(swing: Duration, jerk: Duration) -> Self {
        let acceleration = if swing.is_zero() { f64::INFINITY } else { swing.as_secs_f64().recip() };
        let jerk = if jerk.is_zero() { f64::INFINITY } else { acceleration / jerk.as_secs_f64() };
        Self { acceleration, jerk }
    }

    /// The largest acceleration with which `way` is not passed: a·dt + a²/2J = way.
    fn towards(self, way: f64, dt: f64) -> f64 {
        if self.jerk.is_infinite() {
            return way / dt;
        }
        self.jerk * ((dt * dt + 2.0 * way / self.jerk).sqrt() - dt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MS: Duration = Duration::from_millis(1);
    const FULL: Twist = Twist { linear: 1.0, ..Twist::ZERO };

    fn ramp(accelerate: u64, brake: u64, accelerate_jerk: u64, brake_jerk: u64) -> Ramp {
        let [accelerate, brake, accelerate_jerk, brake_jerk] =
            [accelerate, brake, accelerate_jerk, brake_jerk].map(Duration::from_millis);
        Ramp { accelerate, brake, accelerate_jerk, brake_jerk }
    }

    fn limiter(ramp: Ramp) -> Limiter {
        Limiter::new(ramp, ramp)
    }

    /// Lets so many milliseconds pass; the speed ahead after them.
    fn run(limiter: &mut Limiter, target: Twist, ms: u32) -> f64 {
        (0..ms).fold(0.0, |_, _| limiter.step(target, MS).linear)
    }

    /// Milliseconds until full speed, and from there to rest.
    fn times(ramp: Ramp) -> (u32, u32) {
        let mut limiter = limiter(ramp);
        let up = (1..=2000).find(|_| limiter.step(FULL, MS).linear >= 0.999).unwrap();
        run(&mut limiter, FULL, 2000);
        let down = (1..=2000).find(|_| limiter.step(Twist::ZERO, MS).linear <= 0.000_5).unwrap();
        (up, down)
    }

    /// Goal: full speed takes the configured time, stopping too, and jerk its own time on top of that.
    #[test]
    fn limiter_takes_its_time_up_and_down() {
        let (up, down) = times(ramp(300, 60, 0, 0));
        assert!((299..=301).contains(&up) && (59..=61).contains(&down), "{up} ms up, {down} ms down");
        let (up, down) = times(ramp(300, 60, 50, 20));
        assert!((340..=352).contains(&up), "{up} ms up");
        assert!((76..=84).contains(&down), "{down} ms down");
    }

    /// Goal: I2: whatever ramps the configuration takes, however seldom the agent looks, and whenever somebody lets go:
    /// no motor is told anything any more after 100 ms, so with the way to the robot a stop has its 120.
    #[test]
    fn every_ramp_stops_in_time_at_any_step() {
        let told = |motion: Twist| (motion.linear * 1000.0).round().abs() > 0.0;
        for step in [1_u32, 5, 20, 50] {
            let dt = MS * step;
            for (brake, soft_up) in (10..=100).flat_map(|brake| [(brake, 0), (brake, 40), (brake, 500)]) {
                for soft in [0, (100 - brake) / 2, 100 - brake] {
                    let ramp = ramp(300, brake, soft_up, soft);
                    let mut driving = limiter(ramp);
                    for run in 1..=900 / step {
                        driving.step(FULL, dt);
                        let mut stopping = driving.clone();
                        let steps = (1..=200).find(|_| !told(stopping.step(Twist::ZERO, dt))).unwrap();
                        assert!(steps * step <= 100, "{ramp:?}, let go after {run} of {step} ms: {} ms", steps * step);
                    }
                }
            }
        }
    }

    /// Goal: whoever lets go in the middle of speeding up brakes at once, however softly it started.
    #[test]
    fn letting_go_does_not_wait_for_comfort() {
        let mut limiter = limiter(ramp(300, 60, 300, 0));
        let before = run(&mut limiter, FULL, 200);
        assert!(before > 0.2, "{before}");
        assert!(limiter.step(Twist::ZERO, MS).linear < before);
        let rest = (1..=100).find(|_| limiter.step(Twist::ZERO, MS).linear <= 0.0).unwrap();
        assert!(rest <= 60, "{rest} ms");
    }

    /// Goal: whoever pushes again while the robot brakes drives on, and does not wait for it to stand.
    #[test]
    fn pushing_again_does_not_wait_for_rest() {
        let mut limiter = limiter(ramp(300, 60, 50, 0));
        run(&mut limiter, FULL, 250);
        let slowed = run(&mut limiter, Twist::ZERO, 20);
        assert!(slowed > 0.2, "{slowed}");
        assert!((0..100).all(|_| limiter.step(FULL, MS).linear >= slowed));
    }

    /// Goal: turning has times of its own.
    #[test]
    fn turning_is_limited_apart() {
        let mut limiter = Limiter::new(ramp(300, 60, 0, 0), ramp(1000, 100, 0, 0));
        let both = Twist { linear: 1.0, lateral: -1.0, angular: 1.0 };
        let mut after = Twist::ZERO;
        (0..150).for_each(|_| after = limiter.step(both, MS));
        assert!((after.linear - 0.5).abs() < 0.01 && (after.lateral + 0.5).abs() < 0.01, "{after:?}");
        assert!((after.angular - 0.15).abs() < 0.01, "{after:?}");
    }

    /// Goal: whoever pushes, lets go and pushes on at steps of changing width gets no more than they asked for.
    #[test]
    fn steps_of_changing_width_do_not_overshoot() {
        let mut limiter = limiter(ramp(144, 97, 18, 48));
        let mut furthest = 0.0_f64;
        for (linear, tenths, steps) in
            [(-0.269_351_245_818_180_1, 83, 7), (0.0, 54, 3), (-0.959_741_447_893_981, 140, 7), (0.0, 28, 7)]
        {
            furthest = furthest.max(f64::abs(linear));
            for _ in 0..steps {
                let speed = limiter.step(Twist { linear, ..Twist::ZERO }, MS * tenths / 10).linear;
                assert!(speed.abs() <= furthest + 2.0 * THERE, "{speed} beyond {furthest}");
            }
        }
    }

    /// Widths of a step, in tenths of a millisecond: half of them are not divided.
    fn widths() -> impl Strategy<Value = u64> {
        prop_oneof![1u64..=10, 1u64..=500]
    }

    proptest! {
        /// Goal: at any step width the limiter passes neither its accelerations nor its jerks, never goes further than
        /// it was told, and never leaps through rest.
        #[test]
        fn limiter_never_exceeds_its_rates(
            (up, down, soft_up, soft_down) in (100u64..1000, 20u64..100, 0u64..300, 0u64..50),
            targets in prop::collection::vec((-1.0..1.0f64, -1.0..1.0f64, widths(), 1u32..12), 1..50)
        ) {
            let mut limiter = limiter(ramp(up, down, soft_up, soft_down));
            let seconds = |ms: u64| Duration::from_millis(ms).as_secs_f64();
            let (most_up, most_down) = (seconds(up).recip(), seconds(down).recip());
            let brake_jerk = if soft_down == 0 { f64::INFINITY } else { most_down / seconds(soft_down) };
            let jerk_up = if soft_up == 0 { f64::INFINITY } else { most_up / seconds(soft_up) };
            let mut before = [0.0; 2];
            let mut rates = [0.0; 2];
            let mut furthest = 0.0_f64;
            let mut last = Duration::ZERO;
            for (linear, angular, tenths, steps) in targets {
                let dt = Duration::from_micros(tenths * 100);
                // A rate is that of a whole step: it may change by as much as fits into the longer one of two, and half a
                // part more if their parts differ.
                let span = dt.max(last);
                let span = if span > PART { span + PART / 2 } else { span };
                last = dt;
                furthest = furthest.max(linear.abs()).max(angular.abs());
                for _ in 0..steps {
                    let after = limiter.step(Twist { linear, angular, ..Twist::ZERO }, dt);
                    let after = [after.linear, after.angular];
                    for axis in 0..2 {
                        let (from, to, width) = (before[axis], after[axis], dt.as_secs_f64());
                        let rate = (to - from) / width;
                        prop_assert!(to.abs() - from.abs() <= most_up * width + 2.0 * THERE);
                        prop_assert!((to - from).abs() <= most_down.max(most_up) * width + 2.0 * THERE);
                        prop_assert!(to.abs() <= furthest + 2.0 * THERE);
                        prop_assert!(from * to >= 0.0, "a reversal passes through rest");
                        let speeding = to.abs() > from.abs();
                        // What was left of speeding up is dropped as soon as somebody wants less, or has got it: between
                        // the parts of a divided step that is not seen.
                        let wish = if axis == 0 { linear } else { angular };
                        let less = wish * to <= 0.0 || wish.abs() < from.abs().max(to.abs());
                        let unseen = dt > PART && (rates[axis] - rate) * to > 0.0;
                        let judged = |rate: f64| if less || unseen { (rate * to.signum()).min(0.0) } else { rate };
                        // Rest ends any braking at once; whatever follows starts anew.
                        if to.abs() > 2.0 * THERE {
                            let jerk = (judged(rate) - judged(rates[axis])) / span.as_secs_f64();
                            let rises = speeding && rate * rates[axis] >= 0.0 && rate.abs() > rates[axis].abs();
                            // A divided step can have both in it: what is taken back, and what comes after that.
                            let most = if rises && span <= PART { jerk_up } else { brake_jerk.max(jerk_up) };
                            prop_assert!(jerk.abs() <= most * (1.0 + 1e-6) + 4.0 * THERE / width / width, "{jerk} > {most}");
                        }
                        rates[axis] = if to == 0.0 { 0.0 } else { rate };
                    }
                    before = after;
                }
            }
        }

        /// Goal: easing the stick slows the robot to what is asked, and not below it; so does pushing on.
        #[test]
        fn speed_stays_between_what_it_was_and_what_is_asked(
            soft_up in 0u64..300, tenths in widths(), wishes in prop::collection::vec((0.0..1.0f64, 1u32..30), 2..20)
        ) {
            let mut limiter = limiter(ramp(300, 60, soft_up, 0));
            let dt = Duration::from_micros(tenths * 100);
            let mut before = 0.0_f64;
            for (wish, steps) in wishes {
                for _ in 0..steps {
                    let after = limiter.step(Twist { linear: wish, ..Twist::ZERO }, dt).linear;
                    prop_assert!(after >= before.min(wish) - 2.0 * THERE, "{before} to {after}, asked for {wish}");
                    prop_assert!(after <= before.max(wish) + 2.0 * THERE, "{before} to {after}, asked for {wish}");
                    before = after;
                }
            }
        }

        /// Goal: a constant wish is reached, at any step width.
        #[test]
        fn limiter_arrives(goal in -1.0..1.0f64, soft_up in 0u64..300, soft_down in 0u64..50, tenths in widths()) {
            let mut limiter = limiter(ramp(300, 60, soft_up, soft_down));
            let dt = Duration::from_micros(tenths * 100);
            let steps = Duration::from_secs(2).as_micros() / dt.as_micros() + 30;
            let wish = Twist { linear: goal, ..Twist::ZERO };
            let after = (0..steps).fold(0.0, |_, _| limiter.step(wish, dt).linear);
            prop_assert!((after - goal).abs() < 1e-5, "{after} instead of {goal}");
        }
    }
}
