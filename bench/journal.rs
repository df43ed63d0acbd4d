//! Figures of the message log: a million messages in, out, and proved. `cargo bench --bench journal [COUNT]`

#![expect(clippy::unwrap_used, reason = "whoever measures may stop at the first surprise")]
#![expect(clippy::disallowed_methods, reason = "it measures real time")]
#![expect(clippy::print_stdout, reason = "figures are all that it is for")]

use std::time::{Duration, Instant};

use joywire::journal::filter::{Device, Filter};
use joywire::journal::reader::Reader;
use joywire::journal::{Counts, Doer, Journal, Kind, Record, Retention, Settings};
use joywire::protocol::events::Role;
use serde_json::json;
use tokio::runtime::{Builder, Runtime};

/// What a class says.
const SAID: [&str; 5] = ["left a bit", "watch out for the chair!", "whose turn is it?", "got it", "look, it dances"];
/// So many may wait before the next is made: none is to be lost.
const AHEAD: u64 = 8000;

fn main() {
    let count = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(1_000_000u64);
    let home = tempfile::tempdir().unwrap();
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    let open = || {
        let retention = Retention { days: 36_500, bytes: 1 << 40 };
        let settings = Settings { data: home.path().to_owned(), program: "bench".into(), retention };
        Journal::open(settings).unwrap()
    };
    let journal = open();
    let began = Instant::now();
    let mut each = Vec::new();
    for number in 0..count {
        if number % 1000 == 0 {
            until(&journal, |counts| counts.waiting < AHEAD);
        }
        let record = record(number);
        let before = Instant::now();
        journal.note(record);
        each.push(before.elapsed());
    }
    until(&journal, |counts| counts.waiting == 0);
    let took = began.elapsed();
    assert_eq!(journal.counts().lost, 0);
    let per_second = u128::from(count) * 1000 / took.as_millis().max(1);
    say("entries", &count.to_string());
    say("written", &format!("{took:.1?}, {per_second} a second"));
    each.sort_unstable();
    let part = |share: usize| each[(each.len() - 1) * share / 1000];
    say(
        "a note, as its caller waits",
        &format!("median {:?}, 99.9 % {:?}, longest {:?}", part(500), part(999), part(1000)),
    );
    kept(&journal, &runtime);
    let began = Instant::now();
    assert!(runtime.block_on(journal.close(Duration::from_mins(1))));
    say("closed", &format!("{:.0?}", began.elapsed()));
    let bytes = std::fs::metadata(home.path().join("log/log.sqlite")).unwrap().len();
    say("its file", &format!("{} MiB, {} bytes an entry", bytes >> 20, bytes / count));
    let began = Instant::now();
    let journal = open();
    runtime.block_on(journal.keep(record(0)));
    say("opened, checked, first entry kept", &format!("{:.0?}", began.elapsed()));
    assert!(runtime.block_on(journal.close(Duration::from_mins(1))));
    ask(&mut Reader::below(home.path()));
}

/// How long whoever waits for a record waits.
fn kept(journal: &Journal, runtime: &Runtime) {
    let mut each: Vec<Duration> = (0..200)
        .map(|number| {
            let before = Instant::now();
            runtime.block_on(journal.keep(record(number)));
            before.elapsed()
        })
        .collect();
    each.sort_unstable();
    say("a record that is waited for", &format!("median {:.1?}, longest {:.1?}", each[100], each[199]));
}

fn ask(reader: &mut Reader) {
    let all = Filter::default();
    let last = reader.newest(&all, 1).unwrap().0[0].at_ms;
    let first = reader.newest(&Filter { before: Some(2), ..all.clone() }, 1).unwrap().0[0].at_ms;
    let thirtieth = (last - first) / 30;
    let text = |text: &str| Filter { text: text.into(), ..Filter::default() };
    let (since, until) = (Some(first + 3 * thirtieth), Some(first + 4 * thirtieth));
    for (what, filter, most) in [
        ("the last 50", all.clone(), 50),
        ("the last 50 with a word of every fifth", text("DANCES"), 50),
        ("a word that nobody said", text("nowhere"), 50),
        ("the last 50 of a rare event (every thousandth)", Filter { events: vec![Kind::Stop], ..all.clone() }, 50),
        ("the last 50 of two events", Filter { events: vec![Kind::Stop, Kind::Chat], ..all.clone() }, 50),
        ("the last 50 of one of 30 devices", Filter { device: Some(Device::Number(7)), ..all.clone() }, 50),
        ("the last 50 of a robot", Filter { robot: Some("Rover".into()), ..all.clone() }, 50),
        ("the last 50 of a day, a thirtieth of all", Filter { since_ms: since, until_ms: until, ..all.clone() }, 50),
        ("all of that day", Filter { since_ms: since, until_ms: until, ..all }, usize::MAX),
    ] {
        let began = Instant::now();
        let (found, _) = reader.newest(&filter, most).unwrap();
        say(what, &format!("{:.1?} ({} found)", began.elapsed(), found.len()));
    }
    let began = Instant::now();
    assert_eq!(reader.verify().unwrap().broken, None);
    say("verified", &format!("{:.1?}", began.elapsed()));
}

fn record(number: u64) -> Record {
    let place = usize::try_from(number).unwrap();
    let doer = Doer { name: format!("Phone {}", number % 30), role: Some(Role::Driver), device: Some(number % 30) };
    let kind = if number % 1000 == 999 { Kind::Stop } else { Kind::Chat };
    Record::new(kind, SAID[place % SAID.len()]).of("Rover").by(doer).with(json!({"seq": number}))
}

fn until(journal: &Journal, holds: impl Fn(Counts) -> bool) {
    while !holds(journal.counts()) {
        std::thread::sleep(Duration::from_micros(200));
    }
}

fn say(what: &str, figure: &str) {
    println!("{what:<48} {figure}");
}
