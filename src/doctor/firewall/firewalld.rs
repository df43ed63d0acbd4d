//! PURE. Reads the files of firewalld, Fedora's firewall.

use super::filter::Outcome;

/// The zone that interfaces are in unless someone said otherwise, out of `firewalld.conf`.
#[must_use]
pub fn default_zone(conf: &str) -> &str {
    conf.lines().find_map(|line| line.trim().strip_prefix("DefaultZone=")).map_or("public", str::trim)
}

/// What a zone's file does with a phone that connects to `port`. Services are not looked up: none has our port.
#[must_use]
pub fn outcome(zone: &str, port: u16) -> Outcome {
    let elements = || zone.split('<').skip(1).filter_map(|rest| rest.split('>').next());
    let accepts_all = |element: &str| element.starts_with("zone") && attribute(element, "target") == Some("ACCEPT");
    let names = |element: &str| {
        element.starts_with("port ")
            && attribute(element, "protocol") == Some("tcp")
            && attribute(element, "port").is_some_and(|range| {
                let (from, to) = range.split_once('-').unwrap_or((range, range));
                matches!((from.parse::<u16>(), to.parse::<u16>()), (Ok(from), Ok(to)) if (from..=to).contains(&port))
            })
    };
    if elements().any(|element| accepts_all(element) || names(element)) {
        Outcome::Open
    } else if elements().any(|element| element.starts_with("rule")) {
        Outcome::Unsure
    } else {
        Outcome::Closed
    }
}

fn attribute<'a>(element: &'a str, name: &str) -> Option<&'a str> {
    let (_, after) = element.split_once(&format!(" {name}=\""))?;
    after.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: Fedora's desktop is open to Joywire as it comes, its server is not.
    #[test]
    fn zones_are_read() {
        let desktop = "<?xml version=\"1.0\"?>\n<zone>\n  <short>Fedora Workstation</short>\n  <service name=\"ssh\"/>\n  \
                       <port protocol=\"udp\" port=\"1025-65535\"/>\n  <port protocol=\"tcp\" port=\"1025-65535\"/>\n</zone>";
        let server = "<zone>\n  <short>Public</short>\n  <service name=\"ssh\"/>\n  <forward/>\n</zone>";
        assert_eq!((outcome(desktop, 8080), outcome(desktop, 443)), (Outcome::Open, Outcome::Closed));
        assert_eq!(outcome(server, 8080), Outcome::Closed);
        assert_eq!(outcome("<zone target=\"ACCEPT\">\n</zone>", 8080), Outcome::Open);
        assert_eq!(outcome("<zone><rule family=\"ipv4\"><accept/></rule></zone>", 8080), Outcome::Unsure);
        assert_eq!(default_zone("# comment\nDefaultZone=FedoraWorkstation\n"), "FedoraWorkstation");
        assert_eq!(default_zone(""), "public");
    }
}
