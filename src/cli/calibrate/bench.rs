//! The motors on the bench: an agent of our own, and a hand that samples as a page does.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, bail};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Duration, Instant, MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::agent::Agent;
use crate::cable::Cable;
use crate::cable::discover::Finder;
use crate::cable::wanted::Wanted;
use crate::cli::{say, settings};
use crate::clock::Clock;
use crate::config::Config;
use crate::drive::MAX_MOTORS;
use crate::mailbox::{Command, RelayEnd, Sender, mailbox};
use crate::protocol::events::{Drive, Person, Role, SeatRequest, State};

/// As often as a page.
const SAMPLE: Duration = Duration::from_millis(33);
/// A robot is waited for so long before its trouble is told, and so long in all.
const PATIENCE: Duration = Duration::from_secs(2);
const TOO_LONG: Duration = Duration::from_secs(30);
/// The stick was at rest for so long: the robot wants to see that before it moves.
const RELEASED: Duration = Duration::from_millis(400);
/// Whoever calibrates, among the agent's people.
const OPERATOR: u64 = 0;

/// What the motors are told until someone says otherwise, permille.
type Outputs = Arc<Mutex<[i16; MAX_MOTORS]>>;

/// A robot whose motors are told one by one.
pub struct Bench {
    relay: RelayEnd,
    outputs: Outputs,
    agent: JoinHandle<()>,
    hand: JoinHandle<()>,
    shutdown: CancellationToken,
}

impl Bench {
    /// Opens the cable and sits down at the controls.
    pub fn open(config: &Config, wanted: Wanted, finder: Finder, shutdown: CancellationToken) -> anyhow::Result<Self> {
        let clock = Clock::start();
        let (relay, agent_end) = mailbox();
        let agent_settings = settings::agent(config, &wanted)?;
        let dir = agent_settings.dir.clone();
        let cable = Cable::plug_in(settings::plug(config, wanted, finder)?, config.robot.baud, clock)?;
        let agent = Agent::new(agent_settings, cable, agent_end, clock)
            .with_context(|| format!("the STOP latch in {} cannot be kept", dir.display()))?;
        let outputs = Outputs::default();
        let hand = tokio::spawn(hold(relay.clone(), Arc::clone(&outputs)));
        Ok(Self { relay, outputs, agent: tokio::spawn(agent.run(shutdown.clone())), hand, shutdown })
    }

    /// Waits for a robot that may be driven.
    ///
    /// # Errors
    /// If STOP is latched, or if none comes.
    pub async fn ready(&mut self) -> anyhow::Result<()> {
        let (start, mut told) = (Instant::now(), String::new());
        loop {
            let telemetry = self.relay.telemetry.borrow().clone();
            let why = telemetry.reason.map(|reason| reason.text).unwrap_or_default();
            match telemetry.state {
                State::Ready | State::Driving => break,
                State::Latched => bail!("{why}: start joywire, reset it on the page, end joywire, and calibrate then"),
                State::NoRobot | State::Starting | State::Stopped if start.elapsed() > TOO_LONG => bail!("{why}"),
                State::NoRobot | State::Starting | State::Stopped => {
                    if start.elapsed() > PATIENCE && why != told {
                        say(&format!("waiting: {why}"));
                        told = why;
                    }
                }
            }
            sleep(SAMPLE).await;
        }
        sleep(RELEASED).await;
        Ok(())
    }

    /// Tells the motors these outputs for a while, permille, and rests.
    ///
    /// # Errors
    /// If the robot stopped meanwhile, with the reason.
    pub async fn turn(&mut self, outputs: [i16; MAX_MOTORS], time: Duration) -> anyhow::Result<()> {
        self.hold(outputs)?;
        let end = Instant::now() + time;
        while Instant::now() < end {
            sleep(SAMPLE).await;
            self.check()?;
        }
        self.rest();
        sleep(RELEASED).await;
        Ok(())
    }

    /// Tells the motors these outputs from now on, permille.
    ///
    /// # Errors
    /// If the robot is stopped, with the reason.
    pub fn hold(&self, outputs: [i16; MAX_MOTORS]) -> anyhow::Result<()> {
        self.check()?;
        *self.outputs.lock().unwrap_or_else(PoisonError::into_inner) = outputs;
        Ok(())
    }

    /// Lets all motors rest.
    pub fn rest(&self) {
        *self.outputs.lock().unwrap_or_else(PoisonError::into_inner) = [0; MAX_MOTORS];
    }

    /// Stops the robot and lets go of it.
    ///
    /// # Errors
    /// If the agent ended by a fault of its own.
    pub async fn close(self) -> anyhow::Result<()> {
        self.rest();
        self.hand.abort();
        self.shutdown.cancel();
        self.agent.await.context("the agent ended by a fault of its own")
    }

    fn check(&self) -> anyhow::Result<()> {
        let telemetry = self.relay.telemetry.borrow();
        let Some(reason) = telemetry.reason.as_ref() else { return Ok(()) };
        self.rest();
        bail!("the robot stopped ({}); nothing was changed", reason.text)
    }
}

/// Takes the seat, keeps it, and says what the motors are told as often as a page would.
async fn hold(relay: RelayEnd, outputs: Outputs) {
    let person = Person { id: OPERATOR, name: "calibration".to_owned() };
    let sender = Sender { person, role: Role::Operator, device: None };
    let mut ticks = interval(SAMPLE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut seq = 0;
    loop {
        ticks.tick().await;
        let (mine, epoch) = {
            let seat = relay.seat.borrow();
            (seat.holder.as_ref().is_some_and(|holder| holder.id == OPERATOR), seat.epoch)
        };
        if !mine {
            let (reply, answer) = oneshot::channel();
            if relay.send(sender.clone(), Command::Seat(SeatRequest::Take, reply)) {
                drop(timeout(SAMPLE, answer).await);
            }
            continue;
        }
        let (tick, session) = {
            let telemetry = relay.telemetry.borrow();
            (telemetry.tick, telemetry.session)
        };
        let motors = Some(*outputs.lock().unwrap_or_else(PoisonError::into_inner));
        relay.drive(sender.clone(), Drive { seq, x: 0.0, y: 0.0, strafe: 0.0, motors, tick, session, epoch });
        seq += 1;
    }
}
