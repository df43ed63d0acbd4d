//! PURE. Entries for programs: JSON lines and CSV.

use serde_json::{Value, json};

use super::table::harmless;
use crate::journal::chain::hex;
use crate::journal::row::Row;

/// The first line.
pub const CSV_HEAD: &str = "id,time,at_ms,event,robot,who,role,device,text,data\r\n";

/// An entry as a JSON object in one line. `time` is its moment as programs read it.
pub fn json(row: &Row, time: &str) -> String {
    let Row { id, at_ms, run, event, robot, who, role, device, text, data, hash } = row;
    let data =
        data.as_ref().map_or(Value::Null, |text| serde_json::from_str(text).unwrap_or(Value::String(text.clone())));
    let object = json!({
        "id": id, "time": time, "at_ms": at_ms, "run": run, "event": event, "robot": robot, "who": who, "role": role,
        "device": device, "text": text, "data": data, "hash": hex(hash),
    });
    escaped(&object.to_string())
}

/// JSON in which what a terminal takes for an order, or what changes the order of letters, is escaped: it stands in texts
/// alone, where that means the same.
fn escaped(json: &str) -> String {
    let special = |letter| matches!(letter, '\u{7f}'..='\u{9f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    json.chars()
        .map(|letter| if special(letter) { format!("\\u{:04x}", u32::from(letter)) } else { letter.into() })
        .collect()
}

/// An entry as a line of CSV (RFC 4180).
///
/// `watched`: it is for a terminal, to which texts must do nothing.
pub fn csv(row: &Row, time: &str, watched: bool) -> String {
    let cell = |text: &str| if watched { cell(&harmless(text)) } else { cell(text) };
    let number = |number: Option<u64>| number.map_or_else(String::new, |number| number.to_string());
    let text = |text: Option<&str>| cell(text.unwrap_or_default());
    let cells = [
        row.id.to_string(),
        time.to_owned(),
        row.at_ms.to_string(),
        cell(&row.event),
        cell(&row.robot),
        text(row.who.as_deref()),
        text(row.role.as_deref()),
        number(row.device),
        cell(&row.text),
        text(row.data.as_deref()),
    ];
    format!("{}\r\n", cells.join(","))
}

/// A text as a cell. What a spreadsheet would take for a formula begins with an apostrophe: what people say is to run
/// nowhere.
fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: a spreadsheet shows what was said, and neither breaks on it nor runs it.
    #[test]
    fn cells_are_quoted_and_run_nothing() {
        for (text, shown) in [
            ("hello", "hello"),
            ("a,b", "\"a,b\""),
            ("say \"x\"", "\"say \"\"x\"\"\""),
            ("two\nlines", "\"two\nlines\""),
            ("=1+1", "'=1+1"),
            ("-1", "'-1"),
            ("@SUM(1,2)", "\"'@SUM(1,2)\""),
            ("\t=1", "'\t=1"),
        ] {
            assert_eq!(cell(text), shown);
        }
        let row = Row { id: 3, device: Some(4), text: "a,b".into(), ..Row::default() };
        assert_eq!(csv(&row, "T", false), "3,T,0,,,,,4,\"a,b\",\r\n");
        assert_eq!(CSV_HEAD.matches(',').count(), csv(&Row::default(), "", false).matches(',').count());
    }

    /// Goal: whatever is said, nothing of it is an order to a terminal, and programs still get it.
    #[test]
    fn nothing_is_an_order_to_a_terminal() {
        let said = "a\u{1b}[2J\u{9b}2J\u{202e}b\u{2028}c\u{2066}d";
        let row = Row { text: said.into(), ..Row::default() };
        let shown = json(&row, "T");
        assert!(shown.is_ascii(), "{shown}");
        assert_eq!(serde_json::from_str::<Value>(&shown).unwrap()["text"], said);
        let watched = csv(&row, "T", true);
        assert!(!watched.trim_end().contains(|c: char| c.is_control() || c == '\u{202e}'), "{watched:?}");
        assert!(csv(&row, "T", false).contains(said));
    }

    /// Goal: a program gets every field, and data as data.
    #[test]
    fn json_has_everything() {
        let row = Row { id: 3, data: Some("{\"gap\":1}".into()), who: Some("Ada".into()), ..Row::default() };
        let value: Value = serde_json::from_str(&json(&row, "T")).unwrap();
        assert_eq!((&value["id"], &value["data"]["gap"], &value["who"]), (&json!(3), &json!(1), &json!("Ada")));
        assert_eq!(value["hash"].as_str().map(str::len), Some(64));
    }
}
