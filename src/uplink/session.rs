//! ASYNC. One connection to a relay: orders and samples come in, reports and remarks go out.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::people::People;
use super::{End, Robot};
use crate::journal::{Journal, Kind, Record};
use crate::mailbox::{Command, Remark, Sender};
use crate::protocol::events::{self, Direction, Refused};
use crate::protocol::uplink::{
    Enlist, Enlisted, Order, Passed, Remarked, Report, Sampled, Samples, VERSIONS, Wish, Words, name,
};
use crate::socketio::{Client, Incoming, Lost};

/// The agent answers within this: the latch must be on disk by then.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);
/// A press that left the relay longer ago by the robot's clock has no effect: whoever gave it expects nothing of it now.
const FRESH_MS: u32 = 500;
/// News of robots that wait at most, one of a kind each.
const NEWS: usize = 256;

/// What a robot's agent has to say.
#[derive(Debug)]
enum News {
    /// A newer snapshot is there.
    Snapshot(usize),
    /// Something for people.
    Remark(usize, Remark),
}

/// A connection at work.
#[derive(Debug)]
pub(super) struct Session<'a> {
    journal: &'a Journal,
    client: Client,
    robots: &'a [Robot],
    people: People,
    answers: JoinSet<(u64, Option<Value>)>,
    news: mpsc::Receiver<News>,
    _reporters: JoinSet<()>,
    asked: Option<u64>,
    enlisted: bool,
    /// When the robots' newest snapshots were looked at. After a pause of this program they are as old as that.
    looked: Instant,
    /// Whether something was not understood. What is wrong once is wrong thirty times a second, and told once.
    puzzled: bool,
}

impl<'a> Session<'a> {
    /// A connection that has said nothing yet.
    pub(super) fn new(client: Client, robots: &'a [Robot], journal: &'a Journal) -> Self {
        let (teller, news) = mpsc::channel(NEWS);
        let mut reporters = JoinSet::new();
        for (place, robot) in robots.iter().enumerate() {
            reporters.spawn(tell_snapshots(place, robot.end.telemetry.clone(), teller.clone()));
            reporters.spawn(tell_remarks(place, robot.end.remarks(), teller.clone()));
        }
        let (people, answers) = (People::default(), JoinSet::new());
        Self {
            journal,
            client,
            robots,
            people,
            answers,
            news,
            _reporters: reporters,
            asked: None,
            enlisted: false,
            looked: Instant::now(),
            puzzled: false,
        }
    }

    /// Whether the relay has taken the robots.
    pub(super) fn is_enlisted(&self) -> bool {
        self.enlisted
    }

    /// Works until the connection ends.
    pub(super) async fn serve(&mut self, instance: u64, shutdown: &CancellationToken) -> End {
        let enlist = Enlist {
            versions: VERSIONS,
            instance,
            program: concat!("joywire ", env!("CARGO_PKG_VERSION")).to_owned(),
            robots: self.robots.iter().map(|robot| robot.card.clone()).collect(),
        };
        self.asked = self.client.ask(name::ENLIST, &[shape(&enlist)]);
        loop {
            tokio::select! {
                biased;
                () = shutdown.cancelled() => return End::Shutdown,
                incoming = self.client.next() => match incoming {
                    Ok(Incoming::Event { name, args, ack }) => self.hear(&name, &args, ack),
                    Ok(Incoming::Ack { id, args }) if Some(id) == self.asked => {
                        if let Err(why) = self.enlist(&args) {
                            return End::Refused(why);
                        }
                    }
                    Ok(Incoming::Ack { .. }) => {}
                    Err(lost) => return End::Lost(lost),
                },
                Some(answered) = self.answers.join_next() => if let Ok((id, Some(answer))) = answered {
                    self.client.acknowledge(id, &[answer]);
                },
                Some(news) = self.news.recv() => {
                    if !self.tell(news) {
                        return End::Lost(Lost::Stalled(ANSWER_WITHIN));
                    }
                }
            }
        }
    }

    /// Everybody who came by this connection has left, then it is closed.
    pub(super) async fn end(mut self) {
        for (place, sender) in self.people.leave() {
            if let Some(robot) = self.robots.get(place)
                && !robot.end.send(sender, Command::Gone)
            {
                tracing::error!(robot = robot.card.name, "the agent could not be told that a person is gone");
            }
        }
        self.client.close().await;
    }

    fn enlist(&mut self, args: &[Value]) -> Result<(), String> {
        let answer: Enlisted = events::parse(name::ENLIST, args).map_err(|error| error.to_string())?;
        if !answer.ok {
            return Err(answer.why.unwrap_or_else(|| "it gave no reason".to_owned()));
        }
        self.enlisted = true;
        let robots = self.robots.iter().map(|robot| robot.card.name.as_str()).collect::<Vec<_>>().join(", ");
        tracing::info!(robots, version = answer.version, "the relay has our robots");
        self.journal.note(Record::new(Kind::Connection, format!("the relay has {robots}")));
        for place in 0..self.robots.len() {
            self.report(place);
        }
        Ok(())
    }

    fn hear(&mut self, event: &str, args: &[Value], ack: Option<u64>) {
        match event {
            name::SAMPLES => {
                if let Some(samples) = self.read::<Samples>(name::SAMPLES, args) {
                    self.samples(samples);
                }
                // Also what was not understood is done with.
                if let Some(id) = ack {
                    self.client.acknowledge(id, &[]);
                }
            }
            name::ORDER => {
                if let Some(order) = self.read::<Order>(name::ORDER, args) {
                    self.order(order, ack);
                }
            }
            other => tracing::debug!(event = other, "the relay said something that is not known here"),
        }
    }

    fn read<T: DeserializeOwned>(&mut self, event: &'static str, args: &[Value]) -> Option<T> {
        match events::parse(event, args) {
            Ok(read) => Some(read),
            Err(why) => {
                if !std::mem::replace(&mut self.puzzled, true) {
                    tracing::warn!(%why, "the relay was not understood: update both sides");
                }
                None
            }
        }
    }

    fn samples(&mut self, samples: Samples) {
        let Some(robot) = self.robots.get(samples.robot) else { return };
        for Sampled { from, role, device, drive } in samples.samples {
            let sender = Sender { person: from, role, device };
            self.people.meet(samples.robot, &sender);
            robot.end.drive(sender, drive);
        }
    }

    fn order(&mut self, order: Order, ack: Option<u64>) {
        let Order { robot: place, from, role, device, what } = order;
        let Some(robot) = self.robots.get(place) else { return };
        let sender = Sender { person: from, role, device };
        let command = match what {
            Wish::Gone => {
                self.people.forget(place, sender.person.id);
                Command::Gone
            }
            Wish::Direction { direction, passed } => {
                self.people.meet(place, &sender);
                let awake = self.looked.elapsed() <= Duration::from_millis(u64::from(FRESH_MS));
                if direction != Direction::Stop && !(awake && is_fresh(robot, passed)) {
                    return self.refuse_late(place, sender.person.id);
                }
                Command::Direction(direction)
            }
            Wish::Chat { text } => Command::Chat(text),
            Wish::Seat { request } => Command::Seat(request, self.answering(ack)),
            Wish::Stop { reason } => Command::Stop(reason, self.answering(ack)),
            Wish::Reset { request } => Command::Reset(request, self.answering(ack)),
            Wish::Recordings { request } => Command::Recordings(request, self.answering(ack)),
            Wish::Calibrate { request } => Command::Calibrate(request, self.answering(ack)),
        };
        if !matches!(command, Command::Gone) {
            self.people.meet(place, &sender);
        }
        if !robot.end.send(sender, command) {
            tracing::warn!(robot = robot.card.name, "too many commands wait: one was dropped");
        }
    }

    /// Where an answer goes that the relay waits for.
    fn answering<T: Serialize + Send + 'static>(&mut self, ack: Option<u64>) -> oneshot::Sender<T> {
        let (answer, answered) = oneshot::channel::<T>();
        if let Some(id) = ack {
            self.answers.spawn(async move {
                let reply = timeout(ANSWER_WITHIN, answered).await.ok().and_then(Result::ok);
                (id, reply.map(|reply| shape(&reply)))
            });
        }
        answer
    }

    fn refuse_late(&mut self, robot: usize, to: u64) {
        let why = "the press was too long on its way to the robot".to_owned();
        let refused = Refused { event: events::name::DIRECTION.to_owned(), code: "late".to_owned(), why };
        self.remark(robot, Words::Refused { to, refused });
    }

    /// Passes news on; `false` if the relay takes too little of what it must have.
    fn tell(&mut self, news: News) -> bool {
        if !self.enlisted {
            return true;
        }
        match news {
            News::Snapshot(place) => {
                self.report(place);
                true
            }
            News::Remark(place, remark) => {
                let words = match remark {
                    Remark::Seat(seat) => Words::Seat { seat },
                    Remark::Reply(data) => Words::Reply { data },
                    Remark::Notice(text) => Words::Notice { text },
                    Remark::Refused(to, refused) => Words::Refused { to, refused },
                };
                self.remark(place, words)
            }
        }
    }

    fn report(&mut self, place: usize) {
        let Some(robot) = self.robots.get(place) else { return };
        self.looked = Instant::now();
        let (telemetry, seat) = (robot.end.telemetry.borrow().clone(), robot.end.seat.borrow().clone());
        let key = u64::try_from(place).unwrap_or(u64::MAX);
        self.client.latest(key, name::REPORT, &[shape(&Report { robot: place, telemetry, seat })]);
    }

    fn remark(&mut self, robot: usize, what: Words) -> bool {
        self.client.emit(name::REMARK, &[shape(&Remarked { robot, what })])
    }
}

/// Whether a press left the relay a moment ago, by the robot's own clock.
fn is_fresh(robot: &Robot, passed: Option<Passed>) -> bool {
    let telemetry = robot.end.telemetry.borrow();
    match (passed, telemetry.session.zip(telemetry.tick)) {
        (Some(passed), Some((session, tick))) => {
            passed.session == session && tick.wrapping_sub(passed.tick) <= FRESH_MS
        }
        (_, _) => false,
    }
}

async fn tell_snapshots(
    place: usize,
    mut newest: tokio::sync::watch::Receiver<events::Telemetry>,
    teller: mpsc::Sender<News>,
) {
    while newest.changed().await.is_ok() {
        newest.borrow_and_update();
        if teller.send(News::Snapshot(place)).await.is_err() {
            return;
        }
    }
}

async fn tell_remarks(place: usize, mut remarks: broadcast::Receiver<Remark>, teller: mpsc::Sender<News>) {
    loop {
        match remarks.recv().await {
            Ok(remark) => {
                if teller.send(News::Remark(place, remark)).await.is_err() {
                    return;
                }
            }
            // The seat comes with the next report.
            Err(RecvError::Lagged(missed)) => tracing::warn!(missed, "remarks were lost on their way to the relay"),
            Err(RecvError::Closed) => return,
        }
    }
}

/// What is sent. Everything here has a shape in JSON.
fn shape<T: Serialize>(what: &T) -> Value {
    serde_json::to_value(what).unwrap_or_else(|error| json!({ "error": error.to_string() }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mailbox::mailbox;
    use crate::protocol::events::{RobotCard, Telemetry};

    /// Goal: a press counts if it left the relay a moment ago by the clock of this very robot, and not if nobody can tell.
    #[test]
    fn press_is_fresh_by_the_robots_own_clock() {
        let (end, agent) = mailbox();
        let robot = Robot { card: RobotCard::default(), end };
        let passed = |tick| Some(Passed { session: 7, tick });
        assert!(!is_fresh(&robot, passed(0)), "a robot that has told no time");
        agent.publish(Telemetry { session: Some(7), tick: Some(200), ..Telemetry::default() });
        assert!(is_fresh(&robot, passed(200)) && is_fresh(&robot, passed(u32::MAX - 99)), "the clock may go round");
        assert!(!is_fresh(&robot, passed(u32::MAX - 300)) && !is_fresh(&robot, passed(201)) && !is_fresh(&robot, None));
        agent.publish(Telemetry { session: Some(8), tick: Some(200), ..Telemetry::default() });
        assert!(!is_fresh(&robot, passed(200)), "the robot has restarted since");
    }
}
