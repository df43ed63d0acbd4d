//! Stories of the robot's name on the network, told on networks that exist for the test alone.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test's own tools stop at the first surprise, too")]
#![expect(clippy::disallowed_methods, reason = "what travels on a network takes real time")]

#[path = "common/namespace.rs"]
mod namespace;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use joywire::network::advertise::Advertisement;
use joywire::network::interface::{Likelihood, rank};
use joywire::network::list;
use mdns_sd::{HostnameResolutionEvent, Receiver, ResolvedService, ServiceDaemon, ServiceEvent};

/// Whatever takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// Goal: the name leads to the address that phones reach and to no other, follows it when it changes, shows in
/// lists of services, and is taken back at the end.
#[test]
fn name_leads_to_where_phones_reach_the_robot() {
    if namespace::possible() {
        namespace::tell(namespace::LAPTOP, "inside_name_leads_to_where_phones_reach_the_robot");
    }
}

#[test]
#[ignore = "runs in a network of its own, started by the test of the same name"]
fn inside_name_leads_to_where_phones_reach_the_robot() {
    let advertisement = Advertisement::start("zoes-rover", "Zoë's rover", 8443).unwrap();
    let phone = ServiceDaemon::new().unwrap();
    let found = addresses(&phone, "zoes-rover.local.", |found| found.len() == 2);
    assert_eq!(found, BTreeSet::from(["192.168.77.5", "fd00:77::5"].map(ip)));
    assert_eq!(advertisement.host(), "zoes-rover.local");

    let services = phone.browse("_https._tcp.local.").unwrap();
    let service = resolved(&services);
    assert_eq!(service.get_fullname(), "Zoë's rover._https._tcp.local.");
    assert_eq!((service.get_port(), service.get_property_val_str("path")), (8443, Some("/")));

    run("ip addr add 10.9.8.7/24 dev wlan0; ip addr del 192.168.77.5/24 dev wlan0");
    addresses(&phone, "zoes-rover.local.", |found| found.contains(&ip("10.9.8.7")));

    let before = Instant::now();
    drop(advertisement);
    assert!(before.elapsed() < Duration::from_secs(1), "the farewell held the program up");
    let gone = |event: &ServiceEvent| matches!(event, ServiceEvent::ServiceRemoved(..));
    until(&services, "farewell", |event| gone(&event).then_some(()));
}

/// Goal: every robot that has dialled in shows in lists of services with the way to it, as long as it is there.
#[test]
fn robots_that_dial_in_are_told_too() {
    if namespace::possible() {
        namespace::tell(namespace::LAPTOP, "inside_robots_that_dial_in_are_told_too");
    }
}

#[test]
#[ignore = "runs in a network of its own, started by the test of the same name"]
fn inside_robots_that_dial_in_are_told_too() {
    let advertisement = Advertisement::start("school", "School", 8443).unwrap();
    advertisement.tell(&["Rover", "Zoë's car"].map(str::to_owned));
    let phone = ServiceDaemon::new().unwrap();
    let services = phone.browse("_https._tcp.local.").unwrap();
    let mut ways = BTreeSet::new();
    while ways.len() < 3 {
        let service = resolved(&services);
        assert_eq!((service.get_hostname(), service.get_port()), ("school.local.", 8443));
        let name = service.get_fullname().split('.').next().unwrap().to_owned();
        ways.insert((name, service.get_property_val_str("path").unwrap().to_owned()));
    }
    let told = [("Rover", "/?robot=Rover"), ("School", "/"), ("Zoë's car", "/?robot=Zo%C3%AB%27s%20car")];
    assert_eq!(ways, told.map(|(name, way)| (name.to_owned(), way.to_owned())).into());
    advertisement.tell(&["Rover".to_owned()]);
    let gone = |event: ServiceEvent| if let ServiceEvent::ServiceRemoved(_, name) = event { Some(name) } else { None };
    assert!(until(&services, "the farewell of one", gone).starts_with("Zoë"));
}

/// Goal: a robot that starts before its Wi-Fi is there is found as soon as it is.
#[test]
fn network_that_comes_later_is_told_the_name_too() {
    if namespace::possible() {
        let script = r#"
            "$PROGRAM" --ignored --exact inside_network_that_comes_later_is_told_the_name_too --nocapture & story=$!
            until [ -e "$SCRATCH/started" ]; do :; done"#;
        namespace::tell_beside(&format!("{script}{}wait $story", namespace::LAPTOP));
    }
}

#[test]
#[ignore = "runs in a network of its own, started by the test of the same name"]
fn inside_network_that_comes_later_is_told_the_name_too() {
    let _advertisement = Advertisement::start("rover", "Rover", 8080).unwrap();
    let phone = ServiceDaemon::new().unwrap();
    std::fs::write(format!("{}/started", std::env::var("SCRATCH").unwrap()), "").unwrap();
    let found = addresses(&phone, "rover.local.", |found| found.contains(&ip("192.168.77.5")));
    assert!(!found.contains(&ip("172.17.0.1")), "{found:?}");
}

/// Goal: two robots of one name are two names; whoever came second knows its own.
#[test]
fn second_robot_of_a_name_takes_another() {
    if namespace::possible() {
        // Another machine: a network of its own at the other end of a cable.
        let script = r#"
            unshare -n sleep 60 & other=$!
            until [ "$(readlink /proc/$other/ns/net)" != "$(readlink /proc/$$/ns/net)" ]; do :; done
            wires --to $other wlan0
            ip addr add 192.168.77.5/24 dev wlan0 && ip addr add fd00:77::5/64 dev wlan0 nodad && ip link set wlan0 up
            there="nsenter -n -t $other"
            $there ip addr add 192.168.77.6/24 dev wlan0 && $there ip link set wlan0 up
            $there "$PROGRAM" --ignored --exact inside_first_robot_has_the_name --nocapture &
            "#;
        namespace::tell(script, "inside_second_robot_of_a_name_takes_another");
    }
}

#[test]
#[ignore = "runs in a network of its own, started by second_robot_of_a_name_takes_another"]
fn inside_first_robot_has_the_name() {
    let _advertisement = Advertisement::start("rover", "Rover", 8080).unwrap();
    thread::sleep(PATIENCE * 2);
}

#[test]
#[ignore = "runs in a network of its own, started by the test of the same name"]
fn inside_second_robot_of_a_name_takes_another() {
    let phone = ServiceDaemon::new().unwrap();
    let first = BTreeSet::from([ip("192.168.77.6")]);
    assert_eq!(addresses(&phone, "rover.local.", |found| !found.is_empty()), first);
    let second = Advertisement::start("rover", "Rover", 8080).unwrap();
    let end = Instant::now() + PATIENCE;
    while second.host() == "rover.local" {
        assert!(Instant::now() < end, "both have the name");
        thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(second.host(), "rover-2.local");
    let ours = BTreeSet::from(["192.168.77.5", "fd00:77::5"].map(ip));
    assert_eq!(addresses(&phone, "rover-2.local.", |found| found.len() == 2), ours);
    // The first robot has no IPv6. Ours must not stand under its name with that: a phone would take it for the first.
    let another = ServiceDaemon::new().unwrap();
    let events = another.resolve_hostname("rover.local.", Some(2000)).unwrap();
    let mut found = BTreeSet::new();
    until(&events, "the end of the search", |event| {
        if let HostnameResolutionEvent::AddressesFound(_, addresses) = &event {
            found.extend(addresses.iter().map(mdns_sd::ScopedIp::to_ip_addr));
        }
        matches!(event, HostnameResolutionEvent::SearchTimeout(_)).then_some(())
    });
    assert_eq!(found, first);
}

/// Goal: a real machine's interfaces are listed and ranked: the Wi-Fi first, this machine itself never.
#[test]
fn interfaces_of_a_machine_are_ranked() {
    if namespace::possible() {
        namespace::tell(namespace::LAPTOP, "inside_interfaces_of_a_machine_are_ranked");
    }
}

#[test]
#[ignore = "runs in a network of its own, started by the test of the same name"]
fn inside_interfaces_of_a_machine_are_ranked() {
    let ranked = rank(&list::list().unwrap());
    let told: Vec<(IpAddr, Likelihood)> = ranked.iter().map(|one| (one.interface.address, one.likelihood)).collect();
    assert_eq!(told[0], (ip("192.168.77.5"), Likelihood::Likely), "{ranked:?}");
    assert_eq!(told[1], (ip("fd00:77::5"), Likelihood::Likely), "{ranked:?}");
    assert_eq!(told[2], (ip("172.17.0.1"), Likelihood::Unlikely), "{ranked:?}");
    assert!(told[3..].iter().all(|(_, likelihood)| *likelihood == Likelihood::Never), "{ranked:?}");
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn run(script: &str) {
    assert!(Command::new("sh").args(["-ec", script]).status().unwrap().success(), "{script}");
}

/// All addresses that a name leads to, once they are `enough`.
fn addresses(phone: &ServiceDaemon, name: &str, enough: impl Fn(&BTreeSet<IpAddr>) -> bool) -> BTreeSet<IpAddr> {
    let events = phone.resolve_hostname(name, None).unwrap();
    let mut found = BTreeSet::new();
    let all = until(&events, name, |event| {
        if let HostnameResolutionEvent::AddressesFound(_, addresses) = event {
            found.extend(addresses.iter().map(mdns_sd::ScopedIp::to_ip_addr));
        }
        enough(&found).then(|| found.clone())
    });
    phone.stop_resolve_hostname(name).unwrap();
    all
}

fn resolved(services: &Receiver<ServiceEvent>) -> ResolvedService {
    until(
        services,
        "a service",
        |event| {
            if let ServiceEvent::ServiceResolved(service) = event { Some(*service) } else { None }
        },
    )
}

/// Waits for the event that `fits`.
fn until<E: std::fmt::Debug, T>(events: &Receiver<E>, what: &str, mut fits: impl FnMut(E) -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        let event = events.recv_timeout(end.saturating_duration_since(Instant::now()));
        if let Some(found) = fits(event.unwrap_or_else(|error| panic!("{what}: {error}"))) {
            return found;
        }
    }
}
