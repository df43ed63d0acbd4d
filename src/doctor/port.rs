//! PURE. Whether the ports that people connect to are free, or who has them.

use super::finding::{Finding, Level, Subject};

/// What a port is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The page.
    Https,
    /// The page that brings the certificate.
    Trust,
}

/// How a port was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Nobody has it.
    Free,
    /// Joywire has it; the program and its process, if they can be seen.
    Joywire(Option<String>),
    /// Another program has it.
    Taken(Option<String>),
    /// Only the administrator may have it.
    Forbidden,
    /// The system refuses it otherwise.
    Refused(String),
}

/// Judges a port.
#[must_use]
pub fn judge(port: u16, purpose: Purpose, state: &State) -> Finding {
    let (name, key, other) = match purpose {
        Purpose::Https => ("HTTPS port", "server.port", "another with --port"),
        Purpose::Trust => {
            ("port for the certificate page", "server.trust_port", "another in the configuration, or 0 for none")
        }
    };
    if port == 0 {
        return match purpose {
            Purpose::Https => {
                Finding::fine(Subject::Port, "any free HTTPS port is taken at the start, each time another")
            }
            Purpose::Trust => {
                Finding::fine(Subject::Port, "no certificate page over plain HTTP (server.trust_port is 0)")
            }
        };
    }
    let found = match state {
        State::Free => Finding::fine(Subject::Port, format!("{name} {port} is free")),
        State::Joywire(by) => {
            let by = by.as_deref().unwrap_or("joywire");
            Finding::fine(Subject::Port, format!("{name} {port}: Joywire runs there, {by}"))
        }
        State::Taken(Some(by)) => Finding::problem(
            Subject::Port,
            format!("{name} {port} is in use by {by}"),
            format!("end that program, or choose {other} ({key})"),
        ),
        State::Taken(None) => Finding::problem(
            Subject::Port,
            format!("{name} {port} is in use by a program that you may not see"),
            format!("`sudo ss -tlnp 'sport = :{port}'` names it: end it, or choose {other} ({key})"),
        ),
        State::Forbidden => Finding::problem(
            Subject::Port,
            format!("{name} {port} needs administrator rights"),
            format!("choose one above 1023 ({key})"),
        ),
        State::Refused(said) => Finding::problem(
            Subject::Port,
            format!("{name} {port} cannot be used: {said}"),
            format!("choose {other} ({key})"),
        ),
    };
    match (purpose, found) {
        // The page itself does not need this one.
        (Purpose::Trust, Finding { level: Level::Problem, subject, what, advice }) => {
            Finding { level: Level::Warning, subject, what, advice }
        }
        (Purpose::Https | Purpose::Trust, found) => found,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: a port that Joywire itself has is as it should be; one that another has is told with its name.
    #[test]
    fn only_strangers_at_the_port_are_a_problem() {
        let judge = |state: State| judge(8080, Purpose::Https, &state);
        for fine in [State::Free, State::Joywire(None), State::Joywire(Some("joywire (process 7)".to_owned()))] {
            assert_eq!(judge(fine).level, Level::Fine);
        }
        let taken = judge(State::Taken(Some("python3 (process 812)".to_owned())));
        assert_eq!(taken.level, Level::Problem);
        assert!(taken.what.contains("8080 is in use by python3 (process 812)"), "{}", taken.what);
        assert!(taken.advice.unwrap().contains("--port"));
        for bad in [State::Taken(None), State::Forbidden, State::Refused("no such device".to_owned())] {
            assert_eq!(judge(bad).level, Level::Problem);
        }
        assert_eq!(super::judge(8081, Purpose::Trust, &State::Taken(None)).level, Level::Warning);
        assert_eq!(super::judge(0, Purpose::Trust, &State::Free).level, Level::Fine);
    }
}
