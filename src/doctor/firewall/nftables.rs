//! PURE. Reads what `nft -j list ruleset` says.

use serde_json::Value;

use super::filter::{Action, Applies, Chains, Outcome, Rule, outcome};

/// A chain through which every connection comes in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entrance {
    /// As `nft` wants it: `inet filter input`.
    pub name: String,
    /// What it does with a phone.
    pub outcome: Outcome,
}

/// What all entrances do with a phone that connects to `port`; `None` if the text is not what `nft` writes.
#[must_use]
pub fn entrances(text: &str, port: u16) -> Option<Vec<Entrance>> {
    let document: Value = serde_json::from_str(text).ok()?;
    let objects = document.get("nftables")?.as_array()?;
    let mut chains = Chains::new();
    for rule in objects.iter().filter_map(|object| object.get("rule")) {
        let Some(chain) = place(rule, "chain") else { continue };
        let table = place(rule, "table").unwrap_or_default();
        let expressions = rule.get("expr").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        chains.entry(chain).or_default().push(read(expressions, &table, port));
    }
    let entrance = |chain: &Value| {
        let name = place(chain, "name")?;
        let otherwise = if chain.get("policy")? == "drop" { Outcome::Closed } else { Outcome::Open };
        Some(Entrance { outcome: outcome(&chains, &name, otherwise), name })
    };
    let base = |chain: &&Value| chain.get("hook").is_some_and(|hook| hook == "input") && of_phones(chain);
    Some(objects.iter().filter_map(|object| object.get("chain")).filter(base).filter_map(entrance).collect())
}

/// Phones are told an IPv4 address first.
fn of_phones(object: &Value) -> bool {
    object.get("family").is_some_and(|family| family == "inet" || family == "ip")
}

/// `inet filter input`, with the last word from `last`.
fn place(object: &Value, last: &str) -> Option<String> {
    let family = object.get("family")?.as_str()?;
    let table = object.get("table").and_then(Value::as_str)?;
    if last == "table" {
        return Some(format!("{family} {table}"));
    }
    Some(format!("{family} {table} {}", object.get(last)?.as_str()?))
}

fn read(expressions: &[Value], table: &str, port: u16) -> Rule {
    let mut rule = Rule { applies: Applies::Yes, action: Action::Nothing };
    for expression in expressions {
        let Some((word, value)) = expression.as_object().and_then(|object| object.iter().next()) else { continue };
        match word.as_str() {
            "accept" => rule.action = Action::Accept,
            "drop" | "reject" => rule.action = Action::Refuse,
            "return" => rule.action = Action::Return,
            "jump" | "goto" => {
                let target = value.get("target").and_then(Value::as_str).unwrap_or_default();
                rule.action = Action::Jump(format!("{table} {target}"));
            }
            "match" => rule.applies = rule.applies.and(applies(value, port)),
            "counter" | "log" | "comment" | "mangle" => {}
            // Limits, sets that change, what iptables put there.
            _ => rule.applies = rule.applies.and(Applies::Perhaps),
        }
    }
    rule
}

fn applies(condition: &Value, port: u16) -> Applies {
    let (Some(left), Some(right)) = (condition.get("left"), condition.get("right")) else { return Applies::Perhaps };
    let word = |pointer: &str| left.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let found = match (word("/payload/protocol"), word("/payload/field"), word("/meta/key"), word("/ct/key")) {
        ("tcp" | "th", "dport", ..) => holds(right, &|value| is_port(value, port)),
        ("udp" | "icmp" | "icmpv6" | "igmp" | "sctp" | "ip6", ..) => Applies::No,
        ("ip", "protocol", ..) | (_, _, "l4proto", _) => holds(right, &|value| (value == "tcp" || value == 6).into()),
        (_, _, "nfproto", _) => holds(right, &|value| (value == "ipv4").into()),
        (_, _, "iifname" | "iif", _) => {
            holds(right, &|value| if value == "lo" { Applies::No } else { Applies::Perhaps })
        }
        (.., "state") => holds(right, &|value| (value == "new").into()),
        _ => Applies::Perhaps,
    };
    if condition.get("op").is_some_and(|op| op == "!=") { found.inverted() } else { found }
}

/// Whether any of the values holds, where there may be one, a list or a set.
fn holds(right: &Value, one: &dyn Fn(&Value) -> Applies) -> Applies {
    let list = right.as_array().or_else(|| right.get("set").and_then(Value::as_array));
    let Some(list) = list else { return one(right) };
    let found: Vec<Applies> = list.iter().map(one).collect();
    let any = |wanted: Applies| found.contains(&wanted);
    if any(Applies::Yes) {
        Applies::Yes
    } else if any(Applies::Perhaps) {
        Applies::Perhaps
    } else {
        Applies::No
    }
}

fn is_port(value: &Value, port: u16) -> Applies {
    let number = |value: &Value| value.as_u64();
    if let Some(exactly) = number(value) {
        return (exactly == u64::from(port)).into();
    }
    match value.get("range").and_then(Value::as_array).map(Vec::as_slice) {
        Some([from, to]) => match (number(from), number(to)) {
            (Some(from), Some(to)) => (from..=to).contains(&u64::from(port)).into(),
            _ => Applies::Perhaps,
        },
        // A set with a name.
        Some(_) | None => Applies::Perhaps,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn ruleset(policy: &str, rules: &[Value]) -> String {
        let chain = json!({"chain": {"family": "inet", "table": "filter", "name": "input", "handle": 1,
            "type": "filter", "hook": "input", "prio": 0, "policy": policy}});
        let mut all = vec![json!({"metainfo": {"version": "1.0.6"}}), chain];
        all.extend(rules.iter().map(|expressions| {
            json!({"rule": {"family": "inet", "table": "filter", "chain": "input", "handle": 2, "expr": expressions}})
        }));
        json!({ "nftables": all }).to_string()
    }

    fn only(policy: &str, rules: &[Value]) -> Outcome {
        let found = entrances(&ruleset(policy, rules), 8080).unwrap();
        assert_eq!((found.len(), found[0].name.as_str()), (1, "inet filter input"));
        found[0].outcome
    }

    fn at(right: &Value) -> Value {
        json!({"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": right}})
    }

    /// Goal: the usual rules of a closed machine are understood: what belongs to old connections, to this machine
    /// itself and to other protocols lets no phone in; its port does.
    #[test]
    fn usual_rules_are_understood() {
        let state =
            json!({"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": ["established", "related"]}});
        let itself = json!({"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "lo"}});
        let icmp = json!({"match": {"op": "==", "left": {"meta": {"key": "l4proto"}}, "right": "icmp"}});
        let accept = json!({"accept": null});
        let closed: Vec<Value> = [&state, &itself, &icmp, &at(&json!(22))].map(|rule| json!([rule, &accept])).to_vec();
        assert_eq!(only("drop", &closed), Outcome::Closed);
        assert_eq!(only("accept", &closed), Outcome::Open);
        for port in [json!(8080), json!({"range": [8000, 9000]}), json!({"set": [22, {"range": [8080, 8081]}]})] {
            let mut rules = closed.clone();
            rules.push(json!([at(&port), {"counter": {"packets": 0, "bytes": 0}}, &accept]));
            assert_eq!(only("drop", &rules), Outcome::Open, "{port}");
        }
        assert_eq!(only("drop", &[json!([at(&json!("@allowed")), &accept])]), Outcome::Unsure);
        assert_eq!(
            only("accept", &[json!([{"reject": {"type": "icmpx", "expr": "port-unreachable"}}])]),
            Outcome::Closed
        );
        let lan = json!({"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "saddr"}},
            "right": {"prefix": {"addr": "192.168.0.0", "len": 16}}}});
        assert_eq!(only("drop", &[json!([lan, &accept])]), Outcome::Unsure);
    }

    /// Goal: what is no rule set is not taken for an open door.
    #[test]
    fn what_is_no_rule_set_is_told_apart() {
        assert_eq!(entrances("", 8080), None);
        assert_eq!(entrances("{\"nftables\": 1}", 8080), None);
        assert_eq!(entrances("{\"nftables\": []}", 8080), Some(Vec::new()));
    }
}
