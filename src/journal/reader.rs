//! Reader: entries out of the file, while others write it or nobody does.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Receiver;
use std::time::Duration;

use rusqlite::types::ToSqlOutput;
use rusqlite::{Connection, OpenFlags, ToSql, Transaction, TransactionBehavior, params_from_iter};
use tokio::sync::oneshot;

use super::chain::Link;
use super::filter::{Filter, Query, Value};
use super::place::{Identity, Place, identity};
use super::row::Row;
use super::schema;
use super::table;
use super::trouble::Trouble;
use super::verify::{self, Report};
use crate::protocol::journal::{LogReply, LogRequest};

/// How long to wait where the file is being changed as a whole.
const PATIENCE: Duration = Duration::from_secs(2);

/// Reads the file, whichever has its name at the moment.
#[derive(Debug)]
pub struct Reader {
    file: PathBuf,
    open: Option<(Connection, Identity)>,
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self {
            Self::Number(number) => number.to_sql(),
            Self::Text(text) => text.to_sql(),
        }
    }
}

impl Reader {
    /// For the log below a data folder.
    #[must_use]
    pub fn below(data: &Path) -> Self {
        Self { file: Place::below(data).file(), open: None }
    }

    /// The file.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Opens the file that has the name now. Returns whether it is another one than before.
    ///
    /// # Errors
    /// Why that did not work.
    pub fn renew(&mut self) -> Result<bool, Trouble> {
        let now = identity(&self.file)
            .map_err(|error| if error.kind() == io::ErrorKind::NotFound { Trouble::Absent } else { error.into() })?;
        if self.open.as_ref().is_some_and(|(_, open)| *open == now) {
            return Ok(false);
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.file, flags)?;
        connection.busy_timeout(PATIENCE)?;
        if schema::version(&connection)? == 0 {
            // It is just being made.
            return Err(Trouble::Absent);
        }
        self.open = Some((connection, now));
        Ok(true)
    }

    /// The newest entries that fit, oldest first, and whether older ones fit, too.
    ///
    /// # Errors
    /// Why that did not work.
    pub fn newest(&mut self, filter: &Filter, most: usize) -> Result<(Vec<Row>, bool), Trouble> {
        let file = self.begin()?;
        let mut found: Vec<Row> = Vec::new();
        for query in filter.newest() {
            let mut more = most.saturating_add(1);
            select(&file, &query, "DESC", |row| {
                if filter.admits(&row) {
                    found.push(row);
                    more -= 1;
                }
                Ok(more > 0)
            })?;
        }
        found.sort_unstable_by_key(|row| std::cmp::Reverse(row.id));
        let more = found.len() > most;
        found.truncate(most);
        found.reverse();
        Ok((found, more))
    }

    /// Goes through all entries that fit, oldest first, until `take` has enough.
    ///
    /// # Errors
    /// Why that did not work, or what `take` says.
    pub fn each<E: From<Trouble>>(
        &mut self,
        filter: &Filter,
        mut take: impl FnMut(Row) -> Result<bool, E>,
    ) -> Result<(), E> {
        let file = self.begin()?;
        let mut said = None;
        let ended = select(&file, &filter.all(), "ASC", |row| {
            if !filter.admits(&row) {
                return Ok(true);
            }
            take(row).or_else(|error| {
                said = Some(error);
                Ok(false)
            })
        });
        said.map_or(Ok(()), Err)?;
        ended.map_err(|error| Trouble::from(error).into())
    }

    /// The newest entry.
    ///
    /// # Errors
    /// Why that did not work.
    pub fn head(&mut self) -> Result<Link, Trouble> {
        Ok(table::head(&*self.begin()?)?)
    }

    /// The link of an entry.
    ///
    /// # Errors
    /// Why that did not work.
    pub fn link(&mut self, id: u64) -> Result<Option<Link>, Trouble> {
        Ok(table::link(&*self.begin()?, id)?)
    }

    /// The newest of `links`, given oldest first, that are in the file; where it begins, if none is.
    ///
    /// # Errors
    /// Why that did not work.
    pub fn common<'a>(&mut self, links: impl DoubleEndedIterator<Item = &'a Link>) -> Result<Link, Trouble> {
        let file = self.begin()?;
        for link in links.rev() {
            if table::link(&file, link.id)?.as_ref() == Some(link) {
                return Ok(*link);
            }
        }
        Ok(table::anchor(&file)?)
    }

    /// Checks the whole chain.
    ///
    /// # Errors
    /// Why that did not work.
    pub fn verify(&mut self) -> Result<Report, Trouble> {
        verify::verify(&*self.begin()?)
    }

    /// What a page asks for.
    fn reply(&mut self, request: &LogRequest) -> LogReply {
        let refused = |why| LogReply { ok: false, why: Some(why), ..LogReply::default() };
        let (filter, most) = match Filter::asked(request) {
            Ok(asked) => asked,
            Err(why) => return refused(why),
        };
        match self.newest(&filter, most) {
            Ok((rows, more)) => {
                LogReply { ok: true, why: None, entries: rows.into_iter().map(Row::entry).collect(), more }
            }
            // Nothing was said yet.
            Err(Trouble::Absent) => LogReply { ok: true, ..LogReply::default() },
            Err(trouble) => {
                tracing::debug!(%trouble, "the log cannot be searched");
                refused("the log cannot be read at the moment; the program's own output tells why".to_owned())
            }
        }
    }

    /// A view of the file that stays the same while it is read.
    fn begin(&mut self) -> Result<Transaction<'_>, Trouble> {
        self.renew()?;
        let (connection, _) = self.open.as_mut().ok_or(Trouble::Busy)?;
        Ok(connection.transaction_with_behavior(TransactionBehavior::Deferred)?)
    }
}

/// A search that somebody waits for.
#[derive(Debug)]
pub struct Search {
    /// What is asked.
    pub request: LogRequest,
    /// Where the answer goes.
    pub reply: oneshot::Sender<LogReply>,
}

/// Answers searches until nobody can ask any more.
pub fn serve(mut reader: Reader, searches: &Receiver<Search>) {
    for Search { request, reply } in searches {
        // Whoever left meanwhile needs no answer.
        if !reply.is_closed() {
            reply.send(reader.reply(&request)).ok();
        }
    }
}

/// Reads what fits a query in the order of numbers, until `take` has enough.
fn select(
    file: &Connection,
    query: &Query,
    order: &str,
    mut take: impl FnMut(Row) -> rusqlite::Result<bool>,
) -> rusqlite::Result<()> {
    let (columns, condition) = (table::COLUMNS, &query.condition);
    let text = format!("SELECT {columns} FROM entries WHERE {condition} ORDER BY id {order}");
    let mut statement = file.prepare(&text)?;
    let mut rows = statement.query(params_from_iter(&query.values))?;
    while let Some(row) = rows.next()? {
        if !take(table::row(row)?)? {
            break;
        }
    }
    Ok(())
}
