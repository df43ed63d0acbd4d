//! The robots of this relay, as people ask for them: the list, STOP for all, and who must leave a seat.

use serde::Serialize;
use socketioxide::extract::AckSender;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::client::{ANSWER_WITHIN, Arrival, NO_ANSWER, acknowledge, tidy};
use crate::journal::{Kind, Record};
use crate::mailbox::Command;
use crate::protocol::events::{Role, SeatRequest, name};
use crate::protocol::fleet::{RobotSummary, RobotsReply, RobotsRequest};

impl Arrival<'_> {
    /// The robots of this relay; operators stop them all, or take a seat from somebody.
    pub(super) fn robots(&self, ack: AckSender) {
        let list = self.rooms.fleet().summaries();
        let reply = |why: &str| RobotsReply { ok: false, why: Some(why.to_owned()), robots: Vec::new() };
        let Some(request) = self.payload::<RobotsRequest>(name::ROBOTS, usize::MAX) else {
            return acknowledge(ack, &reply("robots was not understood"));
        };
        if request != RobotsRequest::List && !self.may(Role::Operator) {
            return acknowledge(ack, &reply("only an operator may do that"));
        }
        match request {
            RobotsRequest::List => acknowledge(ack, &RobotsReply { ok: true, why: None, robots: list }),
            RobotsRequest::Stop { reason } => {
                self.stop_all(ack, &tidy(&reason), |done, robots| RobotsReply {
                    ok: done.is_ok(),
                    why: done.err(),
                    robots,
                });
            }
            RobotsRequest::Kick { robot } => {
                let Some(robot) = self.rooms.fleet().named(&robot).filter(|robot| !robot.is_lobby()) else {
                    return acknowledge(ack, &reply("there is no robot of that name"));
                };
                if let Some(holder) = &robot.end.seat.borrow().holder {
                    self.rooms.ground(holder.id, self.now);
                }
                let (answer, answered) = oneshot::channel();
                let sent = robot.end.send(self.client.sender.clone(), Command::Seat(SeatRequest::Clear, answer));
                let rooms = self.rooms.clone();
                tokio::spawn(async move {
                    let told =
                        if sent { timeout(ANSWER_WITHIN, answered).await.ok().and_then(Result::ok) } else { None };
                    let (ok, why) = told.map_or((false, Some(NO_ANSWER.to_owned())), |reply| (reply.ok, reply.why));
                    acknowledge(ack, &RobotsReply { ok, why, robots: rooms.fleet().summaries() });
                });
            }
        }
    }

    /// STOP for every robot; the acknowledgement comes once all have confirmed, or did not in time.
    pub(super) fn stop_all<T: Serialize + Send + 'static>(
        &self,
        ack: AckSender,
        reason: &str,
        reply: impl FnOnce(Result<(), String>, Vec<RobotSummary>) -> T + Send + 'static,
    ) {
        let (fleet, sender) = (self.rooms.fleet().clone(), self.client.sender.clone());
        let text = format!("{} presses STOP for all robots: {reason}", sender.person.name);
        self.rooms.note_of_none(Record::new(Kind::Stop, text).by(self.client.doer()));
        let stopping = fleet.stop_all(&sender, reason);
        tokio::spawn(async move {
            let done = stopping.await;
            acknowledge(ack, &reply(done, fleet.summaries()));
        });
    }
}
