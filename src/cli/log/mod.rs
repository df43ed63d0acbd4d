//! `joywire log`: what was said and done, found, followed, exported, and proved to be what was written.

mod export;
mod follow;
mod table;

use std::io::{self, BufWriter, StdoutLock, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{anyhow, bail};
use clap::{Args, Subcommand};

use self::table::Table;
use super::terminal::{self, complain, say};
use super::{plural, settings};
use crate::journal::chain::Head;
use crate::journal::filter::{self, Device, Filter};
use crate::journal::local_time::{EXAMPLES, LocalTime};
use crate::journal::reader::Reader;
use crate::journal::row::Row;
use crate::journal::trouble::Trouble;
use crate::journal::verify::{Compared, Report, compare};

/// Entries that are shown if nothing is asked for.
const LAST: usize = 50;
/// Entries that are shown before those that come.
const LAST_FOLLOWED: usize = 10;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct LogArgs {
    #[command(subcommand)]
    command: Option<LogCommand>,
    #[command(flatten)]
    wanted: Wanted,
    /// Goes on with what is written from now on, until Ctrl-C.
    #[arg(long)]
    follow: bool,
    /// One JSON object a line, with everything that the log has of an entry.
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// A table for spreadsheets. Cells that would be formulas there begin with an apostrophe.
    #[arg(long)]
    csv: bool,
    /// Configuration file, for the data folder.
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
}

/// Which entries.
#[derive(Debug, Args)]
struct Wanted {
    /// Not before: 10m, 2h, 3d ago, today, yesterday, 10:30, 2026-11-28, "2026-11-28 10:30".
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Not after; a day or a minute counts whole.
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Kinds of entries, such as chat,stop,seat.
    #[arg(long, value_name = "EVENT,…", value_delimiter = ',')]
    event: Vec<String>,
    /// What came from a device: its number (`joywire devices`), or the name of it or its person.
    #[arg(long, value_name = "NUMBER|NAME")]
    device: Option<String>,
    /// What is about a robot, by name; with the gaps, as nobody knows what they are about.
    #[arg(long, value_name = "NAME")]
    robot: Option<String>,
    /// Words in a text or a name, whatever their case.
    #[arg(long, value_name = "WORDS")]
    text: Option<String>,
    /// The newest of them alone, as many as this [default: all; 50 if nothing else is asked for].
    #[arg(long, value_name = "NUMBER")]
    last: Option<usize>,
}

#[derive(Debug, Subcommand)]
enum LogCommand {
    /// Checks that the log is what was written.
    ///
    /// Each entry has a hash over itself and the hash before it, so a change, a hole or a swap shows, and so does every
    /// later entry. Who can write the file could write all hashes anew; so keep the head that this shows somewhere else:
    /// with `--head` it proves later that nothing up to it was changed. Exit code 1 if something was.
    Verify {
        /// A head that this command showed earlier.
        #[arg(long, value_name = "NUMBER:HASH")]
        head: Option<Head>,
    },
}

/// How entries are shown.
enum Form {
    Table(Table),
    Json,
    Csv {
        /// Whether a terminal shows it.
        watched: bool,
    },
}

pub fn run(args: &LogArgs) -> anyhow::Result<ExitCode> {
    let (config, ..) = settings::check(&settings::layers(args.config.as_deref())?)?;
    let mut reader = Reader::below(&settings::data_dir(&config)?);
    if let Some(LogCommand::Verify { head }) = &args.command {
        return verify(&mut reader, head.as_ref());
    }
    if args.wanted.last == Some(0) {
        bail!("--last is 0, which shows nothing: give 1 or more");
    }
    let local = LocalTime::new()?;
    let filter = args.wanted.filter(&local)?;
    if args.follow && filter.until_ms.is_some_and(|until| until < now_ms()) {
        bail!("--until is over, so nothing would ever come with --follow: leave one of them out");
    }
    match show(&mut reader, args, &filter, &local) {
        // Whoever read it has read enough.
        Err(error) if is_broken_pipe(&error) => Ok(ExitCode::SUCCESS),
        shown => shown.map(|()| ExitCode::SUCCESS),
    }
}

impl Wanted {
    fn filter(&self, local: &LocalTime) -> anyhow::Result<Filter> {
        let now_ms = now_ms();
        let time = |option: &str, text: &str| {
            let read = local.read(text, now_ms);
            read.ok_or_else(|| anyhow!("{option} is “{text}”, which is no time; times are {EXAMPLES}"))
        };
        let since = self.since.as_deref().map(|text| time("--since", text)).transpose()?;
        let until = self.until.as_deref().map(|text| time("--until", text)).transpose()?;
        let number = |name: &String| name.parse().map_or_else(|_| Device::Name(name.clone()), Device::Number);
        Ok(Filter {
            text: self.text.clone().unwrap_or_default(),
            events: self
                .event
                .iter()
                .map(|name| filter::kind(name.trim()))
                .collect::<Result<_, _>>()
                .map_err(anyhow::Error::msg)?,
            robot: self.robot.clone(),
            device: self.device.as_ref().map(number),
            since_ms: since.map(|span| span.from_ms),
            until_ms: until.map(|span| span.to_ms),
            before: None,
            after: None,
        })
    }
}

fn show(reader: &mut Reader, args: &LogArgs, filter: &Filter, local: &LocalTime) -> anyhow::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    let mut form = if args.json {
        Form::Json
    } else if args.csv {
        Form::Csv { watched: terminal::is_watched() }
    } else {
        Form::Table(Table::new(terminal::width(), terminal::has_colours()))
    };
    let asked = *filter != Filter::default();
    let last = args.wanted.last.or(if args.follow { Some(LAST_FOLLOWED) } else { (!asked).then_some(LAST) });
    // Before the head of the table, so that an error stands alone.
    explained(reader.renew(), reader)?;
    form.begin(&mut out)?;
    let seen = explained(reader.head(), reader)?;
    let mut shown = 0u64;
    let mut more = false;
    if let Some(last) = last {
        let (rows, left) = explained(reader.newest(filter, last), reader)?;
        more = left;
        for row in &rows {
            form.entry(&mut out, row, local)?;
            shown += 1;
        }
    } else {
        reader.each(filter, |row| -> anyhow::Result<bool> {
            form.entry(&mut out, &row, local)?;
            shown += 1;
            Ok(true)
        })?;
    }
    out.flush()?;
    if args.follow {
        return follow::follow(reader, filter, seen, |row| {
            form.entry(&mut out, row, local)?;
            Ok(out.flush()?)
        });
    }
    if let Form::Table(_) = form {
        if shown == 0 {
            complain(if asked { "no entry fits" } else { "the log has no entry yet" });
        } else if more && args.wanted.last.is_none() {
            complain(&format!("these are the last {shown}; `joywire log --since today` or `--last 1000` shows more"));
        }
    }
    Ok(())
}

impl Form {
    fn begin(&mut self, out: &mut BufWriter<StdoutLock<'_>>) -> io::Result<()> {
        match self {
            Self::Table(table) => writeln!(out, "{}", table.head()),
            Self::Json => Ok(()),
            Self::Csv { .. } => out.write_all(export::CSV_HEAD.as_bytes()),
        }
    }

    fn entry(&self, out: &mut BufWriter<StdoutLock<'_>>, row: &Row, local: &LocalTime) -> anyhow::Result<()> {
        match self {
            Self::Table(table) => out.write_all(table.entry(row, &local.show(row.at_ms)?).as_bytes())?,
            Self::Json => writeln!(out, "{}", export::json(row, &local.utc(row.at_ms)?))?,
            Self::Csv { watched } => out.write_all(export::csv(row, &local.utc(row.at_ms)?, *watched).as_bytes())?,
        }
        Ok(())
    }
}

/// What went wrong, with the file and what to do.
fn explained<T>(result: Result<T, Trouble>, reader: &Reader) -> anyhow::Result<T> {
    result.map_err(|trouble| match trouble {
        Trouble::Absent => anyhow!(
            "there is no log in {} yet: it begins with the first program that runs, unless `on` in [log] of the configuration is false",
            reader.file().display()
        ),
        Trouble::Damaged(_) => anyhow!(
            "cannot read the log {}: {trouble}; the next `joywire` that runs sets it aside and goes on with what can be read",
            reader.file().display()
        ),
        Trouble::Newer(_) | Trouble::Busy | Trouble::Full | Trouble::Other(_) => {
            anyhow!("cannot read the log {}: {trouble}", reader.file().display())
        }
    })
}

fn verify(reader: &mut Reader, head: Option<&Head>) -> anyhow::Result<ExitCode> {
    let report = explained(reader.verify(), reader)?;
    let file = reader.file().display().to_string();
    let Report { removed, entries, head: newest, gaps, broken } = &report;
    if let Some(broken) = broken {
        complain(&format!("{file}: {broken}; {} before it as they were written", they(*entries)));
        return Ok(ExitCode::FAILURE);
    }
    say(&format!("{file}: {} as they were written, with {}", they(*entries), plural(*gaps, "gap")));
    if removed.id > 0 {
        say(&format!("entries up to {} were removed, by age or size", removed.id));
    }
    if let Some(head) = head {
        let found = if head.id == newest.id { Some(*newest) } else { explained(reader.link(head.id), reader)? };
        match compare(head, &report, found) {
            Compared::Same => say(&format!("entry {} is the one that you kept, and so are all before it", head.id)),
            Compared::Different => bail!(
                "entry {} has another hash than the one that you kept: it, or one before it, was changed, and all hashes written anew",
                head.id
            ),
            Compared::Beyond | Compared::Broken => bail!(
                "the log ends with entry {}, but you kept the hash of entry {}: the end was cut off, or this is another log",
                newest.id,
                head.id
            ),
            Compared::Removed => bail!(
                "entry {} was removed by age or size, so the hash that you kept says nothing any more; keep a newer one",
                head.id
            ),
        }
    }
    if *entries > 0 {
        say(&format!(
            "head {newest}: keep it elsewhere; `joywire log verify --head {newest}` proves later that nothing up to"
        ));
        say("it was changed. Without one that was kept, whoever can write the file could have written all of it anew.");
    }
    Ok(ExitCode::SUCCESS)
}

#[expect(clippy::disallowed_methods, reason = "a person asks for what was ten minutes ago")]
fn now_ms() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH);
    crate::time::millis(since.unwrap_or_default())
}

fn they(count: u64) -> String {
    match count {
        1 => "1 entry is".to_owned(),
        _ => format!("{count} entries are"),
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let cause = error.chain().find_map(|cause| cause.downcast_ref::<io::Error>());
    cause.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
