//! PURE. Secrets: random bytes that travel as text, are compared without telling where they differ, and are kept as hashes.

use data_encoding::BASE64URL_NOPAD;
use ring::digest::{SHA256, digest};
use subtle::ConstantTimeEq;

/// So many random bytes that only one device knows. Never shown by `Debug`.
#[derive(Clone, Copy)]
pub struct Secret<const N: usize>([u8; N]);

/// What may lie on a disk in a secret's place.
pub type Hash = [u8; 32];

impl<const N: usize> Secret<N> {
    /// A secret of these bytes, which a caller has drawn at random.
    #[must_use]
    pub fn new(random: [u8; N]) -> Self {
        Self(random)
    }

    /// As it is written in an address or a cookie: letters, digits, `-` and `_`.
    #[must_use]
    pub fn text(&self) -> String {
        BASE64URL_NOPAD.encode(&self.0)
    }

    /// Reads [`text`](Self::text); `None` if it is not that of such a secret.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        BASE64URL_NOPAD.decode(text.as_bytes()).ok()?.try_into().ok().map(Self)
    }

    /// Its SHA-256. A random secret of 128 bits or more needs no slower hash.
    #[must_use]
    pub fn hash(&self) -> Hash {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, &self.0).as_ref());
        hash
    }

    /// Whether this is the secret of that hash. Takes as long wherever they differ.
    #[must_use]
    pub fn fits(&self, hash: &Hash) -> bool {
        self.hash().ct_eq(hash).into()
    }
}

impl<const N: usize> std::fmt::Debug for Secret<N> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: text and back; anything else is no secret; logs never show one.
    #[test]
    fn secrets_survive_as_text_and_stay_out_of_logs() {
        let secret = Secret::new([7; 16]);
        assert_eq!(secret.text(), "BwcHBwcHBwcHBwcHBwcHBw");
        assert!(Secret::<16>::parse(&secret.text()).unwrap().fits(&secret.hash()));
        assert!(!Secret::new([8; 16]).fits(&secret.hash()));
        for wrong in [
            "",
            "BwcHBwcHBwcHBwcHBwcHB",
            "BwcHBwcHBwcHBwcHBwcHBwA",
            "BwcHBwcHBwcHBwcHBwcHB=",
            "BwcH BwcHBwcHBwcHBwcHBw",
        ] {
            assert!(Secret::<16>::parse(wrong).is_none(), "{wrong:?}");
        }
        assert!(!format!("{secret:?}").contains("Bw"));
    }
}
