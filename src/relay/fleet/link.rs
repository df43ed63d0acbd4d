//! An agent's connection to the relay: orders and samples go out, answers come back.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde::de::DeserializeOwned;
use socketioxide::extract::SocketRef;
use tokio::sync::oneshot;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::claim::Program;
use super::robot::Robot;
use crate::protocol::uplink::{Order, Sampled, Samples, name};

/// An agent answers within this, or not at all: the latch must be on its disk by then.
const ANSWER_WITHIN: Duration = Duration::from_secs(3);
/// Answers that an agent may owe at once. More have no place: their askers are told.
const OWED: usize = 256;

/// An agent's connection.
#[derive(Debug)]
pub(in crate::relay) struct Link {
    program: Program,
    socket: SocketRef,
    line: CancellationToken,
    owed: AtomicUsize,
    robots: OnceLock<Vec<Arc<Robot>>>,
}

impl Link {
    /// A connection that has enlisted.
    pub(in crate::relay) fn new(program: Program, socket: SocketRef, line: CancellationToken) -> Self {
        Self { program, socket, line, owed: AtomicUsize::new(0), robots: OnceLock::new() }
    }

    /// Which agent's it is.
    pub(super) fn program(&self) -> &Program {
        &self.program
    }

    /// What that is called.
    pub(in crate::relay) fn name(&self) -> &str {
        &self.program.called
    }

    /// It brought these robots, in this order.
    pub(super) fn holds(&self, robots: Vec<Arc<Robot>>) {
        // An agent enlists once.
        drop(self.robots.set(robots));
    }

    /// The robot that had this place in its list.
    pub(super) fn robot(&self, place: usize) -> Option<&Arc<Robot>> {
        self.robots.get()?.get(place)
    }

    /// Ends it.
    pub(in crate::relay) fn cut(&self) {
        if let Err(error) = self.socket.clone().disconnect() {
            tracing::debug!(%error, "an agent that was cut off could not be told");
        }
        self.line.cancel();
    }

    /// Sends an order that has no answer. One that finds no room ends the connection: orders may not be lost singly.
    pub(super) fn order(&self, order: &Order) {
        if let Err(error) = self.socket.emit(name::ORDER, order) {
            tracing::warn!(agent = self.name(), %error, "an agent does not take its orders: cut off");
            self.line.cancel();
        }
    }

    /// Sends an order; its answer goes to `answer`, or that is dropped.
    pub(super) fn ask<T: DeserializeOwned + Send + 'static>(
        self: &Arc<Self>,
        order: &Order,
        answer: oneshot::Sender<T>,
    ) {
        if self.owed.load(Ordering::Relaxed) >= OWED {
            return;
        }
        match self.socket.emit_with_ack::<_, T>(name::ORDER, order) {
            Ok(acknowledged) => {
                self.owed.fetch_add(1, Ordering::Relaxed);
                let link = self.clone();
                tokio::spawn(async move {
                    match timeout(ANSWER_WITHIN, acknowledged).await {
                        Ok(Ok(reply)) => drop(answer.send(reply)),
                        Ok(Err(error)) => tracing::debug!(agent = link.name(), %error, "an order was not answered"),
                        Err(_) => tracing::debug!(agent = link.name(), "an order was not answered in time"),
                    }
                    link.owed.fetch_sub(1, Ordering::Relaxed);
                });
            }
            Err(error) => {
                tracing::warn!(agent = self.name(), %error, "an agent does not take its orders: cut off");
                self.line.cancel();
            }
        }
    }

    /// Sends samples; what is returned waits until the agent has them, or seems not to get them.
    pub(super) fn samples(&self, robot: usize, samples: Vec<Sampled>) -> Option<BoxFuture<'static, ()>> {
        match self.socket.emit_with_ack::<_, serde_json::Value>(name::SAMPLES, &Samples { robot, samples }) {
            Ok(acknowledged) => Some(Box::pin(async move { drop(timeout(ANSWER_WITHIN, acknowledged).await) })),
            Err(error) => {
                tracing::debug!(agent = self.name(), %error, "samples found no room");
                None
            }
        }
    }
}
