//! Rescue: a damaged file is set aside, and a new one begun with all that could be read of it.

use rusqlite::{Connection, OpenFlags, params};
use rustix::fs::FlockOperation;

use super::chain::{Break, Link};
use super::gap::Gap;
use super::local_time::LocalTime;
use super::place::{Identity, Place};
use super::record::Kind;
use super::row::Row;
use super::run::Run;
use super::store::{self, Page};
use super::table;
use super::trouble::Trouble;

/// No log gets that long.
const HIGHEST: u64 = u64::MAX / 4;
/// Entries that are carried over in one transaction.
const CHUNK: usize = 5000;

/// Sets the file aside and tells so in the new one. Returns how many gaps it told: none if the file is no longer the
/// `damaged` one, as another program was faster.
///
/// # Errors
/// Why that did not work; then the damaged file is still where it was.
pub fn rescue(place: &Place, run: &Run, damaged: Identity, why: &str, now_ms: u64) -> Result<u64, Trouble> {
    let _alone = place.door(FlockOperation::NonBlockingLockExclusive)?;
    if place.identity()? != damaged {
        return Ok(0);
    }
    let mut next = store::create(place)?;
    let carried = carry(place, &mut next)?;
    let aside = place.aside(&LocalTime::new()?.stamp(now_ms)?)?;
    let name = aside.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let gap = Gap {
        lost: None,
        from_ms: carried.at_ms.unwrap_or(now_ms),
        to_ms: now_ms,
        why: format!("the file was damaged ({why}) and set aside as {name}; what could be read is above"),
        file: Some(name),
    };
    let transaction = next.transaction()?;
    let mut page = Page::open(&transaction, run.enrol(&transaction, now_ms)?)?;
    page.tell(&gap, now_ms)?;
    let gaps = page.close()?;
    transaction.commit()?;
    // The last one that leaves writes all of it into the file itself and takes what is beside it away.
    next.close().map_err(|(_, error)| error)?;
    place.replace(&aside)?;
    let (entries, aside) = (carried.entries, aside.display());
    tracing::error!(
        "the log was damaged ({why}) and set aside as {aside}; a new one goes on with the {entries} entries that could be read"
    );
    Ok(gaps)
}

/// What could be read.
#[derive(Default)]
struct Carried {
    entries: u64,
    /// When the last one happened.
    at_ms: Option<u64>,
}

/// Copies what can be read and holds together, from the oldest entry on. What the damaged file says in error is no trouble
/// here, only what the new one says.
fn carry(place: &Place, next: &mut Connection) -> Result<Carried, Trouble> {
    let mut carried = Carried::default();
    // To read it must not change it: somebody may want to look at it as it was.
    let Ok(old) = Connection::open_with_flags(place.file(), OpenFlags::SQLITE_OPEN_READ_ONLY) else {
        return Ok(carried);
    };
    let mut link = table::anchor(&old).unwrap_or_default();
    let mut gap = table::gaps(&old).unwrap_or(0);
    carry_runs(&old, next)?;
    let (mut page, mut first) = (Vec::with_capacity(CHUNK), true);
    let mut copy = |page: &mut Vec<Row>| -> rusqlite::Result<()> {
        let transaction = next.transaction()?;
        let mut insert = transaction.prepare(table::INSERT)?;
        for row in page.drain(..) {
            table::insert(&mut insert, &row, &Link { id: row.id, hash: row.hash })?;
        }
        drop(insert);
        transaction.commit()
    };
    let mut anchor = link;
    let mut failed = None;
    // An error ends the part that can be read.
    table::each(&old, link.id, |row| {
        if row.id > HIGHEST {
            // Somebody moved it there; nothing could follow it.
            return Some(Break::Unreadable(row.id));
        }
        if first && row.id != link.id + 1 {
            // What came before is lost, and so is the proof that this one is genuine: it is what others rest on.
            link = Link { id: row.id, hash: row.hash };
            (anchor, first) = (link, false);
            return None;
        }
        first = false;
        if let Err(broken) = link.follow(&row) {
            return Some(broken);
        }
        if row.event == Kind::Gap.name() {
            let data = row.data.as_deref().and_then(|data| serde_json::from_str::<serde_json::Value>(data).ok());
            gap = data.and_then(|data| data["gap"].as_u64()).map_or(gap, |number| number.max(gap));
        }
        carried.entries += 1;
        carried.at_ms = Some(row.at_ms);
        page.push(row);
        if page.len() < CHUNK {
            return None;
        }
        failed = copy(&mut page).err();
        failed.as_ref().map(|_| Break::Unreadable(link.id))
    })
    .ok();
    failed.map_or(Ok(()), Err)?;
    copy(&mut page)?;
    if anchor != Link::default() {
        next.execute(
            "INSERT OR REPLACE INTO fact VALUES ('removed', ?, ?)",
            params![anchor.id.cast_signed(), anchor.hash],
        )?;
    }
    store::set_gaps(next, gap)?;
    Ok(carried)
}

/// Copies the runs that can be read, so that programs which write now, or ended without a farewell, are known.
fn carry_runs(old: &Connection, next: &Connection) -> rusqlite::Result<()> {
    type Run = (i64, String, String, i64, i64, Option<i64>);
    let read = || -> rusqlite::Result<Vec<Run>> {
        let mut runs = old.prepare("SELECT id, lock, program, pid, began_ms, closed_ms FROM run ORDER BY id")?;
        let runs = runs
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?)))?;
        Ok(runs.map_while(Result::ok).collect())
    };
    let mut insert = next.prepare("INSERT OR IGNORE INTO run VALUES (?, ?, ?, ?, ?, ?)")?;
    read().unwrap_or_default().into_iter().try_for_each(|run| insert.execute(run).map(drop))
}
