//! What the log forgets.

use std::fs;
use std::time::Duration;

use joywire::journal::{Kept, Retention};

use crate::rig::{FOREVER, Rig, chat};
use crate::writer::now_ms;

const DAY: u64 = 86_400_000;

/// Goal: a log that is too large loses its oldest entries, the file shrinks, and what is left is still proved.
#[test]
fn a_large_log_loses_its_oldest_entries() {
    let rig = Rig::new();
    rig.write((0..6000).map(|number| format!("{number} {}", "z".repeat(500))));
    let before = fs::metadata(rig.file()).unwrap().len();
    let head = rig.verify().head;
    let journal = rig.open_with(Retention { bytes: 1 << 20, ..FOREVER });
    rig.until("it shrinks", &journal, |_| {
        fs::metadata(rig.file()).unwrap().len() < 1 << 20 || {
            // What was removed is written into the file when the newest part grows.
            rig.keep(&journal, chat("more")) == Kept::No
        }
    });
    rig.close(&journal);
    let after = fs::metadata(rig.file()).unwrap().len();
    assert!(before > 3 << 20 && after < 1 << 20, "from {before} to {after} bytes");
    let report = rig.sound();
    assert!(report.removed.id > 1000 && report.entries > 500, "{report:?}");
    assert_eq!(rig.reader().link(head.id).unwrap(), Some(head), "the newest of before is still there");
    assert_eq!(rig.gaps().len(), 0, "what is forgotten on purpose is no gap");
    // Numbers go on, and nothing is forgotten twice.
    rig.write(["after".to_owned()]);
    assert_eq!(rig.verify().head.id, report.head.id + 1);
    assert_eq!(rig.verify().removed, report.removed);
}

/// Goal: what is older than it may be goes at the next start, in whole; and a log that loses everything goes on counting.
#[test]
fn old_entries_go() {
    for (old, left) in [(30, 20), (50, 0)] {
        let rig = Rig::new();
        rig.write((0..50).map(|number| number.to_string()));
        let sqlite = rig.sqlite();
        // The chain of what is left does not know what was before, so it holds though these were changed.
        let at = i64::try_from(now_ms() - 11 * DAY).unwrap();
        sqlite.execute("UPDATE entries SET at_ms = ? WHERE id <= ?", (at, old)).unwrap();
        drop(sqlite);
        let journal = rig.open_with(Retention { days: 10, ..FOREVER });
        rig.until("they go", &journal, |_| rig.verify().removed.id == u64::try_from(old).unwrap());
        std::thread::sleep(Duration::from_millis(50));
        assert_eq!(rig.keep(&journal, chat("after")), Kept::Yes);
        rig.close(&journal);
        assert_eq!(rig.said().len(), left + 1);
        assert_eq!(rig.sound().head.id, 51);
    }
}
