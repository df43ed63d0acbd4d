//! PURE. Where a relay is, as people write it: `https://HOST:PORT`.

// `core::net` has the addresses alone; its sisters in `std` come with sockets.
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::fmt;
use std::str::FromStr;

/// The port of https where none is written.
const USUAL_PORT: u16 = 443;
/// Letters of a name, and of what stands between two dots.
const NAME: usize = 253;
const LABEL: usize = 63;

/// The address of a relay.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    host: Host,
    port: u16,
}

/// The computer that is meant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Host {
    /// By its number.
    Ip(IpAddr),
    /// By its name, in small letters.
    Dns(String),
}

/// Why a text is no address of a relay.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Something else than https.
    #[error("{text} would go through the network in the open: write https:// instead")]
    Open {
        /// What was written.
        text: String,
    },
    /// Nothing before the host.
    #[error("{text} is no address of a relay: write it as https://HOST:PORT")]
    Scheme {
        /// What was written.
        text: String,
    },
    /// More than a host and a port.
    #[error("{text} says more than where the relay is: write no more than https://HOST:PORT")]
    More {
        /// What was written.
        text: String,
    },
    /// No name and no number of a computer.
    #[error("{host} is no name and no address of a computer{hint}")]
    Host {
        /// What was written.
        host: String,
        /// What to try.
        hint: &'static str,
    },
    /// No port.
    #[error("{port} is no port: it is a number from 1 to 65535")]
    Port {
        /// What was written.
        port: String,
    },
}

impl Address {
    /// The relay at this port of this computer.
    #[must_use]
    pub fn new(host: Host, port: u16) -> Self {
        Self { host, port }
    }

    /// The computer.
    #[must_use]
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// As it stands in a request's Host line: without the port if that is the usual one.
    #[must_use]
    pub fn authority(&self) -> String {
        if self.port == USUAL_PORT { self.host.to_string() } else { format!("{}:{}", self.host, self.port) }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(IpAddr::V4(address)) => address.fmt(f),
            Self::Ip(IpAddr::V6(address)) => write!(f, "[{address}]"),
            Self::Dns(name) => name.fmt(f),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "https://{}", self.authority())
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        let shown = || shortened(text);
        let (scheme, rest) = text.split_once("://").ok_or_else(|| AddressError::Scheme { text: shown() })?;
        match scheme.to_ascii_lowercase().as_str() {
            "https" => {}
            "http" | "ws" => return Err(AddressError::Open { text: shown() }),
            _ => return Err(AddressError::Scheme { text: shown() }),
        }
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.is_empty() || rest.starts_with(':') {
            return Err(AddressError::Scheme { text: shown() });
        }
        if rest.contains(['/', '?', '#', '@', '\\']) {
            return Err(AddressError::More { text: shown() });
        }
        let (host, port) = split(rest)?;
        Ok(Self { host, port: port.map_or(Ok(USUAL_PORT), read_port)? })
    }
}

/// The host, and what is written for a port.
fn split(text: &str) -> Result<(Host, Option<&str>), AddressError> {
    if let Some(inside) = text.strip_prefix('[') {
        let refuse = |hint| AddressError::Host { host: shortened(text), hint };
        let (host, after) = inside.split_once(']').ok_or_else(|| refuse(": the ] is missing"))?;
        let address: Ipv6Addr = host.parse().map_err(|_| refuse(""))?;
        let port = match after.strip_prefix(':') {
            None if after.is_empty() => None,
            None => return Err(refuse("")),
            Some(port) => Some(port),
        };
        return Ok((Host::Ip(address.into()), port));
    }
    let (host, port) = text.rsplit_once(':').map_or((text, None), |(host, port)| (host, Some(port)));
    Ok((read_host(host)?, port))
}

fn read_host(text: &str) -> Result<Host, AddressError> {
    let refuse = |hint| AddressError::Host { host: shortened(text), hint };
    if text.contains(':') {
        return Err(refuse(": an IPv6 address stands in brackets, [fd00::5]"));
    }
    if let Ok(address) = text.parse::<Ipv4Addr>() {
        return Ok(Host::Ip(address.into()));
    }
    let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
    let labels = || name.split('.');
    let plain = |label: &str| {
        let letters = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        (1..=LABEL).contains(&label.len()) && letters && !label.starts_with('-') && !label.ends_with('-')
    };
    // What ends in a number is meant as an address, and is none.
    let number = labels().next_back().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    if name.len() > NAME || number || !labels().all(plain) {
        return Err(refuse(""));
    }
    Ok(Host::Dns(name))
}

fn read_port(text: &str) -> Result<u16, AddressError> {
    let digits = (1..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let port = text.parse().ok().filter(|port| digits && *port != 0);
    port.ok_or_else(|| AddressError::Port { port: shortened(text) })
}

/// As much of what was written as goes into a sentence.
fn shortened(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(80).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Goal: addresses as people write and copy them are understood, and said again in one form.
    #[test]
    fn addresses_are_read_and_written() {
        for (text, written, authority) in [
            ("https://192.168.1.5:8080", "https://192.168.1.5:8080", "192.168.1.5:8080"),
            (" HTTPS://Robot.local:8080/ ", "https://robot.local:8080", "robot.local:8080"),
            ("https://[fd00::5]:8080", "https://[fd00::5]:8080", "[fd00::5]:8080"),
            ("https://[FD00:0::5]", "https://[fd00::5]", "[fd00::5]"),
            ("https://example.org:443/", "https://example.org", "example.org"),
            ("https://my_pi.", "https://my_pi", "my_pi"),
        ] {
            let address: Address = text.parse().unwrap();
            assert_eq!((address.to_string().as_str(), address.authority().as_str()), (written, authority));
            assert_eq!(written.parse(), Ok(address));
        }
    }

    /// Goal: what is no address is refused with what is wrong with it.
    #[test]
    fn other_texts_are_refused_with_a_reason() {
        for (text, words) in [
            ("http://robot.local:8080", "in the open"),
            ("ws://robot.local:8080", "in the open"),
            ("robot.local:8080", "https://HOST:PORT"),
            ("ftp://robot.local", "https://HOST:PORT"),
            ("", "https://HOST:PORT"),
            ("https://robot.local:8080/p#code", "no more than"),
            ("https://me@robot.local", "no more than"),
            ("https://robot.local:0", "from 1 to 65535"),
            ("https://robot.local:65536", "from 1 to 65535"),
            ("https://robot.local:", "from 1 to 65535"),
            ("https://robot.local:+80", "from 1 to 65535"),
            ("https://fd00::5:8080", "brackets"),
            ("https://[fd00::5", "missing"),
            ("https://[fe80::1%25wlan0]:8080", "no name and no address"),
            ("https://", "https://HOST:PORT"),
            ("https://:8080", "https://HOST:PORT"),
            ("https://a..b", "no name and no address"),
            ("https://999.1.1.1", "no name and no address"),
            ("https://1.2.3", "no name and no address"),
            ("https://-a", "no name and no address"),
            ("https://röbot.local", "no name and no address"),
        ] {
            let said = text.parse::<Address>().unwrap_err().to_string();
            assert!(said.contains(words), "{text}: {said}");
        }
    }

    proptest! {
        /// Goal: any text is survived, and what is taken is only what may stand in a request.
        #[test]
        fn any_text_is_survived(text in "(https://)?[\\[\\]:./a-z0-9@%\\PC]{0,60}") {
            if let Ok(address) = text.parse::<Address>() {
                let plain = |letter: char| letter.is_ascii_alphanumeric() || ".-_:[]".contains(letter);
                prop_assert!(address.authority().chars().all(plain), "{text:?}");
                prop_assert_eq!(address.to_string().parse(), Ok(address));
            }
        }
    }
}
