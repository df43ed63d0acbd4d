//! PURE. What a USB device says of itself, and whether two of them are the same board.

use std::fmt;

/// The maker of FT232 and its relatives, whose adapters hold bytes back for 16 ms unless asked not to.
pub const FTDI: u16 = 0x0403;

/// A number of fewer characters is a placeholder: every CP2102 leaves its factory as `0001`.
const LEAST_NUMBER: usize = 6;

/// A USB device that is a serial port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usb {
    /// Number of its maker.
    pub vid: u16,
    /// Number of the product among those of its maker.
    pub pid: u16,
    /// The device's own number. Many cheap adapters have none, or all the same.
    pub serial: Option<String>,
    /// Which of the device's ports this is, where it has several.
    pub interface: Option<u8>,
    /// The socket that it is plugged into, as the system names it: `1-1.4`.
    pub socket: String,
    /// What it calls itself.
    pub product: Option<String>,
    /// What its maker is called.
    pub manufacturer: Option<String>,
}

impl Usb {
    /// Whether this may be the same port of the same board as `other`: it is, unless there are two boards
    /// of the same kind without numbers of their own, which their sockets tell apart.
    #[must_use]
    pub fn may_be(&self, other: &Self) -> bool {
        (self.vid, self.pid, &self.serial, self.interface) == (other.vid, other.pid, &other.serial, other.interface)
    }

    /// Whether this is certainly the same port of the same board as `other`. A board without a number of
    /// its own is known by its socket.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        self.may_be(other) && (self.has_own_number() || self.socket == other.socket)
    }

    /// Whether its number is one that no other board has.
    fn has_own_number(&self) -> bool {
        let mut characters = self.serial.iter().flat_map(|serial| serial.chars());
        let first = characters.clone().next();
        characters.clone().count() >= LEAST_NUMBER && characters.any(|character| Some(character) != first)
    }
}

impl fmt::Display for Usb {
    /// `2341:0043`, and the device's own number if it has one: `2341:0043:7543331373935160B1D2`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:04x}:{:04x}", self.vid, self.pid)?;
        self.serial.as_ref().map_or(Ok(()), |serial| write!(formatter, ":{serial}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn board(serial: Option<&str>, socket: &str) -> Usb {
        Usb {
            vid: 0x1a86,
            pid: 0x7523,
            serial: serial.map(str::to_owned),
            interface: Some(0),
            socket: socket.to_owned(),
            product: None,
            manufacturer: None,
        }
    }

    /// Goal: a board with a number is known in any socket; one without only where it was.
    #[test]
    fn boards_are_known_by_number_or_socket() {
        assert!(board(Some("75433313"), "1-1").is(&board(Some("75433313"), "1-2")));
        assert!(!board(Some("75433313"), "1-1").may_be(&board(Some("85433313"), "1-1")));
        assert!(board(None, "1-1").is(&board(None, "1-1")));
        assert!(board(None, "1-1").may_be(&board(None, "1-2")) && !board(None, "1-1").is(&board(None, "1-2")));
        let second_port = Usb { interface: Some(1), ..board(Some("75433313"), "1-1") };
        assert!(!second_port.may_be(&board(Some("75433313"), "1-1")));
        assert_eq!(board(Some("75433313"), "1-1").to_string(), "1a86:7523:75433313");
    }

    /// Goal: a placeholder where a number should be makes no two boards the same: the socket must fit.
    #[test]
    fn placeholders_are_no_numbers() {
        for placeholder in ["0001", "12345", "000000", "FFFFFFFFFFFF"] {
            let (one, other) = (board(Some(placeholder), "1-1"), board(Some(placeholder), "1-2"));
            assert!(!one.is(&other) && one.is(&one.clone()) && one.may_be(&other), "{placeholder}");
        }
        assert!(board(Some("000001"), "1-1").is(&board(Some("000001"), "1-2")));
    }
}
