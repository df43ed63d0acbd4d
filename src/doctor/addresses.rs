//! PURE. Whether phones have a way to this machine, and what they would type.

use core::net::IpAddr;

use super::finding::{Finding, Subject};
use crate::network::interface::{Kind, Likelihood, Reachable, several_make_sense};

/// More addresses than this help nobody.
const SHOWN: usize = 4;

/// The address that a browser is given.
#[must_use]
pub fn url(address: IpAddr, port: u16) -> String {
    let host = match address {
        IpAddr::V4(four) => four.to_string(),
        IpAddr::V6(six) => format!("[{six}]"),
    };
    match port {
        // Any: which one is known when Joywire runs.
        0 => format!("https://{host}:PORT"),
        443 => format!("https://{host}"),
        _ => format!("https://{host}:{port}"),
    }
}

/// Judges the ranked addresses. `emulated` is whether this Linux runs inside Windows.
#[must_use]
pub fn judge(ranked: &[Reachable], port: u16, emulated: bool) -> Vec<Finding> {
    let likely: Vec<&Reachable> = ranked.iter().filter(|one| one.likelihood == Likelihood::Likely).collect();
    let mut findings: Vec<Finding> = likely
        .iter()
        .take(SHOWN)
        .map(|one| {
            let Reachable { interface, reason, .. } = one;
            let url = url(interface.address, port);
            Finding::fine(
                Subject::Addresses,
                format!("{reason} ({}): phones in this network open {url}", interface.name),
            )
        })
        .collect();
    if likely.is_empty() {
        let seen = unlikely(ranked);
        let what = format!("no network that a phone could share with this machine{seen}");
        findings.push(Finding::problem(
            Subject::Addresses,
            what,
            "connect this machine to a Wi-Fi or a router, or let it open a hotspot, and put the phone into the same network",
        ));
    }
    if several_make_sense(ranked) {
        findings.push(Finding::note(
            Subject::Addresses,
            "this machine is in several networks; the first address above goes into the QR code",
            "if the phones are in another network, set server.host in the configuration to the address there",
        ));
    }
    if emulated {
        findings.push(Finding::warning(
            Subject::Addresses,
            "this Linux runs inside Windows (WSL): phones reach Windows, not these addresses",
            "put `networkingMode=mirrored` below `[wsl2]` into .wslconfig in your Windows folder, run `wsl --shutdown`, \
             and allow the port in the Windows firewall",
        ));
    }
    findings
}

/// Judges the address or name that the configuration puts into the QR code. `own` are this machine's addresses.
#[must_use]
pub fn judge_host(host: &str, own: &[IpAddr]) -> Option<Finding> {
    let address: IpAddr = host.trim_matches(['[', ']']).parse().ok()?;
    Some(if own.contains(&address) {
        Finding::fine(Subject::Addresses, format!("{host} goes into the QR code (server.host)"))
    } else {
        Finding::warning(
            Subject::Addresses,
            format!("{host} goes into the QR code (server.host), but is no address of this machine"),
            "set server.host in the configuration to one of the addresses above, or leave it empty",
        )
    })
}

/// What there is instead, as the end of a sentence.
fn unlikely(ranked: &[Reachable]) -> String {
    let others: Vec<String> = ranked
        .iter()
        .filter(|one| one.kind != Kind::Loopback && one.interface.address.is_ipv4())
        .take(SHOWN)
        .map(|one| format!("{} ({})", one.interface.name, one.reason))
        .collect();
    if others.is_empty() { String::new() } else { format!("; there is only {}", others.join(", ")) }
}

/// Whether the phones' way here is radio, and what to try where radio keeps its guests apart.
#[must_use]
pub fn judge_radio(ranked: &[Reachable]) -> Option<Finding> {
    let best = ranked.iter().find(|one| one.likelihood == Likelihood::Likely)?;
    if best.kind != Kind::WiFi {
        return Some(Finding::fine(
            Subject::WiFi,
            format!("not in use: this machine is reached by {}", best.kind.text()),
        ));
    }
    Some(Finding::note(
        Subject::WiFi,
        "guest networks and those of schools and hotels often keep devices apart; one machine alone cannot see that",
        "if a phone in the same Wi-Fi gets no answer, open a hotspot on the phone or on this machine, and join that instead",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Level;
    use crate::network::interface::{Interface, rank};

    fn ranked(list: &[(&str, &str)]) -> Vec<Reachable> {
        let interface = |&(name, address): &(&str, &str)| Interface {
            name: name.to_owned(),
            address: address.parse().unwrap(),
            prefix: 24,
            up: true,
            wireless: false,
            point_to_point: false,
        };
        rank(&list.iter().map(interface).collect::<Vec<_>>())
    }

    /// Goal: whoever has a network is told what phones type, in either family.
    #[test]
    fn addresses_are_told_as_phones_type_them() {
        let findings =
            judge(&ranked(&[("wlan0", "192.168.1.5"), ("wlan0", "fd00::5"), ("lo", "127.0.0.1")]), 8080, false);
        assert!(findings.iter().all(|finding| finding.level == Level::Fine), "{findings:?}");
        assert!(findings[0].what.ends_with("https://192.168.1.5:8080") && findings[0].what.contains("Wi-Fi (wlan0)"));
        assert!(findings[1].what.ends_with("https://[fd00::5]:8080"));
        assert_eq!(url([10, 0, 0, 1].into(), 443), "https://10.0.0.1");
    }

    /// Goal: a machine that no phone reaches is told so, with what it has instead.
    #[test]
    fn machine_without_network_has_a_problem() {
        let findings = judge(&ranked(&[("lo", "127.0.0.1"), ("docker0", "172.17.0.1")]), 8080, false);
        assert_eq!((findings.len(), findings[0].level), (1, Level::Problem));
        assert!(findings[0].what.ends_with("there is only docker0 (container bridge)"), "{}", findings[0].what);
        assert_eq!(judge(&[], 8080, false)[0].level, Level::Problem);
    }

    /// Goal: two networks are a choice that people can make, and WSL is told before a class waits for it.
    #[test]
    fn several_networks_and_windows_are_told() {
        let findings = judge(&ranked(&[("wlan0", "192.168.1.5"), ("eth0", "10.0.0.5")]), 8080, true);
        let levels: Vec<Level> = findings.iter().map(|finding| finding.level).collect();
        assert_eq!(levels, [Level::Fine, Level::Fine, Level::Note, Level::Warning]);
    }

    /// Goal: an address from last week's network is told before it goes into a QR code; a name is left to the network.
    #[test]
    fn address_that_is_gone_is_told() {
        let level = |host: &str| judge_host(host, &["10.0.0.5".parse().unwrap()]).map(|finding| finding.level);
        assert_eq!(level("10.0.0.5"), Some(Level::Fine));
        assert_eq!((level("10.0.0.6"), level("[fd00::1]")), (Some(Level::Warning), Some(Level::Warning)));
        assert_eq!((level("robot.school.example"), level("")), (None, None));
    }

    /// Goal: only where radio is in use is it spoken of.
    #[test]
    fn radio_is_a_matter_where_it_is_used() {
        let level = |list: &[(&str, &str)]| judge_radio(&ranked(list)).map(|finding| finding.level);
        assert_eq!(level(&[("wlan0", "192.168.1.5")]), Some(Level::Note));
        assert_eq!(level(&[("eth0", "192.168.1.5")]), Some(Level::Fine));
        assert_eq!(level(&[]), None);
    }
}
