//! PURE. A connection as the protocol sees it: greeted, let in, alive as long as the server is heard.

use std::time::Duration;

use serde_json::Value;

use super::attachments::{Assembled, Assembly};
use super::packet::{self, Incoming, Packet};
use crate::time::Time;

/// How far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The server has said nothing.
    Silent,
    /// We have asked to be let in.
    Asked,
    /// We are in.
    Open,
}

/// What follows from something that was heard.
#[derive(Debug, PartialEq)]
pub(super) enum Step {
    /// Nothing.
    Wait,
    /// This is to be said at once.
    Say(String),
    /// We are in.
    Opened,
    /// This is for whoever uses the client.
    Take(Incoming),
    /// It is over.
    Over(Over),
}

/// Why it is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Over {
    /// The server does not let us in: its sentence.
    Refused(String),
    /// The server has ended it.
    Closed,
    /// Nothing was heard for so long.
    Silent(Duration),
    /// It was not open in time.
    Late,
}

/// A connection.
#[derive(Debug)]
pub(super) struct Session {
    stage: Stage,
    connect: String,
    deadline: Time,
    heard: Time,
    patience: Duration,
    most: usize,
    assembly: Option<Assembly>,
    ignored: u64,
}

impl Session {
    /// A WebSocket was opened; it must be let in within `limit`. `auth` goes with the question.
    pub(super) fn new(now: Time, limit: Duration, auth: &Value) -> Self {
        Self {
            stage: Stage::Silent,
            connect: packet::connect(auth),
            deadline: now + limit,
            heard: now,
            patience: limit,
            most: usize::MAX,
            assembly: None,
            ignored: 0,
        }
    }

    /// A text has come.
    pub(super) fn text(&mut self, now: Time, text: &str) -> Step {
        self.noise(now);
        let Ok(packet) = packet::decode(text) else { return self.ignore() };
        match packet {
            // The server may ping before it has let us in, and ends the connection unless it is answered.
            Packet::Ping => Step::Say(packet::PONG.to_owned()),
            Packet::Open(handshake) if self.stage == Stage::Silent => {
                self.stage = Stage::Asked;
                (self.patience, self.most) = (handshake.patience, handshake.most);
                Step::Say(std::mem::take(&mut self.connect))
            }
            Packet::Connected if self.stage == Stage::Asked => {
                self.stage = Stage::Open;
                Step::Opened
            }
            Packet::Close | Packet::Disconnected => Step::Over(Over::Closed),
            Packet::Refused(why) => Step::Over(Over::Refused(why)),
            Packet::Message(incoming, attachments) if self.stage == Stage::Open => self.message(incoming, attachments),
            Packet::Other => Step::Wait,
            Packet::Open(_) | Packet::Connected | Packet::Message(..) => self.ignore(),
        }
    }

    fn message(&mut self, incoming: Incoming, attachments: usize) -> Step {
        if self.assembly.take().is_some() {
            // Its attachments should have come first: it will never be whole.
            self.ignored += 1;
        }
        if attachments == 0 {
            return Step::Take(incoming);
        }
        self.assembly = Assembly::new(incoming, attachments);
        if self.assembly.is_some() { Step::Wait } else { self.ignore() }
    }

    /// An attachment has come.
    pub(super) fn attachment(&mut self, now: Time, bytes: &[u8]) -> Step {
        self.noise(now);
        let Some(assembly) = self.assembly.take() else { return self.ignore() };
        let (assembly, assembled) = assembly.add(bytes);
        self.assembly = assembly;
        match assembled {
            Assembled::Waits => Step::Wait,
            Assembled::Whole(incoming) => Step::Take(incoming),
            Assembled::Wrong => self.ignore(),
        }
    }

    /// Something has come that needs no answer: the server lives.
    pub(super) fn noise(&mut self, now: Time) {
        self.heard = now;
    }

    /// When to look at [`Session::over`] at the latest.
    pub(super) fn until(&self) -> Time {
        match self.stage {
            Stage::Silent | Stage::Asked => self.deadline,
            Stage::Open => self.heard + self.patience,
        }
    }

    /// Whether it is over because of what was not heard. To be asked when everything that has come was read.
    pub(super) fn over(&self, now: Time) -> Option<Over> {
        if now < self.until() {
            return None;
        }
        Some(match self.stage {
            Stage::Silent | Stage::Asked => Over::Late,
            Stage::Open => Over::Silent(self.patience),
        })
    }

    /// Longer packets would end the connection, bytes.
    pub(super) fn most(&self) -> usize {
        self.most
    }

    /// Packets that were not understood, or made no sense where they came.
    pub(super) fn ignored(&self) -> u64 {
        self.ignored
    }

    /// A packet that makes no sense costs the others nothing: any participant may have caused it.
    fn ignore(&mut self) -> Step {
        self.ignored += 1;
        Step::Wait
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);
    const GREETING: &str = r#"0{"sid":"x","upgrades":[],"pingInterval":5000,"pingTimeout":5000,"maxPayload":20000}"#;

    fn at(ms: u64) -> Time {
        Time::from_millis(ms)
    }

    fn asked() -> Session {
        let mut session = Session::new(at(0), LIMIT, &json!({"name": "x"}));
        assert_eq!(session.text(at(1), GREETING), Step::Say(r#"40{"name":"x"}"#.into()));
        session
    }

    fn open() -> Session {
        let mut session = asked();
        assert_eq!(session.text(at(2), r#"40{"sid":"y"}"#), Step::Opened);
        session
    }

    fn event(name: &str, args: Vec<Value>) -> Step {
        Step::Take(Incoming::Event { name: name.into(), args, ack: None })
    }

    /// Goal: a server that pings before it lets us in is answered; else it would end the connection.
    #[test]
    fn pings_are_answered_at_every_stage() {
        let mut session = asked();
        assert_eq!(session.text(at(5), "2"), Step::Say("3".into()));
        assert_eq!(session.text(at(6), "40"), Step::Opened);
        assert_eq!(session.text(at(7), "2"), Step::Say("3".into()));
        assert_eq!(session.most(), 20_000);
    }

    /// Goal: a server that is not heard any more counts as dead after what it promised, to the millisecond, and any
    /// sign of life counts.
    #[test]
    fn silence_ends_it() {
        let mut session = open();
        assert_eq!((session.until(), session.over(at(10_001))), (at(10_002), None));
        session.noise(at(10_001));
        assert_eq!(session.over(at(20_000)), None);
        session.text(at(20_000), "2");
        assert_eq!(session.over(at(29_999)), None);
        assert_eq!(session.over(at(30_000)), Some(Over::Silent(Duration::from_secs(10))));
    }

    /// Goal: a server that pings for ever but never lets us in is given up.
    #[test]
    fn connecting_ends_in_time() {
        let mut session = asked();
        for ms in (0..10_000).step_by(1000) {
            assert_eq!(session.over(at(ms)), None);
            session.text(at(ms), "2");
        }
        assert_eq!(session.over(at(10_000)), Some(Over::Late));
        assert_eq!(Session::new(at(5), LIMIT, &Value::Null).until(), at(10_005));
    }

    /// Goal: a refusal carries its sentence, at whatever stage it comes.
    #[test]
    fn refusals_and_farewells_end_it() {
        assert_eq!(asked().text(at(3), r#"44{"message":"full"}"#), Step::Over(Over::Refused("full".into())));
        for end in ["1", "41"] {
            assert_eq!(open().text(at(3), end), Step::Over(Over::Closed));
        }
    }

    /// Goal: what a participant sends wrongly, or with pictures in it, ends nobody's connection.
    #[test]
    fn what_makes_no_sense_is_ignored() {
        let mut session = asked();
        assert_eq!(session.text(at(3), r#"42["early"]"#), Step::Wait);
        assert_eq!(session.text(at(4), "40"), Step::Opened);
        assert_eq!(session.attachment(at(5), b"orphan"), Step::Wait);
        for text in ["", "9", "42[", GREETING, "40", r#"4599-["many"]"#] {
            assert_eq!(session.text(at(6), text), Step::Wait, "{text}");
        }
        assert_eq!(session.ignored(), 8);
        let header = r#"451-["picture",{"_placeholder":true,"num":0}]"#;
        assert_eq!(session.text(at(7), header), Step::Wait);
        // A heartbeat may come in between, another event may not: then the first is lost, and only that.
        assert_eq!(session.text(at(7), "2"), Step::Say("3".into()));
        assert_eq!(session.attachment(at(8), b"hello"), event("picture", vec![json!({"base64": "aGVsbG8="})]));
        session.text(at(9), header);
        assert_eq!(session.text(at(9), r#"42["chat"]"#), event("chat", vec![]));
        assert_eq!(session.attachment(at(9), b"late"), Step::Wait);
        assert_eq!(session.ignored(), 10);
    }

    proptest! {
        /// Goal: no sequence of messages breaks it, and only the server's own words end it.
        #[test]
        fn any_conversation_is_survived(
            words in prop::collection::vec(
                prop_oneof![
                    ".{0,30}",
                    "4[0-6]([0-9]{1,2}-)?[0-9]{0,3}\\[\"a\"(,\\{\"_placeholder\":true,\"num\":[0-9]\\}){0,3}\\]",
                    Just("2".to_owned()),
                ],
                0..40,
            ),
            binary in prop::collection::vec(any::<u8>(), 0..20),
        ) {
            let mut session = open();
            for text in words {
                match session.text(at(3), &text) {
                    Step::Over(_) => prop_assert!(text.starts_with('1') || text.starts_with("41") || text.starts_with("44")),
                    Step::Opened => prop_assert!(false, "opened twice"),
                    Step::Wait | Step::Say(_) | Step::Take(_) => {}
                }
                session.attachment(at(3), &binary);
            }
        }
    }
}
