//! PURE. Reads what `iptables -S` says.

use super::filter::{Action, Applies, Chains, Outcome, Rule, outcome};

/// What the rules do with a phone that connects to `port`; `None` if the text is not what `iptables` writes.
#[must_use]
pub fn read(text: &str, port: u16) -> Option<Outcome> {
    let mut chains = Chains::new();
    let mut policy = None;
    for line in text.lines() {
        let words = words(line);
        let mut words = words.iter().map(String::as_str);
        match (words.next(), words.next()) {
            (Some("-P"), Some("INPUT")) => {
                policy = Some(if words.next() == Some("ACCEPT") { Outcome::Open } else { Outcome::Closed });
            }
            (Some("-A"), Some(chain)) => {
                chains.entry(chain.to_owned()).or_default().push(rule(words, port));
            }
            _ => {}
        }
    }
    Some(outcome(&chains, "INPUT", policy?))
}

/// The words of a line; what stands in quotes is one.
fn words(line: &str) -> Vec<String> {
    let parts = line.split('"').enumerate();
    parts
        .flat_map(|(index, part)| {
            let plain = index % 2 == 0;
            let list: Vec<String> =
                if plain { part.split_whitespace().map(str::to_owned).collect() } else { vec![part.to_owned()] };
            list
        })
        .collect()
}

fn rule<'a>(mut words: impl Iterator<Item = &'a str>, port: u16) -> Rule {
    let mut rule = Rule { applies: Applies::Yes, action: Action::Nothing };
    let mut inverted = false;
    while let Some(word) = words.next() {
        if word == "!" {
            inverted = true;
            continue;
        }
        let condition = match word {
            "-p" => match words.next().unwrap_or_default() {
                "tcp" | "6" | "all" | "0" => Applies::Yes,
                _ => Applies::No,
            },
            "--dport" | "--dports" => {
                words.next().unwrap_or_default().split(',').any(|range| holds(range, port)).into()
            }
            "--ctstate" | "--state" => words.next().unwrap_or_default().split(',').any(|state| state == "NEW").into(),
            "-i" if words.next() == Some("lo") => Applies::No,
            "-m" => match words.next().unwrap_or_default() {
                "tcp" | "multiport" | "conntrack" | "state" | "comment" => Applies::Yes,
                _ => Applies::Perhaps,
            },
            "--comment" => {
                words.next();
                Applies::Yes
            }
            "-j" | "-g" => {
                rule.action = match words.next().unwrap_or_default() {
                    "ACCEPT" => Action::Accept,
                    "DROP" | "REJECT" => Action::Refuse,
                    "RETURN" => Action::Return,
                    "LOG" | "NFLOG" | "MARK" | "CONNMARK" => Action::Nothing,
                    other => Action::Jump(other.to_owned()),
                };
                // What follows describes the action.
                break;
            }
            _ => Applies::Perhaps,
        };
        rule.applies = rule.applies.and(if inverted { condition.inverted() } else { condition });
        inverted = false;
    }
    rule
}

fn holds(range: &str, port: u16) -> bool {
    let (from, to) = range.split_once(':').unwrap_or((range, range));
    matches!((from.parse::<u16>(), to.parse::<u16>()), (Ok(from), Ok(to)) if (from..=to).contains(&port))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLOSED: &str = "\
-P INPUT DROP
-P FORWARD ACCEPT
-P OUTPUT ACCEPT
-N limits
-A INPUT -i lo -j ACCEPT
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p icmp -j ACCEPT
-A INPUT -p tcp -m tcp --dport 22 -m comment --comment \"ssh -j ACCEPT\" -j ACCEPT
-A INPUT -j limits
-A limits -p udp -m udp --dport 5353 -j ACCEPT
";

    /// Goal: the usual rules of a closed machine let no phone in until one names its port.
    #[test]
    fn usual_rules_are_understood() {
        let with = |rules: &str| read(&format!("{CLOSED}{rules}"), 8080);
        assert_eq!(with(""), Some(Outcome::Closed));
        assert_eq!(read(&CLOSED.replace("INPUT DROP", "INPUT ACCEPT"), 8080), Some(Outcome::Open));
        for open in [
            "-A INPUT -p tcp -m tcp --dport 8080 -j ACCEPT",
            "-A limits -p tcp -m tcp --dport 8000:9000 -j ACCEPT",
            "-A INPUT -p tcp -m multiport --dports 80,8080 -j ACCEPT",
            "-A INPUT -p tcp -m tcp ! --dport 23 -j ACCEPT",
            "-A INPUT -j ACCEPT",
        ] {
            assert_eq!(with(open), Some(Outcome::Open), "{open}");
        }
        for unsure in ["-A INPUT -s 192.168.0.0/16 -j ACCEPT", "-A INPUT -i wlan0 -p tcp -j ACCEPT"] {
            assert_eq!(with(unsure), Some(Outcome::Unsure), "{unsure}");
        }
        assert_eq!(
            read("-P INPUT ACCEPT\n-A INPUT -j REJECT --reject-with icmp-port-unreachable\n", 8080),
            Some(Outcome::Closed)
        );
        assert_eq!(read("iptables: Permission denied\n", 8080), None);
    }
}
