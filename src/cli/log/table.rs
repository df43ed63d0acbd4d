//! PURE. Entries for people: a table that fits the terminal, in which nothing that somebody said can do anything to it.

use crate::journal::Kind;
use crate::journal::row::Row;

/// Letters of the columns before the text.
const TIME: usize = 19;
const EVENT: usize = 10;
const ROBOT: usize = 14;
const WHO: usize = 14;
/// The text has at least so many, or it is read downwards.
const TEXT: usize = 24;

/// How the table is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// Letters of its last column; `None` if nothing is to be broken into lines.
    text: Option<usize>,
    colours: bool,
}

impl Table {
    /// For a terminal that is so many letters wide; `None` for a file.
    pub fn new(width: Option<usize>, colours: bool) -> Self {
        let text = width.map(|width| width.saturating_sub(indent()).max(TEXT));
        Self { text, colours }
    }

    /// The line above it.
    #[expect(clippy::unused_self, reason = "a table has a head")]
    pub fn head(self) -> String {
        format!("{:<TIME$}  {:<EVENT$}  {:<ROBOT$}  {:<WHO$}  TEXT", "TIME", "EVENT", "ROBOT", "WHO")
    }

    /// An entry, with its moment in local time, in one line or several.
    pub fn entry(self, row: &Row, time: &str) -> String {
        let who = match (row.who.as_deref(), row.device) {
            (None | Some(""), Some(device)) => format!("device {device}"),
            (who, _) => who.unwrap_or_default().to_owned(),
        };
        let gap = row.event == Kind::Gap.name();
        let event = if gap { "== GAP ==".to_owned() } else { fitted(&row.event, EVENT) };
        let (robot, who) = (fitted(&row.robot, ROBOT), fitted(&who, WHO));
        let start = format!("{time:<TIME$}  {event:<EVENT$}  {robot:<ROBOT$}  {who:<WHO$}  ");
        let lines = broken(&harmless(&row.text), self.text.unwrap_or(usize::MAX));
        let mut shown = format!("{start}{}", lines.join(&format!("\n{}", " ".repeat(indent()))));
        shown.truncate(shown.trim_end().len());
        if gap && self.colours { format!("\x1b[1;33m{shown}\x1b[0m\n") } else { format!("{shown}\n") }
    }
}

/// Where the text begins.
const fn indent() -> usize {
    TIME + EVENT + ROBOT + WHO + 8
}

/// A text in at most `width` letters.
fn fitted(text: &str, width: usize) -> String {
    let text = harmless(text);
    if text.chars().count() <= width {
        return text;
    }
    text.chars().take(width - 1).chain(['…']).collect()
}

/// A text without what a terminal would take for an order, and without what would show it in another order than it has.
pub fn harmless(text: &str) -> String {
    let invisible = |letter: char| matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    text.chars()
        .map(|letter| match letter {
            '\n' | '\t' => ' ',
            _ if letter.is_control() || invisible(letter) => '\u{fffd}',
            _ => letter,
        })
        .collect()
}

/// A text in lines of at most `width` letters, between words where that is possible.
fn broken(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let mut word: Vec<char> = word.chars().collect();
        while let Some(line) = lines.last_mut() {
            let used = line.chars().count();
            let space = usize::from(used > 0);
            if used + space + word.len() <= width {
                line.extend(std::iter::repeat_n(' ', space).chain(word));
                break;
            }
            if used == 0 {
                line.extend(word.drain(..width));
            }
            lines.push(String::new());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Goal: a gap stands out with and without colours.
    #[test]
    fn gaps_stand_out() {
        let gap = Row { event: "gap".into(), text: "gap 1: 3 entries are missing".into(), ..Row::default() };
        assert!(Table::new(None, false).entry(&gap, "T").contains("== GAP =="));
        assert!(Table::new(None, true).entry(&gap, "T").starts_with("\x1b[1;33m"));
    }

    /// Goal: long texts go on below, and into a file in one line.
    #[test]
    fn long_texts_go_on_below() {
        let row = Row { event: "chat".into(), text: "one two three four five six seven".into(), ..Row::default() };
        let shown = Table::new(Some(10), false).entry(&row, "T");
        assert_eq!(shown.lines().count(), 2);
        assert!(shown.lines().nth(1).unwrap().starts_with(&" ".repeat(indent())), "{shown}");
        assert_eq!(Table::new(None, false).entry(&row, "T").lines().count(), 1);
    }

    proptest! {
        /// Goal: whatever somebody says, no line is longer than the terminal and nothing reaches it but letters.
        #[test]
        fn nothing_that_is_said_escapes(text in any::<String>(), who in any::<String>(), width in 0..200usize) {
            let row = Row { text, who: Some(who), ..Row::default() };
            let shown = Table::new(Some(width), false).entry(&row, "2026-11-28 10:00:00");
            for line in shown.lines() {
                prop_assert!(line.chars().count() <= width.max(indent() + TEXT), "{:?}", line);
                prop_assert!(!line.chars().any(char::is_control));
            }
        }
    }
}
