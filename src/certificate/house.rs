//! Our own authority at work: kept on disk, made anew only when it must be, and its certificate with it.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio_rustls::rustls::sign::CertifiedKey;

use super::authority::Authority;
use super::issuer::Issuer;
use super::leaf::{self, Leaf};
use super::name::Name;
use super::period::DAY;
use super::store::{Store, Unfit};
use super::{CertificateError, NoName};

/// Certificate and key in one file each, so that the two can never be of different starts.
const AUTHORITY: &str = "authority.pem";
const LEAF: &str = "leaf.pem";
/// An authority with less than this left is made anew: its certificates could not live long enough.
const RENEWAL: Duration = leaf::RENEWAL.saturating_add(DAY);

/// The authority and the certificate that it gave us.
#[derive(Debug)]
pub(super) struct House {
    store: Store,
    issuer: Issuer,
    leaf: Leaf,
    told_of_clock: bool,
}

impl House {
    /// Loads both from below `data_directory`, or makes what is missing there.
    pub(super) fn open(data_directory: &Path, names: &[Name], now: Duration) -> Result<Self, CertificateError> {
        let wanted = wanted(names)?;
        let store = Store::open(data_directory)?;
        let _lock = store.lock()?;
        let issuer = match load(&store, now) {
            Ok(issuer) => issuer,
            Err(Unfit::Unreadable(source)) if source.kind() != ErrorKind::InvalidData => {
                return Err(CertificateError::Unreadable { path: store.path(AUTHORITY), source });
            }
            Err(unfit) => found(&store, &unfit, now)?,
        };
        let now = not_before(&issuer, now);
        let kept = store.read(LEAF).ok().flatten().and_then(|text| Leaf::read(&text).ok());
        let leaf = match kept.filter(|leaf| leaf.check(&issuer.authority, &wanted, now).is_ok()) {
            Some(leaf) => leaf,
            None => issue(&store, &issuer, &wanted, now)?,
        };
        Ok(Self { store, issuer, leaf, told_of_clock: false })
    }

    /// Makes another certificate if this one does not do any more.
    pub(super) fn renew(&mut self, names: &[Name], now: Duration) -> Result<bool, CertificateError> {
        let wanted = wanted(names)?;
        if ends(&self.issuer, now) {
            let _lock = self.store.lock()?;
            self.issuer = found(&self.store, &Unfit::Ended, now)?;
        }
        self.tell_of_clock(now);
        let now = not_before(&self.issuer, now);
        if self.leaf.check(&self.issuer.authority, &wanted, now).is_ok() {
            return Ok(false);
        }
        self.leaf = issue(&self.store, &self.issuer, &wanted, now)?;
        Ok(true)
    }

    /// What browsers are to be shown.
    pub(super) fn certified(&self) -> Arc<CertifiedKey> {
        self.leaf.certified.clone()
    }

    /// What phones are to trust.
    pub(super) fn authority(&self) -> Authority {
        self.issuer.authority.clone()
    }

    fn tell_of_clock(&mut self, now: Duration) {
        if now < self.issuer.period.begin && !self.told_of_clock {
            self.told_of_clock = true;
            tracing::warn!(
                path = %self.store.path(AUTHORITY).display(),
                "this computer's clock says that its authority was made in the future: set the clock, or remove the \
                 file if the clock is right; phones must then trust the new authority"
            );
        }
    }
}

/// The names that are asked for and those that are always wanted, each once.
fn wanted(names: &[Name]) -> Result<Vec<Name>, CertificateError> {
    let canonical = |name: &Name| match name {
        Name::Dns(name) => name.parse(),
        Name::Ip(address) => Ok(Name::Ip(address.to_canonical())),
    };
    let names = names.iter().map(canonical).collect::<Result<Vec<_>, NoName>>();
    let names = names.map_err(|error| CertificateError::Making(error.to_string()))?;
    if let Some(name) = names.iter().find(|name| !name.is_private()) {
        return Err(CertificateError::Public { name: name.clone() });
    }
    let mut wanted: Vec<Name> = Name::local().into_iter().chain(names).collect();
    wanted.sort();
    wanted.dedup();
    Ok(wanted)
}

fn load(store: &Store, now: Duration) -> Result<Issuer, Unfit> {
    let text = store.read(AUTHORITY)?.ok_or(Unfit::Missing)?;
    let issuer = Issuer::read(&text)?;
    if ends(&issuer, now) { Err(Unfit::Ended) } else { Ok(issuer) }
}

fn ends(issuer: &Issuer, now: Duration) -> bool {
    issuer.period.end < now + RENEWAL
}

/// The time as it can be: small computers often start with a clock that stopped long ago, but never is it earlier
/// than when the authority was made. So such a clock costs nobody the trust that phones have.
fn not_before(issuer: &Issuer, now: Duration) -> Duration {
    now.max(issuer.period.begin + DAY)
}

/// Makes a new authority. Every phone must be told; so must the person at this computer.
fn found(store: &Store, unfit: &Unfit, now: Duration) -> Result<Issuer, CertificateError> {
    let (issuer, text) = Issuer::make(now).map_err(|error| CertificateError::Making(error.to_string()))?;
    store.write(AUTHORITY, &text)?;
    let (path, fingerprint) = (store.path(AUTHORITY), issuer.authority.fingerprint());
    if matches!(unfit, Unfit::Missing) {
        tracing::info!(path = %path.display(), fingerprint, "made this computer's authority; phones must trust it once");
    } else {
        tracing::error!(
            path = %path.display(), fingerprint,
            "MADE A NEW AUTHORITY, as the old one is not used any more: {unfit}. Every phone and computer that trusted \
             the old one must trust the new one; remove \"Joywire … (this computer's own authority)\" there first"
        );
    }
    Ok(issuer)
}

fn issue(store: &Store, issuer: &Issuer, wanted: &[Name], now: Duration) -> Result<Leaf, CertificateError> {
    let (leaf, text) = Leaf::issue(issuer, wanted, now).map_err(|unfit| CertificateError::Making(unfit.to_string()))?;
    let names = wanted.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    tracing::info!(names, "made a certificate");
    // It does its work without the file; the next start makes another.
    if let Err(error) = store.write(LEAF, &text) {
        tracing::warn!("{error}");
    }
    Ok(leaf)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;

    use tempfile::TempDir;

    use super::*;

    const NOW: Duration = Duration::from_secs(1_790_000_000);
    const YEAR: Duration = DAY.saturating_mul(365);

    type Spoil<'a> = &'a dyn Fn(&Path);

    fn path(home: &TempDir, file: &str) -> PathBuf {
        home.path().join("tls").join(file)
    }

    fn open(home: &TempDir, now: Duration) -> House {
        House::open(home.path(), &[], now).unwrap()
    }

    fn names(text: &str) -> Vec<Name> {
        text.split(' ').map(|name| name.parse().unwrap()).collect()
    }

    fn shown(house: &House) -> Vec<u8> {
        house.certified().cert[0].to_vec()
    }

    /// Goal: a phone that was told to trust is not asked again: a second start changes no file.
    #[test]
    fn a_second_start_uses_the_same_files() {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir(home.path().join("tls")).unwrap();
        fs::write(path(&home, "localhost.pem"), "a key of an earlier version").unwrap();
        open(&home, NOW);
        let read = || [AUTHORITY, LEAF].map(|file| fs::read(path(&home, file)).unwrap());
        let first = read();
        open(&home, NOW + DAY);
        assert_eq!(read(), first);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!([AUTHORITY, LEAF].map(|file| mode(&path(&home, file))), [0o600, 0o600]);
        assert_eq!(mode(&home.path().join("tls")), 0o700);
        assert_eq!(fs::read_dir(home.path().join("tls")).unwrap().count(), 2, "something was left behind");
    }

    /// Goal: an authority that is damaged, exposed, of another key or at its end is replaced, and so is its certificate.
    #[test]
    fn an_unfit_authority_is_made_anew() {
        let other = tempfile::tempdir().unwrap();
        open(&other, NOW);
        let others = fs::read_to_string(path(&other, AUTHORITY)).unwrap();
        let others_key = &others[others.find("-----BEGIN PRIVATE").unwrap()..];
        let spoil: [(&str, Duration, Spoil<'_>); 6] = [
            ("at its end", NOW + YEAR * 10, &|_| {}),
            ("empty", NOW, &|path| fs::write(path, "").unwrap()),
            ("cut short", NOW, &|path| fs::write(path, &fs::read(path).unwrap()[..300]).unwrap()),
            ("not text", NOW, &|path| fs::write(path, [0xff; 300]).unwrap()),
            ("exposed", NOW, &|path| fs::set_permissions(path, Permissions::from_mode(0o644)).unwrap()),
            ("of another key", NOW, &|path| {
                let text = fs::read_to_string(path).unwrap();
                fs::write(path, text.split("-----BEGIN PRIVATE").next().unwrap().to_owned() + others_key).unwrap();
            }),
        ];
        for (what, later, spoil) in spoil {
            let home = tempfile::tempdir().unwrap();
            let before = open(&home, NOW);
            spoil(&path(&home, AUTHORITY));
            let after = open(&home, later);
            assert_ne!(after.authority(), before.authority(), "an authority {what} is still used");
            assert_ne!(shown(&after), shown(&before), "a certificate of an authority {what} is still shown");
            assert_eq!(
                open(&home, later).authority(),
                after.authority(),
                "the one made instead of one {what} is unfit"
            );
        }
    }

    /// Goal: a certificate near its end, damaged, exposed or of another authority is replaced; the authority stays.
    #[test]
    fn an_unfit_certificate_is_made_anew() {
        let other = tempfile::tempdir().unwrap();
        open(&other, NOW);
        let spoil: [(&str, Duration, Spoil<'_>); 4] = [
            ("near its end", NOW + DAY * 366, &|_| {}),
            ("cut short", NOW, &|path| fs::write(path, &fs::read(path).unwrap()[..300]).unwrap()),
            ("exposed", NOW, &|path| fs::set_permissions(path, Permissions::from_mode(0o640)).unwrap()),
            ("of another authority", NOW, &|leaf| assert!(fs::copy(path(&other, LEAF), leaf).is_ok())),
        ];
        for (what, later, spoil) in spoil {
            let home = tempfile::tempdir().unwrap();
            let before = open(&home, NOW);
            spoil(&path(&home, LEAF));
            let after = open(&home, later);
            assert_eq!(after.authority(), before.authority(), "{what}");
            assert_ne!(shown(&after), shown(&before), "a certificate {what} is still shown");
            assert_eq!(shown(&open(&home, later)), shown(&after), "the one made instead of one {what} is unfit");
        }
    }

    /// Goal: while the program runs, another certificate is made for new names and before the old one ends, and
    /// only then; and a new authority when there is no other way.
    #[test]
    fn it_is_renewed_when_it_must_be() {
        let home = tempfile::tempdir().unwrap();
        let mut house = open(&home, NOW);
        let authority = house.authority();
        for (wanted, now, renewed) in [
            ("localhost", NOW, false),
            ("192.168.1.5 robot.local", NOW, true),
            ("ROBOT.local ::ffff:192.168.1.5", NOW + DAY, false),
            ("192.168.1.5", NOW + DAY, false),
            ("192.168.1.6", NOW + DAY, true),
            ("192.168.1.6", NOW + DAY * 360, false),
            ("192.168.1.6", NOW + DAY * 367, true),
            ("192.168.1.6", NOW + YEAR * 9, true),
        ] {
            assert_eq!(house.renew(&names(wanted), now).unwrap(), renewed, "{wanted} at {now:?}");
            assert_eq!(house.authority(), authority);
        }
        assert!(house.renew(&[], NOW + YEAR * 10).unwrap());
        assert_ne!(house.authority(), authority, "an authority at its end still signs");
        assert!(!house.renew(&[], NOW + YEAR * 10).unwrap());
    }

    /// Goal: a clock that stopped long ago costs no phone its trust.
    #[test]
    fn a_clock_that_is_behind_changes_nothing() {
        let home = tempfile::tempdir().unwrap();
        let first = open(&home, NOW);
        for now in [Duration::ZERO, NOW.saturating_sub(YEAR)] {
            let mut later = open(&home, now);
            assert!(!later.renew(&[], now).unwrap());
            assert_eq!((later.authority(), shown(&later)), (first.authority(), shown(&first)), "{now:?}");
        }
    }

    /// Goal: a name that we cannot vouch for is refused with what to do, and what was shown stays.
    #[test]
    fn names_of_the_internet_need_a_certificate_of_their_own() {
        let home = tempfile::tempdir().unwrap();
        let mut house = open(&home, NOW);
        let before = shown(&house);
        for name in ["robot.example.org", "8.8.8.8", "2001:db8::1"] {
            let error = house.renew(&names(name), NOW).unwrap_err().to_string();
            assert!(error.contains(name) && error.contains("tls.cert") && error.contains("tls.key"), "{error}");
            let error = House::open(home.path(), &names(name), NOW).unwrap_err().to_string();
            assert!(error.contains(name), "{error}");
        }
        assert_eq!(shown(&house), before);
    }

    /// Goal: a data directory that cannot be written is said so, with its path.
    #[test]
    fn a_directory_that_cannot_be_made_is_named() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("occupied");
        fs::write(&file, "").unwrap();
        let error = House::open(&file, &[], NOW).unwrap_err().to_string();
        assert!(error.contains("occupied") && error.contains("writable"), "{error}");
    }

    /// Goal: an authority that is there but cannot be read is not thrown away.
    #[test]
    fn an_unreadable_authority_is_kept() {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir_all(path(&home, AUTHORITY)).unwrap();
        fs::set_permissions(path(&home, AUTHORITY), Permissions::from_mode(0o700)).unwrap();
        let error = House::open(home.path(), &[], NOW).unwrap_err().to_string();
        assert!(error.contains(AUTHORITY) && error.contains("trust anew"), "{error}");
    }
}
