//! PURE. What a list of packet filter rules does with a phone that connects, as far as that can be said.

use std::collections::BTreeMap;

/// Whether a rule means the connection of a phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applies {
    /// Certainly.
    Yes,
    /// Certainly not.
    No,
    /// That depends on the phone's address, on the interface, or on what is not understood here.
    Perhaps,
}

impl Applies {
    /// Both conditions.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Yes, Self::Yes) => Self::Yes,
            (Self::Perhaps, Self::Yes | Self::Perhaps) | (Self::Yes, Self::Perhaps) => Self::Perhaps,
        }
    }

    /// The opposite condition.
    #[must_use]
    pub fn inverted(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::Perhaps => Self::Perhaps,
        }
    }
}

impl From<bool> for Applies {
    fn from(applies: bool) -> Self {
        if applies { Self::Yes } else { Self::No }
    }
}

/// What a rule does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Lets in.
    Accept,
    /// Turns away, with or without a word.
    Refuse,
    /// Asks another chain, and goes on here if that says nothing.
    Jump(String),
    /// Back to where the chain was asked.
    Return,
    /// Nothing that matters: counts, writes to the log.
    Nothing,
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// For whom.
    pub applies: Applies,
    /// What.
    pub action: Action,
}

/// Lists of rules by their names.
pub type Chains = BTreeMap<String, Vec<Rule>>;

/// What becomes of a phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It is let in.
    Open,
    /// That depends.
    Unsure,
    /// It is turned away.
    Closed,
}

/// Chains ask each other; more levels than this is a circle.
const LEVELS: usize = 16;

/// What `chain` does with a phone's connection, if `otherwise` is done with whatever no rule decides.
#[must_use]
pub fn outcome(chains: &Chains, chain: &str, otherwise: Outcome) -> Outcome {
    let mut before = Before::default();
    let decided = walk(chains, chain, &mut before, LEVELS).unwrap_or(otherwise);
    match decided {
        Outcome::Open if before.perhaps_closed => Outcome::Unsure,
        Outcome::Closed if before.perhaps_open => Outcome::Unsure,
        Outcome::Open | Outcome::Closed | Outcome::Unsure => decided,
    }
}

/// What may have happened before a rule decided.
#[derive(Clone, Copy, Debug, Default)]
struct Before {
    perhaps_open: bool,
    perhaps_closed: bool,
}

/// What the rules decide; `None` if they leave it open.
fn walk(chains: &Chains, chain: &str, before: &mut Before, levels: usize) -> Option<Outcome> {
    if levels == 0 {
        return Some(Outcome::Unsure);
    }
    for rule in chains.get(chain)? {
        let certain = match rule.applies {
            Applies::No => continue,
            Applies::Yes => true,
            Applies::Perhaps => false,
        };
        let decided = match &rule.action {
            Action::Nothing => None,
            Action::Return if certain => return None,
            // Whatever follows may never be asked.
            Action::Return => Some(Outcome::Unsure),
            Action::Accept => Some(Outcome::Open),
            Action::Refuse => Some(Outcome::Closed),
            Action::Jump(other) => walk(chains, other, before, levels - 1),
        };
        match decided {
            Some(decided) if certain => return Some(decided),
            Some(Outcome::Open) => before.perhaps_open = true,
            Some(Outcome::Closed) => before.perhaps_closed = true,
            Some(Outcome::Unsure) => *before = Before { perhaps_open: true, perhaps_closed: true },
            None => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chains(list: &[(&str, &[(Applies, Action)])]) -> Chains {
        let rule = |(applies, action): &(Applies, Action)| Rule { applies: *applies, action: action.clone() };
        list.iter().map(|(name, rules)| ((*name).to_owned(), rules.iter().map(rule).collect())).collect()
    }

    /// Goal: the first rule that certainly means a phone decides; what may have come before makes it unsure.
    #[test]
    fn first_certain_rule_decides() {
        use Action::{Accept, Jump, Nothing, Refuse, Return};
        use Applies::{No, Perhaps, Yes};
        let to = |name: &str| Jump(name.to_owned());
        let ask = |rules: &[(Applies, Action)]| {
            let own = [(Yes, Return), (Yes, Accept)];
            outcome(
                &chains(&[("input", rules), ("returns", &own), ("accepts", &[(Yes, Accept)])]),
                "input",
                Outcome::Closed,
            )
        };
        assert_eq!(ask(&[]), Outcome::Closed);
        assert_eq!(ask(&[(No, Accept), (Yes, Nothing)]), Outcome::Closed);
        assert_eq!(ask(&[(No, Refuse), (Yes, Accept), (Yes, Refuse)]), Outcome::Open);
        assert_eq!(ask(&[(Perhaps, Refuse), (Yes, Accept)]), Outcome::Unsure);
        assert_eq!(ask(&[(Perhaps, Accept), (Yes, Refuse)]), Outcome::Unsure);
        assert_eq!(ask(&[(Perhaps, Accept), (Yes, Accept)]), Outcome::Open);
        assert_eq!(ask(&[(Yes, to("accepts")), (Yes, Refuse)]), Outcome::Open);
        assert_eq!(ask(&[(Yes, to("returns")), (Yes, Refuse)]), Outcome::Closed);
        assert_eq!(ask(&[(Perhaps, to("accepts"))]), Outcome::Unsure);
        assert_eq!(ask(&[(Yes, to("nowhere"))]), Outcome::Closed);
        assert_eq!(ask(&[(Perhaps, Return), (Yes, Accept)]), Outcome::Unsure);
    }

    /// Goal: rules that go in circles end.
    #[test]
    fn circles_end() {
        let circle = [(Applies::Yes, Action::Jump("input".to_owned()))];
        assert_eq!(outcome(&chains(&[("input", &circle)]), "input", Outcome::Open), Outcome::Unsure);
    }
}
