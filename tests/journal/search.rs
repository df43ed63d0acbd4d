//! Searching the log: as a page does it, and against a plain comparison with every entry.

use joywire::journal::filter::{Device, Filter};
use joywire::journal::row::Row;
use joywire::journal::{Doer, Kind, Record};
use joywire::protocol::events::Role;
use joywire::protocol::journal::{LogReply, LogRequest};

use crate::random::Random;
use crate::rig::{Rig, chat};

const WORDS: [&str; 8] = ["hello", "HELLO", "Jürgen", "JÜRGEN", "50%", "a_b", "", "back\\slash"];
const KINDS: [Kind; 5] = [Kind::Chat, Kind::Stop, Kind::Seat, Kind::Gap, Kind::Connection];
const ROBOTS: [&str; 3] = ["Rover", "rover", ""];

fn record(random: &mut Random) -> Record {
    let one = |random: &mut Random, of: &[&str]| of[usize::try_from(random.below(of.len() as u64)).unwrap()].to_owned();
    let kind = KINDS[usize::try_from(random.below(5)).unwrap()];
    let text = format!("{} {}", one(random, &WORDS), one(random, &WORDS));
    let record = Record::new(kind, text).of(&one(random, &ROBOTS));
    if random.below(3) == 0 {
        return record;
    }
    let device = Some(random.below(4)).filter(|device| *device > 0);
    record.by(Doer { name: one(random, &WORDS), role: Some(Role::Driver), device })
}

fn filter(random: &mut Random, rows: &[Row]) -> Filter {
    let any = |random: &mut Random| usize::try_from(random.below(rows.len() as u64)).unwrap();
    let mut filter = Filter::default();
    if random.below(2) == 0 {
        WORDS[usize::try_from(random.below(8)).unwrap()].clone_into(&mut filter.text);
    }
    (0..random.below(4)).for_each(|_| filter.events.push(KINDS[usize::try_from(random.below(5)).unwrap()]));
    if random.below(3) == 0 {
        filter.robot = Some(ROBOTS[usize::try_from(random.below(3)).unwrap()].to_owned());
    }
    filter.device = match random.below(5) {
        0 => Some(Device::Number(random.below(4))),
        1 => Some(Device::Name("jürgen".to_owned())),
        _ => None,
    };
    filter.since_ms = (random.below(3) == 0).then(|| rows[any(random)].at_ms);
    filter.until_ms = (random.below(3) == 0).then(|| rows[any(random)].at_ms);
    filter.before = (random.below(4) == 0).then(|| rows[any(random)].id);
    filter.after = (random.below(4) == 0).then(|| rows[any(random)].id);
    filter
}

/// Goal: by whatever way the file is searched, it finds what a look at every entry finds.
#[test]
fn every_way_through_the_file_finds_the_same() {
    let seed =
        std::env::var("JOYWIRE_SEED").map_or_else(|_| u64::from(std::process::id()), |seed| seed.parse().unwrap());
    println!("JOYWIRE_SEED={seed}");
    let mut random = Random::new(seed);
    let rig = Rig::new();
    let journal = rig.open();
    for _ in 0..400 {
        journal.note(record(&mut random));
        std::thread::sleep(std::time::Duration::from_micros(200));
    }
    rig.close(&journal);
    let rows = rig.rows();
    assert_eq!(rows.len(), 400);
    assert!(rows.last().unwrap().at_ms > rows[0].at_ms + 50);
    let (mut reader, mut some) = (rig.reader(), 0);
    for _ in 0..1500 {
        let filter = filter(&mut random, &rows);
        let most = usize::try_from(random.between(1, 60)).unwrap();
        let fit: Vec<&Row> = rows.iter().filter(|row| filter.admits(row)).collect();
        let (found, more) = reader.newest(&filter, most).unwrap();
        let newest = &fit[fit.len().saturating_sub(most)..];
        assert_eq!((found.iter().collect::<Vec<_>>(), more), (newest.to_vec(), fit.len() > most), "{filter:?}");
        let mut all = Vec::new();
        reader
            .each(&filter, |row| -> Result<bool, joywire::journal::trouble::Trouble> {
                all.push(row);
                Ok(true)
            })
            .unwrap();
        assert_eq!(all.iter().collect::<Vec<_>>(), fit, "{filter:?}");
        some += usize::from(!fit.is_empty());
    }
    assert!(some > 300, "only {some} searches found anything");
}

/// Goal: a page sees the newest first, turns pages until there are no more, and is told what is nonsense.
#[test]
fn a_page_turns_pages() {
    let rig = Rig::new();
    let journal = rig.open();
    let ask = |request: LogRequest| -> LogReply { rig.runtime.block_on(journal.search(request)) };
    // Before there is anything.
    assert!(ask(LogRequest::default()).ok);
    (0..120).for_each(|number| journal.note(chat(&number.to_string())));
    rig.until("it is written", &journal, |counts| counts.written >= 120);
    let first = ask(LogRequest::default());
    let texts = |reply: &LogReply| reply.entries.iter().map(|entry| entry.text.clone()).collect::<Vec<_>>();
    assert_eq!(texts(&first), (70..120).map(|number| number.to_string()).collect::<Vec<_>>());
    assert!(first.ok && first.more);
    let second = ask(LogRequest { before: Some(first.entries[0].id), most: Some(100), ..LogRequest::default() });
    assert_eq!(texts(&second), (0..70).map(|number| number.to_string()).collect::<Vec<_>>());
    assert!(!second.more);
    assert_eq!((second.entries[0].who.as_deref(), second.entries[0].device), (Some("Ada"), Some(7)));
    let bad = ask(LogRequest { events: vec!["drive".into()], ..LogRequest::default() });
    assert!(!bad.ok && bad.why.unwrap().contains("“drive”"));
    let none = ask(LogRequest { text: "nowhere".into(), ..LogRequest::default() });
    assert!(none.ok && none.entries.is_empty() && !none.more);
    // More at once than there are places: each gets an answer.
    let many: Vec<_> = (0..100).map(|_| journal.search(LogRequest::default())).collect();
    let answers: Vec<LogReply> = many.into_iter().map(|one| rig.runtime.block_on(one)).collect();
    assert!(answers.iter().any(|reply| reply.ok) && answers.iter().all(|reply| reply.ok || reply.why.is_some()));
    rig.close(&journal);
}
