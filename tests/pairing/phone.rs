//! Phone: what a browser does with a scanned code, over real TLS.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::time::sleep;

use crate::house::House;
use crate::program::PATIENCE;
use crate::socketio_client::Dial;

/// Waits that a person would not notice.
const MOMENT: Duration = Duration::from_millis(50);

/// Shows a code; returns the status, the answer, and the cookie if there is one.
pub async fn show(dial: &Dial, url: &str, name: &str) -> (u16, Value, Option<String>) {
    let code = url.rsplit_once('#').expect("a code in the address").1;
    post(dial, "/pair", &json!({"code": code, "name": name})).await
}

/// Asks what became of a waiting device.
pub async fn ask(dial: &Dial, ticket: &Value) -> (u16, Value, Option<String>) {
    post(dial, "/pair/wait", &json!({ "ticket": ticket })).await
}

/// Posts JSON.
pub async fn post(dial: &Dial, path: &str, body: &Value) -> (u16, Value, Option<String>) {
    let line = format!("POST {path}");
    let (status, whole) = dial.http(&line, "Content-Type: application/json\r\n", &body.to_string()).await;
    let (head, body) = whole.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{path} answered {whole:?}"));
    let cookie = head.lines().find_map(|line| line.strip_prefix("set-cookie: "));
    let value = serde_json::from_str(body).unwrap_or_else(|_| panic!("{path} answered {whole}"));
    (status, value, cookie.map(str::to_owned))
}

/// A dial that shows the session of a cookie line.
pub fn with(dial: &Dial, cookie: &str) -> Dial {
    let session = cookie.split(';').next().map(str::to_owned);
    Dial { session, ..dial.clone() }
}

/// A device that is let in as `role`, by `joywire pair` and a yes where it takes one.
pub async fn paired(house: &House, role: &str, name: &str) -> Dial {
    let mut pair = house.prepare(&["pair", "--role", role]).stdout(std::process::Stdio::piped()).spawn().unwrap();
    let url = url_of(&mut pair).await;
    let dial = house.dial();
    let (status, answer, cookie) = show(&dial, &url, name).await;
    let cookie = if let (200, Some(cookie)) = (status, cookie) {
        cookie
    } else {
        assert_eq!((status, &answer["status"]), (202, &json!("waiting")), "{answer}");
        approve(house, name);
        collect(&dial, &answer["ticket"]).await
    };
    // It may have seen its device come in, or not yet.
    drop(pair.kill());
    pair.wait().unwrap();
    with(&dial, &cookie)
}

/// Waits for the yes.
pub async fn collect(dial: &Dial, ticket: &Value) -> String {
    let end = Instant::now() + PATIENCE;
    loop {
        let (status, answer, cookie) = ask(dial, ticket).await;
        match (status, cookie) {
            (200, Some(cookie)) => return cookie,
            (202, None) => assert!(Instant::now() < end, "nobody let the device in"),
            _ => panic!("{status}: {answer}"),
        }
        sleep(MOMENT * 5).await;
    }
}

/// Says yes from another terminal.
pub fn approve(house: &House, name: &str) {
    let access = list(house);
    let waiting = access["waiting"].as_array().unwrap().iter().find(|waiting| waiting["name"] == name);
    let id = waiting.unwrap_or_else(|| panic!("{name} does not wait: {access}"))["id"].to_string();
    let output = house.command(&["devices", "approve", &id]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Who waits and who is in, as `joywire devices list --json` says.
pub fn list(house: &House) -> Value {
    let output = house.command(&["devices", "list", "--json"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The address that `joywire pair` prints.
pub async fn url_of(pair: &mut std::process::Child) -> String {
    use std::io::{BufRead, BufReader};
    let mut out = BufReader::new(pair.stdout.take().unwrap());
    let reading = tokio::task::spawn_blocking(move || {
        let mut line = String::new();
        while !line.contains("/p#") {
            line.clear();
            assert!(out.read_line(&mut line).unwrap() > 0, "`joywire pair` showed no address");
        }
        // Read on, or its next line would find nobody.
        std::thread::spawn(move || for _ in out.lines() {});
        crate::house::address(&line)
    });
    reading.await.unwrap()
}
