//! SimRobot on a pseudo-terminal, for CI and for other people's programs.

use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use tokio_serial::{ClearBuffer, SerialPort, SerialStream};
use tokio_util::sync::CancellationToken;

use super::live;
use super::sim::SimRobot;

/// Bytes that wait unread before they are thrown away, so that whoever opens the port next hears the
/// robot of now and not of then. A report is 45 bytes.
const UNREAD: u32 = 256;

/// A pseudo-terminal whose other end can be opened like a serial port.
#[derive(Debug)]
pub struct Pty {
    robot_end: SerialStream,
    host_end: SerialStream,
    path: PathBuf,
    link: Option<PathBuf>,
}

impl Pty {
    /// Opens a pseudo-terminal, and names it `link` as well if that is given.
    ///
    /// # Errors
    /// If the system has no pseudo-terminal left, or `link` exists and is no symbolic link.
    pub fn open(link: Option<&Path>) -> io::Result<Self> {
        let (robot_end, mut host_end) = SerialStream::pair()?;
        host_end.set_exclusive(false)?;
        let name = host_end.name().ok_or_else(|| io::Error::other("the pseudo-terminal has no name"))?;
        let path = PathBuf::from(name);
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
        let Self { robot_end, host_end, link, .. } = self;
        let drop_unread = |_: &mut SerialStream| {
            if host_end.bytes_to_read().unwrap_or(0) > UNREAD {
                // Nobody has the port open, or they are too slow; a real one would lose bytes now.
                drop(host_end.clear(ClearBuffer::Input));
            }
        };
        tokio::select! {
            () = live::run(robot, robot_end, drop_unread) => {},
            () = shutdown.cancelled() => {},
        }
        if let Some(link) = link {
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
