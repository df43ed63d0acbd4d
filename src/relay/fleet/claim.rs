//! PURE. Whose a robot's name is: it stays with the agent that brought it, so that nobody who drives by it is led to another
//! robot.

use crate::relay::auth::Who;

/// A program that is an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::relay) struct Program {
    /// By whose key it comes.
    pub(in crate::relay) who: Who,
    /// What the holder of that key is called.
    pub(in crate::relay) called: String,
    /// Tells it from another program with the same key.
    pub(in crate::relay) instance: u64,
}

/// Where the program is that has a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    /// It reported of its robot a moment ago.
    Heard,
    /// It is connected, but says nothing of its robot.
    Silent,
    /// It is not connected.
    Away,
    /// It was thrown out.
    Out,
}

/// What has a name already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Holder {
    /// The robot of the relay's own process.
    Own,
    /// An agent.
    Agent(Program, Presence),
}

/// Whether `newcomer` may have the name, in the place of the program that has it.
///
/// # Errors
/// A sentence that says what to do.
pub(super) fn may_have(name: &str, holder: &Holder, newcomer: &Program) -> Result<(), String> {
    let (there, presence) = match holder {
        Holder::Own => {
            return Err(format!("the relay's own robot is called {name:?}: give this one another name, with --name"));
        }
        Holder::Agent(there, presence) => (there, *presence),
    };
    let same_key = there.who == newcomer.who;
    let called = &there.called;
    match (presence, there.who) {
        (Presence::Away, Who::Device(number)) if !same_key => Err(format!(
            "{name:?} is the robot of another agent ({called}), which is away: give this one another name, with --name or \
             robot.name, or remove that agent with `joywire devices revoke {number}` beside the relay"
        )),
        (Presence::Heard | Presence::Silent, _) if !same_key => Err(format!(
            "another agent ({called}) has a robot called {name:?} here: give this one another name, with --name or \
             robot.name"
        )),
        (Presence::Heard, _) if there.instance != newcomer.instance => {
            Err(format!("this agent runs already, with its robot {name:?}: end the other program first"))
        }
        // An agent of the relay's own machine may come by another key when it comes again.
        (Presence::Heard | Presence::Silent | Presence::Away | Presence::Out, _) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: Who = Who::Device(3);

    fn program(who: Who, instance: u64) -> Program {
        Program { who, called: "Pi".to_owned(), instance }
    }

    fn asks(presence: Presence, newcomer: &Program) -> Result<(), String> {
        may_have("Rover", &Holder::Agent(program(KEY, 1), presence), newcomer)
    }

    /// Goal: the program that comes back over a new connection has its place again, also while the old one seems to live.
    #[test]
    fn the_same_program_comes_back() {
        for presence in [Presence::Heard, Presence::Silent, Presence::Away] {
            assert_eq!(asks(presence, &program(KEY, 1)), Ok(()), "{presence:?}");
        }
    }

    /// Goal: two programs with one key are never at one robot's name at once, but one that was started anew is.
    #[test]
    fn a_second_program_waits_for_the_end_of_the_first() {
        let second = program(KEY, 2);
        let said = asks(Presence::Heard, &second).unwrap_err();
        assert!(said.contains("runs already") && said.contains("end the other program"), "{said}");
        for presence in [Presence::Silent, Presence::Away] {
            assert_eq!(asks(presence, &second), Ok(()), "{presence:?}");
        }
    }

    /// Goal: another machine never takes a robot's name, also not while that robot is away, but it does once that was
    /// thrown out.
    #[test]
    fn another_machine_does_not_take_a_name() {
        let other = program(Who::Device(4), 1);
        for presence in [Presence::Heard, Presence::Silent, Presence::Away] {
            let said = asks(presence, &other).unwrap_err();
            assert!(said.contains("(Pi)") && said.contains("--name"), "{presence:?}: {said}");
        }
        assert!(asks(Presence::Away, &other).unwrap_err().contains("devices revoke 3"));
        assert_eq!(asks(Presence::Out, &other), Ok(()));
    }

    /// Goal: nobody has the name of the robot that is in the relay's own process.
    #[test]
    fn the_relays_own_robot_keeps_its_name() {
        let said = may_have("Rover", &Holder::Own, &program(KEY, 1)).unwrap_err();
        assert!(said.contains("own robot") && said.contains("--name"), "{said}");
    }

    /// Goal: on the relay's own machine an agent may come by a key that came without one before.
    #[test]
    fn local_programs_change_their_keys() {
        let local = program(Who::Local([127, 0, 0, 1].into()), 1);
        let holder = |presence| Holder::Agent(local.clone(), presence);
        assert_eq!(may_have("Rover", &holder(Presence::Away), &program(KEY, 1)), Ok(()));
        assert!(may_have("Rover", &holder(Presence::Heard), &program(KEY, 1)).is_err());
    }
}
