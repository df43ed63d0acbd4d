//! Wire: an open terminal's bytes, read when there are some, and written at once.
//!
//! A terminal that is watched for room to write, too, wakes its reader twice for each frame that leaves: the kernel tells of
//! room whenever there is some again. So room is waited for only after the terminal had none.

use std::io;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use rustix::io::Errno;
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};

/// A terminal that never makes its caller wait.
#[derive(Debug)]
pub struct Wire {
    bytes: AsyncFd<OwnedFd>,
    /// The same terminal, watched for room; only while it has none.
    room: Option<AsyncFd<OwnedFd>>,
}

impl Wire {
    /// A wire over an open terminal, whose reads and writes must not block.
    ///
    /// # Errors
    /// If the system cannot watch it.
    pub fn new(terminal: OwnedFd) -> io::Result<Self> {
        Ok(Self { bytes: watch(terminal, Interest::READABLE)?, room: None })
    }

    /// Waits until there may be room. The first watch tells at once if there is.
    fn poll_room(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.room.is_none() {
            // One descriptor cannot be watched twice.
            let again = self.bytes.get_ref().try_clone()?;
            self.room = Some(watch(again, Interest::WRITABLE)?);
        }
        if let Some(room) = &self.room {
            ready!(room.poll_write_ready(context))?.clear_ready();
        }
        Poll::Ready(Ok(()))
    }
}

#[expect(deprecated, reason = "unsound only for what does not own its descriptor; the other way is an unsafe one")]
fn watch(terminal: OwnedFd, interest: Interest) -> io::Result<AsyncFd<OwnedFd>> {
    AsyncFd::with_interest(terminal, interest)
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            let mut guard = ready!(self.bytes.poll_read_ready(context))?;
            let read = guard.try_io(|bytes| Ok(rustix::io::read(bytes.get_ref(), buffer.initialize_unfilled())?));
            match read {
                Ok(Ok(len)) => {
                    buffer.advance(len);
                    return Poll::Ready(Ok(()));
                }
                Ok(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(Err(error)) => return Poll::Ready(Err(error)),
                Err(_would_block) => {}
            }
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        loop {
            match rustix::io::write(self.bytes.get_ref(), bytes) {
                Ok(taken) => {
                    self.room = None;
                    return Poll::Ready(Ok(taken));
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => ready!(self.poll_room(context))?,
                Err(error) => return Poll::Ready(Err(error.into())),
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::future::poll_fn;
    use std::os::fd::AsRawFd;
    use std::time::Duration;

    use rustix::fs::{Mode, OFlags};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::time::timeout;
    use tokio_serial::{SerialPort, SerialStream};

    use super::*;

    /// A wire, and the robot's end of it.
    fn pair() -> (Wire, SerialStream) {
        let (robot, mut ours) = SerialStream::pair().unwrap();
        ours.set_exclusive(false).unwrap();
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let terminal = rustix::fs::open(ours.name().unwrap(), flags, Mode::empty()).unwrap();
        (Wire::new(terminal).unwrap(), robot)
    }

    /// What the system was asked to tell of `terminal`, as bits of `EPOLLIN` and the like.
    fn watched(terminal: &impl AsRawFd) -> Vec<u32> {
        let told = fs::read_dir("/proc/self/fdinfo").unwrap().flatten();
        let told = told.filter_map(|file| fs::read_to_string(file.path()).ok()).collect::<String>();
        let lines = told.lines().map(|line| line.split_ascii_whitespace().collect::<Vec<_>>());
        let ours = terminal.as_raw_fd().to_string();
        let events = lines.filter_map(|line| match line[..] {
            ["tfd:", fd, "events:", events, ..] if fd == ours => u32::from_str_radix(events, 16).ok(),
            _ => None,
        });
        events.collect()
    }

    /// Goal: a frame that leaves wakes nobody: while there is room, the system is asked to tell of bytes alone.
    #[tokio::test]
    async fn room_that_is_there_is_not_watched() {
        const BYTES: u32 = 1;
        const ROOM: u32 = 4;
        let (mut wire, mut robot) = pair();
        poll_fn(|context| Pin::new(&mut wire).poll_write(context, &[7; 27])).await.unwrap();
        robot.read_exact(&mut [0; 27]).await.unwrap();
        let watched = watched(&wire.bytes);
        assert!(watched.iter().all(|events| events & (BYTES | ROOM) == BYTES) && !watched.is_empty(), "{watched:x?}");
        robot.write_all(b"!").await.unwrap();
        let mut read = [0; 8];
        assert_eq!((wire.read(&mut read).await.unwrap(), read[0]), (1, b'!'));
    }

    /// Goal: row 18, a full terminal takes the rest as soon as it has room, every time anew.
    #[tokio::test]
    async fn room_is_waited_for_whenever_there_is_none() {
        let (mut wire, mut robot) = pair();
        for _ in 0..3 {
            let mut full = 0;
            let mut take = |context: &mut Context<'_>| match Pin::new(&mut wire).poll_write(context, &[7; 512]) {
                Poll::Ready(taken) => {
                    full += taken.unwrap();
                    Poll::Ready(true)
                }
                Poll::Pending => Poll::Ready(false),
            };
            while poll_fn(&mut take).await {}
            assert!(full > 0);
            let read = async {
                let mut all = Vec::new();
                while all.last() != Some(&8) {
                    robot.read_buf(&mut all).await.unwrap();
                }
                all.len()
            };
            let write = poll_fn(|context| Pin::new(&mut wire).poll_write(context, &[8; 1]));
            let (last, carried) = timeout(Duration::from_secs(10), async { tokio::join!(write, read) }).await.unwrap();
            assert_eq!((last.unwrap(), carried), (1, full + 1));
        }
    }
}
