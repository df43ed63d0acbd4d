//! PURE. Names by which browsers reach this machine, and which of them our own authority may vouch for.

// From core, as these are addresses alone, without the sockets of std.
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::str::FromStr;

/// Longest name, and longest part of one between two dots, characters.
const NAME_CHARS: usize = 253;
const LABEL_CHARS: usize = 63;

/// The networks that our authority may vouch for: those that lead to nobody on the internet. Phones refuse
/// whatever else it would sign, so a stolen key of it is no key to anybody's bank.
pub(super) const NETWORKS: [(IpAddr, u8); 9] = [
    (IpAddr::V4(Ipv4Addr::new(10, 0, 0, 0)), 8),
    (IpAddr::V4(Ipv4Addr::new(172, 16, 0, 0)), 12),
    (IpAddr::V4(Ipv4Addr::new(192, 168, 0, 0)), 16),
    (IpAddr::V4(Ipv4Addr::new(169, 254, 0, 0)), 16),
    (IpAddr::V4(Ipv4Addr::new(127, 0, 0, 0)), 8),
    (IpAddr::V4(Ipv4Addr::new(100, 64, 0, 0)), 10),
    (IpAddr::V6(Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0)), 7),
    (IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0)), 10),
    (IpAddr::V6(Ipv6Addr::LOCALHOST), 128),
];

/// The names that it may vouch for, and all that end in one of them after a dot. Without a dot in front:
/// that is the form that every verifier reads the same way.
pub(super) const DOMAINS: [&str; 2] = ["localhost", "local"];

/// A name or an address of this machine.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Name {
    /// A name, in lower case.
    Dns(String),
    /// An address.
    Ip(IpAddr),
}

/// What is neither a name nor an address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is neither an address such as 192.168.1.5 nor a name such as robot.local")]
pub struct NoName(String);

impl Name {
    /// The names of this machine for itself. Every certificate of ours is good for them.
    #[must_use]
    pub fn local() -> [Self; 3] {
        [
            Self::Dns("localhost".to_owned()),
            Self::Ip(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            Self::Ip(IpAddr::V6(Ipv6Addr::LOCALHOST)),
        ]
    }

    /// Whether our own authority may vouch for it; else a certificate of one's own is needed.
    #[must_use]
    pub fn is_private(&self) -> bool {
        match self {
            Self::Dns(name) => DOMAINS.iter().any(|domain| {
                name.strip_suffix(domain).is_some_and(|before| before.is_empty() || before.ends_with('.'))
            }),
            Self::Ip(address) => NETWORKS.iter().any(|(network, bits)| lies_in(*address, *network, *bits)),
        }
    }

    /// As it stands in an address, with a port.
    #[must_use]
    pub fn https(&self, port: u16) -> String {
        match self {
            Self::Ip(address) if address.is_ipv6() => format!("https://[{address}]:{port}"),
            name @ (Self::Ip(_) | Self::Dns(_)) => format!("https://{name}:{port}"),
        }
    }
}

impl FromStr for Name {
    type Err = NoName;

    fn from_str(text: &str) -> Result<Self, NoName> {
        let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
        if let Ok(address) = bare.parse::<IpAddr>() {
            return Ok(Self::Ip(address.to_canonical()));
        }
        // A last part of digits alone is an address that is written wrongly, and browsers take it for one.
        let last_is_number = text.rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
        if text.len() > NAME_CHARS || last_is_number || !text.split('.').all(is_label) {
            return Err(NoName(text.chars().filter(|letter| !letter.is_control()).take(80).collect()));
        }
        Ok(Self::Dns(text.to_ascii_lowercase()))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => formatter.write_str(name),
            Self::Ip(address) => address.fmt(formatter),
        }
    }
}

fn is_label(label: &str) -> bool {
    (1..=LABEL_CHARS).contains(&label.len())
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

fn lies_in(address: IpAddr, network: IpAddr, bits: u8) -> bool {
    match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => {
            (address.to_bits() ^ network.to_bits()).checked_shr(32 - u32::from(bits)).unwrap_or(0) == 0
        }
        (IpAddr::V6(address), IpAddr::V6(network)) => {
            (address.to_bits() ^ network.to_bits()).checked_shr(128 - u32::from(bits)).unwrap_or(0) == 0
        }
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: what a class uses at home, at school or behind a phone's hotspot is vouched for; what others own is not.
    #[test]
    fn only_private_names_are_vouched_for() {
        let private = "localhost, robot.local, LOCAL, a.b.localhost, 10.255.0.1, 172.16.0.1, 172.31.255.255, 192.168.4.1, \
                       169.254.1.1, 127.0.0.1, 127.9.9.9, 100.64.0.1, 100.127.255.255, ::1, fd12::5, fc00::, fe80::1, \
                       [fe80::1], ::ffff:192.168.1.5";
        for name in private.split(", ") {
            assert!(name.parse::<Name>().unwrap().is_private(), "{name}");
        }
        let others = "robot.example.org, local.example.org, notlocal, mylocalhost, 172.15.255.255, 172.32.0.0, 192.169.0.1, \
                      8.8.8.8, 100.128.0.0, 100.63.255.255, 11.0.0.0, 0.0.0.0, 2001:db8::1, ::, ::2, fec0::1";
        for name in others.split(", ") {
            assert!(!name.parse::<Name>().unwrap().is_private(), "{name}");
        }
    }

    /// Goal: nothing that is no name gets into a certificate.
    #[test]
    fn what_is_no_name_is_refused() {
        for text in [
            "",
            ".",
            "a..b",
            "-a",
            "a-",
            "a b",
            "a_b",
            "1.2.3",
            "256.1.1.1",
            "fe80::1%eth0",
            "a:1",
            "*.local",
            "ä.local",
        ] {
            assert!(text.parse::<Name>().is_err(), "{text}");
        }
        assert!("a".repeat(64).parse::<Name>().is_err());
        assert_eq!("Robot.Local".parse(), Ok(Name::Dns("robot.local".to_owned())));
    }
}
