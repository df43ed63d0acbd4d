//! Whether a name means a serial port, found out without opening it: opening a watchdog would start it.

use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use rustix::fs::{major, minor};

/// Numbers that Linux gives to the ends of pseudo-terminals that programs open.
const PSEUDO: std::ops::RangeInclusive<u32> = 136..=143;

/// Whether `path` is a terminal device: a pseudo-terminal, or what `sys` counts among the terminals. Where
/// `sys` has no list of devices, every character device may be one.
///
/// # Errors
/// If there is nothing, or nothing that we may look at.
pub fn is_terminal(path: &Path, sys: &Path) -> io::Result<bool> {
    let file = fs::metadata(path)?;
    if !file.file_type().is_char_device() {
        return Ok(false);
    }
    let number = (major(file.rdev()), minor(file.rdev()));
    let devices = sys.join("dev/char");
    let folder = devices.join(format!("{}:{}/subsystem", number.0, number.1));
    let is_tty = || fs::read_link(folder).is_ok_and(|subsystem| subsystem.ends_with("tty"));
    // A system without such a list, or a container that hides it, tells nothing.
    Ok(PSEUDO.contains(&number.0) || !devices.is_dir() || is_tty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::robot::pty::Pty;
    use std::os::unix::fs::symlink;

    /// Goal: terminals are told from other devices, files and folders by what the system says of them.
    #[tokio::test]
    async fn terminals_are_told_from_other_devices() {
        let sys = tempfile::tempdir().unwrap();
        // As real machines have /dev/null (1:3) and /dev/zero (1:5), if the latter were a serial port.
        for (number, class) in [("1:3", "mem"), ("1:5", "tty")] {
            let folder = sys.path().join("dev/char").join(number);
            fs::create_dir_all(&folder).unwrap();
            symlink(format!("../../../class/{class}"), folder.join("subsystem")).unwrap();
        }
        let is = |path: &Path| is_terminal(path, sys.path()).unwrap();
        assert!(!is(Path::new("/dev/null")) && is(Path::new("/dev/zero")));
        assert!(!is(Path::new("/dev/random")), "of which this system knows nothing");
        assert!(is_terminal(Path::new("/dev/null"), Path::new("/nowhere")).unwrap(), "without a list");
        assert!(!is(sys.path()) && !is(tempfile::NamedTempFile::new().unwrap().path()));
        let pty = Pty::open(None).unwrap();
        let link = sys.path().join("robot");
        symlink(pty.path(), &link).unwrap();
        assert!(is(pty.path()) && is(&link));
        assert!(is_terminal(Path::new("/no/such/port"), sys.path()).is_err());
    }
}
