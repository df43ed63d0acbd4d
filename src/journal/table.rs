//! How entries lie in the table: written and read field by field.

use rusqlite::{Connection, OptionalExtension, Statement, params};

use super::chain::{Break, Hash, Link};
use super::row::Row;

/// Adds an entry.
pub const INSERT: &str = "INSERT INTO entries (id, at_ms, run, event, robot, who, role, device, text, data, hash)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
/// What is read of an entry, in the order of [`row`].
pub const COLUMNS: &str = "id, at_ms, run, event, robot, who, role, device, text, data, hash";

/// Adds an entry at its place in the chain.
///
/// # Errors
/// What the file says.
pub fn insert(insert: &mut Statement<'_>, row: &Row, link: &Link) -> rusqlite::Result<()> {
    // Beyond the numbers that a file can have, if somebody moved an entry to the last of them.
    let id = i64::try_from(link.id).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    insert
        .execute(params![
            id,
            row.at_ms.cast_signed(),
            row.run.cast_signed(),
            row.event,
            row.robot,
            row.who,
            row.role,
            row.device.map(u64::cast_signed),
            row.text,
            row.data,
            link.hash,
        ])
        .map(drop)
}

/// Reads an entry.
///
/// # Errors
/// If a field is not of its kind.
pub fn row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    let number = |place| row.get::<_, i64>(place).map(i64::cast_unsigned);
    Ok(Row {
        id: number(0)?,
        at_ms: number(1)?,
        run: number(2)?,
        event: row.get(3)?,
        robot: row.get(4)?,
        who: row.get(5)?,
        role: row.get(6)?,
        device: row.get::<_, Option<i64>>(7)?.map(i64::cast_unsigned),
        text: row.get(8)?,
        data: row.get(9)?,
        hash: row.get(10)?,
    })
}

/// Goes through all entries behind `from`, in order, until something is found. An entry that cannot be read is found, too.
///
/// # Errors
/// What the file says.
pub fn each(
    file: &Connection,
    from: u64,
    mut found: impl FnMut(Row) -> Option<Break>,
) -> rusqlite::Result<Option<Break>> {
    let mut all = file.prepare(&format!("SELECT {COLUMNS} FROM entries WHERE id > ? ORDER BY id"))?;
    let mut rows = all.query([from.cast_signed()])?;
    while let Some(next) = rows.next()? {
        let result = match row(next) {
            Ok(row) => found(row),
            Err(_) => Some(Break::Unreadable(next.get::<_, i64>(0)?.cast_unsigned())),
        };
        if result.is_some() {
            return Ok(result);
        }
    }
    Ok(None)
}

/// The newest entry, or what retention removed last; the start if there is neither.
///
/// # Errors
/// What the file says.
pub fn head(file: &Connection) -> rusqlite::Result<Link> {
    let newest = file.query_row("SELECT id, hash FROM entries ORDER BY id DESC LIMIT 1", [], as_link);
    newest.optional()?.map_or_else(|| anchor(file), Ok)
}

/// The newest entry that retention removed; the start if it removed none.
///
/// # Errors
/// What the file says.
pub fn anchor(file: &Connection) -> rusqlite::Result<Link> {
    let removed = file.query_row("SELECT number, hash FROM fact WHERE name = 'removed'", [], as_link);
    removed.optional().map(Option::unwrap_or_default)
}

/// The link of an entry.
///
/// # Errors
/// What the file says.
pub fn link(file: &Connection, id: u64) -> rusqlite::Result<Option<Link>> {
    file.query_row("SELECT id, hash FROM entries WHERE id = ?", [id.cast_signed()], as_link).optional()
}

/// The number of the newest gap.
///
/// # Errors
/// What the file says.
pub fn gaps(file: &Connection) -> rusqlite::Result<u64> {
    let number = file.query_row("SELECT number FROM fact WHERE name = 'gap'", [], |row| natural(row, 0));
    Ok(number.optional()?.unwrap_or(0))
}

/// A number that is none below 0, unless somebody changed it.
fn natural(row: &rusqlite::Row<'_>, place: usize) -> rusqlite::Result<u64> {
    let number: i64 = row.get(place)?;
    u64::try_from(number).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(place, number))
}

fn as_link(row: &rusqlite::Row<'_>) -> rusqlite::Result<Link> {
    Ok(Link { id: natural(row, 0)?, hash: row.get::<_, Hash>(1)? })
}
