//! PURE. The configuration profile that brings a certificate to an iPhone or iPad: an XML property list.

use data_encoding::BASE64;

/// What iOS calls us. A profile with the same identifier replaces the one before it.
const IDENTIFIER: &str = "joywire.authority";
/// Distinguishes the two UUIDs of a profile.
const OUTER: u8 = 0;
const INNER: u8 = 1;

/// The profile for `certificate`, whose SHA-256 is `hash`. The same certificate always makes the same
/// profile, so that installing it twice leaves one.
pub(super) fn write(robot: &str, certificate: &[u8], hash: [u8; 32]) -> String {
    let robot = escaped(robot);
    let data = BASE64.encode(certificate);
    let (outer, inner) = (uuid(hash, OUTER), uuid(hash, INNER));
    let install = inner.split('-').next().unwrap_or_default();
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>PayloadType</key><string>Configuration</string>
  <key>PayloadVersion</key><integer>1</integer>
  <key>PayloadIdentifier</key><string>{IDENTIFIER}.{install}</string>
  <key>PayloadUUID</key><string>{outer}</string>
  <key>PayloadDisplayName</key><string>Joywire: {robot}</string>
  <key>PayloadDescription</key><string>Lets this device trust the computer that drives {robot}. It is good for addresses on your own network only. Remove it when you no longer drive this robot.</string>
  <key>PayloadRemovalDisallowed</key><false/>
  <key>PayloadContent</key>
  <array>
    <dict>
      <key>PayloadType</key><string>com.apple.security.root</string>
      <key>PayloadVersion</key><integer>1</integer>
      <key>PayloadIdentifier</key><string>{IDENTIFIER}.{install}.certificate</string>
      <key>PayloadUUID</key><string>{inner}</string>
      <key>PayloadDisplayName</key><string>Certificate of the computer that drives {robot}</string>
      <key>PayloadCertificateFileName</key><string>joywire.crt</string>
      <key>PayloadContent</key><data>{data}</data>
    </dict>
  </array>
</dict>
</plist>
"#
    )
}

/// Text that means itself in XML and HTML, in elements and in quoted attributes. What XML has no way to
/// write is left out.
#[must_use]
pub fn escaped(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control() && !matches!(letter, '\u{fffe}' | '\u{ffff}')).fold(
        String::new(),
        |mut safe, letter| {
            match letter {
                '&' => safe.push_str("&amp;"),
                '<' => safe.push_str("&lt;"),
                '>' => safe.push_str("&gt;"),
                '"' => safe.push_str("&quot;"),
                '\'' => safe.push_str("&#39;"),
                other => safe.push(other),
            }
            safe
        },
    )
}

/// A UUID of the kind that everyone makes as they like (version 8), from a hash.
fn uuid(hash: [u8; 32], which: u8) -> String {
    let mut bytes: [u8; 16] = std::array::from_fn(|index| hash[index]);
    bytes[15] ^= which;
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = data_encoding::HEXUPPER.encode(&bytes);
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: a robot's name cannot become part of the profile's structure.
    #[test]
    fn a_name_stays_a_name() {
        let profile = write("</string><key>Evil</key> & \"Söhne\"\u{0}\n", b"der", [7; 32]);
        assert!(!profile.contains("<key>Evil"), "{profile}");
        assert!(
            profile.contains("Joywire: &lt;/string&gt;&lt;key&gt;Evil&lt;/key&gt; &amp; &quot;Söhne&quot;</string>")
        );
    }

    /// Goal: a second download replaces the first, and certificates of two computers live side by side.
    #[test]
    fn identifiers_follow_the_certificate() {
        assert_eq!(write("a", b"der", [7; 32]), write("a", b"der", [7; 32]));
        let ids = |hash| (uuid(hash, OUTER), uuid(hash, INNER));
        assert_eq!(ids([7; 32]).0, "07070707-0707-8707-8707-070707070707");
        assert_ne!(ids([7; 32]).0, ids([7; 32]).1);
        assert_ne!(ids([7; 32]).0, ids([8; 32]).0);
    }
}
