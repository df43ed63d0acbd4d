//! PURE. Whether gamepads at this machine can drive.

use super::finding::{Finding, Subject};

/// The buttons of joysticks and gamepads, as Linux numbers them: 0x120 to 0x13f.
const FIRST_BUTTON: u32 = 0x120;
const LAST_BUTTON: u32 = 0x13f;

/// A gamepad.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gamepad {
    /// What it calls itself.
    pub name: String,
    /// Its device: `/dev/input/event5`.
    pub device: String,
    /// Whether this user may read it and write to it, as shaking it needs.
    pub usable: bool,
}

/// Whether a device has buttons of a gamepad, out of its `capabilities/key`: hexadecimal words of `bits` bits, the
/// highest first.
#[must_use]
pub fn has_buttons(keys: &str, bits: u32) -> bool {
    let words: Vec<u64> = keys.split_whitespace().rev().filter_map(|word| u64::from_str_radix(word, 16).ok()).collect();
    (FIRST_BUTTON..=LAST_BUTTON).any(|button| {
        let word = usize::try_from(button / bits).ok().and_then(|index| words.get(index));
        word.is_some_and(|word| word >> (button % bits) & 1 == 1)
    })
}

/// Judges the gamepads; `managed`: udevd runs.
#[must_use]
pub fn judge(all: &[Gamepad], managed: bool) -> Vec<Finding> {
    if all.is_empty() {
        return vec![Finding::fine(Subject::Gamepads, "none is plugged in at this machine; phones need none")];
    }
    let one = |pad: &Gamepad| {
        if !managed {
            return Finding::warning(
                Subject::Gamepads,
                format!("{} ({}) is not found by programs: udevd does not run", pad.name, pad.device),
                "run Joywire where udevd runs: on the machine itself, not in a container",
            );
        }
        if pad.usable {
            let what = format!("{} ({}) can drive; `joywire pads` shows its controls", pad.name, pad.device);
            return Finding::fine(Subject::Gamepads, what);
        }
        Finding::warning(
            Subject::Gamepads,
            format!("you may not use {} ({})", pad.name, pad.device),
            "install the device rule below and plug the gamepad in again; without a desktop: \
             `sudo usermod -aG input $USER`, then log out and in again",
        )
    };
    all.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Level;

    /// Goal: a gamepad is known by its buttons, in words of either size; a keyboard and a mouse are none.
    #[test]
    fn gamepad_is_known_by_its_buttons() {
        assert!(has_buttons("7cdb000000000000 0 0 0 0", 64));
        assert!(has_buttons("7cdb0000 0 0 0 0 0 0 0 0 0", 32));
        assert!(has_buttons("ffffffff00000000 0 0 0 0", 64), "a plain joystick");
        assert!(!has_buttons("10000 0 0 0 0", 64) && !has_buttons("1f0000 0 0 0 0", 64), "a mouse");
        assert!(!has_buttons("402000000 3803078f800d001 feffffdfffefffff fffffffffffffffe", 64), "a keyboard");
        assert!(!has_buttons("", 64));
    }

    /// Goal: only a gamepad that cannot drive is spoken about.
    #[test]
    fn unusable_gamepad_is_told() {
        let pad = |usable| Gamepad { name: "Pad".to_owned(), device: "/dev/input/event5".to_owned(), usable };
        assert_eq!(judge(&[], false)[0].level, Level::Fine);
        assert_eq!(judge(&[pad(true)], true)[0].level, Level::Fine);
        assert_eq!(judge(&[pad(false)], true)[0].level, Level::Warning);
        let unmanaged = &judge(&[pad(true)], false)[0];
        assert!(unmanaged.level == Level::Warning && unmanaged.what.contains("udevd"));
    }
}
