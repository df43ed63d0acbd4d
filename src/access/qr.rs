//! PURE. QR codes: an address as dark and light modules.

use qrcode::{Color, EcLevel, QrCode};

/// The code of `text`: one text a row, `#` dark and space light, without the quiet zone of four modules that it needs
/// around it. Empty if `text` is longer than any code.
#[must_use]
pub fn rows(text: &str) -> Vec<String> {
    // Of a screen little is ever hidden, and a terminal has few lines: a seventh may be unreadable, not more.
    let Ok(code) = QrCode::with_error_correction_level(text, EcLevel::M) else { return Vec::new() };
    let letter = |color: &Color| if *color == Color::Dark { '#' } else { ' ' };
    code.to_colors().chunks(code.width()).map(|row| row.iter().map(letter).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: square, with the three eyes by which a camera finds it, and small enough for a terminal of 80 by 24.
    #[test]
    fn address_becomes_a_small_square_with_three_eyes() {
        let rows = rows("https://192.168.178.123:8080/p#BwcHBwcHBwcHBwcHBwcHBw");
        assert_eq!(rows.len(), 33);
        assert!(rows.iter().all(|row| row.chars().count() == 33));
        for (eye, row) in
            ["#######", "#     #", "# ### #", "# ### #", "# ### #", "#     #", "#######"].iter().zip(&rows)
        {
            assert!(row.starts_with(eye) && row.ends_with(eye), "{row}");
        }
        assert!(rows[32].starts_with("#######") && !rows[32].ends_with("#######"));
        assert_eq!(super::rows(&"x".repeat(4000)), Vec::<String>::new());
    }
}
