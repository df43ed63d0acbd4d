//! The doorman: decides from a request's headers who asks, before anything else looks at it.
//!
//! A browser sends its user's requests for any page that asks it to, so the Host and Origin headers
//! are held against what the relay is really called: that keeps out other sites' pages (Origin) and
//! names that were made to point here (Host). CORS would not: it does not cover a `WebSocket`.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, StatusCode, Uri, header};

use crate::protocol::events::Role;

/// Where a connection comes from. Put on each request by the listener.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) SocketAddr);

/// Someone who was let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Visitor {
    /// Where from.
    pub(super) address: IpAddr,
    /// What they may do.
    pub(super) role: Role,
}

/// Why a request was turned away.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    /// The Host is not one of ours.
    #[error("this is not {host}: open https://localhost:{port}/")]
    Host {
        /// What was asked for.
        host: String,
        /// Where we are.
        port: u16,
    },
    /// A page of another site asks.
    #[error("a page of {origin} may not talk to this robot")]
    Origin {
        /// The page's site.
        origin: String,
    },
    /// The request was passed on by something in between.
    #[error("the request came through a proxy ({header}), so it is not from this machine")]
    Forwarded {
        /// The header that says so.
        header: String,
    },
    /// The request comes from another machine.
    #[error("{address} is not this machine, and only this machine is let in")]
    Distant {
        /// Where it came from.
        address: IpAddr,
    },
}

impl Refusal {
    /// The HTTP status that goes with it.
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Host { .. } => StatusCode::MISDIRECTED_REQUEST,
            Self::Origin { .. } | Self::Forwarded { .. } | Self::Distant { .. } => StatusCode::FORBIDDEN,
        }
    }
}

/// Headers by which proxies tell whom they speak for, apart from those that begin with `x-forwarded`.
const FORWARDING: [&str; 7] =
    ["forwarded", "via", "x-real-ip", "x-client-ip", "x-cluster-client-ip", "true-client-ip", "cf-connecting-ip"];

/// Says who asks, or why they are turned away.
///
/// A browser or program on the same machine, with our own Host and our own Origin or none, is its
/// operator.
///
/// # Errors
/// [`Refusal`], strongest reason first.
pub(super) fn admit(peer: Peer, port: u16, uri: &Uri, headers: &HeaderMap) -> Result<Visitor, Refusal> {
    check_host(port, uri, headers)?;
    check_origin(port, uri, headers)?;
    if let Some(header) = headers.keys().map(header::HeaderName::as_str).find(|name| forwards(name)) {
        return Err(Refusal::Forwarded { header: header.to_owned() });
    }
    let address = peer.0.ip().to_canonical();
    if !address.is_loopback() {
        return Err(Refusal::Distant { address });
    }
    Ok(Visitor { address, role: Role::Operator })
}

fn forwards(name: &str) -> bool {
    name.starts_with("x-forwarded") || FORWARDING.contains(&name)
}

fn check_host(port: u16, uri: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
    let refuse = |host: &str| Refusal::Host { host: shortened(host), port };
    let mut named = headers.get_all(header::HOST).iter();
    // The one line that HTTP asks for, and the address in the request's first line if there is one.
    let (Some(host), None) = (named.next(), named.next()) else { return Err(refuse("named exactly once")) };
    let host = host.to_str().map_err(|_| refuse("a name that can be read"))?;
    for name in [Some(host), uri.authority().map(axum::http::uri::Authority::as_str)].into_iter().flatten() {
        if !is_ours(name, port) {
            return Err(refuse(name));
        }
    }
    Ok(())
}

fn check_origin(port: u16, uri: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
    // Where there is an Origin it decides alone: browsers disagree on which site a WebSocket is of.
    let mut any = false;
    for origin in headers.get_all(header::ORIGIN) {
        any = true;
        let origin = origin.to_str().unwrap_or("an origin that cannot be read");
        if !origin.strip_prefix("https://").is_some_and(|host| is_ours(host, port)) {
            return Err(Refusal::Origin { origin: shortened(origin) });
        }
    }
    // Images and the like carry no Origin, but newer browsers say that another site's page asks. A
    // link to our page is welcome; a session opened from elsewhere is not.
    let site = headers.get("sec-fetch-site").map(|site| site.to_str().unwrap_or("unreadable"));
    match site {
        None | Some("same-origin" | "none") => Ok(()),
        Some(_) if any || !is_session(uri) => Ok(()),
        Some(site) => Err(Refusal::Origin { origin: shortened(site) }),
    }
}

/// Whether a request is for Socket.IO, which takes everything that begins so.
pub(super) fn is_session(uri: &Uri) -> bool {
    uri.path().starts_with("/socket.io")
}

/// Whether `host` is one of the relay's own names, with its port.
fn is_ours(host: &str, port: u16) -> bool {
    let (name, named_port) = match host.rsplit_once(':') {
        // A sign would be parsed, and no browser writes one.
        Some((name, digits)) if !digits.ends_with(']') => {
            (name, digits.parse().ok().filter(|_| !digits.starts_with('+')))
        }
        Some(_) | None => (host, Some(443)),
    };
    named_port == Some(port) && ["localhost", "127.0.0.1", "[::1]"].iter().any(|own| own.eq_ignore_ascii_case(name))
}

/// As much of a stranger's text as goes into a sentence.
fn shortened(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(80).collect()
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn ask(peer: &str, uri: &str, lines: &[(&str, &str)]) -> Result<Visitor, u16> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap());
        }
        admit(Peer(peer.parse().unwrap()), 8080, &uri.parse().unwrap(), &headers)
            .map_err(|refusal| refusal.status().as_u16())
    }

    fn local(lines: &[(&str, &str)]) -> Option<u16> {
        ask("127.0.0.1:50000", "/socket.io/?EIO=4", lines).err()
    }

    /// Goal: whoever sits at the machine is its operator, by browser or program, by any of its names.
    #[test]
    fn this_machine_is_let_in_as_operator() {
        for host in ["localhost:8080", "LOCALHOST:8080", "127.0.0.1:8080", "[::1]:8080"] {
            assert_eq!(local(&[("host", host)]), None, "{host}");
            assert_eq!(local(&[("host", host), ("origin", &format!("https://{host}"))]), None, "{host}");
        }
        let visitor = ask("[::1]:50000", "https://localhost:8080/", &[("host", "localhost:8080")]).unwrap();
        assert_eq!(visitor.role, Role::Operator);
        assert_eq!(ask("[::ffff:127.0.0.1]:5", "/", &[("host", "localhost:8080")]).map(|_| ()), Ok(()));
    }

    /// Goal: a name that was made to point at this machine opens nothing.
    #[test]
    fn a_foreign_host_is_misdirected() {
        for host in [
            "evil.example",
            "evil.example:8080",
            "localhost",
            "localhost:80",
            "localhost:8080.evil.example",
            "",
            "localhost:",
            "[::1]",
            "[::2]:8080",
            "127.0.0.2:8080",
            "localhost.:8080",
            "localhost:8080:8080",
            "::1:8080",
            "user@localhost:8080",
            "localhost:+8080",
        ] {
            assert_eq!(local(&[("host", host)]), Some(421), "{host}");
        }
        assert_eq!(local(&[]), Some(421));
        assert_eq!(local(&[("host", "localhost:8080"), ("host", "evil.example")]), Some(421));
        let absolute = ask("127.0.0.1:5", "https://evil.example/", &[("host", "localhost:8080")]);
        assert_eq!(absolute, Err(421));
    }

    /// Goal: no page of another site drives the robot through its visitor's browser.
    #[test]
    fn a_foreign_origin_is_forbidden() {
        let host = ("host", "localhost:8080");
        for origin in [
            "https://evil.example",
            "null",
            "http://localhost:8080",
            "https://localhost",
            "https://localhost:8081",
            "",
            "https://localhost:8080.evil.example",
            "https://localhost:8080/",
            "wss://localhost:8080",
        ] {
            assert_eq!(local(&[host, ("origin", origin)]), Some(403), "{origin}");
        }
        assert_eq!(local(&[host, ("origin", "https://localhost:8080"), ("origin", "https://evil.example")]), Some(403));
        for site in ["cross-site", "same-site"] {
            assert_eq!(local(&[host, ("sec-fetch-site", site)]), Some(403), "{site}");
            assert!(ask("127.0.0.1:5", "/", &[host, ("sec-fetch-site", site)]).is_ok(), "a link to the page");
        }
        assert_eq!(local(&[host, ("sec-fetch-site", "same-origin")]), None);
        assert_eq!(local(&[host, ("origin", "https://localhost:8080"), ("sec-fetch-site", "same-site")]), None);
    }

    /// Goal: a proxy on this machine does not make the whole internet local.
    #[test]
    fn a_forwarded_request_is_not_local() {
        let host = ("host", "localhost:8080");
        for name in ["Forwarded", "X-Forwarded-For", "x-forwarded-proto", "Via", "X-Real-IP"] {
            assert_eq!(local(&[host, (name, "127.0.0.1")]), Some(403), "{name}");
        }
    }

    /// Goal: another machine is refused whatever it says of itself.
    #[test]
    fn another_machine_is_refused() {
        assert_eq!(ask("192.0.2.7:5", "/", &[("host", "localhost:8080")]), Err(403));
    }
}
