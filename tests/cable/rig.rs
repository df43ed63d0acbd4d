//! The program beside the robot, driven without a page.

use std::time::{Duration, Instant};

use joywire::agent::{Agent, Settings, controller};
use joywire::cable::serial::SerialError;
use joywire::cable::{Cable, Plug};
use joywire::clock::Clock;
use joywire::drive::Rules;
use joywire::journal::Journal;
use joywire::mailbox::{Command, RelayEnd, Sender, mailbox};
use joywire::protocol::events::{Drive, Person, Role, SeatRequest, State, Telemetry};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::desk::Desk;

/// Whatever takes longer has failed.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// Between two stick samples.
const SAMPLE: Duration = Duration::from_millis(33);
const BAUD: u32 = 115_200;

pub struct Rig {
    relay: RelayEnd,
    shutdown: CancellationToken,
    agent: JoinHandle<()>,
    seq: u32,
    _home: TempDir,
}

/// A cable to what `wanted` says, on that desk.
pub fn cable(wanted: &str, desk: &Desk) -> Result<Cable, SerialError> {
    let plug = Plug::Serial { wanted: wanted.parse().unwrap(), finder: desk.finder() };
    Cable::plug_in(plug, BAUD, Clock::start())
}

impl Rig {
    pub fn start(wanted: &str, desk: &Desk) -> Self {
        let home = tempfile::tempdir().unwrap();
        let controller = controller::Settings { rules: Rules::default(), dimensions: None, seed: 77 };
        let (name, journal) = ("Rover".to_owned(), Journal::none());
        let settings =
            Settings { controller, step: Duration::from_millis(20), dir: home.path().join("agent"), name, journal };
        let (relay, agent_end) = mailbox();
        let agent = Agent::new(settings, cable(wanted, desk).unwrap(), agent_end, Clock::start()).unwrap();
        let shutdown = CancellationToken::new();
        let agent = tokio::spawn(agent.run(shutdown.clone()));
        Self { relay, shutdown, agent, seq: 0, _home: home }
    }

    /// Waits for a snapshot that fits.
    pub async fn sees(&mut self, what: &str, fits: impl FnMut(&Telemetry) -> bool) -> Telemetry {
        let seen = timeout(PATIENCE, self.relay.telemetry.wait_for(fits)).await.map(|seen| seen.unwrap().clone());
        seen.unwrap_or_else(|_| panic!("never {what}: {:#?}", self.relay.telemetry.borrow()))
    }

    pub async fn ready(&mut self) -> Telemetry {
        self.sees("ready", |telemetry| telemetry.state == State::Ready).await
    }

    /// Waits until the reason that people see has these words.
    pub async fn says(&mut self, words: &str) -> String {
        let has = |telemetry: &Telemetry| telemetry.reason.as_ref().is_some_and(|reason| reason.text.contains(words));
        self.sees(words, has).await.reason.unwrap().text
    }

    /// What is seen now.
    pub fn now(&self) -> Telemetry {
        self.relay.telemetry.borrow().clone()
    }

    /// Holds the stick forward, or leaves it in the middle, for that long.
    pub async fn stick(&mut self, forward: f64, time: Duration) {
        let from = Sender { person: Person { id: 1, name: "Anne".to_owned() }, role: Role::Driver, device: None };
        let (reply, _) = oneshot::channel();
        assert!(self.relay.send(from.clone(), Command::Seat(SeatRequest::Take, reply)));
        let end = Instant::now() + time;
        while Instant::now() < end {
            self.seq += 1;
            let (telemetry, epoch) = (self.now(), self.relay.seat.borrow().epoch);
            let Telemetry { tick, session, .. } = telemetry;
            self.relay.drive(
                from.clone(),
                Drive { seq: self.seq, x: 0.0, y: forward, strafe: 0.0, motors: None, tick, session, epoch },
            );
            sleep(SAMPLE).await;
        }
    }

    /// Ends as the program does.
    pub async fn end(self) {
        self.shutdown.cancel();
        timeout(PATIENCE, self.agent).await.unwrap().unwrap();
    }
}
