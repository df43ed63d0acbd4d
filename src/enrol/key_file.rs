//! Keys on disk: one file for a relay and a role, below `relays/` in the data directory, readable by its owner alone.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};
use tokio_rustls::rustls::pki_types::CertificateDer;

use super::key::{Key, Pin};
use crate::private_file;
use crate::protocol::events::Role;
use crate::socketio::{Address, Host};

/// Below the data directory.
const FOLDER: &str = "relays";
/// Files are shorter, bytes.
const BYTES: u64 = 64 * 1024;
/// Of the form of these files.
const VERSION: u32 = 1;

/// Why a key cannot be kept or used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be written or read.
    #[error("cannot use the key {path}: {source}; make it readable and writable for this user", path = path.display())]
    Storage {
        /// The file or its folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Others may read it.
    #[error(
        "the key {path} is open to other users (mode {mode:04o}): close it with chmod 600, and if somebody may have read \
         it, remove this device at the relay and pair again",
        path = path.display()
    )]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// There is something else in it.
    #[error("the key {path} is damaged ({detail}): remove it and pair again", path = path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
}

/// A key as it lies in its file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    version: u32,
    relay: String,
    role: Role,
    name: String,
    cookie: String,
    /// Base64 of the DER.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    authority: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fingerprint: Option<String>,
}

/// The file of a key.
#[must_use]
pub fn path(data_directory: &Path, relay: &Address, role: Role) -> PathBuf {
    let host = match relay.host() {
        // No name of a computer has this letter in it, and every file system takes it.
        Host::Ip(address) => address.to_string().replace(':', "="),
        Host::Dns(name) => name.clone(),
    };
    let role = serde_json::to_value(role).ok().and_then(|role| role.as_str().map(str::to_owned)).unwrap_or_default();
    data_directory.join(FOLDER).join(format!("{host}_{}-{role}.json", relay.port()))
}

/// Keeps a key, in the place of an older one for the same relay and role.
///
/// # Errors
/// [`KeyError::Storage`]; an older key is still there then.
pub fn keep(data_directory: &Path, key: &Key) -> Result<PathBuf, KeyError> {
    let path = path(data_directory, &key.relay, key.role);
    let (authority, fingerprint) = match &key.pin {
        Pin::Authority(certificate) => (Some(BASE64.encode(certificate)), None),
        Pin::Shown(fingerprint) => (None, Some(fingerprint.to_string())),
    };
    let written = Written {
        version: VERSION,
        relay: key.relay.to_string(),
        role: key.role,
        name: key.name.clone(),
        cookie: key.cookie.clone(),
        authority,
        fingerprint,
    };
    let refuse = |source| KeyError::Storage { path: path.clone(), source };
    let text = serde_json::to_string_pretty(&written).map_err(|error| refuse(error.into()))? + "\n";
    private_file::directory(&data_directory.join(FOLDER)).map_err(refuse)?;
    private_file::replace(&path, text.as_bytes()).map_err(refuse)?;
    Ok(path)
}

/// The key for a relay and a role, if there is one.
///
/// # Errors
/// [`KeyError`] if there is one that cannot be used.
pub fn find(data_directory: &Path, relay: &Address, role: Role) -> Result<Option<Key>, KeyError> {
    let path = path(data_directory, relay, role);
    let Some(key) = read(&path)? else { return Ok(None) };
    if key.relay == *relay && key.role == role {
        Ok(Some(key))
    } else {
        Err(KeyError::Damaged { path, detail: "it is for another relay".to_owned() })
    }
}

/// All keys that there are, in the order of their files' names, and what keeps some from being used.
///
/// # Errors
/// [`KeyError::Storage`] if the folder cannot be read.
pub fn list(data_directory: &Path) -> Result<Vec<Result<Key, KeyError>>, KeyError> {
    let folder = data_directory.join(FOLDER);
    let refuse = |source| KeyError::Storage { path: folder.clone(), source };
    let entries = match fs::read_dir(&folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(refuse)?,
    };
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>().map_err(refuse)?;
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "json"));
    paths.sort();
    Ok(paths.iter().filter_map(|path| read(path).transpose()).collect())
}

/// Forgets a key; `false` if there was none.
///
/// # Errors
/// [`KeyError::Storage`].
pub fn remove(data_directory: &Path, relay: &Address, role: Role) -> Result<bool, KeyError> {
    let path = path(data_directory, relay, role);
    match fs::remove_file(&path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(KeyError::Storage { path, source }),
    }
}

fn read(path: &Path) -> Result<Option<Key>, KeyError> {
    let refuse = |source| KeyError::Storage { path: path.to_owned(), source };
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file.map_err(refuse)?,
    };
    if let Some(mode) = private_file::exposed(path).map_err(refuse)? {
        return Err(KeyError::Exposed { path: path.to_owned(), mode });
    }
    let damaged = |detail| KeyError::Damaged { path: path.to_owned(), detail };
    let mut bytes = Vec::new();
    file.take(BYTES).read_to_end(&mut bytes).map_err(refuse)?;
    let written: Written = serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
    understood(written).map(Some).map_err(damaged)
}

fn understood(written: Written) -> Result<Key, String> {
    let Written { version, relay, role, name, cookie, authority, fingerprint } = written;
    if version != VERSION {
        return Err(format!("it has the form {version}, and only form {VERSION} is known: a newer Joywire wrote it"));
    }
    let pin = match (authority, fingerprint) {
        (Some(authority), None) => {
            let bytes = BASE64.decode(authority.as_bytes()).map_err(|error| error.to_string())?;
            Pin::Authority(CertificateDer::from(bytes))
        }
        (None, Some(fingerprint)) => Pin::Shown(fingerprint.parse().map_err(|_| "no fingerprint is in it".to_owned())?),
        (Some(_), Some(_)) | (None, None) => return Err("it must have one certificate in it".to_owned()),
    };
    let plain = cookie.bytes().all(|byte| byte.is_ascii_graphic()) && cookie.contains('=');
    let relay = relay.parse().map_err(|error: crate::socketio::AddressError| error.to_string())?;
    if plain { Ok(Key { relay, pin, cookie, role, name }) } else { Err("no session is in it".to_owned()) }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::socketio::Fingerprint;

    fn key(relay: &str, role: Role) -> Key {
        let pin = Pin::Authority(CertificateDer::from(vec![1, 2, 3]));
        Key { relay: relay.parse().unwrap(), pin, cookie: "__Host-joywire-8080=abc".into(), role, name: "Rover".into() }
    }

    /// Goal: a key is found again by relay and role, whatever the relay is called, and nobody else reads it.
    #[test]
    fn keys_are_kept_apart_and_private() {
        let home = tempfile::tempdir().unwrap();
        let relays =
            ["https://192.168.1.5:8080", "https://[fd00::5]:8080", "https://robot.local", "https://localhost:1"];
        let mut keys = Vec::new();
        for relay in relays {
            for role in [Role::Driver, Role::Operator] {
                let key = key(relay, role);
                let path = keep(home.path(), &key).unwrap();
                let name = path.file_name().unwrap().to_str().unwrap();
                assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"=._-".contains(&byte)), "{name}");
                assert_eq!(private_file::exposed(&path).unwrap(), None);
                keys.push(key);
            }
        }
        for key in &keys {
            assert_eq!(find(home.path(), &key.relay, key.role).unwrap().as_ref(), Some(key));
        }
        assert_eq!(list(home.path()).unwrap().into_iter().filter_map(Result::ok).count(), keys.len());
        let mut newer = keys[0].clone();
        newer.pin = Pin::Shown(Fingerprint::of(b"x"));
        keep(home.path(), &newer).unwrap();
        assert_eq!(find(home.path(), &newer.relay, newer.role).unwrap(), Some(newer.clone()));
        assert!(remove(home.path(), &newer.relay, newer.role).unwrap());
        assert!(!remove(home.path(), &newer.relay, newer.role).unwrap());
        assert_eq!(find(home.path(), &newer.relay, newer.role).unwrap(), None);
        assert!(list(&home.path().join("absent")).unwrap().is_empty());
    }

    /// Goal: a key that others may have read, or that is not whole, is not used, and it is said what to do.
    #[test]
    fn open_and_damaged_keys_are_refused() {
        let home = tempfile::tempdir().unwrap();
        let key = key("https://localhost:8080", Role::Driver);
        let path = keep(home.path(), &key).unwrap();
        let said = || find(home.path(), &key.relay, key.role).unwrap_err().to_string();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(said().contains("mode 0640") && said().contains("chmod 600"), "{}", said());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let whole = fs::read_to_string(&path).unwrap();
        for (from, to) in [
            ("\"version\": 1", "\"version\": 2"),
            ("localhost", "elsewhere"),
            ("https", "http"),
            ("AQID", "%"),
            ("authority", "fingerprint"),
            ("=abc", ""),
            ("=abc", "=a\\r\\nb"),
            ("{", ""),
        ] {
            assert!(whole.contains(from), "{from} is not in {whole}");
            fs::write(&path, whole.replacen(from, to, 1)).unwrap();
            assert!(said().contains("damaged") && said().contains("pair again"), "{to}: {}", said());
            assert!(list(home.path()).unwrap()[0].is_err() || to == "elsewhere");
        }
    }
}
