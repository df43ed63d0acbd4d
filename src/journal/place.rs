//! Place: the folder of the log, and the files in it.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::private_file;

/// Endings of the files that SQLite keeps beside its own: what was written last, and its index. In the order in which they
/// may go: a file that lost them is merely older, but their remains beside another file would spoil that.
const BESIDE: [&str; 2] = ["-wal", "-shm"];

/// How names of files begin that were set aside.
const ASIDE: &str = "log-damaged-";

/// The folder of the log.
#[derive(Clone, Debug)]
pub struct Place {
    dir: PathBuf,
}

/// Which file it is, whatever its name.
pub type Identity = (u64, u64);

impl Place {
    /// The folder `log` below the data folder.
    #[must_use]
    pub fn below(data: &Path) -> Self {
        Self { dir: data.join("log") }
    }

    /// The folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The file.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        self.dir.join("log.sqlite")
    }

    /// A new file that is being made of a damaged one.
    #[must_use]
    pub fn next(&self) -> PathBuf {
        self.dir.join("next.sqlite")
    }

    /// Which file is there now.
    ///
    /// # Errors
    /// What the system says.
    pub fn identity(&self) -> io::Result<Identity> {
        identity(&self.file())
    }

    /// Whether a file is one that was set aside.
    #[must_use]
    pub fn was_set_aside(&self, which: Identity) -> bool {
        let files = fs::read_dir(&self.dir).into_iter().flatten().flatten();
        let mut aside = files.filter(|file| file.file_name().to_string_lossy().starts_with(ASIDE));
        aside.any(|file| identity(&file.path()).is_ok_and(|found| found == which))
    }

    /// Makes folder and file, if they are missing, for nobody else to read.
    ///
    /// # Errors
    /// What the system says.
    pub fn prepare(&self) -> io::Result<()> {
        private_file::directory(&self.dir)?;
        let file = self.file();
        if fs::exists(&file)? {
            return Ok(());
        }
        // Whoever else opens it meanwhile sees one file or the other.
        let _alone = self.door(FlockOperation::NonBlockingLockExclusive)?;
        if fs::exists(&file)? {
            return Ok(());
        }
        // What is left beside a file that somebody took away belongs to no other.
        BESIDE.iter().try_for_each(|ending| gone(&with(&file, ending)))?;
        // One that was made of a damaged one, which was already set aside when the program was killed.
        if fs::exists(self.next())? {
            fs::rename(self.next(), &file)?;
        } else {
            create(&file)?;
        }
        self.sync()
    }

    /// A free name for a file that is set aside.
    ///
    /// # Errors
    /// What the system says.
    pub fn aside(&self, stamp: &str) -> io::Result<PathBuf> {
        let mut aside = self.dir.join(format!("{ASIDE}{stamp}.sqlite"));
        let mut number = 1;
        while fs::exists(&aside)? {
            number += 1;
            aside = self.dir.join(format!("{ASIDE}{stamp}-{number}.sqlite"));
        }
        Ok(aside)
    }

    /// Sets the file aside and puts `next` in its place.
    ///
    /// # Errors
    /// What the system says.
    pub fn replace(&self, aside: &Path) -> io::Result<()> {
        let file = self.file();
        for ending in BESIDE {
            match fs::rename(with(&file, ending), with(aside, ending)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
        fs::rename(&file, aside)?;
        fs::rename(self.next(), &file)?;
        self.sync()
    }

    /// Begins `next` anew.
    ///
    /// # Errors
    /// What the system says.
    pub fn begin_next(&self) -> io::Result<()> {
        let next = self.next();
        BESIDE.iter().try_for_each(|ending| gone(&with(&next, ending)))?;
        gone(&next)?;
        create(&next)
    }

    /// Whoever writes goes through shared, whoever exchanges the file alone. SQLite's own locks are on a file and do not see
    /// that its name belongs to another one now.
    ///
    /// # Errors
    /// `WouldBlock` if that must wait; else what the system says.
    pub fn door(&self, how: FlockOperation) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false).mode(0o600);
        let door = options.open(self.dir.join("lock"))?;
        locked(door, how)
    }

    /// Brings names of files to stable storage.
    fn sync(&self) -> io::Result<()> {
        File::open(&self.dir)?.sync_all()
    }
}

/// A file with a lock on it.
///
/// # Errors
/// `WouldBlock` if another program has it; else what the system says.
pub fn locked(file: File, how: FlockOperation) -> io::Result<File> {
    match flock(&file, how) {
        Ok(()) => Ok(file),
        Err(Errno::WOULDBLOCK) => Err(io::ErrorKind::WouldBlock.into()),
        Err(error) => Err(error.into()),
    }
}

/// Which file `path` is.
///
/// # Errors
/// What the system says.
pub fn identity(path: &Path) -> io::Result<Identity> {
    fs::metadata(path).map(|found| (found.dev(), found.ino()))
}

fn create(path: &Path) -> io::Result<()> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map(drop)
}

fn gone(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn with(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
