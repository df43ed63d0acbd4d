//! How many connections may be open, in all and from each address, and how fast they may come.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::bucket::{Bucket, Rate};
use super::pace::Pace;

/// New connections from one address, from one of this machine, and from all. A TLS handshake costs the thread that
/// drives a fraction of a millisecond, so strangers must not have many. Whoever allows thousands of connections allows
/// more: [`Rate::for_connections`].
const ARRIVALS: Rate = Rate::new(16.0, 32.0);
const LOCAL_ARRIVALS: Rate = Rate::new(100.0, 200.0);
const ALL_ARRIVALS: Rate = Rate::new(100.0, 300.0);

/// Of all connections, those of strangers are so many at most: who has shown no session yet. One more, and the oldest of
/// them ends. So they cannot keep anybody else out. Of thousands they may be a sixteenth, as so many may come a second.
const STRANGERS: usize = 24;

/// Counts open connections, in all and by address.
#[derive(Debug)]
pub(crate) struct Connections {
    total: usize,
    per_address: usize,
    per_local_address: usize,
    strangers: usize,
    arrivals: Pace,
    all: Mutex<Bucket>,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    next: u64,
    total: usize,
    addresses: HashMap<IpAddr, usize>,
    /// Who has shown no session yet, oldest first.
    strangers: VecDeque<(u64, CancellationToken)>,
}

impl Connections {
    /// Allows `total` connections, of them `per_address` from each, or `per_local_address` from each
    /// address of this machine.
    pub(crate) fn new(total: usize, per_address: usize, per_local_address: usize) -> Arc<Self> {
        let all = Mutex::new(Bucket::new(ALL_ARRIVALS.for_connections(total), Instant::now()));
        let each = ARRIVALS.for_connections(per_address);
        let arrivals = Pace::with_local(each, LOCAL_ARRIVALS.for_connections(per_local_address));
        let strangers = STRANGERS.max(total / 16);
        Arc::new(Self { total, per_address, per_local_address, strangers, arrivals, all, open: Mutex::default() })
    }

    /// Counts one more from `address` until the returned guard is dropped; `None` if it is one too many or too soon.
    /// `line` is cancelled if it must make room for another.
    pub(crate) fn open(
        self: &Arc<Self>,
        address: IpAddr,
        line: &CancellationToken,
        now: Instant,
    ) -> Option<OpenConnection> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let most = if address.is_loopback() { self.per_local_address } else { self.per_address };
        let from_there = open.addresses.get(&address).copied().unwrap_or(0);
        if from_there >= most || (open.total >= self.total && open.strangers.is_empty()) {
            return None;
        }
        // Each address is asked first: who comes too often alone leaves the share of all to others.
        let all = || self.all.lock().unwrap_or_else(PoisonError::into_inner).take(now);
        if !self.arrivals.take(address, now) || !all() {
            return None;
        }
        if (open.total >= self.total || open.strangers.len() >= self.strangers)
            && let Some((_, oldest)) = open.strangers.pop_front()
        {
            oldest.cancel();
        }
        open.next += 1;
        open.total += 1;
        let number = open.next;
        open.addresses.insert(address, from_there + 1);
        open.strangers.push_back((number, line.clone()));
        Some(OpenConnection { connections: self.clone(), address, number })
    }

    fn is_known(&self, number: u64) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.strangers.retain(|(other, _)| *other != number);
    }
}

/// A connection's place among the open ones.
#[derive(Clone, Debug, Default)]
pub(crate) struct Place(Option<(Arc<Connections>, u64)>);

impl Place {
    /// Whoever has it has shown a session: it is a stranger's no more.
    pub(crate) fn is_known(&self) {
        if let Some((connections, number)) = &self.0 {
            connections.is_known(*number);
        }
    }
}

/// One counted connection.
#[derive(Debug)]
pub(crate) struct OpenConnection {
    connections: Arc<Connections>,
    address: IpAddr,
    number: u64,
}

impl OpenConnection {
    /// Its place.
    pub(crate) fn place(&self) -> Place {
        Place(Some((self.connections.clone(), self.number)))
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.connections.is_known(self.number);
        let mut open = self.connections.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.total -= 1;
        match open.addresses.get_mut(&self.address) {
            Some(count) if *count > 1 => *count -= 1,
            Some(_) | None => drop(open.addresses.remove(&self.address)),
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

    fn line() -> CancellationToken {
        CancellationToken::new()
    }

    /// Goal: strangers keep nobody out: their oldest connection ends for a new one, and those of guests stay.
    #[test]
    fn strangers_make_room() {
        let (connections, now) = (Connections::new(64, 8, 32), Instant::now());
        let from = |last: u8| IpAddr::from([192, 0, 2, last]);
        let guest = line();
        let open_guest = connections.open(PHONE, &guest, now).unwrap();
        open_guest.place().is_known();
        let strangers: Vec<_> = (10..40).map(|last| (line(), last)).collect();
        let open: Vec<_> = strangers.iter().map(|(line, last)| connections.open(from(*last), line, now)).collect();
        assert!(open.iter().all(Option::is_some));
        let cut = strangers.iter().take_while(|(line, _)| line.is_cancelled()).count();
        let kept = strangers.iter().filter(|(line, _)| !line.is_cancelled()).count();
        assert_eq!((cut, kept, guest.is_cancelled()), (30 - STRANGERS, STRANGERS, false));
    }

    /// Goal: no address fills the relay, and what closes makes room again.
    #[test]
    fn connections_are_counted_in_all_and_by_address() {
        let (connections, now) = (Connections::new(5, 2, 3), Instant::now());
        let mut phone: Vec<_> = (0..5).filter_map(|_| connections.open(PHONE, &line(), now)).collect();
        assert_eq!(phone.len(), 2);
        let local: Vec<_> = (0..5).filter_map(|_| connections.open(LOCAL, &line(), now)).collect();
        assert_eq!(local.len(), 3);
        phone.iter().chain(&local).for_each(|open| open.place().is_known());
        assert!(connections.open(TABLET, &line(), now).is_none(), "a sixth of five was let in");
        phone.pop();
        assert!(connections.open(TABLET, &line(), now).is_some());
        drop((phone, local));
        assert!(connections.open.lock().unwrap().addresses.is_empty(), "an address is remembered for ever");
    }

    /// Goal: handshakes cost the one who drives: no address, and not all together, may have too many of them.
    #[test]
    fn connections_come_no_faster_than_handshakes_may() {
        let (connections, start) = (Connections::new(1000, 256, 1000), Instant::now());
        let tries = |from: &dyn Fn(u32) -> IpAddr, now| {
            (0..1000).filter(|number| connections.open(from(*number), &line(), now).is_some()).count()
        };
        assert_eq!(tries(&|_| PHONE, start), 32);
        assert_eq!(tries(&|_| PHONE, start + Duration::from_secs(1)), 16);
        assert_eq!(tries(&|_| LOCAL, start + Duration::from_secs(1)), 200);
        let later = start + Duration::from_mins(1);
        let many = |number: u32| IpAddr::from((0x0a00_0000 + number % 200).to_be_bytes());
        assert_eq!(tries(&many, later), 300);
        assert_eq!(tries(&many, later + Duration::from_secs(1)), 100);
    }

    /// Goal: a relay for thousands lets them come in seconds, not minutes, and no faster than a sixteenth each second.
    #[test]
    fn thousands_may_come_faster_where_they_are_allowed() {
        let (connections, start) = (Connections::new(8000, 800, 4000), Instant::now());
        let tries = |from: IpAddr, now| (0..2000).filter_map(|_| connections.open(from, &line(), now)).count();
        assert_eq!(tries(PHONE, start), 100);
        assert_eq!(tries(PHONE, start + Duration::from_secs(1)), 50);
        assert_eq!(tries(LOCAL, start + Duration::from_mins(1)), 500);
        assert_eq!(tries(LOCAL, start + Duration::from_secs(61)), 250);
        let strangers: Vec<_> = (0..800).map(|number| (line(), start + Duration::from_secs(100 + number))).collect();
        let open: Vec<_> = strangers.iter().filter_map(|(line, now)| connections.open(PHONE, line, *now)).collect();
        assert_eq!((open.len(), strangers.iter().filter(|(line, _)| line.is_cancelled()).count()), (800, 300));
    }
}
