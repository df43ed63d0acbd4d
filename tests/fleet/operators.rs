//! Operators: they see all robots, stop all, and take a seat from whoever drives; nobody else does.

use joywire::protocol::events::Role;
use serde_json::{Value, json};

use crate::crew::{Crew, Note};
use crate::leading::robots_here;
use crate::school::{School, robot};
use crate::socketio_client::Client;

async fn robots(client: &mut Client, request: Value) -> Value {
    client.ask("robots", &[request]).await.remove(0)
}

async fn takes(client: &mut Client) -> Value {
    client.ask("seat", &[json!({"want": "take"})]).await.remove(0)
}

/// Goal: everybody sees which robots there are; viewers and drivers neither stop all nor take seats from others.
#[tokio::test]
async fn only_operators_decide_about_all() {
    let school = School::open();
    let mut crew = Crew::new(school.agent("Pi").await, &["Red", "Blue"], 1);
    for role in [Role::Viewer, Role::Driver] {
        let mut client = school.device(role, "phone", None).await.client_with(robot("Red")).await;
        robots_here(&mut client, 2).await;
        let list = robots(&mut client, json!({"do": "list"})).await;
        assert_eq!((&list["ok"], list["robots"].as_array().unwrap().len()), (&json!(true), 2), "{list}");
        for request in [json!({"do": "stop"}), json!({"do": "kick", "robot": "Red"}), json!({"do": "sing"})] {
            let reply = robots(&mut client, request.clone()).await;
            assert!(reply["ok"] == false && reply["why"].is_string(), "{role:?} {request}: {reply}");
        }
        let reply = client.ask("seat", &[json!({"want": "clear"})]).await.remove(0);
        assert_eq!(reply["ok"], false, "{reply}");
    }
    assert!(!crew.unread(0).iter().chain(&crew.unread(1)).any(|note| matches!(note, Note::Stop(..))));
}

/// Goal: recordings of a robot whose agent is elsewhere are told to operators as lying there, not here.
#[tokio::test]
async fn recordings_elsewhere_are_not_here() {
    let school = School::open();
    let _crew = Crew::new(school.agent("Pi").await, &["Red", "Blue"], 1);
    let mut operator = school.device(Role::Operator, "teacher", None).await.client_with(robot("Red")).await;
    robots_here(&mut operator, 2).await;
    let reply = operator.ask("recordings", &[json!({"do": "list"})]).await.remove(0);
    let told = &reply["recordings"][0];
    assert!(reply["ok"] == true && told["name"] == "red-1.mcap" && told["here"] == false, "{reply}");
}

/// Goal: whose seat an operator took does not drive for half a minute, also not by another tab or after loading the page
/// again, while everybody else may.
#[tokio::test]
async fn who_was_kicked_sits_out() {
    let school = School::open();
    let mut crew = Crew::new(school.agent("Pi").await, &["Red", "Blue"], 1);
    let phone = school.device(Role::Driver, "phone", None).await;
    let mut operator = school.device(Role::Operator, "teacher", None).await.client().await;
    robots_here(&mut operator, 2).await;
    let mut driver = phone.client_with(robot("Red")).await;
    let mut other = school.device(Role::Driver, "other phone", None).await.client_with(robot("Red")).await;
    assert_eq!(takes(&mut driver).await["ok"], true);
    assert_eq!(takes(&mut other).await["ok"], false);
    let reply = robots(&mut operator, json!({"do": "kick", "robot": "Green"})).await;
    assert!(reply["why"].as_str().unwrap().contains("no robot of that name"), "{reply}");
    let reply = robots(&mut operator, json!({"do": "kick", "robot": "red"})).await;
    assert_eq!(reply["ok"], true, "{reply}");
    while driver.event_named("seat").await[0]["holder"] != json!(null) {}

    let reply = takes(&mut driver).await;
    assert!(reply["ok"] == false && reply["why"].as_str().unwrap().contains("drive again in 30 s"), "{reply}");
    driver.emit("drive", &[json!({"seq": 1, "x": 0.0, "y": 1.0})]).await;
    driver.emit("direction", &[json!("up")]).await;
    assert_eq!(driver.event_named("refused").await[0]["code"], "grounded");
    // The page is loaded again; another robot is chosen.
    drop(driver);
    for name in ["Red", "Blue"] {
        let mut again = phone.client_with(robot(name)).await;
        let reply = takes(&mut again).await;
        assert_eq!(reply["ok"], false, "{name}: {reply}");
    }
    assert_eq!(takes(&mut other).await["ok"], true);
    other.emit("drive", &[json!({"seq": 1, "x": 0.0, "y": 0.5})]).await;
    let before = crew.noted(0, &Note::Drive(other.id(), 0.0, 0.5)).await;
    assert!(before.iter().all(|note| matches!(note, Note::Gone(_))), "{before:?}");
}

/// Goal: STOP for all reaches every robot, and says which have not confirmed; one whose agent is away is stopped when that
/// comes back, whatever became of the operator.
#[tokio::test]
async fn stop_for_all_is_owed_to_those_who_are_away() {
    let school = School::open();
    let mut here = Crew::new(school.agent("Pi 1").await, &["Red", "Blue"], 1);
    let dial = school.agent("Pi 2").await;
    let away = Crew::new(dial.clone(), &["Green"], 2);
    let mut operator = school.device(Role::Operator, "teacher", None).await.client().await;
    robots_here(&mut operator, 3).await;
    away.leave().await;
    robots_here(&mut operator, 2).await;
    let id = operator.id();
    let reply = robots(&mut operator, json!({"do": "stop", "reason": "a child\nran in"})).await;
    assert!(reply["ok"] == false && reply["why"] == "not confirmed by Green (not connected)", "{reply}");
    let stop = Note::Stop(id, "a childran in".to_owned());
    for robot in [0, 1] {
        assert_eq!(here.noted(robot, &stop).await, []);
    }
    drop(operator);
    let mut back = Crew::new(dial, &["Green"], 3);
    assert_eq!(back.noted(0, &stop).await, []);
}
