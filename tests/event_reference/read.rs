//! Reads event names and the types of their payloads, with comments and serde's attributes, from our own source.
//!
//! It reads what rustfmt writes, nothing more: one field or variant a line, comments before them.

/// One event name.
pub struct Event {
    pub name: String,
    pub doc: String,
}

/// A struct or enum that is written as JSON.
#[derive(Default)]
pub struct Item {
    pub name: String,
    pub doc: String,
    /// The field that names the variant, if serde puts it among the others.
    pub tag: Option<String>,
    pub is_enum: bool,
    pub fields: Vec<Field>,
    pub variants: Vec<Variant>,
    snake_case: bool,
}

/// One field of a struct or of a variant.
#[derive(Clone)]
pub struct Field {
    pub name: String,
    pub doc: String,
    /// As Rust has it.
    pub kind: String,
    /// Whether it need not be there when it is read.
    pub may_be_absent: bool,
    /// Whether it is not written where there is none.
    pub left_out: bool,
}

/// One variant of an enum.
pub struct Variant {
    /// As JSON has it.
    pub name: String,
    pub doc: String,
    pub fields: Vec<Field>,
}

/// Everything that is said over Socket.IO.
#[derive(Default)]
pub struct Contract {
    pub events: Vec<Event>,
    items: Vec<Item>,
}

/// Comments and attributes that wait for what they belong to.
#[derive(Default)]
struct Before {
    doc: Vec<String>,
    attributes: String,
}

impl Contract {
    /// Reads source files.
    pub fn read(files: impl Iterator<Item = String>) -> Self {
        let mut contract = Self::default();
        for file in files {
            contract.read_file(file.split("#[cfg(test)]\nmod tests").next().unwrap());
        }
        contract
    }

    /// The type of that name.
    pub fn item(&self, name: &str) -> &Item {
        let found = self.items.iter().find(|item| item.name == name);
        found.unwrap_or_else(|| panic!("no file of src/protocol has a type `{name}` that is written as JSON"))
    }

    /// The payloads of an event: types whose comment begins with its name, or says that they acknowledge it.
    pub fn payloads(&self, event: &str) -> Vec<&Item> {
        let begins = [format!("`{event}`"), format!("Acknowledgement of `{event}`")];
        self.items.iter().filter(|item| begins.iter().any(|begin| item.doc.starts_with(begin))).collect()
    }

    /// The event that a type is the payload of.
    pub fn event_of(&self, item: &Item) -> Option<&Event> {
        self.events.iter().find(|event| self.payloads(&event.name).iter().any(|payload| payload.name == item.name))
    }

    fn read_file(&mut self, file: &str) {
        let mut before = Before::default();
        let mut open: Option<Item> = None;
        for line in file.lines() {
            let text = line.trim();
            if let Some(words) = text.strip_prefix("///") {
                before.doc.push(words.trim().to_owned());
            } else if text.starts_with("#[") {
                before.attributes.push_str(text);
            } else if let Some(item) = &mut open {
                if line == "}" {
                    self.items.extend(open.take());
                } else {
                    item.line(text, &before);
                }
                before = Before::default();
            } else {
                let now = std::mem::take(&mut before);
                if let Some((name, value)) = constant(text).filter(|_| line.starts_with("    ")) {
                    assert!(!now.doc.is_empty(), "the event name {name} has no comment");
                    self.events.push(Event { name: value, doc: now.doc.join(" ") });
                } else if now.attributes.contains("Serialize") {
                    open = Item::begin(text, &now);
                }
            }
        }
    }
}

/// `pub const NAME: &str = "value";`
fn constant(text: &str) -> Option<(String, String)> {
    let (name, value) = text.strip_prefix("pub const ")?.split_once(": &str = \"")?;
    Some((name.to_owned(), value.trim_end_matches("\";").to_owned()))
}

impl Item {
    fn begin(text: &str, before: &Before) -> Option<Self> {
        let (is_enum, rest) = match text.strip_prefix("pub enum ") {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix("pub struct ")?),
        };
        let tag = before.attributes.split_once("tag = \"").and_then(|(_, rest)| rest.split('"').next());
        Some(Self {
            name: rest.strip_suffix(" {")?.to_owned(),
            doc: before.doc.join(" "),
            tag: tag.map(str::to_owned),
            is_enum,
            snake_case: before.attributes.contains("rename_all = \"snake_case\""),
            ..Self::default()
        })
    }

    fn line(&mut self, text: &str, before: &Before) {
        let doc = before.doc.join(" ");
        let field = text.strip_prefix("pub ").unwrap_or(text).trim_end_matches(',').split_once(": ");
        if let Some((name, kind)) = field {
            let has = |word| before.attributes.contains(word);
            let (may_be_absent, left_out) = (has("default"), has("skip_serializing_if"));
            let field = Field { name: name.to_owned(), doc, kind: kind.to_owned(), may_be_absent, left_out };
            match self.variants.last_mut() {
                Some(variant) => variant.fields.push(field),
                None => self.fields.push(field),
            }
        } else if self.is_enum && text.starts_with(char::is_uppercase) {
            let name = text.split([',', ' ', '(']).next().unwrap();
            self.variants.push(Variant { name: self.written(name), doc, fields: Vec::new() });
        }
    }

    fn written(&self, name: &str) -> String {
        let mut written = String::new();
        for letter in name.chars() {
            if letter.is_uppercase() && !written.is_empty() && self.snake_case {
                written.push('_');
            }
            written.extend(letter.to_lowercase());
        }
        written
    }
}
