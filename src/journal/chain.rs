//! PURE. Chain: each entry's hash covers the one before it, so that a change anywhere shows in all that follows.
//!
//! It proves that nothing was changed by whoever did not also write all later hashes anew. Who can write the file can do
//! that; only a head that was kept elsewhere tells.

use std::fmt;
use std::str::FromStr;

use data_encoding::HEXLOWER;
use ring::digest::{Context, SHA256};

use super::row::Row;

/// SHA-256.
pub type Hash = [u8; 32];

/// The fewest digits of a hash that say something: 64 bits.
const DIGITS: usize = 16;

/// The number and the hash of an entry: where the chain goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// The entry's number; 0 before the first.
    pub id: u64,
    /// Its hash; zeros before the first.
    pub hash: Hash,
}

impl Link {
    /// The link of `row` behind this one. Its own number and hash are of no account.
    #[must_use]
    pub fn next(&self, row: &Row) -> Self {
        let id = self.id.saturating_add(1);
        let mut hash = Context::new(&SHA256);
        hash.update(&self.hash);
        for number in [id, row.at_ms, row.run] {
            hash.update(&number.to_be_bytes());
        }
        // Each field tells its length and whether it is there: so no two entries have the same bytes.
        let device = row.device.map(u64::to_be_bytes);
        for field in [
            Some(row.event.as_bytes()),
            Some(row.robot.as_bytes()),
            row.who.as_deref().map(str::as_bytes),
            row.role.as_deref().map(str::as_bytes),
            device.as_ref().map(<[u8; 8]>::as_slice),
            Some(row.text.as_bytes()),
            row.data.as_deref().map(str::as_bytes),
        ] {
            let length = field.and_then(|field| u64::try_from(field.len()).ok());
            hash.update(&[u8::from(length.is_some())]);
            hash.update(&length.unwrap_or(0).to_be_bytes());
            hash.update(field.unwrap_or_default());
        }
        let mut sum = Hash::default();
        sum.copy_from_slice(hash.finish().as_ref());
        Self { id, hash: sum }
    }

    /// Goes on to `row`, if it follows.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn follow(&mut self, row: &Row) -> Result<(), Break> {
        let next = self.next(row);
        if row.id != next.id {
            return Err(Break::Missing(next.id));
        }
        if row.hash != next.hash {
            return Err(Break::Changed(row.id));
        }
        *self = next;
        Ok(())
    }
}

/// Digits of a hash.
#[must_use]
pub fn hex(hash: &[u8]) -> String {
    HEXLOWER.encode(hash)
}

impl fmt::Display for Link {
    /// Half of the hash is shown: 128 bits are more than anybody finds by trying.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.id, hex(&self.hash[..16]))
    }
}

/// Where the chain does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Break {
    /// Numbers have a hole.
    #[error("entry {0} is missing: it was deleted")]
    Missing(u64),
    /// The hash is another one.
    #[error("entry {0} is not what was written: it was changed, or the one before it was")]
    Changed(u64),
    /// A field is not what it must be.
    #[error("entry {0} is not what was written: it cannot be read")]
    Unreadable(u64),
}

/// A head of the chain that a person kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The number of its entry.
    pub id: u64,
    /// The beginning of its hash, in digits.
    digits: String,
}

impl Head {
    /// Whether a link is the one that was kept.
    #[must_use]
    pub fn is(&self, link: &Link) -> bool {
        self.id == link.id && hex(&link.hash).starts_with(&self.digits)
    }
}

impl FromStr for Head {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str =
            "a head is NUMBER:HASH, as `joywire log verify` shows it, with 16 to 64 digits of the hash";
        let (id, digits) = text.trim().split_once(':').ok_or(EXPECTED)?;
        let id = id.parse().map_err(|_| EXPECTED)?;
        let digits = digits.to_ascii_lowercase();
        let fits = (DIGITS..=2 * size_of::<Hash>()).contains(&digits.len());
        if fits && digits.chars().all(|c| c.is_ascii_hexdigit()) { Ok(Self { id, digits }) } else { Err(EXPECTED) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn row() -> impl Strategy<Value = Row> {
        let texts = (".{0,3}", ".{0,3}", prop::option::of(".{0,3}"), prop::option::of(".{0,3}"));
        (0..3u64, 0..2u64, prop::option::of(0..3u64), texts, ".{0,3}", prop::option::of(".{0,3}")).prop_map(
            |(at_ms, run, device, (event, robot, who, role), text, data)| Row {
                at_ms,
                run,
                event,
                robot,
                who,
                role,
                device,
                text,
                data,
                ..Row::default()
            },
        )
    }

    /// Goal: hashes stay what they are, or logs of an older Joywire would count as forged.
    #[test]
    fn first_link_is_the_one_that_it_always_was() {
        let row = Row { at_ms: 1, run: 1, event: "chat".into(), text: "hello".into(), ..Row::default() };
        let link = Link::default().next(&row);
        assert_eq!(link.to_string(), "1:ca3c67c2f3647f7dc6589dd330222051");
    }

    /// Goal: what `verify` shows is what it takes, and less than 64 bits prove nothing.
    #[test]
    fn heads_are_read_as_they_are_shown() {
        let link = Link::default().next(&Row::default());
        assert!(link.to_string().parse::<Head>().unwrap().is(&link));
        let other = link.next(&Row::default());
        assert!(!link.to_string().parse::<Head>().unwrap().is(&other));
        for bad in ["", "1", "1:", "1:abcd", "x:0123456789abcdef", "1:0123456789abcdeg", "-1:0123456789abcdef"] {
            assert!(bad.parse::<Head>().is_err(), "{bad}");
        }
    }

    proptest! {
        /// Goal: two entries that differ anywhere have different hashes, however their bytes are shifted between fields.
        #[test]
        fn different_entries_have_different_hashes(one in row(), other in row()) {
            let start = Link::default();
            prop_assert_eq!(one == other, start.next(&one) == start.next(&other));
        }

        /// Goal: a change, a hole and a swap are found where they are, and nowhere else.
        #[test]
        fn a_change_shows_where_it_is(rows in prop::collection::vec(row(), 3..12), at in 0..12usize, harm in 0..3u8) {
            let mut link = Link::default();
            let mut rows: Vec<Row> = rows.into_iter().map(|row| {
                link = link.next(&row);
                Row { id: link.id, hash: link.hash, ..row }
            }).collect();
            let at = at % (rows.len() - 1);
            match harm {
                0 => rows[at].text.push('!'),
                1 => drop(rows.remove(at)),
                _ => rows.swap(at, at + 1),
            }
            let mut link = Link::default();
            let found = rows.iter().find_map(|row| link.follow(row).err());
            let id = u64::try_from(at).unwrap() + 1;
            prop_assert!(matches!(found, Some(Break::Missing(n) | Break::Changed(n)) if n == id), "{:?}", found);
        }
    }
}
