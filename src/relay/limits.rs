//! How much one client may ask for: events a second, bytes an event, connections.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Room for what the protocols below write around an event.
pub(super) const ENVELOPE_BYTES: usize = 1024;
/// Longest name of an event, characters.
pub(super) const NAME_CHARS: usize = 64;
/// Binary attachments of one event.
pub(super) const ATTACHMENTS: usize = 16;
/// STOPs a second from one client; more change nothing.
const STOPS_PER_SECOND: f64 = 20.0;
/// New sessions a second from one address; a session costs memory before it says anything.
const SESSIONS_PER_SECOND: f64 = 20.0;
/// New sessions at once from one address.
const SESSIONS_BURST: f64 = 64.0;
/// Codes a second that one address may show, and at once: a thumb that scans again, not a guesser. With ten wrong ones
/// all codes are void, so a guesser is slowed down for the sake of those who wait for a good one.
const CODES_PER_SECOND: f64 = 0.5;
const CODES_BURST: f64 = 5.0;
/// Waiting devices ask once a second; several may share an address.
const WAITING_PER_SECOND: f64 = 8.0;
const WAITING_BURST: f64 = 32.0;
/// Addresses that are counted; beyond, those that have been quiet are forgotten.
const ADDRESSES: usize = 256;
/// The same thing is said to the same client once in this time.
const TELL_AGAIN: Duration = Duration::from_secs(1);

/// A token bucket. Time is passed in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    per_second: f64,
    burst: f64,
    tokens: f64,
    filled: Instant,
}

impl Bucket {
    /// A full bucket.
    pub(super) fn new(per_second: f64, burst: f64, now: Instant) -> Self {
        Self { per_second, burst, tokens: burst, filled: now }
    }

    /// Takes one token; `false` if there is none.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        let gained = now.saturating_duration_since(self.filled).as_secs_f64() * self.per_second;
        self.tokens = (self.tokens + gained).min(self.burst);
        self.filled = self.filled.max(now);
        let enough = self.tokens >= 1.0;
        if enough {
            self.tokens -= 1.0;
        }
        enough
    }

    fn is_full(&self, now: Instant) -> bool {
        self.tokens + now.saturating_duration_since(self.filled).as_secs_f64() * self.per_second >= self.burst
    }
}

/// What one client may still send, and what it was already told.
#[derive(Debug)]
pub(super) struct Allowance {
    events: Bucket,
    stops: Bucket,
    in_motion: bool,
    told: Vec<(String, Instant)>,
    dropped: u64,
}

impl Allowance {
    /// A fresh allowance of `per_second` events with bursts of `burst`.
    pub(super) fn new(per_second: u32, burst: u32, now: Instant) -> Self {
        Self {
            events: Bucket::new(f64::from(per_second), f64::from(burst), now),
            stops: Bucket::new(STOPS_PER_SECOND, STOPS_PER_SECOND, now),
            in_motion: false,
            told: Vec::new(),
            dropped: 0,
        }
    }

    /// Whether one more event may pass.
    pub(super) fn event(&mut self, now: Instant) -> bool {
        let passes = self.events.take(now);
        self.count(passes)
    }

    /// Whether a STOP may pass. STOPs have an allowance of their own, which nothing else uses up.
    pub(super) fn stop(&mut self, now: Instant) -> bool {
        let passes = self.stops.take(now) || self.events.take(now);
        self.count(passes)
    }

    /// Whether a stick sample may pass.
    ///
    /// A neutral one after a sample that drove always does: refusing it would keep the robot moving.
    /// Each such pass was paid for by the sample before it, so this opens no door to a flood.
    pub(super) fn sample(&mut self, neutral: bool, now: Instant) -> bool {
        let stops_motion = neutral && self.in_motion;
        let passes = self.events.take(now) || stops_motion;
        if passes {
            self.in_motion = !neutral;
        }
        self.count(passes)
    }

    /// Whether it is time to tell the client (again) that something was refused for `code`.
    pub(super) fn tell(&mut self, code: &str, now: Instant) -> bool {
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

    /// Events over the limits so far.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }

    fn count(&mut self, passes: bool) -> bool {
        self.dropped += u64::from(!passes);
        passes
    }
}

/// How fast each address may do what costs something: open sessions, show codes.
#[derive(Debug)]
pub(super) struct Openings {
    per_second: f64,
    burst: f64,
    seen: Mutex<HashMap<IpAddr, Bucket>>,
}

impl Openings {
    /// For new sessions.
    pub(super) fn of_sessions() -> Self {
        Self::new(SESSIONS_PER_SECOND, SESSIONS_BURST)
    }

    /// For codes that are shown.
    pub(super) fn of_codes() -> Self {
        Self::new(CODES_PER_SECOND, CODES_BURST)
    }

    /// For waiting devices that ask what became of them.
    pub(super) fn of_waiting() -> Self {
        Self::new(WAITING_PER_SECOND, WAITING_BURST)
    }

    fn new(per_second: f64, burst: f64) -> Self {
        Self { per_second, burst, seen: Mutex::default() }
    }

    /// Whether `address` may do it once more.
    pub(super) fn take(&self, address: IpAddr, now: Instant) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= ADDRESSES && !seen.contains_key(&address) {
            seen.retain(|_, bucket| !bucket.is_full(now));
            if seen.len() >= ADDRESSES {
                return false;
            }
        }
        seen.entry(address).or_insert_with(|| Bucket::new(self.per_second, self.burst, now)).take(now)
    }
}

/// Counts open connections, in all and by address.
#[derive(Debug)]
pub(super) struct Connections {
    total: usize,
    per_address: usize,
    per_local_address: usize,
    open: Mutex<HashMap<IpAddr, usize>>,
}

impl Connections {
    /// Allows `total` connections, of them `per_address` from each, or `per_local_address` from each
    /// address of this machine.
    pub(super) fn new(total: usize, per_address: usize, per_local_address: usize) -> Arc<Self> {
        Arc::new(Self { total, per_address, per_local_address, open: Mutex::default() })
    }

    /// Counts one more from `address` until the returned guard is dropped; `None` if it is too many.
    pub(super) fn open(self: &Arc<Self>, address: IpAddr) -> Option<OpenConnection> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let most = if address.is_loopback() { self.per_local_address } else { self.per_address };
        let from_there = open.get(&address).copied().unwrap_or(0);
        if from_there >= most || open.values().sum::<usize>() >= self.total {
            return None;
        }
        open.insert(address, from_there + 1);
        Some(OpenConnection { connections: self.clone(), address })
    }
}

/// One counted connection.
#[derive(Debug)]
pub(super) struct OpenConnection {
    connections: Arc<Connections>,
    address: IpAddr,
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        let mut open = self.connections.open.lock().unwrap_or_else(PoisonError::into_inner);
        match open.get_mut(&self.address) {
            Some(count) if *count > 1 => *count -= 1,
            Some(_) | None => drop(open.remove(&self.address)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCAL: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
    const PHONE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7));
    const TABLET: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 8));

    fn ms(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    /// Goal: 60 a second with a burst of 20 means exactly that.
    #[test]
    fn a_bucket_holds_its_burst_and_refills_at_its_rate() {
        let start = Instant::now();
        let mut bucket = Bucket::new(60.0, 20.0, start);
        assert_eq!((0..100).filter(|_| bucket.take(start)).count(), 20);
        let passed = (0..10_000).filter(|step| bucket.take(start + ms(*step))).count();
        assert!((598..=600).contains(&passed), "{passed} of 10 s at 60 a second");
        assert_eq!((0..100).filter(|_| bucket.take(start + ms(3_600_000))).count(), 20, "an hour filled more");
        assert!(!bucket.take(start), "a clock that went back gave tokens");
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

    /// Goal: a refusal is told once a second for each reason, not once an event.
    #[test]
    fn a_client_is_told_once_a_second() {
        let start = Instant::now();
        let mut allowance = Allowance::new(60, 20, start);
        let told = (0..3000).filter(|step| allowance.tell("rate", start + ms(*step))).count();
        assert_eq!(told, 3);
        assert!(allowance.tell("size", start + ms(2999)));
    }

    /// Goal: no address fills the relay, and what closes makes room again.
    #[test]
    fn connections_are_counted_in_all_and_by_address() {
        let connections = Connections::new(5, 2, 3);
        let mut phone: Vec<_> = (0..5).filter_map(|_| connections.open(PHONE)).collect();
        assert_eq!(phone.len(), 2);
        let local: Vec<_> = (0..5).filter_map(|_| connections.open(LOCAL)).collect();
        assert_eq!(local.len(), 3);
        assert!(connections.open(TABLET).is_none(), "a sixth of five was let in");
        phone.pop();
        assert!(connections.open(TABLET).is_some());
        drop((phone, local));
        assert!(connections.open.lock().unwrap().is_empty(), "an address is remembered for ever");
    }

    /// Goal: opening sessions and leaving them is bounded, and so is the memory of who did.
    #[test]
    fn sessions_open_no_faster_than_they_are_forgotten() {
        let (openings, now) = (Openings::of_sessions(), Instant::now());
        assert_eq!((0..1000).filter(|_| openings.take(LOCAL, now)).count(), 64);
        assert!(openings.take(PHONE, now));
        for last in 0..=255 {
            for third in 0..4 {
                openings.take(IpAddr::from([198, 51, third, last]), now);
            }
        }
        assert!(openings.seen.lock().unwrap().len() <= ADDRESSES);
        assert!(openings.take(IpAddr::from([203, 0, 113, 1]), now + ms(10_000)), "quiet addresses were kept");
    }
}
