//! PURE. Views: what a recording shows to people, from what reached the controller.

use std::time::Duration;

use serde_json::{Value, json};

use super::shape::{self, Asked, Direction, Fitted, Frames, Line, LineState, Person};
use super::stops::{News, Stops};
use super::topic::Topic;
use crate::agent::controller::Transition;
use crate::agent::tape::{Entry, Played, Player, What};
use crate::agent::wording;
use crate::drive::{Answer, Command, Grant, Refusal, Seat, unmix};
use crate::protocol::events::{self, SeatView};
use crate::time::Time;

/// Snapshots and motion that stays the same are shown this often.
const EVERY: Duration = Duration::from_millis(100);

/// Messages of one entry.
pub type Messages = Vec<(Topic, Value)>;

/// Follows a drive, and shows it.
#[derive(Clone, Debug)]
pub struct Views {
    player: Player,
    stops: Stops,
    /// Nanoseconds of the wall clock at the program's start.
    wall_ns: u64,
    robot: String,
    motion: Option<(Time, Value)>,
    telemetry: Option<Time>,
    seat: Option<SeatView>,
    /// Steps that did not do what the drive did: none, as long as all that decides is on the tape.
    strayed: u64,
}

impl Views {
    /// Shows a drive that goes on from here.
    #[must_use]
    pub fn new(player: Player, at: Time, wall_ns: u64, robot: String) -> Self {
        let stops = Stops::new(&player, at);
        Self { player, stops, wall_ns, robot, motion: None, telemetry: None, seat: None, strayed: 0 }
    }

    /// Steps that did not do what the drive did.
    #[must_use]
    pub fn strayed(&self) -> u64 {
        self.strayed
    }

    /// The messages of the next entry: first the entry itself.
    pub fn see(&mut self, entry: &Entry) -> Messages {
        let played = self.player.play(entry);
        let mut messages = Messages::new();
        self.tell_entry(entry, &played, &mut messages);
        let news = self.stops.see(entry, &played, &self.player);
        self.tell_log(entry, &played, &mut messages);
        self.tell_stop(entry.at, news, &mut messages);
        if let Some(written) = &played.written {
            self.strayed += u64::from(entry.written() != Some(written));
            self.tell_motion(entry.at, &mut messages);
        }
        self.tell_snapshot(entry, news, &mut messages);
        messages
    }

    fn tell_entry(&self, entry: &Entry, played: &Played, messages: &mut Messages) {
        let at_ns = shape::ns(entry.at);
        let frames =
            |direction, bytes: &[u8]| (Topic::Frames, value(&Frames { at_ns, direction, hex: shape::hex(bytes) }));
        let line = |line, text: &str| (Topic::Cable, value(&Line { at_ns, line, text: text.to_owned() }));
        let asked = |driver, source, command, reason| {
            let (name, answer) = (self.player.name(driver), played.answer.map(|answer| self.answer(answer)));
            let answer = answer.unwrap_or_default();
            (Topic::Command, value(&Asked { at_ns, driver, name, source, command, reason, answer }))
        };
        messages.push(match &entry.what {
            What::Command(driver, source, command) => asked(*driver, *source, *command, None),
            What::Stop(driver, source, reason) => asked(*driver, *source, Command::Stop, Some(reason.to_string())),
            What::Received(bytes) => frames(Direction::FromRobot, bytes),
            What::Step(bytes) => frames(Direction::ToRobot, bytes),
            What::Farewell(bytes) => frames(Direction::Farewell, bytes),
            What::CableUp => line(LineState::Up, "the line to the robot is open"),
            What::CableDown(why) => line(LineState::Down, why),
            What::CableSays(what) => line(LineState::Says, what),
            What::Fit(motors) => (Topic::Motors, value(&Fitted { at_ns, motors: **motors })),
            What::Met(driver, name) => {
                (Topic::People, value(&Person { at_ns, driver: *driver, name: Some(name.to_string()) }))
            }
            What::Left(driver) => (Topic::People, value(&Person { at_ns, driver: *driver, name: None })),
        });
    }

    fn answer(&self, answer: Answer) -> String {
        let refused = |refusal| wording::refusal(refusal, |driver| self.player.name(driver)).1;
        match answer {
            Answer::Accepted => "accepted".to_owned(),
            Answer::Seat(Grant::Granted) => "the seat was free".to_owned(),
            Answer::Seat(Grant::Renewed) => "the seat was theirs already".to_owned(),
            Answer::Seat(Grant::Preempted { from }) => format!("the seat was taken from {}", self.player.name(from)),
            Answer::Seat(Grant::Queued { position }) => format!("waits for the seat, place {position}"),
            Answer::Seat(Grant::Refused { holder }) => {
                format!("refused: {}", refused(Refusal::NotHolder { holder: Some(holder) }))
            }
            Answer::Refused(refusal) => format!("refused: {}", refused(refusal)),
        }
    }

    fn tell_log(&self, entry: &Entry, played: &Played, messages: &mut Messages) {
        for transition in &played.told {
            let (level, text) = match transition {
                Transition::RobotFound(ack) => {
                    let name = String::from_utf8_lossy(&ack.name).trim_end_matches('\0').to_owned();
                    (2, format!("the robot answers: {name}, {} motors", ack.motors))
                }
                Transition::RobotLost(loss) => (3, loss.text().to_owned()),
                Transition::RobotIncompatible(why) => (4, format!("this robot cannot be driven: {}", why.text())),
                Transition::RobotText(text) => {
                    (2, format!("the robot says: {}", String::from_utf8_lossy(text).trim_end_matches('\0')))
                }
                Transition::Fault(Some(fault)) => {
                    let text = self.player.controller().stopped().map(|reason| reason.text);
                    (3, format!("stopped: {}", text.unwrap_or_else(|| fault.policy().text.to_owned())))
                }
                Transition::Fault(None) => (2, "the robot is ready".to_owned()),
            };
            messages.push(self.log(entry.at, level, &text));
        }
        if let What::CableDown(why) = &entry.what {
            messages.push(self.log(entry.at, 3, why));
        }
    }

    fn log(&self, at: Time, level: u8, text: &str) -> (Topic, Value) {
        let line = json!({
            "timestamp": self.timestamp(at), "level": level, "message": text, "name": self.robot, "file": "", "line": 0,
        });
        (Topic::Log, line)
    }

    fn tell_stop(&self, at: Time, news: Option<News>, messages: &mut Messages) {
        let (Some(news), Some(stop)) = (news, self.stops.newest()) else { return };
        let Some(phase) = stop.causes.last() else { return };
        let reason = &phase.reason;
        let ended = (news == News::Ended).then(|| shape::ns(at));
        let fault = json!({
            "number": phase.fault.number(), "code": reason.code, "hop": reason.hop, "text": reason.text,
            "numbers": reason.numbers, "driver": stop.driver, "began_ns": shape::ns(phase.at), "ended_ns": ended,
        });
        messages.push((Topic::Faults, fault));
    }

    fn tell_motion(&mut self, at: Time, messages: &mut Messages) {
        let controller = self.player.controller();
        let Some(output) = controller.output() else { return };
        let (reported, _) = controller.rolling();
        let wheels =
            json!({ "wheels": output.wheels.as_slice(), "outputs": output.outputs.as_slice(), "reported": reported });
        let stays = self.motion.as_ref().is_some_and(|(then, same)| *same == wheels && at.since(*then) < EVERY);
        if stays {
            return;
        }
        let twist = unmix(controller.wheels(), &output.wheels);
        let twist = json!({ "linear": twist.linear, "lateral": twist.lateral, "angular": twist.angular });
        messages.push((Topic::Twist, twist));
        messages.push((Topic::Wheels, wheels.clone()));
        self.motion = Some((at, wheels));
    }

    fn tell_snapshot(&mut self, entry: &Entry, news: Option<News>, messages: &mut Messages) {
        let (at, seat) = (entry.at, self.seat_view(self.player.controller().seat()));
        if self.seat.as_ref() != Some(&seat) {
            messages.push((Topic::Seat, value(&seat)));
            self.seat = Some(seat);
        }
        let due = self.telemetry.is_none_or(|then| at.since(then) >= EVERY);
        if !(due && matches!(entry.what, What::Received(_) | What::Step(_)) || news.is_some()) {
            return;
        }
        self.telemetry = Some(at);
        let mut telemetry = self.player.controller().telemetry(at);
        telemetry.recording = true;
        let pose = telemetry.pose;
        messages.push((Topic::Telemetry, value(&telemetry)));
        if let Some(pose) = pose {
            self.tell_pose(at, pose, messages);
        }
    }

    fn tell_pose(&self, at: Time, pose: events::Pose, messages: &mut Messages) {
        let place = json!({ "x": pose.x_m, "y": pose.y_m, "z": 0.0 });
        let (z, w) = (pose.heading_rad / 2.0).sin_cos();
        let turned = json!({ "x": 0.0, "y": 0.0, "z": z, "w": w });
        let timestamp = self.timestamp(at);
        let shown = json!({
            "timestamp": timestamp, "frame_id": "odom", "pose": { "position": place, "orientation": turned },
        });
        messages.push((Topic::Pose, shown));
        let transform = json!({
            "timestamp": timestamp, "parent_frame_id": "odom", "child_frame_id": "base_link",
            "translation": place, "rotation": turned,
        });
        messages.push((Topic::Transform, transform));
    }

    fn seat_view(&self, seat: &Seat) -> SeatView {
        let named = |driver| events::Person { id: driver, name: self.player.name(crate::drive::DriverId(driver)) };
        SeatView {
            holder: seat.holder().map(|holder| named(holder.0)),
            epoch: seat.epoch(),
            queue: seat.queue().map(|waiting| named(waiting.0)).collect(),
        }
    }

    fn timestamp(&self, at: Time) -> Value {
        let wall = self.wall_ns.saturating_add(shape::ns(at));
        json!({ "sec": wall / 1_000_000_000, "nsec": wall % 1_000_000_000 })
    }
}

/// A message as JSON; everything here has such a shape.
fn value<T: serde::Serialize>(message: &T) -> Value {
    serde_json::to_value(message).unwrap_or_default()
}
