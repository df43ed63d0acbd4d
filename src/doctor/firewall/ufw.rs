//! PURE. Reads the files of ufw, Ubuntu's firewall.

use super::filter::{self, Action, Applies, Chains, Outcome, Rule};

/// The rules of the user are one list.
const CHAIN: &str = "user";

/// Whether `ufw.conf` says that it is on.
#[must_use]
pub fn enabled(conf: &str) -> bool {
    value(conf, "ENABLED").is_some_and(|value| value.eq_ignore_ascii_case("yes"))
}

/// What `user.rules` do with a phone that connects to `port`, with the policy from `/etc/default/ufw`.
#[must_use]
pub fn outcome(rules: &str, defaults: &str, port: u16) -> Outcome {
    let policy = value(defaults, "DEFAULT_INPUT_POLICY").unwrap_or("DROP");
    let otherwise = if policy.eq_ignore_ascii_case("accept") { Outcome::Open } else { Outcome::Closed };
    let tuples = rules.lines().filter_map(|line| line.strip_prefix("### tuple ### "));
    let chains = Chains::from([(CHAIN.to_owned(), tuples.filter_map(|tuple| rule(tuple, port)).collect())]);
    filter::outcome(&chains, CHAIN, otherwise)
}

/// What a tuple does, if it means the port.
fn rule(tuple: &str, port: u16) -> Option<Rule> {
    let fields: Vec<&str> = tuple.split_whitespace().collect();
    let [action, protocol, ports, to, _source_port, from, ..] = fields[..] else { return None };
    // `in`, or `in_wlan0`, stands last; a comment may follow.
    let way = fields.iter().skip(6).rev().find(|field| !field.starts_with("comment="))?;
    // What is routed goes through this machine, not to it.
    let meant = matches!(protocol, "tcp" | "any") && names(ports, port) && !action.starts_with("route:");
    if !meant || !way.starts_with("in") || from.contains("::") {
        return None;
    }
    let all = |address: &str| matches!(address, "0.0.0.0/0" | "any");
    let applies = if all(from) && all(to) && *way == "in" { Applies::Yes } else { Applies::Perhaps };
    let action = match action.split('_').next() {
        Some("allow" | "limit") => Action::Accept,
        Some(_) | None => Action::Refuse,
    };
    Some(Rule { applies, action })
}

/// `KEY=value` or `KEY="value"`.
fn value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let line = |line: &'a str| Some(line.trim().strip_prefix(key)?.strip_prefix('=')?.trim().trim_matches('"'));
    text.lines().rev().find_map(line)
}

/// Whether `80,8000:9000` names a port; `any` names all.
fn names(list: &str, port: u16) -> bool {
    list == "any"
        || list.split(',').any(|range| {
            let (from, to) = range.split_once(':').unwrap_or((range, range));
            matches!((from.parse::<u16>(), to.parse::<u16>()), (Ok(from), Ok(to)) if (from..=to).contains(&port))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: ufw is on when its file says so, not when a comment does.
    #[test]
    fn switch_is_read() {
        assert!(enabled("# /etc/ufw/ufw.conf\n\n# ENABLED=no would switch it off\nENABLED=yes\nLOGLEVEL=low\n"));
        assert!(!enabled("ENABLED=no\n") && !enabled("#ENABLED=yes\n") && !enabled(""));
    }

    /// Goal: a rule that names the port opens it, one for another port, direction or network does not.
    #[test]
    fn rules_open_the_port_that_they_name() {
        let outcome = |rule: &str| {
            let rules = format!(
                "*filter\n### RULES ###\n\n### tuple ### {rule}\n-A ufw-user-input -j ACCEPT\n### END RULES ###\n"
            );
            super::outcome(&rules, "DEFAULT_INPUT_POLICY=\"DROP\"\n", 8080)
        };
        for open in [
            "allow tcp 8080 0.0.0.0/0 any 0.0.0.0/0 in",
            "allow any 8080 0.0.0.0/0 any 0.0.0.0/0 in comment=6a6f79",
            "limit tcp 8000:9000 0.0.0.0/0 any 0.0.0.0/0 in",
            "allow tcp 80,443,8080 0.0.0.0/0 any 0.0.0.0/0 WWW%20Cache - in",
            "allow_log any 8080 0.0.0.0/0 any 0.0.0.0/0 in",
        ] {
            assert_eq!(outcome(open), Outcome::Open, "{open}");
        }
        for closed in [
            "allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in",
            "allow udp 8080 0.0.0.0/0 any 0.0.0.0/0 in",
            "allow tcp 8080 0.0.0.0/0 any 0.0.0.0/0 out",
            "allow tcp 8080 0.0.0.0/0 any 0.0.0.0/0 internet - out",
            "route:allow any 8080 0.0.0.0/0 any 0.0.0.0/0 in",
            "reject any 8080 0.0.0.0/0 any 0.0.0.0/0 in",
            "deny tcp 8080 0.0.0.0/0 any 0.0.0.0/0 in",
            "allow tcp",
        ] {
            assert_eq!(outcome(closed), Outcome::Closed, "{closed}");
        }
        assert_eq!(outcome("allow any any 0.0.0.0/0 any 192.168.0.0/16 in"), Outcome::Unsure);
        assert_eq!(outcome("allow tcp 8080 0.0.0.0/0 any 0.0.0.0/0 in_wlan0"), Outcome::Unsure);
        assert_eq!(outcome("deny any 8080 192.168.1.5 any 0.0.0.0/0 in"), Outcome::Closed);
        let routed = outcome(
            "route:allow any 8080 0.0.0.0/0 any 0.0.0.0/0 in\n### tuple ### allow tcp 8080 0.0.0.0/0 any 0.0.0.0/0 in",
        );
        assert_eq!(routed, Outcome::Open);
        assert_eq!(super::outcome("", "DEFAULT_INPUT_POLICY=\"ACCEPT\"", 8080), Outcome::Open);
    }
}
