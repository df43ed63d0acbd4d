//! A robot whose agent dials in: what people say goes to it as long as it is there, and what is missing is told.
//!
//! Nothing here decides about motion. Stick samples go out as the agent acknowledges them: in a slow network the newest
//! waits here, in its place, and none behind it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, sleep};

use super::claim::Program;
use super::link::Link;
use crate::mailbox::{AgentEnd, Command, Remark, Sender};
use crate::protocol::calibration::CalibrateReply;
use crate::protocol::events::{Reason, Refused, ResetReply, SeatReply, SeatView, StopReply, Telemetry, name};
use crate::protocol::journal::RecordingsReply;
use crate::protocol::uplink::{Order, Passed, Sampled, Wish};

/// Batches of samples that are on their way to an agent at once: at 30 a second enough for a way there and back of 250 ms.
const ON_THEIR_WAY: usize = 8;
/// Samples in a batch at most: an agent takes no message above a MiB. Those of more drivers take turns.
const BATCH: usize = 1024;
/// An agent that has said nothing of its robot for this long is told to be silent; it reports every 100 ms at least.
const SILENCE: Duration = Duration::from_millis(600);
/// Between two looks whether it is.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

const ABSENT: &str = "the robot's program is not connected to the relay: the robot stands by itself";
const SILENT: &str = "nothing is heard from the robot's program: the robot stands by itself";

/// An agent's place at the relay: the same agent that comes back gets a new one.
#[derive(Debug)]
pub(super) struct Attached {
    /// Its connection.
    pub(super) link: Arc<Link>,
    /// The robot's place in the agent's list.
    place: usize,
    on_their_way: AtomicUsize,
    heard: Mutex<Instant>,
}

/// The relay's half of the way to an agent elsewhere.
#[derive(Debug)]
pub(in crate::relay) struct Remote {
    end: AgentEnd,
    attached: Mutex<Option<Arc<Attached>>>,
    /// Who had it last.
    owner: Mutex<Option<Program>>,
    changed: Arc<Notify>,
    /// STOP that was pressed while nobody was there to hear it.
    owed: Arc<Mutex<Option<(Sender, String)>>>,
}

impl Remote {
    /// Nobody is there yet.
    pub(super) fn new(end: AgentEnd) -> Self {
        let (attached, owner) = (Mutex::default(), Mutex::default());
        let remote = Self { end, attached, owner, changed: Arc::default(), owed: Arc::default() };
        remote.tell_trouble("agent_absent", ABSENT);
        remote
    }

    /// Whether its agent is connected.
    pub(super) fn is_here(&self) -> bool {
        self.attached().is_some()
    }

    /// Whose robot it is, here or not.
    pub(super) fn owner(&self) -> Option<Program> {
        lock(&self.owner).clone()
    }

    /// Its agent's connection.
    pub(super) fn link(&self) -> Option<Arc<Link>> {
        self.attached().map(|attached| attached.link.clone())
    }

    /// When it was last heard of its robot, if it is here.
    pub(super) fn heard(&self) -> Option<Instant> {
        self.attached().map(|attached| *lock(&attached.heard))
    }

    /// Its agent is there, by this connection.
    pub(super) fn attach(&self, link: Arc<Link>, place: usize, now: Instant) {
        *lock(&self.owner) = Some(link.program().clone());
        let attached = Attached { link, place, on_their_way: AtomicUsize::new(0), heard: Mutex::new(now) };
        *self.attached_now() = Some(Arc::new(attached));
        self.changed.notify_one();
    }

    /// That connection has ended.
    pub(super) fn detach(&self, link: &Arc<Link>) {
        {
            let mut attached = self.attached_now();
            if attached.as_ref().is_none_or(|attached| !Arc::ptr_eq(&attached.link, link)) {
                return;
            }
            *attached = None;
        }
        self.tell_trouble("agent_absent", ABSENT);
        self.changed.notify_one();
    }

    /// Takes a report, if it comes by the present connection.
    pub(super) fn report(
        &self,
        link: &Arc<Link>,
        telemetry: Telemetry,
        seat: SeatView,
        before: &SeatView,
        now: Instant,
    ) {
        if let Some(attached) = self.attached().filter(|attached| Arc::ptr_eq(&attached.link, link)) {
            *lock(&attached.heard) = now;
            self.end.publish(telemetry);
            if seat != *before {
                self.end.publish_seat(seat);
            }
        }
    }

    /// Takes a remark, if it comes by the present connection.
    pub(super) fn remark(&self, link: &Arc<Link>, remark: Remark) {
        if self.attached().is_some_and(|attached| Arc::ptr_eq(&attached.link, link)) {
            match remark {
                Remark::Seat(seat) => self.end.publish_seat(seat),
                Remark::Reply(_) | Remark::Notice(_) | Remark::Refused(..) => self.end.remark(remark),
            }
        }
    }

    /// Latches STOP as soon as its agent is there, whatever becomes of who pressed it.
    pub(super) fn owe_stop(&self, sender: Sender, reason: String) {
        lock(&self.owed).get_or_insert((sender, reason));
        self.changed.notify_one();
    }

    /// Carries what people say to the agent, for ever.
    pub(in crate::relay) async fn carry(&self) {
        let mut waiting: BTreeMap<u64, Sampled> = BTreeMap::new();
        // Who comes first in the next batch.
        let mut turn = 0;
        loop {
            tokio::select! {
                () = self.end.arrived() => {}
                () = self.changed.notified() => {}
                () = sleep(LOOK_AGAIN) => {}
            }
            let delivery = self.end.take();
            let Some(attached) = self.attached() else {
                waiting.clear();
                for (sender, command) in delivery.commands {
                    self.decline(&sender, command);
                }
                continue;
            };
            if attached.is_silent() {
                self.tell_trouble("agent_silent", SILENT);
            }
            self.pay_stop(&attached);
            for (sender, command) in delivery.commands {
                if matches!(command, Command::Gone) {
                    waiting.remove(&sender.person.id);
                }
                self.order(&attached, &sender, command);
            }
            for (sender, drive) in delivery.samples {
                waiting.insert(
                    sender.person.id,
                    Sampled { from: sender.person, role: sender.role, device: sender.device, drive },
                );
            }
            while !waiting.is_empty() && attached.on_their_way.load(Ordering::Relaxed) < ON_THEIR_WAY {
                self.samples(&attached, batch(&mut waiting, &mut turn));
            }
        }
    }

    fn samples(&self, attached: &Arc<Attached>, samples: Vec<Sampled>) {
        let Some(heard) = attached.link.samples(attached.place, samples) else { return };
        attached.on_their_way.fetch_add(1, Ordering::Relaxed);
        let (attached, changed) = (attached.clone(), self.changed.clone());
        tokio::spawn(async move {
            heard.await;
            attached.on_their_way.fetch_sub(1, Ordering::Relaxed);
            changed.notify_one();
        });
    }

    fn order(&self, attached: &Attached, sender: &Sender, command: Command) {
        let order = |what| Order {
            robot: attached.place,
            from: sender.person.clone(),
            role: sender.role,
            device: sender.device,
            what,
        };
        let link = &attached.link;
        match command {
            Command::Direction(direction) => {
                let passed = {
                    let telemetry = self.end.telemetry_now();
                    telemetry.session.zip(telemetry.tick).map(|(session, tick)| Passed { session, tick })
                };
                link.order(&order(Wish::Direction { direction, passed }));
            }
            Command::Chat(text) => link.order(&order(Wish::Chat { text })),
            Command::Gone => link.order(&order(Wish::Gone)),
            Command::Stop(reason, answer) => link.ask(&order(Wish::Stop { reason }), answer),
            Command::Recordings(request, answer) => link.ask(&order(Wish::Recordings { request }), answer),
            Command::Seat(request, answer) => link.ask(&order(Wish::Seat { request }), answer),
            Command::Reset(request, answer) => link.ask(&order(Wish::Reset { request }), answer),
            Command::Calibrate(request, answer) => link.ask(&order(Wish::Calibrate { request }), answer),
        }
    }

    /// Delivers the STOP that is owed; it stays owed until the agent has confirmed it.
    fn pay_stop(&self, attached: &Attached) {
        let Some((sender, reason)) = lock(&self.owed).take() else { return };
        let (answer, answered) = oneshot::channel::<StopReply>();
        let what = Wish::Stop { reason: reason.clone() };
        let order = Order {
            robot: attached.place,
            from: sender.person.clone(),
            role: sender.role,
            device: sender.device,
            what,
        };
        attached.link.ask(&order, answer);
        let (owed, changed) = (self.owed.clone(), self.changed.clone());
        tokio::spawn(async move {
            if !answered.await.is_ok_and(|reply| reply.ok) {
                lock(&owed).get_or_insert((sender, reason));
                sleep(LOOK_AGAIN).await;
                changed.notify_one();
            }
        });
    }

    fn decline(&self, sender: &Sender, command: Command) {
        let why = || Some(ABSENT.to_owned());
        match command {
            Command::Stop(reason, answer) => {
                self.owe_stop(sender.clone(), reason);
                let why = Some(format!("{ABSENT}; it will be latched as soon as that is back"));
                drop(answer.send(StopReply { ok: false, why }));
            }
            Command::Seat(_, answer) => {
                drop(answer.send(SeatReply { ok: false, why: why(), seat: SeatView::default() }));
            }
            Command::Reset(_, answer) => drop(answer.send(ResetReply { ok: false, nonce: None, why: why() })),
            Command::Calibrate(_, answer) => {
                drop(answer.send(CalibrateReply { why: why(), ..CalibrateReply::default() }));
            }
            Command::Recordings(_, answer) => {
                drop(answer.send(RecordingsReply { why: why(), ..RecordingsReply::default() }));
            }
            Command::Direction(_) => {
                let (event, code) = (name::DIRECTION.to_owned(), "agent_absent".to_owned());
                self.end.remark(Remark::Refused(sender.person.id, Refused { event, code, why: ABSENT.to_owned() }));
            }
            Command::Chat(_) | Command::Gone => {}
        }
    }

    /// Tells people that the robot's program is not to be heard, in the place of its snapshots.
    fn tell_trouble(&self, code: &str, text: &str) {
        let before = self.end.telemetry_now();
        if before.reason.as_ref().is_some_and(|reason| reason.code == code) {
            return;
        }
        let reason = Some(Reason::new(code, "network", text));
        self.end.publish(Telemetry { reason, last_stop: before.last_stop, pose: before.pose, ..Telemetry::default() });
        if code == "agent_absent" {
            self.end.publish_seat(SeatView::default());
        }
    }

    fn attached(&self) -> Option<Arc<Attached>> {
        self.attached_now().clone()
    }

    fn attached_now(&self) -> MutexGuard<'_, Option<Arc<Attached>>> {
        lock(&self.attached)
    }
}

impl Attached {
    fn is_silent(&self) -> bool {
        lock(&self.heard).elapsed() > SILENCE
    }
}

/// Takes what goes into one batch, from whoever's `turn` it is on.
fn batch(waiting: &mut BTreeMap<u64, Sampled>, turn: &mut u64) -> Vec<Sampled> {
    if waiting.len() <= BATCH {
        return std::mem::take(waiting).into_values().collect();
    }
    let ids: Vec<u64> = waiting.range(*turn..).chain(waiting.range(..*turn)).map(|(id, _)| *id).take(BATCH).collect();
    *turn = ids.last().map_or(0, |id| id + 1);
    ids.iter().filter_map(|id| waiting.remove(id)).collect()
}

/// A panic elsewhere leaves what is in there whole: each change is one assignment.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::events::{Drive, Person, Role};

    fn sampled(id: u64) -> (u64, Sampled) {
        let drive = Drive { seq: 1, x: 0.0, y: 0.0, strafe: 0.0, motors: None, tick: None, session: None, epoch: 1 };
        (id, Sampled { from: Person { id, name: String::new() }, role: Role::Driver, device: None, drive })
    }

    /// Goal: of thousands who send samples none is left out, and no batch is longer than an agent takes.
    #[test]
    fn drivers_take_turns() {
        let everybody = || (0..3000).map(sampled).collect::<BTreeMap<_, _>>();
        let (mut waiting, mut turn, mut carried) = (everybody(), 0, [0; 3000]);
        for _ in 0..6 {
            let batch = batch(&mut waiting, &mut turn);
            assert_eq!(batch.len(), BATCH);
            for sampled in batch {
                carried[usize::try_from(sampled.from.id).unwrap()] += 1;
            }
            // All of them send again.
            waiting = everybody();
        }
        assert!(carried.iter().all(|times| (2..=3).contains(times)));
        waiting = (0..BATCH as u64).map(sampled).collect();
        assert_eq!((batch(&mut waiting, &mut turn).len(), waiting.len()), (BATCH, 0));
    }
}
