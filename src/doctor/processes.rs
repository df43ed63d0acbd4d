//! The programs that run on this machine, as Linux shows them.

use std::fs;
use std::path::{Path, PathBuf};

use super::sockets;

/// The names of all programs that run; empty where the system does not show them.
#[must_use]
pub fn running() -> Vec<String> {
    folders().iter().map(|process| name(process)).collect()
}

/// Who listens at a TCP port, as `python3 (process 812)`. A user sees only their own programs; root sees all.
#[must_use]
pub fn listener(port: u16) -> Option<String> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(|path| fs::read_to_string(path).unwrap_or_default());
    let wanted: Vec<String> = tables
        .iter()
        .flat_map(|table| sockets::listening(table, port))
        .map(|inode| format!("socket:[{inode}]"))
        .collect();
    let has = |process: &PathBuf| {
        let files = fs::read_dir(process.join("fd")).into_iter().flatten().filter_map(Result::ok);
        files
            .filter_map(|file| fs::read_link(file.path()).ok())
            .any(|link| wanted.iter().any(|one| link.as_os_str() == one.as_str()))
    };
    let process = folders().into_iter().find(has)?;
    let number = process.file_name()?.to_string_lossy().into_owned();
    Some(format!("{} (process {number})", name(&process)))
}

fn folders() -> Vec<PathBuf> {
    let entries = fs::read_dir("/proc").into_iter().flatten().filter_map(Result::ok);
    let number = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
    entries.filter(|entry| entry.file_name().to_str().is_some_and(number)).map(|entry| entry.path()).collect()
}

fn name(process: &Path) -> String {
    fs::read_to_string(process.join("comm")).unwrap_or_default().trim().to_owned()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::net::TcpListener;

    /// Goal: whoever listens is named with its process.
    #[test]
    fn listener_is_named() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let by = listener(taken.local_addr().unwrap().port()).unwrap();
        assert!(by.ends_with(&format!("(process {})", std::process::id())), "{by}");
        assert!(!running().is_empty());
    }
}
