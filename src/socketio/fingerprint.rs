//! PURE. By what people compare certificates: a SHA-256.

use std::fmt;
use std::str::FromStr;

use ring::digest::{SHA256, digest};

/// Bytes of it.
const BYTES: usize = 32;

/// The SHA-256 of a certificate, written as phones and browsers show it: `3F:9A:…`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; BYTES]);

/// A text that is no fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no fingerprint: it has 64 digits from 0 to F, in pairs, as in 3F:9A:…")]
pub struct NoFingerprint;

impl Fingerprint {
    /// That of a certificate, DER.
    #[must_use]
    pub fn of(certificate: &[u8]) -> Self {
        let hash = digest(&SHA256, certificate);
        Self(std::array::from_fn(|index| hash.as_ref().get(index).copied().unwrap_or(0)))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.0.iter().enumerate() {
            write!(f, "{}{byte:02X}", if index == 0 { "" } else { ":" })?;
        }
        Ok(())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Fingerprint {
    type Err = NoFingerprint;

    /// Colons, spaces and the case of letters do not matter: people copy it from many programs.
    fn from_str(text: &str) -> Result<Self, NoFingerprint> {
        let mut digits = text.chars().filter(|letter| !matches!(letter, ':' | ' ' | '-'));
        let mut digit = || digits.next().and_then(|letter| letter.to_digit(16)).ok_or(NoFingerprint);
        let mut bytes = [0; BYTES];
        for byte in &mut bytes {
            *byte = u8::try_from(digit()? * 16 + digit()?).map_err(|_| NoFingerprint)?;
        }
        if digits.next().is_some() { Err(NoFingerprint) } else { Ok(Self(bytes)) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Goal: it is the one that other programs show, and is understood in the forms in which they show it.
    #[test]
    fn forms_agree() {
        let bytes: Vec<u8> = (0..=255).collect();
        let fingerprint = Fingerprint::of(&bytes);
        // printf of all 256 bytes | sha256sum
        let text = fingerprint.to_string();
        assert!(text.starts_with("40:AF:F2:E9:D2:D8:92:2E:47:AF:D4:64:8E:69:67:49:"), "{text}");
        for form in [text.clone(), text.replace(':', ""), text.to_lowercase(), text.replace(':', " ")] {
            assert_eq!(form.parse(), Ok(fingerprint), "{form}");
        }
        for wrong in ["", "3F:9A", &text[..94], &format!("{text}0"), &text.replace('F', "G"), "ü"] {
            assert_eq!(wrong.parse::<Fingerprint>(), Err(NoFingerprint), "{wrong}");
        }
    }

    proptest! {
        /// Goal: any text is survived.
        #[test]
        fn any_text_is_survived(text in ".{0,120}") {
            if let Ok(fingerprint) = text.parse::<Fingerprint>() {
                prop_assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
            }
        }
    }
}
