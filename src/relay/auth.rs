//! The doorman: decides from a request's headers who asks, before anything else looks at it.
//!
//! A browser sends its user's requests for any page that asks it to, so the Host and Origin headers
//! are held against what the relay is really called: that keeps out other sites' pages (Origin) and
//! names that were made to point here (Host). CORS would not: it does not cover a `WebSocket`.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::http::{HeaderMap, StatusCode, Uri, header};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::deadline::Wide;
use super::host::Host;
use super::limits::connections::Place;
use crate::access::gate::{Gate, Guest};
use crate::certificate::Name;
use crate::protocol::events::Role;

/// Where a connection comes from, and how to end it. Put on each request by the listener.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    /// Where from.
    pub(super) address: SocketAddr,
    /// Cancelled, it ends the connection.
    pub(super) line: CancellationToken,
    /// To be opened for agents.
    pub(super) wide: Wide,
    /// Its place among the open connections.
    pub(super) place: Place,
}

/// Someone who was let in.
#[derive(Clone, Debug)]
pub(super) struct Visitor {
    /// Where from.
    pub(super) address: IpAddr,
    /// What they may do.
    pub(super) role: Role,
    /// Their device; none for whoever sits at the machine itself.
    pub(super) device: Option<Guest>,
    /// Cancelled, it ends the connection.
    pub(super) line: CancellationToken,
    /// To be opened for agents.
    pub(super) wide: Wide,
}

/// Who a visitor is, whichever connection they come by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Who {
    /// A device that was let in.
    Device(u64),
    /// A browser or program of this machine.
    Local(IpAddr),
}

impl Visitor {
    /// Who that is.
    pub(super) fn who(&self) -> Who {
        self.device.as_ref().map_or(Who::Local(self.address), |guest| Who::Device(guest.id))
    }
}

/// What the doorman goes by.
#[derive(Clone, Debug)]
pub(super) struct House {
    /// The relay's port.
    pub(super) port: u16,
    /// Names by which it is called, beside those of every machine for itself.
    pub(super) hosts: watch::Receiver<Vec<Name>>,
    /// Who was let in.
    pub(super) gate: Arc<Gate>,
    /// Whether other machines may knock.
    pub(super) public: bool,
    /// Whether this machine's own browsers and programs are operators.
    pub(super) local_operator: bool,
}

/// Why a request was turned away.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    /// The Host is not one of ours.
    #[error("this is not {host}: open {instead}")]
    Host {
        /// What was asked for.
        host: String,
        /// Where we are.
        instead: String,
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
    /// The request needs a session, and came without a good one.
    #[error("this device is not paired: scan the code that the robot's computer shows")]
    Stranger,
}

impl Refusal {
    /// The HTTP status that goes with it.
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Host { .. } => StatusCode::MISDIRECTED_REQUEST,
            Self::Origin { .. } | Self::Forwarded { .. } | Self::Distant { .. } | Self::Stranger => {
                StatusCode::FORBIDDEN
            }
        }
    }
}

/// Headers by which proxies tell whom they speak for, apart from those that begin with `x-forwarded`.
const FORWARDING: [&str; 7] =
    ["forwarded", "via", "x-real-ip", "x-client-ip", "x-cluster-client-ip", "true-client-ip", "cf-connecting-ip"];

/// The name of the cookie that holds a session. Cookies know no ports, so the name does: several programs on one
/// machine keep their guests apart.
pub(super) fn cookie_name(port: u16) -> String {
    format!("__Host-joywire-{port}")
}

/// Says who asks, or why they are turned away; `None` for someone who may see the page and knock, no more.
///
/// A browser or program on the same machine, with our own Host and our own Origin or none, is its
/// operator, unless that is switched off. Everyone else is who their session says.
///
/// # Errors
/// [`Refusal`], strongest reason first.
pub(super) fn admit(house: &House, peer: &Peer, uri: &Uri, headers: &HeaderMap) -> Result<Option<Visitor>, Refusal> {
    check_host(house, peer, uri, headers)?;
    check_origin(house, uri, headers)?;
    let address = peer.address.ip().to_canonical();
    let visitor =
        |role, device| Some(Visitor { address, role, device, line: peer.line.clone(), wide: peer.wide.clone() });
    let forwarded = headers.keys().map(header::HeaderName::as_str).find(|name| forwards(name));
    let guest = guest(house, headers);
    // An agent of this machine that has a key is known by it, so that it can be thrown out.
    let is_agent = guest.as_ref().is_some_and(|guest| guest.role == Role::Agent);
    if forwarded.is_none() && address.is_loopback() && house.local_operator && !is_agent {
        return Ok(visitor(Role::Operator, None));
    }
    if let Some(guest) = guest {
        return Ok(visitor(guest.role, Some(guest)));
    }
    match forwarded {
        _ if is_session(uri) && (house.public || !house.local_operator) => Err(Refusal::Stranger),
        Some(header) if !house.public => Err(Refusal::Forwarded { header: header.to_owned() }),
        None if !house.public && !address.is_loopback() => Err(Refusal::Distant { address }),
        Some(_) | None => Ok(None),
    }
}

/// The device whose session the cookies hold.
fn guest(house: &House, headers: &HeaderMap) -> Option<Guest> {
    let wanted = cookie_name(house.port);
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(name, _)| *name == wanted).find_map(|(_, token)| house.gate.guest(token))
}

fn forwards(name: &str) -> bool {
    name.starts_with("x-forwarded") || FORWARDING.contains(&name)
}

fn check_host(house: &House, peer: &Peer, uri: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
    let refuse = |host: &str| Refusal::Host { host: shortened(host), instead: house.address_for(peer) };
    let mut named = headers.get_all(header::HOST).iter();
    // The one line that HTTP asks for, and the address in the request's first line if there is one.
    let (Some(host), None) = (named.next(), named.next()) else { return Err(refuse("named exactly once")) };
    let host = host.to_str().map_err(|_| refuse("a name that can be read"))?;
    for name in [Some(host), uri.authority().map(axum::http::uri::Authority::as_str)].into_iter().flatten() {
        if !house.is_called(name) {
            return Err(refuse(name));
        }
    }
    Ok(())
}

fn check_origin(house: &House, uri: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
    // Where there is an Origin it decides alone: browsers disagree on which site a WebSocket is of.
    let mut any = false;
    for origin in headers.get_all(header::ORIGIN) {
        any = true;
        let origin = origin.to_str().unwrap_or("an origin that cannot be read");
        if !origin.strip_prefix("https://").is_some_and(|host| house.is_called(host)) {
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

impl House {
    /// Whether `host` is one of the relay's own names, with its port.
    fn is_called(&self, host: &str) -> bool {
        let Some(host) = Host::parse(host) else { return false };
        host.is(&Name::local(), self.port) || host.is(&self.hosts.borrow(), self.port)
    }

    /// Where `peer` finds the relay.
    fn address_for(&self, peer: &Peer) -> String {
        let hosts = self.hosts.borrow();
        let distant = hosts.first().filter(|_| !peer.address.ip().to_canonical().is_loopback());
        distant.map_or_else(|| format!("https://localhost:{}/", self.port), |name| name.https(self.port) + "/")
    }
}

/// As much of a stranger's text as goes into a sentence.
fn shortened(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(80).collect()
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;
    use crate::access::gate::Welcome;
    use crate::clock::Clock;
    use crate::journal::{Doer, Journal};
    use crate::protocol::access::AccessRequest;

    fn house(public: bool, local_operator: bool) -> (House, tempfile::TempDir) {
        let home = tempfile::tempdir().unwrap();
        let gate =
            Gate::open(home.path(), false, "https://192.0.2.1:8080".into(), Journal::none(), Clock::start()).unwrap();
        let (_, hosts) = watch::channel(["192.0.2.1", "rover.local"].map(|name| name.parse().unwrap()).to_vec());
        (House { port: 8080, hosts, gate, public, local_operator }, home)
    }

    fn ask_at(house: &House, peer: &str, uri: &str, lines: &[(&str, &str)]) -> Result<Option<Visitor>, u16> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap());
        }
        let peer = Peer {
            address: peer.parse().unwrap(),
            line: CancellationToken::new(),
            wide: Wide::default(),
            place: Place::default(),
        };
        admit(house, &peer, &uri.parse().unwrap(), &headers).map_err(|refusal| refusal.status().as_u16())
    }

    fn ask(peer: &str, uri: &str, lines: &[(&str, &str)]) -> Result<Option<Role>, u16> {
        let (house, _home) = house(false, true);
        ask_at(&house, peer, uri, lines).map(|visitor| visitor.map(|visitor| visitor.role))
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
        let operator = Ok(Some(Role::Operator));
        assert_eq!(ask("[::1]:50000", "https://localhost:8080/", &[("host", "localhost:8080")]), operator);
        assert_eq!(ask("[::ffff:127.0.0.1]:5", "/", &[("host", "localhost:8080")]), operator);
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

    const SESSION: &str = "/socket.io/?EIO=4";

    /// Goal: a stranger sees the page and may knock; a paired device is who its session says, and only there.
    #[tokio::test]
    async fn session_tells_who_a_device_is() {
        let (house, _home) = house(true, true);
        let phone = "192.0.2.7:5";
        let host = ("host", "192.0.2.1:8080");
        assert!(ask_at(&house, phone, "/", &[host]).unwrap().is_none());
        assert_eq!(ask_at(&house, phone, SESSION, &[host]).map(|_| ()), Err(403));

        let invite = house.gate.invite(Role::Driver).unwrap();
        let code = invite.url.rsplit_once('#').unwrap().1;
        let Ok(Welcome::Admitted(admission)) = house.gate.knock(code, "phone", None).await else {
            panic!("not let in")
        };
        let token = admission.token.text();
        for (cookie, good) in [
            (format!("__Host-joywire-8080={token}"), true),
            (format!("theme=dark; __Host-joywire-8080={token}; more=1"), true),
            (format!("__Host-joywire-8080=rubbish; __Host-joywire-8080={token}"), true),
            (format!("__Host-joywire-8081={token}"), false),
            (format!("joywire-8080={token}"), false),
            (format!("__Host-joywire-8080={}", &token[1..]), false),
            (String::new(), false),
        ] {
            let found = ask_at(&house, phone, SESSION, &[host, ("cookie", &cookie)]);
            let device = found.ok().flatten().map(|visitor| (visitor.role, visitor.device.map(|guest| guest.name)));
            let phone = Some((Role::Driver, Some("phone".to_owned())));
            assert_eq!(device, if good { phone } else { None }, "{cookie}");
        }
        // A session is no pass for another site's page, nor for a name that was made to point here.
        let cookie = format!("__Host-joywire-8080={token}");
        let cookie = ("cookie", cookie.as_str());
        assert!(ask_at(&house, phone, SESSION, &[host, cookie, ("origin", "https://evil.example")]).is_err());
        assert!(ask_at(&house, phone, SESSION, &[("host", "evil.example:8080"), cookie]).is_err());
        for host in ["rover.local:8080", "ROVER.LOCAL:8080", "localhost:8080"] {
            assert!(ask_at(&house, phone, SESSION, &[("host", host), cookie]).is_ok(), "{host}");
        }
        assert!(house.gate.ask(AccessRequest::Revoke { id: admission.guest.id }, Doer::here()).await.ok);
        assert!(ask_at(&house, phone, SESSION, &[host, cookie]).is_err());
    }

    /// Goal: where this machine's own browsers pair as well, they are nobody until they have.
    #[tokio::test]
    async fn local_operator_can_be_switched_off() {
        let host = ("host", "localhost:8080");
        for public in [true, false] {
            let (house, _home) = house(public, false);
            assert!(ask_at(&house, "127.0.0.1:5", "/", &[host]).unwrap().is_none());
            assert_eq!(ask_at(&house, "127.0.0.1:5", SESSION, &[host]).map(|_| ()), Err(403));
        }
        // A proxy's word for the internet is not this machine's, whatever is switched on.
        let (house, _home) = house(true, true);
        let forwarded = ("x-forwarded-for", "203.0.113.9");
        assert_eq!(ask_at(&house, "127.0.0.1:5", SESSION, &[host, forwarded]).map(|_| ()), Err(403));
    }
}
