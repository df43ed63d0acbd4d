//! The key of this installation's own authority, and what it signs.

use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DnType, GeneralSubtree, IsCa, KeyPair, KeyUsagePurpose,
    NameConstraints,
};
use ring::digest::{SHA256, digest};
use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::authority::Authority;
use super::name::{DOMAINS, NETWORKS};
use super::period::{DAY, Period};
use super::store::Unfit;

/// Every phone must trust a new authority anew, so it lives long. Ten years.
const LIFETIME: Duration = DAY.saturating_mul(3652);

/// The authority and its key.
#[derive(Debug)]
pub(super) struct Issuer {
    key: KeyPair,
    pub(super) authority: Authority,
    pub(super) period: Period,
}

impl Issuer {
    /// Makes a new authority, and its PEM text with the key.
    pub(super) fn make(now: Duration) -> Result<(Self, String), rcgen::Error> {
        let key = KeyPair::generate()?;
        let mut params = params(&key)?;
        let period = Period { begin: now.saturating_sub(DAY), end: now.saturating_sub(DAY) + LIFETIME };
        write_period(&mut params, period);
        let certificate = params.self_signed(&key)?.der().clone();
        let authority = Authority::new(certificate);
        let text = authority.pem() + &key.serialize_pem();
        Ok((Self { key, authority, period }, text))
    }

    /// Reads what `make` wrote.
    pub(super) fn read(text: &str) -> Result<Self, Unfit> {
        let certificate = CertificateDer::from_pem_slice(text.as_bytes())?;
        let key = KeyPair::try_from(&PrivateKeyDer::from_pem_slice(text.as_bytes())?)?;
        let period = Period::of(&certificate)?;
        // What this key would be the authority of today: the same names, the same key, the same bounds.
        let expected = params(&key)?.self_signed(&key)?.der().clone();
        if anchor(&certificate)?.roots != anchor(&expected)?.roots {
            return Err(Unfit::Foreign);
        }
        Ok(Self { key, authority: Authority::new(certificate), period })
    }

    /// The certificate of `params` for `key`, signed.
    pub(super) fn sign(
        &self,
        leaf: &CertificateParams,
        key: &KeyPair,
    ) -> Result<CertificateDer<'static>, rcgen::Error> {
        let params = params(&self.key)?;
        Ok(leaf.signed_by(key, &rcgen::Issuer::from_params(&params, &self.key))?.der().clone())
    }
}

/// The certificate as something to trust.
pub(super) fn anchor(certificate: &CertificateDer<'static>) -> Result<RootCertStore, Unfit> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone())?;
    Ok(roots)
}

/// Writes the dates down.
pub(super) fn write_period(params: &mut CertificateParams, period: Period) {
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    (params.not_before, params.not_after) = (epoch + period.begin, epoch + period.end);
}

/// Everything about the authority but its dates; all of it follows from its key.
fn params(key: &KeyPair) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(Vec::new())?;
    // Two installations have two names, or a phone that trusts one would take the other for a forgery of it.
    let hash = digest(&SHA256, key.public_key_raw());
    let mark = data_encoding::HEXUPPER.encode(&hash.as_ref()[..4]);
    let name = format!("Joywire {}-{} (this computer's own authority)", &mark[..4], &mark[4..]);
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.use_authority_key_identifier_extension = true;
    let names = DOMAINS.iter().map(|name| GeneralSubtree::DnsName((*name).to_owned()));
    let networks = NETWORKS.iter().map(|(network, bits)| CidrSubnet::from_addr_prefix(*network, *bits));
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: names.chain(networks.map(GeneralSubtree::IpAddress)).collect(),
        excluded_subtrees: Vec::new(),
    });
    Ok(params)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(1_790_000_000);

    /// Goal: what was written is read as the same authority, and signs for it.
    #[test]
    fn written_authority_is_read_again() {
        let (made, text) = Issuer::make(NOW).unwrap();
        let read = Issuer::read(&text).unwrap();
        assert_eq!((&read.authority, read.period), (&made.authority, made.period));
        assert_eq!(read.period.begin + LIFETIME, read.period.end);
        assert_ne!(Issuer::make(NOW).unwrap().0.authority, made.authority);
    }

    /// Goal: a key beside another's certificate signs nothing.
    #[test]
    fn mixed_files_are_refused() {
        let (one, two) = (Issuer::make(NOW).unwrap().1, Issuer::make(NOW).unwrap().1);
        let key = &two[two.find("-----BEGIN PRIVATE").unwrap()..];
        let certificate = &one[..one.find("-----BEGIN PRIVATE").unwrap()];
        assert!(matches!(Issuer::read(&format!("{certificate}{key}")), Err(Unfit::Foreign)));
        assert!(Issuer::read(certificate).is_err() && Issuer::read(key).is_err() && Issuer::read("").is_err());
    }
}
