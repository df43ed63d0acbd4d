//! Reads a recording from its beginning to wherever it ends. No bytes can make it crash, or hold more than a record of them.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use mcap::sans_io::LinearReaderOptions;
use rustix::fs::OFlags;

use super::shape::{Asked, End, Fitted, Frames, Line, Person, Start};
use super::topic::Topic;
use crate::agent::tape::Entry;

/// A record or a chunk is at most this long, bytes: a quarter of a second of a drive is far below.
pub(super) const LONGEST_RECORD: usize = 64 << 20;

/// Why a file is not read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The system does not give it.
    #[error("cannot read {path}: {source}")]
    Unreadable {
        /// The file.
        path: String,
        /// What the system says.
        source: io::Error,
    },
    /// It has no first message of ours.
    #[error("{path} is no recording of Joywire: {detail}")]
    Foreign {
        /// The file.
        path: String,
        /// What is there instead.
        detail: String,
    },
    /// The state at its beginning is of a kind that this version does not know.
    #[error(
        "{path} was recorded by joywire {version}, and this is {}: its state is not understood here ({detail}). Foxglove opens it all the same",
        env!("CARGO_PKG_VERSION")
    )]
    Version {
        /// The file.
        path: String,
        /// Who recorded it.
        version: String,
        /// What was not understood.
        detail: String,
    },
}

/// How a recording ends.
#[derive(Clone, Debug)]
pub enum Ending {
    /// As it should.
    Whole(End),
    /// It breaks off; the program was killed, or the disk was full.
    Abrupt,
    /// It is damaged from here on, and how.
    Damaged(String),
}

/// A recording that is being read: an iterator of its entries.
pub struct Reading<R> {
    messages: mcap::io::MessageReader<R>,
    ending: Option<Ending>,
}

impl<R> std::fmt::Debug for Reading<R> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Reading").field("ending", &self.ending).finish_non_exhaustive()
    }
}

/// Opens a file: what it begins with, and its entries.
///
/// # Errors
/// [`ReadError`], with a sentence for the person who named the file.
pub fn open(path: &Path) -> Result<(Box<Start>, Reading<BufReader<File>>), ReadError> {
    let name = path.display().to_string();
    let unreadable = |source| ReadError::Unreadable { path: name.clone(), source };
    // Opening a pipe would wait until somebody writes.
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).map_err(|error| unreadable(io::Error::other(error)))?;
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(unreadable)?;
    let told = file.metadata().map_err(unreadable)?;
    if told.is_dir() {
        return Err(unreadable(io::ErrorKind::IsADirectory.into()));
    }
    if !told.is_file() {
        return Err(unreadable(io::Error::other("it is a pipe or a device; save it as a file first")));
    }
    begin(BufReader::new(file), &name)
}

/// The same from bytes.
///
/// # Errors
/// [`ReadError`].
pub fn begin<R: Read>(source: R, name: &str) -> Result<(Box<Start>, Reading<R>), ReadError> {
    let foreign = |detail: String| ReadError::Foreign { path: name.to_owned(), detail };
    let limits = LinearReaderOptions::default()
        .with_skip_end_magic(true)
        .with_prevalidate_chunk_crcs(true)
        .with_record_length_limit(LONGEST_RECORD);
    let mut messages = mcap::io::MessageReader::new_with_options(source, limits);
    let first = match messages.next() {
        Some(Ok(first)) => first,
        Some(Err(mcap::McapError::BadMagic)) => return Err(foreign("it is no MCAP file".to_owned())),
        Some(Err(error)) => return Err(foreign(error.to_string())),
        None => return Err(foreign("there is nothing in it".to_owned())),
    };
    if first.channel.topic != Topic::State.name() {
        return Err(foreign(format!("it begins with {}", first.channel.topic)));
    }
    match serde_json::from_slice(&first.data) {
        Ok(start) => Ok((start, Reading { messages, ending: None })),
        Err(error) => {
            let told: serde_json::Value = serde_json::from_slice(&first.data).unwrap_or_default();
            match told.get("version").and_then(serde_json::Value::as_str) {
                Some(version) => Err(ReadError::Version {
                    path: name.to_owned(),
                    version: version.chars().take(40).collect(),
                    detail: error.to_string(),
                }),
                None => Err(foreign(format!("its state is not understood: {error}"))),
            }
        }
    }
}

impl<R> Reading<R> {
    /// How it ended; `None` before it did.
    #[must_use]
    pub fn ending(&self) -> Option<&Ending> {
        self.ending.as_ref()
    }
}

impl<R: Read> Iterator for Reading<R> {
    type Item = Entry;

    fn next(&mut self) -> Option<Entry> {
        if self.ending.is_some() {
            return None;
        }
        loop {
            let message = match self.messages.next() {
                Some(Ok(message)) => message,
                Some(Err(error)) => return self.end(cut_off(&error)),
                None => return self.end(Ending::Abrupt),
            };
            match read(&message.channel.topic, &message.data) {
                Ok(Found::Entry(entry)) => return Some(entry),
                Ok(Found::End(end)) => return self.end(Ending::Whole(end)),
                Ok(Found::Other) => {}
                Err(why) => return self.end(Ending::Damaged(format!("{}: {why}", message.channel.topic))),
            }
        }
    }
}

impl<R> Reading<R> {
    fn end(&mut self, ending: Ending) -> Option<Entry> {
        self.ending = Some(ending);
        None
    }
}

/// What an error of the library says of the file.
fn cut_off(error: &mcap::McapError) -> Ending {
    if matches!(error, mcap::McapError::UnexpectedEof | mcap::McapError::UnexpectedEoc) {
        return Ending::Abrupt;
    }
    Ending::Damaged(error.to_string())
}

/// What a message is.
enum Found {
    Entry(Entry),
    End(End),
    /// A view, or a channel of somebody else.
    Other,
}

fn read(topic: &str, data: &[u8]) -> Result<Found, String> {
    fn parse<'a, T: serde::Deserialize<'a>>(data: &'a [u8]) -> Result<T, String> {
        serde_json::from_slice(data).map_err(|error| error.to_string())
    }
    let Some(topic) = Topic::ALL.into_iter().find(|known| known.name() == topic) else { return Ok(Found::Other) };
    Ok(match topic {
        Topic::Command => Found::Entry(parse::<Asked>(data)?.into()),
        Topic::Frames => Found::Entry(parse::<Frames>(data)?.try_into().map_err(str::to_owned)?),
        Topic::Cable => Found::Entry(parse::<Line>(data)?.into()),
        Topic::Motors => Found::Entry(parse::<Fitted>(data)?.into()),
        Topic::People => Found::Entry(parse::<Person>(data)?.into()),
        Topic::End => Found::End(parse(data)?),
        Topic::State => return Err("a second beginning".to_owned()),
        Topic::Twist
        | Topic::Wheels
        | Topic::Telemetry
        | Topic::Seat
        | Topic::Faults
        | Topic::Pose
        | Topic::Transform
        | Topic::Log => Found::Other,
    })
}
