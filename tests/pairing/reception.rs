//! The terminal at the robot: codes on its screen, and the questions it asks.

use serde_json::json;
use tokio::time::{Duration, sleep};

use crate::driver::Driver;
use crate::house::House;
use crate::phone::{approve, ask, collect, list, show, url_of, with};

/// The modules of the code on a screen, light ones as `true`: what a camera sees.
fn seen(screen: &str) -> Vec<Vec<bool>> {
    let inside = |line: &str| {
        let line = line.split("\x1b[38;5;16;48;5;231m").nth(1)?;
        Some(line.split("\x1b[0m").next().unwrap().to_owned())
    };
    let lines: Vec<String> = screen.lines().filter_map(inside).collect();
    lines
        .iter()
        .flat_map(|line| {
            let upper = line.chars().map(|letter| !matches!(letter, '█' | '▀')).collect();
            let lower = line.chars().map(|letter| !matches!(letter, '█' | '▄')).collect();
            [upper, lower]
        })
        .collect()
}

/// Goal: a camera reads on the screen the very address that stands below it.
#[test]
fn code_on_the_screen_is_what_a_camera_reads() {
    let house = House::open(&[]);
    let url = house.code(0);
    let modules = seen(&house.screen());
    assert!(modules.len() >= 41, "{}", house.screen());
    // A camera sees many pixels a module.
    let scale = 4;
    let (height, width) = (modules.len(), modules[0].len());
    let mut picture = rqrr::PreparedImage::prepare_from_greyscale(width * scale, height * scale, |x, y| {
        if modules[y / scale][x / scale] { 255 } else { 0 }
    });
    let grids = picture.detect_grids();
    assert_eq!(grids.len(), 1);
    assert_eq!(grids[0].decode().unwrap().1, url);
}

/// Goal: scan, compare, say yes, drive: and the next code is a new one.
#[tokio::test]
async fn driver_is_let_in_after_a_look_at_four_digits() {
    let mut house = House::open(&[]);
    let (dial, url, before) = (house.dial(), house.code(0), house.screen().len());
    assert!(dial.http("GET /me", "", "").await.1.contains("stranger"));
    let (status, answer, cookie) = show(&dial, &url, "Anne's phone").await;
    assert_eq!((status, &answer["status"], cookie), (202, &json!("waiting"), None));
    let number = answer["number"].as_str().unwrap();
    let question = house.shows("wants to come in");
    assert!(question.contains("Anne's phone") && question.contains("a driver"), "{question}");
    assert_eq!(question.matches(number).count(), 2, "{question}");
    assert_eq!(ask(&dial, &answer["ticket"]).await.0, 202);
    house.types("y");
    let cookie = collect(&dial, &answer["ticket"]).await;
    for part in ["__Host-joywire-", "; Path=/;", "; Secure;", "; HttpOnly;", "; SameSite=Strict"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    house.shows("“Anne's phone” is in, as a driver");
    assert_ne!(house.code(before), url, "the code that was used is still on the screen");
    assert_eq!(show(&dial, &url, "another").await.0, 403, "a code worked twice");
    assert_eq!(ask(&dial, &answer["ticket"]).await.0, 403, "a ticket worked twice");

    let driver = Driver::connect(with(&dial, &cookie));
    driver.is_ready();
    driver.push(0.0, 1.0);
    driver.sees("motion", |telemetry| telemetry["state"] == "driving");
    let me = with(&dial, &cookie).http("GET /me", "", "").await.1;
    assert!(me.contains(r#""role":"driver","name":"Anne's phone""#), "{me}");
}

/// Goal: no, and a mere Enter, send a device away.
#[tokio::test]
async fn anything_but_yes_is_no() {
    let mut house = House::open(&[]);
    for answer in ["n", "", "yess"] {
        let from = house.screen().len();
        let url = house.code(0);
        let dial = house.dial();
        let (status, waiting, _) = show(&dial, &url, "a stranger").await;
        assert_eq!(status, 202, "{waiting}");
        house.comes_to_show("wants to come in", from);
        house.types(answer);
        house.comes_to_show("was sent away", from);
        let (status, answer, cookie) = ask(&dial, &waiting["ticket"]).await;
        assert_eq!((status, &answer["code"], cookie), (403, &json!("denied"), None));
        // Codes are not renewed faster than every other second.
        let after = house.screen().len();
        house.comes_to_show("scan it", after.saturating_sub(200));
        sleep(Duration::from_millis(2500)).await;
    }
    assert_eq!(list(&house)["devices"], json!([]));
}

/// Goal: keys that are pressed twice let in one device: nobody has read the second question yet.
#[tokio::test]
async fn answer_counts_for_a_question_that_was_read() {
    let mut house = House::open(&[]);
    let dial = house.dial();
    let mut tickets = Vec::new();
    for name in ["Anna", "Mallory"] {
        let mut pair = house.prepare(&["pair"]).stdout(std::process::Stdio::piped()).spawn().unwrap();
        let (status, answer, _) = show(&dial, &url_of(&mut pair).await, name).await;
        assert_eq!(status, 202, "{answer}");
        tickets.push(answer["ticket"].clone());
        drop(pair.kill());
        pair.wait().unwrap();
    }
    house.shows("“Anna” wants to come in");
    house.types("y");
    house.types_at_once("y");
    house.shows("too quick");
    collect(&dial, &tickets[0]).await;
    assert_eq!(ask(&dial, &tickets[1]).await.0, 202, "Mallory came in unseen");
    house.types("n");
    house.shows("“Mallory” was sent away");
}

/// Goal: a viewer needs no yes; `joywire pair` shows its code and ends when it has come.
#[tokio::test]
async fn viewer_comes_in_by_the_code_alone() {
    let house = House::open(&[]);
    let mut pair = house.prepare(&["pair", "--role", "viewer"]).stdout(std::process::Stdio::piped()).spawn().unwrap();
    let url = url_of(&mut pair).await;
    let (status, answer, cookie) = show(&house.dial(), &url, "\u{202e}tablet\n").await;
    assert_eq!((status, &answer["role"], &answer["name"]), (200, &json!("viewer"), &json!("tablet")));
    assert!(pair.wait().unwrap().success());
    let mut client = with(&house.dial(), &cookie.unwrap()).client().await;
    assert_eq!((&client.welcome["role"], &client.welcome["you"]["name"]), (&json!("viewer"), &json!("tablet")));
    let access = list(&house);
    assert_eq!((&access["devices"][0]["here"], &access["devices"][0]["name"]), (&json!(true), &json!("tablet")));
    assert_eq!(client.ask("stop", &[json!({"reason": "a viewer may"})]).await[0]["ok"], true);
}

/// Goal: `joywire pair` into a pipe ends when its guest is in, however long someone elsewhere thinks about it.
#[tokio::test]
async fn piped_code_waits_for_the_answer() {
    let house = House::open(&[]);
    let mut pair = house.prepare(&["pair"]).stdout(std::process::Stdio::piped()).spawn().unwrap();
    let url = url_of(&mut pair).await;
    let (status, answer, _) = show(&house.dial(), &url, "phone").await;
    assert_eq!(status, 202, "{answer}");
    sleep(Duration::from_secs(2)).await;
    assert_eq!(pair.try_wait().unwrap(), None, "it did not wait");
    approve(&house, "phone");
    collect(&house.dial(), &answer["ticket"]).await;
    assert!(pair.wait().unwrap().success());
}

/// Goal: where the operator accepts that, whoever sees the code drives.
#[tokio::test]
async fn class_needs_no_yes_if_its_teacher_says_so() {
    let house = House::open(&["--confirm", "no"]);
    let (status, answer, cookie) = show(&house.dial(), &house.code(0), "phone 17").await;
    assert_eq!((status, &answer["role"]), (200, &json!("driver")));
    assert!(cookie.is_some());
}

/// Goal: a terminal that is paused holds nobody up, least of all who drives.
#[tokio::test]
async fn paused_terminal_does_not_hold_the_robot_up() {
    let house = House::open_with_local_operator(&["--confirm", "no"]);
    let url = house.code(0);
    let driver = Driver::connect(house.dial());
    driver.is_ready();
    driver.push(0.0, 0.5);
    driver.sees("motion", |telemetry| telemetry["state"] == "driving");
    house.looks_away();
    // Each new device makes the terminal draw a code of some kilobytes; its buffer holds few.
    let mut url = url;
    for number in 0..4 {
        let dial = house.dial();
        let (status, answer, _) = show(&dial, &url, &format!("phone {number}")).await;
        assert_eq!(status, 200, "{answer}");
        let mut pair = house.prepare(&["pair"]).stdout(std::process::Stdio::piped()).spawn().unwrap();
        url = url_of(&mut pair).await;
        drop(pair.kill());
        pair.wait().unwrap();
        for _ in 0..20 {
            sleep(Duration::from_millis(50)).await;
            assert_eq!(driver.telemetry()["state"], "driving", "after {number} devices");
        }
    }
    house.looks();
    house.shows("“phone 3” is in");
}
