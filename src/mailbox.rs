//! The bounded mailbox between relay and agent: commands one way, snapshots and remarks the other.
//!
//! Relay and agent know this room and not each other. A stick sample goes into its driver's own
//! latest-wins slot, so no command ever waits behind an older one; everything else goes through one
//! short queue that the agent empties before each decision. STOP has a flag of its own and cannot be
//! crowded out.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, broadcast, oneshot, watch};

use crate::protocol::calibration::{CalibrateReply, CalibrateRequest};
use crate::protocol::events::{
    Direction, Drive, Person, Refused, ResetReply, ResetRequest, Role, SeatReply, SeatRequest, SeatView, StopReply,
    Telemetry,
};
use crate::protocol::journal::{RecordingsReply, RecordingsRequest};

/// Commands that wait at most, STOP and stick samples apart. The agent empties the queue at least
/// every 20 ms, and the relay's rate limits keep it far below.
const QUEUE: usize = 256;
/// Drivers with a waiting stick sample at most: every connection that a relay can be allowed (`config/ranges.rs`).
const SLOTS: usize = 10_000;
/// Remarks a slow relay may fall behind by before it loses the oldest.
const REMARKS: usize = 256;

/// Who sent a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// The connection.
    pub person: Person,
    /// What it may do.
    pub role: Role,
    /// The number of its device at the relay; none for whoever sits at the relay's machine itself.
    pub device: Option<u64>,
}

/// A command other than a stick sample.
#[derive(Debug)]
pub enum Command {
    /// A press of a direction button.
    Direction(Direction),
    /// A wish about the seat.
    Seat(SeatRequest, oneshot::Sender<SeatReply>),
    /// STOP. The answer comes once the latch is on disk.
    Stop(String, oneshot::Sender<StopReply>),
    /// A step of clearing the latch.
    Reset(ResetRequest, oneshot::Sender<ResetReply>),
    /// What the motors need: shown, previewed or written.
    Calibrate(CalibrateRequest, oneshot::Sender<CalibrateReply>),
    /// Recordings: listed, begun or ended.
    Recordings(RecordingsRequest, oneshot::Sender<RecordingsReply>),
    /// A chat line, of which the robot's side says that it has it.
    Chat(serde_json::Value),
    /// The connection has ended.
    Gone,
}

/// What the agent says to people, snapshots apart.
#[derive(Clone, Debug)]
pub enum Remark {
    /// The seat has changed.
    Seat(SeatView),
    /// The original's `reply`, for everyone.
    Reply(serde_json::Value),
    /// The original's `notices`, for everyone.
    Notice(String),
    /// Something a client sent had no effect.
    Refused(u64, Refused),
}

/// Everything that waits for the agent.
#[derive(Debug, Default)]
pub struct Delivery {
    /// Commands in the order of arrival, STOPs first.
    pub commands: Vec<(Sender, Command)>,
    /// The newest stick sample of each driver.
    pub samples: Vec<(Sender, Drive)>,
}

#[derive(Debug, Default)]
struct Waiting {
    stops: Vec<(Sender, Command)>,
    queue: Vec<(Sender, Command)>,
    slots: BTreeMap<u64, (Sender, Drive)>,
}

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    arrived: Notify,
    dropped: AtomicU64,
    replaced: AtomicU64,
}

impl Shared {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // A panic elsewhere leaves the lists whole: each change below is one call.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The relay's end.
#[derive(Clone, Debug)]
pub struct RelayEnd {
    shared: Arc<Shared>,
    /// Newest snapshot.
    pub telemetry: watch::Receiver<Telemetry>,
    /// Newest view of the seat.
    pub seat: watch::Receiver<SeatView>,
    remarks: broadcast::Sender<Remark>,
}

/// The agent's end.
#[derive(Debug)]
pub struct AgentEnd {
    shared: Arc<Shared>,
    telemetry: watch::Sender<Telemetry>,
    seat: watch::Sender<SeatView>,
    remarks: broadcast::Sender<Remark>,
}

/// Makes a mailbox.
#[must_use]
pub fn mailbox() -> (RelayEnd, AgentEnd) {
    let shared = Arc::new(Shared::default());
    let (telemetry, telemetry_seen) = watch::channel(Telemetry::default());
    let (seat, seat_seen) = watch::channel(SeatView::default());
    let (remarks, _) = broadcast::channel(REMARKS);
    let relay =
        RelayEnd { shared: shared.clone(), telemetry: telemetry_seen, seat: seat_seen, remarks: remarks.clone() };
    (relay, AgentEnd { shared, telemetry, seat, remarks })
}

impl RelayEnd {
    /// Puts a stick sample into its driver's slot; an older one that waits there is replaced.
    pub fn drive(&self, from: Sender, sample: Drive) {
        {
            let mut waiting = self.shared.waiting();
            if waiting.slots.len() >= SLOTS && !waiting.slots.contains_key(&from.person.id) {
                self.shared.dropped.fetch_add(1, Ordering::Relaxed);
                return;
            }
            if waiting.slots.insert(from.person.id, (from, sample)).is_some() {
                self.shared.replaced.fetch_add(1, Ordering::Relaxed);
            }
        }
        self.shared.arrived.notify_one();
    }

    /// Sends any other command. `false` if the queue is full and the command was dropped; a STOP
    /// never is: when its queue is full, so many STOPs wait already that this one changes nothing,
    /// and its sender repeats it until it is acknowledged.
    #[must_use]
    pub fn send(&self, from: Sender, command: Command) -> bool {
        let accepted = {
            let mut waiting = self.shared.waiting();
            if matches!(command, Command::Gone) {
                waiting.slots.remove(&from.person.id);
            }
            let stop = matches!(command, Command::Stop(..));
            // A departure is bounded by the number of connections and must not be lost.
            let departure = matches!(command, Command::Gone);
            let list = if stop { &mut waiting.stops } else { &mut waiting.queue };
            let room = list.len() < QUEUE || departure;
            if room {
                list.push((from, command));
            }
            room
        };
        if !accepted {
            self.shared.dropped.fetch_add(1, Ordering::Relaxed);
        }
        self.shared.arrived.notify_one();
        accepted
    }

    /// Listens to the agent's remarks from now on.
    #[must_use]
    pub fn remarks(&self) -> broadcast::Receiver<Remark> {
        self.remarks.subscribe()
    }
}

impl AgentEnd {
    /// Waits until something arrives. Safe to cancel.
    pub async fn arrived(&self) {
        self.shared.arrived.notified().await;
    }

    /// Takes everything that waits, STOPs first.
    #[must_use]
    pub fn take(&self) -> Delivery {
        let mut waiting = self.shared.waiting();
        let mut commands = std::mem::take(&mut waiting.stops);
        commands.append(&mut waiting.queue);
        let samples = std::mem::take(&mut waiting.slots).into_values().collect();
        Delivery { commands, samples }
    }

    /// Publishes a snapshot; whoever is slow sees only the newest.
    pub fn publish(&self, telemetry: Telemetry) {
        self.telemetry.send_replace(telemetry);
    }

    /// The newest snapshot that was published.
    #[must_use]
    pub fn telemetry_now(&self) -> Telemetry {
        self.telemetry.borrow().clone()
    }

    /// Publishes the seat, as a remark too.
    pub fn publish_seat(&self, seat: SeatView) {
        self.seat.send_replace(seat.clone());
        self.remark(Remark::Seat(seat));
    }

    /// Says something to people. Nobody listening is no error.
    pub fn remark(&self, remark: Remark) {
        drop(self.remarks.send(remark));
    }

    /// Commands dropped because a queue was full, since the start.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.shared.dropped.load(Ordering::Relaxed)
    }

    /// Stick samples replaced by newer ones before they were read, since the start.
    #[must_use]
    pub fn replaced(&self) -> u64 {
        self.shared.replaced.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sender(id: u64) -> Sender {
        Sender { person: Person { id, name: format!("client {id}") }, role: Role::Driver, device: None }
    }

    fn sample(seq: u32) -> Drive {
        Drive { seq, x: 0.0, y: 1.0, strafe: 0.0, motors: None, tick: None, session: None, epoch: 1 }
    }

    /// Goal: a backlog of motion cannot form.
    #[test]
    fn only_the_newest_sample_of_each_driver_waits() {
        let (relay, agent) = mailbox();
        for seq in 0..1000 {
            relay.drive(sender(1), sample(seq));
            relay.drive(sender(2), sample(seq + 5));
        }
        let seen: Vec<u32> = agent.take().samples.iter().map(|(_, drive)| drive.seq).collect();
        assert_eq!(seen, [999, 1004]);
        assert_eq!(agent.replaced(), 1998);
        assert!(agent.take().samples.is_empty());
    }

    /// Goal: STOP gets through, and first, whatever else floods the queue.
    #[test]
    fn stop_overtakes_a_full_queue() {
        let (relay, agent) = mailbox();
        for _ in 0..10_000 {
            let accepted = relay.send(sender(1), Command::Direction(Direction::Up));
            assert_eq!(accepted, agent.dropped() == 0);
        }
        let (ack, _answer) = oneshot::channel();
        assert!(relay.send(sender(2), Command::Stop(String::new(), ack)));
        let delivery = agent.take();
        assert!(matches!(delivery.commands[0].1, Command::Stop(..)));
        assert_eq!(delivery.commands.len(), QUEUE + 1);
        assert_eq!(agent.dropped(), 10_000 - QUEUE as u64);
    }

    /// Goal: a sample that waits dies with its connection.
    #[test]
    fn a_departure_takes_its_waiting_sample_along() {
        let (relay, agent) = mailbox();
        relay.drive(sender(1), sample(1));
        assert!(relay.send(sender(1), Command::Gone));
        let delivery = agent.take();
        assert!(delivery.samples.is_empty());
        assert!(matches!(delivery.commands[..], [(_, Command::Gone)]));
    }
}
