//! Completes a recording that a killed program left: what is whole of it is copied, and gets the end that it lacks.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use mcap::records::{Record, op};
use mcap::sans_io::LinearReaderOptions;
use mcap::sans_io::linear_reader::{LinearReadEvent, LinearReader};
use mcap::{MAGIC, McapError, McapResult, Writer};

use super::file::{INODE, NAME, options};
use super::folder::ABOUT;
use super::read::LONGEST_RECORD;

/// A file that somebody copies into the folder is written more often than this.
const STILL: Duration = Duration::from_mins(1);
/// A record begins with its kind and its length.
const RECORD: usize = 9;
/// A chunk of ours is so much longer than its records: times, sizes, checksum, and the name of no compression.
const CHUNK: u64 = 40;

/// Replaces the file at `path` by a complete one with all that is whole of it. Its time stays what it was.
///
/// # Errors
/// What the system says, or why it is not for us to complete it; then the file is what it was.
pub(super) fn mend(file: &File, path: &Path) -> io::Result<()> {
    let told = file.metadata()?;
    let whole = whole(file, &told)?;
    let unfinished = path.with_extension("mcap.new");
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let new = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
    let done = copy(file.take(whole), &new)
        .map_err(damaged)
        .and_then(|()| new.set_modified(told.modified()?))
        .and_then(|()| {
            new.sync_all()?;
            let now = fs::symlink_metadata(path)?;
            let same = |of: &Metadata| (of.dev(), of.ino(), of.len(), of.mtime(), of.mtime_nsec());
            if same(&now) != same(&told) {
                return Err(io::Error::other("somebody writes it"));
            }
            fs::rename(&unfinished, path)
        });
    if done.is_err() {
        drop(fs::remove_file(&unfinished));
    }
    done
}

fn damaged(error: McapError) -> io::Error {
    if let McapError::Io(error) = error {
        return error;
    }
    io::Error::other(format!("it has not only broken off, it is damaged: {error}"))
}

/// How much of a file of ours is whole, if it has broken off and nothing else is wrong with it.
fn whole(file: &File, told: &Metadata) -> io::Result<u64> {
    let mut head = Vec::new();
    let mut source = file;
    source.take(ABOUT).read_to_end(&mut head)?;
    io::Seek::rewind(&mut source)?;
    let inode = inode(&head).ok_or_else(|| io::Error::other("it is no recording of Joywire"))?;
    // A copy has another inode: whoever makes it may not be done.
    let age = told.modified()?.elapsed().unwrap_or_default();
    if inode != told.ino() && age < STILL {
        return Err(io::Error::other("it is a copy that somebody may still be writing"));
    }
    let mut at = MAGIC.len() as u64;
    let mut start = [0; RECORD];
    while at + RECORD as u64 <= told.len() {
        file.read_exact_at(&mut start, at)?;
        let [kind, length @ ..] = start;
        let length = u64::from_le_bytes(length);
        if length > LONGEST_RECORD as u64 {
            return Err(io::Error::other(format!("it is damaged at byte {at}: a record cannot be that long")));
        }
        let end = at + RECORD as u64 + length;
        // After a power cut there may be nothing but zeros.
        if end > told.len() || matches!(kind, 0 | op::DATA_END | op::FOOTER) {
            break;
        }
        at = end;
    }
    let rest = usize::try_from(told.len() - at).unwrap_or(usize::MAX);
    let mut bytes = vec![0; rest.min(RECORD + LONGEST_RECORD)];
    file.read_exact_at(&mut bytes, at)?;
    if rest > bytes.len() || holds_chunk(bytes.get(1..).unwrap_or_default()) {
        return Err(io::Error::other(format!("it is damaged at byte {at}: whole parts of the drive come after that")));
    }
    Ok(at)
}

/// The inode that a file of ours was begun as.
fn inode(head: &[u8]) -> Option<u64> {
    let mut ours = false;
    for record in mcap::read::LinearReader::sans_magic(head.strip_prefix(MAGIC)?) {
        let record = record.ok()?;
        if let Record::Header(header) = &record {
            ours = header.library.starts_with("joywire ");
        } else if let Record::Metadata(about) = &record {
            // None of an older version, so it counts as a copy.
            let inode = about.metadata.get(INODE).and_then(|inode| inode.parse().ok()).unwrap_or_default();
            return (ours && about.name == NAME).then_some(inode);
        } else {
            return None;
        }
    }
    None
}

/// Whether a whole chunk of ours stands anywhere in these bytes.
fn holds_chunk(bytes: &[u8]) -> bool {
    let number = |at: usize| Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?));
    let is_chunk = |at: usize| {
        let (length, unpacked, packed) = (number(at + 1)?, number(at + 25)?, number(at + 41)?);
        let fits = length <= (bytes.len() - at - RECORD) as u64;
        Some(fits && unpacked == packed && packed.checked_add(CHUNK) == Some(length))
    };
    (0..bytes.len()).any(|at| bytes[at] == op::CHUNK && is_chunk(at) == Some(true))
}

fn copy(from: impl Read, to: &File) -> McapResult<()> {
    let mut source = BufReader::new(from);
    let mut writer = options().chunk_size(Some(1 << 18)).create(BufWriter::new(to))?;
    let limits = LinearReaderOptions::default()
        .with_skip_end_magic(true)
        .with_prevalidate_chunk_crcs(true)
        .with_record_length_limit(LONGEST_RECORD);
    let mut reader = LinearReader::new_with_options(limits);
    while let Some(event) = reader.next_event() {
        match event? {
            LinearReadEvent::ReadRequest(need) => {
                let read = source.read(reader.insert(need))?;
                reader.notify_read(read);
            }
            LinearReadEvent::Record { opcode, data } => keep(&mut writer, mcap::parse_record(opcode, data)?)?,
        }
    }
    writer.finish()?;
    writer.into_inner().into_inner().map_err(io::IntoInnerError::into_error)?;
    Ok(())
}

fn keep(writer: &mut Writer<BufWriter<&File>>, record: Record<'_>) -> McapResult<()> {
    match record {
        Record::Schema { header, data } => {
            writer.add_schema_with_id(header.id, &header.name, &header.encoding, &data).map(drop)
        }
        Record::Channel(channel) => writer
            .add_channel_with_id(
                channel.id,
                channel.schema_id,
                &channel.topic,
                &channel.message_encoding,
                &channel.metadata,
            )
            .map(drop),
        Record::Message { header, data } => writer.write_to_known_channel(&header, &data),
        Record::Metadata(metadata) => writer.write_metadata(&metadata),
        Record::Header(_)
        | Record::Footer(_)
        | Record::Chunk { .. }
        | Record::MessageIndex(_)
        | Record::ChunkIndex(_)
        | Record::AttachmentIndex(_)
        | Record::Statistics(_)
        | Record::MetadataIndex(_)
        | Record::SummaryOffset(_)
        | Record::DataEnd(_) => Ok(()),
        Record::Attachment { .. } | Record::Unknown { .. } => {
            Err(io::Error::other("there is something in it that is not ours").into())
        }
    }
}
