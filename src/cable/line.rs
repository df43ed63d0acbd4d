//! One open line to a robot: at most one frame waits for it, and none that has grown old.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};

use crate::clock::Clock;
use crate::time::Time;

/// Bits on the line for a byte: start, eight, stop.
const BITS_PER_BYTE: u64 = 10;
/// A frame is sent only if what the system still holds leaves within this. Forgetting what was written cannot
/// be relied on: the drivers of USB serial adapters know no way to.
const MAY_WAIT: Duration = Duration::from_millis(60);
/// A frame may be sent so long before the line is free: timers wake us by whole milliseconds, and the line would stand
/// idle meanwhile. So much of an older frame is no queue.
const EARLY: Duration = Duration::from_millis(1);
/// No robot obeys a frame that waited this long.
const STALE: Duration = Duration::from_millis(230);

/// A line's bytes.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {
    /// Throws away what the system still holds of what was written, if its driver can.
    fn forget_written(&self);
    /// Bytes that the system still holds of what was written, as far as it knows: some drivers count in
    /// whole buffers.
    fn waiting(&self) -> u64;
}

impl Stream for DuplexStream {
    fn forget_written(&self) {}

    fn waiting(&self) -> u64 {
        0
    }
}

/// An open line.
pub struct Line {
    stream: Box<dyn Stream>,
    baud: u32,
    clock: Clock,
    /// What the line has not taken yet of the last frames.
    outgoing: Vec<u8>,
    /// Since when it takes nothing, if it does not.
    stuck: Option<Time>,
    /// Since when the system holds more than the line carries in time, or when that was last thrown away.
    behind: Option<Time>,
    /// When the line will have carried what it took.
    free_at: Time,
    /// Bytes that were thrown away because the line was stuck or slow.
    dropped: u64,
}

impl Line {
    /// A line of `baud` bits a second.
    pub fn new(stream: Box<dyn Stream>, baud: u32, clock: Clock) -> Self {
        Self { stream, baud, clock, outgoing: Vec::new(), stuck: None, behind: None, free_at: Time::ZERO, dropped: 0 }
    }

    /// Waits for bytes; 0 is the end of the line. Safe to cancel.
    ///
    /// # Errors
    /// If the line broke, which may show at writing, too.
    pub async fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        poll_fn(|context| {
            // A line that was full takes the rest of a frame as soon as it can.
            if let Poll::Ready(Err(error)) = self.push(context) {
                return Poll::Ready(Err(error));
            }
            let mut buffer = ReadBuf::new(bytes);
            Pin::new(&mut *self.stream).poll_read(context, &mut buffer).map_ok(|()| buffer.filled().len())
        })
        .await
    }

    /// When the line will have carried what it took; `None` while it has not taken all of it.
    pub fn free_at(&self) -> Option<Time> {
        self.outgoing.is_empty().then_some(self.free_at)
    }

    /// When another frame may be sent, which then waits a millisecond at most behind an older one; `None` while the line
    /// has not taken all of that.
    pub fn ready_at(&self) -> Option<Time> {
        self.free_at().map(|free_at| Time::after(free_at.elapsed().saturating_sub(EARLY)))
    }

    /// Whether a frame that is sent now does not have to wait long.
    ///
    /// Boards with USB of their own (cdc-acm) count the frame on its way as a whole buffer, which at 115200
    /// baud looks too much; it has left a millisecond or two later.
    pub fn has_room(&self) -> bool {
        self.outgoing.is_empty() && self.carrying(self.stream.waiting()) <= MAY_WAIT
    }

    /// Writes at once what the line takes; the caller's buffer is empty afterwards.
    ///
    /// Frames that come while older ones wait are dropped: they would be stale when they arrive.
    pub fn send(&mut self, frames: &mut Vec<u8>) {
        if frames.is_empty() {
            return;
        }
        if !self.outgoing.is_empty() || !self.catches_up() {
            self.dropped += frames.len() as u64;
            frames.clear();
            return;
        }
        self.free_at = self.free_at.max(self.clock.now()) + self.carrying(frames.len() as u64);
        std::mem::swap(&mut self.outgoing, frames);
        frames.clear();
        // What is left is picked up, and an error seen, by `read`.
        drop(self.push(&mut Context::from_waker(Waker::noop())));
    }

    /// Whether the line has room. If it had none for long, what the system holds is thrown away where that
    /// works: all of it is too old.
    fn catches_up(&mut self) -> bool {
        if self.has_room() {
            self.behind = None;
            return true;
        }
        let now = self.clock.now();
        if now.since(*self.behind.get_or_insert(now)) > STALE {
            let waiting = self.stream.waiting();
            self.stream.forget_written();
            self.dropped += waiting.saturating_sub(self.stream.waiting());
            self.behind = Some(now);
            return self.has_room();
        }
        false
    }

    /// Waits until the line has taken everything, or is broken.
    pub async fn drained(&mut self) {
        let pushed = poll_fn(|context| self.push(context)).await;
        tracing::trace!(?pushed, "last frames written");
    }

    /// Throws away what the line has not carried yet, so that closing it does not wait.
    pub fn forget_written(&mut self) {
        self.dropped += self.outgoing.len() as u64;
        self.outgoing.clear();
        self.stuck = None;
        self.stream.forget_written();
    }

    /// Bytes thrown away because the line was stuck.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// How long the line carries so many bytes.
    fn carrying(&self, bytes: u64) -> Duration {
        Duration::from_nanos(bytes * BITS_PER_BYTE * 1_000_000_000 / u64::from(self.baud.max(1)))
    }

    /// Writes what the stream takes.
    fn push(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.outgoing.is_empty() {
            match Pin::new(&mut *self.stream).poll_write(context, &self.outgoing) {
                Poll::Ready(Ok(taken)) if taken > 0 => {
                    self.outgoing.drain(..taken);
                    let now = self.clock.now();
                    if self.stuck.is_some_and(|since| now.since(since) > STALE) {
                        // It moves again, and whatever waited is too old: only what comes now counts. The
                        // robot has stopped by itself; a frame cut off here is one damaged frame to it.
                        self.forget_written();
                    }
                }
                Poll::Ready(Ok(_)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    self.stuck.get_or_insert(self.clock.now());
                    return Poll::Pending;
                }
            }
        }
        self.stuck = None;
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    /// A system's queue that a test fills, empties and looks into.
    #[derive(Clone, Default)]
    struct Queue(Arc<Mutex<Inside>>);

    #[derive(Default)]
    struct Inside {
        content: Vec<u8>,
        /// Bytes that it takes yet.
        room: usize,
        /// Forgetting does nothing.
        deaf: bool,
        /// Counts in buffers of this size.
        buffer: usize,
    }

    impl Queue {
        fn room(&self, bytes: usize) {
            self.0.lock().unwrap().room = bytes;
        }

        fn content(&self) -> Vec<u8> {
            self.0.lock().unwrap().content.clone()
        }

        /// The line carries so much.
        fn carry(&self, bytes: usize) -> usize {
            let content = &mut self.0.lock().unwrap().content;
            let carried = bytes.min(content.len());
            content.drain(..carried);
            carried
        }
    }

    impl Stream for Queue {
        fn forget_written(&self) {
            let inside = &mut *self.0.lock().unwrap();
            if !inside.deaf {
                inside.content.clear();
            }
        }

        fn waiting(&self) -> u64 {
            let inside = self.0.lock().unwrap();
            inside.content.len().next_multiple_of(inside.buffer.max(1)) as u64
        }
    }

    impl AsyncRead for Queue {
        fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            Poll::Pending
        }
    }

    impl AsyncWrite for Queue {
        fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
            let inside = &mut *self.0.lock().unwrap();
            let taken = bytes.len().min(inside.room);
            inside.content.extend_from_slice(&bytes[..taken]);
            inside.room -= taken;
            if taken > 0 { Poll::Ready(Ok(taken)) } else { Poll::Pending }
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    fn line() -> (Line, Queue) {
        let queue = Queue::default();
        (Line::new(Box::new(queue.clone()), 115_200, Clock::start()), queue)
    }

    fn look(line: &mut Line) {
        drop(line.push(&mut Context::from_waker(Waker::noop())));
    }

    /// Goal: a frame may go a millisecond before the line is free, and no queue grows of that, however many do.
    #[tokio::test(start_paused = true)]
    async fn a_frame_is_early_by_a_millisecond_and_never_by_more() {
        let (mut line, queue) = line();
        queue.room(usize::MAX);
        // 27 bytes are 2.34 ms.
        for _ in 0..100 {
            tokio::time::advance(line.ready_at().unwrap().since(line.clock.now())).await;
            line.send(&mut [7; 27].to_vec());
            assert!(line.free_at().unwrap().since(line.clock.now()) <= EARLY + Duration::from_micros(2344));
            queue.carry(usize::MAX);
        }
        // What a hundred frames need, the first millisecond apart.
        let took = line.clock.now().elapsed();
        assert!((Duration::from_millis(229)..=Duration::from_millis(232)).contains(&took), "{took:?}");
    }

    /// Goal: row 18, a short hitch finishes the frame that it cut; what came meanwhile is gone and counted.
    #[tokio::test(start_paused = true)]
    async fn short_hitch_finishes_its_frame() {
        let (mut line, queue) = line();
        queue.room(2);
        line.send(&mut b"old!".to_vec());
        assert_eq!(line.free_at(), None);
        line.send(&mut b"newer".to_vec());
        tokio::time::advance(Duration::from_millis(100)).await;
        queue.room(100);
        look(&mut line);
        assert_eq!((queue.content(), line.dropped()), (b"old!".to_vec(), 5));
        assert!(line.free_at().is_some());
    }

    /// Goal: row 18, a line that was stuck for long carries nothing old when it moves again.
    #[tokio::test(start_paused = true)]
    async fn long_standstill_leaves_nothing_old() {
        let (mut line, queue) = line();
        queue.room(2);
        line.send(&mut b"old!".to_vec());
        tokio::time::advance(Duration::from_millis(231)).await;
        queue.room(1);
        look(&mut line);
        assert_eq!((queue.content(), line.dropped()), (Vec::new(), 1));
        queue.room(100);
        line.send(&mut b"fresh".to_vec());
        assert_eq!(queue.content(), b"fresh");
    }

    /// Goal: row 18, a line that is slower than it should be never has more waiting than it should carry in
    /// 60 ms and the frame after that, whether or not the system forgets; what did not fit is counted.
    #[tokio::test(start_paused = true)]
    async fn slow_line_never_gets_far_behind() {
        for deaf in [false, true] {
            let (mut line, queue) = line();
            *queue.0.lock().unwrap() = Inside { room: usize::MAX, deaf, ..Inside::default() };
            let (mut sent, mut carried) = (0, 0);
            for _ in 0..500 {
                tokio::time::advance(Duration::from_millis(20)).await;
                carried += queue.carry(10);
                line.send(&mut [7; 27].to_vec());
                sent += 27;
                // 60 ms are 691 bytes.
                assert!(queue.content().len() <= 691 + 27, "{} bytes wait", queue.content().len());
            }
            assert_eq!(sent, carried + queue.content().len() + usize::try_from(line.dropped()).unwrap());
            assert!(line.dropped() > 1000 && carried > 1000, "{carried} carried, {} dropped", line.dropped());
        }
    }

    /// Goal: row 18, a line that carries nothing takes 60 ms of frames at most, although the system forgets
    /// nothing; when it moves again the next frame goes out.
    #[tokio::test(start_paused = true)]
    async fn stuck_line_that_forgets_nothing_holds_little() {
        let (mut line, queue) = line();
        *queue.0.lock().unwrap() = Inside { room: usize::MAX, deaf: true, ..Inside::default() };
        for _ in 0..500 {
            tokio::time::advance(Duration::from_millis(20)).await;
            line.send(&mut [7; 27].to_vec());
        }
        let held = queue.content().len();
        assert!(held <= 691 + 27, "{held} bytes wait");
        assert_eq!(line.dropped(), 500 * 27 - held as u64);
        queue.carry(usize::MAX);
        tokio::time::advance(Duration::from_millis(20)).await;
        line.send(&mut b"fresh".to_vec());
        assert_eq!(queue.content(), b"fresh");
    }

    /// Goal: row 18, where the system does forget, a line that was stuck is emptied after 230 ms, again and
    /// again, and carries what is young.
    #[tokio::test(start_paused = true)]
    async fn stuck_line_is_emptied() {
        let (mut line, queue) = line();
        queue.room(usize::MAX);
        queue.0.lock().unwrap().content = vec![1; 4000];
        for _ in 0..13 {
            line.send(&mut b"new".to_vec());
            tokio::time::advance(Duration::from_millis(20)).await;
        }
        assert_eq!(queue.content(), b"new");
        assert_eq!(line.dropped(), 4000 + 12 * 3);
    }

    /// Goal: a driver that counts whole buffers starves nobody: its frame is gone before the next step.
    #[tokio::test(start_paused = true)]
    async fn whole_buffers_starve_nobody() {
        let (mut line, queue) = line();
        *queue.0.lock().unwrap() = Inside { room: usize::MAX, deaf: true, buffer: 1280, ..Inside::default() };
        let mut carried = 0;
        for _ in 0..100 {
            line.send(&mut [7; 27].to_vec());
            assert!(!line.has_room(), "a buffer of 1280 bytes looks like 111 ms");
            tokio::time::advance(Duration::from_millis(2)).await;
            // One that comes too early is dropped, and the next goes out.
            line.send(&mut [8; 27].to_vec());
            carried += queue.carry(usize::MAX);
            tokio::time::advance(Duration::from_millis(18)).await;
        }
        assert_eq!((carried, line.dropped()), (2700, 2700));
    }
}
