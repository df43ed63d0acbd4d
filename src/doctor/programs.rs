//! PURE. Programs that take hold of serial ports by themselves, and what keeps them from a robot.

use super::finding::{Finding, Subject};

/// Judges the names of running programs. `rule` is whether our device rule is installed.
#[must_use]
pub fn judge(running: &[String], rule: bool) -> Vec<Finding> {
    let runs = |wanted: &str| running.iter().any(|name| name.eq_ignore_ascii_case(wanted));
    let mut findings = Vec::new();
    // Its name has as many letters as the system keeps.
    if runs("ModemManager") || runs("modem-manager") {
        findings.push(if rule {
            Finding::fine(Subject::Programs, "ModemManager runs; the device rule keeps it away from robots")
        } else {
            Finding::warning(
                Subject::Programs,
                "ModemManager runs: it talks to every board that is plugged in, as if it were a modem",
                "install the device rule below: it sets ID_MM_DEVICE_IGNORE for boards; or, without a modem here, \
                 `sudo systemctl disable --now ModemManager`",
            )
        });
    }
    if runs("brltty") {
        findings.push(Finding::warning(
            Subject::Programs,
            "brltty runs: it takes boards with a CH340 chip (1a86:7523) for Braille displays, and their port vanishes",
            "if nobody here uses a Braille display: `sudo systemctl disable --now brltty brltty-udev`, or \
             `sudo apt remove brltty`; then plug the robot in again",
        ));
    }
    if findings.is_empty() {
        let what = if running.is_empty() {
            "which ones run is not known on this system"
        } else {
            "none that disturbs a robot"
        };
        findings.push(Finding::fine(Subject::Programs, what));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Level;

    /// Goal: programs that disturb are named; our rule is enough against one of them.
    #[test]
    fn programs_that_disturb_are_named() {
        let judge =
            |names: &[&str], rule| judge(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>(), rule);
        assert_eq!(judge(&["bash", "sshd"], false)[0].level, Level::Fine);
        let modem = judge(&["ModemManager"], false);
        assert!(modem[0].level == Level::Warning && modem[0].advice.as_ref().unwrap().contains("ID_MM_DEVICE_IGNORE"));
        assert_eq!(judge(&["ModemManager"], true)[0].level, Level::Fine);
        let both = judge(&["brltty", "ModemManager"], true);
        assert!(both[1].level == Level::Warning && both[1].what.contains("1a86:7523"));
    }
}
