//! A class: five robots, each with its agent, and thirty phones, all at one relay.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout_at};
use tokio_rustls::client::TlsStream;

use crate::agent::Agent;
use crate::house::{House, comes};
use crate::phone::{paired, show, with};
use crate::robot::{Robot, Seen};
use crate::school::robot;
use crate::socketio_client::{Client, Dial};

/// Each robot is driven in a way of its own, so that its motors tell whose commands reach it.
const ROBOTS: [(&str, (f64, f64)); 5] = [
    ("Red", (0.0, 1.0)),
    ("Blue", (0.0, -1.0)),
    ("Green", (-1.0, 0.0)),
    ("Orange", (1.0, 0.0)),
    ("Violet", (0.0, 0.4)),
];
const PHONES: usize = 30;
/// A page comes over so many connections at once.
const LOADING: usize = 6;
/// Pupils are not that quick.
const LOADED_WITHIN: Duration = Duration::from_secs(2);
const SAMPLE_EVERY: Duration = Duration::from_millis(33);
/// STOP for all latches each robot within this, and wheels rest this long after the last sample.
const PROMISE: Duration = Duration::from_millis(250);

/// Whether that is how this robot is driven.
fn fits(robot: usize, [left, right]: [i16; 2]) -> bool {
    match robot {
        0 => left >= 0 && right >= 0,
        1 => left <= 0 && right <= 0,
        2 => left <= 0 && right >= 0,
        3 => left >= 0 && right <= 0,
        _ => (0..=500).contains(&left) && (0..=500).contains(&right),
    }
}

/// What the phones of one robot saw of it.
#[derive(Debug, Default)]
struct Lesson {
    /// Times that one of them drove.
    drives: AtomicU64,
    /// Times that one of them found no place at once.
    turned_away: AtomicU64,
    /// Times that one of them came, and came back.
    visits: AtomicU64,
    /// The longest that one waited for the next snapshot while this was looked at, ms.
    gap: AtomicU64,
    /// The oldest command that the robot told of, ms.
    age: AtomicU64,
}

#[derive(Debug, Default)]
struct Room {
    lessons: [Lesson; 5],
    looks: AtomicBool,
    over: AtomicBool,
}

/// A pupil's phone.
#[derive(Clone)]
struct Phone {
    dial: Dial,
    robot: usize,
    /// Whether its device is for that robot; else it says each time which it wants.
    is_bound: bool,
    random: u32,
}

impl Phone {
    fn random(&mut self, below: u32) -> u32 {
        self.random = self.random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.random >> 8) % below
    }

    fn some_ms(&mut self, from: u32, to: u32) -> Duration {
        Duration::from_millis(u64::from(from + self.random(to - from)))
    }

    /// Comes to its robot, and to no other.
    async fn come(&self, room: &Room) -> Client {
        let (name, _) = ROBOTS[self.robot];
        let client = loop {
            // Where thirty come in the same moment, who is not known yet may have to try again, as pages do.
            if let Some(client) = self.dial.try_client_with(if self.is_bound { json!({}) } else { robot(name) }).await {
                break client;
            }
            room.lessons[self.robot].turned_away.fetch_add(1, Ordering::Relaxed);
            sleep(Duration::from_millis(100)).await;
        };
        assert_eq!(client.welcome["robot"]["name"], name, "a phone landed at another robot");
        room.lessons[self.robot].visits.fetch_add(1, Ordering::Relaxed);
        client
    }

    /// Loads the page as a browser does: first its text, then all else over more connections, which it keeps for a while.
    async fn load(&self) -> Vec<TlsStream<TcpStream>> {
        sleep(LOADED_WITHIN.mul_f64(f64::from(self.random % 100) / 100.0)).await;
        let mut kept = vec![self.fetch("/").await];
        kept.extend(join_all((1..LOADING).map(|_| self.fetch("/main.js"))).await);
        kept
    }

    async fn fetch(&self, path: &str) -> TlsStream<TcpStream> {
        let mut stream = self.dial.tls().await.expect("the relay has a place for every page");
        let (host, session) = (self.dial.host(), self.dial.session.as_ref().unwrap());
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nCookie: {session}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.expect("an answer");
        assert_eq!(&answer, b"HTTP/1.1 200", "{path}");
        stream
    }

    /// Looks on, drives when the seat is free, and comes again now and then, until the lesson is over.
    async fn attend(mut self, room: Arc<Room>) {
        let mut client = self.come(&room).await;
        while !room.over.load(Ordering::Relaxed) {
            let until = Instant::now() + self.some_ms(30, 400);
            let mut telemetry = look(&mut client, &room.lessons[self.robot], &room.looks, until).await;
            if self.random(6) == 0 {
                drop(client);
                client = self.come(&room).await;
                continue;
            }
            let taken = client.ask("seat", &[json!({"want": "take"})]).await.remove(0);
            if taken["ok"] != true {
                continue;
            }
            let ((x, y), start) = (ROBOTS[self.robot].1, Instant::now());
            // Released first, then pushed, then let go.
            let (push, end) = (Duration::from_millis(300), self.some_ms(600, 1000));
            for seq in 1_u32.. {
                let pushed = (push..end).contains(&start.elapsed());
                let (x, y) = if pushed { (x, y) } else { (0.0, 0.0) };
                let (tick, session) = (&telemetry["tick"], &telemetry["session"]);
                let epoch = &taken["seat"]["epoch"];
                let sample = json!({"seq": seq, "x": x, "y": y, "tick": tick, "session": session, "epoch": epoch});
                client.emit("drive", &[sample]).await;
                if start.elapsed() > end {
                    break;
                }
                let until = Instant::now() + SAMPLE_EVERY;
                let newer = look(&mut client, &room.lessons[self.robot], &room.looks, until).await;
                if !newer.is_null() {
                    telemetry = newer;
                }
            }
            room.lessons[self.robot].drives.fetch_add(1, Ordering::Relaxed);
            client.ask("seat", &[json!({"want": "release"})]).await;
        }
    }
}

/// Reads what comes until then; the newest snapshot.
async fn look(client: &mut Client, lesson: &Lesson, looks: &AtomicBool, until: Instant) -> Value {
    let (mut newest, mut last) = (Value::Null, None);
    while let Ok(event) = timeout_at(until.into(), client.event()).await {
        let (name, mut arguments) = event.expect("nobody is thrown out");
        if name != "telemetry" {
            continue;
        }
        newest = arguments.remove(0);
        let now = Instant::now();
        if looks.load(Ordering::Relaxed) {
            let waited = last.map_or(Duration::ZERO, |last| now - last);
            lesson.gap.fetch_max(u64::try_from(waited.as_millis()).unwrap(), Ordering::Relaxed);
            if newest["state"] == "driving" {
                lesson.age.fetch_max(newest["age_ms"].as_u64().unwrap_or(0), Ordering::Relaxed);
            }
        }
        last = Some(now);
    }
    newest
}

/// Thirty phones that were let in; every other one is for its robot alone.
async fn phones(house: &House, operator: &mut Client) -> Vec<Phone> {
    let mut phones = Vec::new();
    for number in 0..PHONES {
        let (robot, is_bound) = (number % ROBOTS.len(), number % 2 == 0);
        let home = if is_bound { json!(ROBOTS[robot].0) } else { Value::Null };
        let invite = json!({"do": "invite", "role": "driver", "robot": home});
        let invited = operator.ask("access", &[invite]).await.remove(0);
        // A phone has an address of its own.
        let dial = Dial { from: [127, 0, 5, u8::try_from(number + 1).unwrap()].into(), ..house.dial() };
        let (status, answer, cookie) = show(&dial, invited["invite"]["url"].as_str().unwrap(), "pupil").await;
        assert_eq!(status, 200, "{answer}");
        let random = u32::try_from(number).unwrap() * 7919 + 1;
        phones.push(Phone { dial: with(&dial, &cookie.unwrap()), robot, is_bound, random });
        // An operator, too, may ask only so often.
        sleep(Duration::from_millis(20)).await;
    }
    phones
}

/// Holds what the motors did against how each robot is driven.
fn judge(robots: &[Robot]) -> Vec<Seen> {
    let seen: Vec<Seen> = robots.iter().map(Robot::seen).collect();
    for (robot, seen) in seen.iter().enumerate() {
        let name = ROBOTS[robot].0;
        let stray = seen.turned.iter().find(|(_, sides)| !fits(robot, *sides));
        assert_eq!(stray, None, "{name} did what another robot was told");
    }
    seen
}

fn moved_ms(seen: &Seen) -> usize {
    seen.turned.len()
}

/// Goal: thirty phones load their pages at once and drive five robots in turns, coming and going: every command reaches the
/// motors of its own robot only. An agent that is killed leaves the four others undisturbed, and its phones wait for it. STOP
/// for all latches all five within 250 ms, by their own word.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::too_many_lines, reason = "one lesson, from the first phone to the last latch")]
async fn every_command_reaches_its_own_robot_only() {
    let house = House::open(&["--confirm", "no"]);
    let robots: Vec<Robot> = ROBOTS.iter().map(|_| Robot::new()).collect();
    let agents: Vec<Agent> =
        robots.iter().zip(ROBOTS).map(|(robot, (name, _))| Agent::new(&house, name, robot.path())).collect();
    let mut programs: Vec<_> = agents.iter().map(|agent| agent.joins(&house)).collect();
    let teacher = paired(&house, "operator", "teacher").await;
    let mut operator = teacher.client().await;
    assert_eq!(operator.welcome["robots"].as_array().unwrap().len(), 5);
    let phones = phones(&house, &mut operator).await;

    let began = Instant::now();
    let kept = join_all(phones.iter().map(Phone::load)).await;
    let (connections, took) = (kept.iter().map(Vec::len).sum::<usize>(), began.elapsed());
    println!("{PHONES} phones loaded the page over {connections} connections in {took:.1?}");
    let (room, mut lesson) = (Arc::new(Room::default()), JoinSet::new());
    for phone in phones {
        lesson.spawn(phone.attend(room.clone()));
    }
    sleep(Duration::from_secs(8)).await;
    drop(kept);
    for (number, seen) in judge(&robots).iter().enumerate() {
        let (name, lesson) = (ROBOTS[number].0, &room.lessons[number]);
        let (drives, visits) = (lesson.drives.load(Ordering::Relaxed), lesson.visits.load(Ordering::Relaxed));
        let away = lesson.turned_away.load(Ordering::Relaxed);
        println!(
            "{name}: driven {drives} times, its motors turned {} ms, {visits} visits, {away} on the second try",
            moved_ms(seen)
        );
        assert!(drives >= 3 && moved_ms(seen) >= 300, "{name} was hardly driven: {drives}, {}", moved_ms(seen));
    }

    // One agent is killed.
    room.looks.store(true, Ordering::Relaxed);
    let visits = room.lessons[2].visits.load(Ordering::Relaxed);
    programs[2].signal(Signal::KILL);
    let killed = Instant::now();
    sleep(Duration::from_secs(4)).await;
    room.looks.store(false, Ordering::Relaxed);
    let seen = judge(&robots);
    let late = seen[2].turned.iter().map(|(at, _)| at.saturating_duration_since(killed)).max().unwrap_or_default();
    println!("killed: the motors of {} turned {} ms longer at most", ROBOTS[2].0, late.as_millis());
    assert!(late <= PROMISE, "{late:?}");
    for number in [0, 1, 3, 4] {
        let (name, lesson) = (ROBOTS[number].0, &room.lessons[number]);
        let (gap, age) = (lesson.gap.load(Ordering::Relaxed), lesson.age.load(Ordering::Relaxed));
        println!(
            "meanwhile {name}: turned {} ms, snapshots at most {gap} ms apart, commands at most {age} ms old",
            moved_ms(&seen[number])
        );
        assert!(moved_ms(&seen[number]) >= 300 && gap <= 1000 && age <= 230, "{name} was disturbed");
    }
    assert!(room.lessons[2].visits.load(Ordering::Relaxed) > visits, "nobody came to the robot that is away");
    programs[2] = agents[2].start();
    programs[2].says("the relay has our robots");
    sleep(Duration::from_secs(3)).await;
    let seen = judge(&robots);
    assert!(moved_ms(&seen[2]) > 0, "{} is not driven any more", ROBOTS[2].0);

    // Everybody drives; an operator, who is in the lobby, stops all.
    let mut operator = teacher.client().await;
    let pressed = Instant::now();
    let reply = operator.ask("robots", &[json!({"do": "stop", "reason": "lunch"})]).await.remove(0);
    println!("STOP for all was confirmed after {} ms", pressed.elapsed().as_millis());
    assert_eq!(reply["ok"], true, "{reply}");
    comes("the latches", async || robots.iter().all(|robot| robot.seen().latched.is_some())).await;
    sleep(2 * PROMISE).await;
    for (robot, (name, _)) in robots.iter().zip(ROBOTS) {
        let after = robot.seen().latched.unwrap() - pressed;
        println!("{name} latched after {} ms", after.as_millis());
        assert!(after <= PROMISE, "{name}: {after:?}");
    }
    for robot in &robots {
        drop(robot.seen());
    }
    sleep(Duration::from_secs(1)).await;
    assert!(robots.iter().all(|robot| robot.seen().turned.is_empty()), "one moves while it is latched");
    room.over.store(true, Ordering::Relaxed);
    while let Some(ended) = lesson.join_next().await {
        ended.unwrap();
    }
}
