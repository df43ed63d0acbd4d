//! PURE. Whether keys and the latch can be kept, and whether the latch holds the robot.

use super::finding::{Finding, Subject};

const MB: u64 = 1024 * 1024;
/// Less than this is told.
const LITTLE: u64 = 100 * MB;
/// With less than this a STOP may not be remembered.
const NOTHING: u64 = MB;

/// What can be seen of the folder without touching it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folder {
    /// Where it is.
    pub path: String,
    /// Whether it is there; else it is made at the first start.
    pub exists: bool,
    /// Whether this user may write there, or make it.
    pub writable: bool,
    /// Its mode, if others may look into it.
    pub exposed: Option<u32>,
    /// What is left on its disk, bytes.
    pub free: Option<u64>,
}

/// Judges the folder.
#[must_use]
pub fn judge(folder: &Folder) -> Vec<Finding> {
    let path = &folder.path;
    let mut findings = Vec::new();
    if !folder.writable {
        let elsewhere = "set data.dir in the configuration to a folder of yours";
        let (what, advice) = if folder.exists {
            (format!("write to {path}"), format!("`sudo chown -R $USER {path}` if it is yours, or {elsewhere}"))
        } else {
            (format!("make {path}"), format!("{elsewhere}, or have this one made for you"))
        };
        let what = format!("you may not {what}: the certificate and STOP are kept there");
        findings.push(Finding::problem(Subject::Data, what, advice));
    }
    if let Some(mode) = folder.exposed {
        findings.push(Finding::warning(
            Subject::Data,
            format!("others may look into {path} (mode {mode:03o}): keys are kept there"),
            format!("close it: `chmod 700 {path}`"),
        ));
    }
    match folder.free {
        Some(free) if free < NOTHING => findings.push(Finding::problem(
            Subject::Data,
            format!("the disk of {path} is full: a STOP could not be remembered"),
            "delete something; `df -h` shows what is full",
        )),
        Some(free) if free < LITTLE => findings.push(Finding::warning(
            Subject::Data,
            format!("the disk of {path} has only {} MB left", free / MB),
            "delete something; `df -h` shows what is full",
        )),
        Some(_) | None => {}
    }
    if findings.is_empty() {
        let state = if folder.exists { "private and writable" } else { "will be made at the first start" };
        findings.push(Finding::fine(Subject::Data, format!("{path}: {state}")));
    }
    findings
}

/// Judges the latch: why STOP is latched, if it is.
#[must_use]
pub fn judge_latch(latched: Option<&str>) -> Finding {
    match latched {
        None => Finding::fine(Subject::Stop, "not latched"),
        Some(reason) => {
            let because = if reason.is_empty() { String::new() } else { format!(": {reason}") };
            Finding::note(
                Subject::Stop,
                format!("STOP is latched, no robot drives{because}"),
                "go to the robot and see why; then an operator holds the reset button on the page",
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Level;

    fn folder() -> Folder {
        Folder {
            path: "/home/anne/joywire".to_owned(),
            exists: true,
            writable: true,
            exposed: None,
            free: Some(LITTLE),
        }
    }

    fn levels(folder: &Folder) -> Vec<Level> {
        judge(folder).iter().map(|finding| finding.level).collect()
    }

    /// Goal: what would keep a STOP from being remembered is a problem; what others may see is a warning.
    #[test]
    fn folder_is_judged_by_what_is_kept_there() {
        assert_eq!(levels(&folder()), [Level::Fine]);
        assert_eq!(levels(&Folder { exists: false, ..folder() }), [Level::Fine]);
        assert_eq!(levels(&Folder { writable: false, ..folder() }), [Level::Problem]);
        assert_eq!(levels(&Folder { free: Some(0), ..folder() }), [Level::Problem]);
        assert_eq!(levels(&Folder { exposed: Some(0o755), free: Some(2 * MB), ..folder() }), [Level::Warning; 2]);
    }

    /// Goal: a latch that holds the robot is told with its reason.
    #[test]
    fn latch_is_told_with_its_reason() {
        assert_eq!(judge_latch(None).level, Level::Fine);
        let told = judge_latch(Some("Anne: it smokes"));
        assert!(told.level == Level::Note && told.what.ends_with("drives: Anne: it smokes"), "{}", told.what);
    }
}
