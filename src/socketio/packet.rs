//! PURE. Packets of Engine.IO 4 and Socket.IO 5, as they stand in the texts of a WebSocket.
//!
//! A text is `<engine type>[<socket type>[<attachments>-][<namespace>,][<number>]<JSON>]`.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::sentence::sentence_of;

/// Answers a ping.
pub(super) const PONG: &str = "3";
/// Leaves.
pub(super) const DISCONNECT: &str = "41";
/// The one namespace that is spoken here.
const NAMESPACE: &str = "/";
/// A server pings at most this rarely, and waits at most this long.
const LONGEST: Duration = Duration::from_mins(5);
/// And no more often than this, as dividing seconds by nothing helps nobody.
const SHORTEST: Duration = Duration::from_millis(100);

/// What a server says to whoever uses the client.
#[derive(Clone, Debug, PartialEq)]
pub enum Incoming {
    /// An event.
    Event {
        /// Its name.
        name: String,
        /// Its arguments. Where there was an attachment there is `{"base64": "…"}` with its bytes.
        args: Vec<Value>,
        /// By this number the server wants it acknowledged.
        ack: Option<u64>,
    },
    /// The answer to an event of ours.
    Ack {
        /// Its number, as it was given when the event was sent.
        id: u64,
        /// The answer's arguments, as in an event.
        args: Vec<Value>,
    },
}

/// One text, understood.
#[derive(Clone, Debug, PartialEq)]
pub enum Packet {
    /// The server's first.
    Open(Handshake),
    /// The server ends the connection.
    Close,
    /// To be answered.
    Ping,
    /// We are in.
    Connected,
    /// We are out.
    Disconnected,
    /// We are not let in: a sentence.
    Refused(String),
    /// An event or an answer, and how many attachments follow before it is whole.
    Message(Incoming, usize),
    /// Nothing that concerns us: another namespace, an upgrade.
    Other,
}

/// What a server tells about itself first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handshake {
    /// It is heard from at least this often.
    pub patience: Duration,
    /// Longer packets end the connection, bytes.
    pub most: usize,
}

/// Why a text is no packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a packet of Socket.IO: {0}")]
pub struct PacketError(&'static str);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Greeting {
    ping_interval: u64,
    ping_timeout: u64,
    max_payload: Option<u64>,
}

/// Reads one text.
///
/// # Errors
/// [`PacketError`]; what came before and comes after is not touched by it.
pub fn decode(text: &str) -> Result<Packet, PacketError> {
    let (kind, rest) = first(text)?;
    match kind {
        "0" => greeting(rest).map(Packet::Open),
        "1" => Ok(Packet::Close),
        "2" => Ok(Packet::Ping),
        "4" => message(rest),
        // A pong, an upgrade, and the packet that does nothing.
        "3" | "5" | "6" => Ok(Packet::Other),
        _ => Err(PacketError("an unknown type")),
    }
}

fn greeting(json: &str) -> Result<Handshake, PacketError> {
    let told: Greeting = serde_json::from_str(json).map_err(|_| PacketError("a greeting of another shape"))?;
    let bounded = |ms| Duration::from_millis(ms).clamp(SHORTEST, LONGEST);
    let most = told.max_payload.map_or(usize::MAX, |bytes| usize::try_from(bytes).unwrap_or(usize::MAX));
    Ok(Handshake { patience: bounded(told.ping_interval) + bounded(told.ping_timeout), most })
}

fn message(text: &str) -> Result<Packet, PacketError> {
    let (kind, rest) = first(text)?;
    let (attachments, rest) = match kind {
        "5" | "6" => {
            let (count, rest) = number(rest)?;
            let rest = rest.strip_prefix('-').ok_or(PacketError("a count without an end"))?;
            (usize::try_from(count.ok_or(PacketError("no count"))?).unwrap_or(usize::MAX), rest)
        }
        _ => (0, rest),
    };
    let rest = if rest.starts_with('/') {
        let (namespace, rest) = rest.split_once(',').unwrap_or((rest, ""));
        if namespace.split('?').next() != Some(NAMESPACE) {
            return Ok(Packet::Other);
        }
        rest
    } else {
        rest
    };
    match kind {
        "0" => Ok(Packet::Connected),
        "1" => Ok(Packet::Disconnected),
        "4" => {
            Ok(Packet::Refused(serde_json::from_str(rest).map_or_else(|_| rest.to_owned(), |told| sentence_of(&told))))
        }
        "2" | "5" => event(rest).map(|event| Packet::Message(event, attachments)),
        "3" | "6" => answer(rest).map(|answer| Packet::Message(answer, attachments)),
        _ => Err(PacketError("an unknown type")),
    }
}

fn event(text: &str) -> Result<Incoming, PacketError> {
    let (ack, json) = number(text)?;
    let mut args = list(json)?.into_iter();
    match args.next() {
        Some(Value::String(name)) => Ok(Incoming::Event { name, args: args.collect(), ack }),
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) | None => {
            Err(PacketError("an event without a name"))
        }
    }
}

fn answer(text: &str) -> Result<Incoming, PacketError> {
    let (id, json) = number(text)?;
    Ok(Incoming::Ack { id: id.ok_or(PacketError("an answer to nothing"))?, args: list(json)? })
}

fn list(json: &str) -> Result<Vec<Value>, PacketError> {
    serde_json::from_str(json).map_err(|_| PacketError("no list of JSON"))
}

/// The first letter, and the rest.
fn first(text: &str) -> Result<(&str, &str), PacketError> {
    text.split_at_checked(1).ok_or(PacketError("nothing, or no digit"))
}

/// The digits that a text begins with, and the rest.
fn number(text: &str) -> Result<(Option<u64>, &str), PacketError> {
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    if digits.is_empty() {
        return Ok((None, rest));
    }
    digits.parse().map(|number| (Some(number), rest)).map_err(|_| PacketError("a number beyond all numbers"))
}

/// Asks to be let in.
pub(super) fn connect(auth: &Value) -> String {
    if auth.is_null() { "40".to_owned() } else { format!("40{auth}") }
}

/// An event; with a number it is to be acknowledged.
pub(super) fn encode_event(name: &str, args: &[Value], ack: Option<u64>) -> String {
    let number = ack.map_or_else(String::new, |number| number.to_string());
    let name = Value::from(name);
    format!("42{number}{}", array(std::iter::once(&name).chain(args)))
}

/// An acknowledgement.
pub(super) fn encode_ack(id: u64, args: &[Value]) -> String {
    format!("43{id}{}", array(args))
}

/// A JSON array of values that are not copied for it.
fn array<'a>(values: impl IntoIterator<Item = &'a Value>) -> String {
    let values: Vec<_> = values.into_iter().map(Value::to_string).collect();
    format!("[{}]", values.join(","))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn message(text: &str) -> (Incoming, usize) {
        match decode(text) {
            Ok(Packet::Message(incoming, attachments)) => (incoming, attachments),
            other => panic!("{text}: {other:?}"),
        }
    }

    /// Goal: packets as real servers send them are understood.
    #[test]
    fn packets_of_servers_are_read() {
        let greeting = r#"0{"sid":"x","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#;
        assert_eq!(
            decode(greeting),
            Ok(Packet::Open(Handshake { patience: Duration::from_secs(45), most: 1_000_000 }))
        );
        for (text, packet) in [
            ("1", Packet::Close),
            ("2", Packet::Ping),
            ("2probe", Packet::Ping),
            ("6", Packet::Other),
            (r#"40{"sid":"y"}"#, Packet::Connected),
            ("40/,{}", Packet::Connected),
            ("40", Packet::Connected),
            ("40/admin,{}", Packet::Other),
            ("42/admin,17[\"x\"]", Packet::Other),
            ("41", Packet::Disconnected),
            (r#"44{"message":"not paired","data":1}"#, Packet::Refused("not paired".into())),
            (r#"44"no""#, Packet::Refused("no".into())),
        ] {
            assert_eq!(decode(text), Ok(packet), "{text}");
        }
        let event = |name: &str, args: Value, ack| Incoming::Event {
            name: name.into(),
            args: args.as_array().unwrap().clone(),
            ack,
        };
        assert_eq!(message(r#"42["chat",["hi",1]]"#), (event("chat", json!([["hi", 1]]), None), 0));
        assert_eq!(message(r#"4217["a"]"#), (event("a", json!([]), Some(17)), 0));
        assert_eq!(message(r#"42/,17["a"]"#), (event("a", json!([]), Some(17)), 0));
        assert_eq!(message(r#"452-3["a",{},{}]"#), (event("a", json!([{}, {}]), Some(3)), 2));
        assert_eq!(message("433[true]"), (Incoming::Ack { id: 3, args: vec![json!(true)] }, 0));
        assert_eq!(message("461-/,3[{}]"), (Incoming::Ack { id: 3, args: vec![json!({})] }, 1));
    }

    /// Goal: what is no packet is an error, and never something else.
    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "x",
            "7",
            "é",
            "0",
            "0{}",
            r#"0{"pingInterval":-1,"pingTimeout":1}"#,
            "4",
            "47",
            "42",
            "42[]",
            "42[5]",
            "42{}",
            r#"42["a""#,
            r#"4299999999999999999999["a"]"#,
            r#"42-1["a"]"#,
            "43[1]",
            r#"45["a"]"#,
            r#"451["a"]"#,
            r#"45x-["a"]"#,
        ] {
            assert!(decode(text).is_err(), "{text}: {:?}", decode(text));
        }
        let deep = format!("42[\"a\",{}{}]", "[".repeat(10_000), "]".repeat(10_000));
        assert!(decode(&deep).is_err());
    }

    /// Goal: no server can make us wait for it for ever, or not at all.
    #[test]
    fn patience_is_bounded() {
        for (interval, timeout, patience) in [(u64::MAX, u64::MAX, LONGEST * 2), (0, 0, SHORTEST * 2)] {
            let text = format!("0{{\"pingInterval\":{interval},\"pingTimeout\":{timeout}}}");
            assert_eq!(decode(&text), Ok(Packet::Open(Handshake { patience, most: usize::MAX })));
        }
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            (-1e300..1e300f64).prop_map(Value::from),
            ".{0,20}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 20, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(".{0,8}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        /// Goal: what we write is what is read.
        #[test]
        fn events_survive_the_wire(
            name in ".{0,20}", args in prop::collection::vec(value(), 0..4), ack: Option<u64>, id: u64
        ) {
            let event = Incoming::Event { name: name.clone(), args: args.clone(), ack };
            prop_assert_eq!(decode(&encode_event(&name, &args, ack)), Ok(Packet::Message(event, 0)));
            let answer = Incoming::Ack { id, args: args.clone() };
            prop_assert_eq!(decode(&encode_ack(id, &args)), Ok(Packet::Message(answer, 0)));
        }

        /// Goal: no text breaks the parser: neither noise, nor what looks like a packet.
        #[test]
        fn any_text_is_survived(noise in ".{0,200}", like in "[0-6]{0,3}[0-9]{0,25}[-/,a?]{0,4}[0-9]{0,25}[\\[\\]{}\",:a0-9]{0,40}") {
            drop(decode(&noise));
            drop(decode(&like));
        }
    }
}
