//! Leading: everybody is at the robot that they asked for, or at none, and hears and moves nothing else.

use joywire::journal::Doer;
use joywire::protocol::access::AccessRequest;
use joywire::protocol::events::{Direction, Role};
use serde_json::{Value, json};

use crate::crew::{Crew, Note};
use crate::house::comes;
use crate::school::{School, robot};
use crate::socketio_client::Client;

/// Where a client is, by what it was told last.
fn at(welcome: &Value) -> &str {
    welcome["robot"]["name"].as_str().unwrap()
}

fn sample(seq: u32, x: f64, y: f64) -> Value {
    json!({"seq": seq, "x": x, "y": y, "tick": null, "session": null, "epoch": 0})
}

/// Waits until the relay knows so many robots that are here.
pub async fn robots_here(client: &mut Client, count: usize) {
    comes("the robots", async || {
        let reply = client.ask("robots", &[json!({"do": "list"})]).await.remove(0);
        reply["robots"].as_array().unwrap().iter().filter(|robot| robot["here"] == true).count() == count
    })
    .await;
}

/// Goal: where there are several robots nobody is led to one that they did not name; whoever names one drives that alone.
/// STOP from somebody who has no robot stops them all.
#[tokio::test]
async fn nobody_is_led_to_a_robot_that_they_did_not_name() {
    let school = School::open();
    let mut crew = Crew::new(school.agent("Pi").await, &["Red", "Blue"], 1);
    let phone = school.device(Role::Driver, "phone", None).await;
    let mut lost = phone.client().await;
    robots_here(&mut lost, 2).await;
    drop(lost);

    let mut lost = phone.client().await;
    assert_eq!(at(&lost.welcome), "");
    let names: Vec<_> = lost.welcome["robots"].as_array().unwrap().iter().map(|one| one["name"].clone()).collect();
    assert_eq!(names, ["Red", "Blue"]);
    assert_eq!(lost.welcome["telemetry"]["reason"]["code"], "no_robot");
    lost.emit("drive", &[sample(1, 0.0, 1.0)]).await;
    let refused = lost.event_named("refused").await.remove(0);
    assert!(refused["code"] == "robot" && refused["why"].as_str().unwrap().contains("Red, Blue"), "{refused}");
    lost.emit("direction", &[json!("up")]).await;
    assert_eq!(lost.ask("seat", &[json!({"want": "take"})]).await[0]["ok"], false);

    // Capital letters and spaces do not matter.
    let mut blue = phone.client_with(robot(" BLUE")).await;
    assert_eq!(at(&blue.welcome), "Blue");
    blue.emit("drive", &[sample(1, 0.5, 0.25)]).await;
    assert_eq!(crew.noted(1, &Note::Drive(blue.id(), 0.5, 0.25)).await, []);
    let reply = lost.ask("stop", &[json!({"reason": "lost"})]).await.remove(0);
    assert_eq!(reply["ok"], true, "{reply}");
    let stop = Note::Stop(lost.id(), "lost".to_owned());
    assert_eq!((crew.noted(0, &stop).await, crew.noted(1, &stop).await), (vec![], vec![]));
}

/// Goal: whoever asks for a robot that is not there waits, moves nothing, and is led in by a second welcome when it comes;
/// whoever named none is not.
#[tokio::test]
async fn who_waits_for_a_robot_is_led_in_when_it_comes() {
    let school = School::open();
    let mut red = Crew::new(school.agent("Pi 1").await, &["Red"], 1);
    let mut watcher = school.device(Role::Viewer, "tablet", None).await.client().await;
    robots_here(&mut watcher, 1).await;
    let phone = school.device(Role::Driver, "phone", None).await;
    let mut waits = phone.client_with(robot("Green")).await;
    assert_eq!(at(&waits.welcome), "");
    let refused = waits.event_named("refused").await.remove(0);
    assert!(refused["why"].as_str().unwrap().contains("Green is not connected"), "{refused}");
    waits.emit("drive", &[sample(1, 0.0, 1.0)]).await;

    let mut green = Crew::new(school.agent("Pi 2").await, &["Green"], 2);
    let welcome = waits.event_named("welcome").await.remove(0);
    assert_eq!((at(&welcome), &welcome["you"]), ("Green", &waits.welcome["you"]));
    waits.emit("drive", &[sample(2, 0.0, 0.5)]).await;
    assert_eq!(green.noted(0, &Note::Drive(waits.id(), 0.0, 0.5)).await, []);
    drop(waits.newest("telemetry"));
    // It stays there while the robot is away, and is not led to another.
    green.leave().await;
    comes("the loss", async || {
        let lost = waits.event_named("telemetry").await.remove(0);
        lost["reason"]["code"] == "agent_absent"
    })
    .await;
    waits.emit("direction", &[json!("up")]).await;
    let refused = waits.event_named("refused").await.remove(0);
    assert!(refused["code"] == "agent_absent", "{refused}");
    let mut green = Crew::new(dial_again(&school, "Pi 2").await, &["green"], 3);
    comes("its return", async || waits.event_named("telemetry").await[0]["state"] == "ready").await;
    waits.emit("direction", &[json!("left")]).await;
    assert_eq!(green.noted(0, &Note::Direction(waits.id(), Direction::Left)).await, []);
    assert_eq!(red.unread(0), []);
}

/// The machine of that name is thrown out and let in again: with a new key it is another, and the name is free.
async fn dial_again(school: &School, name: &str) -> joywire::socketio::Dial {
    let id = school.number(name);
    assert!(school.gate.ask(AccessRequest::Revoke { id }, Doer::here()).await.ok);
    school.agent(name).await
}

/// Goal: a device that is for one robot is at that one or at none, whatever it asks for, and goes along when an operator says
/// another; operators go where they like.
#[tokio::test]
async fn device_for_a_robot_is_at_that_one_alone() {
    let school = School::open();
    let mut crew = Crew::new(school.agent("Pi").await, &["Red", "Blue"], 1);
    let mut operator = school.device(Role::Operator, "teacher", Some("Red")).await.client_with(robot("Blue")).await;
    robots_here(&mut operator, 2).await;
    let phone = school.device(Role::Driver, "phone", Some("Red")).await;
    let mut red = phone.client().await;
    assert_eq!(at(&red.welcome), "Red");
    let mut strays = phone.client_with(robot("Blue")).await;
    assert_eq!(at(&strays.welcome), "");
    let refused = strays.event_named("refused").await.remove(0);
    assert!(refused["why"].as_str().unwrap().contains("for Red alone"), "{refused}");
    strays.emit("drive", &[sample(1, 0.0, 1.0)]).await;
    assert_eq!(strays.ask("seat", &[json!({"want": "take"})]).await[0]["ok"], false);
    let teacher = school.device(Role::Operator, "second teacher", Some("Red")).await;
    assert_eq!(at(&teacher.client_with(robot("Blue")).await.welcome), "Blue");
    assert_eq!(at(&teacher.client().await.welcome), "Red");

    red.emit("drive", &[sample(1, 0.0, 0.5)]).await;
    crew.noted(0, &Note::Drive(red.id(), 0.0, 0.5)).await;
    let assign = |robot| json!({"do": "assign", "id": school.number("phone"), "robot": robot});
    assert_eq!(operator.ask("access", &[assign("Blue")]).await[0]["ok"], true);
    // It leaves Red at once, and comes back to Blue.
    crew.noted(0, &Note::Gone(red.id())).await;
    red.ended().await;
    let mut blue = phone.client().await;
    assert_eq!(at(&blue.welcome), "Blue");
    blue.emit("drive", &[sample(1, 0.0, 0.25)]).await;
    let before = crew.noted(1, &Note::Drive(blue.id(), 0.0, 0.25)).await;
    assert!(before.iter().all(|note| matches!(note, Note::Gone(_))), "{before:?}");
    // What changes nothing for it is not felt.
    assert_eq!(operator.ask("access", &[assign("blue")]).await[0]["ok"], true);
    blue.emit("drive", &[sample(2, 0.0, 0.125)]).await;
    assert_eq!(crew.noted(1, &Note::Drive(blue.id(), 0.0, 0.125)).await, []);
}

/// The next thing that is said to a client, snapshots and lists apart.
async fn hears(client: &mut Client) -> (String, Vec<Value>) {
    loop {
        let (name, arguments) = client.event().await.unwrap();
        if !["telemetry", "history", "seat", "robots", "access", "refused"].contains(&name.as_str()) {
            return (name, arguments);
        }
    }
}

/// Goal: what people say at one robot, presses and invented topics too, is heard by those at that robot and by no one else.
#[tokio::test]
async fn talk_stays_at_one_robot() {
    let school = School::open();
    let mut crew = Crew::new(school.agent("Pi").await, &["Red", "Blue"], 1);
    let phone = school.device(Role::Driver, "phone", None).await;
    robots_here(&mut phone.client().await, 2).await;
    let (mut one, mut two) = (phone.client_with(robot("Red")).await, phone.client_with(robot("Red")).await);
    let (mut blue, mut lost) = (phone.client_with(robot("Blue")).await, phone.client().await);
    for (event, argument) in [("chat", "hello"), ("direction", "up"), ("wave", "hand")] {
        one.emit(event, &[json!(argument)]).await;
        for client in [&mut one, &mut two] {
            assert_eq!(hears(client).await, (event.to_owned(), vec![json!([argument])]));
        }
    }
    crew.noted(0, &Note::Direction(one.id(), Direction::Up)).await;
    // Had they heard any of it, it would be before their own words.
    for client in [&mut blue, &mut lost] {
        client.emit("chat", &[json!("own")]).await;
        assert_eq!(hears(client).await, ("chat".to_owned(), vec![json!(["own"])]));
    }
    assert_eq!(crew.noted(1, &Note::Chat(blue.id())).await, []);
    assert!(!crew.unread(0).iter().any(|note| matches!(note, Note::Chat(id) if *id != one.id())));
}
