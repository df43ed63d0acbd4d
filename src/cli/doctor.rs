//! `joywire doctor`: what keeps people from driving, and what to do about it.

use std::process::ExitCode;

use serde_json::{Value, json};
use tokio_rustls::rustls::pki_types::UnixTime;

use super::{DoctorArgs, say, settings};
use crate::doctor::device_rule::RULE;
use crate::doctor::examine;
use crate::doctor::finding::{Finding, Level};

/// Letters in a line of a terminal, and where what was found begins.
const WIDTH: usize = 100;
const INDENT: usize = 24;

pub fn run(args: &DoctorArgs) -> anyhow::Result<ExitCode> {
    if args.device_rule {
        say(RULE.trim_end());
        return Ok(ExitCode::SUCCESS);
    }
    let mut layers = settings::layers(args.config.as_deref())?;
    if let Some(port) = args.port {
        layers.option("server.port", i64::from(port))?;
    }
    let (config, wanted, finder) = settings::check(&layers)?;
    let findings = examine(&settings::doctor(&config, &wanted, finder, UnixTime::now().as_secs())?);
    if args.json {
        say(&Value::Array(findings.iter().map(as_json).collect()).to_string());
    } else {
        tell(&findings);
    }
    let problem = findings.iter().any(|finding| finding.level == Level::Problem);
    Ok(if problem { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn tell(findings: &[Finding]) {
    let mut before = None;
    for finding in findings {
        let subject = if before == Some(finding.subject) { "" } else { finding.subject.text() };
        before = Some(finding.subject);
        let mut head = format!("{subject:<14}{:<10}", finding.level.text());
        for line in lines(&finding.what, WIDTH - INDENT) {
            say(&format!("{head}{line}"));
            head = " ".repeat(INDENT);
        }
        let mut head = format!("{}-> ", " ".repeat(INDENT));
        for line in finding.advice.iter().flat_map(|advice| lines(advice, WIDTH - INDENT - 3)) {
            say(&format!("{head}{line}"));
            head = " ".repeat(INDENT + 3);
        }
    }
    say("");
    say(&summary(findings));
}

/// The last line, which is all that many read.
fn summary(findings: &[Finding]) -> String {
    let count = |level| findings.iter().filter(|finding| finding.level == level).count();
    let named = |number: usize, word: &str| format!("{number} {word}{}", if number == 1 { "" } else { "s" });
    let (problems, warnings, notes) = (count(Level::Problem), count(Level::Warning), count(Level::Note));
    let rest = format!("{}, {}", named(warnings, "warning"), named(notes, "note"));
    if problems == 0 {
        format!("no problem found ({rest})")
    } else {
        format!("{} found ({rest}): the arrows tell what to do", named(problems, "problem"))
    }
}

/// A text in lines of at most `width` letters. Commands stay in one line, so that they can be copied.
fn lines(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut quoted = false;
    for word in text.split(' ') {
        let Some(line) = lines.last_mut() else { continue };
        let long = line.chars().count() + 1 + word.chars().count() > width;
        if line.is_empty() {
            line.push_str(word);
        } else if long && !quoted {
            lines.push(word.to_owned());
        } else {
            line.push(' ');
            line.push_str(word);
        }
        quoted ^= word.matches('`').count() % 2 == 1;
    }
    lines
}

fn as_json(finding: &Finding) -> Value {
    json!({
        "subject": finding.subject.text(),
        "level": finding.level.text(),
        "what": finding.what,
        "advice": finding.advice,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: lines fit a terminal, and a command is never broken.
    #[test]
    fn lines_are_short_and_commands_whole() {
        assert_eq!(lines("one two three", 8), ["one two", "three"]);
        assert_eq!(lines("run `a b c d e f` then", 8), ["run `a b c d e f`", "then"]);
        assert_eq!(lines("", 8), [""]);
    }

    /// Goal: the last line says whether all is well, in right English.
    #[test]
    fn last_line_says_whether_all_is_well() {
        use crate::doctor::finding::Subject::Port;
        let problem = Finding::problem(Port, "taken", "free it");
        let note = Finding::note(Port, "a", "b");
        assert_eq!(summary(std::slice::from_ref(&note)), "no problem found (0 warnings, 1 note)");
        assert_eq!(
            summary(&[problem, note.clone(), note]),
            "1 problem found (0 warnings, 2 notes): the arrows tell what to do"
        );
    }
}
