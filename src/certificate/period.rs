//! From when to when a certificate is good.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::ServerCertVerifier;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{CertificateError, Error, RootCertStore};

/// A day.
pub(super) const DAY: Duration = Duration::from_hours(24);
/// Later than any date that a certificate can hold, which ends with the year 9999.
const FAR: Duration = DAY.saturating_mul(366 * 9999);

/// From when to when, in wall-clock time since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Period {
    /// The first moment.
    pub(super) begin: Duration,
    /// The last.
    pub(super) end: Duration,
}

impl Period {
    /// The period of `certificate`.
    ///
    /// The TLS library has no question for it, but says it when it refuses: so it is asked about the
    /// beginning of time and about its end.
    ///
    /// # Errors
    /// What the library says about a certificate that it does not understand.
    pub(super) fn of(certificate: &CertificateDer<'static>) -> Result<Self, Error> {
        let mut roots = RootCertStore::empty();
        roots.add(certificate.clone())?;
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::new(ring::default_provider()))
            .build()
            .map_err(|error| Error::General(error.to_string()))?;
        let name = ServerName::IpAddress(Ipv4Addr::LOCALHOST.into());
        let refusal = |moment| {
            verifier.verify_server_cert(certificate, &[], &name, &[], UnixTime::since_unix_epoch(moment)).err()
        };
        let begin = match refusal(Duration::ZERO) {
            Some(Error::InvalidCertificate(CertificateError::NotValidYetContext { not_before, .. })) => {
                not_before.as_secs()
            }
            // It was good in 1970 already.
            Some(_) | None => 0,
        };
        match refusal(FAR) {
            Some(Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. })) => {
                Ok(Self { begin: Duration::from_secs(begin), end: Duration::from_secs(not_after.as_secs()) })
            }
            Some(error) => Err(error),
            None => Err(Error::General("the certificate has no end".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair};

    use super::*;

    /// Goal: the dates are read as they were written, from whatever kind of certificate.
    #[test]
    fn dates_are_read_as_they_were_written() {
        for (year, ca) in [(1970, false), (1999, true), (2049, false), (2050, true)] {
            let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
            params.not_before = rcgen::date_time_ymd(year, 1, 1);
            params.not_after = rcgen::date_time_ymd(year, 1, 1) + DAY * 100;
            if ca {
                params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Constrained(0));
            }
            let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
            let Period { begin, end } = Period::of(certificate.der()).unwrap();
            let written = rcgen::date_time_ymd(year, 1, 1).unix_timestamp();
            assert_eq!((begin.as_secs(), end), (u64::try_from(written).unwrap(), begin + DAY * 100), "{year}");
        }
        assert!(Period::of(&CertificateDer::from(vec![1, 2, 3])).is_err());
    }
}
