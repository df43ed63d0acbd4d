//! Store: the open file, to which entries are added in whole transactions.

use std::fs::File;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior, params};
use rustix::fs::FlockOperation;

use super::chain::{Break, Hash, Link};
use super::gap::{Gap, Losses};
use super::local_time::LocalTime;
use super::place::{Identity, Place};
use super::queue::Item;
use super::retention::Retention;
use super::row::Row;
use super::run::{Dead, Run};
use super::schema;
use super::table;
use super::trouble::Trouble;

/// How long one attempt waits for another program that writes.
const PATIENCE: Duration = Duration::from_secs(1);
/// Entries at the end whose chain is checked at the start.
const CHECKED: u64 = 1000;
/// Entries that are removed at once: others get a turn in between.
const CHUNK: u64 = 1000;
/// How SQLite is to work. FULL: a commit is on stable storage when it returns. Entries are written at the end and read
/// seldom: half a MiB of pages is enough to remember, and less than the usual two.
const MANNER: &str = "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
    PRAGMA journal_size_limit = 4194304; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;
    PRAGMA cache_size = -512;";

/// The open file.
#[derive(Debug)]
pub struct Store {
    place: Place,
    connection: Connection,
    identity: Identity,
    run: u64,
}

/// What was written.
#[derive(Clone, Copy, Debug, Default)]
pub struct Written {
    /// Gaps among it.
    pub gaps: u64,
    /// What is wrong with the newest entries that were there before.
    pub broken: Option<Break>,
}

/// What was in a file whose name belongs to another one now.
#[derive(Clone, Debug)]
pub struct Gone {
    identity: Identity,
    entries: u64,
    /// The number of its newest gap.
    gap: u64,
    /// When its newest entry happened.
    at_ms: Option<u64>,
}

impl Gone {
    /// What happened to it.
    #[must_use]
    pub fn why(&self) -> String {
        match self.entries {
            1 => "the file was taken away or replaced; 1 entry was in it".to_owned(),
            entries => format!("the file was taken away or replaced; {entries} entries were in it"),
        }
    }
}

impl Store {
    /// Opens the file, or makes it; checks it; notes which runs ended without a farewell.
    ///
    /// # Errors
    /// Why that did not work.
    pub fn open(place: &Place, run: &Run, now_ms: u64) -> Result<(Self, Written), Trouble> {
        place.prepare()?;
        let door = place.door(FlockOperation::NonBlockingLockShared)?;
        let identity = place.identity()?;
        let mut connection = connect(place)?;
        if let Err(trouble) = schema::version(&connection) {
            // Noise in the first page looks like a version, too.
            check_pages(&connection)?;
            return Err(trouble);
        }
        connection.execute_batch(MANNER)?;
        check_pages(&connection)?;
        schema::migrate(&mut connection)?;
        let broken = check_chain(&connection)?;
        let mut store = Self { place: place.clone(), connection, identity, run: 0 };
        let written = Written { broken, ..store.begin(run, now_ms)? };
        drop(door);
        Ok((store, written))
    }

    fn begin(&mut self, run: &Run, now_ms: u64) -> Result<Written, Trouble> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        self.run = run.enrol(&transaction, now_ms)?;
        let dead = Dead::find(&transaction, self.place.dir(), self.run)?;
        let mut page = Page::open(&transaction, self.run)?;
        for run in &dead {
            let (from_ms, what) = run.last(&transaction)?;
            let (program, moment) = (&run.program, LocalTime::new()?.moment(from_ms, now_ms)?);
            let why = format!("{program} ended without a farewell; what came after {moment} ({what}) may be missing");
            page.tell(&Gap { lost: None, from_ms, to_ms: now_ms, why, file: None }, now_ms)?;
            run.bury(&transaction, now_ms)?;
        }
        let gaps = page.close()?;
        transaction.commit()?;
        dead.iter().for_each(Dead::forget);
        Ok(Written { gaps, broken: None })
    }

    /// Which file it is.
    #[must_use]
    pub fn identity(&self) -> Identity {
        self.identity
    }

    /// Whether this is still the file that bears the name.
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.place.identity().is_ok_and(|identity| identity == self.identity)
    }

    /// Adds entries, and what was lost behind them. When this returns, they are on stable storage.
    ///
    /// # Errors
    /// Why that did not work; then none of them is there.
    pub fn append<T>(&mut self, items: &[Item<T>], losses: &Losses, now_ms: u64) -> Result<Written, Trouble> {
        let _door = self.enter()?;
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut page = Page::open(&transaction, self.run)?;
        items.iter().try_for_each(|item| page.add(&Row::of(&item.record, item.at_ms, self.run)))?;
        losses.gap().map_or(Ok(()), |gap| page.tell(&gap, now_ms))?;
        let gaps = page.close()?;
        transaction.commit()?;
        Ok(Written { gaps, broken: None })
    }

    /// What is in it, to be told in the file that took its name; `None` if it was set aside because it was damaged, which
    /// whoever did that has told.
    #[must_use]
    pub fn gone(&self) -> Option<Gone> {
        let Self { place, connection, identity, .. } = self;
        if place.was_set_aside(*identity) {
            return None;
        }
        let count = || -> rusqlite::Result<u64> {
            Ok(table::head(connection)?.id.saturating_sub(table::anchor(connection)?.id))
        };
        let at_ms =
            connection.query_row("SELECT at_ms FROM entries ORDER BY id DESC LIMIT 1", [], |row| row.get::<_, i64>(0));
        Some(Gone {
            identity: *identity,
            entries: count().unwrap_or(0),
            gap: table::gaps(connection).unwrap_or(0),
            at_ms: at_ms.ok().map(i64::cast_unsigned),
        })
    }

    /// Tells of a file that had the name before, unless another program has done that. Gaps are numbered on.
    ///
    /// # Errors
    /// Why that did not work.
    pub fn tell_of(&mut self, gone: &Gone, now_ms: u64) -> Result<Written, Trouble> {
        let _door = self.enter()?;
        if gone.identity == self.identity {
            return Ok(Written::default());
        }
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let why = gone.why();
        let told = "SELECT count(*) FROM entries WHERE event = 'gap' AND instr(text, ?) > 0";
        if transaction.query_row(told, [&why], |row| row.get::<_, i64>(0))? > 0 {
            return Ok(Written::default());
        }
        let mut page = Page::open(&transaction, self.run)?;
        page.gap = page.gap.max(gone.gap);
        page.tell(&Gap { lost: None, from_ms: gone.at_ms.unwrap_or(now_ms), to_ms: now_ms, why, file: None }, now_ms)?;
        let gaps = page.close()?;
        transaction.commit()?;
        Ok(Written { gaps, broken: None })
    }

    /// Removes some of what is too old or too much. Returns whether there is more.
    ///
    /// # Errors
    /// Why that did not work.
    pub fn tidy(&mut self, retention: &Retention, now_ms: u64) -> Result<bool, Trouble> {
        let _door = self.enter()?;
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let (oldest, newest) = (table::anchor(&transaction)?.id, table::head(&transaction)?.id);
        let ages: Vec<(u64, u64)> = {
            let mut ages = transaction.prepare("SELECT id, at_ms FROM entries ORDER BY id LIMIT ?")?;
            let ages = ages.query_map([CHUNK.cast_signed()], |row| {
                Ok((row.get::<_, i64>(0)?.cast_unsigned(), row.get::<_, i64>(1)?.cast_unsigned()))
            })?;
            ages.collect::<rusqlite::Result<_>>()?
        };
        let excess = retention.excess(newest.saturating_sub(oldest), used(&transaction)?);
        let by_size = (excess > 0).then(|| oldest + excess.min(CHUNK));
        let Some(last) = retention.expired(&ages, now_ms).max(by_size) else { return Ok(false) };
        // Its hash is where the chain begins from now on.
        transaction.execute(
            "INSERT OR REPLACE INTO fact (name, number, hash) SELECT 'removed', id, hash FROM entries WHERE id = ?",
            [last.cast_signed()],
        )?;
        transaction.execute("DELETE FROM entries WHERE id <= ?", [last.cast_signed()])?;
        transaction.execute_batch(
            "DELETE FROM run WHERE closed_ms IS NOT NULL AND id < (SELECT run FROM entries ORDER BY id LIMIT 1)",
        )?;
        transaction.commit()?;
        // Whoever steps through this gives back a page at each step.
        let mut shrink = self.connection.prepare("PRAGMA incremental_vacuum")?;
        let mut pages = shrink.query([])?;
        while pages.next()?.is_some() {}
        Ok(true)
    }

    /// Ends a run.
    ///
    /// # Errors
    /// Why that did not work.
    pub fn close(self, run: &Run, now_ms: u64) -> Result<(), Trouble> {
        let _door = self.enter()?;
        run.close(&self.connection, now_ms)?;
        run.forget();
        Ok(())
    }

    /// Through the door, if the file behind it is ours. If it is not, whoever writes finds that out at the next attempt.
    fn enter(&self) -> Result<File, Trouble> {
        let door = self.place.door(FlockOperation::NonBlockingLockShared)?;
        if self.is_current() { Ok(door) } else { Err(Trouble::Busy) }
    }
}

/// Entries on their way into the file.
pub struct Page<'a> {
    transaction: &'a Transaction<'a>,
    insert: rusqlite::Statement<'a>,
    head: Link,
    gap: u64,
    gaps: u64,
    run: u64,
}

impl<'a> Page<'a> {
    /// Goes on where the file ends. Another program may have written since we did.
    ///
    /// # Errors
    /// What the file says.
    pub fn open(transaction: &'a Transaction<'a>, run: u64) -> rusqlite::Result<Self> {
        let insert = transaction.prepare(table::INSERT)?;
        let gap = table::gaps(transaction)?;
        Ok(Self { transaction, insert, head: table::head(transaction)?, gap, gaps: 0, run })
    }

    /// Adds an entry.
    ///
    /// # Errors
    /// What the file says.
    pub fn add(&mut self, row: &Row) -> rusqlite::Result<()> {
        self.head = self.head.next(row);
        table::insert(&mut self.insert, row, &self.head)
    }

    /// Adds a gap.
    ///
    /// # Errors
    /// What the file says.
    pub fn tell(&mut self, gap: &Gap, now_ms: u64) -> rusqlite::Result<()> {
        self.gap += 1;
        self.gaps += 1;
        self.add(&Row::of(&gap.record(self.gap), now_ms, self.run))
    }

    /// Ends it; the transaction is not yet committed. Returns how many gaps were told.
    ///
    /// # Errors
    /// What the file says.
    pub fn close(self) -> rusqlite::Result<u64> {
        if self.gaps > 0 {
            set_gaps(self.transaction, self.gap)?;
        }
        Ok(self.gaps)
    }
}

/// Notes the number of the newest gap.
///
/// # Errors
/// What the file says.
pub fn set_gaps(file: &Connection, gap: u64) -> rusqlite::Result<()> {
    let none: Option<&Hash> = None;
    file.execute("INSERT OR REPLACE INTO fact VALUES ('gap', ?, ?)", params![gap.cast_signed(), none]).map(drop)
}

/// A connection to write by.
fn connect(place: &Place) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(place.file(), flags)?;
    connection.busy_timeout(PATIENCE)?;
    Ok(connection)
}

/// A new file, which is made of a damaged one.
///
/// # Errors
/// What the system says.
pub fn create(place: &Place) -> Result<Connection, Trouble> {
    place.begin_next()?;
    let mut connection = Connection::open_with_flags(place.next(), OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.execute_batch(MANNER)?;
    schema::migrate(&mut connection)?;
    Ok(connection)
}

/// Whether all pages are whole, as far as SQLite can tell.
fn check_pages(connection: &Connection) -> Result<(), Trouble> {
    let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if verdict == "ok" { Ok(()) } else { Err(Trouble::Damaged(verdict)) }
}

/// Whether the newest entries are what was written. If SQLite finds the file whole and they are not, somebody changed them,
/// or a bit did: that is to be told, but what else is in the file is worth more where it is.
fn check_chain(connection: &Connection) -> Result<Option<Break>, Trouble> {
    let (anchor, head) = (table::anchor(connection)?, table::head(connection)?);
    let from = head.id.saturating_sub(CHECKED).max(anchor.id);
    let mut link = if from == anchor.id { anchor } else { table::link(connection, from)?.unwrap_or(anchor) };
    Ok(table::each(connection, from, |row| link.follow(&row).err())?)
}

/// Bytes of the file that hold something.
fn used(file: &Connection) -> rusqlite::Result<u64> {
    let number = |pragma: &str| file.query_row(pragma, [], |row| row.get::<_, i64>(0)).map(i64::cast_unsigned);
    let pages = number("PRAGMA page_count")? - number("PRAGMA freelist_count")?;
    Ok(pages * number("PRAGMA page_size")?)
}
