//! PURE. What a server says why it turns somebody away, as a sentence that can be shown.

use serde_json::Value;

/// Letters that are kept.
const LETTERS: usize = 200;

/// The sentence in an answer of a server: plain text, or a text in JSON below `why` or `message`. It comes from a
/// stranger, so nothing in it moves a terminal's cursor.
pub(crate) fn sentence(answer: &[u8]) -> String {
    let text = String::from_utf8_lossy(answer);
    let inside = serde_json::from_str(&text).ok().and_then(|value: Value| told(&value));
    tidy(&inside.unwrap_or_else(|| text.into_owned()))
}

/// The same for a value.
pub(super) fn sentence_of(value: &Value) -> String {
    tidy(&told(value).unwrap_or_else(|| value.to_string()))
}

fn told(value: &Value) -> Option<String> {
    let told = value.get("why").or_else(|| value.get("message")).unwrap_or(value);
    told.as_str().map(str::to_owned)
}

fn tidy(text: &str) -> String {
    // A page of a server in between is no sentence.
    let text = if text.trim_start().starts_with('<') { "" } else { text };
    let words: Vec<_> = text.split_whitespace().collect();
    let shown: String = words.join(" ").chars().filter(|letter| !letter.is_control()).take(LETTERS).collect();
    if shown.is_empty() { "it does not say why".to_owned() } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: whatever form a server chooses, people read its reason and nothing that harms their terminal.
    #[test]
    fn reasons_are_found_in_every_form() {
        for (answer, said) in [
            ("this device is not paired\n", "this device is not paired"),
            (r#"{"code":1,"message":"Session ID unknown"}"#, "Session ID unknown"),
            (r#"{"status":"refused","code":"rate","why":"too many"}"#, "too many"),
            (r#""no""#, "no"),
            ("\u{1b}[2Jgone\r\nthere", "[2Jgone there"),
            ("<html><body>502</body></html>", "it does not say why"),
            ("", "it does not say why"),
            ("{}", "{}"),
        ] {
            assert_eq!(sentence(answer.as_bytes()), said);
        }
        assert_eq!(sentence(&[0xff; 1000]).chars().count(), LETTERS);
    }
}
