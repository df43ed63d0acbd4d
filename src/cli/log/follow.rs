//! Following the log: what is written from now on, whichever file has its name.

use std::collections::VecDeque;
use std::thread;
use std::time::Duration;

use crate::journal::chain::Link;
use crate::journal::filter::Filter;
use crate::journal::reader::Reader;
use crate::journal::row::Row;
use crate::journal::trouble::Trouble;

/// How often to look.
const PAUSE: Duration = Duration::from_millis(200);
/// Ends of the log that are remembered. When its file is set aside, the new one may have less of them.
const SEEN: usize = 1000;

/// Shows what comes behind `seen`, until the program is interrupted.
///
/// # Errors
/// If the log cannot be read, or `take` says so.
pub fn follow(
    reader: &mut Reader,
    filter: &Filter,
    seen: Link,
    mut take: impl FnMut(&Row) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut seen = VecDeque::from([seen]);
    loop {
        thread::park_timeout(PAUSE);
        match look(reader, filter, &mut seen) {
            Ok(rows) => rows.iter().try_for_each(&mut take)?,
            // It is being exchanged; or it is damaged, and whoever writes it will set it aside.
            Err(Trouble::Absent | Trouble::Busy | Trouble::Damaged(_)) => {}
            Err(trouble @ (Trouble::Newer(_) | Trouble::Full | Trouble::Other(_))) => return Err(trouble.into()),
        }
    }
}

fn look(reader: &mut Reader, filter: &Filter, seen: &mut VecDeque<Link>) -> Result<Vec<Row>, Trouble> {
    let newest = seen.back().copied().unwrap_or_default();
    let renewed = reader.renew()?;
    let from = if renewed { reader.common(seen.iter())? } else { newest };
    let mut rows = Vec::new();
    let mut last = from;
    // All of them, as the filter must not make the end of the log unknown.
    let after = Filter { after: Some(from.id), ..Filter::default() };
    reader.each(&after, |row| -> Result<bool, Trouble> {
        last = Link { id: row.id, hash: row.hash };
        if filter.admits(&row) {
            rows.push(row);
        }
        Ok(true)
    })?;
    seen.retain(|link| link.id <= from.id);
    if seen.back() != Some(&last) {
        seen.push_back(last);
    }
    if seen.len() > SEEN {
        seen.pop_front();
    }
    Ok(rows)
}
