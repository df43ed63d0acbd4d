//! Verify: is the log what was written?

use rusqlite::{Connection, OptionalExtension};

use super::chain::{Break, Head, Link};
use super::record::Kind;
use super::table;
use super::trouble::Trouble;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The last entry that retention removed; id 0 if none.
    pub removed: Link,
    /// Entries that are what was written.
    pub entries: u64,
    /// The newest of these.
    pub head: Link,
    /// Gaps among all entries.
    pub gaps: u64,
    /// The first entry that is not.
    pub broken: Option<Break>,
}

/// How a head that a person kept compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compared {
    /// The entry is the same, and so are all before it.
    Same,
    /// The entry is another one.
    Different,
    /// It was removed by age or size, so nothing can be said.
    Removed,
    /// There is none of that number.
    Beyond,
    /// The chain does not hold up to there.
    Broken,
}

/// Checks the chain from its beginning.
///
/// # Errors
/// Why that did not work.
pub fn verify(file: &Connection) -> Result<Report, Trouble> {
    let noted = file.query_row("SELECT name, number FROM fact WHERE number < 0 LIMIT 1", [], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?))
    });
    if let Some((name, number)) = noted.optional()? {
        return Err(Trouble::Damaged(format!("its note “{}” says {number}, which no log does", name.escape_debug())));
    }
    let removed = table::anchor(file)?;
    let mut report = Report { removed, head: removed, ..Report::default() };
    let (mut link, mut entries) = (removed, 0);
    report.broken = table::each(file, 0, |row| {
        let broken = link.follow(&row).err();
        entries += u64::from(broken.is_none());
        report.gaps += u64::from(broken.is_none() && row.event == Kind::Gap.name());
        broken
    })?;
    (report.head, report.entries) = (link, entries);
    Ok(report)
}

/// Holds a head that a person kept against what was found. `found` is the entry of its number.
#[must_use]
pub fn compare(kept: &Head, report: &Report, found: Option<Link>) -> Compared {
    match found {
        _ if kept.is(&report.removed) => Compared::Same,
        _ if kept.id <= report.removed.id => Compared::Removed,
        None => Compared::Beyond,
        Some(_) if kept.id > report.head.id => Compared::Broken,
        Some(link) if kept.is(&link) => Compared::Same,
        Some(_) => Compared::Different,
    }
}
