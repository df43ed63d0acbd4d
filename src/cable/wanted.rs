//! PURE. Which robot the user asks for: the simulated one, any, the one at a path, or a USB device.

use std::fmt;
use std::str::FromStr;

use super::pattern::{PatternError, hex};
use super::usb::Usb;

/// What `robot.serial` may say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// `sim`: the simulated robot.
    Simulated,
    /// `auto`: whichever robot is found at a port that may have one.
    Auto,
    /// The one at this port.
    Path(String),
    /// `usb:VID:PID` or `usb:VID:PID:SERIAL`: the one at this USB device, whatever its port is called.
    Usb {
        /// Number of the maker.
        vid: u16,
        /// Number of the product.
        pid: u16,
        /// The device's own number, if it matters.
        serial: Option<String>,
    },
}

impl Wanted {
    /// Whether a USB device is the one that was asked for by its numbers.
    #[must_use]
    pub fn names(&self, usb: &Usb) -> bool {
        match self {
            Self::Usb { vid, pid, serial } => {
                (usb.vid, usb.pid) == (*vid, *pid) && (serial.is_none() || *serial == usb.serial)
            }
            Self::Simulated | Self::Auto | Self::Path(_) => false,
        }
    }
}

impl FromStr for Wanted {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        let expected =
            "sim, auto, a path such as /dev/ttyUSB0, or usb:VID:PID with four hex digits each, as in usb:2341:0043";
        let parse = || match text {
            "sim" => Some(Self::Simulated),
            "auto" => Some(Self::Auto),
            _ => match text.strip_prefix("usb:") {
                None => text.contains('/').then(|| Self::Path(text.to_owned())),
                Some(numbers) => {
                    let mut parts = numbers.splitn(3, ':');
                    let (vid, pid) = (hex(parts.next()?)?, hex(parts.next()?)?);
                    let serial = parts.next().map(str::to_owned);
                    (serial.as_deref() != Some("")).then_some(Self::Usb { vid, pid, serial })
                }
            },
        };
        parse().ok_or(PatternError { expected })
    }
}

impl fmt::Display for Wanted {
    /// As people are told what is driven.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Simulated => write!(formatter, "a simulated robot"),
            Self::Auto => write!(formatter, "the robot that it finds at a serial port"),
            Self::Path(path) => write!(formatter, "{path}"),
            Self::Usb { vid, pid, serial: None } => write!(formatter, "the robot at USB {vid:04x}:{pid:04x}"),
            Self::Usb { vid, pid, serial: Some(serial) } => {
                write!(formatter, "the robot at USB {vid:04x}:{pid:04x}:{serial}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: every form is understood, a serial number as it is, and a slip of the pen is not a path.
    #[test]
    fn forms_are_told_apart() {
        let wanted = |text: &str| text.parse::<Wanted>();
        assert_eq!(wanted("sim"), Ok(Wanted::Simulated));
        assert_eq!(wanted("auto"), Ok(Wanted::Auto));
        assert_eq!(wanted("/dev/ttyUSB0"), Ok(Wanted::Path("/dev/ttyUSB0".to_owned())));
        assert_eq!(wanted("./robot"), Ok(Wanted::Path("./robot".to_owned())));
        assert_eq!(wanted("usb:2341:0043"), Ok(Wanted::Usb { vid: 0x2341, pid: 0x43, serial: None }));
        let serial = Some("A:5 Ü".to_owned());
        assert_eq!(wanted("usb:0403:6001:A:5 Ü"), Ok(Wanted::Usb { vid: 0x403, pid: 0x6001, serial }));
        for bad in
            ["", "Auto", "simm", "ttyUSB0", "COM3", "usb:", "usb:2341", "usb:2341:*", "usb:2341:43", "usb:2341:0043:"]
        {
            assert!(wanted(bad).is_err(), "{bad}");
        }
    }
}
