//! PURE. What a browser calls us in its Host line, if that is a name at all.

use crate::certificate::Name;

/// A name or address with the port that was named, if one was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Host {
    name: Name,
    port: Option<u16>,
}

impl Host {
    /// Reads a Host line. It comes from a stranger and goes into addresses that we tell others: so nothing passes
    /// that is not plainly a name or an address, and perhaps a port.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (host, port) = match text.rsplit_once(':') {
            Some((host, digits)) if !digits.ends_with(']') => (host, Some(port(digits)?)),
            Some(_) | None => (text, None),
        };
        let name: Name = host.parse().ok()?;
        // Brackets are for IPv6, which is never without.
        let bracketed = host.starts_with('[');
        let fits = match &name {
            Name::Ip(address) => bracketed == host.contains(':') && (address.is_ipv6() || !bracketed),
            Name::Dns(_) => true,
        };
        fits.then_some(Self { name, port })
    }

    /// Whether that is one of these names, at this port.
    pub(super) fn is(&self, names: &[Name], port: u16) -> bool {
        self.port.unwrap_or(443) == port && names.contains(&self.name)
    }

    /// The address there by https: at its own port, or else at `port`.
    pub(super) fn https(&self, port: u16) -> String {
        self.https_at(self.port.unwrap_or(port))
    }

    /// The address there by https, at `port` whatever port was named.
    pub(super) fn https_at(&self, port: u16) -> String {
        self.name.https(port)
    }
}

fn port(digits: &str) -> Option<u16> {
    let plain = (1..=5).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|port| plain && *port != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: whatever a browser calls us is understood, and said again as it was.
    #[test]
    fn hosts_are_read_and_written() {
        for (host, address) in [
            ("localhost:8080", "https://localhost:8080"),
            ("Robot.local", "https://robot.local:443"),
            ("192.168.1.5:8443", "https://192.168.1.5:8443"),
            ("[fd00::5]:8080", "https://[fd00::5]:8080"),
            ("[::1]", "https://[::1]:443"),
        ] {
            assert_eq!(Host::parse(host).unwrap().https(443), address);
        }
        assert_eq!(Host::parse("robot.local:8081").unwrap().https_at(8080), "https://robot.local:8080");
    }

    /// Goal: nothing else gets into an address that we send a browser to.
    #[test]
    fn what_is_no_host_is_refused() {
        for host in [
            "",
            ":",
            ":80",
            "a b",
            "a\r\nSet-Cookie: x",
            "a/b",
            "a?b",
            "a#b",
            "user@host",
            "a:b",
            "a:+80",
            "a:0",
            "a:65536",
            "a:000080",
            "a:80:80",
            "::1",
            "[::1",
            "::1]",
            "[127.0.0.1]",
            "[a]",
            "[::ffff:1.2.3.4]x",
            "1.2.3",
            "%61",
            "ä",
            "a\\b",
            "\"a\"",
            "<a>",
        ] {
            assert_eq!(Host::parse(host), None, "{host}");
        }
        assert_eq!(Host::parse(&"a.".repeat(200)), None);
    }

    proptest::proptest! {
        /// Goal: whatever a stranger calls us, only letters, digits and what addresses are made of comes out again.
        #[test]
        fn any_line_is_survived(text in ".{0,80}") {
            if let Some(host) = Host::parse(&text) {
                let plain = |letter: char| letter.is_ascii_alphanumeric() || ".-:[]/".contains(letter);
                proptest::prop_assert!(host.https(443).chars().all(plain), "{text:?}");
                proptest::prop_assert_eq!(Host::parse(&host.https(443)["https://".len()..]), Some(Host { port: Some(host.port.unwrap_or(443)), ..host }));
            }
        }
    }
}
