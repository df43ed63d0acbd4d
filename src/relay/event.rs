//! One event as it came off the wire, before anything in it is believed.

use std::convert::Infallible;
use std::sync::Arc;

use rmpv::Value as Relayed;
use serde_json::Value;
use socketioxide::adapter::Adapter;
use socketioxide::handler::FromMessageParts;
use socketioxide::socket::Socket;
use socketioxide_core::Value as Raw;

/// An event's JSON text, `["name", …]`, and its attachments.
#[derive(Debug)]
pub(super) struct Heard(Raw);

/// Why an event's arguments could not be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unreadable {
    /// Not JSON that can be held: too deep, or a number out of range.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    /// An attachment is named that was not sent, or one twice.
    #[error("its attachments do not match")]
    Attachments,
}

impl Heard {
    /// Bytes of the text and the attachments together.
    pub(super) fn bytes(&self) -> usize {
        match &self.0 {
            Raw::Str(text, attachments) => {
                text.len() + attachments.iter().flatten().fold(0, |sum, one| sum + one.len())
            }
            Raw::Bytes(bytes) => bytes.len(),
        }
    }

    /// The arguments, for an event that is understood here. An attachment stays the placeholder that
    /// the protocol puts in its place, which no payload of ours accepts.
    pub(super) fn arguments(&self) -> Result<Vec<Value>, Unreadable> {
        Ok(serde_json::from_str::<Vec<Value>>(self.text())?.into_iter().skip(1).collect())
    }

    /// The arguments as one array with their attachments in place, for an event that is only passed on.
    pub(super) fn relayed(&self) -> Result<Relayed, Unreadable> {
        let mut arguments: Vec<Relayed> =
            serde_json::from_str::<Vec<Relayed>>(self.text())?.into_iter().skip(1).collect();
        if let Raw::Str(_, Some(attachments)) = &self.0 {
            let mut left: Vec<Option<Vec<u8>>> = attachments.iter().map(|one| Some(one.to_vec())).collect();
            arguments.iter_mut().try_for_each(|argument| attach(argument, &mut left))?;
        }
        Ok(Relayed::Array(arguments))
    }

    fn text(&self) -> &str {
        match &self.0 {
            Raw::Str(text, _) => text,
            Raw::Bytes(_) => "",
        }
    }
}

/// Puts each attachment where its placeholder is. Each serves once, or a short event would become a
/// long one.
fn attach(value: &mut Relayed, left: &mut [Option<Vec<u8>>]) -> Result<(), Unreadable> {
    if let Some(number) = placeholder(value) {
        let slot = usize::try_from(number).ok().and_then(|number| left.get_mut(number));
        *value = Relayed::Binary(slot.and_then(Option::take).ok_or(Unreadable::Attachments)?);
        return Ok(());
    }
    if let Relayed::Array(items) = value {
        items.iter_mut().try_for_each(|item| attach(item, left))
    } else if let Relayed::Map(pairs) = value {
        pairs.iter_mut().try_for_each(|(_, item)| attach(item, left))
    } else {
        Ok(())
    }
}

fn placeholder(value: &Relayed) -> Option<u64> {
    let pairs = value.as_map()?;
    let field = |name| pairs.iter().find(|(key, _)| key.as_str() == Some(name)).map(|(_, field)| field);
    field("_placeholder")?.as_bool()?.then_some(field("num")?.as_u64()?)
}

impl<A: Adapter> FromMessageParts<A> for Heard {
    type Error = Infallible;

    fn from_message_parts(_: &Arc<Socket<A>>, raw: &mut Raw, _: &Option<i64>) -> Result<Self, Infallible> {
        Ok(Self(raw.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(text: &str, attachments: &[&'static [u8]]) -> Heard {
        let attachments = attachments.iter().map(|bytes| (*bytes).into()).collect();
        Heard(Raw::Str(text.to_owned().into(), Some(attachments)))
    }

    /// Goal: what is passed on is what was sent: order of keys, digits, attachments.
    #[test]
    fn nothing_is_lost_on_the_way() {
        let text = r#"["topic",{"z":1,"a":0.30000000000000004,"pic":{"_placeholder":true,"num":1}},
            18446744073709551615,-1,1.0,null,"ü",{"_placeholder":true,"num":0}]"#;
        let heard = heard(text, &[b"first", b"second"]);
        assert_eq!(heard.bytes(), text.len() + 11);
        let relayed = heard.relayed().unwrap();
        assert_eq!(relayed[0]["pic"], Relayed::Binary(b"second".to_vec()));
        assert_eq!(relayed[6], Relayed::Binary(b"first".to_vec()));
        assert_eq!(relayed[0].as_map().unwrap()[0].0, "z".into());
        assert_eq!(relayed[0]["a"], Relayed::F64(0.300_000_000_000_000_04));
        assert_eq!(relayed[1].as_u64(), Some(u64::MAX));
        assert_eq!(heard.arguments().unwrap().len(), 7);
    }

    /// Goal: attachments that were announced and not sent, or used twice, or JSON that cannot be held, is an
    /// error and not a guess.
    #[test]
    fn what_cannot_be_held_is_an_error() {
        let one = r#"{"_placeholder":true,"num":0}"#;
        assert!(heard(&format!(r#"["a",{one},{one}]"#), &[b"once"]).relayed().is_err());
        assert!(heard(r#"["a",{"_placeholder":true,"num":7}]"#, &[b"once"]).relayed().is_err());
        let deep = format!(r#"["a",{}{}]"#, "[".repeat(5000), "]".repeat(5000));
        assert!(heard(&deep, &[]).relayed().is_err() && heard(&deep, &[]).arguments().is_err());
        assert!(heard(r#"["a",1e999]"#, &[]).arguments().is_err());
        assert!(heard("", &[]).arguments().is_err());
    }
}
