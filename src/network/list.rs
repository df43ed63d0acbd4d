//! Reads the addresses of this machine and what the system says of their interfaces.

use std::fs;
use std::io;
use std::path::Path;

use if_addrs::{IfAddr, get_if_addrs};

use super::interface::Interface;

/// Where Linux tells about interfaces; elsewhere there is nothing.
const FOLDER: &str = "/sys/class/net";

/// All addresses of this machine, in the system's order.
///
/// # Errors
/// What the system says.
pub fn list() -> io::Result<Vec<Interface>> {
    Ok(get_if_addrs()?.into_iter().map(|found| read(&found, Path::new(FOLDER))).collect())
}

fn read(found: &if_addrs::Interface, folder: &Path) -> Interface {
    let prefix = match &found.addr {
        IfAddr::V4(four) => four.prefixlen,
        IfAddr::V6(six) => six.prefixlen,
    };
    let folder = folder.join(&found.name);
    // Drivers that know nothing of links say `unknown`; their flags are right.
    let down = fs::read_to_string(folder.join("operstate")).is_ok_and(|state| state.trim() == "down");
    Interface {
        name: found.name.clone(),
        address: found.ip(),
        prefix,
        up: !down && found.is_oper_up(),
        wireless: folder.join("wireless").exists() || folder.join("phy80211").exists(),
        point_to_point: found.is_p2p(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::IpAddr;

    /// Goal: every machine has itself, and the list says so.
    #[test]
    fn this_machine_has_itself() {
        let all = list().unwrap();
        let itself = all.iter().find(|one| one.address == IpAddr::from([127, 0, 0, 1]));
        assert!(itself.is_some_and(|one| one.prefix == 8 && one.up && !one.wireless), "{all:?}");
    }

    /// Goal: what the system's folder says of link and radio counts.
    #[test]
    fn link_and_radio_are_read() {
        let home = tempfile::tempdir().unwrap();
        let found = get_if_addrs().unwrap().into_iter().find(|one| one.ip().is_loopback()).unwrap();
        let folder = home.path().join(&found.name);
        fs::create_dir_all(folder.join("phy80211")).unwrap();
        assert!(read(&found, home.path()).wireless && read(&found, home.path()).up);
        fs::write(folder.join("operstate"), "down\n").unwrap();
        assert!(!read(&found, home.path()).up);
    }
}
