//! What filters connections on this machine: one file a program, and what follows for phones.

pub mod filter;
pub mod firewalld;
pub mod iptables;
pub mod judge;
pub mod nftables;
pub mod ufw;

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use self::judge::Filter;
use super::finding::{Finding, Level};
use super::{ask::ask, processes};

/// Where zones are kept: changed ones before those that came with the system.
const ZONES: [&str; 2] = ["/etc/firewalld/zones", "/usr/lib/firewalld/zones"];
/// Parts of the kernel without which nothing is filtered.
const PARTS: [&str; 3] = ["nf_tables", "ip_tables", "x_tables"];

/// There if the kernel has its older filter, as a module or not.
const BUILT_IN: &str = "/proc/net/ip_tables_names";

/// What happens to phones at each of `ports`, the page's first.
#[must_use]
pub fn examine(ports: &[u16]) -> Vec<Finding> {
    if !Path::new("/proc/self").exists() {
        return vec![judge::judge(&Filter::Unknown, 0)];
    }
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    if ufw::enabled(&read("/etc/ufw/ufw.conf")) {
        let rules = fs::read_to_string("/etc/ufw/user.rules").ok();
        let defaults = read("/etc/default/ufw");
        return each(ports, |port| Filter::Ufw(rules.as_ref().map(|rules| ufw::outcome(rules, &defaults, port))));
    }
    if processes::running().iter().any(|name| name == "firewalld") {
        let name = format!("{}.xml", firewalld::default_zone(&read("/etc/firewalld/firewalld.conf")));
        let zone = zone(&name);
        return each(ports, |port| Filter::Firewalld(zone.as_ref().map(|zone| firewalld::outcome(zone, port))));
    }
    let tables = ask("nft", &["-j", "list", "ruleset"]);
    let rules = ask("iptables", &["-S"]);
    each(ports, |port| {
        let entrances = tables.as_ref().and_then(|text| nftables::entrances(text, port));
        let outcome = rules.as_ref().and_then(|text| iptables::read(text, port));
        match (entrances, outcome) {
            (None, None) if nothing_is_loaded(&read("/proc/modules")) && !Path::new(BUILT_IN).exists() => {
                Filter::Nothing
            }
            (None, None) => Filter::Hidden,
            (Some(entrances), None) if entrances.is_empty() => Filter::Nothing,
            (entrances, outcome) => Filter::Bare(entrances.unwrap_or_default(), outcome),
        }
    })
}

/// The text of a zone. A folder that may not be entered may hold another version than the one that came with the
/// system, so then it is not known.
fn zone(name: &str) -> Option<String> {
    for folder in ZONES {
        match fs::read_to_string(Path::new(folder).join(name)) {
            Ok(text) => return Some(text),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(_) => return None,
        }
    }
    None
}

fn each(ports: &[u16], filter: impl Fn(u16) -> Filter) -> Vec<Finding> {
    let mut findings: Vec<Finding> = ports.iter().map(|port| judge::judge(&filter(*port), *port)).collect();
    for other in findings.iter_mut().skip(1) {
        // The page itself does not need the others.
        other.level = other.level.min(Level::Warning);
    }
    // Some say the same of all ports.
    findings.dedup();
    findings
}

/// Whether the kernel has modules and none of them filters. A kernel with everything built in shows none.
fn nothing_is_loaded(modules: &str) -> bool {
    let names: Vec<&str> = modules.lines().filter_map(|line| line.split(' ').next()).collect();
    !names.is_empty() && !names.iter().any(|name| PARTS.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: no filter is claimed only where the kernel shows its parts.
    #[test]
    fn no_filter_is_claimed_only_where_it_can_be_seen() {
        assert!(nothing_is_loaded("ext4 999424 1 - Live 0x0\nusbserial 57344 0 - Live 0x0\n"));
        assert!(!nothing_is_loaded("ext4 999424 1 - Live 0x0\nnf_tables 380928 1 - Live 0x0\n"));
        assert!(!nothing_is_loaded(""));
    }
}
