//! PURE. The rule for Linux's device manager (udev) that opens robots and gamepads to whoever sits here.

use super::finding::{Finding, Subject};

/// The rule, as it is installed.
pub const RULE: &str = include_str!("../../config/70-joywire.rules");
/// How to install it.
const INSTALL: &str = "joywire doctor --device-rule | sudo tee /etc/udev/rules.d/70-joywire.rules >/dev/null && \
                       sudo udevadm control --reload && sudo udevadm trigger";

/// Whether a file is such a rule, by its name.
#[must_use]
pub fn is_ours(name: &str) -> bool {
    name.contains("joywire") && name.strip_suffix(".rules").is_some()
}

/// Judges what was found: the texts of our rules, `None` where there is no device manager.
#[must_use]
pub fn judge(installed: Option<&[String]>) -> Finding {
    match installed {
        None => Finding::fine(Subject::DeviceRule, "this system has no udev, and needs no rule"),
        Some([]) => Finding::note(
            Subject::DeviceRule,
            "not installed: it opens robots and gamepads to whoever sits here, and keeps ModemManager away",
            format!("install it: `{INSTALL}`"),
        ),
        Some(texts) if texts.iter().any(|text| text == RULE) => Finding::fine(Subject::DeviceRule, "installed"),
        Some(_) => Finding::note(
            Subject::DeviceRule,
            "installed, but not as this version of Joywire has it",
            format!("if you did not change it yourself: `{INSTALL}`"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Layers;
    use crate::doctor::finding::Level;
    use std::collections::BTreeSet;

    /// The value of `key=="value"` in a line.
    fn value<'a>(line: &'a str, key: &str) -> Option<&'a str> {
        line.split_once(&format!("{key}==\""))?.1.split('"').next()
    }

    /// Goal: the rule opens the very devices that `auto` may open, and keeps modem programs away from the same.
    #[test]
    fn rule_means_the_devices_of_the_configuration() {
        let config = Layers::defaults().check().unwrap();
        let wanted: BTreeSet<String> = config.robot.usb.into_iter().collect();
        for (attribute, does) in [("ATTRS", "TAG+=\"uaccess\""), ("ATTR", "ENV{ID_MM_DEVICE_IGNORE}=\"1\"")] {
            let device = |line: &str| {
                let vendor = value(line, &format!("{attribute}{{idVendor}}"))?;
                assert!(line.contains(does), "{line}");
                Some(format!("{vendor}:{}", value(line, &format!("{attribute}{{idProduct}}")).unwrap_or("*")))
            };
            assert_eq!(RULE.lines().filter_map(device).collect::<BTreeSet<_>>(), wanted, "{does}");
        }
    }

    /// Goal: a missing rule comes with the command that installs it; a changed one is left to whoever changed it.
    #[test]
    fn missing_rule_comes_with_its_command() {
        assert!(is_ours("70-joywire.rules") && !is_ours("70-joywire.rules.bak") && !is_ours("60-serial.rules"));
        let missing = judge(Some(&[]));
        assert!(missing.level == Level::Note && missing.advice.unwrap().contains("| sudo tee"));
        assert_eq!(judge(Some(&[RULE.to_owned()])).level, Level::Fine);
        assert_eq!(judge(Some(&["# old".to_owned()])).level, Level::Note);
        assert_eq!(judge(None).level, Level::Fine);
    }
}
