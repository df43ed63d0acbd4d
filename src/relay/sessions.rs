//! Sessions of Engine.IO: whose each is, and which connections carry it.
//!
//! A session is a number in an address, and may move from one connection to another. So every request that names one is
//! held against who opened it, and when it must end, all that carries it ends.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::auth::{Visitor, Who};

/// Sessions that are remembered at least; those of a relay for more clients are twice as many as these.
const MOST: usize = 2048;
/// One that nobody entered, or that has ended, is forgotten after this. The library has forgotten it long before.
const MEMORY: Duration = Duration::from_mins(1);
/// Tries to move a session to a WebSocket; it takes one.
const MOVES: usize = 3;

/// One session.
#[derive(Debug)]
struct Session {
    owner: Who,
    lines: Vec<CancellationToken>,
    since: Instant,
    entered: bool,
    ended: bool,
}

/// All of them.
#[derive(Debug)]
pub(super) struct Sessions {
    most: usize,
    known: Mutex<HashMap<String, Session>>,
}

impl Sessions {
    /// None yet, of a relay for so many connections.
    pub(super) fn new(connections: usize) -> Self {
        Self { most: MOST.max(2 * connections), known: Mutex::default() }
    }

    /// Whether `visitor` may speak in session `sid`. `moves`: the session is to move to this connection.
    pub(super) fn admits(&self, sid: &str, visitor: &Visitor, moves: bool, now: Instant) -> bool {
        let mut known = self.known();
        let Some(session) = entry(&mut known, self.most, sid, visitor, now) else { return false };
        if session.owner != visitor.who() || session.ended {
            return false;
        }
        if moves {
            session.lines.push(visitor.line.clone());
        }
        session.lines.len() <= MOVES
    }

    /// Whether the client whose session this is, by what its first request said, may enter.
    pub(super) fn enter(&self, sid: &str, visitor: &Visitor, now: Instant) -> bool {
        let mut known = self.known();
        let Some(session) = entry(&mut known, self.most, sid, visitor, now) else { return false };
        session.entered = true;
        session.owner == visitor.who() && !session.ended
    }

    /// Ends a session: what carries it is cut, and nothing carries it again.
    pub(super) fn end(&self, sid: &str, now: Instant) {
        if let Some(session) = self.known().get_mut(sid) {
            (session.ended, session.entered, session.since) = (true, false, now);
            session.lines.drain(..).for_each(|line| line.cancel());
        }
    }

    /// The client of a session has left, and the session with it. One that was ended stays so.
    pub(super) fn left(&self, sid: &str) {
        let mut known = self.known();
        if known.get(sid).is_some_and(|session| !session.ended) {
            known.remove(sid);
        }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, Session>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn entry<'a>(
    known: &'a mut HashMap<String, Session>,
    most: usize,
    sid: &str,
    visitor: &Visitor,
    now: Instant,
) -> Option<&'a mut Session> {
    if known.len() >= most {
        known.retain(|_, session| session.entered || now.saturating_duration_since(session.since) < MEMORY);
    }
    if known.len() >= most && !known.contains_key(sid) {
        return None;
    }
    let fresh = || Session { owner: visitor.who(), lines: Vec::new(), since: now, entered: false, ended: false };
    Some(known.entry(sid.to_owned()).or_insert_with(fresh))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::gate::Guest;
    use crate::protocol::events::Role;
    use crate::relay::deadline::Wide;

    fn visitor(device: u64) -> Visitor {
        let device = Some(Guest { id: device, name: "phone".into(), role: Role::Driver, robot: None });
        Visitor {
            address: [192, 0, 2, 7].into(),
            role: Role::Driver,
            device,
            line: CancellationToken::new(),
            wide: Wide::default(),
        }
    }

    /// Goal: nobody speaks in another's session, on whatever connection.
    #[test]
    fn session_is_its_owners_alone() {
        let (sessions, now) = (Sessions::new(256), Instant::now());
        assert!(sessions.enter("a", &visitor(1), now));
        assert!(sessions.admits("a", &visitor(1), false, now));
        assert!(!sessions.admits("a", &visitor(2), false, now) && !sessions.admits("a", &visitor(2), true, now));
        assert!(sessions.admits("b", &visitor(2), false, now) && !sessions.enter("b", &visitor(1), now));
    }

    /// Goal: what ends is cut wherever it was carried to, and does not come back.
    #[test]
    fn ended_session_is_cut_and_stays_ended() {
        let (sessions, now) = (Sessions::new(256), Instant::now());
        let (first, moved) = (visitor(1), visitor(1));
        assert!(sessions.enter("a", &first, now) && sessions.admits("a", &moved, true, now));
        sessions.end("a", now);
        assert!(moved.line.is_cancelled());
        assert!(!sessions.admits("a", &first, false, now) && !sessions.enter("a", &first, now));
    }

    /// Goal: whoever comes and goes leaves nothing behind, however often; who was thrown out does not come back so.
    #[test]
    fn those_who_left_are_forgotten() {
        let (sessions, now) = (Sessions::new(256), Instant::now());
        for number in 0..3 * MOST {
            let sid = number.to_string();
            assert!(sessions.enter(&sid, &visitor(1), now), "the visitor no. {number} found no room");
            sessions.left(&sid);
        }
        assert!(sessions.known().is_empty());
        assert!(sessions.enter("a", &visitor(1), now));
        sessions.end("a", now);
        sessions.left("a");
        assert!(!sessions.enter("a", &visitor(1), now));
    }

    /// Goal: a session moves once; tries without end are refused, and made-up ones are forgotten.
    #[test]
    fn memory_is_bounded() {
        let (sessions, now) = (Sessions::new(256), Instant::now());
        assert_eq!((0..10).filter(|_| sessions.admits("a", &visitor(1), true, now)).count(), MOVES);
        assert!(sessions.enter("mine", &visitor(1), now));
        for number in 0..2 * MOST {
            sessions.admits(&number.to_string(), &visitor(2), false, now);
        }
        assert_eq!(sessions.known().len(), MOST);
        assert!(sessions.enter("later", &visitor(3), now + MEMORY));
        assert!(sessions.known().contains_key("mine"));
    }
}
