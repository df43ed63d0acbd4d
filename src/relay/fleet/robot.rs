//! One robot at the relay: the way to its agent, which is in this process or has dialled in.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::mailbox::RelayEnd;
use crate::protocol::events::{RobotCard, State};
use crate::protocol::fleet::RobotSummary;

use super::remote::Remote;
use crate::relay::recent::Recent;
use crate::relay::slices::Slices;

/// A robot, known by its name as long as the relay runs.
#[derive(Debug)]
pub(in crate::relay) struct Robot {
    /// Its name.
    pub(in crate::relay) name: String,
    /// Its colour, `#rrggbb`.
    pub(in crate::relay) color: String,
    /// The way to its agent.
    pub(in crate::relay) end: RelayEnd,
    /// The other end, if the agent dials in; `None` for the one of this process, and for the lobby.
    pub(in crate::relay) remote: Option<Remote>,
    card: Mutex<RobotCard>,
    clients: AtomicUsize,
    recent: Mutex<Recent>,
    slices: Mutex<Slices>,
}

impl Robot {
    /// A robot that nobody looks at yet.
    pub(super) fn new(card: RobotCard, end: RelayEnd, remote: Option<Remote>) -> Self {
        let (name, color) = (card.name.clone(), card.color.clone());
        Self {
            name,
            color,
            end,
            remote,
            card: Mutex::new(card),
            clients: AtomicUsize::new(0),
            recent: Mutex::default(),
            slices: Mutex::default(),
        }
    }

    /// The room of those who look at it.
    pub(in crate::relay) fn room(&self) -> String {
        format!("robot {}", self.name)
    }

    /// The room of a slice of them, see [`Slices`].
    pub(in crate::relay) fn slice(&self, slice: usize) -> String {
        format!("slice {slice} of {}", self.name)
    }

    /// Into how many slices they are cut.
    pub(in crate::relay) fn slices(&self) -> usize {
        self.slices_now().count()
    }

    /// Whether it is no robot, but where clients are that have none.
    pub(in crate::relay) fn is_lobby(&self) -> bool {
        self.name.is_empty()
    }

    /// What clients are told of it.
    pub(in crate::relay) fn card(&self) -> RobotCard {
        self.card_now().clone()
    }

    /// It came back as another kind of robot; name and colour stay.
    pub(super) fn redraw(&self, card: RobotCard) {
        *self.card_now() = RobotCard { name: self.name.clone(), color: self.color.clone(), ..card };
    }

    /// One more client looks at it, in this slice.
    pub(in crate::relay) fn came(&self) -> usize {
        self.clients.fetch_add(1, Ordering::Relaxed);
        self.slices_now().join()
    }

    /// One fewer, who was in that slice.
    pub(in crate::relay) fn went(&self, slice: usize) {
        self.clients.fetch_sub(1, Ordering::Relaxed);
        self.slices_now().leave(slice);
    }

    /// Those who look at it.
    pub(in crate::relay) fn clients(&self) -> usize {
        self.clients.load(Ordering::Relaxed)
    }

    /// What was said there lately.
    pub(in crate::relay) fn recent(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It in the list that everybody sees.
    pub(in crate::relay) fn summary(&self) -> RobotSummary {
        let (state, reason) = {
            let telemetry = self.end.telemetry.borrow();
            (telemetry.state, telemetry.reason.clone())
        };
        RobotSummary {
            name: self.name.clone(),
            color: self.color.clone(),
            simulated: self.card_now().simulated,
            here: self.remote.as_ref().is_none_or(Remote::is_here),
            // A list that changed with every push of a stick would be sent all the time.
            state: if state == State::Driving { State::Ready } else { state },
            reason,
            holder: self.end.seat.borrow().holder.clone(),
            clients: self.clients(),
        }
    }

    fn slices_now(&self) -> MutexGuard<'_, Slices> {
        self.slices.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn card_now(&self) -> MutexGuard<'_, RobotCard> {
        self.card.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
