//! Finds the serial ports of this machine and what they say of themselves on USB, in the folders of the system.

use std::fs;
use std::path::{Path, PathBuf};

use super::pattern::{PortPattern, UsbPattern, hex};
use super::port::{Port, Verdict};
use super::terminal::is_terminal;
use super::usb::Usb;

/// Where ports are looked for, and which of them may have a robot.
// The list of the `serialport` crate panics without /sys/class/tty, knows neither the names in
// /dev/serial/by-id nor the socket, and looks in no other folders, as tests need it.
#[derive(Clone, Debug)]
pub struct Finder {
    /// `/sys`.
    pub sys: PathBuf,
    /// `/dev`.
    pub dev: PathBuf,
    /// USB devices that may be a robot, the likeliest first.
    pub usb: Vec<UsbPattern>,
    /// Further ports that may have a robot.
    pub ports: Vec<PortPattern>,
}

impl Finder {
    /// Looks in the system's own folders.
    #[must_use]
    pub fn new(usb: Vec<UsbPattern>, ports: Vec<PortPattern>) -> Self {
        Self { sys: "/sys".into(), dev: "/dev".into(), usb, ports }
    }

    /// All ports, sorted by name. A folder that cannot be read has none.
    #[must_use]
    pub fn list(&self) -> Vec<Port> {
        let stable = self.stable_names();
        let mut ports: Vec<Port> = names_in(&self.sys.join("class/tty"))
            .into_iter()
            .filter(|name| self.is_port(name))
            .map(|name| {
                let device = text_of(self.dev.join(&name));
                let usb = self.usb_of(&name);
                let verdict = self.judge(usb.as_ref());
                let known = stable.iter().find(|(_, device)| *device == name);
                Port { name: known.map_or_else(|| device.clone(), |(path, _)| path.clone()), device, usb, verdict }
            })
            .collect();
        self.add_configured(&mut ports);
        ports.sort_by(|one, other| one.device.cmp(&other.device));
        ports
    }

    /// The port at a path, under that name; `None` if there is nothing.
    #[must_use]
    pub fn at(&self, path: &str) -> Option<Port> {
        let device = Path::new(path).canonicalize().ok()?;
        let found =
            self.list().into_iter().find(|port| Path::new(&port.device).canonicalize().is_ok_and(|at| at == device));
        Some(Port { name: path.to_owned(), ..found.unwrap_or_else(|| Port::bare(&text_of(&device))) })
    }

    /// Devices, not consoles: those have nothing behind them.
    fn is_port(&self, name: &str) -> bool {
        let class = self.sys.join("class/tty").join(name);
        // A UART of type 0 is a socket on the board without a chip in it.
        let empty = word(&class.join("type")).is_some_and(|kind| kind == "0");
        class.join("device").exists() && !empty && self.dev.join(name).symlink_metadata().is_ok()
    }

    /// What the USB device above a port says: its folder is the first one upwards with an `idVendor`.
    fn usb_of(&self, name: &str) -> Option<Usb> {
        let class = self.sys.join("class/tty").join(name);
        let device = class.join("device").canonicalize().ok()?;
        let number = |path: PathBuf| hex(&word(&path)?);
        let folder = device.ancestors().find(|folder| folder.join("idVendor").is_file())?;
        let interface = device.ancestors().find_map(|folder| word(&folder.join("bInterfaceNumber")));
        Some(Usb {
            vid: number(folder.join("idVendor"))?,
            pid: number(folder.join("idProduct"))?,
            serial: word(&folder.join("serial")),
            interface: interface.and_then(|digits| u8::from_str_radix(&digits, 16).ok()),
            socket: folder.file_name().map(text_of).unwrap_or_default(),
            product: word(&folder.join("product")),
            manufacturer: word(&folder.join("manufacturer")),
        })
    }

    fn judge(&self, usb: Option<&Usb>) -> Verdict {
        let Some(usb) = usb else { return Verdict::Other };
        self.usb.iter().position(|pattern| pattern.matches(usb)).map_or(Verdict::Stranger, Verdict::Plausible)
    }

    /// The names that udev makes of what a device says, and the device that each means.
    fn stable_names(&self) -> Vec<(String, String)> {
        let folder = self.dev.join("serial/by-id");
        let device = |name: &String| Some(text_of(fs::read_link(folder.join(name)).ok()?.file_name()?));
        names_in(&folder).into_iter().filter_map(|name| Some((text_of(folder.join(&name)), device(&name)?))).collect()
    }

    /// Adds the ports that the configuration names; one that is listed already is plausible from now on.
    fn add_configured(&self, ports: &mut Vec<Port>) {
        for (index, pattern) in self.ports.iter().enumerate() {
            let verdict = Verdict::Plausible(self.usb.len() + index);
            let folder = Path::new(pattern.folder());
            for name in names_in(folder).into_iter().filter(|name| pattern.matches(name)) {
                let path = folder.join(name);
                let Ok(device) = path.canonicalize() else { continue };
                let listed =
                    ports.iter_mut().find(|port| Path::new(&port.device).canonicalize().is_ok_and(|at| at == device));
                match listed {
                    Some(port) => port.verdict = port.verdict.min(verdict),
                    // Anything may have such a name: `/dev/*` means watchdogs, too.
                    None if !is_terminal(&path, &self.sys).unwrap_or(false) => {}
                    None => ports.push(Port { name: text_of(&path), device: text_of(&device), usb: None, verdict }),
                }
            }
        }
    }
}

/// The names in a folder, sorted.
fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names
}

/// A file's text without the white space around it; `None` if there is nothing.
fn word(path: &Path) -> Option<String> {
    let text = String::from_utf8_lossy(&fs::read(path).ok()?).trim().to_owned();
    (!text.is_empty()).then_some(text)
}

fn text_of(path: impl AsRef<Path>) -> String {
    path.as_ref().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::robot::pty::Pty;
    use std::os::unix::fs::symlink;
    use tempfile::TempDir;

    /// Folders as the system makes them.
    struct Machine(TempDir);

    impl Machine {
        fn new() -> Self {
            let machine = Self(tempfile::tempdir().unwrap());
            for folder in ["sys/class/tty", "sys/dev/char", "dev/serial/by-id"] {
                fs::create_dir_all(machine.path(folder)).unwrap();
            }
            machine
        }

        fn path(&self, name: &str) -> PathBuf {
            self.0.path().join(name)
        }

        fn write(&self, folder: &str, files: &[(&str, &str)]) {
            fs::create_dir_all(self.path(folder)).unwrap();
            for (name, text) in files {
                fs::write(self.path(folder).join(name), format!("{text}\n")).unwrap();
            }
        }

        /// A port of the class, whose device is at `device` below `sys/devices`.
        fn tty(&self, name: &str, device: &str) {
            let class = format!("sys/devices/{device}/tty/{name}");
            fs::create_dir_all(self.path(&class)).unwrap();
            symlink("../../../".to_owned() + device.rsplit('/').next().unwrap(), self.path(&class).join("device"))
                .unwrap();
            let depth = "../../";
            symlink(format!("{depth}devices/{device}/tty/{name}"), self.path("sys/class/tty").join(name)).unwrap();
            fs::write(self.path("dev").join(name), "").unwrap();
        }

        fn finder(&self, usb: &[&str], ports: &[String]) -> Finder {
            Finder {
                sys: self.path("sys"),
                dev: self.path("dev"),
                usb: usb.iter().map(|text| text.parse().unwrap()).collect(),
                ports: ports.iter().map(|text| text.parse().unwrap()).collect(),
            }
        }
    }

    const HUB: &str = "pci0000:00/0000:00:14.0/usb1/1-1";

    /// An Uno (ttyACM0), an FTDI adapter with two ports (ttyUSB0, ttyUSB1), a modem (ttyACM1), a UART
    /// (ttyAMA0), a UART without a chip (ttyS3) and a console (tty1).
    fn desk() -> Machine {
        let machine = Machine::new();
        let uno = format!("sys/devices/{HUB}/1-1.4");
        machine.write(
            &uno,
            &[("idVendor", "2341"), ("idProduct", "0043"), ("serial", "7543331"), ("manufacturer", "Arduino")],
        );
        machine.write(&format!("{uno}/1-1.4:1.0"), &[("bInterfaceNumber", "00")]);
        machine.tty("ttyACM0", &format!("{HUB}/1-1.4/1-1.4:1.0"));
        let ftdi = format!("sys/devices/{HUB}/1-1.2");
        machine.write(&ftdi, &[("idVendor", "0403"), ("idProduct", "6010"), ("product", "Dual RS232"), ("serial", "")]);
        for port in ["0", "1"] {
            machine.write(&format!("{ftdi}/1-1.2:1.{port}"), &[("bInterfaceNumber", &format!("0{port}"))]);
            machine.tty(&format!("ttyUSB{port}"), &format!("{HUB}/1-1.2/1-1.2:1.{port}/ttyUSB{port}"));
        }
        let modem = format!("sys/devices/{HUB}/1-1.1");
        machine.write(&modem, &[("idVendor", "1199"), ("idProduct", "9071"), ("product", "Modem")]);
        machine.tty("ttyACM1", &format!("{HUB}/1-1.1/1-1.1:1.3"));
        machine.tty("ttyAMA0", "platform/soc/fe201000.serial");
        machine.tty("ttyS3", "platform/serial8250");
        machine.write("sys/devices/platform/serial8250/tty/ttyS3", &[("type", "0")]);
        machine.write("sys/class/tty/tty1", &[("active", "0")]);
        symlink("../../ttyACM0", machine.path("dev/serial/by-id/usb-Arduino_7543331-if00")).unwrap();
        machine
    }

    /// Goal: every port is found with what its USB device says, the Uno under the name that stays.
    #[test]
    fn ports_are_found_with_what_they_say() {
        let machine = desk();
        let ports = machine.finder(&["0403:*", "2341:*"], &[]).list();
        let names: Vec<&str> = ports.iter().map(|port| port.device.rsplit('/').next().unwrap()).collect();
        assert_eq!(names, ["ttyACM0", "ttyACM1", "ttyAMA0", "ttyUSB0", "ttyUSB1"]);
        let [uno, modem, uart, one, two] = ports.try_into().unwrap();
        assert!(uno.name.ends_with("dev/serial/by-id/usb-Arduino_7543331-if00"), "{}", uno.name);
        let usb = uno.usb.unwrap();
        assert_eq!((usb.to_string().as_str(), usb.socket.as_str()), ("2341:0043:7543331", "1-1.4"));
        assert_eq!((usb.interface, usb.product, usb.manufacturer.as_deref()), (Some(0), None, Some("Arduino")));
        assert_eq!(
            (uno.verdict, modem.verdict, uart.verdict),
            (Verdict::Plausible(1), Verdict::Stranger, Verdict::Other)
        );
        let (first, second) = (one.usb.unwrap(), two.usb.unwrap());
        assert_eq!((first.interface, second.interface, first.serial.clone()), (Some(0), Some(1), None));
        assert!(!first.may_be(&second));
    }

    /// Goal: a port that the configuration names may have a robot, whatever it is; a star means several, but
    /// not what is no serial port at all.
    #[tokio::test]
    async fn configured_ports_are_plausible() {
        let machine = desk();
        let folder = machine.path("mock");
        fs::create_dir(&folder).unwrap();
        symlink(machine.path("dev/ttyACM1"), folder.join("robot-1")).unwrap();
        let pty = Pty::open(None).unwrap();
        symlink(pty.path(), folder.join("robot-2")).unwrap();
        symlink("/dev/null", folder.join("robot-4")).unwrap();
        fs::write(folder.join("robot-5"), "").unwrap();
        fs::write(folder.join("other"), "").unwrap();
        symlink("/nowhere", folder.join("robot-3")).unwrap();
        let patterns = [format!("{}/robot-*", folder.display()), text_of(machine.path("dev/ttyAMA0"))];
        let ports = machine.finder(&[], &patterns).list();
        let plausible: Vec<(&str, Verdict)> = ports
            .iter()
            .filter(|port| matches!(port.verdict, Verdict::Plausible(_)))
            .map(|port| (port.name.rsplit('/').next().unwrap(), port.verdict))
            .collect();
        let expected = [("robot-2", 0), ("ttyACM1", 0), ("ttyAMA0", 1)];
        assert_eq!(plausible, expected.map(|(name, place)| (name, Verdict::Plausible(place))));
    }

    /// Goal: a path keeps its name and gets the identity of the device that it means.
    #[test]
    fn path_means_its_device() {
        let machine = desk();
        symlink(machine.path("dev/ttyUSB1"), machine.path("robot")).unwrap();
        let finder = machine.finder(&[], &[]);
        let port = finder.at(&text_of(machine.path("robot"))).unwrap();
        assert!(port.name.ends_with("/robot") && port.device.ends_with("/dev/ttyUSB1"), "{port:?}");
        assert_eq!(port.usb.unwrap().interface, Some(1));
        assert_eq!(finder.at("/no/such/port"), None);
    }

    /// Goal: a machine without these folders has no ports, and that is no fault.
    #[test]
    fn machine_without_folders_has_no_ports() {
        let finder = Finder { sys: "/nowhere".into(), dev: "/nowhere".into(), usb: Vec::new(), ports: Vec::new() };
        assert_eq!(finder.list(), Vec::new());
    }
}
