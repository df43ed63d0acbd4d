//! The certificate that browsers are shown, signed by our own authority for the names that lead to this machine.

use std::sync::Arc;
use std::time::Duration;

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, SanType};
use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::ServerCertVerifier;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tokio_rustls::rustls::sign::CertifiedKey;

use super::authority::Authority;
use super::issuer::{self, Issuer};
use super::name::Name;
use super::period::{DAY, Period};
use super::store::Unfit;

/// Phones refuse more than 398 days; a day of these lies in the past, for clocks that are behind.
const LIFETIME: Duration = DAY.saturating_mul(396);
/// A certificate with less than this left is made anew.
pub(super) const RENEWAL: Duration = DAY.saturating_mul(30);

/// A certificate and its key.
#[derive(Clone, Debug)]
pub(super) struct Leaf {
    certificate: CertificateDer<'static>,
    pub(super) certified: Arc<CertifiedKey>,
}

impl Leaf {
    /// Makes a key and a certificate for `names`, and its PEM text.
    ///
    /// Only the certificate itself is shown to browsers, not the authority's: who trusts that one has it.
    pub(super) fn issue(issuer: &Issuer, names: &[Name], now: Duration) -> Result<(Self, String), Unfit> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(Vec::new())?;
        params.subject_alt_names = names.iter().map(alternative).collect::<Result<_, _>>()?;
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "Joywire on this computer");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let begin = now.saturating_sub(DAY);
        issuer::write_period(&mut params, Period { begin, end: (begin + LIFETIME).min(issuer.period.end) });
        let certificate = Authority::new(issuer.sign(&params, &key)?);
        let text = certificate.pem() + &key.serialize_pem();
        Ok((Self::read(&text)?, text))
    }

    /// Reads what `issue` wrote. A key that belongs to another certificate is refused.
    pub(super) fn read(text: &str) -> Result<Self, Unfit> {
        let certificate = CertificateDer::from_pem_slice(text.as_bytes())?;
        let key = PrivateKeyDer::from_pem_slice(text.as_bytes())?;
        let certified = CertifiedKey::from_der(vec![certificate.clone()], key, &ring::default_provider())?;
        Ok(Self { certificate, certified: Arc::new(certified) })
    }

    /// Holds it to what a browser that trusts `authority` would ask, for each name, now and until the next renewal.
    pub(super) fn check(&self, authority: &Authority, names: &[Name], now: Duration) -> Result<(), Unfit> {
        let roots = issuer::anchor(authority.certificate())?;
        let provider = Arc::new(ring::default_provider());
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build()?;
        for moment in [now, now + RENEWAL] {
            for name in names {
                let moment = UnixTime::since_unix_epoch(moment);
                verifier.verify_server_cert(&self.certificate, &[], &server_name(name)?, &[], moment)?;
            }
        }
        Ok(())
    }
}

/// The name as a browser asks for it.
pub(super) fn server_name(name: &Name) -> Result<ServerName<'static>, Unfit> {
    match name {
        Name::Dns(name) => Ok(ServerName::try_from(name.clone())?),
        Name::Ip(address) => Ok(ServerName::IpAddress((*address).into())),
    }
}

fn alternative(name: &Name) -> Result<SanType, rcgen::Error> {
    match name {
        Name::Dns(name) => Ok(SanType::DnsName(name.as_str().try_into()?)),
        Name::Ip(address) => Ok(SanType::IpAddress(*address)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(1_790_000_000);

    fn names(text: &str) -> Vec<Name> {
        text.split(' ').map(|name| name.parse().unwrap()).collect()
    }

    /// Goal: phones refuse certificates of more than 398 days; ours has fewer, and is renewed a month before its end.
    #[test]
    fn it_ends_within_396_days() {
        let issuer = Issuer::make(NOW).unwrap().0;
        let wanted = names("localhost 127.0.0.1 ::1 192.168.1.5 fd00::5 robot.local");
        let leaf = Leaf::issue(&issuer, &wanted, NOW).unwrap().0;
        let last_month = (NOW + LIFETIME).saturating_sub(RENEWAL);
        for (moment, good) in [
            (NOW.saturating_sub(DAY * 2), false),
            (NOW.saturating_sub(DAY / 2), true),
            (NOW, true),
            (last_month.saturating_sub(DAY * 2), true),
            (last_month, false),
        ] {
            assert_eq!(leaf.check(&issuer.authority, &wanted, moment).is_ok(), good, "{moment:?}");
        }
    }

    /// Goal: each name must be in it, and the authority must be the one that browsers trust.
    #[test]
    fn it_is_good_for_its_names_and_its_authority_alone() {
        let (issuer, other) = (Issuer::make(NOW).unwrap().0, Issuer::make(NOW).unwrap().0);
        let leaf = Leaf::issue(&issuer, &names("localhost 192.168.1.5"), NOW).unwrap().0;
        assert!(leaf.check(&issuer.authority, &names("192.168.1.5"), NOW).is_ok());
        assert!(leaf.check(&issuer.authority, &names("192.168.1.6"), NOW).is_err());
        assert!(leaf.check(&other.authority, &names("192.168.1.5"), NOW).is_err());
    }

    /// Goal: whatever name gets past us, no verifier takes it: the authority's own bounds hold.
    #[test]
    fn names_beyond_the_bounds_are_not_believed() {
        let issuer = Issuer::make(NOW).unwrap().0;
        for name in ["bank.example.org", "8.8.8.8", "2001:db8::1", "notlocal"] {
            let leaf = Leaf::issue(&issuer, &names(name), NOW).unwrap().0;
            let error = leaf.check(&issuer.authority, &names(name), NOW).unwrap_err().to_string();
            assert!(error.contains("NameConstraint"), "{name}: {error}");
        }
    }
}
