//! PURE. An event whose attachments come in messages of their own, put together.

use data_encoding::BASE64;
use serde_json::{Map, Value, json};

use super::packet::Incoming;

/// Attachments of one event.
const MOST: usize = 16;
/// Bytes of all of them.
const BYTES: usize = 1024 * 1024;

/// An event that is not whole yet.
#[derive(Debug)]
pub(super) struct Assembly {
    message: Incoming,
    wanted: usize,
    /// Each is used once: a small text that names one a thousand times would fill the memory.
    have: Vec<Option<Vec<u8>>>,
    bytes: usize,
}

/// What became of an event with one attachment more.
#[derive(Debug, PartialEq)]
pub(super) enum Assembled {
    /// More are to come.
    Waits,
    /// It is whole.
    Whole(Incoming),
    /// It is larger than it may be, or names attachments that it does not have.
    Wrong,
}

impl Assembly {
    /// Begins with an event that `wanted` attachments follow; `None` if those are more than are taken.
    pub(super) fn new(message: Incoming, wanted: usize) -> Option<Self> {
        (1..=MOST).contains(&wanted).then(|| Self { message, wanted, have: Vec::new(), bytes: 0 })
    }

    /// Takes the next attachment.
    pub(super) fn add(mut self, attachment: &[u8]) -> (Option<Self>, Assembled) {
        self.bytes = self.bytes.saturating_add(attachment.len());
        if self.bytes > BYTES {
            return (None, Assembled::Wrong);
        }
        self.have.push(Some(attachment.to_vec()));
        if self.have.len() < self.wanted {
            return (Some(self), Assembled::Waits);
        }
        let (Incoming::Event { args, .. } | Incoming::Ack { args, .. }) = &mut self.message;
        let filled = args.iter_mut().try_for_each(|value| fill(value, &mut self.have));
        (None, filled.map_or(Assembled::Wrong, |()| Assembled::Whole(self.message)))
    }
}

/// Puts attachments where the value names them. JSON was read with a bounded depth, so this is bounded, too.
fn fill(value: &mut Value, have: &mut [Option<Vec<u8>>]) -> Option<()> {
    match value {
        Value::Array(values) => values.iter_mut().try_for_each(|value| fill(value, have)),
        Value::Object(map) if is_placeholder(map) => {
            let index = map.get("num").and_then(Value::as_u64).and_then(|index| usize::try_from(index).ok())?;
            let bytes = have.get_mut(index)?.take()?;
            *value = json!({"base64": BASE64.encode(&bytes)});
            Some(())
        }
        Value::Object(map) => map.values_mut().try_for_each(|value| fill(value, have)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Some(()),
    }
}

fn is_placeholder(map: &Map<String, Value>) -> bool {
    map.get("_placeholder") == Some(&Value::Bool(true))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn event(args: &Value) -> Incoming {
        Incoming::Event { name: "picture".into(), args: args.as_array().unwrap().clone(), ack: Some(1) }
    }

    fn place(num: usize) -> Value {
        json!({"_placeholder": true, "num": num})
    }

    fn assemble(args: &Value, attachments: &[&[u8]]) -> Assembled {
        let mut assembly = Assembly::new(event(args), attachments.len());
        for (index, attachment) in attachments.iter().enumerate() {
            match assembly.take().unwrap().add(attachment) {
                (Some(more), Assembled::Waits) => assembly = Some(more),
                (None, done) => {
                    assert!(index + 1 == attachments.len() || done == Assembled::Wrong);
                    return done;
                }
                other => panic!("{other:?}"),
            }
        }
        panic!("it is still not whole")
    }

    /// Goal: pictures arrive where they were, in whatever order they are named.
    #[test]
    fn attachments_take_their_places() {
        let whole = assemble(&json!([{"a": [place(1)]}, place(0), 5]), &[b"\xff\x00", b"hello"]);
        let filled = json!([{"a": [{"base64": "aGVsbG8="}]}, {"base64": "/wA="}, 5]);
        assert_eq!(whole, Assembled::Whole(event(&filled)));
        // What is attached and named nowhere is lost, and harms nobody.
        assert_eq!(assemble(&json!([]), &[b"x"]), Assembled::Whole(event(&json!([]))));
    }

    /// Goal: an event cannot grow beyond what was received for it.
    #[test]
    fn what_would_fill_the_memory_is_refused() {
        for args in [json!([place(1)]), json!([place(0), place(0)]), json!([{"_placeholder": true}])] {
            assert_eq!(assemble(&args, &[b"x"]), Assembled::Wrong, "{args}");
        }
        let half = vec![0; BYTES / 2 + 1];
        assert_eq!(assemble(&json!([]), &[&half, &half, b"x"]), Assembled::Wrong);
        assert!(Assembly::new(event(&json!([])), MOST + 1).is_none());
        assert!(Assembly::new(event(&json!([])), 0).is_none());
    }

    proptest! {
        /// Goal: nothing that names attachments breaks anything.
        #[test]
        fn any_attachments_are_survived(
            nums in prop::collection::vec(0..6usize, 0..6), sizes in prop::collection::vec(0..50usize, 1..6)
        ) {
            let args = Value::from(nums.iter().map(|num| place(*num)).collect::<Vec<_>>());
            let attachments: Vec<_> = sizes.iter().map(|size| vec![7; *size]).collect();
            let slices: Vec<_> = attachments.iter().map(Vec::as_slice).collect();
            let mut once = nums.clone();
            once.sort_unstable();
            once.dedup();
            let good = once.len() == nums.len() && nums.iter().all(|num| *num < sizes.len());
            prop_assert_eq!(matches!(assemble(&args, &slices), Assembled::Whole(_)), good);
        }
    }
}
