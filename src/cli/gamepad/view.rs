//! What is shown of a gamepad: a table, a legend, a picture, and the same for programs.

use serde_json::{Value, json};

use crate::drive::{DriverId, Rules as Driving, mix};
use crate::gamepad::{Axis, Card, Choice, Control, Pad, Rules};

/// What to try if there is no pad.
pub const ADVICE: &str = "plug one in, or switch it on. If it does not appear: you may need the right to read it (`joywire \
                          doctor` tells; `joywire doctor --device-rule` prints the udev rule, or join the group: `sudo \
                          usermod -aG input $USER`), and udevd must be running, which it is not in most containers";
/// Steps of a bar to either side.
const BAR: usize = 10;

/// The pads, as a table.
pub fn table(pads: &[(DriverId, Card)], chosen: &Choice) -> Vec<String> {
    let mut rows = vec![["NAME", "GUID", "MAPPING", "RUMBLE", "DEVICE", "DRIVES?"].map(str::to_owned)];
    rows.extend(pads.iter().map(|(_, card)| row(card, chosen)));
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths = [width(0), width(1), width(2), width(3), width(4)];
    let line = |[name, guid, mapping, rumble, device, drives]: &[String; 6]| {
        let [first, second, third, fourth, fifth] = widths;
        format!("{name:<first$}  {guid:<second$}  {mapping:<third$}  {rumble:<fourth$}  {device:<fifth$}  {drives}")
    };
    rows.iter().map(line).collect()
}

fn row(card: &Card, chosen: &Choice) -> [String; 6] {
    let mapping = match (&card.mapping, card.is_named) {
        (Some(name), _) => name.clone(),
        (None, true) => "by its driver".to_owned(),
        (None, false) => "none: see gamepad.mappings".to_owned(),
    };
    let rumble = if card.rumble { "yes" } else { "no" };
    let drives = if chosen.takes(&card.name, card.guid) { "yes" } else { "no: gamepad.use" };
    let device = if card.device.is_empty() { "-" } else { &card.device };
    [&card.name, &card.guid.to_string(), &mapping, rumble, device, drives].map(str::to_owned)
}

/// What the controls are for.
pub fn legend(rules: &Rules) -> Vec<String> {
    let functions: Vec<String> = Control::ALL
        .into_iter()
        .filter_map(|control| Some(format!("{}: {control}", rules.function(control)?)))
        .collect();
    vec![
        String::new(),
        format!("[gamepad]  {}", functions.join("  ")),
        "Nothing is driven here. Move and press; Ctrl-C ends.".to_owned(),
        String::new(),
    ]
}

/// One pad as it is now.
#[derive(Clone, Copy, Debug)]
pub struct Look<'a> {
    /// What it is.
    pub card: &'a Card,
    /// Where everything is.
    pub pad: &'a Pad,
    /// What its controls are for.
    pub rules: &'a Rules,
    /// What becomes of a stick.
    pub driving: &'a Driving,
    /// Whether it drives, by `gamepad.use`.
    pub used: bool,
}

impl Look<'_> {
    /// A picture of a few short lines, always as many.
    pub fn picture(&self) -> Vec<String> {
        let axis = |axis: Axis| {
            let value = self.raw(axis);
            format!("  {:<14} {value:+.2}  {}", axis.name(), bar(value))
        };
        let pressed: Vec<String> = self.pad.reading().down().map(|control| self.named(control)).collect();
        let twist = self.pad.wish().twist();
        let why = match (self.used, self.pad.owes_neutral()) {
            (false, _) => "  (gamepad.use leaves it alone)",
            (true, true) => "  (move the stick and let it go once)",
            (true, false) => "",
        };
        let mut lines = vec![format!("{}  {}", self.card.name, self.card.guid)];
        lines.extend(Axis::ALL.map(axis));
        lines.push(format!(
            "  {:<14} {}",
            "pressed",
            if pressed.is_empty() { "-".to_owned() } else { pressed.join(", ") }
        ));
        lines.push(format!(
            "  {:<14} ahead {:+.2}, to the left {:+.2}, turn left {:+.2}{why}",
            "asks for",
            round(twist.linear),
            round(twist.lateral),
            round(twist.angular)
        ));
        let wheels: Vec<String> = self.wheels().iter().map(|speed| format!("{speed:+}")).collect();
        lines.push(format!("  {:<14} {} permille", "wheels", wheels.join(" ")));
        lines
    }

    /// The same in a line for programs.
    pub fn json(&self) -> String {
        let twist = self.pad.wish().twist();
        let pressed: Vec<&str> = self.pad.reading().down().map(Control::name).collect();
        let pair = |x: Axis, y: Axis| [self.raw(x), self.raw(y)];
        json!({
            "event": "state",
            "id": self.pad.driver().0,
            "name": self.card.name,
            "left_stick": pair(Axis::LeftX, Axis::LeftY),
            "right_stick": pair(Axis::RightX, Axis::RightY),
            "pressed": pressed,
            "ahead": round(twist.linear),
            "left": round(twist.lateral),
            "turn_left": round(twist.angular),
            "wheels": self.wheels(),
            "owes_neutral": self.pad.owes_neutral(),
            "drives": self.used,
        })
        .to_string()
    }

    fn raw(&self, axis: Axis) -> f64 {
        round(self.pad.reading().raw(axis))
    }

    fn wheels(&self) -> Vec<i16> {
        let twist = self.pad.wish().twist().slowed(self.driving.wheels, self.driving.speed_limit);
        mix(self.driving.wheels, twist).as_slice().to_vec()
    }

    fn named(&self, control: Control) -> String {
        self.rules.function(control).map_or_else(|| control.to_string(), |function| format!("{control} ({function})"))
    }
}

/// The list in a line for programs.
pub fn list_json(pads: &[(DriverId, Card)], chosen: &Choice) -> String {
    let pads: Vec<Value> = pads.iter().map(|(id, card)| card_json(*id, card, chosen)).collect();
    json!({ "event": "list", "pads": pads }).to_string()
}

/// A pad that comes or goes, in a line for programs.
pub fn plugged_json(event: &str, id: DriverId, card: &Card, chosen: &Choice) -> String {
    let mut line = card_json(id, card, chosen);
    line["event"] = event.into();
    line.to_string()
}

fn card_json(id: DriverId, card: &Card, chosen: &Choice) -> Value {
    json!({
        "id": id.0,
        "name": card.name,
        "guid": card.guid.to_string(),
        "mapping": card.mapping,
        "named": card.is_named,
        "rumble": card.rumble,
        "device": card.device,
        "drives": chosen.takes(&card.name, card.guid),
    })
}

/// To hundredths, without a negative zero: what trembles less is not worth a new line.
fn round(value: f64) -> f64 {
    (value * 100.0).round() / 100.0 + 0.0
}

/// A bar from the middle to where the axis is.
fn bar(value: f64) -> String {
    let is_past = |step: usize| {
        #[expect(clippy::cast_precision_loss, reason = "ten steps")]
        let share = (step as f64 + 0.5) / BAR as f64;
        value.abs() > share
    };
    let half: String = (0..BAR).map(|step| if is_past(step) { '#' } else { '.' }).collect();
    let empty = ".".repeat(BAR);
    let mirrored: String = half.chars().rev().collect();
    if value < 0.0 { format!("{mirrored}|{empty}") } else { format!("{empty}|{half}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gamepad::card::tidy;
    use crate::gamepad::{Event, Guid};
    use crate::time::Time;

    fn card() -> Card {
        Card {
            name: tidy("Some pad\u{1b}[31m with a name that is far too long to be shown"),
            guid: Guid([3; 16]),
            mapping: None,
            is_named: true,
            rumble: false,
            device: "/dev/input/event5".to_owned(),
        }
    }

    fn pad(rules: &Rules) -> Pad {
        let mut pad = Pad::new(rules.clone(), DriverId(1 << 52), Time::ZERO);
        for event in [
            Event::Axis(Axis::LeftY, 0.0),
            Event::Axis(Axis::LeftY, 1.0),
            Event::Button(Control::RightShoulder, true),
            Event::Button(Control::South, true),
        ] {
            pad.event(Time::ZERO, event);
        }
        pad
    }

    /// Goal: whoever presses a button learns its name for the configuration, what it is for, and what the robot would do.
    #[test]
    fn picture_teaches_what_to_configure() {
        let (rules, driving, card) = (Rules::default(), Driving { speed_limit: 0.5, ..Driving::default() }, card());
        let pad = pad(&rules);
        let look = Look { card: &card, pad: &pad, rules: &rules, driving: &driving, used: true };
        let picture = look.picture();
        let whole = picture.join("\n");
        for words in ["left_stick y   +1.00", "south, right_shoulder (turbo)", "ahead +1.00", "+500 +500 permille"] {
            assert!(whole.contains(words), "no {words:?} in\n{whole}");
        }
        assert!(picture.iter().all(|line| line.chars().count() < 80 && !line.contains('\u{1b}')), "{whole}");
        let fresh = Pad::new(rules.clone(), DriverId(1), Time::ZERO);
        let other = Look { pad: &fresh, ..look }.picture();
        assert_eq!(other.len(), picture.len(), "a picture is drawn in place");
        assert!(other.join("\n").contains("let it go once"));
    }

    /// Goal: programs get the same as one object a line.
    #[test]
    fn json_says_the_same() {
        let (rules, driving, card) = (Rules::default(), Driving::default(), card());
        let pad = pad(&rules);
        let look = Look { card: &card, pad: &pad, rules: &rules, driving: &driving, used: true };
        let line: Value = serde_json::from_str(&look.json()).unwrap();
        assert_eq!(line["pressed"], json!(["south", "right_shoulder"]));
        assert_eq!((&line["wheels"], &line["left_stick"]), (&json!([1000, 1000]), &json!([0.0, 1.0])));
        let list: Value = serde_json::from_str(&list_json(&[(DriverId(5), card.clone())], &Choice::Off)).unwrap();
        assert_eq!(list["pads"][0]["id"], 5, "so that the lines that follow can be told apart");
        assert_eq!(list["pads"][0]["guid"], "03".repeat(16));
        assert_eq!(list["pads"][0]["drives"], false);
        assert!(!list_json(&[(DriverId(5), card.clone())], &Choice::Auto).contains('\n'));
        let gone: Value = serde_json::from_str(&plugged_json("unplugged", DriverId(5), &card, &Choice::Auto)).unwrap();
        assert_eq!((&gone["event"], &gone["id"]), (&json!("unplugged"), &json!(5)));
    }

    /// Goal: the table and the legend name every pad and every function.
    #[test]
    fn table_and_legend_name_everything() {
        let table = table(&[(DriverId(5), card())], &Choice::Named("xbox".to_owned())).join("\n");
        for words in ["GUID", "0303", "by its driver", "no: gamepad.use", "/dev/input/event5"] {
            assert!(table.contains(words), "{table}");
        }
        let legend = legend(&Rules::default()).join("\n");
        for words in ["stop: east", "seat: north", "turbo: right_shoulder", "slow: left_shoulder", "reset: start"] {
            assert!(legend.contains(words), "{legend}");
        }
    }
}
