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
