//! Gathers what the system shows of ports, gamepads, rules, folders and time; judges nothing, changes nothing.

use std::fs;
use std::net::{IpAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access, statvfs};

use super::ask::ask;
use super::data::Folder;
use super::device_rule;
use super::gamepads::{Gamepad, has_buttons};
use super::serial_ports::{self, Seen, User};
use crate::cable::discover::Finder;
use crate::cable::serial;
use crate::private_file;

/// Where rules for devices are.
const RULES: [&str; 4] = ["/etc/udev/rules.d", "/run/udev/rules.d", "/usr/lib/udev/rules.d", "/lib/udev/rules.d"];
/// Where udevd listens.
const DEVICE_MANAGER: &str = "/run/udev/control";
/// Made when the network has set the clock.
const SYNCHRONIZED: &str = "/run/systemd/timesync/synchronized";

/// The serial ports, and what can be seen of them without opening them.
pub fn ports(finder: &Finder) -> Vec<Seen> {
    let seen = |port| Seen { holder: serial::in_use(&port), forbidden: serial::forbidden(&port), port };
    finder.list().into_iter().map(seen).collect()
}

/// Who this user is to the system.
pub fn user() -> User {
    serial_ports::user(&text("/proc/self/status"), &text("/etc/group"))
}

/// The gamepads.
pub fn gamepads() -> Vec<Gamepad> {
    let pad = |class: &PathBuf| {
        let device = class.join("device");
        let name = class.file_name()?.to_str()?;
        let keys = fs::read_to_string(device.join("capabilities/key")).ok()?;
        let path = format!("/dev/input/{name}");
        (name.starts_with("event") && has_buttons(&keys, usize::BITS)).then(|| Gamepad {
            name: text(device.join("name")).trim().to_owned(),
            // The library that reads pads opens them for writing, too: that is how they shake.
            usable: access(&path, Access::READ_OK | Access::WRITE_OK).is_ok(),
            device: path,
        })
    };
    entries("/sys/class/input").iter().filter_map(pad).collect()
}

/// Whether udevd runs, by which gamepads are found.
pub fn device_manager() -> bool {
    Path::new(DEVICE_MANAGER).exists()
}

/// The texts of our device rules; `None` where there is no device manager.
pub fn rules() -> Option<Vec<String>> {
    if !RULES.iter().any(|folder| Path::new(folder).is_dir()) {
        return None;
    }
    let ours = |path: &PathBuf| path.file_name().and_then(|name| name.to_str()).is_some_and(device_rule::is_ours);
    let found = RULES.iter().flat_map(entries).filter(ours);
    Some(found.map(text).collect())
}

/// The data folder.
pub fn folder(path: &Path) -> Folder {
    // One that is not there yet will be made in the first that is.
    let there = path.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("/"));
    let exists = there == path;
    Folder {
        path: path.display().to_string(),
        exists,
        writable: there.is_dir() && access(there, Access::WRITE_OK | Access::EXEC_OK).is_ok(),
        exposed: if exists { private_file::exposed(path).ok().flatten() } else { None },
        free: statvfs(there).ok().map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize)),
    }
}

/// Whether the network keeps the clock right, if that is known.
pub fn synchronized() -> Option<bool> {
    if Path::new(SYNCHRONIZED).exists() {
        return Some(true);
    }
    match ask("timedatectl", &["show", "--property=NTPSynchronized", "--value"])?.trim() {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

/// Where a name leads to.
pub fn resolve(host: &str) -> Vec<IpAddr> {
    let mut found: Vec<IpAddr> =
        (host, 0).to_socket_addrs().map(|list| list.map(|address| address.ip()).collect()).unwrap_or_default();
    found.sort();
    found.dedup();
    found
}

/// Whether this Linux runs inside Windows.
pub fn emulated() -> bool {
    text("/proc/version").to_lowercase().contains("microsoft")
}

fn text(path: impl AsRef<Path>) -> String {
    fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

fn entries(folder: impl AsRef<Path>) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path()).collect();
    all.sort();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: a folder that is not there yet is judged by where it would be made.
    #[test]
    fn folder_is_seen_before_it_is_made() {
        let home = tempfile::tempdir().unwrap();
        let missing = folder(&home.path().join("a/b"));
        assert!(!missing.exists && missing.writable && missing.exposed.is_none() && missing.free.is_some());
        let there = home.path().join("there");
        private_file::directory(&there).unwrap();
        assert!(folder(&there).exists && folder(&there).exposed.is_none());
        fs::write(home.path().join("file"), "").unwrap();
        assert!(!folder(&home.path().join("file/below")).writable);
    }
}
