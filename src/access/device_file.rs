//! Let-in devices on disk: read at the start, written by a thread of their own.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::mpsc;
use std::thread;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use super::device::Devices;
use crate::private_file;

const VERSION: u32 = 1;

/// What the file holds.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    version: u32,
    list: Devices,
}

/// The file and the thread that writes it.
#[derive(Debug)]
pub struct DeviceFile {
    jobs: mpsc::Sender<Job>,
    /// Held as long as this is: two programs with a list each would undo what the other does.
    _lock: File,
}

#[derive(Debug)]
struct Job {
    text: Vec<u8>,
    done: oneshot::Sender<io::Result<()>>,
}

impl DeviceFile {
    /// Opens `devices.json` in `dir`, which is made and closed to others. A damaged file, or one that others could
    /// have written, lets nobody in: it is set aside, and the log says so.
    ///
    /// # Errors
    /// `WouldBlock` if another program has it open. Else if the folder cannot be made or the file cannot be read or set
    /// aside.
    pub fn open(dir: &Path) -> io::Result<(Self, Devices)> {
        private_file::directory(dir)?;
        let lock = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(dir.join("lock"))?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive).map_err(|error| match error {
            Errno::WOULDBLOCK => io::Error::new(io::ErrorKind::WouldBlock, "another joywire has it open"),
            error => error.into(),
        })?;
        let path = dir.join("devices.json");
        let devices = match load(&path) {
            Ok(devices) => devices,
            Err(Unfit::Unreadable(error)) if error.kind() == io::ErrorKind::NotFound => Devices::default(),
            Err(Unfit::Unreadable(error)) => return Err(error),
            Err(unfit) => {
                let aside = path.with_extension("damaged");
                fs::rename(&path, &aside)?;
                tracing::error!(%unfit, aside = %aside.display(), "no device is let in: their list was set aside; pair them again");
                Devices::default()
            }
        };
        let (jobs, queue) = mpsc::channel();
        thread::Builder::new().name("devices".into()).spawn(move || keep(&path, &queue))?;
        Ok((Self { jobs, _lock: lock }, devices))
    }

    /// Writes the list, in the order of the calls. The answer comes when it is on stable storage.
    pub fn save(&self, devices: &Devices) -> oneshot::Receiver<io::Result<()>> {
        let (done, saved) = oneshot::channel();
        let kept = Kept { version: VERSION, list: devices.clone() };
        match serde_json::to_vec_pretty(&kept) {
            // Were the thread gone, `done` would be dropped with the job and the caller be told.
            Ok(text) => drop(self.jobs.send(Job { text, done })),
            Err(error) => drop(done.send(Err(error.into()))),
        }
        saved
    }
}

fn keep(path: &Path, queue: &mpsc::Receiver<Job>) {
    for job in queue {
        // Whoever asked may have left since.
        drop(job.done.send(private_file::replace(path, &job.text)));
    }
}

/// Why a list is not used.
#[derive(Debug, thiserror::Error)]
enum Unfit {
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    #[error("others could have written it (mode {0:o})")]
    Exposed(u32),
    #[error("it is damaged: {0}")]
    Damaged(#[from] serde_json::Error),
    #[error("it is of version {0}, which this program does not know")]
    Foreign(u32),
}

fn load(path: &Path) -> Result<Devices, Unfit> {
    if let Some(mode) = private_file::exposed(path)?.filter(|mode| mode & 0o022 != 0) {
        return Err(Unfit::Exposed(mode));
    }
    let kept: Kept = serde_json::from_slice(&fs::read(path)?)?;
    if kept.version == VERSION { Ok(kept.list) } else { Err(Unfit::Foreign(kept.version)) }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::access::device::Token;
    use crate::protocol::events::Role;

    fn saved(dir: &Path) -> Devices {
        let (file, mut devices) = DeviceFile::open(dir).unwrap();
        devices.add(5, "phone".into(), Role::Driver, &Token::new([1; 32]));
        file.save(&devices).blocking_recv().unwrap().unwrap();
        devices
    }

    fn replace(path: &Path, from: &str, to: &str) {
        let text = fs::read_to_string(path).unwrap();
        assert!(text.contains(from), "{text}");
        fs::write(path, text.replace(from, to)).unwrap();
    }

    /// Goal: a paired device stays paired over a restart, and nobody else reads the list.
    #[test]
    fn devices_survive_a_restart() {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("access");
        let devices = saved(&dir);
        let (file, kept) = DeviceFile::open(&dir).unwrap();
        assert_eq!(kept, devices);
        // While one program has it, no other changes it behind its back.
        assert_eq!(DeviceFile::open(&dir).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        drop(file);
        assert_eq!(private_file::exposed(&dir.join("devices.json")).unwrap(), None);
        assert!(!fs::read_to_string(dir.join("devices.json")).unwrap().contains(&Token::new([1; 32]).text()));
    }

    /// Goal: a list that may have been tampered with lets nobody in, and is kept for a look at it.
    #[test]
    fn doubtful_list_lets_nobody_in() {
        type Spoil = fn(&Path);
        let spoils: [Spoil; 4] = [
            |path| fs::write(path, "{").unwrap(),
            |path| replace(path, "\"version\": 1", "\"version\": 2"),
            |path| replace(path, "\"next\"", "\"other\""),
            |path| fs::set_permissions(path, fs::Permissions::from_mode(0o666)).unwrap(),
        ];
        for (number, spoil) in spoils.into_iter().enumerate() {
            let home = tempfile::tempdir().unwrap();
            saved(home.path());
            spoil(&home.path().join("devices.json"));
            assert!(DeviceFile::open(home.path()).unwrap().1.all().is_empty(), "spoilt in way {number}");
            assert!(home.path().join("devices.damaged").exists(), "spoilt in way {number}");
        }
    }
}
