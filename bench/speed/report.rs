//! What was found, as a list of figures; from it the tables of Markdown, the JSON, and what became of the goals.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::contestant::Contestant;
use super::goals::{self, Goal};
use super::statistics::Spread;

/// Figures of all rounds.
#[derive(Debug, Default)]
pub struct Report {
    figures: Vec<Figure>,
    notes: BTreeMap<&'static str, Vec<String>>,
}

/// One figure.
#[derive(Clone, Debug)]
pub struct Figure {
    /// Its table.
    pub table: &'static str,
    /// Its row: a contestant, or a manner of it.
    pub row: String,
    /// Its column.
    pub column: &'static str,
    /// One value a round.
    pub rounds: Vec<f64>,
}

impl Report {
    /// Adds a figure, one value a round. Tables, rows and columns stand in the order in which they were named first. A
    /// unit belongs into the column's name: `p50 ms`.
    pub fn add(&mut self, table: &'static str, row: &str, column: &'static str, rounds: Vec<f64>) {
        self.figures.push(Figure { table, row: row.to_owned(), column, rounds });
    }

    /// Adds a line below a table, once.
    pub fn note(&mut self, table: &'static str, text: impl Into<String>) {
        let (notes, text) = (self.notes.entry(table).or_default(), text.into());
        if !notes.contains(&text) {
            notes.push(text);
        }
    }

    /// A figure's spread, if it was measured.
    pub fn find(&self, table: &str, row: &str, column: &str) -> Option<Spread> {
        let figure = self.figures.iter().find(|f| (f.table, f.row.as_str(), f.column) == (table, row, column))?;
        Spread::of(&figure.rounds)
    }

    /// Everything as text for people. `machine` is what it was found on.
    pub fn markdown(&self, machine: &Value, rounds: usize) -> String {
        let mut text = String::new();
        let of = |key: &str| machine[key].as_str().map_or_else(|| machine[key].to_string(), str::to_owned);
        let mut line = |words: String| writeln!(text, "{words}").unwrap_or(());
        line(format!(
            "{} × {}, {}, {}; {}, Node.js {}; Joywire {} ({}), {}. {rounds} rounds, contestants in turns; each figure is the \
             median of rounds, with the least and the most of them.\n",
            of("cpus"),
            of("cpu"),
            of("memory"),
            of("kernel"),
            of("rustc"),
            of("node"),
            of("joywire"),
            of("commit"),
            of("date"),
        ));
        line("| contestant | |\n| --- | --- |".to_owned());
        for contestant in Contestant::ALL {
            line(format!("| {} | {} |", contestant.name(), contestant.describes()));
        }
        for table in unique(self.figures.iter().map(|figure| figure.table)) {
            self.table(table, &mut text);
        }
        self.goals(&mut text);
        text
    }

    fn table(&self, table: &'static str, text: &mut String) {
        let of = || self.figures.iter().filter(|figure| figure.table == table);
        let (rows, columns) = (unique(of().map(|f| f.row.clone())), unique(of().map(|f| f.column)));
        let mut line = |words: String| writeln!(text, "{words}").unwrap_or(());
        line(format!("\n## {table}\n\n| | {} |\n| --- |{}", columns.join(" | "), " ---: |".repeat(columns.len())));
        for row in rows {
            let cells = columns.iter().map(|column| self.find(table, &row, column).map_or(String::new(), shown));
            line(format!("| {row} | {} |", cells.collect::<Vec<_>>().join(" | ")));
        }
        let notes = self.notes.get(table).into_iter().flatten();
        notes.for_each(|note| line(format!("\n{note}")));
    }

    fn goals(&self, text: &mut String) {
        let judged: Vec<_> = goals::ALL.iter().filter_map(|goal| Some((goal, self.judge(goal)?))).collect();
        if judged.is_empty() {
            return;
        }
        let mut line = |words: String| writeln!(text, "{words}").unwrap_or(());
        line("\n## Goals\n\n| figure | goal | found | |\n| --- | --- | ---: | --- |".to_owned());
        for (goal, found) in judged {
            let met = if found <= goal.most { "met" } else { "missed" };
            line(format!("| {} | {} | {} | {met} |", goal.what, goal.words, digits(found)));
        }
    }

    /// What was found for a goal: a figure, or how many times another one it is.
    fn judge(&self, goal: &Goal) -> Option<f64> {
        let find = |(table, row, column): goals::Place| self.find(table, row, column).map(|spread| spread.median);
        let figure = find(goal.figure)?;
        match goal.against {
            None => Some(figure),
            Some(place) if goal.inverse => Some(find(place)? / figure),
            Some(place) => Some(figure / find(place)?),
        }
    }

    /// Everything as data.
    pub fn json(&self, machine: &Value, rounds: usize) -> Value {
        let figures: Vec<Value> = self
            .figures
            .iter()
            .map(|figure| {
                let Figure { table, row, column, rounds } = figure;
                let spread = Spread::of(rounds);
                json!({
                    "table": table, "row": row, "column": column, "rounds": rounds,
                    "median": spread.map(|s| s.median), "low": spread.map(|s| s.low), "high": spread.map(|s| s.high),
                })
            })
            .collect();
        let goals: Vec<Value> = goals::ALL
            .iter()
            .filter_map(|goal| {
                let found = self.judge(goal)?;
                Some(json!({ "figure": goal.what, "goal": goal.words, "found": found, "met": found <= goal.most }))
            })
            .collect();
        json!({ "machine": machine, "rounds": rounds, "figures": figures, "goals": goals, "notes": self.notes })
    }
}

fn unique<T: PartialEq>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut all = Vec::new();
    items.for_each(|item| {
        if !all.contains(&item) {
            all.push(item);
        }
    });
    all
}

fn shown(spread: Spread) -> String {
    let Spread { median, low, high } = spread;
    if low.total_cmp(&high).is_eq() {
        digits(median)
    } else {
        format!("{} ({}–{})", digits(median), digits(low), digits(high))
    }
}

/// Three digits that count, or whole numbers.
fn digits(value: f64) -> String {
    let places = match value.abs() {
        large if large >= 100.0 || large == 0.0 => 0,
        middle if middle >= 10.0 => 1,
        small if small >= 1.0 => 2,
        _ => 3,
    };
    format!("{value:.places$}")
}
