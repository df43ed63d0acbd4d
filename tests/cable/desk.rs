//! A desk with USB sockets: the folders in which a system shows what is plugged into it.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use joywire::cable::discover::Finder;
use tempfile::TempDir;

use crate::board::Board;

/// `sys` and `dev` as a machine has them.
pub struct Desk {
    home: TempDir,
}

/// A USB device's numbers and its socket.
#[derive(Clone, Copy)]
pub struct Label {
    pub vid: &'static str,
    pub pid: &'static str,
    pub serial: &'static str,
    pub socket: &'static str,
}

/// An Arduino Uno of that number.
pub fn uno(serial: &'static str, socket: &'static str) -> Label {
    Label { vid: "2341", pid: "0043", serial, socket }
}

impl Desk {
    pub fn new() -> Self {
        let desk = Self { home: tempfile::tempdir().unwrap() };
        for folder in ["sys/class/tty", "dev/serial/by-id"] {
            fs::create_dir_all(desk.home.path().join(folder)).unwrap();
        }
        desk
    }

    /// The path of a device on this desk.
    pub fn dev(&self, name: &str) -> String {
        self.home.path().join("dev").join(name).to_str().unwrap().to_owned()
    }

    /// A name that stays the same, whatever the device is called.
    pub fn by_id(&self, label: Label) -> String {
        self.dev(&format!("serial/by-id/usb-{}_{}_{}", label.vid, label.pid, label.serial))
    }

    /// Plugs a board in; its port is called `name`.
    pub fn plug(&self, name: &str, label: Label, board: &Board) {
        let interface = self.device(label).join(format!("{}:1.0", label.socket));
        fs::create_dir_all(interface.join("tty").join(name)).unwrap();
        let files = [("idVendor", label.vid), ("idProduct", label.pid), ("serial", label.serial), ("product", "Uno")];
        for (file, text) in files {
            fs::write(self.device(label).join(file), format!("{text}\n")).unwrap();
        }
        fs::write(interface.join("bInterfaceNumber"), "00\n").unwrap();
        symlink("../..", interface.join("tty").join(name).join("device")).unwrap();
        symlink(interface.join("tty").join(name), self.home.path().join("sys/class/tty").join(name)).unwrap();
        symlink(board.path(), self.dev(name)).unwrap();
        symlink(format!("../../{name}"), self.by_id(label)).unwrap();
    }

    /// Takes its traces away.
    pub fn unplug(&self, name: &str, label: Label) {
        fs::remove_file(self.by_id(label)).unwrap();
        fs::remove_file(self.dev(name)).unwrap();
        fs::remove_file(self.home.path().join("sys/class/tty").join(name)).unwrap();
        fs::remove_dir_all(self.device(label)).unwrap();
    }

    /// A program on this desk looks here.
    pub fn finder(&self) -> Finder {
        let usb = ["2341:*", "0403:6001"].map(|text| text.parse().unwrap()).to_vec();
        Finder { sys: self.home.path().join("sys"), dev: self.home.path().join("dev"), usb, ports: Vec::new() }
    }

    fn device(&self, label: Label) -> PathBuf {
        self.home.path().join("sys/devices/usb1").join(label.socket)
    }
}
