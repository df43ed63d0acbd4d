//! How fast each address may do what costs something.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;

use super::bucket::{Bucket, Rate};

/// New sessions; a session costs memory before it says anything.
pub(crate) const SESSIONS: Rate = Rate::new(4.0, 16.0);
/// The same from an address of this machine, which all its programs share.
pub(crate) const LOCAL_SESSIONS: Rate = Rate::new(20.0, 64.0);
/// Requests of strangers: several page loads.
pub(crate) const REQUESTS: Rate = Rate::new(60.0, 240.0);
/// Codes that are shown: a thumb that scans again, not a guesser. With ten wrong ones all codes are void, so a guesser
/// is slowed down for the sake of those who wait for a good one.
pub(crate) const CODES: Rate = Rate::new(0.5, 5.0);
/// Questions of waiting devices, which ask once a second; several may share an address.
pub(crate) const QUESTIONS: Rate = Rate::new(8.0, 32.0);
/// Addresses that are counted; beyond, those that have been quiet are forgotten.
const ADDRESSES: usize = 256;

/// How fast each address may do one thing.
#[derive(Debug)]
pub(crate) struct Pace {
    rate: Rate,
    local: Rate,
    seen: Mutex<HashMap<IpAddr, Bucket>>,
}

impl Pace {
    /// The same rate for every address.
    pub(crate) fn new(rate: Rate) -> Self {
        Self::with_local(rate, rate)
    }

    /// Another rate for addresses of this machine, which all its programs and tabs share.
    pub(crate) fn with_local(rate: Rate, local: Rate) -> Self {
        Self { rate, local, seen: Mutex::default() }
    }

    /// Whether `address` may do it once more.
    pub(crate) fn take(&self, address: IpAddr, now: Instant) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= ADDRESSES && !seen.contains_key(&address) {
            seen.retain(|_, bucket| !bucket.is_full(now));
            if seen.len() >= ADDRESSES {
                return false;
            }
        }
        let rate = if address.is_loopback() { self.local } else { self.rate };
        seen.entry(address).or_insert_with(|| Bucket::new(rate, now)).take(now)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const LOCAL: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
    const PHONE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7));

    /// Goal: opening sessions and leaving them is bounded, and so is the memory of who did.
    #[test]
    fn sessions_open_no_faster_than_they_are_forgotten() {
        let (pace, now) = (Pace::with_local(SESSIONS, LOCAL_SESSIONS), Instant::now());
        assert_eq!((0..1000).filter(|_| pace.take(LOCAL, now)).count(), 64);
        assert!(pace.take(PHONE, now));
        for last in 0..=255 {
            for third in 0..4 {
                pace.take(IpAddr::from([198, 51, third, last]), now);
            }
        }
        assert!(pace.seen.lock().unwrap().len() <= ADDRESSES);
        assert!(pace.take(IpAddr::from([203, 0, 113, 1]), now + Duration::from_secs(10)), "quiet addresses were kept");
    }
}
