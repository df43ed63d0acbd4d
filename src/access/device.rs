//! PURE. Devices that were let in: what each may do, and by which secret it is known again.

use serde::{Deserialize, Serialize};

use super::code::Pass;
use super::secret::{Hash, Secret};
use crate::protocol::events::Role;

/// More devices than this are not remembered; the one that was not seen for longest gives way.
pub const MAX_DEVICES: usize = 256;

/// What a device shows at each visit: 256 random bits in a cookie.
pub type Token = Secret<32>;

/// A device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Device {
    /// Its number, never used again.
    pub id: u64,
    /// What its owner calls it, at most 32 characters.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// The robot that it is for, by name; `None`: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub robot: Option<String>,
    /// Hash of its [`Token`].
    pub token: Hash,
    /// When it was let in, seconds since 1970.
    pub paired: u64,
    /// When it was last here, seconds since 1970, give or take an hour.
    pub seen: u64,
}

/// All of them, as they are kept on disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Devices {
    next: u64,
    devices: Vec<Device>,
}

impl Devices {
    /// Lets a device in at `now`, seconds since 1970; returns its number.
    pub fn add(&mut self, now: u64, name: String, pass: impl Into<Pass>, token: &Token) -> u64 {
        if self.devices.len() >= MAX_DEVICES {
            let quiet = self.devices.iter().enumerate().min_by_key(|(_, device)| device.seen);
            if let Some((place, _)) = quiet {
                self.devices.remove(place);
            }
        }
        self.next = self.next.saturating_add(1);
        let id = self.next;
        let Pass { role, robot } = pass.into();
        self.devices.push(Device { id, name, role, robot, token: token.hash(), paired: now, seen: now });
        id
    }

    /// The device that shows this token.
    #[must_use]
    pub fn known(&self, token: &Token) -> Option<&Device> {
        // Hashes of 256 random bits: what a look-up's time tells of them is of no use to anyone.
        let hash = token.hash();
        self.devices.iter().find(|device| device.token == hash)
    }

    /// Notes that a device is here at `now`, seconds since 1970; whether that is worth writing down.
    pub fn saw(&mut self, id: u64, now: u64) -> bool {
        let device = self.devices.iter_mut().find(|device| device.id == id && device.seen.saturating_add(3600) <= now);
        device.map(|device| device.seen = now).is_some()
    }

    /// Says which robot a device is for; whether there is one.
    pub fn assign(&mut self, id: u64, robot: Option<String>) -> bool {
        let device = self.devices.iter_mut().find(|device| device.id == id);
        device.map(|device| device.robot = robot).is_some()
    }

    /// Throws a device out; whether there was one.
    pub fn revoke(&mut self, id: u64) -> bool {
        let before = self.devices.len();
        self.devices.retain(|device| device.id != id);
        self.devices.len() < before
    }

    /// All of them, in the order in which they came.
    #[must_use]
    pub fn all(&self) -> &[Device] {
        &self.devices
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(number: u16) -> Token {
        let mut bytes = [0; 32];
        bytes[..2].copy_from_slice(&number.to_le_bytes());
        Token::new(bytes)
    }

    /// Goal: a device is known by its own token until it is thrown out; its number never comes again.
    #[test]
    fn device_is_known_until_it_is_revoked() {
        let mut devices = Devices::default();
        let phone = devices.add(5, "phone".into(), Role::Driver, &token(1));
        let tablet = devices.add(6, "tablet".into(), Role::Viewer, &token(2));
        assert_eq!(devices.known(&token(2)).map(|device| (device.id, device.role)), Some((tablet, Role::Viewer)));
        assert!(devices.revoke(tablet) && !devices.revoke(tablet));
        assert_eq!(devices.known(&token(2)), None);
        assert!(devices.known(&token(1)).is_some_and(|device| device.id == phone));
        assert!(devices.add(7, "again".into(), Role::Viewer, &token(2)) > tablet);
    }

    /// Goal: the list has an end, and who was here lately stays.
    #[test]
    fn quietest_device_gives_way() {
        let mut devices = Devices::default();
        for number in 0..256u16 {
            devices.add(u64::from(number), format!("{number}"), Role::Viewer, &token(number));
        }
        assert!(devices.saw(1, 10_000) && !devices.saw(1, 10_001));
        devices.add(10_000, "new".into(), Role::Viewer, &token(999));
        assert_eq!(devices.all().len(), MAX_DEVICES);
        assert!(devices.known(&token(0)).is_some() && devices.known(&token(1)).is_none());
    }

    /// Goal: nothing on disk lets anybody in.
    #[test]
    fn disk_holds_no_token() {
        let mut devices = Devices::default();
        devices.add(5, "phone".into(), Role::Driver, &token(1));
        let kept = serde_json::to_string(&devices).unwrap();
        assert!(!kept.contains(&token(1).text()), "{kept}");
        assert_eq!(serde_json::from_str::<Devices>(&kept).unwrap(), devices);
    }
}
