//! ASYNC. An agent's way to a relay elsewhere: it dials out, brings its robots, and hands on what people say.
//!
//! The relay decides nothing here. When it is gone, everybody who came by it has left: their wheels rest at once, and the
//! agent keeps its seat, its latch and its rules by itself.

mod classic;
mod people;
mod session;

use std::time::Duration;

use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::journal::{Journal, Kind, Record};
use crate::mailbox::RelayEnd;
use crate::protocol::events::RobotCard;
use crate::socketio::{Backoff, Client, ConnectError, Dial, Lost};
use session::Session;

/// The same trouble is told again after this.
const TELL_AGAIN: Duration = Duration::from_mins(5);

/// A robot that is brought to the relay.
#[derive(Debug)]
pub struct Robot {
    /// What people are told of it.
    pub card: RobotCard,
    /// The way to its agent in this process.
    pub end: RelayEnd,
}

/// Why an agent has no relay and will not get one by waiting.
#[derive(Debug, thiserror::Error)]
pub enum UplinkError {
    /// The relay knows nothing of us, or is not the one that we know.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The relay does not want our robots.
    #[error("the relay at {address} refused: {why}")]
    Refused {
        /// The relay.
        address: String,
        /// Its sentence.
        why: String,
    },
}

/// How a connection ended.
#[derive(Debug)]
pub(crate) enum End {
    /// We end it.
    Shutdown,
    /// The relay does not want our robots, for this reason.
    Refused(String),
    /// It broke.
    Lost(Lost),
}

impl End {
    /// What people read of it.
    fn sentence(&self) -> String {
        match self {
            Self::Shutdown => "the connection to the relay is closed".to_owned(),
            Self::Refused(why) => format!("the relay refused: {why}"),
            Self::Lost(lost) => format!("the relay is lost: {lost}; whoever drove by it has left"),
        }
    }
}

/// What is at the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speech {
    /// A relay of ours.
    Relay {
        /// Random; tells this program from another with the same key.
        instance: u64,
    },
    /// A Node.js server of the original course system.
    Classic,
}

/// The way to one relay.
#[derive(Debug)]
pub struct Uplink {
    dial: Dial,
    robots: Vec<Robot>,
    speech: Speech,
    journal: Journal,
}

impl Uplink {
    /// A way that is not open yet. A classic server gets the first robot.
    #[must_use]
    pub fn new(dial: Dial, robots: Vec<Robot>, speech: Speech) -> Self {
        Self { dial, robots, speech, journal: Journal::none() }
    }

    /// The same, whose connections are told in a log.
    #[must_use]
    pub fn with_journal(self, journal: Journal) -> Self {
        Self { journal, ..self }
    }

    /// Keeps the way open until `shutdown`.
    ///
    /// # Errors
    /// [`UplinkError`] if the first relay that answers does not want us; once it had us, it is tried for ever.
    pub async fn run(self, shutdown: CancellationToken) -> Result<(), UplinkError> {
        let mut backoff = Backoff::default();
        let (mut enlisted, mut told) = (false, Told::default());
        loop {
            let Some(connected) = shutdown.run_until_cancelled(Client::connect(&self.dial)).await else {
                return Ok(());
            };
            let trouble = match connected {
                Ok(client) => {
                    let since = Instant::now();
                    let (end, was_in) = self.serve(client, &shutdown).await;
                    enlisted |= was_in;
                    if was_in {
                        backoff.ended(since.elapsed());
                        self.journal.note(Record::new(Kind::Connection, end.sentence()));
                    }
                    match end {
                        End::Shutdown => return Ok(()),
                        End::Refused(why) if !enlisted => {
                            return Err(UplinkError::Refused { address: self.dial.address.to_string(), why });
                        }
                        End::Refused(_) | End::Lost(_) => end.sentence(),
                    }
                }
                Err(error) if !enlisted && error.needs_somebody() => return Err(error.into()),
                Err(error) => error.to_string(),
            };
            told.tell(trouble);
            let random = getrandom::u32().unwrap_or(u32::MAX / 2);
            if shutdown.run_until_cancelled(sleep(backoff.pause(random))).await.is_none() {
                return Ok(());
            }
        }
    }

    /// Works until the connection ends. How it ended, and whether the robots were taken.
    async fn serve(&self, mut client: Client, shutdown: &CancellationToken) -> (End, bool) {
        match (self.speech, self.robots.first()) {
            (Speech::Relay { instance }, _) => {
                let mut session = Session::new(client, &self.robots, &self.journal);
                let end = session.serve(instance, shutdown).await;
                let was_in = session.is_enlisted();
                session.end().await;
                (end, was_in)
            }
            (Speech::Classic, Some(robot)) => {
                tracing::info!(robot = robot.card.name, "connected to a classic server");
                let end = classic::serve(&mut client, robot, shutdown).await;
                client.close().await;
                (end, true)
            }
            (Speech::Classic, None) => (End::Refused("there is no robot to bring".to_owned()), false),
        }
    }
}

/// What was told last: trouble that lasts is told now and then.
#[derive(Debug, Default)]
struct Told(Option<(String, Instant)>);

impl Told {
    fn tell(&mut self, trouble: String) {
        let again = self.0.as_ref().is_none_or(|(told, at)| *told != trouble || at.elapsed() > TELL_AGAIN);
        if again {
            tracing::warn!("{trouble}; trying again");
            self.0 = Some((trouble, Instant::now()));
        }
    }
}
