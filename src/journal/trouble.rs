//! Trouble: why the log cannot be written or read.

use std::io;

use rusqlite::{ErrorCode, ffi};

/// Why the log cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// Its file is damaged.
    #[error("it is damaged: {0}")]
    Damaged(String),
    /// Its file is of a version that only a newer Joywire knows.
    #[error("it was written by a newer Joywire (version {0} of its tables)")]
    Newer(i64),
    /// There is none yet.
    #[error("there is none yet")]
    Absent,
    /// Another program holds it.
    #[error("another program holds it")]
    Busy,
    /// The disk is full.
    #[error("the disk is full")]
    Full,
    /// Something else.
    #[error("{0}")]
    Other(String),
}

impl Trouble {
    /// What a person can do about it.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Damaged(_) => "it will be set aside, and a new one begun",
            Self::Newer(_) => "update joywire, or move the file away",
            Self::Absent => "it begins with the first program that runs",
            Self::Busy => "end the program that has it open, if it does not end by itself",
            Self::Full => "make room on the disk; joywire goes on trying",
            Self::Other(_) => "see to the disk and the rights of the folder; joywire goes on trying",
        }
    }
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        let number = error.sqlite_error().map(|error| error.extended_code);
        match error.sqlite_error_code() {
            // The next number is there already: somebody moved an entry there.
            _ if matches!(number, Some(ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_ROWID)) => {
                Self::Damaged(error.to_string())
            }
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::DiskFull) => Self::Full,
            // Unknown is what is said of a table that is not there, none what is said of a value that is not of its kind.
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::Unknown) | None => {
                Self::Damaged(error.to_string())
            }
            Some(_) => Self::Other(error.to_string()),
        }
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        let other = || Self::Other(error.to_string());
        let known = [(io::ErrorKind::StorageFull, Self::Full), (io::ErrorKind::WouldBlock, Self::Busy)];
        known.into_iter().find(|(kind, _)| *kind == error.kind()).map_or_else(other, |(_, trouble)| trouble)
    }
}
