//! The robots behind this relay: one of this process, and those whose agents have dialled in.

mod claim;
mod link;
pub(super) mod naming;
mod remote;
mod robot;

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, timeout};

pub(super) use self::claim::Program;
use self::claim::{Holder, Presence, may_have};
pub(super) use self::link::Link;
use self::naming::{checked, free_colour, same};
use self::remote::Remote;
pub(super) use self::robot::Robot;
use super::auth::Who;
use crate::mailbox::{Command, RelayEnd, Remark, Sender, mailbox};
use crate::protocol::events::{Reason, RobotCard, StopReply, Telemetry};
use crate::protocol::fleet::RobotSummary;
use crate::protocol::uplink::{self, Enlist, Enlisted, Remarked, Report, Words};

/// Robots that a relay remembers at most.
const ROBOTS: usize = 64;
/// A program that was heard so lately is taken for running: another with its key is not let in its place.
const ALIVE: Duration = Duration::from_secs(2);
/// A robot confirms its latch within this, or is told to have not.
const LATCHED_WITHIN: Duration = Duration::from_secs(2);

/// All of them.
#[derive(Debug)]
pub(super) struct Fleet {
    robots: RwLock<Vec<Arc<Robot>>>,
    lobby: Arc<Robot>,
    own: Option<String>,
    newcomers: mpsc::UnboundedSender<Arc<Robot>>,
    here: watch::Sender<Vec<String>>,
}

/// Robots that are new to the relay, each once.
pub(super) type Newcomers = mpsc::UnboundedReceiver<Arc<Robot>>;

impl Fleet {
    /// A fleet of the robot of this process, if it has one.
    pub(super) fn new(own: Option<(RobotCard, RelayEnd)>) -> (Arc<Self>, Newcomers) {
        // Bounded by the number of robots.
        let (newcomers, come) = mpsc::unbounded_channel();
        let name = own.as_ref().map(|(card, _)| card.name.clone());
        let robots: Vec<_> = own
            .into_iter()
            .map(|(card, end)| {
                let color = free_colour(&card.color, &card.name, &[]);
                Arc::new(Robot::new(RobotCard { color, ..card }, end, None))
            })
            .collect();
        for robot in &robots {
            drop(newcomers.send(robot.clone()));
        }
        let lobby = Arc::new(lobby());
        let here = watch::Sender::new(name.iter().cloned().collect());
        let robots = RwLock::new(robots);
        (Arc::new(Self { robots, lobby, own: name, newcomers, here }), come)
    }

    /// Where clients are that have no robot.
    pub(super) fn lobby(&self) -> &Arc<Robot> {
        &self.lobby
    }

    /// The name of the robot of this process.
    pub(super) fn own(&self) -> Option<&str> {
        self.own.as_deref()
    }

    /// All robots, first first.
    pub(super) fn robots(&self) -> Vec<Arc<Robot>> {
        self.read().clone()
    }

    /// The robot of that name.
    pub(super) fn named(&self, name: &str) -> Option<Arc<Robot>> {
        self.read().iter().find(|robot| same(&robot.name, name)).cloned()
    }

    /// The names of the robots that are here: whenever one comes or goes.
    pub(super) fn here(&self) -> watch::Receiver<Vec<String>> {
        self.here.subscribe()
    }

    /// The list that everybody sees.
    pub(super) fn summaries(&self) -> Vec<RobotSummary> {
        self.read().iter().map(|robot| robot.summary()).collect()
    }

    /// Takes the robots of an agent in, all or none. `may_come`: whether somebody may still come in at all. An older
    /// connection of the same program gives way.
    pub(super) fn enlist(
        &self,
        link: &Arc<Link>,
        enlist: Enlist,
        may_come: impl Fn(Who) -> bool,
        now: Instant,
    ) -> Enlisted {
        let refuse = |why: String| Enlisted { why: Some(why), ..Enlisted::default() };
        let Some(version) = uplink::VERSIONS.common(enlist.versions) else {
            let (ours, theirs) = (uplink::VERSIONS, enlist.versions);
            let older = if theirs.max < ours.min { "the agent" } else { "the relay" };
            return refuse(format!(
                "relay and agent do not understand each other: the relay speaks versions {} to {}, {} speaks {} to \
                     {}; update {older}",
                ours.min, ours.max, enlist.program, theirs.min, theirs.max
            ));
        };
        if enlist.robots.is_empty() || enlist.robots.len() > uplink::ROBOTS {
            return refuse(format!("an agent brings 1 to {} robots", uplink::ROBOTS));
        }
        let outcome = self.place(link, enlist.robots, may_come, now);
        match outcome {
            Ok(replaced) => {
                for old in replaced {
                    tracing::info!(agent = old.name(), "its connection is replaced by a newer one");
                    old.cut();
                }
                self.tell_who_is_here();
                Enlisted { ok: true, version: Some(version), ..Enlisted::default() }
            }
            Err(why) => refuse(why),
        }
    }

    /// The connection of an agent has ended.
    pub(super) fn delist(&self, link: &Arc<Link>) {
        for robot in self.robots() {
            if let Some(remote) = &robot.remote {
                remote.detach(link);
            }
        }
        self.tell_who_is_here();
    }

    /// Takes a snapshot of a robot from its agent.
    pub(super) fn report(link: &Arc<Link>, report: Report, now: Instant) {
        let Some(robot) = link.robot(report.robot) else { return };
        let before = robot.end.seat.borrow().clone();
        if let Some(remote) = &robot.remote {
            remote.report(link, report.telemetry, report.seat, &before, now);
        }
    }

    /// Takes what an agent says to people.
    pub(super) fn remark(link: &Arc<Link>, remarked: Remarked) {
        let Some(remote) = link.robot(remarked.robot).and_then(|robot| robot.remote.as_ref()) else { return };
        let remark = match remarked.what {
            Words::Seat { seat } => Remark::Seat(seat),
            Words::Reply { data } => Remark::Reply(data),
            Words::Notice { text } => Remark::Notice(text),
            Words::Refused { to, refused } => Remark::Refused(to, refused),
        };
        remote.remark(link, remark);
    }

    /// STOP for all robots. Which have not confirmed it is told; those whose agents are away are stopped when they come.
    pub(super) fn stop_all(
        &self,
        sender: &Sender,
        reason: &str,
    ) -> impl Future<Output = Result<(), String>> + Send + 'static {
        let asked: Vec<_> = self
            .robots()
            .into_iter()
            .map(|robot| {
                let (answer, answered) = oneshot::channel();
                // Full of STOPs that wait: the robot is being latched already.
                let sent = robot.end.send(sender.clone(), Command::Stop(reason.to_owned(), answer));
                (robot, sent, answered)
            })
            .collect();
        confirmed(asked)
    }

    fn place(
        &self,
        link: &Arc<Link>,
        cards: Vec<RobotCard>,
        may_come: impl Fn(Who) -> bool,
        now: Instant,
    ) -> Result<Vec<Arc<Link>>, String> {
        let mut robots = self.robots.write().unwrap_or_else(PoisonError::into_inner);
        let mut names: Vec<String> = Vec::new();
        let mut replaced: Vec<Arc<Link>> = Vec::new();
        for card in &cards {
            let name = checked(&card.name)?;
            if names.iter().any(|other| same(other, &name)) {
                return Err(format!("two robots of this agent are called {name:?}: give one another name"));
            }
            if let Some(known) = robots.iter().find(|robot| same(&robot.name, &name)) {
                replaced.extend(may_replace(known, link, &may_come, now)?);
            }
            names.push(name);
        }
        let fresh = names.iter().filter(|name| !robots.iter().any(|robot| same(&robot.name, name))).count();
        if robots.len() + fresh > ROBOTS {
            return Err(format!("this relay remembers {ROBOTS} robots already: restart it to forget them"));
        }
        let mut placed = Vec::new();
        for (place, (name, card)) in names.into_iter().zip(cards).enumerate() {
            let known = robots.iter().find(|robot| same(&robot.name, &name)).cloned();
            let robot = known.unwrap_or_else(|| {
                let taken: Vec<String> = robots.iter().map(|robot| robot.color.clone()).collect();
                let color = free_colour(&card.color, &name, &taken);
                let (relay_end, agent_end) = mailbox();
                let card = RobotCard { name, color, ..card.clone() };
                let robot = Arc::new(Robot::new(card, relay_end, Some(Remote::new(agent_end))));
                robots.push(robot.clone());
                drop(self.newcomers.send(robot.clone()));
                robot
            });
            robot.redraw(card);
            if let Some(remote) = &robot.remote {
                remote.attach(link.clone(), place, now);
            }
            placed.push(robot);
        }
        link.holds(placed);
        replaced.retain(|old| !Arc::ptr_eq(old, link));
        replaced.dedup_by(|one, other| Arc::ptr_eq(one, other));
        Ok(replaced)
    }

    fn tell_who_is_here(&self) {
        let here = self.summaries().into_iter().filter(|robot| robot.here).map(|robot| robot.name).collect();
        self.here.send_replace(here);
    }

    fn read(&self) -> RwLockReadGuard<'_, Vec<Arc<Robot>>> {
        self.robots.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A robot that was told to stop, whether it could be told, and its answer.
type Told = (Arc<Robot>, bool, oneshot::Receiver<StopReply>);

/// Waits until all have confirmed, or says which have not.
async fn confirmed(told: Vec<Told>) -> Result<(), String> {
    let deadline = Instant::now() + LATCHED_WITHIN;
    let mut unsure = Vec::new();
    for (robot, sent, answered) in told {
        let left = deadline.saturating_duration_since(Instant::now());
        let latched = sent && timeout(left, answered).await.is_ok_and(|reply| reply.is_ok_and(|reply| reply.ok));
        if !latched {
            let away = robot.remote.as_ref().is_some_and(|remote| !remote.is_here());
            unsure.push(if away { format!("{} (not connected)", robot.name) } else { robot.name.clone() });
        }
    }
    if unsure.is_empty() { Ok(()) } else { Err(format!("not confirmed by {}", unsure.join(", "))) }
}

/// The connection that gives way to `link`, if any does; or why the name is not to be had.
fn may_replace(
    known: &Robot,
    link: &Link,
    may_come: impl Fn(Who) -> bool,
    now: Instant,
) -> Result<Option<Arc<Link>>, String> {
    let there = known.remote.as_ref().and_then(Remote::link);
    let heard = known.remote.as_ref().and_then(Remote::heard);
    let holder = match known.remote.as_ref().map(Remote::owner) {
        None => Holder::Own,
        Some(None) => return Ok(None),
        Some(Some(owner)) => {
            let presence = match heard {
                Some(heard) if now.saturating_duration_since(heard) <= ALIVE => Presence::Heard,
                Some(_) => Presence::Silent,
                None if may_come(owner.who) => Presence::Away,
                None => Presence::Out,
            };
            Holder::Agent(owner, presence)
        }
    };
    may_have(&known.name, &holder, link.program()).map(|()| there)
}

/// No robot: nobody answers, and that is told.
fn lobby() -> Robot {
    let (end, agent) = mailbox();
    let reason = Reason::new("no_robot", "person", "this client has no robot yet: choose one");
    agent.publish(Telemetry { reason: Some(reason), ..Telemetry::default() });
    Robot::new(RobotCard::default(), end, None)
}
