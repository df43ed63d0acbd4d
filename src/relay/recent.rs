//! PURE. What was said at a robot lately, for whoever comes later.

use std::collections::VecDeque;
use std::fmt::{self, Write};

use serde_json::Value;

use crate::protocol::journal::Entry;

/// Entries that are kept.
const MOST: usize = 100;
/// Longest text of one that is shown, characters. The log has the rest.
const TEXT: usize = 500;
/// Longest data of one that is shown, bytes of its JSON.
const DATA: usize = 1024;

/// The newest entries, oldest first.
#[derive(Debug, Default)]
pub(super) struct Recent {
    entries: VecDeque<Entry>,
}

impl Recent {
    /// One more.
    pub(super) fn push(&mut self, entry: Entry) {
        self.entries.push_back(short(entry));
        while self.entries.len() > MOST {
            self.entries.pop_front();
        }
    }

    /// What the log still knows of before, oldest first.
    pub(super) fn precede(&mut self, before: Vec<Entry>) {
        let room = MOST.saturating_sub(self.entries.len());
        for entry in before.into_iter().rev().take(room) {
            self.entries.push_front(short(entry));
        }
    }

    /// All of them.
    pub(super) fn all(&self) -> Vec<Entry> {
        self.entries.iter().cloned().collect()
    }
}

/// An entry as it is shown to everyone who comes: a long one would be told a hundred times.
fn short(mut entry: Entry) -> Entry {
    if entry.text.chars().count() > TEXT {
        entry.text = entry.text.chars().take(TEXT).chain(['…']).collect();
    }
    // A writer that gives up ends it, so that the length of what is long costs nobody's time.
    if write!(Bound(DATA), "{}", entry.data).is_err() {
        entry.data = Value::Null;
    }
    entry
}

/// Takes so many bytes more, and keeps none.
struct Bound(usize);

impl Write for Bound {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 = self.0.checked_sub(text.len()).ok_or(fmt::Error)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn said(text: &str) -> Entry {
        Entry { text: text.to_owned(), ..Entry::default() }
    }

    /// Goal: whoever joins reads the last hundred in their order, some of them from before the program began.
    #[test]
    fn the_last_hundred_are_kept() {
        let mut recent = Recent::default();
        (0..30).for_each(|n| recent.push(said(&n.to_string())));
        recent.precede((-200..0).map(|n| said(&n.to_string())).collect());
        let texts: Vec<String> = recent.all().into_iter().map(|entry| entry.text).collect();
        assert_eq!(texts, (-70..30).map(|n: i32| n.to_string()).collect::<Vec<_>>());
        (0..500).for_each(|n| recent.push(said(&n.to_string())));
        recent.precede(vec![said("older")]);
        assert_eq!((recent.all().len(), recent.all()[0].text.as_str()), (100, "400"));
    }

    /// Goal: one who talks at length does not make everybody's welcome long.
    #[test]
    fn long_ones_are_cut() {
        let mut recent = Recent::default();
        recent.push(Entry { data: json!(["ü".repeat(4000)]), ..said(&"ü".repeat(4000)) });
        let [entry] = &recent.all()[..] else { panic!("one was said") };
        assert_eq!((entry.text.chars().count(), &entry.data), (TEXT + 1, &Value::Null));
    }
}
