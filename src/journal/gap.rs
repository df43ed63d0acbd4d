//! PURE. Gap: what the log lacks, and how it tells so.

use serde_json::json;

use super::record::{Kind, Record};

/// Why records were lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Why {
    /// They came faster than the disk took them.
    #[default]
    Crowd,
    /// The disk took none.
    Disk,
}

/// Records that were lost, since this was last told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    /// How many.
    pub count: u64,
    /// When the first one happened, ms since 1970.
    pub from_ms: u64,
    /// When the last one happened.
    pub to_ms: u64,
    /// Why the first one was lost.
    pub why: Why,
}

impl Losses {
    /// One more.
    pub fn add(&mut self, at_ms: u64, why: Why) {
        self.merge(Self { count: 1, from_ms: at_ms, to_ms: at_ms, why });
    }

    /// Some more.
    pub fn merge(&mut self, other: Self) {
        if self.count == 0 {
            *self = other;
        } else if other.count > 0 {
            self.count = self.count.saturating_add(other.count);
            self.from_ms = self.from_ms.min(other.from_ms);
            self.to_ms = self.to_ms.max(other.to_ms);
        }
    }

    /// The gap that tells of them; none if there are none.
    #[must_use]
    pub fn gap(&self) -> Option<Gap> {
        let why = match self.why {
            Why::Crowd => "they came faster than the disk took them",
            Why::Disk => "the disk took none",
        };
        let lost = Some(self.count).filter(|count| *count > 0)?;
        Some(Gap { lost: Some(lost), from_ms: self.from_ms, to_ms: self.to_ms, why: why.to_owned(), file: None })
    }
}

/// A place where entries are missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// How many; `None` if nobody can know.
    pub lost: Option<u64>,
    /// From when, ms since 1970.
    pub from_ms: u64,
    /// Until when.
    pub to_ms: u64,
    /// Why.
    pub why: String,
    /// The file in which they may still be.
    pub file: Option<String>,
}

impl Gap {
    /// What the log remembers of it. Gaps are numbered across programs, so that one that vanishes is missed.
    #[must_use]
    pub fn record(&self, number: u64) -> Record {
        let Self { lost, from_ms, to_ms, why, file } = self;
        let text = match lost {
            Some(1) => format!("gap {number}: 1 entry is missing here: {why}"),
            Some(lost) => format!("gap {number}: {lost} entries are missing here: {why}"),
            None => format!("gap {number}: entries may be missing here: {why}"),
        };
        let data = json!({"gap": number, "lost": lost, "from_ms": from_ms, "to_ms": to_ms, "why": why, "file": file});
        Record::new(Kind::Gap, text).with(data)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Goal: a gap tells how much, when and why, and nothing lost is no gap.
    #[test]
    fn a_gap_tells_how_much_is_missing() {
        let mut losses = Losses::default();
        assert_eq!(losses.gap(), None);
        losses.add(7, Why::Disk);
        let one = losses.gap().unwrap().record(3);
        assert_eq!(one.text, "gap 3: 1 entry is missing here: the disk took none");
        losses.add(5, Why::Crowd);
        let two = losses.gap().unwrap().record(4);
        assert!(two.text.contains("2 entries are missing") && two.text.contains("the disk"), "{}", two.text);
        assert_eq!((&two.data["from_ms"], &two.data["to_ms"], &two.data["lost"]), (&json!(5), &json!(7), &json!(2)));
    }

    proptest! {
        /// Goal: however losses are put together, none is forgotten and the times hold all of them.
        #[test]
        fn losses_add_up(times in prop::collection::vec(0..1000u64, 1..30), cut in 0..30usize) {
            let cut = cut % times.len();
            let mut parts = [Losses::default(); 2];
            for (place, at) in times.iter().enumerate() {
                parts[usize::from(place >= cut)].add(*at, Why::Crowd);
            }
            let [mut whole, rest] = parts;
            whole.merge(rest);
            prop_assert_eq!(usize::try_from(whole.count).unwrap(), times.len());
            prop_assert_eq!((whole.from_ms, whole.to_ms), (*times.iter().min().unwrap(), *times.iter().max().unwrap()));
        }
    }
}
