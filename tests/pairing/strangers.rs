//! Strangers on the same network: they guess, forge and listen, and get nothing.

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use crate::driver::Driver;
use crate::house::{House, address, alone};
use crate::phone::{list, paired, post, show};
use crate::program::PATIENCE;
use crate::socketio_client::{Client, Dial};

/// Addresses from which guesses come, and how many from each, all over one connection.
const GUESSERS: usize = 500;
const GUESSES: usize = 200;
/// Guessers at once.
const AT_ONCE: usize = 16;

fn request(dial: &Dial, guesser: usize, number: usize) -> String {
    let body = json!({"code": format!("{guesser:04}{number:018}"), "name": "guess"}).to_string();
    let (host, length) = (dial.host(), body.len());
    let head = format!("POST /pair HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n");
    format!("{head}Content-Length: {length}\r\n\r\n{body}")
}

/// Guesses; returns how many were wrong, and how many voided all codes. The rest was not even looked at.
async fn guess(dial: &Dial, guesser: usize) -> [usize; 2] {
    // Handshakes are rationed, so a guesser has to try for one.
    let mut stream = loop {
        match dial.tls().await {
            Ok(stream) => break stream,
            Err(_) => sleep(Duration::from_millis(20)).await,
        }
    };
    let requests: String = (0..GUESSES).map(|number| request(dial, guesser, number)).collect();
    // Who asks too much is cut off in the middle of it.
    drop(stream.write_all(requests.as_bytes()).await);
    let (mut answers, mut bytes) = (String::new(), vec![0; 16 * 1024]);
    while answers.matches("\"status\":\"refused\"").count() < GUESSES {
        match timeout(PATIENCE, stream.read(&mut bytes)).await.expect("an answer in time") {
            Ok(count @ 1..) => answers += &String::from_utf8_lossy(&bytes[..count]),
            Ok(0) | Err(_) => break,
        }
    }
    assert!(!answers.contains("HTTP/1.1 20") && !answers.contains("set-cookie"), "a guess was right");
    ["unknown", "void"].map(|code| answers.matches(&format!("\"code\":\"{code}\"")).count())
}

/// Goal: I8 and row 26, a hundred thousand guesses from five hundred addresses open nothing, hold up nobody who drives,
/// and void what could have been guessed.
#[tokio::test]
async fn hundred_thousand_guesses_open_nothing() {
    let _alone = alone().await;
    let house = House::open(&[]);
    let driver = Driver::connect(paired(&house, "driver", "phone").await);
    driver.is_ready();
    driver.push(0.0, 0.3);
    driver.sees("motion", |telemetry| telemetry["state"] == "driving");
    let (url, began) = (house.code(0), Instant::now());
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let guessers = (0..GUESSERS).map(|guesser| {
        let mut dial = house.dial();
        let [third, fourth] = [50 + guesser / 250, guesser % 250 + 1].map(|part| u8::try_from(part).unwrap());
        dial.from = [127, 0, third, fourth].into();
        let places = places.clone();
        tokio::spawn(Box::pin(async move {
            let _place = places.acquire().await.unwrap();
            guess(&dial, guesser).await
        }))
    });
    let mut total = [0; 2];
    for guesser in guessers.collect::<Vec<_>>() {
        for (sum, part) in total.iter_mut().zip(guesser.await.unwrap()) {
            *sum += part;
        }
    }
    let ([wrong, void], all, ms) = (total, GUESSERS * GUESSES, began.elapsed().as_millis());
    println!("{all} guesses in {ms} ms: {wrong} were looked at and wrong, {void} voided all codes");
    assert!(void >= 1 && wrong > void && wrong < all / 2, "{total:?}");
    assert_eq!(driver.telemetry()["state"], "driving", "the driver was held up");
    let newest = address(&house.shows("/p#"));
    assert_ne!(newest, url, "the code on the screen was not voided");
    assert_eq!(list(&house)["devices"].as_array().unwrap().len(), 1);
}

/// Goal: a stranger sees the page and nothing of the robot: not a session, not an event, by no transport.
#[tokio::test]
async fn stranger_sees_the_page_alone() {
    let house = House::open(&[]);
    let dial = house.dial();
    for page in ["/", "/p", "/main.js"] {
        let (status, answer) = dial.http(&format!("GET {page}"), "", "").await;
        assert_eq!(status, 200, "{page}: {answer}");
        assert!(answer.contains("content-security-policy: default-src 'none'"), "{answer}");
    }
    for transport in ["polling", "websocket"] {
        let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
        let (status, answer) = dial.http(&format!("GET /socket.io/?EIO=4&transport={transport}"), upgrade, "").await;
        assert_eq!(status, 403, "{answer}");
        assert!(answer.contains("not paired"), "{answer}");
    }
    for (path, body) in [
        ("/pair", "{"),
        ("/pair", "{\"code\":1,\"name\":\"x\"}"),
        ("/pair", "{\"code\":\"x\",\"name\":\"x\",\"role\":\"operator\"}"),
        ("/pair/wait", "[]"),
    ] {
        let (status, answer) = dial.http(&format!("POST {path}"), "Content-Type: application/json\r\n", body).await;
        assert_eq!(status, 400, "{path} {body}: {answer}");
    }
    let body = "x".repeat(100_000);
    let (status, _) = dial.http("POST /pair", "Content-Type: application/json\r\n", &body).await;
    assert_eq!(status, 400);
    // A form of another site cannot send JSON, and says where it comes from.
    let (status, _) = dial.http("POST /pair", "Content-Type: text/plain\r\n", "{}").await;
    assert_eq!(status, 400);
    let foreign = "Origin: https://evil.example\r\nContent-Type: application/json\r\n";
    assert_eq!(dial.http("POST /pair", foreign, "{}").await.0, 403);
}

/// Goal: row 26, a session is worth nothing to another site's page, nor under a name that was made to point here.
#[tokio::test]
async fn session_is_no_pass_for_another_site() {
    let house = House::open(&[]);
    let phone = paired(&house, "driver", "phone").await;
    let session = "GET /socket.io/?EIO=4&transport=polling";
    assert_eq!(phone.http(session, "", "").await.0, 200);
    assert_eq!(phone.http(session, "Origin: https://evil.example\r\n", "").await.0, 403);
    assert_eq!(phone.http(session, "Sec-Fetch-Site: cross-site\r\n", "").await.0, 403);
    assert_eq!(phone.http(session, &format!("Host: evil.example:{}\r\n", phone.to.port()), "").await.0, 421);
    let forwarded = Dial { session: None, ..phone.clone() };
    assert_eq!(forwarded.http(session, "X-Forwarded-For: 127.0.0.1\r\n", "").await.0, 403);
}

/// Goal: what lets in is in no log, however much is logged, and in no file; files are the user's alone.
#[tokio::test]
async fn secrets_are_in_no_log_and_no_file() {
    let house = House::open_logging("trace");
    let url = house.code(0);
    let phone = paired(&house, "driver", "phone").await;
    let dial = house.dial();
    let (_, waiting, _) = show(&dial, &url, "second").await;
    post(&dial, "/pair/wait", &json!({"ticket": waiting["ticket"]})).await;
    let mut client: Client = phone.client().await;
    client.ask("echo", &[]).await;
    // The log has a thread of its own.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let (log, session) = (house.log(), phone.session.clone().unwrap());
    // That it was as loud as can be, and told of everybody who showed a secret; Socket.IO itself is built without a log.
    for told in ["TRACE", "\"phone\"", "\"second\"", "client"] {
        assert!(log.len() > 2_000 && log.contains(told), "the log is too quiet to tell, without {told}:\n{log}");
    }
    let secrets = [
        ("code", url.rsplit_once('#').unwrap().1.to_owned()),
        ("session", session.split_once('=').unwrap().1.to_owned()),
        ("ticket", waiting["ticket"].as_str().unwrap().to_owned()),
    ];
    for (what, secret) in &secrets {
        assert!(secret.len() >= 22);
        assert!(!log.contains(secret), "a {what} is in the log");
    }
    let mut files = 0;
    let mut folders = vec![house.data()];
    while let Some(folder) = folders.pop() {
        assert_eq!(std::fs::metadata(&folder).unwrap().permissions().mode() & 0o077, 0, "{}", folder.display());
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
                continue;
            }
            files += 1;
            assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o177, 0, "{}", entry.path().display());
            let text = std::fs::read(entry.path()).unwrap_or_default();
            let text = String::from_utf8_lossy(&text);
            for (what, secret) in &secrets {
                assert!(!text.contains(secret), "a {what} is in {}", entry.path().display());
            }
        }
    }
    assert!(files >= 3, "{files} files");
}
