//! ASYNC. A program that drives a robot by its relay: it takes the seat, proves with every sample how fresh it is, and lets go.

pub mod steps;

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until, timeout};

use crate::protocol::events::{self, Drive, Refused, Role, SeatReply, SeatView, State, Telemetry, Welcome, name};
use crate::socketio::{Client, ConnectError, Dial, Incoming, Lost};
use steps::Step;

/// A relay says who it is within this.
const WELCOME_WITHIN: Duration = Duration::from_secs(5);
/// A robot that is being found and armed needs so long at most; a board that restarts takes 3 s of it.
const READY_WITHIN: Duration = Duration::from_secs(8);
/// A question is answered within this.
const ANSWER_WITHIN: Duration = Duration::from_secs(3);
/// Wheels come to rest within this; whoever waits longer is told.
const REST_WITHIN: Duration = Duration::from_secs(1);
/// The place of stick samples among what is sent.
const SAMPLES: u64 = 0;

/// Why a program does not drive.
#[derive(Debug, thiserror::Error)]
pub enum DriveError {
    /// There is no connection.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// There is none any more.
    #[error("the relay is lost: {0}; the robot stops by itself")]
    Lost(#[from] Lost),
    /// It is no relay of ours.
    #[error("the relay did not say who it is: is it Joywire?")]
    Silent,
    /// Several robots, or none.
    #[error("which robot? this relay has {robots}: name one with --robot")]
    WhichRobot {
        /// Their names.
        robots: String,
    },
    /// None of that name.
    #[error("there is no robot {name:?} at this relay, or it is not for this program; it has {robots}")]
    NoRobot {
        /// What was asked for.
        name: String,
        /// Their names.
        robots: String,
    },
    /// It has not come.
    #[error("the robot is not ready: {why}")]
    NotReady {
        /// What its state says.
        why: String,
    },
    /// This program may watch only.
    #[error("this program was let in to watch only: `joywire pair --role driver` gives it a code to drive")]
    Watches,
    /// Someone else drives.
    #[error("the seat is not to be had: {why}")]
    Seat {
        /// As the robot says.
        why: String,
    },
    /// A sample had no effect.
    #[error("the robot did not obey: {why}")]
    Refused {
        /// As the robot says.
        why: String,
    },
    /// Its answer makes no sense.
    #[error("the relay's answer was not understood: {0}")]
    Answer(String),
}

/// A program at a robot.
#[derive(Debug)]
pub struct Driver {
    client: Client,
    welcome: Welcome,
    telemetry: Telemetry,
    seat: SeatView,
    seq: u32,
    refused: Option<Refused>,
}

impl Driver {
    /// Connects, and waits until the relay has led it to its robot.
    ///
    /// # Errors
    /// [`DriveError`], with a sentence for the person who started the program.
    pub async fn connect(dial: &Dial) -> Result<Self, DriveError> {
        let mut client = Client::connect(dial).await?;
        let welcome = async {
            loop {
                if let Incoming::Event { name, args, .. } = client.next().await?
                    && name == events::name::WELCOME
                {
                    let welcome = events::parse::<Welcome>(name::WELCOME, &args);
                    return welcome.map_err(|error| DriveError::Answer(error.to_string()));
                }
            }
        };
        let welcome = timeout(WELCOME_WITHIN, welcome).await.map_err(|_| DriveError::Silent)??;
        if welcome.robot.name.is_empty() {
            let names: Vec<&str> = welcome.robots.iter().map(|robot| robot.name.as_str()).collect();
            let robots = if names.is_empty() { "none yet".to_owned() } else { names.join(", ") };
            return Err(match dial.auth.get("robot").and_then(Value::as_str) {
                Some(name) => DriveError::NoRobot { name: name.to_owned(), robots },
                None => DriveError::WhichRobot { robots },
            });
        }
        let (telemetry, seat) = (welcome.telemetry.clone(), welcome.seat.clone());
        Ok(Self { client, welcome, telemetry, seat, seq: 0, refused: None })
    }

    /// What the relay said of itself and the robot.
    #[must_use]
    pub fn welcome(&self) -> &Welcome {
        &self.welcome
    }

    /// The robot's newest snapshot.
    #[must_use]
    pub fn telemetry(&self) -> &Telemetry {
        &self.telemetry
    }

    /// Waits until the robot is ready, takes the seat and shows a released stick, as every driver must.
    ///
    /// # Errors
    /// [`DriveError`].
    pub async fn sit(&mut self) -> Result<(), DriveError> {
        if self.welcome.role < Role::Driver {
            return Err(DriveError::Watches);
        }
        let end = Instant::now() + READY_WITHIN;
        while !matches!(self.telemetry.state, State::Ready | State::Driving) {
            if self.telemetry.state == State::Latched || !self.listen_until(end).await? {
                return Err(DriveError::NotReady { why: self.trouble() });
            }
        }
        let answer = self.ask(name::SEAT, json!({ "want": "take" })).await?;
        let reply: SeatReply =
            events::parse(name::SEAT, &answer).map_err(|error| DriveError::Answer(error.to_string()))?;
        if !reply.ok {
            return Err(DriveError::Seat { why: reply.why.unwrap_or_default() });
        }
        self.seat = reply.seat;
        self.sample(0.0, 0.0);
        // What is sent after it must not take its place before the robot has seen it.
        self.ask(name::SEAT, json!({ "want": "take" })).await?;
        Ok(())
    }

    /// Holds the stick at one place for a while.
    ///
    /// # Errors
    /// [`DriveError`] as soon as the robot does not do it.
    pub async fn hold(&mut self, step: Step) -> Result<(), DriveError> {
        let every = Duration::from_secs(1) / self.welcome.limits.sample_hz.clamp(1, 60);
        let (mut due, end) = (Instant::now(), Instant::now() + step.lasts);
        loop {
            self.sample(step.x, step.y);
            due += every;
            while self.listen_until(due.min(end)).await? {
                self.look(step)?;
            }
            self.look(step)?;
            if Instant::now() >= end {
                return Ok(());
            }
        }
    }

    /// Lets the stick go, leaves the seat, and waits until the wheels rest.
    ///
    /// # Errors
    /// [`DriveError::Lost`].
    pub async fn release(&mut self) -> Result<(), DriveError> {
        self.sample(0.0, 0.0);
        self.ask(name::SEAT, json!({ "want": "release" })).await?;
        let end = Instant::now() + REST_WITHIN;
        while self.telemetry.wheels.iter().any(|speed| *speed != 0) && self.listen_until(end).await? {}
        Ok(())
    }

    /// Ends the connection. Whoever has not released leaves the seat by this.
    pub async fn close(self) {
        self.client.close().await;
    }

    fn look(&mut self, step: Step) -> Result<(), DriveError> {
        if step.x == 0.0 && step.y == 0.0 {
            return Ok(());
        }
        if self.seat.holder.as_ref().is_some_and(|holder| holder.id != self.welcome.you.id) {
            let name = self.seat.holder.as_ref().map_or("nobody", |holder| holder.name.as_str());
            return Err(DriveError::Seat { why: format!("{name} has it now") });
        }
        if let Some(refused) = self.refused.take() {
            return Err(DriveError::Refused { why: refused.why });
        }
        match self.telemetry.state {
            State::Ready | State::Driving => Ok(()),
            State::NoRobot | State::Starting | State::Stopped | State::Latched => {
                Err(DriveError::NotReady { why: self.trouble() })
            }
        }
    }

    fn trouble(&self) -> String {
        let reason = self.telemetry.reason.as_ref().map(|reason| reason.text.clone());
        reason.unwrap_or_else(|| "it says nothing of itself".to_owned())
    }

    fn sample(&mut self, x: f64, y: f64) {
        self.seq = self.seq.wrapping_add(1);
        let Telemetry { tick, session, .. } = self.telemetry;
        let drive = Drive { seq: self.seq, x, y, strafe: 0.0, motors: None, tick, session, epoch: self.seat.epoch };
        // Numbers within their bounds always have a shape in JSON.
        self.client.latest(SAMPLES, name::DRIVE, &[serde_json::to_value(drive).unwrap_or_default()]);
    }

    async fn ask(&mut self, event: &'static str, payload: Value) -> Result<Vec<Value>, DriveError> {
        let silent = || DriveError::Answer(format!("nothing to {event}"));
        let asked = self.client.ask(event, &[payload]).ok_or_else(silent)?;
        let end = Instant::now() + ANSWER_WITHIN;
        loop {
            let next = timeout(end.saturating_duration_since(Instant::now()), self.client.next());
            match next.await.map_err(|_| silent())?? {
                Incoming::Ack { id, args } if id == asked => return Ok(args),
                Incoming::Ack { .. } => {}
                Incoming::Event { name, args, .. } => self.hear(&name, &args),
            }
        }
    }

    /// Hears one thing that is said before `end`; `false` if nothing is.
    async fn listen_until(&mut self, end: Instant) -> Result<bool, DriveError> {
        tokio::select! {
            biased;
            incoming = self.client.next() => {
                if let Incoming::Event { name, args, .. } = incoming? {
                    self.hear(&name, &args);
                }
                Ok(Instant::now() < end)
            }
            () = sleep_until(end) => Ok(false),
        }
    }

    fn hear(&mut self, event: &str, args: &[Value]) {
        match event {
            name::TELEMETRY => self.telemetry = events::parse(name::TELEMETRY, args).unwrap_or_default(),
            name::SEAT => self.seat = events::parse(name::SEAT, args).unwrap_or_default(),
            name::REFUSED => {
                let refused: Option<Refused> = events::parse(name::REFUSED, args).ok();
                self.refused = refused.filter(|refused| refused.event == name::DRIVE).or(self.refused.take());
            }
            _ => {}
        }
    }
}
