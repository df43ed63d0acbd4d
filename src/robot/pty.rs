//! SimRobot on a pseudo-terminal, for CI and for other people's programs.

use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags};
use rustix::io::ioctl_fionread;
use rustix::termios::{QueueSelector, ioctl_tiocnxcl, tcflush};
use tokio_serial::{SerialPort, SerialStream};
use tokio_util::sync::CancellationToken;

use super::live;
use super::sim::SimRobot;

/// Bytes that wait unread before they are thrown away, so that whoever opens the port next hears the
/// robot of now and not of then. A report is 45 bytes.
const UNREAD: u64 = 256;

/// A pseudo-terminal whose other end can be opened like a serial port.
#[derive(Debug)]
pub struct Pty {
    robot_end: SerialStream,
    /// Open, or the robot's end would hear of a hang-up; not the library's own, whose lock would shut
    /// out every program that asks for the port alone.
    host_end: OwnedFd,
    path: PathBuf,
    link: Option<PathBuf>,
}

impl Pty {
    /// Opens a pseudo-terminal, and names it `link` as well if that is given.
    ///
    /// # Errors
    /// If the system has no pseudo-terminal left, or `link` exists and is no symbolic link.
    pub fn open(link: Option<&Path>) -> io::Result<Self> {
        let (robot_end, mut raw) = SerialStream::pair()?;
        raw.set_exclusive(false)?;
        let name = raw.name().ok_or_else(|| io::Error::other("the pseudo-terminal has no name"))?;
        let path = PathBuf::from(name);
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let host_end = rustix::fs::open(&path, flags, Mode::empty())?;
        drop(raw);
        if let Some(link) = link {
            replace_link(&path, link)?;
        }
        Ok(Self { robot_end, host_end, path, link: link.map(Path::to_owned) })
    }

    /// Where other programs open it.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Runs `robot` here until `shutdown`.
    pub async fn run(self, robot: SimRobot, shutdown: CancellationToken) {
        let Self { robot_end, host_end, path, link } = self;
        let drop_unread = |_: &mut SerialStream| {
            if ioctl_fionread(&host_end).unwrap_or(0) > UNREAD {
                // Nobody has the port open, or they are too slow; a real one would lose bytes now.
                // A program that was killed may have left it closed to others.
                let shared = ioctl_tiocnxcl(&host_end);
                let flushed = tcflush(&host_end, QueueSelector::IFlush);
                tracing::trace!(?shared, ?flushed, "nobody reads the simulated robot");
            }
        };
        tokio::select! {
            () = live::run(robot, robot_end, drop_unread) => {},
            () = shutdown.cancelled() => {},
        }
        // Another simulator may have taken the name since.
        if let Some(link) = link.filter(|link| std::fs::read_link(link).is_ok_and(|target| target == path)) {
            drop(std::fs::remove_file(link));
        }
    }
}

/// Points `link` at `target`. Replaces an old link, never anything else.
fn replace_link(target: &Path, link: &Path) -> io::Result<()> {
    match link.symlink_metadata() {
        Ok(found) if found.is_symlink() => std::fs::remove_file(link)?,
        Ok(_) => return Err(io::Error::new(io::ErrorKind::AlreadyExists, "it exists and is no symbolic link")),
        Err(_) => {}
    }
    symlink(target, link)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::robot::body::Build;

    /// Goal: a simulator that ends takes its own name away and nobody else's.
    #[tokio::test]
    async fn a_name_that_someone_else_took_stays() {
        let home = tempfile::tempdir().unwrap();
        let link = home.path().join("robot");
        let ended = CancellationToken::new();
        ended.cancel();
        let (old, new) = (Pty::open(Some(&link)).unwrap(), Pty::open(Some(&link)).unwrap());
        old.run(SimRobot::new(Build::default(), 1), ended.clone()).await;
        assert_eq!(std::fs::read_link(&link).unwrap(), new.path());
        new.run(SimRobot::new(Build::default(), 2), ended).await;
        assert!(link.symlink_metadata().is_err());
    }
}
