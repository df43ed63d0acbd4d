//! ASYNC. One connection: its owner reads and writes by waiting for what comes next.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::{Sink, Stream, StreamExt};
use serde_json::Value;
use tokio::time::{Sleep, sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::{Error as WebSocketError, Message};

use super::dial::{self, Dial, Secure};
use super::error::{ConnectError, Lost};
use super::outbox::{Counts, Outbox};
use super::packet::{self, Incoming};
use super::session::{Over, Session, Step};
use crate::clock::Clock;
use crate::time::Time;

/// From the first packet of TCP to being let in.
const CONNECT: Duration = Duration::from_secs(10);
/// A relay that takes nothing for so long counts as gone.
const STALL: Duration = Duration::from_secs(3);
/// For leaving.
const FAREWELL: Duration = Duration::from_secs(1);
/// Longer packets are not sent, bytes; a relay may set a lower bound.
const PACKET: usize = 256 * 1024;

/// A connection to a relay.
///
/// It has no task of its own: everything happens inside [`Client::next`], which is to be waited for all the time. What
/// is to be sent waits in a bounded queue, or in slots in which a newer value replaces an older one, until the system
/// takes it; at most one packet waits behind them.
#[derive(Debug)]
pub struct Client {
    socket: WebSocketStream<Secure>,
    clock: Clock,
    session: Session,
    outbox: Outbox,
    /// Whether the system has not taken all of the last packet.
    flushing: bool,
    /// What it had taken when that was looked at, and since when it has taken no more.
    progress: (u64, Time),
    timer: Pin<Box<Sleep>>,
    asked: u64,
    lost: Option<Lost>,
}

/// What a server says that matters here.
enum Said {
    Opened,
    Incoming(Incoming),
}

impl Client {
    /// Connects within 10 s: to every address of the computer in turn, over TLS, until Socket.IO has let us in.
    ///
    /// # Errors
    /// [`ConnectError`], with a sentence for the person who gave the address.
    pub async fn connect(dial: &Dial) -> Result<Self, ConnectError> {
        let late = || ConnectError::Late { address: dial.address.clone() };
        // Boxed, as TLS and its buffers make it large.
        timeout(CONNECT, Box::pin(Self::enter(dial))).await.unwrap_or_else(|_| Err(late()))
    }

    async fn enter(dial: &Dial) -> Result<Self, ConnectError> {
        let socket = dial::web_socket(dial).await?;
        let clock = Clock::start();
        let now = clock.now();
        let mut client = Self {
            socket,
            clock,
            session: Session::new(now, CONNECT, &dial.auth),
            outbox: Outbox::new(PACKET),
            flushing: false,
            progress: (0, now),
            timer: Box::pin(sleep_until(clock.instant(now))),
            asked: 0,
            lost: None,
        };
        loop {
            let address = dial.address.clone();
            match poll_fn(|cx| client.poll_said(cx)).await {
                Ok(Said::Opened) => {
                    client.outbox.bound(client.session.most());
                    return Ok(client);
                }
                Ok(Said::Incoming(_)) => {}
                Err(Lost::Refused(why)) => return Err(ConnectError::Denied { address, why }),
                Err(lost) => return Err(ConnectError::Ended { address, lost }),
            }
        }
    }

    /// What the relay says next. Meanwhile everything that waits is sent and heartbeats are answered.
    ///
    /// It may be dropped while it waits: nothing is lost by that.
    ///
    /// # Errors
    /// [`Lost`] once the connection has ended, and from then on.
    pub async fn next(&mut self) -> Result<Incoming, Lost> {
        loop {
            match poll_fn(|cx| self.poll_said(cx)).await? {
                Said::Incoming(incoming) => return Ok(incoming),
                Said::Opened => {}
            }
        }
    }

    /// Sends an event after those that wait; `false` if too many do, or it is too large: then it is dropped and counted.
    pub fn emit(&mut self, event: &str, args: &[Value]) -> bool {
        self.outbox.queue(packet::encode_event(event, args, None))
    }

    /// Sends an event after all others, unless a newer one with this key comes before the system has taken it.
    pub fn latest(&mut self, key: u64, event: &str, args: &[Value]) {
        self.outbox.latest(key, packet::encode_event(event, args, None));
    }

    /// Sends an event that is to be answered. The answer comes as [`Incoming::Ack`] with the number that is returned,
    /// or not at all; `None` if the event was dropped.
    pub fn ask(&mut self, event: &str, args: &[Value]) -> Option<u64> {
        let number = self.asked;
        let queued = self.outbox.queue(packet::encode_event(event, args, Some(number)));
        self.asked = self.asked.wrapping_add(u64::from(queued));
        queued.then_some(number)
    }

    /// Answers an event that asks for it; `false` if the answer was dropped.
    pub fn acknowledge(&mut self, id: u64, args: &[Value]) -> bool {
        self.outbox.queue(packet::encode_ack(id, args))
    }

    /// Whether something was not taken by the system yet.
    #[must_use]
    pub fn has_waiting(&self) -> bool {
        self.flushing || !self.outbox.is_empty()
    }

    /// What was not sent, because it was replaced or there was no room.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.outbox.counts()
    }

    /// What the relay said that made no sense.
    #[must_use]
    pub fn ignored(&self) -> u64 {
        self.session.ignored()
    }

    /// Sends what waits, says farewell and ends the connection; all of it within a second.
    pub async fn close(mut self) {
        if self.lost.is_none() {
            // Who does not listen gets no farewell.
            drop(timeout(FAREWELL, self.leave()).await);
        }
    }

    async fn leave(&mut self) -> Result<(), Lost> {
        self.drain().await?;
        self.outbox.say(packet::DISCONNECT.to_owned());
        self.drain().await?;
        self.socket.close(None).await.map_err(|error| broken(&error))?;
        // A socket that is closed with something unread makes the system throw away what was just sent.
        while let Some(Ok(_)) = self.socket.next().await {}
        Ok(())
    }

    /// Waits until the system has taken everything.
    async fn drain(&mut self) -> Result<(), Lost> {
        poll_fn(|cx| {
            let sent = self.poll_send(cx);
            if sent.is_ok() && self.has_waiting() { Poll::Pending } else { Poll::Ready(sent) }
        })
        .await
    }

    fn poll_said(&mut self, cx: &mut Context<'_>) -> Poll<Result<Said, Lost>> {
        if let Some(lost) = &self.lost {
            return Poll::Ready(Err(lost.clone()));
        }
        let said = self.poll_open(cx);
        if let Poll::Ready(Err(lost)) = &said {
            tracing::debug!(%lost, "a connection to a relay ended");
            self.lost = Some(lost.clone());
        }
        said
    }

    fn poll_open(&mut self, cx: &mut Context<'_>) -> Poll<Result<Said, Lost>> {
        loop {
            self.poll_send(cx)?;
            let message = match Pin::new(&mut self.socket).poll_next(cx) {
                Poll::Ready(Some(Ok(message))) => message,
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(broken(&error))),
                Poll::Ready(None) => return Poll::Ready(Err(Lost::Closed)),
                Poll::Pending => match self.poll_silence(cx) {
                    Poll::Ready(lost) => return Poll::Ready(Err(lost)),
                    Poll::Pending => return Poll::Pending,
                },
            };
            match self.hear(&message) {
                Step::Wait => {}
                Step::Say(packet) => self.outbox.say(packet),
                Step::Opened => return Poll::Ready(Ok(Said::Opened)),
                Step::Take(incoming) => return Poll::Ready(Ok(Said::Incoming(incoming))),
                Step::Over(over) => return Poll::Ready(Err(lost(over))),
            }
        }
    }

    fn hear(&mut self, message: &Message) -> Step {
        let now = self.clock.now();
        match message {
            Message::Text(text) => self.session.text(now, text.as_str()),
            Message::Binary(bytes) => self.session.attachment(now, bytes),
            Message::Close(_) => Step::Over(Over::Closed),
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {
                self.session.noise(now);
                Step::Wait
            }
        }
    }

    /// Hands on one packet after the other, each when the system has taken the one before it: else a stale value would
    /// wait in buffers below, where no newer one can replace it.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Result<(), Lost> {
        loop {
            if self.flushing {
                match Pin::new(&mut self.socket).poll_flush(cx) {
                    Poll::Ready(flushed) => flushed.map_err(|error| broken(&error))?,
                    Poll::Pending => return self.look_for_progress(),
                }
                self.flushing = false;
            }
            if self.outbox.is_empty() {
                return Ok(());
            }
            match Pin::new(&mut self.socket).poll_ready(cx) {
                Poll::Ready(ready) => ready.map_err(|error| broken(&error))?,
                Poll::Pending => return Ok(()),
            }
            if let Some(packet) = self.outbox.take() {
                self.progress = (self.written(), self.clock.now());
                self.flushing = true;
                let sent = Pin::new(&mut self.socket).start_send(Message::text(packet));
                sent.map_err(|error| broken(&error))?;
            }
        }
    }

    fn written(&self) -> u64 {
        self.socket.get_ref().get_ref().0.written()
    }

    fn look_for_progress(&mut self) -> Result<(), Lost> {
        let (written, now) = (self.written(), self.clock.now());
        if written != self.progress.0 {
            self.progress = (written, now);
        }
        let stalled = now.since(self.progress.1);
        if stalled < STALL { Ok(()) } else { Err(Lost::Stalled(stalled)) }
    }

    /// Ready when the connection is over because of what did not happen.
    fn poll_silence(&mut self, cx: &mut Context<'_>) -> Poll<Lost> {
        loop {
            if let Some(over) = self.session.over(self.clock.now()) {
                return Poll::Ready(lost(over));
            }
            if self.flushing
                && let Err(stalled) = self.look_for_progress()
            {
                return Poll::Ready(stalled);
            }
            let stall = self.flushing.then(|| self.progress.1 + STALL);
            let until = stall.map_or(self.session.until(), |stall| stall.min(self.session.until()));
            let until = self.clock.instant(until);
            if self.timer.deadline() != until {
                self.timer.as_mut().reset(until);
            }
            if self.timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
    }
}

fn lost(over: Over) -> Lost {
    match over {
        Over::Refused(why) => Lost::Refused(why),
        Over::Closed => Lost::Closed,
        Over::Silent(silence) => Lost::Silent(silence),
        Over::Late => Lost::Silent(CONNECT),
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "a library's errors, of which few need words of their own")]
fn broken(error: &WebSocketError) -> Lost {
    let abrupt = || Lost::Broken("it ended without a farewell".to_owned());
    match error {
        WebSocketError::ConnectionClosed | WebSocketError::AlreadyClosed => Lost::Closed,
        WebSocketError::Protocol(ProtocolError::ResetWithoutClosingHandshake) => abrupt(),
        // The library's words for it are for programmers.
        WebSocketError::Io(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => abrupt(),
        WebSocketError::Io(error) => Lost::Broken(error.to_string()),
        error => Lost::Broken(error.to_string()),
    }
}
