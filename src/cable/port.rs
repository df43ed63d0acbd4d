//! PURE. A serial port of this machine, and whether a robot may be behind it.

use super::usb::Usb;

/// A serial port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// The name to open it by: the one that stays the same, if there is one.
    pub name: String,
    /// The device itself, whose name depends on the order of plugging in: `/dev/ttyUSB0`.
    pub device: String,
    /// What it says of itself; `None` if it is not on USB.
    pub usb: Option<Usb>,
    /// Whether a robot may be behind it.
    pub verdict: Verdict,
}

/// Whether a robot may be behind a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Yes: the configuration lists it, at this place.
    Plausible(usize),
    /// On USB, but not listed: a modem, a GPS receiver, a phone. Never opened unless it is asked for.
    Stranger,
    /// Not on USB, and not listed. Never opened unless it is asked for.
    Other,
}

impl Port {
    /// A port of which nothing is known but its name.
    #[must_use]
    pub fn bare(name: &str) -> Self {
        Self { name: name.to_owned(), device: name.to_owned(), usb: None, verdict: Verdict::Other }
    }

    /// What it is, for people: `Arduino Uno (2341:0043:7543…)`, or nothing.
    #[must_use]
    pub fn description(&self) -> String {
        let Some(usb) = &self.usb else { return "no USB device".to_owned() };
        match usb.product.as_ref().or(usb.manufacturer.as_ref()) {
            Some(product) => format!("{product} ({usb})"),
            None => format!("USB {usb}"),
        }
    }
}
