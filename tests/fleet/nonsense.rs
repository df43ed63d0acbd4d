//! Nonsense: whatever an agent says, or what looks like one, moves nobody else's robot and ends nobody else's connection.

use std::time::Duration;

use joywire::protocol::events::Role;
use joywire::protocol::uplink::{Enlist, Order, Remarked, Report, Samples};
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::crew::{Crew, Note};
use crate::leading::robots_here;
use crate::school::{School, robot};
use crate::socketio_client::{Client, Dial};

fn enlist(names: &[&str]) -> Value {
    let card = |name: &&str| json!({"name": name, "simulated": true, "wheels": "differential", "strafe": false});
    let robots: Vec<Value> = names.iter().map(card).collect();
    json!({"versions": {"min": 1, "max": 1}, "program": "nonsense", "robots": robots})
}

/// A connection that has said nothing of Joywire yet.
async fn knocks(dial: &Dial) -> Client {
    let mut client = dial.web_socket().await;
    client.raw("40{}").await;
    // What comes before the answer is not heard, but ends the connection.
    while !client.message().await.unwrap().to_string().starts_with("40") {}
    client
}

/// Somebody drives a robot elsewhere, and nothing of it may be felt there.
struct Bystander {
    crew: Crew,
    driver: Client,
    seq: u32,
}

impl Bystander {
    async fn new(school: &School) -> Self {
        let crew = Crew::new(school.agent("Pi").await, &["Blue"], 1);
        let phone = school.device(Role::Driver, "phone", None).await;
        robots_here(&mut phone.client().await, 1).await;
        let mut driver = phone.client_with(robot("Blue")).await;
        assert_eq!(driver.ask("seat", &[json!({"want": "take"})]).await[0]["ok"], true);
        Self { crew, driver, seq: 0 }
    }

    async fn drives(&mut self, after: &str) {
        self.seq += 1;
        let y = f64::from(self.seq % 100) / 100.0;
        self.driver.emit("drive", &[json!({"seq": self.seq, "x": 0.0, "y": y})]).await;
        let driver = self.driver.id();
        let mut before = self.crew.noted(0, &Note::Drive(driver, 0.0, y)).await;
        before.retain(|note| !matches!(note, Note::Gone(id) if *id != driver));
        assert_eq!(before, [], "after {after}");
        // Two events a round, of sixty that a client has in a second.
        sleep(Duration::from_millis(40)).await;
        self.driver.ask("echo", &[]).await;
        while let Some(event) = self.driver.event_now() {
            assert!(["telemetry", "history", "robots", "seat"].contains(&event.as_str()), "{event} after {after}");
        }
    }
}

/// Goal: an agent that does not enlist in the way that is agreed on is refused with a sentence and cut off; before that it has
/// no say.
#[tokio::test]
async fn who_enlists_wrongly_is_cut_off() {
    let school = School::open();
    let mut blue = Bystander::new(&school).await;
    let dial = school.device(Role::Agent, "rogue", None).await;
    let mut many = enlist(&["Red"]);
    many["robots"] = json!(vec![many["robots"][0].clone(); 17]);
    let with = |key: &str, value: Value| {
        let mut changed = enlist(&["Red"]);
        changed[key] = value;
        changed
    };
    for (what, arguments) in [
        ("nothing", vec![]),
        ("null", vec![Value::Null]),
        ("a number", vec![json!(1)]),
        ("no robots", vec![enlist(&[])]),
        ("robots that are no list", vec![with("robots", json!("Red"))]),
        ("a robot that is none", vec![with("robots", json!([null]))]),
        ("too many robots", vec![many]),
        ("an old version", vec![with("versions", json!({"min": 0, "max": 0}))]),
        ("a version of the future", vec![with("versions", json!({"min": 2, "max": 9}))]),
        ("a negative version", vec![with("versions", json!({"min": -1, "max": 9}))]),
        ("versions upside down", vec![with("versions", json!({"min": 9, "max": 0}))]),
        ("somebody else's robot", vec![enlist(&["blue"])]),
        ("a name of control characters", vec![enlist(&["\u{1b}[2J"])]),
    ] {
        let mut rogue = knocks(&dial).await;
        rogue.emit("report", &[json!({"robot": 0})]).await;
        rogue.emit("remark", &[json!({"robot": 0, "what": {"say": "notice", "text": "x"}})]).await;
        let answer = rogue.ask("enlist", &arguments).await.remove(0);
        let why = answer["why"].as_str().unwrap_or_default();
        println!("{what}: {why}");
        assert!(answer["ok"] == false && why.len() > 20 && !why.chars().any(char::is_control), "{what}: {answer}");
        rogue.ended().await;
        blue.drives(what).await;
    }
    let silent = knocks(&dial).await;
    let list = blue.driver.ask("robots", &[json!({"do": "list"})]).await.remove(0);
    assert_eq!(list["robots"].as_array().unwrap().len(), 1, "{list}");
    drop(silent);
}

/// Goal: an agent that is in speaks for its own robots only, whatever it says; what is too long ends its connection.
#[tokio::test]
async fn an_agent_speaks_for_its_own_robots_only() {
    let school = School::open();
    let mut blue = Bystander::new(&school).await;
    let dial = school.device(Role::Agent, "rogue", None).await;
    let mut rogue = knocks(&dial).await;
    assert_eq!(rogue.ask("enlist", &[enlist(&["Red"])]).await[0]["ok"], true);
    let (telemetry, driver) = (blue.driver.welcome["telemetry"].clone(), blue.driver.id());
    let seat = json!({"holder": {"id": driver, "name": "rogue"}, "epoch": 9, "queue": []});
    let report = |place: Value| json!({"robot": place, "telemetry": telemetry, "seat": seat});
    let refused = json!({"event": "drive", "code": "rogue", "why": "because"});
    let deep: Value = serde_json::from_str(&format!("{}1{}", "[".repeat(100), "]".repeat(100))).unwrap();
    for (event, argument) in [
        ("report", report(json!(0))),
        ("report", report(json!(1))),
        ("report", report(json!(u64::MAX))),
        ("report", report(json!(-1))),
        ("report", report(json!(0.5))),
        ("report", report(json!("Blue"))),
        ("report", report(deep.clone())),
        ("report", json!({"robot": 0, "telemetry": {"state": "flying"}, "seat": seat})),
        ("report", json!({"robot": 0, "telemetry": telemetry, "seat": {"holder": 1}})),
        ("remark", json!({"robot": 0, "what": {"say": "refused", "to": driver, "refused": refused}})),
        ("remark", json!({"robot": 1, "what": {"say": "notice", "text": "hear me"}})),
        ("remark", json!({"robot": 0, "what": {"say": "notice", "text": "a\u{1b}[2J"}})),
        ("remark", json!({"robot": 0, "what": {"say": "seat", "seat": seat}})),
        ("remark", json!({"robot": 0, "what": {"say": "reply", "data": deep}})),
        ("remark", json!({"robot": 0, "what": {"say": "sing"}})),
        ("enlist", enlist(&["Green"])),
        ("order", json!({"robot": 0, "from": {"id": driver, "name": "x"}, "role": "operator", "what": {"do": "gone"}})),
        ("samples", json!({"robot": 0, "samples": []})),
        ("drive", json!({"seq": 1, "x": 0.0, "y": 1.0, "epoch": 1})),
        ("direction", json!("up")),
        ("stop", json!({"reason": "rogue"})),
        ("seat", json!({"want": "take"})),
        ("robots", json!({"do": "stop"})),
        ("robots", json!({"do": "kick", "robot": "Blue"})),
        ("access", json!({"do": "invite", "role": "operator"})),
        ("chat", json!("hello")),
        ("telemetry", telemetry.clone()),
    ] {
        rogue.emit(event, std::slice::from_ref(&argument)).await;
        blue.drives(&format!("{event} {argument}")).await;
    }
    rogue.raw("451-[\"report\",{\"_placeholder\":true,\"num\":0}]").await;
    rogue.attachment(&[0xff; 100]).await;
    rogue.raw("42[\"report\",{\"robot\":0,\"telemetry\":NaN}]").await;
    blue.drives("binary data").await;
    let list = blue.driver.ask("robots", &[json!({"do": "list"})]).await.remove(0);
    let names: Vec<_> = list["robots"].as_array().unwrap().iter().map(|robot| robot["name"].clone()).collect();
    assert_eq!(names, ["Blue", "Red"]);
    assert_eq!(list["robots"][0]["holder"]["id"], driver);

    let mut rogue = knocks(&dial).await;
    rogue.ask("enlist", &[enlist(&["Green"])]).await;
    let long = "x".repeat(1_000_000);
    rogue.emit("report", &[json!({"robot": 0, "telemetry": long})]).await;
    rogue.ended().await;
    blue.drives("a megabyte").await;
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    let keys = "robots?|telemetry|seat|from|role|what|do|say|samples|drive|versions|min|max|instance|program|name|id";
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(keys, inner, 0..8).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

proptest! {
    /// Goal: no JSON crashes a parser of the uplink, on either side, and none that is not whole becomes an order.
    #[test]
    fn no_json_crashes_the_uplink(value in any_json()) {
        drop(serde_json::from_value::<Enlist>(value.clone()));
        drop(serde_json::from_value::<Report>(value.clone()));
        drop(serde_json::from_value::<Remarked>(value.clone()));
        // The parts of a struct may come by name, or all of them in their order.
        let part = |of: &Value, name: &str, place: usize| of.get(name).or(of.get(place)).cloned().unwrap_or_default();
        let order = serde_json::from_value::<Order>(value.clone());
        let (from, what) = (part(&value, "from", 1), part(&value, "what", 4));
        prop_assert!(order.is_err() || (part(&from, "id", 0).is_u64() && part(&what, "do", 0).is_string()));
        let samples = serde_json::from_value::<Samples>(value.clone());
        prop_assert!(samples.is_err() || part(&value, "samples", 1).is_array());
    }
}
