//! PURE. Filter: which entries are asked for, and by which way through the file they are found.

use super::record::Kind;
use super::row::Row;
use crate::protocol::journal::LogRequest;

/// The most entries that a page gets at once, and how many if it does not say.
const MOST: u32 = 200;
const USUAL: u32 = 50;
/// Letters of a searched text that the database looks for; all of them are compared afterwards.
const LETTERS: usize = 100;

/// Which entries are asked for. An entry must fit all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Found in the text or in the name of who did it, whatever its case; empty: anything.
    pub text: String,
    /// Kinds; none: all.
    pub events: Vec<Kind>,
    /// A robot, by name. Gaps are about every robot: nobody knows what is missing there.
    pub robot: Option<String>,
    /// Whose doing it was.
    pub device: Option<Device>,
    /// Not before, ms since 1970.
    pub since_ms: Option<u64>,
    /// Not after.
    pub until_ms: Option<u64>,
    /// Older than the entry of this number.
    pub before: Option<u64>,
    /// Newer than the entry of this number.
    pub after: Option<u64>,
}

/// A device, as people name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Device {
    /// By its number.
    Number(u64),
    /// By its name, or that of its person.
    Name(String),
}

/// What a statement is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A number.
    Number(i64),
    /// A text.
    Text(String),
}

/// A condition in SQL and its values. More entries may fit it than the filter, but none less.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// What stands behind WHERE.
    pub condition: String,
    /// For its question marks, in order.
    pub values: Vec<Value>,
}

/// The column by which entries are found. Others are kept out of it by a `+`, which SQLite takes as a hint: it has no
/// statistics, and its guess may sort half the file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Number,
    Time,
    Event,
    Robot,
    Device,
}

impl Filter {
    /// What a page asks for, and how many entries at most.
    ///
    /// # Errors
    /// A sentence that tells what does not do.
    pub fn asked(request: &LogRequest) -> Result<(Self, usize), String> {
        let most = request.most.unwrap_or(USUAL);
        if !(1..=MOST).contains(&most) {
            return Err(format!("the log shows 1 to {MOST} entries at once, not {most}"));
        }
        let filter = Self {
            text: request.text.clone(),
            events: request.events.iter().map(|name| kind(name)).collect::<Result<_, _>>()?,
            robot: request.robot.clone(),
            device: request.device.map(Device::Number),
            since_ms: request.since_ms,
            until_ms: request.until_ms,
            before: request.before,
            after: None,
        };
        Ok((filter, usize::try_from(most).unwrap_or(usize::MAX)))
    }

    /// Whether an entry fits.
    #[must_use]
    pub fn admits(&self, row: &Row) -> bool {
        let needle = folded(&self.text);
        let found = |text: &str| folded(text).contains(&needle);
        let named = row.who.as_deref();
        self.after.is_none_or(|after| row.id > after)
            && self.before.is_none_or(|before| row.id < before)
            && self.since_ms.is_none_or(|since| row.at_ms >= since)
            && self.until_ms.is_none_or(|until| row.at_ms <= until)
            && (self.events.is_empty() || self.events.iter().any(|kind| kind.name() == row.event))
            && self.robot.as_ref().is_none_or(|robot| *robot == row.robot || row.event == Kind::Gap.name())
            && match &self.device {
                None => true,
                Some(Device::Number(number)) => row.device == Some(*number),
                Some(Device::Name(name)) => named.is_some_and(|who| folded(who) == folded(name)),
            }
            && (needle.is_empty() || found(&row.text) || named.is_some_and(found))
    }

    /// The conditions whose entries, put together, are searched for the newest that fit. No entry fits two of them.
    #[must_use]
    pub fn newest(&self) -> Vec<Query> {
        let way = self.way();
        if let (Way::Robot, Some(_)) = (way, &self.robot) {
            let gaps = Self { robot: None, events: vec![Kind::Gap], ..self.clone() }.query(Way::Event);
            return vec![self.query(way), gaps];
        }
        if way != Way::Event || self.events.len() < 2 {
            return vec![self.query(way)];
        }
        // An index has one event in order, not several.
        let mut events = self.events.clone();
        events.sort_unstable();
        events.dedup();
        events.into_iter().map(|kind| Self { events: vec![kind], ..self.clone() }.query(way)).collect()
    }

    /// The condition for reading all that fit from the oldest on.
    #[must_use]
    pub fn all(&self) -> Query {
        // In the order of numbers, which the index on times has not; but reading all of a large file takes longer than sorting.
        let by_time = self.since_ms.is_some() && self.after.is_none();
        match self.way() {
            Way::Device => self.query(Way::Device),
            Way::Number | Way::Time | Way::Event | Way::Robot if by_time => self.query(Way::Time),
            Way::Number | Way::Time | Way::Event | Way::Robot => self.query(Way::Number),
        }
    }

    fn way(&self) -> Way {
        let period = self.since_ms.is_some() && self.until_ms.is_some();
        match self.device {
            Some(Device::Number(_)) => Way::Device,
            _ if self.after.is_some() => Way::Number,
            _ if period => Way::Time,
            _ if !self.events.is_empty() => Way::Event,
            _ if self.until_ms.is_some() => Way::Time,
            _ if self.robot.is_some() => Way::Robot,
            Some(Device::Name(_)) | None => Way::Number,
        }
    }

    fn query(&self, way: Way) -> Query {
        let (mut parts, mut values) = (Vec::new(), Vec::new());
        let hint = |this: Way| if this == way { "" } else { "+" };
        let mut bound = |column: &str, comparison: &str, number: Option<u64>| {
            if let Some(number) = number {
                parts.push(format!("{column} {comparison} ?"));
                values.push(Value::Number(i64::try_from(number).unwrap_or(i64::MAX)));
            }
        };
        bound("id", ">", self.after);
        bound("id", "<", self.before);
        let at = format!("{}at_ms", hint(Way::Time));
        bound(&at, ">=", self.since_ms);
        bound(&at, "<=", self.until_ms);
        if !self.events.is_empty() {
            let marks = vec!["?"; self.events.len()].join(", ");
            parts.push(format!("{}event IN ({marks})", hint(Way::Event)));
            values.extend(self.events.iter().map(|kind| Value::Text(kind.name().to_owned())));
        }
        if let Some(robot) = &self.robot {
            let gap = Value::Text(Kind::Gap.name().to_owned());
            // By the index on robots gaps are not found: they have a query of their own.
            parts.push(
                if way == Way::Robot { "robot = ? AND +event <> ?" } else { "(+robot = ? OR +event = ?)" }.to_owned(),
            );
            values.extend([Value::Text(robot.clone()), gap]);
        }
        match &self.device {
            Some(Device::Number(number)) => {
                parts.push(format!("{}device = ?", hint(Way::Device)));
                values.push(Value::Number(number.cast_signed()));
            }
            Some(Device::Name(name)) => {
                parts.push("who LIKE ? ESCAPE '\\'".to_owned());
                values.push(Value::Text(pattern(name)));
            }
            None => {}
        }
        if !self.text.is_empty() {
            parts.push("(text LIKE ? ESCAPE '\\' OR who LIKE ? ESCAPE '\\')".to_owned());
            let pattern = format!("%{}%", pattern(&self.text));
            values.extend([Value::Text(pattern.clone()), Value::Text(pattern)]);
        }
        let condition = if parts.is_empty() { "1".to_owned() } else { parts.join(" AND ") };
        Query { condition, values }
    }
}

/// The kind of that name.
///
/// # Errors
/// A sentence that lists them all.
pub fn kind(name: &str) -> Result<Kind, String> {
    Kind::named(name).ok_or_else(|| {
        let all = Kind::ALL.map(Kind::name).join(", ");
        format!("the log has no event “{name}”; there are {all}")
    })
}

/// A text without case, letter by letter: none becomes two, and none becomes or ceases to be ASCII, so that what the
/// database finds by its simpler rule holds all of it.
fn folded(text: &str) -> String {
    text.chars().map(fold).collect()
}

fn fold(letter: char) -> char {
    let mut lower = letter.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(one), None) if one.is_ascii() == letter.is_ascii() => one,
        _ => letter,
    }
}

/// A text as LIKE takes it: its own signs mean themselves, and a letter beyond ASCII, whose case the database does not know,
/// stands for any.
fn pattern(text: &str) -> String {
    let cut = text.chars().count() > LETTERS;
    let mut pattern: String = text.chars().take(LETTERS).fold(String::new(), |mut pattern, letter| {
        match letter {
            '%' | '_' | '\\' => pattern.extend(['\\', letter]),
            // A zero ends a text for the database.
            '\0' => pattern.push('_'),
            _ if letter.is_ascii() => pattern.push(letter),
            _ => pattern.push('_'),
        }
        pattern
    });
    if cut {
        pattern.push('%');
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(who: &str, text: &str) -> Row {
        Row { id: 5, at_ms: 50, event: "chat".into(), who: Some(who.into()), text: text.into(), ..Row::default() }
    }

    /// Goal: words are found whatever their case, in texts and names, and signs of the database mean nothing.
    #[test]
    fn words_are_found_whatever_their_case() {
        let finds = |text: &str, row: &Row| Filter { text: text.into(), ..Filter::default() }.admits(row);
        assert!(finds("JÜRGEN", &said("Ada", "hello jürgen")) && finds("ada", &said("Ada", "")));
        assert!(finds("", &said("", "")) && finds("50%", &said("", "at 50% now")));
        assert!(!finds("5_%", &said("", "at 50% now")) && !finds("Grace", &said("Ada", "x")));
        assert_eq!(pattern("a_%\\ü"), "a\\_\\%\\\\_");
    }

    /// Goal: a gap is shown with the entries of any robot, as nobody knows what is missing there.
    #[test]
    fn gaps_are_about_every_robot() {
        let filter = Filter { robot: Some("Rover".into()), ..Filter::default() };
        assert!(filter.admits(&Row { robot: "Rover".into(), ..said("", "") }));
        assert!(!filter.admits(&Row { robot: "Other".into(), ..said("", "") }) && !filter.admits(&said("", "")));
        assert!(filter.admits(&Row { event: "gap".into(), ..said("", "") }));
    }

    /// Goal: a page that asks for too much or for what there is not is told so.
    #[test]
    fn nonsense_is_refused_with_a_sentence() {
        let asked = |request: LogRequest| Filter::asked(&request);
        assert!(asked(LogRequest { most: Some(201), ..LogRequest::default() }).unwrap_err().contains("1 to 200"));
        assert!(asked(LogRequest { most: Some(0), ..LogRequest::default() }).is_err());
        let unknown = asked(LogRequest { events: vec!["drive".into()], ..LogRequest::default() }).unwrap_err();
        assert!(unknown.contains("“drive”") && unknown.contains("chat, ") && unknown.contains("gap"), "{unknown}");
        assert_eq!(asked(LogRequest::default()).unwrap(), (Filter::default(), 50));
    }
}
