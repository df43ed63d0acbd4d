//! PURE. The robot's name as names on a network are written.

/// Letters at most. A label has 63, but a robot that finds its name taken adds a number.
const LABEL: usize = 56;
/// Bytes at most of the name that lists of services show; also with room for a number.
const INSTANCE: usize = 56;
/// The label of a robot whose name has no letter that fits.
const FALLBACK: &str = "joywire";

/// The host label for a robot's name: `Joywire robot` is `joywire-robot`. Never empty, letters, digits and inner
/// hyphens alone.
#[must_use]
pub fn label(robot_name: &str) -> String {
    let mut label = String::new();
    for character in robot_name.chars().flat_map(char::to_lowercase) {
        match plain(character) {
            Some(letters) => label.push_str(letters),
            None if character.is_ascii_alphanumeric() => label.push(character),
            // An apostrophe belongs to its word: Zoë's robot is zoes-robot.
            None if matches!(character, '\'' | '’' | '\u{301}' | '\u{308}') => {}
            None if label.is_empty() || label.ends_with('-') => {}
            None => label.push('-'),
        }
    }
    // All of it is ASCII by now.
    label.truncate(LABEL);
    let label = label.trim_matches('-');
    if label.is_empty() { FALLBACK.to_owned() } else { label.to_owned() }
}

/// The robot's name as lists of services show it: whole words, but not longer than such names may be.
#[must_use]
pub fn instance(robot_name: &str) -> String {
    // Dots and backslashes have a meaning in such names, which not every program reads the same way.
    let words = robot_name.replace(['.', '\\'], " ");
    let mut name = String::new();
    for character in words.split_whitespace().collect::<Vec<_>>().join(" ").chars().filter(|one| !one.is_control()) {
        if name.len() + character.len_utf8() > INSTANCE {
            break;
        }
        name.push(character);
    }
    let name = name.trim();
    if name.is_empty() { FALLBACK.to_owned() } else { name.to_owned() }
}

/// The plain letters for one of Europe's others.
fn plain(character: char) -> Option<&'static str> {
    Some(match character {
        'ä' | 'æ' => "ae",
        'ö' | 'œ' | 'ø' => "oe",
        'ü' => "ue",
        'ß' => "ss",
        'þ' => "th",
        'à' | 'á' | 'â' | 'ã' | 'å' | 'ā' | 'ă' | 'ą' => "a",
        'ç' | 'ć' | 'č' => "c",
        'ď' | 'đ' | 'ð' => "d",
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ė' | 'ę' | 'ě' => "e",
        'ğ' => "g",
        'ì' | 'í' | 'î' | 'ï' | 'ī' | 'į' | 'ı' => "i",
        'ł' | 'ľ' => "l",
        'ñ' | 'ń' | 'ň' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ō' | 'ő' => "o",
        'ř' => "r",
        'ś' | 'š' | 'ş' | 'ș' => "s",
        'ť' | 'ţ' | 'ț' => "t",
        'ù' | 'ú' | 'û' | 'ū' | 'ů' | 'ű' => "u",
        'ý' | 'ÿ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Goal: a name is still to be recognised in its label.
    #[test]
    fn names_are_recognised_in_their_labels() {
        for (name, expected) in [
            ("Joywire robot", "joywire-robot"),
            ("Zoë's Röver!", "zoes-roever"),
            ("  R2—D2 ", "r2-d2"),
            ("Łódź №5", "lodz-5"),
            ("--", "joywire"),
            ("机器人", "joywire"),
            ("", "joywire"),
            ("rover.local", "rover-local"),
        ] {
            assert_eq!(label(name), expected, "{name}");
        }
        assert_eq!((instance("  Dr. Zoë\\ "), instance("\n")), ("Dr Zoë".to_owned(), "joywire".to_owned()));
    }

    proptest! {
        /// Goal: whatever the name, its label and its entry in lists are ones that every system takes.
        #[test]
        fn labels_are_always_sane(name in "\\PC{0,80}") {
            let label = label(&name);
            prop_assert!(!label.is_empty() && label.len() <= 60, "{label}");
            prop_assert!(label.chars().all(|one| one.is_ascii_lowercase() || one.is_ascii_digit() || one == '-'));
            prop_assert!(!label.starts_with('-') && !label.ends_with('-'), "{label}");
            let instance = instance(&name);
            prop_assert!(!instance.is_empty() && instance.len() <= 60 && !instance.contains(['.', '\\']));
        }
    }
}
