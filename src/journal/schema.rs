//! The tables of the log's file, in all their versions.

use rusqlite::{Connection, TransactionBehavior};

use super::trouble::Trouble;

/// What makes each version of the one before it. Steps are only ever added: there are files of every version out there.
const STEPS: [&str; 2] = [
    // 1: `fact` has `gap`, the number of the newest gap, and `removed`, the newest entry that retention took.
    "CREATE TABLE entries (
        id INTEGER PRIMARY KEY,
        at_ms INTEGER NOT NULL,
        run INTEGER NOT NULL,
        event TEXT NOT NULL,
        robot TEXT NOT NULL,
        who TEXT,
        role TEXT,
        device INTEGER,
        text TEXT NOT NULL,
        data TEXT,
        hash BLOB NOT NULL
    ) STRICT;
    CREATE INDEX entries_at ON entries (at_ms);
    CREATE TABLE fact (name TEXT PRIMARY KEY, number INTEGER NOT NULL, hash BLOB) STRICT, WITHOUT ROWID;
    CREATE TABLE run (
        id INTEGER PRIMARY KEY,
        lock TEXT NOT NULL UNIQUE,
        program TEXT NOT NULL,
        pid INTEGER NOT NULL,
        began_ms INTEGER NOT NULL,
        closed_ms INTEGER
    ) STRICT;",
    // 2: by event, robot and device.
    "CREATE INDEX entries_event ON entries (event);
    CREATE INDEX entries_robot ON entries (robot);
    CREATE INDEX entries_device ON entries (device) WHERE device IS NOT NULL;",
];

/// No Joywire will ever have more versions: a larger one is noise.
const PLAUSIBLE: usize = 10_000;
/// The newest version.
const NEWEST: usize = STEPS.len();

/// Brings a file to the newest version, one step after the other, each whole or not at all.
///
/// # Errors
/// If it is of a version that only a newer Joywire knows, or the file does not take it.
pub fn migrate(connection: &mut Connection) -> Result<(), Trouble> {
    while version(connection)? < NEWEST {
        let step = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Another program may have done it in between.
        let version = version(&step)?;
        if let Some(statements) = STEPS.get(version) {
            step.execute_batch(statements)?;
            step.execute_batch(&format!("PRAGMA user_version = {}", version + 1))?;
        }
        step.commit()?;
    }
    Ok(())
}

/// The version of a file; 0 for an empty one.
///
/// # Errors
/// If it is of a version that only a newer Joywire knows, or cannot be read.
pub fn version(connection: &Connection) -> Result<usize, Trouble> {
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    match usize::try_from(version) {
        Ok(version) if version <= NEWEST => Ok(version),
        Ok(one_day) if one_day <= PLAUSIBLE => Err(Trouble::Newer(version)),
        Ok(_) | Err(_) => Err(Trouble::Damaged(format!("its tables cannot be of version {version}"))),
    }
}
