//! PURE. How the configuration writes which serial ports may lead to a robot.

use std::fmt;
use std::str::FromStr;

use super::usb::Usb;

/// A text that is no pattern of the kind that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{expected}")]
pub struct PatternError {
    /// What may stand there.
    pub expected: &'static str,
}

/// USB devices of a kind: `2341:0043`, or with `*` all of a maker: `2341:*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsbPattern {
    vid: u16,
    pid: Option<u16>,
}

impl UsbPattern {
    /// Whether a device is of this kind.
    #[must_use]
    pub fn matches(self, usb: &Usb) -> bool {
        self.vid == usb.vid && self.pid.is_none_or(|pid| pid == usb.pid)
    }
}

impl FromStr for UsbPattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        let parse = || {
            let (vid, pid) = text.split_once(':')?;
            let pid = if pid == "*" { None } else { Some(hex(pid)?) };
            Some(Self { vid: hex(vid)?, pid })
        };
        parse().ok_or(PatternError { expected: "VID:PID, each of four hex digits, or VID:* for all of a maker" })
    }
}

impl fmt::Display for UsbPattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pid {
            Some(pid) => write!(formatter, "{:04x}:{pid:04x}", self.vid),
            None => write!(formatter, "{:04x}:*", self.vid),
        }
    }
}

/// Exactly four hex digits.
#[must_use]
pub fn hex(text: &str) -> Option<u16> {
    let digits = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    digits.then(|| u16::from_str_radix(text, 16).ok())?
}

/// Ports of a name: `/dev/ttyAMA0`, or with `*` in the last part several: `/dev/ttyAMA*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortPattern {
    folder: String,
    name: String,
}

impl PortPattern {
    /// The folder that the ports are in.
    #[must_use]
    pub fn folder(&self) -> &str {
        &self.folder
    }

    /// Whether a name within that folder is meant.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        let mut parts = self.name.split('*');
        let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else { return false };
        let mut parts = parts.peekable();
        if parts.peek().is_none() {
            return rest.is_empty();
        }
        while let Some(part) = parts.next() {
            if parts.peek().is_none() {
                return rest.ends_with(part);
            }
            let Some(at) = rest.find(part) else { return false };
            rest = &rest[at + part.len()..];
        }
        false
    }
}

impl FromStr for PortPattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        let expected = "a whole path such as /dev/ttyAMA0, with * only in its last part";
        match text.rsplit_once('/') {
            Some((folder, name)) if text.starts_with('/') && !folder.contains('*') && !name.is_empty() => {
                let folder = if folder.is_empty() { "/" } else { folder };
                Ok(Self { folder: folder.to_owned(), name: name.to_owned() })
            }
            Some(_) | None => Err(PatternError { expected }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: a kind of device is four hex digits twice, or one maker's all; nothing is guessed.
    #[test]
    fn usb_patterns_are_strict() {
        for good in ["2341:*", "0403:6001", "1A86:55d4"] {
            assert_eq!(good.parse::<UsbPattern>().unwrap().to_string(), good.to_lowercase());
        }
        for bad in
            ["", "2341", "2341:", ":0043", "*:0043", "*", "234:0043", "2341:43", "2341:+043", "2341:0043:7", "xyzw:*"]
        {
            assert!(bad.parse::<UsbPattern>().is_err(), "{bad}");
        }
    }

    /// Goal: a star stands for any text within a name, and for nothing outside it.
    #[test]
    fn port_patterns_match_names_in_one_folder() {
        for (pattern, name, fits) in [
            ("/dev/ttyAMA0", "ttyAMA0", true),
            ("/dev/ttyAMA0", "ttyAMA01", false),
            ("/dev/ttyAMA*", "ttyAMA0", true),
            ("/dev/ttyAMA*", "ttyS0", false),
            ("/dev/*", "anything", true),
            ("/dev/a*b*c", "aXbYc", true),
            ("/dev/a*b*c", "abc", true),
            ("/dev/a*b*c", "acb", false),
            ("/dev/a*a", "a", false),
        ] {
            assert_eq!(pattern.parse::<PortPattern>().unwrap().matches(name), fits, "{pattern} {name}");
        }
        for bad in ["", "ttyUSB0", "/dev/", "/d*v/ttyUSB0", "*"] {
            assert!(bad.parse::<PortPattern>().is_err(), "{bad}");
        }
        assert_eq!("/robot".parse::<PortPattern>().unwrap().folder(), "/");
    }
}
