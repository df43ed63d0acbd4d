//! Guests: what each role may do, and how a device that is thrown out ends.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::time::sleep;

use crate::driver::Driver;
use crate::house::House;
use crate::phone::{list, paired, show};
use crate::socketio_client::{Client, Dial};

fn id_of(house: &House, name: &str) -> String {
    let access = list(house);
    let device = access["devices"].as_array().unwrap().iter().find(|device| device["name"] == name);
    device.unwrap_or_else(|| panic!("{name} is not in: {access}"))["id"].to_string()
}

async fn telemetry(client: &mut Client) -> Value {
    client.event_named("telemetry").await.remove(0)
}

/// Goal: row 26, a device that is thrown out while it drives stops driving at once and is gone within a second; its
/// cookie is worth nothing from then on.
#[tokio::test]
async fn revoked_driver_stops_within_a_second() {
    let house = House::open(&[]);
    let (phone, watcher) = (paired(&house, "driver", "phone").await, paired(&house, "viewer", "tablet").await);
    let mut watcher = watcher.client().await;
    let driver = Driver::connect(phone.clone());
    driver.is_ready();
    driver.push(0.0, 1.0);
    driver.sees("motion", |telemetry| telemetry["state"] == "driving");
    // A second connection of the same device, and one that ignores every farewell.
    let (mut second, mut deaf) = (phone.client().await, phone.client().await);
    let id = id_of(&house, "phone");

    let began = Instant::now();
    let output = house.command(&["devices", "revoke", &id]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    while telemetry(&mut watcher).await["wheels"] != json!([0, 0]) {
        assert!(began.elapsed() < Duration::from_secs(1), "it still drives");
    }
    let stopped = began.elapsed();
    second.ended().await;
    // Entering again over the open connection is no way back, and the connection itself ends.
    deaf.raw("40{}").await;
    while let Some(message) = deaf.message().await {
        assert!(!message.to_string().contains("welcome") || began.elapsed() < Duration::from_millis(1), "{message}");
    }
    assert!(began.elapsed() < Duration::from_secs(1), "it is still connected");
    println!("thrown out: stopped after {} ms, gone after {} ms", stopped.as_millis(), began.elapsed().as_millis());
    assert!(phone.http("GET /me", "", "").await.1.contains("stranger"));
    assert_eq!(phone.http("GET /socket.io/?EIO=4&transport=polling", "", "").await.0, 403);
    assert_eq!(telemetry(&mut watcher).await["wheels"], json!([0, 0]));
    assert_eq!(list(&house)["devices"].as_array().unwrap().len(), 1);
}

/// A session of HTTP polling that has entered the room: its number.
async fn polling(dial: &Dial) -> String {
    let (_, opened) = dial.http("GET /socket.io/?EIO=4&transport=polling", "", "").await;
    let open: Value = serde_json::from_str(opened.rsplit_once("\r\n\r\n0").unwrap().1).unwrap();
    let session = format!("&sid={}", open["sid"].as_str().unwrap());
    let post = format!("POST /socket.io/?EIO=4&transport=polling{session}");
    assert_eq!(dial.http(&post, "Content-Type: text/plain\r\n", "40").await.0, 200);
    let (_, greeted) = dial.http(&format!("GET /socket.io/?EIO=4&transport=polling{session}"), "", "").await;
    assert!(greeted.contains("40{"), "{greeted}");
    session
}

/// Moves a session to a WebSocket, as the official clients do.
async fn moved(dial: &Dial, session: &str) -> Option<Client> {
    let mut client = dial.try_web_socket_of(session).await?;
    client.raw("2probe").await;
    let answer = client.message().await?.to_string();
    assert_eq!(answer, "3probe");
    client.raw("5").await;
    Some(client)
}

/// Goal: a session is a number in an address; whoever learns it cannot speak in it with another device.
#[tokio::test]
async fn session_is_of_one_device_alone() {
    let house = House::open(&[]);
    let (driver, viewer) = (paired(&house, "driver", "driver").await, paired(&house, "viewer", "viewer").await);
    let session = polling(&driver).await;
    let post = format!("POST /socket.io/?EIO=4&transport=polling{session}");
    let take = "421[\"seat\",{\"want\":\"take\"}]";
    assert_eq!(viewer.http(&post, "Content-Type: text/plain\r\n", take).await.0, 403);
    assert!(viewer.try_web_socket_of(&session).await.is_none(), "a viewer went on in a driver's session");
    assert_eq!(driver.http(&post, "Content-Type: text/plain\r\n", take).await.0, 200);
    assert!(moved(&driver, &session).await.is_some());
}

/// Goal: row 26, a device that is thrown out is cut off also where its session has moved to another connection, and
/// even if it does not read what it is told.
#[tokio::test]
async fn revoked_device_is_cut_wherever_its_session_went() {
    let house = House::open(&[]);
    let phone = paired(&house, "operator", "phone").await;
    let session = polling(&phone).await;
    let mut moved = moved(&phone, &session).await.unwrap();
    moved.event_named("telemetry").await;
    let mut stubborn = phone.client().await;
    let began = Instant::now();
    assert!(house.command(&["devices", "revoke", &id_of(&house, "phone")]).status.success());
    for _ in 0..2000 {
        stubborn.feed("40/elsewhere,").await;
    }
    moved.ended().await;
    stubborn.ended().await;
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    let (status, _) = phone.http(&format!("GET /socket.io/?EIO=4&transport=polling{session}"), "", "").await;
    assert_eq!(status, 403);
}

/// Goal: who takes leave of the room leaves the connection too: coming back on it would renew every allowance.
#[tokio::test]
async fn leaving_is_for_good() {
    let house = House::open(&[]);
    let mut client = paired(&house, "viewer", "tablet").await.client().await;
    client.raw("41").await;
    client.raw("40").await;
    while let Some((name, _)) = client.event().await {
        assert_ne!(name, "welcome", "it came back on the same connection");
    }
    client.ended().await;
}

/// Goal: a running program that does not answer is told from one that does not run: nobody is told that a device is
/// out while it drives.
#[tokio::test]
async fn revoking_never_claims_what_was_not_done() {
    let house = House::open(&[]);
    let phone = paired(&house, "driver", "phone").await;
    let id = id_of(&house, "phone");
    std::fs::remove_file(house.access().join("control")).unwrap();
    let output = house.command(&["devices", "revoke", &id]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("nothing was changed"), "{said}");
    assert_eq!(phone.client().await.welcome["role"], "driver");
}

/// Goal: every event is held against the role: a viewer sees and stops, a driver drives, an operator decides.
#[tokio::test]
async fn roles_are_held_on_every_event() {
    let house = House::open(&[]);
    let viewer = paired(&house, "viewer", "viewer").await;
    let driver = paired(&house, "driver", "driver").await;
    let operator = paired(&house, "operator", "operator").await;
    let (mut viewer, mut driver) = (viewer.client().await, driver.client().await);
    for (client, role) in [(&viewer, "viewer"), (&driver, "driver")] {
        assert_eq!(client.welcome["role"], role);
    }
    for want in ["take", "ask"] {
        assert_eq!(viewer.ask("seat", &[json!({ "want": want })]).await[0]["ok"], false);
    }
    viewer.emit("direction", &[json!("up")]).await;
    assert_eq!(viewer.event_named("refused").await[0]["code"], "role");
    sleep(Duration::from_millis(1100)).await;
    viewer.emit("drive", &[json!({"seq": 1, "x": 0.0, "y": 1.0, "tick": 1, "session": 1, "epoch": 1})]).await;
    assert_eq!(viewer.event_named("refused").await[0]["code"], "role");
    sleep(Duration::from_millis(1100)).await;
    viewer.emit("robot_command", &[json!("go")]).await;
    assert_eq!(viewer.event_named("refused").await[0]["code"], "role", "programs may act on what they hear");
    sleep(Duration::from_millis(1100)).await;
    let motors = json!({"seq": 1, "x": 0.0, "y": 0.0, "motors": [300, 0, 0, 0], "tick": 1, "session": 1, "epoch": 1});
    driver.emit("drive", &[motors]).await;
    assert_eq!(driver.event_named("refused").await[0]["code"], "role", "single motors are for operators");
    for forged in ["telemetry", "welcome", "refused"] {
        sleep(Duration::from_millis(1100)).await;
        driver.emit(forged, &[json!({"state": "ready"})]).await;
        let refused = driver.event_named("refused").await.remove(0);
        assert_eq!((&refused["event"], &refused["code"]), (&json!(forged), &json!("name")));
    }
    // A seat that is given to one who may not drive is not given.
    assert_eq!(driver.ask("seat", &[json!({"want": "take"})]).await[0]["ok"], true);
    let to = viewer.id();
    let given = driver.ask("seat", &[json!({"want": "give", "to": to})]).await.remove(0);
    assert_eq!((&given["ok"], &given["seat"]["holder"]["name"]), (&json!(false), &json!("driver")), "{given}");

    assert_eq!(viewer.ask("stop", &[json!({"reason": "viewers may"})]).await[0]["ok"], true);
    for client in [&mut viewer, &mut driver] {
        assert_eq!(client.ask("reset", &[json!({})]).await[0]["ok"], false);
        let calibrated = client.ask("calibrate", &[json!({"want": "show"})]).await.remove(0);
        assert!(calibrated["why"].as_str().unwrap().contains("only an operator"), "{calibrated}");
        for request in
            [json!({"do": "list"}), json!({"do": "invite", "role": "operator"}), json!({"do": "revoke", "id": 1})]
        {
            let reply = client.ask("access", &[request]).await.remove(0);
            assert_eq!((&reply["ok"], &reply["access"]["devices"]), (&json!(false), &json!([])), "{reply}");
        }
    }
    let mut operator = operator.client().await;
    assert_eq!(operator.welcome["role"], "operator");
    let reset = operator.ask("reset", &[json!({})]).await.remove(0);
    assert_eq!(reset["ok"], true, "{reset}");
    let listed = operator.ask("access", &[json!({"do": "list"})]).await.remove(0);
    assert_eq!(listed["access"]["devices"].as_array().unwrap().len(), 3);
}

/// Goal: an operator's page lets in, invites and throws out as the terminal does, and hears of every change.
#[tokio::test]
async fn operators_page_decides_as_the_terminal_does() {
    let house = House::open(&[]);
    let operator = paired(&house, "operator", "teacher").await;
    let mut operator = operator.client().await;
    let invited = operator.ask("access", &[json!({"do": "invite", "role": "driver"})]).await.remove(0);
    assert_eq!(invited["invite"]["role"], "driver");
    assert!(invited["invite"]["qr"].as_array().unwrap().len() >= 21);
    let dial = house.dial();
    let (status, answer, _) = show(&dial, invited["invite"]["url"].as_str().unwrap(), "pupil").await;
    assert_eq!(status, 202);
    let waiting = loop {
        let access = operator.event_named("access").await.remove(0);
        if let Some(waiting) = access["waiting"].as_array().unwrap().first() {
            break waiting.clone();
        }
    };
    assert_eq!((&waiting["name"], &waiting["number"]), (&json!("pupil"), &answer["number"]));
    let approved = operator.ask("access", &[json!({"do": "approve", "id": waiting["id"]})]).await.remove(0);
    assert_eq!(approved["ok"], true, "{approved}");
    let again = operator.ask("access", &[json!({"do": "deny", "id": waiting["id"]})]).await.remove(0);
    assert!(again["why"].as_str().unwrap().contains("answered already"), "{again}");
    let pupil = crate::phone::with(&dial, &crate::phone::collect(&dial, &answer["ticket"]).await);
    let mut pupil = pupil.client().await;
    let id: u64 = id_of(&house, "pupil").parse().unwrap();
    assert_eq!(operator.ask("access", &[json!({"do": "revoke", "id": id})]).await[0]["ok"], true);
    pupil.ended().await;
}

/// Goal: a paired phone is still paired when the program comes back, and pairing anew replaces what it was.
#[tokio::test]
async fn session_survives_a_restart() {
    let house = House::open(&[]);
    let phone = paired(&house, "driver", "phone").await;
    let house = house.reopened(&[]);
    let client = phone.client().await;
    assert_eq!(client.welcome["role"], "driver");
    drop(client);
    // The same browser scans a code for operators: it is one device, with one name in the list.
    let mut pair = house.prepare(&["pair", "--role", "operator"]).stdout(std::process::Stdio::piped()).spawn().unwrap();
    let url = crate::phone::url_of(&mut pair).await;
    let (_, answer, _) = show(&phone, &url, "phone").await;
    crate::phone::approve(&house, "phone");
    let cookie = crate::phone::collect(&phone, &answer["ticket"]).await;
    assert!(pair.wait().unwrap().success());
    assert_eq!(crate::phone::with(&phone, &cookie).client().await.welcome["role"], "operator");
    assert!(phone.http("GET /me", "", "").await.1.contains("stranger"), "the old session is still good");
    assert_eq!(list(&house)["devices"].as_array().unwrap().len(), 1);
}

/// Goal: a device can be thrown out while nothing runs, and what does not run says so.
#[tokio::test]
async fn devices_are_listed_and_thrown_out_without_a_running_program() {
    let house = House::open(&[]);
    let phone = paired(&house, "driver", "phone").await;
    let id = id_of(&house, "phone");
    let house = house.stopped();
    assert_eq!(list(&house)["devices"][0]["name"], "phone");
    for (args, words) in [
        (vec!["pair"], "no joywire runs at port"),
        (vec!["devices", "approve", "1"], "no joywire runs at port"),
        (vec!["devices", "revoke", "99"], "there is no device number 99"),
    ] {
        let output = house.command(&args);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(words), "{args:?}: {said}");
    }
    assert!(house.command(&["devices", "revoke", &id]).status.success());
    let house = house.reopened(&[]);
    assert!(phone.http("GET /me", "", "").await.1.contains("stranger"));
    drop(house);
}
