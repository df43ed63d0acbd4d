//! PURE. Reads the names and dates of a certificate (X.509, DER), and judges them.

use core::net::IpAddr;

use super::finding::{Finding, Subject};

const SEQUENCE: u8 = 0x30;
const OBJECT_IDENTIFIER: u8 = 0x06;
const OCTET_STRING: u8 = 0x04;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;
/// A host name and an address among the names of a certificate.
const DNS_NAME: u8 = 0x82;
const IP_ADDRESS: u8 = 0x87;
/// 2.5.29.17, subjectAltName.
const ALTERNATIVE_NAMES: &[u8] = &[0x55, 0x1d, 0x11];
const DAY: u64 = 24 * 60 * 60;
/// Days left from which on it is told.
const SOON: u64 = 14;

/// What matters of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Host names and addresses it is good for.
    pub names: Vec<String>,
    /// Its first second, counted from 1970.
    pub from: u64,
    /// Its last.
    pub until: u64,
}

/// Reads a certificate; `None` if it is none.
#[must_use]
pub fn read(der: &[u8]) -> Option<Certificate> {
    let (body, _) = take(der, SEQUENCE)?;
    let (mut rest, _) = take(body, SEQUENCE)?;
    if rest.first() == Some(&VERSION) {
        rest = next(rest)?.2;
    }
    // Serial number, algorithm, issuer.
    for _ in 0..3 {
        rest = next(rest)?.2;
    }
    let (validity, mut rest) = take(rest, SEQUENCE)?;
    let (first, first_bytes, after) = next(validity)?;
    let (last, last_bytes, _) = next(after)?;
    let mut names = Vec::new();
    while let Some((tag, bytes, after)) = next(rest) {
        if tag == EXTENSIONS {
            names = alternative_names(take(bytes, SEQUENCE)?.0).unwrap_or_default();
        }
        rest = after;
    }
    Some(Certificate { names, from: moment(first, first_bytes)?, until: moment(last, last_bytes)? })
}

/// The next value: its tag, its bytes, and what follows.
fn next(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&short, rest) = rest.split_first()?;
    let (length, rest) = if short < 0x80 {
        (usize::from(short), rest)
    } else {
        let (long, rest) = rest.split_at_checked(usize::from(short & 0x7f))?;
        // Four bytes of length are 4 GB already.
        let length = (long.len() <= 4).then(|| long.iter().fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte)))?;
        (usize::try_from(length).ok()?, rest)
    };
    let (value, rest) = rest.split_at_checked(length)?;
    Some((tag, value, rest))
}

/// The next value, if it has this tag, and what follows.
fn take(bytes: &[u8], wanted: u8) -> Option<(&[u8], &[u8])> {
    next(bytes).and_then(|(tag, value, rest)| (tag == wanted).then_some((value, rest)))
}

fn alternative_names(mut extensions: &[u8]) -> Option<Vec<String>> {
    while let Some((extension, after)) = take(extensions, SEQUENCE) {
        extensions = after;
        let (identifier, mut rest) = take(extension, OBJECT_IDENTIFIER)?;
        if identifier != ALTERNATIVE_NAMES {
            continue;
        }
        // Whether it is critical may stand between.
        if rest.first() != Some(&OCTET_STRING) {
            rest = next(rest)?.2;
        }
        let (mut list, _) = take(take(rest, OCTET_STRING)?.0, SEQUENCE)?;
        let mut names = Vec::new();
        while let Some((tag, bytes, after)) = next(list) {
            names.extend(name(tag, bytes));
            list = after;
        }
        return Some(names);
    }
    None
}

fn name(tag: u8, bytes: &[u8]) -> Option<String> {
    match tag {
        // A stranger's certificate may hold anything, and a terminal obeys control characters.
        DNS_NAME => bytes.iter().all(u8::is_ascii_graphic).then(|| String::from_utf8_lossy(bytes).into_owned()),
        IP_ADDRESS => match bytes.len() {
            4 => Some(IpAddr::from(<[u8; 4]>::try_from(bytes).ok()?).to_string()),
            16 => Some(IpAddr::from(<[u8; 16]>::try_from(bytes).ok()?).to_string()),
            _ => None,
        },
        _ => None,
    }
}

/// Seconds since 1970 of `YYMMDDHHMMSSZ` or `YYYYMMDDHHMMSSZ`.
fn moment(tag: u8, bytes: &[u8]) -> Option<u64> {
    let text = core::str::from_utf8(bytes).ok()?.strip_suffix('Z')?;
    let pair = |at: usize| text.get(at..at + 2)?.parse::<u64>().ok();
    let (year, at) = match tag {
        UTC_TIME => (pair(0).map(|short| if short < 50 { 2000 + short } else { 1900 + short })?, 2),
        GENERALIZED_TIME => (text.get(..4)?.parse::<u64>().ok()?, 4),
        _ => return None,
    };
    let (month, day) = (pair(at)?, pair(at + 2)?);
    let (hour, minute, second) = (pair(at + 4)?, pair(at + 6)?, pair(at + 8)?);
    Some(((days(year, month, day)? * 24 + hour) * 60 + minute) * 60 + second)
}

/// Days from 1970 to a date, counted with years that begin in March, so that a leap day comes last.
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let (year, month) = if month < 3 { (year - 1, month + 9) } else { (year, month - 3) };
    let before = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1;
    before.checked_sub(719_468)
}

/// Judges the certificate that the page showed. `now` is in seconds since 1970; `wanted` are the names that people
/// use here.
#[must_use]
pub fn judge(certificate: Option<&Certificate>, now: u64, wanted: &[String]) -> Vec<Finding> {
    let Some(certificate) = certificate else {
        return vec![Finding::warning(
            Subject::Certificate,
            "the certificate that the page shows cannot be read",
            "restart Joywire; if you set tls.cert, check that file with `openssl x509 -text -noout -in FILE`",
        )];
    };
    let names = if certificate.names.is_empty() { "no name at all".to_owned() } else { certificate.names.join(", ") };
    let left = certificate.until.saturating_sub(now) / DAY;
    let restart = "restart Joywire: it makes a new one; if you set tls.cert, renew that file";
    let mut findings = vec![if now < certificate.from {
        Finding::problem(
            Subject::Certificate,
            "the certificate is not valid yet",
            "set this machine's clock: it is behind the one that the certificate was made by",
        )
    } else if certificate.until <= now {
        Finding::problem(Subject::Certificate, "the certificate has expired: browsers refuse it", restart)
    } else if left < SOON {
        Finding::warning(Subject::Certificate, format!("the certificate ends in {left} days"), restart)
    } else {
        Finding::fine(Subject::Certificate, format!("good for {names}; {left} days left"))
    }];
    let missing: Vec<&str> =
        wanted.iter().filter(|name| !certificate.names.contains(name)).map(String::as_str).collect();
    if !missing.is_empty() {
        findings.push(Finding::note(
            Subject::Certificate,
            format!("the certificate does not name {}: browsers warn there", missing.join(", ")),
            "restart Joywire with --public: it then makes a certificate for the addresses that this machine has now",
        ));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Level;
    use proptest::prelude::*;
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    fn made() -> Vec<u8> {
        let names = ["localhost", "rover.local", "192.168.1.5", "fd00::5"].map(str::to_owned);
        let mut params = CertificateParams::new(names).unwrap();
        params.not_before = date_time_ymd(2024, 2, 29);
        params.not_after = date_time_ymd(2055, 3, 1);
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    /// Goal: names and dates are read as they were written, before and after 2050, when their form changes.
    #[test]
    fn certificate_is_read_as_it_was_written() {
        let certificate = read(&made()).unwrap();
        assert_eq!(certificate.names, ["localhost", "rover.local", "192.168.1.5", "fd00::5"]);
        assert_eq!((certificate.from, certificate.until), (1_709_164_800, 2_687_472_000));
    }

    /// Goal: days left and missing names are told, and what phones would refuse is a problem.
    #[test]
    fn dates_and_names_are_judged() {
        let certificate = Certificate { names: vec!["localhost".to_owned()], from: 10 * DAY, until: 100 * DAY };
        let levels = |now: u64| judge(Some(&certificate), now * DAY, &[])[0].level;
        let expected = [(9, Level::Problem), (50, Level::Fine), (90, Level::Warning), (100, Level::Problem)];
        for (day, level) in expected {
            assert_eq!(levels(day), level, "day {day}");
        }
        let wanted = ["localhost".to_owned(), "10.0.0.5".to_owned()];
        let findings = judge(Some(&certificate), 50 * DAY, &wanted);
        assert_eq!(findings[0].what, "good for localhost; 50 days left");
        assert!(findings[1].what.contains("does not name 10.0.0.5:"), "{}", findings[1].what);
        assert_eq!(judge(None, 0, &[])[0].level, Level::Warning);
    }

    proptest! {
        /// Goal: no bytes from a stranger's port break the reader, not even almost right ones.
        #[test]
        fn no_bytes_break_the_reader(at in 0_usize..400, byte: u8, noise in prop::collection::vec(any::<u8>(), 0..64)) {
            let mut almost = made();
            let at = at % almost.len();
            almost[at] = byte;
            drop(read(&almost));
            drop(read(&almost[..at]));
            drop(read(&noise));
        }
    }
}
