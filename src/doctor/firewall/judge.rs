//! PURE. Whether phones get past what filters connections, and the command that lets them.

use super::filter::Outcome;
use super::nftables::Entrance;
use crate::doctor::finding::{Finding, Subject};

/// What filters connections here, and what it does with a phone at one port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// ufw is on; `None` if its rules may not be read.
    Ufw(Option<Outcome>),
    /// firewalld runs; `None` if its zones may not be read.
    Firewalld(Option<Outcome>),
    /// Rules without such a program: the entrances of nftables, and what iptables says.
    Bare(Vec<Entrance>, Option<Outcome>),
    /// Nothing filters.
    Nothing,
    /// Only the administrator may look.
    Hidden,
    /// A system whose filters are not known here.
    Unknown,
}

/// Judges what happens at `port`.
#[must_use]
pub fn judge(filter: &Filter, port: u16) -> Finding {
    match filter {
        Filter::Ufw(outcome) => told("ufw", *outcome, port, &format!("sudo ufw allow {port}/tcp")),
        Filter::Firewalld(outcome) => {
            let command = format!("sudo firewall-cmd --permanent --add-port={port}/tcp && sudo firewall-cmd --reload");
            told("firewalld", *outcome, port, &command)
        }
        Filter::Bare(entrances, iptables) => bare(entrances, *iptables, port),
        Filter::Nothing => Finding::fine(Subject::Firewall, "nothing here keeps phones out"),
        Filter::Hidden => Finding::note(
            Subject::Firewall,
            "whether rules keep phones out can only be seen by the administrator",
            "if phones get no answer: `sudo nft list ruleset` and `sudo iptables -S` show the rules",
        ),
        Filter::Unknown => Finding::note(
            Subject::Firewall,
            "the firewall of this system could not be looked at",
            "if phones get no answer, look into the system's settings whether it lets programs be reached",
        ),
    }
}

fn bare(entrances: &[Entrance], iptables: Option<Outcome>, port: u16) -> Finding {
    let worst = entrances.iter().max_by_key(|entrance| entrance.outcome);
    let by_nft = worst.map_or(Outcome::Open, |entrance| entrance.outcome);
    let command = |entrance: &Entrance| {
        if entrance.name == "ip filter INPUT" {
            // This chain belongs to iptables, which may not understand what nft puts there.
            format!("sudo iptables -I INPUT -p tcp --dport {port} -j ACCEPT")
        } else {
            format!("sudo nft insert rule {} tcp dport {port} accept", entrance.name)
        }
    };
    match (worst, iptables) {
        // The two look at the same rules in most systems, and one may understand what the other does not.
        (Some(entrance), Some(Outcome::Open | Outcome::Closed)) if entrance.name == "ip filter INPUT" => {
            told("iptables", iptables, port, &command(entrance))
        }
        (Some(entrance), _) if by_nft > Outcome::Open => told("nftables", Some(by_nft), port, &command(entrance)),
        (_, Some(outcome)) => {
            told("iptables", Some(outcome), port, &format!("sudo iptables -I INPUT -p tcp --dport {port} -j ACCEPT"))
        }
        (_, None) => told("nftables", Some(by_nft), port, ""),
    }
}

fn told(by: &str, outcome: Option<Outcome>, port: u16, command: &str) -> Finding {
    match outcome {
        Some(Outcome::Open) => Finding::fine(Subject::Firewall, format!("{by} lets phones in to port {port}")),
        Some(Outcome::Closed) => Finding::problem(
            Subject::Firewall,
            format!("{by} keeps phones out of port {port}"),
            format!("open it: `{command}`"),
        ),
        Some(Outcome::Unsure) => Finding::warning(
            Subject::Firewall,
            format!("{by} lets only some in to port {port}; whether phones are among them cannot be told from here"),
            format!("if phones get no answer: `{command}`"),
        ),
        None => Finding::warning(
            Subject::Firewall,
            format!("{by} is on, and only the administrator may read whether it lets phones in to port {port}"),
            format!("if phones get no answer: `{command}`"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Level;

    fn bare(outcome: Outcome, iptables: Option<Outcome>) -> Finding {
        judge(&Filter::Bare(vec![Entrance { name: "inet filter input".to_owned(), outcome }], iptables), 8080)
    }

    /// Goal: a closed port comes with the one command that opens it, whoever closed it.
    #[test]
    fn closed_port_comes_with_the_command_that_opens_it() {
        for (filter, command) in [
            (Filter::Ufw(Some(Outcome::Closed)), "sudo ufw allow 8080/tcp"),
            (Filter::Firewalld(Some(Outcome::Closed)), "--add-port=8080/tcp"),
            (Filter::Bare(Vec::new(), Some(Outcome::Closed)), "sudo iptables -I INPUT -p tcp --dport 8080 -j ACCEPT"),
        ] {
            let finding = judge(&filter, 8080);
            assert_eq!(finding.level, Level::Problem, "{finding:?}");
            assert!(finding.advice.unwrap().contains(command), "{command}");
        }
        let finding = bare(Outcome::Closed, Some(Outcome::Open));
        assert_eq!(finding.level, Level::Problem);
        assert_eq!(finding.advice.unwrap(), "open it: `sudo nft insert rule inet filter input tcp dport 8080 accept`");
    }

    /// Goal: what cannot be seen is neither a problem nor fine.
    #[test]
    fn doubt_is_told_as_doubt() {
        assert_eq!(bare(Outcome::Open, None).level, Level::Fine);
        assert_eq!(bare(Outcome::Unsure, None).level, Level::Warning);
        assert_eq!(judge(&Filter::Ufw(None), 8080).level, Level::Warning);
        assert_eq!(judge(&Filter::Hidden, 8080).level, Level::Note);
        assert_eq!(judge(&Filter::Nothing, 8080).level, Level::Fine);
    }

    /// Goal: rules that iptables made are told in its own words.
    #[test]
    fn rules_of_iptables_are_told_by_iptables() {
        let entrance = Entrance { name: "ip filter INPUT".to_owned(), outcome: Outcome::Unsure };
        let finding = judge(&Filter::Bare(vec![entrance], Some(Outcome::Closed)), 8080);
        assert!(finding.level == Level::Problem && finding.advice.unwrap().contains("iptables -I INPUT"));
    }
}
