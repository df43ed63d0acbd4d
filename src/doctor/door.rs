//! Tries the ports that people connect to: who is there, what answers, and what it shows.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

use socket2::{Domain, Socket, Type};

use super::addresses::url;
use super::finding::Finding;
use super::page::{self, Tried};
use super::port::{self, Purpose, State};
use super::visit::{self, Visit};
use super::{certificate, processes, start};

/// What our program is called.
const PROGRAM: &str = "joywire ";

/// What was found out about the ports.
#[derive(Clone, Debug)]
pub struct Door {
    /// What is told.
    pub findings: Vec<Finding>,
    /// Whether Joywire runs and answers at an address for phones.
    pub public: bool,
}

/// Everything about the ports: who has them, whether the page answers, and its certificate. `addresses` are those
/// that phones would use, `now` is in seconds since 1970.
#[must_use]
pub fn examine(https: u16, trust: u16, addresses: &[IpAddr], now: u64) -> Door {
    let beside = start(move || match trust {
        0 => State::Free,
        _ if trust == https => State::Taken(Some("the page itself: the two must differ".to_owned())),
        _ => look(trust),
    });
    let here = SocketAddr::from((Ipv4Addr::LOCALHOST, https));
    let mut visit = Visit::default();
    let mut tried = Tried::default();
    let state = match open(https) {
        Ok(listeners) => {
            let at = listeners.first().and_then(|one| one.local_addr().ok()).map_or(https, |address| address.port());
            tried.addresses = each(addresses, https, move |address| visit::connects(SocketAddr::from((address, at))));
            State::Free
        }
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            visit = visit::https(here).unwrap_or_default();
            taken(https, visit.joywire)
        }
        Err(error) => refused(&error),
    };
    let certificate_page = beside.recv().unwrap_or(State::Free);
    tried.running = matches!(state, State::Joywire(_));
    tried.itself = visit.answered;
    let mut findings = vec![port::judge(https, Purpose::Https, &state)];
    findings.push(port::judge(trust, Purpose::Trust, &same_program(&state, certificate_page)));
    if tried.running {
        let answers = move |address| visit::https(SocketAddr::from((address, https))).is_ok_and(|visit| visit.answered);
        tried.addresses = each(addresses, https, answers);
        let read = visit.certificate.as_deref().and_then(certificate::read);
        let reached = addresses.iter().zip(&tried.addresses).filter(|(_, (_, did))| *did);
        let names: Vec<String> = reached.map(|(address, _)| address.to_string()).collect();
        findings.extend(certificate::judge(read.as_ref(), now, &names));
    }
    if matches!(state, State::Free | State::Joywire(_)) {
        findings.push(page::judge(&tried));
    }
    Door { findings, public: tried.running && tried.addresses.iter().any(|(_, answered)| *answered) }
}

/// Asks all addresses at once, as each may take its time.
fn each(
    addresses: &[IpAddr],
    port: u16,
    answers: impl Fn(IpAddr) -> bool + Copy + Send + 'static,
) -> Vec<(String, bool)> {
    let asked: Vec<_> = addresses.iter().map(|&address| (address, start(move || answers(address)))).collect();
    asked.into_iter().map(|(address, told)| (url(address, port), told.recv().unwrap_or(false))).collect()
}

/// The certificate page as it is found, if it belongs to the Joywire that has the HTTPS port; else it is a stranger.
fn same_program(https: &State, found: State) -> State {
    match (https, found) {
        (State::Joywire(Some(one)), State::Joywire(Some(other))) if *one == other => State::Joywire(Some(other)),
        (State::Joywire(None), State::Joywire(by)) => State::Joywire(by),
        (_, State::Joywire(by)) => State::Taken(Some(by.unwrap_or_else(|| "another Joywire".to_owned()))),
        (_, other @ (State::Free | State::Taken(_) | State::Forbidden | State::Refused(_))) => other,
    }
}

/// How the port of the certificate page is.
fn look(port: u16) -> State {
    match open(port) {
        Ok(_) => State::Free,
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            taken(port, visit::is_ours((Ipv4Addr::LOCALHOST, port).into()))
        }
        Err(error) => refused(&error),
    }
}

fn taken(port: u16, ours: bool) -> State {
    let by = processes::listener(port);
    if ours || by.as_ref().is_some_and(|by| by.starts_with(PROGRAM)) { State::Joywire(by) } else { State::Taken(by) }
}

fn refused(error: &io::Error) -> State {
    if error.kind() == ErrorKind::PermissionDenied { State::Forbidden } else { State::Refused(error.to_string()) }
}

/// Listens at all addresses of both families for as long as what it returns lives. Nobody is answered.
fn open(port: u16) -> io::Result<Vec<TcpListener>> {
    let four = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port))?;
    let same = four.local_addr()?.port();
    match six(same) {
        Ok(six) => Ok(vec![four, six]),
        Err(error) if error.kind() == ErrorKind::AddrInUse => Err(error),
        // A machine without IPv6.
        Err(_) => Ok(vec![four]),
    }
}

fn six(port: u16) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::IPV6, Type::STREAM, None)?;
    socket.set_only_v6(true)?;
    socket.set_reuse_address(true)?;
    socket.bind(&SocketAddr::from((Ipv6Addr::UNSPECIFIED, port)).into())?;
    socket.listen(1)?;
    Ok(socket.into())
}
