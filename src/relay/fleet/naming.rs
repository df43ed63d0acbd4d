//! PURE. Names and colours of robots: which are the same, which robot a client is led to, which colour is free.

use crate::protocol::events::Role;

/// Longest name, characters.
const NAME_CHARS: usize = 32;

/// Colours that are told apart across a room, the likeliest first.
const COLOURS: [&str; 12] = [
    "#e6194b", "#4363d8", "#3cb44b", "#f58231", "#911eb4", "#42d4f4", "#f032e6", "#bfef45", "#9a6324", "#ffe119",
    "#469990", "#fabed4",
];

/// Whether two names would be taken for the same when they are read aloud.
pub(in crate::relay) fn same(one: &str, other: &str) -> bool {
    let plain = |name: &str| name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    plain(one) == plain(other)
}

/// The name as it is shown, or why it cannot be one.
///
/// # Errors
/// A sentence.
pub(super) fn checked(name: &str) -> Result<String, String> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > NAME_CHARS || name.chars().any(char::is_control) {
        let shown: String = name.chars().filter(|letter| !letter.is_control()).take(NAME_CHARS).collect();
        return Err(format!(
            "{shown:?} is no name for a robot: give it one of 1 to {NAME_CHARS} characters with --name or robot.name"
        ));
    }
    Ok(name.to_owned())
}

/// The wanted colour if it is one that nobody has, else one that is free: where nobody else has it the same for the same
/// name, so that people find their robot again after the relay was started anew.
pub(super) fn free_colour(wanted: &str, name: &str, taken: &[String]) -> String {
    let is_free = |colour: &str| !taken.iter().any(|other| other.eq_ignore_ascii_case(colour));
    if is_colour(wanted) && is_free(wanted) {
        return wanted.to_lowercase();
    }
    let letters = name.to_lowercase().bytes().fold(7_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    let first = letters % COLOURS.len();
    let listed = COLOURS.iter().cycle().skip(first).take(COLOURS.len()).map(|colour| (*colour).to_owned());
    // More robots than colours that are told apart: these differ at least.
    let further = (0..0x1000_u32).map(|step| format!("#{:06x}", (0x80_8080 + step * 0x03_0507) & 0xff_ffff));
    listed.chain(further).find(|colour| is_free(colour)).unwrap_or_else(|| COLOURS[0].to_owned())
}

fn is_colour(text: &str) -> bool {
    text.strip_prefix('#').is_some_and(|digits| digits.len() == 6 && digits.chars().all(|c| c.is_ascii_hexdigit()))
}

/// Where a client belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::relay) enum Choice<'a> {
    /// At the robot of this name.
    Robot(&'a str),
    /// In the lobby, until the robot of this name is there.
    Waits(&'a str),
    /// In the lobby, until it says which robot.
    Chooses,
    /// In the lobby: its device is for the robot of this name, and it asked for another.
    Belongs(&'a str),
}

/// Leads a client to its robot. It is never led to another than it asked for, and never guessed at where there are several.
///
/// `asked`: what it asks for; `home`: the robot that its device is for; `names`: the robots that there are; `own`: the one
/// of this very process.
pub(in crate::relay) fn choose<'a>(
    asked: Option<&'a str>,
    home: Option<&'a str>,
    role: Role,
    names: &[&'a str],
    own: Option<&'a str>,
) -> Choice<'a> {
    let bound = home.filter(|_| role < Role::Operator);
    let wanted = match (asked, bound) {
        (Some(asked), Some(home)) if !same(asked, home) => return Choice::Belongs(home),
        (Some(asked), _) => Some(asked),
        (None, _) => home,
    };
    if let Some(wanted) = wanted {
        return names.iter().find(|name| same(name, wanted)).map_or(Choice::Waits(wanted), |name| Choice::Robot(name));
    }
    match (own, names) {
        (Some(own), _) => Choice::Robot(own),
        (None, [only]) => Choice::Robot(only),
        (None, _) => Choice::Chooses,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Goal: two robots are never confused because of a capital letter or a space.
    #[test]
    fn names_that_sound_alike_are_the_same() {
        assert!(same("Rover", "rover ") && same("Big  Bob", "big bob") && same("ÄRA", "ära"));
        assert!(!same("Rover 1", "Rover 2"));
        assert_eq!(checked(" Rover "), Ok("Rover".to_owned()));
        for bad in ["", "  ", "a\nb", &"x".repeat(33)] {
            assert!(checked(bad).is_err(), "{bad:?}");
        }
    }

    /// Goal: no two robots have the same colour, whatever they ask for.
    #[test]
    fn every_robot_has_a_colour_of_its_own() {
        let mut taken: Vec<String> = Vec::new();
        for number in 0..64 {
            let wanted = ["#E6194B", "", "red", "#12345g"][number % 4];
            let colour = free_colour(wanted, &format!("robot {number}"), &taken);
            assert!(is_colour(&colour) && !taken.contains(&colour), "{colour}");
            taken.push(colour);
        }
        assert_eq!(free_colour("#ABCDEF", "Rover", &[]), "#abcdef");
    }

    /// Goal: a relay that was started anew gives a robot the colour that people know, whoever comes first.
    #[test]
    fn colour_goes_with_the_name() {
        let (rover, dino) = (free_colour("", "Rover", &[]), free_colour("", "Dino", &[]));
        assert_ne!(rover, dino);
        assert_eq!(free_colour("", "rover", std::slice::from_ref(&dino)), rover);
        assert_ne!(free_colour("", "Rover", std::slice::from_ref(&rover)), rover);
    }

    /// Goal: a phone ends up at the robot that it is for, or at none.
    #[test]
    fn nobody_is_led_to_a_robot_that_they_did_not_mean() {
        let names = ["Red", "Blue"];
        let choose = |asked, home, role| choose(asked, home, role, &names, None);
        assert_eq!(choose(Some("blue"), None, Role::Driver), Choice::Robot("Blue"));
        assert_eq!(choose(Some("Green"), None, Role::Driver), Choice::Waits("Green"));
        assert_eq!(choose(None, None, Role::Driver), Choice::Chooses);
        assert_eq!(choose(None, Some("Red"), Role::Driver), Choice::Robot("Red"));
        assert_eq!(choose(None, Some("Green"), Role::Viewer), Choice::Waits("Green"));
        assert_eq!(choose(Some("Blue"), Some("Red"), Role::Driver), Choice::Belongs("Red"));
        assert_eq!(choose(Some("Blue"), Some("Red"), Role::Operator), Choice::Robot("Blue"));
    }

    /// Goal: where there is one robot nobody must choose, as the original's clients cannot.
    #[test]
    fn one_robot_needs_no_choice() {
        assert_eq!(choose(None, None, Role::Driver, &["Red"], None), Choice::Robot("Red"));
        assert_eq!(choose(None, None, Role::Driver, &["Own", "Blue"], Some("Own")), Choice::Robot("Own"));
        assert_eq!(choose(None, None, Role::Driver, &[], None), Choice::Chooses);
    }

    proptest! {
        /// Goal: whatever is asked, the robot that is chosen is the one that was asked for or that the device is for.
        #[test]
        fn a_choice_is_never_a_guess(
            asked in proptest::option::of("[a-c]"), home in proptest::option::of("[a-c]"),
            names in proptest::collection::btree_set("[a-c]", 0..3), operator: bool,
        ) {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let role = if operator { Role::Operator } else { Role::Driver };
            if let Choice::Robot(chosen) = choose(asked.as_deref(), home.as_deref(), role, &names, None) {
                let meant = asked.as_deref().or(home.as_deref());
                prop_assert!(meant.is_none_or(|meant| meant == chosen));
                prop_assert!(meant.is_some() || names.len() == 1);
                prop_assert!(operator || home.as_deref().is_none_or(|home| home == chosen));
            }
        }
    }
}
