//! A stream that gives up when its peer stops reading, or when it is cut: a write that waits too long ends the
//! connection, and so does whoever throws its device out.
//!
//! A peer that never reads fills the kernel's buffers, and then a writer waits for ever, in a place
//! where nothing else is looked at: not the heartbeat, not a cancellation. Only the stream itself can
//! end that.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::limits::bucket::{Bucket, Rate};

/// What a stream is held to.
#[derive(Clone, Debug)]
pub(super) struct Bounds {
    /// For a write without any progress.
    pub(super) write: Duration,
    /// Bytes that are read a second, and at once. The rest waits at its sender.
    pub(super) pace: Rate,
    /// Cancelled, it ends the stream.
    pub(super) line: CancellationToken,
    /// Set once it has shown that it is an agent, which reports of several robots.
    pub(super) wide: Wide,
}

/// Whether a stream may bring more than people's.
#[derive(Clone, Debug, Default)]
pub(super) struct Wide(Arc<AtomicBool>);

impl Wide {
    /// From now on it may.
    pub(super) fn open(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// What an agent's stream may bring: reports of 16 robots, and twice that.
const AGENT: Rate = Rate::new(1024.0 * 1024.0, 2.0 * 1024.0 * 1024.0);

/// A stream whose writes make progress within a limit or fail, together with whatever must be let go
/// of when the connection ends.
#[derive(Debug)]
pub(super) struct Deadline<S, G> {
    stream: S,
    limit: Duration,
    waiting: Option<Pin<Box<Sleep>>>,
    expired: bool,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
    pace: Bucket,
    wide: Option<Wide>,
    pause: Option<Pin<Box<Sleep>>>,
    reader: Option<Waker>,
    _held: G,
}

impl<S, G> Deadline<S, G> {
    /// Wraps `stream`. `held` is dropped with it.
    pub(super) fn new(stream: S, bounds: Bounds, held: G) -> Self {
        let Bounds { write, pace, line, wide } = bounds;
        let (cut, pace) = (Box::pin(line.cancelled_owned()), Bucket::new(pace, Instant::now()));
        let (waiting, pause, reader) = (None, None, None);
        Self { stream, limit: write, waiting, expired: false, cut, pace, wide: Some(wide), pause, reader, _held: held }
    }

    /// Passes on what a write said, and fails it if it has waited for the whole limit.
    fn bounded<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.waiting = None;
            return written;
        }
        let limit = self.limit;
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep(limit)));
        if waiting.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        self.expired = true;
        // Whoever reads must learn it too, or the session would live on until its heartbeat fails.
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
        Poll::Ready(Err(expiry()))
    }
}

fn expiry() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "the peer does not read")
}

impl<S: AsyncRead + Unpin, G: Unpin> AsyncRead for Deadline<S, G> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.expired {
            return Poll::Ready(Err(expiry()));
        }
        // Whoever serves a connection always waits for its next bytes, so this is where a cut is noticed.
        if this.cut.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        if let Some(pause) = this.pause.as_mut() {
            if pause.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            this.pause = None;
        }
        let before = buf.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(cx, buf);
        if read.is_pending() && !this.reader.as_ref().is_some_and(|reader| reader.will_wake(cx.waker())) {
            this.reader = Some(cx.waker().clone());
        }
        if let Some(wide) = this.wide.take_if(|wide| wide.0.load(Ordering::Relaxed)) {
            drop(wide);
            this.pace = Bucket::new(AGENT, Instant::now());
        }
        let pause = this.pace.spend(buf.filled().len() - before, Instant::now());
        if !pause.is_zero() {
            this.pause = Some(Box::pin(sleep(pause)));
        }
        read
    }
}

impl<S: AsyncWrite + Unpin, G: Unpin> AsyncWrite for Deadline<S, G> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.expired {
            return Poll::Ready(Err(expiry()));
        }
        let written = Pin::new(&mut this.stream).poll_write(cx, buf);
        this.bounded(cx, written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.expired {
            return Poll::Ready(Err(expiry()));
        }
        let written = Pin::new(&mut this.stream).poll_write_vectored(cx, bufs);
        this.bounded(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.expired {
            return Poll::Ready(Err(expiry()));
        }
        // Flushing a socket says nothing about its peer, so it neither starts nor ends a wait.
        Pin::new(&mut this.stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex, split};

    use super::*;

    const LIMIT: Duration = Duration::from_secs(3);

    fn bounds(line: CancellationToken) -> Bounds {
        Bounds { write: LIMIT, pace: Rate::new(10_000.0, 20_000.0), line, wide: Wide::default() }
    }

    /// Goal: a peer that never reads costs three seconds, not for ever.
    #[tokio::test(start_paused = true)]
    async fn a_peer_that_never_reads_fails_the_write() {
        let (ours, _theirs) = duplex(1000);
        let mut stream = Deadline::new(ours, bounds(CancellationToken::new()), ());
        let start = Instant::now();
        let error = stream.write_all(&[0; 5000]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(start.elapsed().as_secs(), 3);
        assert!(stream.write_all(b"more").await.is_err(), "an expired stream came back to life");
    }

    /// Goal: the half that reads ends with the half that writes.
    #[tokio::test(start_paused = true)]
    async fn a_waiting_reader_is_told() {
        let (ours, _theirs) = duplex(1000);
        let (mut reader, mut writer) = split(Deadline::new(ours, bounds(CancellationToken::new()), ()));
        let reading = tokio::spawn(async move { reader.read_u8().await.unwrap_err().kind() });
        tokio::task::yield_now().await;
        assert!(writer.write_all(&[0; 5000]).await.is_err());
        assert_eq!(reading.await.unwrap(), io::ErrorKind::TimedOut);
    }

    /// Goal: whoever sends without end is read at a pace, whatever it is that they send.
    #[tokio::test(start_paused = true)]
    async fn an_endless_sender_is_read_at_a_pace() {
        let (ours, mut theirs) = duplex(1000);
        let mut stream = Deadline::new(ours, bounds(CancellationToken::new()), ());
        let start = Instant::now();
        tokio::spawn(async move { theirs.write_all(&vec![0; 120_000]).await });
        let mut taken = 0;
        while taken < 120_000 {
            taken += stream.read(&mut [0; 4096]).await.unwrap();
        }
        let seconds = start.elapsed().as_secs_f64();
        assert!((9.8..10.2).contains(&seconds), "{seconds}");
    }

    /// Goal: a device that was thrown out is not listened to any more.
    #[tokio::test]
    async fn a_cut_line_is_not_read_from() {
        let (ours, mut theirs) = duplex(1000);
        let line = CancellationToken::new();
        let mut stream = Deadline::new(ours, bounds(line.clone()), ());
        let reading = tokio::spawn(async move {
            assert_eq!(stream.read_u8().await.unwrap(), 1);
            stream.read_u8().await.unwrap_err().kind()
        });
        theirs.write_all(&[1]).await.unwrap();
        tokio::task::yield_now().await;
        line.cancel();
        theirs.write_all(&[2]).await.ok();
        assert_eq!(reading.await.unwrap(), io::ErrorKind::ConnectionAborted);
    }

    /// Goal: slow is not dead: only a wait without any progress counts.
    #[tokio::test(start_paused = true)]
    async fn a_slow_peer_is_kept() {
        let (ours, mut theirs) = duplex(1000);
        let mut stream = Deadline::new(ours, bounds(CancellationToken::new()), ());
        let reading = tokio::spawn(async move {
            let mut taken = 0;
            while taken < 5000 {
                tokio::time::sleep(Duration::from_millis(2900)).await;
                taken += theirs.read(&mut [0; 500]).await.unwrap();
            }
        });
        stream.write_all(&[0; 5000]).await.unwrap();
        drop(stream);
        reading.await.unwrap();
    }

    /// Goal: what is held goes when the connection goes, or connections would be counted for ever.
    #[tokio::test]
    async fn what_is_held_is_let_go_of() {
        let held = Arc::new(());
        let stream = Deadline::new(duplex(1).0, bounds(CancellationToken::new()), held.clone());
        assert_eq!(Arc::strong_count(&held), 2);
        drop(stream);
        assert_eq!(Arc::strong_count(&held), 1);
    }
}
