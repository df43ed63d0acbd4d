//! Writes docs/events.md.

use std::collections::BTreeSet;
use std::fmt::Write;

use joywire::protocol::events::VERSION;
use serde_json::Value;

use crate::examples::Example;
use crate::read::{Contract, Event, Field, Item};

const BEGIN: &str = "\
# Events

What programs say to Joywire and hear from it over Socket.IO: protocol 5, as socket.io-client 4 and python-socketio 5
speak it, at `https://HOST:8080/socket.io/`, in the namespace `/`. [examples/](../examples) has whole programs. This page
is written from the comments and types in [src/protocol](../src/protocol), and a test compares it with them:
`JOYWIRE_WRITE=1 cargo test --test event_reference` writes it anew.

- Wait for [`welcome`](#welcome) before you say anything. It carries the version of this contract (here ";
const RULES: &str = ") and the
  limits that you must keep to: bytes of an event, events a second.
- An event's payload is its first argument, bare or inside arrays: `drive {…}` and `drive [{…}]` mean the same.
- What is not of the given shape is not obeyed: [`refused`](#refused) tells why. Keys that are not listed are errors where
  something moves.
- Whoever drives takes the seat, shows a released stick (`x` and `y` 0) under the epoch of the answer, and then sends
  [`drive`](#drive) with the newest `tick` and `session` that [`telemetry`](#telemetry) brought. A sample that is too old
  moves nothing, and never queue one: say the newest or nothing.
- Any other event of up to 16 KiB, binary data included, is relayed to everyone who is connected, the sender too, as one
  argument: the array of what was sent. `lamp 1 2` arrives as `lamp [1, 2]`. An acknowledgement that is asked for comes
  from Joywire, without arguments, once the event was relayed.
";

/// The whole page.
pub fn write(contract: &Contract, examples: &[Example]) -> String {
    let mut page = format!("{BEGIN}{VERSION}{RULES}\n| event | direction |\n| --- | --- |\n");
    for Event { name, doc } in &contract.events {
        let direction = words(doc);
        writeln!(page, "| [`{name}`](#{name}) | {direction} |").unwrap();
    }
    let mut mentioned = Mentioned::default();
    for event in &contract.events {
        writeln!(page, "\n## `{}`\n\n{}", event.name, words(&event.doc)).unwrap();
        let payloads = contract.payloads(&event.name);
        if payloads.is_empty() {
            let shown: Vec<&Example> = examples.iter().filter(|example| example.of == event.name).collect();
            assert!(
                !shown.is_empty(),
                "the event `{0}` has no payload and no example. Begin the comment of its type in src/protocol with \
                 `{0}`, or show what is said in `untyped` of tests/event_reference/examples.rs",
                event.name
            );
            show(&mut page, &shown);
        }
        for item in payloads {
            writeln!(page, "\n{}", words(&item.doc)).unwrap();
            shape(&mut page, contract, item, &mut mentioned);
            show(&mut page, &of(item, examples));
        }
    }
    writeln!(page, "\n## Types").unwrap();
    let mut told = 0;
    while let Some(name) = mentioned.order.get(told).cloned() {
        told += 1;
        let item = contract.item(&name);
        writeln!(page, "\n### {name}\n\n{}", words(&item.doc)).unwrap();
        shape(&mut page, contract, item, &mut mentioned);
    }
    page
}

/// Types that were mentioned and have no place of their own yet.
#[derive(Default)]
struct Mentioned {
    order: Vec<String>,
    seen: BTreeSet<String>,
}

/// The examples of a payload; of one with variants, one of each at least.
fn of<'a>(item: &Item, examples: &'a [Example]) -> Vec<&'a Example> {
    let shown: Vec<&Example> = examples.iter().filter(|example| example.of == item.name).collect();
    assert!(!shown.is_empty(), "`{}` has no example: add one in tests/event_reference/examples.rs", item.name);
    for variant in &item.variants {
        let is = |value: &Value| match &item.tag {
            Some(tag) => value[tag] == variant.name.as_str(),
            None => *value == variant.name.as_str(),
        };
        assert!(
            shown.iter().any(|example| is(&example.value)),
            "`{}` has no example of `{}`: add one in tests/event_reference/examples.rs",
            item.name,
            variant.name
        );
    }
    shown
}

fn show(page: &mut String, examples: &[&Example]) {
    writeln!(page, "\n```json").unwrap();
    for example in examples {
        writeln!(page, "{}", example.text).unwrap();
    }
    writeln!(page, "```").unwrap();
}

fn shape(page: &mut String, contract: &Contract, item: &Item, mentioned: &mut Mentioned) {
    let cell = |text: String| text.replace('|', "\\|");
    if !item.is_enum {
        writeln!(page, "\n| field | is | meaning |\n| --- | --- | --- |").unwrap();
        for field in &item.fields {
            let (kind, doc) = (contract.kind(field, mentioned), words(&field.doc));
            writeln!(page, "| `{}` | {} | {} |", field.name, cell(kind), cell(doc)).unwrap();
        }
        return;
    }
    let (head, tag) = match &item.tag {
        Some(tag) => (format!("`{tag}`"), true),
        None => ("one of".to_owned(), false),
    };
    writeln!(
        page,
        "\n| {head} | {}meaning |\n| --- | {}--- |",
        if tag { "with | " } else { "" },
        if tag { "--- | " } else { "" }
    )
    .unwrap();
    for variant in &item.variants {
        let mut line = format!("| `\"{}\"` | ", variant.name);
        if tag {
            let fields: Vec<String> = variant
                .fields
                .iter()
                .map(|field| format!("`{}`: {}; {}", field.name, contract.kind(field, mentioned), words(&field.doc)))
                .collect();
            write!(line, "{} | ", cell(fields.join("<br>"))).unwrap();
        }
        writeln!(page, "{line}{} |", cell(words(&variant.doc))).unwrap();
    }
}

impl Contract {
    /// A Rust type as JSON has it.
    fn kind(&self, field: &Field, mentioned: &mut Mentioned) -> String {
        let inner = field.kind.strip_prefix("Option<").and_then(|kind| kind.strip_suffix('>'));
        let kind = self.plain_kind(inner.unwrap_or(&field.kind), mentioned);
        // What is left out when there is none is never `null`.
        let null = if inner.is_some() && !field.left_out { ", or `null`" } else { "" };
        let absent = if field.may_be_absent || field.left_out { ", or absent" } else { "" };
        format!("{kind}{null}{absent}")
    }

    fn plain_kind(&self, kind: &str, mentioned: &mut Mentioned) -> String {
        if let Some(inner) = kind.strip_prefix("Vec<").and_then(|kind| kind.strip_suffix('>')) {
            return format!("list of {}", self.plain_kind(inner, mentioned));
        }
        if let Some((inner, count)) = kind.strip_prefix('[').and_then(|kind| kind.strip_suffix(']')?.split_once("; ")) {
            return format!("list of {count}: {}", self.plain_kind(inner, mentioned));
        }
        match kind {
            "bool" => "true or false".to_owned(),
            "String" => "text".to_owned(),
            "f32" | "f64" => "number".to_owned(),
            "u8" | "u16" | "u32" | "u64" | "usize" => "integer, 0 or more".to_owned(),
            "i8" | "i16" | "i32" | "i64" => "integer".to_owned(),
            "Value" | "serde_json::Value" => "anything".to_owned(),
            _ => self.link(kind.rsplit("::").next().unwrap(), mentioned),
        }
    }

    /// A link to where a type is told.
    fn link(&self, name: &str, mentioned: &mut Mentioned) -> String {
        let item = self.item(name);
        if let Some(event) = self.event_of(item) {
            return format!("[{name}](#{})", event.name);
        }
        if mentioned.seen.insert(name.to_owned()) {
            mentioned.order.push(name.to_owned());
        }
        format!("[{name}](#{})", name.to_lowercase())
    }
}

/// A comment without Rust's own links: [`Limits::sample_hz`] becomes `Limits.sample_hz`.
fn words(doc: &str) -> String {
    let mut plain = String::new();
    let mut rest = doc;
    while let Some((before, after)) = rest.split_once("[`") {
        let (path, left) = after.split_once("`]").unwrap();
        let parts: Vec<&str> = path.split("::").filter(|part| !["super", "crate", "events"].contains(part)).collect();
        write!(plain, "{before}`{}`", parts.join(".")).unwrap();
        rest = left;
    }
    plain + rest
}
