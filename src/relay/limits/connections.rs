//! How many connections may be open, in all and from each address, and how fast they may come.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;

use super::bucket::{Bucket, Rate};
use super::pace::Pace;

/// New connections from one address, from one of this machine, and from all. A TLS handshake costs the thread that
/// drives a fraction of a millisecond, so strangers must not have many.
const ARRIVALS: Rate = Rate::new(16.0, 32.0);
const LOCAL_ARRIVALS: Rate = Rate::new(100.0, 200.0);
const ALL_ARRIVALS: Rate = Rate::new(100.0, 300.0);

/// Counts open connections, in all and by address.
#[derive(Debug)]
pub(crate) struct Connections {
    total: usize,
    per_address: usize,
    per_local_address: usize,
    arrivals: Pace,
    all: Mutex<Bucket>,
    open: Mutex<HashMap<IpAddr, usize>>,
}

impl Connections {
    /// Allows `total` connections, of them `per_address` from each, or `per_local_address` from each
    /// address of this machine.
    pub(crate) fn new(total: usize, per_address: usize, per_local_address: usize) -> Arc<Self> {
        let all = Mutex::new(Bucket::new(ALL_ARRIVALS, Instant::now()));
        let arrivals = Pace::with_local(ARRIVALS, LOCAL_ARRIVALS);
        Arc::new(Self { total, per_address, per_local_address, arrivals, all, open: Mutex::default() })
    }

    /// Counts one more from `address` until the returned guard is dropped; `None` if it is one too many or too soon.
    pub(crate) fn open(self: &Arc<Self>, address: IpAddr, now: Instant) -> Option<OpenConnection> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let most = if address.is_loopback() { self.per_local_address } else { self.per_address };
        let from_there = open.get(&address).copied().unwrap_or(0);
        if from_there >= most || open.values().sum::<usize>() >= self.total {
            return None;
        }
        // Each address is asked first: who comes too often alone leaves the share of all to others.
        let all = || self.all.lock().unwrap_or_else(PoisonError::into_inner).take(now);
        if !self.arrivals.take(address, now) || !all() {
            return None;
        }
        open.insert(address, from_there + 1);
        Some(OpenConnection { connections: self.clone(), address })
    }
}

/// One counted connection.
#[derive(Debug)]
pub(crate) struct OpenConnection {
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
    use std::time::Duration;

    use super::*;

    const LOCAL: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
    const PHONE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7));
    const TABLET: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 8));

    /// Goal: no address fills the relay, and what closes makes room again.
    #[test]
    fn connections_are_counted_in_all_and_by_address() {
        let (connections, now) = (Connections::new(5, 2, 3), Instant::now());
        let mut phone: Vec<_> = (0..5).filter_map(|_| connections.open(PHONE, now)).collect();
        assert_eq!(phone.len(), 2);
        let local: Vec<_> = (0..5).filter_map(|_| connections.open(LOCAL, now)).collect();
        assert_eq!(local.len(), 3);
        assert!(connections.open(TABLET, now).is_none(), "a sixth of five was let in");
        phone.pop();
        assert!(connections.open(TABLET, now).is_some());
        drop((phone, local));
        assert!(connections.open.lock().unwrap().is_empty(), "an address is remembered for ever");
    }

    /// Goal: handshakes cost the one who drives: no address, and not all together, may have too many of them.
    #[test]
    fn connections_come_no_faster_than_handshakes_may() {
        let (connections, start) = (Connections::new(1000, 1000, 1000), Instant::now());
        let tries = |from: &dyn Fn(u32) -> IpAddr, now| {
            (0..1000).filter(|number| connections.open(from(*number), now).is_some()).count()
        };
        assert_eq!(tries(&|_| PHONE, start), 32);
        assert_eq!(tries(&|_| PHONE, start + Duration::from_secs(1)), 16);
        assert_eq!(tries(&|_| LOCAL, start + Duration::from_secs(1)), 200);
        let later = start + Duration::from_mins(1);
        let many = |number: u32| IpAddr::from((0x0a00_0000 + number % 200).to_be_bytes());
        assert_eq!(tries(&many, later), 300);
        assert_eq!(tries(&many, later + Duration::from_secs(1)), 100);
    }
}
