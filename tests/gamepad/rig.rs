//! Rig: the real agent with a simulated robot, a phone's end of the mailbox and a pad's end of the link, in tokio's time.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use joywire::agent::{Agent, Settings, controller};
use joywire::cable::{Cable, Plug};
use joywire::clock::Clock;
use joywire::drive::{DriverId, Rules};
use joywire::gamepad::{self, Axis, Control, Event, Intent, Pad, PadsEnd, Word};
use joywire::journal::Journal;
use joywire::mailbox::{Command, RelayEnd, Remark, Sender, mailbox};
use joywire::protocol::events::{Drive, Person, Role, SeatReply, SeatRequest, State, Telemetry};
use joywire::robot::body::Build;
use tempfile::TempDir;
use tokio::sync::{broadcast, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

/// Whatever takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(30);

pub const PHONE: u64 = 7;
pub const NAME: &str = "Gamepad (Test pad)";

/// A pad and the task that stands for the thread that reads pads.
pub struct Plugged {
    pub pad: Arc<Mutex<Pad>>,
    pub id: DriverId,
    thread: JoinHandle<()>,
    end: Arc<PadsEnd>,
}

pub struct Rig {
    pub relay: RelayEnd,
    remarks: broadcast::Receiver<Remark>,
    pub clock: Clock,
    shutdown: CancellationToken,
    agent: JoinHandle<()>,
    end: Arc<PadsEnd>,
    pads: u64,
    seq: u32,
    _home: TempDir,
}

impl Rig {
    pub async fn start(operator: bool) -> Self {
        let home = tempfile::tempdir().unwrap();
        let clock = Clock::start();
        let build = Build::default();
        let cable = Cable::plug_in(Plug::Simulated { build, boot_count: 1 }, 115_200, clock).unwrap();
        let rules = Rules::default();
        let controller = controller::Settings { rules, dimensions: None, seed: 77 };
        let (name, journal) = ("Rover".to_owned(), Journal::none());
        let settings =
            Settings { controller, step: Duration::from_millis(20), dir: home.path().join("agent"), name, journal };
        let (relay, agent_end) = mailbox();
        let (end, theirs) = gamepad::link();
        let agent = Agent::new(settings, cable, agent_end, clock).unwrap().with_pads(theirs, operator);
        let shutdown = CancellationToken::new();
        let agent = tokio::spawn(agent.run(shutdown.clone()));
        let remarks = relay.remarks();
        let mut rig = Self { relay, remarks, clock, shutdown, agent, end: Arc::new(end), pads: 0, seq: 0, _home: home };
        rig.sees("ready", |telemetry| telemetry.state == State::Ready).await;
        rig
    }

    /// Plugs a pad in whose stick has been moved and let go.
    pub async fn plug_in(&mut self) -> Plugged {
        let id = DriverId((1 << 52) + self.pads);
        self.pads += 1;
        let pad = Arc::new(Mutex::new(Pad::new(gamepad::Rules::default(), id, self.clock.now())));
        self.end.tell(id, Word::Here("Test pad".to_owned()));
        let (end, clock, own) = (self.end.clone(), self.clock, pad.clone());
        let thread = tokio::spawn(async move {
            loop {
                sleep(Duration::from_millis(5)).await;
                let known = end.known();
                own.lock().unwrap().step(clock.now(), known, &mut |intent| {
                    if intent != Intent::Rumble {
                        end.tell(id, Word::Wants(intent));
                    }
                });
            }
        });
        let plugged = Plugged { pad, id, thread, end: self.end.clone() };
        self.push(&plugged, 0.0);
        sleep(Duration::from_millis(50)).await;
        plugged
    }

    pub fn push(&self, plugged: &Plugged, forward: f64) {
        plugged.pad.lock().unwrap().event(self.clock.now(), Event::Axis(Axis::LeftY, forward));
    }

    pub fn button(&self, plugged: &Plugged, control: Control, down: bool) {
        plugged.pad.lock().unwrap().event(self.clock.now(), Event::Button(control, down));
    }

    /// Waits for a snapshot that fits.
    pub async fn sees(&mut self, what: &str, fits: impl FnMut(&Telemetry) -> bool) -> Telemetry {
        let seen = timeout(PATIENCE, self.relay.telemetry.wait_for(fits)).await.map(|seen| seen.unwrap().clone());
        seen.unwrap_or_else(|_| panic!("never {what}: {:#?}", self.relay.telemetry.borrow()))
    }

    pub fn turns(&self) -> bool {
        self.relay.telemetry.borrow().wheels.iter().any(|speed| *speed != 0)
    }

    /// Who drives, by name.
    pub fn holder(&self) -> Option<String> {
        self.relay.seat.borrow().holder.as_ref().map(|person| person.name.clone())
    }

    pub async fn phone_takes(&self) -> SeatReply {
        let (reply, answer) = oneshot::channel();
        assert!(self.relay.send(phone(), Command::Seat(SeatRequest::Take, reply)));
        answer.await.unwrap()
    }

    /// The phone's stick, once.
    pub fn phone_says(&mut self, forward: f64) {
        self.seq += 1;
        let Telemetry { tick, session, .. } = self.relay.telemetry.borrow().clone();
        let epoch = self.relay.seat.borrow().epoch;
        let drive = Drive { seq: self.seq, x: 0.0, y: forward, strafe: 0.0, motors: None, tick, session, epoch };
        self.relay.drive(phone(), drive);
    }

    /// The phone's stick for that long, at 30 Hz.
    pub async fn phone_holds(&mut self, forward: f64, ms: u64) {
        for _ in 0..ms / 33 {
            self.phone_says(forward);
            sleep(Duration::from_millis(33)).await;
        }
    }

    /// Codes of what the phone was refused since the last call.
    pub fn refused(&mut self) -> Vec<String> {
        let mut codes = Vec::new();
        while let Ok(remark) = self.remarks.try_recv() {
            if let Remark::Refused(PHONE, refused) = remark {
                codes.push(refused.code);
            }
        }
        codes
    }

    pub async fn end(self) {
        self.shutdown.cancel();
        timeout(PATIENCE, self.agent).await.unwrap().unwrap();
    }
}

impl Plugged {
    /// The cable is pulled, without a last event.
    pub fn unplug(&self) {
        self.thread.abort();
        self.end.tell(self.id, Word::Gone);
    }

    /// The thread that reads it stands still.
    pub fn stall(&self) {
        self.thread.abort();
    }
}

fn phone() -> Sender {
    Sender { person: Person { id: PHONE, name: "Anne".to_owned() }, role: Role::Driver, device: None }
}
