//! Drives a recording again in real time: a driver like any other, by an agent whose rules are in force.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::{say, signals};
use crate::agent::{self, Agent};
use crate::cable::{Cable, Plug};
use crate::clock::Clock;
use crate::drive::Stick;
use crate::mailbox::{Command, RelayEnd, Sender, mailbox};
use crate::protocol::events::{Direction, Drive, Person, Role, SeatRequest, State};
use crate::recording::review::{Act, Review};
use crate::recording::story;

/// A robot answers and is ready within this.
const READY_WITHIN: Duration = Duration::from_secs(15);
/// A sample that is later than this is not given any more: motion does not wait.
const LATE: Duration = Duration::from_millis(100);
/// Without anything to give, neutral is given this often, so that the seat stays ours.
const KEEP: Duration = Duration::from_millis(100);
/// Neutral comes first for this long: wheels start from rest.
const NEUTRAL: Duration = Duration::from_millis(300);
/// The agent answers at once.
const ANSWER: Duration = Duration::from_secs(2);

/// What drives, and which robot.
#[derive(Debug)]
pub struct Live {
    /// The agent's settings.
    pub agent: agent::Settings,
    /// The robot.
    pub plug: Plug,
    /// Bits a second of its line.
    pub baud: u32,
    /// The name of the robot that was recorded.
    pub name: String,
}

/// A driver with a recording for a stick.
struct Hand {
    end: RelayEnd,
    sender: Sender,
    seq: u32,
    given: u64,
    late: u64,
}

/// Drives it again.
pub async fn drive(live: Live, review: &Review) -> anyhow::Result<ExitCode> {
    let shutdown = signals::shutdown()?;
    let clock = Clock::start();
    let (end, agent_end) = mailbox();
    let cable = Cable::plug_in(live.plug, live.baud, clock)?;
    let dir = live.agent.dir.clone();
    let agent = Agent::new(live.agent, cable, agent_end, clock)
        .with_context(|| format!("the STOP latch in {} cannot be kept", dir.display()))?;
    let over = CancellationToken::new();
    let agent = tokio::spawn(agent.run(over.clone()));
    let person = Person { id: 1, name: "joywire replay".to_owned() };
    let sender = Sender { person, role: Role::Driver, device: None };
    let mut hand = Hand { end, sender, seq: 0, given: 0, late: 0 };
    let driven = shutdown.run_until_cancelled(hand.drive(review)).await;
    // Whatever has happened: the stick is let go, and the agent's last word to the robot is stop.
    hand.give(Stick::NEUTRAL);
    drop(hand.seat(SeatRequest::Release).await);
    over.cancel();
    agent.await.context("the agent ended by a fault of its own")?;
    let Some(outcome) = driven else {
        say("stopped");
        return Ok(ExitCode::FAILURE);
    };
    let how = outcome?;
    let late = if hand.late == 0 { String::new() } else { format!(", {} left out as they were late", hand.late) };
    say(&format!("{} was driven again: {} samples{late}; {how}", live.name, hand.given));
    Ok(ExitCode::SUCCESS)
}

impl Hand {
    /// From the seat to the end of the recording. Returns how it ended.
    async fn drive(&mut self, review: &Review) -> anyhow::Result<String> {
        self.ready().await?;
        self.seat(SeatRequest::Take).await?;
        let neutral = Instant::now() + NEUTRAL;
        while Instant::now() < neutral {
            self.give(Stick::NEUTRAL);
            sleep(Duration::from_millis(33)).await;
        }
        let begin = Instant::now();
        for (at, act) in &review.acts {
            let due = begin + at.since(review.began);
            self.wait(due).await?;
            if due.elapsed() > LATE {
                self.late += 1;
                continue;
            }
            match act {
                Act::Stick(stick) => {
                    self.give(*stick);
                    self.given += 1;
                }
                Act::Press(stick) => self.press(*stick),
                Act::Stop => {
                    let after = story::length(at.since(review.began));
                    return Ok(format!("after {after} somebody pressed STOP in the recording, so it ends there"));
                }
            }
        }
        self.wait(begin + review.length()).await?;
        Ok("to the end".to_owned())
    }

    /// Waits until the robot may be driven.
    async fn ready(&mut self) -> anyhow::Result<()> {
        let ready = self.end.telemetry.wait_for(|seen| seen.state == State::Ready || seen.state == State::Latched);
        let state = timeout(READY_WITHIN, ready).await.ok().and_then(Result::ok).map(|seen| seen.state);
        if state == Some(State::Ready) {
            return Ok(());
        }
        let why = self.end.telemetry.borrow().reason.as_ref().map(|reason| reason.text.clone());
        bail!("the robot cannot be driven: {}", why.unwrap_or_else(|| "nothing is heard of it".to_owned()))
    }

    /// Waits for the next moment; meanwhile the seat stays ours, and a stop ends it all.
    async fn wait(&mut self, due: Instant) -> anyhow::Result<()> {
        loop {
            self.check()?;
            let next = Instant::now() + KEEP;
            if due <= next {
                sleep_until(due).await;
                return self.check();
            }
            sleep_until(next).await;
            self.give(Stick::NEUTRAL);
        }
    }

    fn check(&self) -> anyhow::Result<()> {
        let telemetry = self.end.telemetry.borrow();
        match &telemetry.reason {
            Some(reason) if reason.code != "command_stale" => bail!("the robot was stopped: {}", reason.text),
            Some(_) | None => Ok(()),
        }
    }

    /// A sample as a page would send it now: with the robot's newest time.
    fn give(&mut self, stick: Stick) {
        self.seq = self.seq.wrapping_add(1);
        let (x, y, strafe) = stick.axes();
        let (tick, session) = {
            let telemetry = self.end.telemetry.borrow();
            (telemetry.tick, telemetry.session)
        };
        let epoch = self.end.seat.borrow().epoch;
        let sample = Drive { seq: self.seq, x, y, strafe, motors: None, tick, session, epoch };
        self.end.drive(self.sender.clone(), sample);
    }

    fn press(&self, stick: Stick) {
        let (x, y, _) = stick.axes();
        let direction = match (x, y) {
            (x, _) if x < 0.0 => Direction::Left,
            (x, _) if x > 0.0 => Direction::Right,
            (_, y) if y > 0.0 => Direction::Up,
            (_, y) if y < 0.0 => Direction::Down,
            (_, _) => Direction::Stop,
        };
        if !self.end.send(self.sender.clone(), Command::Direction(direction)) {
            tracing::warn!("a press was dropped");
        }
    }

    async fn seat(&self, request: SeatRequest) -> anyhow::Result<()> {
        let (answer, answered) = oneshot::channel();
        let sent = self.end.send(self.sender.clone(), Command::Seat(request, answer));
        let reply = if sent { timeout(ANSWER, answered).await.ok().and_then(Result::ok) } else { None };
        let reply = reply.context("the agent did not answer")?;
        if !reply.ok {
            bail!("the seat cannot be taken: {}", reply.why.unwrap_or_default());
        }
        Ok(())
    }
}
