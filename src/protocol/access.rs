//! PURE. Who may come in, as operators see and decide it: the `access` event, and the same over the control socket.

use serde::{Deserialize, Serialize};

use super::events::Role;

/// `access`, from an operator: what it asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "lowercase", deny_unknown_fields)]
pub enum AccessRequest {
    /// The present state.
    List,
    /// Lets a waiting device in.
    Approve {
        /// Its [`Waiting::id`].
        id: u64,
    },
    /// Sends a waiting device away.
    Deny {
        /// Its [`Waiting::id`].
        id: u64,
    },
    /// Throws a device out that was let in: its connections end, its motion too.
    Revoke {
        /// Its [`Device::id`].
        id: u64,
    },
    /// A code for one more device.
    Invite {
        /// What it will be allowed to do.
        role: Role,
        /// The robot that it is for, by name, if there are several; operators and agents need none.
        #[serde(default)]
        robot: Option<String>,
    },
    /// Says which robot a device is for.
    Assign {
        /// Its [`Device::id`].
        id: u64,
        /// The robot's name; `None`: any.
        robot: Option<String>,
    },
}

/// Acknowledgement of `access`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessReply {
    /// Whether it was done.
    pub ok: bool,
    /// If not, why; a sentence.
    pub why: Option<String>,
    /// The state after it.
    pub access: Access,
    /// The code, if one was asked for.
    pub invite: Option<Invite>,
}

/// `access`, to operators whenever it changes: everyone who may come in or wants to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Access {
    /// Devices that wait to be let in, first first.
    pub waiting: Vec<Waiting>,
    /// Devices that were let in, in the order in which they came.
    pub devices: Vec<Device>,
}

/// A device that waits to be let in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waiting {
    /// Its number, never used again while the program runs.
    pub id: u64,
    /// What it calls itself, 1–32 characters.
    pub name: String,
    /// What it would be allowed to do.
    pub role: Role,
    /// The robot that it is for; `None`: any.
    #[serde(default)]
    pub robot: Option<String>,
    /// Four digits that the device shows, too.
    pub number: String,
}

/// A device that was let in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Device {
    /// Its number, never used again.
    pub id: u64,
    /// What it is called, 1–32 characters.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// The robot that it is for: a viewer or driver sees no other; `None`: any.
    #[serde(default)]
    pub robot: Option<String>,
    /// When it was let in, seconds since 1970.
    pub paired: u64,
    /// When it was last here, seconds since 1970, give or take an hour.
    pub seen: u64,
    /// Whether it is connected now.
    pub here: bool,
}

/// A code for one device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invite {
    /// `https://ADDRESS:PORT/p#CODE`
    pub url: String,
    /// What the device will be allowed to do.
    pub role: Role,
    /// The robot that it is for; `None`: any.
    #[serde(default)]
    pub robot: Option<String>,
    /// How a program that comes with this code knows that it is us: the fingerprint (SHA-256) of the certificate that
    /// vouches for us.
    #[serde(default)]
    pub fingerprint: Option<String>,
    /// How long the code is good, seconds.
    pub seconds: u64,
    /// The QR code of `url`: one text a row, `#` dark and space light, without the quiet zone of four modules.
    pub qr: Vec<String>,
}

/// `POST /pair`: a device shows the code that it scanned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PairRequest {
    /// From the address's fragment.
    pub code: String,
    /// What its owner calls it.
    pub name: String,
}

/// `POST /pair/wait`: a waiting device asks what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PairWait {
    /// From [`PairAnswer::Waiting`].
    pub ticket: String,
}

/// The answer to both, and to `GET /me`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "lowercase", deny_unknown_fields)]
pub enum PairAnswer {
    /// Come in: the session is in the cookie.
    Admitted {
        /// What the device may do.
        role: Role,
        /// What it is called; none for whoever sits at the machine itself.
        name: Option<String>,
        /// Where it goes on, if that is not Joywire's own page.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        home: Option<String>,
    },
    /// Someone must say yes first.
    Waiting {
        /// What the device will be allowed to do.
        role: Role,
        /// To ask with.
        ticket: String,
        /// Four digits to compare with the terminal's.
        number: String,
    },
    /// Not let in.
    Refused {
        /// `unknown`, `void`, `crowded`, `denied`, `rate`, `malformed` or `stranger`.
        code: String,
        /// A sentence.
        why: String,
    },
}
