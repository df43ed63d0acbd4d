//! Completes a recording that a killed program left: what is whole of it is copied, and gets the end that it lacks.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::SystemTime;

use mcap::records::Record;
use mcap::sans_io::LinearReaderOptions;
use mcap::sans_io::linear_reader::{LinearReadEvent, LinearReader};
use mcap::{McapError, McapResult, Writer};

use super::file::options;
use super::read::LONGEST_RECORD;

/// Replaces the file at `path` by a complete one with all that is whole of it. Its time stays what it was.
///
/// # Errors
/// What the system says; then the file is what it was.
pub(super) fn mend(file: &File, path: &Path, modified: SystemTime) -> io::Result<()> {
    let unfinished = path.with_extension("mcap.new");
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let new = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
    let done = copy(file, &new).map_err(io::Error::other).and_then(|()| new.set_modified(modified)).and_then(|()| {
        new.sync_all()?;
        fs::rename(&unfinished, path)
    });
    if done.is_err() {
        drop(fs::remove_file(&unfinished));
    }
    done
}

fn copy(from: &File, to: &File) -> McapResult<()> {
    let mut source = BufReader::new(from);
    let mut writer = options().chunk_size(Some(1 << 18)).create(BufWriter::new(to))?;
    let limits = LinearReaderOptions::default()
        .with_skip_end_magic(true)
        .with_prevalidate_chunk_crcs(true)
        .with_record_length_limit(LONGEST_RECORD);
    let mut reader = LinearReader::new_with_options(limits);
    while let Some(event) = reader.next_event() {
        match event {
            Ok(LinearReadEvent::ReadRequest(need)) => {
                let read = source.read(reader.insert(need))?;
                reader.notify_read(read);
            }
            Ok(LinearReadEvent::Record { opcode, data }) => match mcap::parse_record(opcode, data) {
                Ok(Record::DataEnd(_)) | Err(_) => break,
                Ok(record) => keep(&mut writer, record)?,
            },
            // Here it was cut off.
            Err(_) => break,
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
        Record::Message { header, data } => match writer.write_to_known_channel(&header, &data) {
            Err(McapError::UnknownChannel(..)) => Ok(()),
            written => written,
        },
        Record::Metadata(metadata) => writer.write_metadata(&metadata),
        Record::Header(_)
        | Record::Footer(_)
        | Record::Chunk { .. }
        | Record::MessageIndex(_)
        | Record::ChunkIndex(_)
        | Record::Attachment { .. }
        | Record::AttachmentIndex(_)
        | Record::Statistics(_)
        | Record::MetadataIndex(_)
        | Record::SummaryOffset(_)
        | Record::DataEnd(_)
        | Record::Unknown { .. } => Ok(()),
    }
}
