//! How a program of this machine is known to a relay: by a key from a code, or because it is the relay's own machine.

use std::path::Path;

use anyhow::{Context, bail};
use serde_json::{Value, json};
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

use super::reception::named;
use super::{KeyArgs, say};
use crate::enrol::{self, key_file};
use crate::protocol::events::Role;
use crate::socketio::{Address, Dial, Fingerprint, Host, Trust};

/// The way to a relay, as `role` and under a name: with a key from a code, if one was given; with the one that is kept; or, to a relay of
/// this very machine, without.
///
/// # Errors
/// A sentence that says what to do.
pub async fn dial(
    address: &Address,
    args: &KeyArgs,
    (role, called): (Role, &str),
    data: &Path,
) -> anyhow::Result<Dial> {
    let auth = if role == Role::Agent { json!({ "agent": true }) } else { Value::Null };
    if let (Some(code), Some(fingerprint)) = (&args.code, &args.fingerprint) {
        let fingerprint: Fingerprint = fingerprint.parse()?;
        let mut wait = |number: &str| {
            say(&format!(
                "waiting for a yes beside the relay, which shows {number} as well: “{called}” as {}",
                named(role)
            ));
        };
        let key = enrol::enrol(address, code, fingerprint, called, &mut wait).await?;
        if key.role != role {
            bail!("that code is for {}: `joywire pair --role {}` shows one for this", named(key.role), word(role));
        }
        key_file::keep(data, &key)?;
        say(&format!("the relay at {address} knows this machine now; from the next time on no code is needed"));
        return Ok(key.dial(auth));
    }
    if let Some(key) = key_file::find(data, address, role)? {
        return Ok(key.dial(auth));
    }
    if is_this_machine(address)
        && let Some(authority) = own_authority(data)?
    {
        return Ok(Dial { address: address.clone(), trust: Trust::Authority(authority), cookie: None, auth });
    }
    if is_this_machine(address) {
        bail!(
            "nobody here has started a relay yet: start `joywire`; or, if {address} is somebody else's, run `joywire pair --role {}` \
             beside it, and add here what it shows",
            word(role)
        )
    }
    bail!(
        "the relay at {address} does not know this machine yet: run `joywire pair --role {}` beside it, and add here what it \
         shows",
        word(role)
    )
}

/// The way to a server of the original course system, whose certificate nobody vouches for: on this machine it is taken as
/// it is, as the original's clients did; elsewhere it must be the one of that fingerprint.
///
/// # Errors
/// A sentence that says what to do.
pub fn classic(address: &Address, fingerprint: Option<&str>) -> anyhow::Result<Dial> {
    let trust = match fingerprint {
        Some(fingerprint) => Trust::Shown(fingerprint.parse()?),
        None if is_this_machine(address) => Trust::Anyone,
        None => bail!(
            "{address} is another machine: add --fingerprint with the SHA-256 of its certificate, which `openssl x509 -noout \
             -fingerprint -sha256 -in CERTIFICATE` shows there"
        ),
    };
    Ok(Dial { address: address.clone(), trust, cookie: None, auth: Value::Null })
}

/// The authority of the relay of this very user, if there is one.
fn own_authority(data: &Path) -> anyhow::Result<Option<CertificateDer<'static>>> {
    let path = data.join("tls/authority.pem");
    if !path.exists() {
        return Ok(None);
    }
    let pem = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(Some(CertificateDer::from_pem_slice(&pem).with_context(|| format!("no certificate in {}", path.display()))?))
}

fn is_this_machine(address: &Address) -> bool {
    match address.host() {
        Host::Ip(ip) => ip.to_canonical().is_loopback(),
        Host::Dns(name) => name == "localhost",
    }
}

/// A role, as `joywire pair --role` takes it.
fn word(role: Role) -> &'static str {
    match role {
        Role::Agent => "agent",
        Role::Viewer => "viewer",
        Role::Driver => "driver",
        Role::Operator => "operator",
    }
}
