//! Rig: a driver at a relay, and elsewhere an agent beside a board.

use std::time::Duration;

use crate::agent::Agent;
use crate::board::{Board, Model};
use crate::driver::Driver;
use crate::machine::Machine;
use crate::network::{self, Network};
use crate::relay::Relay;
use crate::ride::Ride;

/// All of them.
pub struct Rig {
    // In the order in which they end.
    pub driver: Driver,
    pub relay: Relay,
    pub agent: Agent,
    pub board: Board,
}

impl Rig {
    /// On one machine, where the two programs know nothing of each other but an address and a key; ready.
    pub fn apart() -> Self {
        let relay = Relay::start(Machine::here(), "localhost");
        let driver = Driver::connect_for_good(relay.dial());
        Self::ready(relay, Machine::here(), driver)
    }

    /// Relay, agent and driver each in a network of its own; ready.
    pub fn across(network: &Network) -> Self {
        let relay = Relay::start(Machine::in_network_of(network.hub()), network::HUB_FOR_THE_ROBOT);
        let dial = relay.dial_from(network::PHONE.parse().unwrap(), network::HUB_FOR_THE_PHONE.parse().unwrap());
        let driver = Driver::connect_for_good(dial);
        Self::ready(relay, Machine::in_network_of(network.robot()), driver)
    }

    fn ready(relay: Relay, machine: Machine, driver: Driver) -> Self {
        let board = Board::start(Model::Core, &[]);
        let agent = Agent::join(machine, &relay, &board.port());
        driver.is_ready();
        Self { driver, relay, agent, board }
    }

    /// The driver and the board.
    pub fn ride(&self) -> Ride<'_> {
        Ride { driver: &self.driver, board: &self.board }
    }

    /// At full speed, at one of many moments; `run` says which.
    pub fn at_full_speed(&self, run: u64) {
        self.ride().full_speed();
        std::thread::sleep(Duration::from_millis(run * 37 % 100));
    }

    /// Waits until the page tells this reason.
    pub fn page_tells(&self, code: &str) {
        self.driver.sees(code, |telemetry| telemetry["reason"]["code"] == code);
    }

    /// The stick is let go, and everything is as in the beginning.
    pub fn rests(&self) {
        self.driver.release();
        self.board.rests();
        self.driver.is_ready();
    }
}
