//! What gamepads at this machine want, as commands to the controller, and what they must know.

use std::collections::{BTreeMap, BTreeSet};

use super::{Agent, measure, outcome, wording};
use crate::drive::{Answer, Command, DriverId, Grant, Refusal, Source};
use crate::gamepad::{AgentEnd, Intent, Known, Word};
use crate::mailbox::Sender;
use crate::metrics::Told;
use crate::protocol::events::{Person, Role};
use crate::time::Time;

/// The link to whoever reads pads, if anyone does.
#[derive(Debug, Default)]
pub struct Pads {
    end: Option<AgentEnd>,
    /// Whether a pad may reset STOP.
    operator: bool,
    /// Nonces of resets that are being held.
    nonces: BTreeMap<DriverId, u32>,
    /// Those that are plugged in.
    here: BTreeSet<DriverId>,
}

impl Pads {
    /// Pads that are read at the other end of a link.
    pub fn new(end: AgentEnd, operator: bool) -> Self {
        Self { end: Some(end), operator, ..Self::default() }
    }

    /// Whether a driver is a pad.
    pub fn is_pad(&self, driver: DriverId) -> bool {
        self.here.contains(&driver)
    }

    /// Waits until a pad wants something; for ever if there is none. Safe to cancel.
    pub async fn arrived(&self) {
        match &self.end {
            Some(end) => end.arrived().await,
            None => std::future::pending().await,
        }
    }
}

impl Agent {
    /// Does what pads want by now.
    pub(super) fn read_pads(&mut self) {
        let Some(end) = &self.pads.end else { return };
        for (pad, word) in end.take() {
            let now = self.clock.now();
            match word {
                Word::Here(name) => {
                    self.pads.here.insert(pad);
                    let person = Person { id: pad.0, name: format!("Gamepad ({name})") };
                    self.meet(&Sender { person, role: Role::Driver, device: None });
                }
                Word::Gone => {
                    self.command(now, pad, Source::Gamepad, Command::Leave);
                    self.pads.nonces.remove(&pad);
                    self.pads.here.remove(&pad);
                    drop(self.show_seat());
                    self.forget(pad);
                    // Its wheels rest with this very step.
                    self.step_due = now;
                    self.decide();
                }
                Word::Wants(intent) => self.follow_pad(now, pad, intent),
            }
        }
    }

    /// Tells pads what they must know.
    pub(super) fn inform_pads(&self) {
        if let Some(end) = &self.pads.end {
            let seat = self.controller.seat();
            end.publish(Known {
                stamp: self.controller.stamp(),
                holder: seat.holder(),
                epoch: seat.epoch(),
                latched: self.controller.latch().is_some(),
            });
        }
    }

    fn follow_pad(&mut self, now: Time, pad: DriverId, intent: Intent) {
        let name = self.people.name(pad);
        let command = match intent {
            Intent::Take => Command::Take,
            Intent::Leave => Command::Leave,
            Intent::Sample(sample) => Command::Sample(sample),
            Intent::Stop => return self.stop_by_pad(now, pad, name),
            Intent::PressReset if !self.pads.operator => {
                tracing::warn!("{name} may not reset STOP: access.local_operator is false, so let an operator do it");
                return;
            }
            Intent::PressReset => match getrandom::u32() {
                Ok(nonce) => {
                    self.pads.nonces.insert(pad, nonce);
                    Command::PressReset(nonce)
                }
                Err(error) => return tracing::error!("{name} cannot reset STOP: no randomness: {error}"),
            },
            Intent::ReleaseReset => match self.pads.nonces.remove(&pad) {
                Some(nonce) => Command::ReleaseReset(nonce),
                None => return,
            },
            Intent::CancelReset => {
                self.pads.nonces.remove(&pad);
                return;
            }
            Intent::Still => {
                let what = "has not moved for 3 s with its stick pushed: let the stick go, then drive on";
                return tracing::warn!("{name} {what}");
            }
            // Whoever reads pads does this itself.
            Intent::Rumble => return,
        };
        self.meter.command(measure::asked(command), Source::Gamepad);
        let answer = self.command(now, pad, Source::Gamepad, command);
        let refusal = match answer {
            Answer::Refused(refusal) => refusal,
            Answer::Seat(Grant::Refused { holder }) => Refusal::NotHolder { holder: Some(holder) },
            Answer::Accepted if matches!(command, Command::ReleaseReset(_)) => return drop(self.remember_reset(pad)),
            Answer::Accepted | Answer::Seat(_) => return,
        };
        if !wording::is_routine(refusal) {
            let (code, why) = self.why(refusal);
            if self.people.may_tell(now, pad, code) {
                tracing::info!(code, "{name} was refused: {why}");
            }
        }
    }

    fn stop_by_pad(&mut self, now: Time, pad: DriverId, name: String) {
        self.meter.command(Told::Stop, Source::Gamepad);
        let (saved, _) = self.latch(now, pad, Source::Gamepad, name);
        tokio::spawn(async move {
            if let Err(error) = outcome(saved.await) {
                tracing::error!(error, "stopped, but the latch is not on disk");
            }
        });
    }
}
