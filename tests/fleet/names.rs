//! Names: each robot has one of its own at the relay, and keeps it.

use joywire::journal::Doer;
use joywire::protocol::access::AccessRequest;
use joywire::protocol::events::Role;
use serde_json::json;

use crate::crew::{Crew, Note};
use crate::house::comes;
use crate::leading::robots_here;
use crate::school::{School, robot};

/// Goal: a name that is taken is not had by another machine, nor by a second program of the same; a program that comes back
/// over a new connection has its robot again, and orders go to the new connection alone.
#[tokio::test]
async fn a_name_has_one_robot() {
    let school = School::open();
    let pi = school.agent("Pi").await;
    let mut first = Crew::new(pi.clone(), &["Red", "Blue"], 1);
    let mut operator = school.device(Role::Operator, "teacher", None).await.client_with(robot("Red")).await;
    robots_here(&mut operator, 2).await;
    let said = Crew::new(school.agent("other").await, &["Green", "RED "], 1).refused().await;
    assert!(said.contains("another agent (Pi)") && said.contains("\"Red\"") && said.contains("--name"), "{said}");
    let said = Crew::new(pi.clone(), &["Red"], 2).refused().await;
    assert!(said.contains("this agent runs already"), "{said}");
    // All or none: Green was not taken, either.
    robots_here(&mut operator, 2).await;

    let mut again = Crew::new(pi.clone(), &["Blue", "Red"], 1);
    comes("the new connection", async || {
        operator.emit("chat", &[json!("hello")]).await;
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        again.unread(1).contains(&Note::Chat(operator.id()))
    })
    .await;
    first.unread(0);
    operator.emit("direction", &[json!("up")]).await;
    comes("the press", async || again.unread(1).iter().any(|note| matches!(note, Note::Direction(..)))).await;
    assert!(!first.unread(0).iter().any(|note| matches!(note, Note::Direction(..))));
}

/// Goal: a name stays with the machine that brought it while that is away, until it is thrown out.
#[tokio::test]
async fn a_name_is_kept_for_a_robot_that_is_away() {
    let school = School::open();
    let pi = school.agent("Pi").await;
    let mut operator = school.device(Role::Operator, "teacher", None).await.client().await;
    let first = Crew::new(pi.clone(), &["Red"], 1);
    robots_here(&mut operator, 1).await;
    let colour = operator.ask("robots", &[json!({"do": "list"})]).await[0]["robots"][0]["color"].clone();
    first.leave().await;
    robots_here(&mut operator, 0).await;
    let other = school.agent("other").await;
    let said = Crew::new(other.clone(), &["Red"], 1).refused().await;
    assert!(said.contains("of another agent (Pi), which is away"), "{said}");
    let second = Crew::new(pi, &["Red"], 2);
    robots_here(&mut operator, 1).await;
    assert!(school.gate.ask(AccessRequest::Revoke { id: school.number("Pi") }, Doer::here()).await.ok);
    robots_here(&mut operator, 0).await;
    drop(second);
    let _third = Crew::new(other, &["Red"], 1);
    robots_here(&mut operator, 1).await;
    assert_eq!(operator.ask("robots", &[json!({"do": "list"})]).await[0]["robots"][0]["color"], colour);
}

/// Goal: what is no name, or a name twice, or more robots than an agent may have, is refused with a sentence.
#[tokio::test]
async fn what_is_no_name_is_refused() {
    let school = School::open();
    let dial = school.agent("Pi").await;
    let many: Vec<String> = (1..=17).map(|number| format!("Robot {number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let long = "x".repeat(33);
    for (names, words) in [
        (&["Red", "red"][..], "two robots of this agent"),
        (&["\u{1b}[31mRed"], "is no name for a robot"),
        (&["Red\nBlue"], "is no name for a robot"),
        (&[""], "is no name for a robot"),
        (&[&long], "is no name for a robot"),
        (&many, "1 to 16 robots"),
        (&[], "1 to 16 robots"),
    ] {
        let said = Crew::new(dial.clone(), names, 1).refused().await;
        assert!(said.contains(words) && !said.chars().any(char::is_control), "{names:?}: {said}");
    }
    let mut operator = school.device(Role::Operator, "teacher", None).await.client().await;
    assert_eq!(operator.welcome["robots"], json!([]));
    let _crew = Crew::new(dial, &many[..16], 1);
    robots_here(&mut operator, 16).await;
}
