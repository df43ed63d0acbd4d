//! Finds out which programs have a port open, as far as this user may see.

use std::fs;
use std::path::{Path, PathBuf};

/// More names than this help nobody.
const NAMES: usize = 3;

/// The other programs that have `path` open, as `minicom (process 1234)`; `None` if none can be seen. A user
/// sees only their own programs; root sees all.
#[must_use]
pub fn holders(path: &str) -> Option<String> {
    let device = Path::new(path).canonicalize().ok()?;
    let mut names: Vec<String> = fs::read_dir("/proc")
        .ok()?
        .filter_map(Result::ok)
        .filter(|process| {
            let number = process.file_name().to_string_lossy().parse::<u32>();
            number.is_ok_and(|number| number != std::process::id()) && has(&process.path(), &device)
        })
        .map(|process| {
            let name = fs::read_to_string(process.path().join("comm")).unwrap_or_default();
            format!("{} (process {})", name.trim(), process.file_name().to_string_lossy())
        })
        .take(NAMES)
        .collect();
    names.sort();
    (!names.is_empty()).then(|| names.join(", "))
}

/// Whether a process has a device open. Whoever made a pseudo-terminal has both of its ends open, and is
/// the device rather than a user of it.
fn has(process: &Path, device: &Path) -> bool {
    let entries = fs::read_dir(process.join("fd")).into_iter().flatten().filter_map(Result::ok);
    let open: Vec<PathBuf> = entries.filter_map(|file| fs::read_link(file.path()).ok()).collect();
    let made = device.starts_with("/dev/pts") && open.iter().any(|file| file.ends_with("ptmx"));
    open.iter().any(|file| file == device) && !made
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    /// Goal: a program that has a file open is named; we ourselves are not another program.
    #[test]
    fn another_program_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path().to_str().unwrap();
        assert_eq!(holders(path), None);
        let mut other = Command::new("sleep").arg("60").stdin(file.reopen().unwrap()).spawn().unwrap();
        let named = holders(path);
        other.kill().unwrap();
        other.wait().unwrap();
        assert_eq!(named, Some(format!("sleep (process {})", other.id())));
    }
}
