//! PURE. Entries for programs: JSON lines and CSV.

use serde_json::{Value, json};

use crate::journal::chain::hex;
use crate::journal::row::Row;

/// The first line.
pub const CSV_HEAD: &str = "id,time,at_ms,event,robot,who,role,device,text,data\r\n";

/// An entry as a JSON object in one line. `time` is its moment as programs read it.
pub fn json(row: &Row, time: &str) -> String {
    let Row { id, at_ms, run, event, robot, who, role, device, text, data, hash } = row;
    let data =
        data.as_ref().map_or(Value::Null, |text| serde_json::from_str(text).unwrap_or(Value::String(text.clone())));
    json!({
        "id": id, "time": time, "at_ms": at_ms, "run": run, "event": event, "robot": robot, "who": who, "role": role,
        "device": device, "text": text, "data": data, "hash": hex(hash),
    })
    .to_string()
}

/// An entry as a line of CSV (RFC 4180).
pub fn csv(row: &Row, time: &str) -> String {
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
        assert_eq!(csv(&row, "T"), "3,T,0,,,,,4,\"a,b\",\r\n");
        assert_eq!(CSV_HEAD.matches(',').count(), csv(&Row::default(), "").matches(',').count());
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
