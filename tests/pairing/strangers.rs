//! Strangers on the same network: they guess, forge and listen, and get nothing.

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::driver::Driver;
use crate::house::{House, alone};
use crate::phone::{paired, post, show};
use crate::socketio_client::{Client, Dial};

const GUESSES: usize = 100_000;
/// Addresses from which the guesses come.
const GUESSERS: u8 = 8;

fn request(dial: &Dial, from: u8, number: usize) -> String {
    let body = json!({"code": format!("{from:04}{number:018}"), "name": "guess"}).to_string();
    let (host, length) = (dial.host(), body.len());
    let head = format!("POST /pair HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n");
    format!("{head}Content-Length: {length}\r\n\r\n{body}")
}

/// Guesses over one connection for as long as that lasts; returns how many answers of each kind came.
async fn guess(dial: &Dial, from: u8, mine: usize) -> [usize; 3] {
    let [mut wrong, mut void, mut slowed] = [0; 3];
    let mut sent = 0;
    while sent < mine {
        let Ok(mut stream) = dial.tls().await else { continue };
        let mut answers = String::new();
        let mut bytes = vec![0; 16 * 1024];
        while sent < mine {
            // Several at once: the relay is to be tried, not the patience of the test.
            let batch = 20.min(mine - sent);
            let requests: String = (sent..sent + batch).map(|number| request(dial, from, number)).collect();
            if stream.write_all(requests.as_bytes()).await.is_err() {
                break;
            }
            answers.clear();
            while answers.matches("\"status\":\"refused\"").count() < batch {
                match timeout(Duration::from_secs(20), stream.read(&mut bytes)).await {
                    Ok(Ok(count @ 1..)) => answers += &String::from_utf8_lossy(&bytes[..count]),
                    _ => break,
                }
            }
            assert!(!answers.contains("HTTP/1.1 20") && !answers.contains("set-cookie"), "a guess was right");
            wrong += answers.matches("\"code\":\"unknown\"").count();
            void += answers.matches("\"code\":\"void\"").count();
            slowed += answers.matches("\"code\":\"rate\"").count();
            sent += batch;
        }
    }
    [wrong, void, slowed]
}

/// Goal: I8 and row 26, a hundred thousand guesses from eight addresses open nothing, hold up nobody who drives, and
/// void what could have been guessed.
#[tokio::test]
async fn hundred_thousand_guesses_open_nothing() {
    let _alone = alone().await;
    let house = House::open(&[]);
    let driver = Driver::connect(paired(&house, "driver", "phone").await);
    driver.is_ready();
    driver.push(0.0, 0.3);
    driver.sees("motion", |telemetry| telemetry["state"] == "driving");
    let url = house.code(0);
    let began = Instant::now();
    let guessers = (0..GUESSERS).map(|guesser| {
        let mut dial = house.dial();
        dial.from = [127, 0, 1, guesser + 1].into();
        tokio::spawn(async move { guess(&dial, guesser, GUESSES / usize::from(GUESSERS)).await })
    });
    let mut total = [0; 3];
    for guesser in guessers.collect::<Vec<_>>() {
        for (sum, part) in total.iter_mut().zip(guesser.await.unwrap()) {
            *sum += part;
        }
    }
    let [wrong, void, slowed] = total;
    println!(
        "{GUESSES} guesses in {} ms: {wrong} wrong, {void} voided all codes, {slowed} slowed down",
        began.elapsed().as_millis()
    );
    assert!(wrong + void + slowed >= GUESSES * 99 / 100, "{total:?}");
    assert!(void >= 1 && slowed > GUESSES / 2, "{total:?}");
    assert_eq!(driver.telemetry()["state"], "driving", "the driver was held up");
    assert_eq!(show(&house.dial(), &url, "late").await.0, 403, "the code on the screen was not voided");
    assert_eq!(crate::phone::list(&house)["devices"].as_array().unwrap().len(), 1);
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
    assert!(log.len() > 10_000 && log.contains("TRACE"), "the log is too quiet to tell: {} bytes", log.len());
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
