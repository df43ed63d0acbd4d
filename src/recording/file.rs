//! One file that is being written: MCAP, in chunks that are whole whenever the program is killed.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, BufWriter};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use mcap::records::{MessageHeader, Metadata};
use mcap::{McapError, McapResult, WriteOptions, Writer};
use rustix::fs::{FlockOperation, flock};
use serde::Serialize;

use super::calendar;
use super::shape::{End, Start};
use super::topic::Topic;

/// What it says of itself at the beginning of a file.
pub const LIBRARY: &str = concat!("joywire ", env!("CARGO_PKG_VERSION"));
/// What a file says of itself has this name.
pub(super) const NAME: &str = "joywire";
/// And in it this key, for which file this is; a copy is another one.
pub(super) const INODE: &str = "inode";
/// Files of one second and one robot at most.
const CLASHES: u32 = 100;

/// A file that is being written.
pub struct File {
    path: PathBuf,
    writer: Option<Writer<BufWriter<fs::File>>>,
    /// The same file, to be measured, cut and locked.
    handle: fs::File,
    channels: BTreeMap<Topic, u16>,
    sequence: u32,
    newest_ns: u64,
    wall_ns: u64,
    /// How long the file was when its last chunk was whole.
    whole: u64,
}

/// How files are written: a chunk is put together in memory and written at once.
pub(super) fn options() -> WriteOptions {
    WriteOptions::new().profile("").library(LIBRARY).compression(None).chunk_size(None).disable_seeking(true)
}

/// Opens a new file, private, with a name of its own, and locked for as long as it is written.
fn create(folder: &Path, label: &str, at_ms: u64) -> io::Result<(PathBuf, fs::File)> {
    let stem = format!("{label}-{}", calendar::stamp(at_ms));
    for number in 1..=CLASHES {
        let name = if number == 1 { format!("{stem}.mcap") } else { format!("{stem}-{number}.mcap") };
        let path = folder.join(name);
        match OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path) {
            Ok(file) => {
                // Whoever lists the folder may hold it for a moment.
                flock(&file, FlockOperation::LockExclusive)?;
                return Ok((path, file));
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::new(io::ErrorKind::AlreadyExists, format!("there are {CLASHES} files like {stem}.mcap already")))
}

impl File {
    /// Begins a file.
    ///
    /// # Errors
    /// What the system says.
    pub fn begin(folder: &Path, label: &str, start: &Start, settings: &BTreeMap<String, String>) -> McapResult<Self> {
        let wall_ns = start.wall_ns.saturating_sub(start.at_ns);
        let (path, handle) = create(folder, label, start.wall_ns / 1_000_000)?;
        let mut writer = options().create(BufWriter::with_capacity(1 << 16, handle.try_clone()?))?;
        let mut about = BTreeMap::from([
            ("robot".to_owned(), start.robot.clone()),
            ("version".to_owned(), start.version.clone()),
            ("started".to_owned(), calendar::moment(start.wall_ns / 1_000_000)),
            ("started_ns".to_owned(), start.wall_ns.to_string()),
            (INODE.to_owned(), handle.metadata()?.ino().to_string()),
        ]);
        about.extend(settings.iter().map(|(key, value)| (format!("config {key}"), value.clone())));
        writer.write_metadata(&Metadata { name: NAME.to_owned(), metadata: about })?;
        let mut channels = BTreeMap::new();
        for topic in Topic::ALL {
            let schema =
                writer.add_schema(&topic.schema_name(), "jsonschema", topic.schema().to_string().as_bytes())?;
            channels.insert(topic, writer.add_channel(schema, topic.name(), "json", &BTreeMap::new())?);
        }
        let mut file =
            Self { path, writer: Some(writer), handle, channels, sequence: 0, newest_ns: 0, wall_ns, whole: 0 };
        file.put(start.at_ns, Topic::State, start)?;
        file.flush()?;
        Ok(file)
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its size, as far as it is on the disk.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.whole
    }

    /// Whether it was deleted or moved away while it is written, as its folder can be.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        let unlinked = self.handle.metadata().is_ok_and(|told| told.nlink() == 0);
        let nowhere = |error: io::Error| matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory);
        unlinked || fs::symlink_metadata(&self.path).is_err_and(nowhere)
    }

    /// Adds a message.
    ///
    /// # Errors
    /// What the system says.
    pub fn put<T: Serialize>(&mut self, at_ns: u64, topic: Topic, message: &T) -> McapResult<()> {
        let (Some(writer), Some(channel)) = (&mut self.writer, self.channels.get(&topic)) else {
            return Err(McapError::AttemptedWriteAfterFailure);
        };
        let data = serde_json::to_vec(message).map_err(io::Error::other)?;
        // Times in a file only rise, or readers that search by time miss something.
        self.newest_ns = self.newest_ns.max(self.wall_ns.saturating_add(at_ns));
        self.sequence = self.sequence.wrapping_add(1);
        let (log_time, publish_time) = (self.newest_ns, self.newest_ns);
        writer.write_to_known_channel(
            &MessageHeader { channel_id: *channel, sequence: self.sequence, log_time, publish_time },
            &data,
        )
    }

    /// Puts all of it into the hands of the system: from here on a killed program loses nothing of it.
    ///
    /// # Errors
    /// What the system says.
    pub fn flush(&mut self) -> McapResult<()> {
        if let Some(writer) = &mut self.writer {
            writer.flush()?;
        }
        self.whole = self.handle.metadata()?.len();
        Ok(())
    }

    /// Puts all of it onto the disk.
    ///
    /// # Errors
    /// What the system says.
    pub fn sync(&self) -> io::Result<()> {
        self.handle.sync_data()
    }

    /// Ends it.
    ///
    /// # Errors
    /// What the system says.
    pub fn finish(mut self, end: &End) -> McapResult<()> {
        self.put(end.at_ns, Topic::End, end)?;
        self.flush()?;
        if let Some(mut writer) = self.writer.take() {
            writer.finish()?;
            drop(writer.into_inner().into_inner().map_err(io::IntoInnerError::into_error)?);
        }
        self.handle.sync_all()?;
        Ok(())
    }

    /// Gives it up where it is: what was whole stays.
    pub fn abandon(mut self) {
        if let Some(writer) = self.writer.take() {
            // Not dropped as it is: that would write once more.
            drop(writer.into_inner().into_parts());
        }
        drop(self.handle.set_len(self.whole));
    }
}

impl Drop for File {
    fn drop(&mut self) {
        if let Some(writer) = self.writer.take() {
            drop(writer.into_inner().into_parts());
        }
    }
}

impl std::fmt::Debug for File {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("File").field("path", &self.path).finish_non_exhaustive()
    }
}
