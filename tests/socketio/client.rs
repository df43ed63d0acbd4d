//! What a program says and hears.

use joywire::protocol::events::Drive;
use joywire::socketio::{Client, ConnectError, Dial, Incoming, Lost, Trust};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::time::timeout;

use crate::fake::{Fake, GREETING, heard, say};
use crate::house::{House, PATIENCE, answer, event, look};
use crate::raw;

/// Goal: a program is welcomed, answered and heard as a page is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_takes_part() {
    let mut house = House::open();
    let mut one = Client::connect(&house.dial()).await.unwrap();
    let welcome = event(&mut one, "welcome").await;
    assert_eq!((&welcome[0]["you"]["name"], &welcome[0]["role"]), (&json!("program"), &json!("operator")));
    let mut two = Client::connect(&house.dial()).await.unwrap();
    event(&mut two, "welcome").await;

    let (first, second) = (one.ask("echo", &[]).unwrap(), one.ask("echo", &[json!({"a": [1, null]})]).unwrap());
    assert_eq!(answer(&mut one, first).await, Vec::<Value>::new());
    assert_eq!(answer(&mut one, second).await, Vec::<Value>::new());
    assert!(two.emit("chat", &[json!("grüß <b>dich</b> 🤖"), json!(1)]));
    let (heard, _) = tokio::join!(event(&mut one, "chat"), event(&mut two, "chat"));
    assert_eq!(heard, [json!(["grüß <b>dich</b> 🤖", 1])]);

    two.latest(7, "drive", &[json!({"seq": 1, "x": 0.0, "y": 0.5})]);
    let told = two.ask("echo", &[]).unwrap();
    answer(&mut two, told).await;
    let Drive { seq, y, .. } = timeout(PATIENCE, house.samples.recv()).await.unwrap().unwrap();
    assert_eq!((seq, y), (1, 0.5));
    assert!(!two.has_waiting());
    one.close().await;
    two.close().await;
}

/// Goal: a picture that somebody sends is a picture, and ends nobody's connection.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pictures_are_received() {
    let house = House::open();
    let mut program = Client::connect(&house.dial()).await.unwrap();
    event(&mut program, "welcome").await;
    let to = format!("127.0.0.1:{}", house.address.port()).parse().unwrap();
    let mut page = raw::Dial::new(to, house.home.path()).client().await;
    page.raw(r#"451-["picture",{"data":{"_placeholder":true,"num":0}}]"#).await;
    page.attachment(b"hello").await;
    page.emit("chat", &[json!("after")]).await;
    assert_eq!(event(&mut program, "picture").await, [json!([{"data": {"base64": "aGVsbG8="}}])]);
    assert_eq!(event(&mut program, "chat").await, [json!(["after"])]);
    assert_eq!(program.ignored(), 0);
}

/// Goal: a server that pings before it lets a program in is answered, as it would end the connection otherwise.
#[tokio::test]
async fn pings_are_answered_while_connecting() {
    let (fake, dial) = Fake::new();
    let serving = async {
        let mut socket = fake.web_socket().await;
        say(&mut socket, GREETING).await;
        assert_eq!(heard(&mut socket).await.unwrap(), "40");
        say(&mut socket, "2").await;
        assert_eq!(heard(&mut socket).await.unwrap(), "3");
        say(&mut socket, r#"40{"sid":"y"}"#).await;
        say(&mut socket, r#"4212["question",1]"#).await;
        assert_eq!(heard(&mut socket).await.unwrap(), r#"4312["yes"]"#);
        say(&mut socket, "41").await;
    };
    let asking = async {
        let mut client = Client::connect(&dial).await.unwrap();
        let question = Incoming::Event { name: "question".into(), args: vec![json!(1)], ack: Some(12) };
        assert_eq!(client.next().await, Ok(question));
        assert!(client.acknowledge(12, &[json!("yes")]));
        assert_eq!(client.next().await, Err(Lost::Closed));
        assert_eq!(client.next().await, Err(Lost::Closed), "an end stays an end");
    };
    tokio::join!(serving, asking);
}

/// Goal: whoever waits for other things beside this loses nothing: a wait that is given up costs no event and no answer.
#[tokio::test]
async fn a_wait_that_is_dropped_loses_nothing() {
    const EVENTS: u64 = 500;
    let (fake, dial) = Fake::new();
    let serving = async {
        let mut socket = fake.client().await;
        for number in 0..EVENTS {
            say(&mut socket, &format!("42[\"event\",{number},\"{}\"]", "x".repeat(300))).await;
            if number % 100 == 0 {
                say(&mut socket, "2").await;
            }
        }
        let mut said = Vec::new();
        while said.len() < 105 {
            said.push(heard(&mut socket).await.unwrap());
        }
        assert_eq!(said.iter().filter(|text| *text == "3").count(), 5);
        said.retain(|text| text != "3");
        assert_eq!(said, (0..100).map(|number| format!("42[\"mine\",{number}]")).collect::<Vec<_>>());
    };
    let asking = async {
        let mut client = Client::connect(&dial).await.unwrap();
        let mut wanted = 0;
        for mine in 0.. {
            if wanted == EVENTS {
                break;
            }
            if mine < 100 {
                assert!(client.emit("mine", &[json!(mine)]));
            }
            if let Some(looked) = look(&mut client).await {
                let Ok(Incoming::Event { args, .. }) = looked else { panic!("{looked:?}") };
                assert_eq!(args[0], wanted);
                wanted += 1;
            }
        }
        // The server has heard everything, and left.
        assert!(timeout(PATIENCE, client.next()).await.unwrap().is_err());
    };
    tokio::join!(serving, asking);
}

/// Goal: who leaves has said everything: what waits is sent before the farewell, and arrives although nobody reads what
/// comes meanwhile.
#[tokio::test]
async fn closing_sends_what_waits() {
    let (fake, dial) = Fake::new();
    let serving = async {
        let mut socket = fake.client().await;
        for number in 0..200 {
            say(&mut socket, &format!("42[\"unread\",{number}]")).await;
        }
        let mut said = Vec::new();
        while let Some(text) = heard(&mut socket).await {
            said.push(text);
        }
        assert_eq!(said.len(), 102, "{said:?}");
        assert_eq!((said[99].as_str(), said[100].as_str()), (r#"42["last",99]"#, r#"42["drive",0]"#));
        assert_eq!(said[101], "41");
    };
    let leaving = async {
        let mut client = Client::connect(&dial).await.unwrap();
        client.latest(1, "drive", &[json!(1)]);
        client.latest(1, "drive", &[json!(0)]);
        assert!((0..100).all(|number| client.emit("last", &[json!(number)])));
        timeout(PATIENCE, client.close()).await.unwrap();
    };
    tokio::join!(serving, leaving);
}

async fn refused(dial: &Dial) -> ConnectError {
    timeout(PATIENCE * 2, Client::connect(dial)).await.unwrap().unwrap_err()
}

/// Goal: whatever keeps a program from being let in, it is told in the server's words.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_carry_the_reason() {
    let house = House::closed();
    let stranger = refused(&house.dial()).await;
    assert!(stranger.to_string().contains("(403): this device is not paired"), "{stranger}");
    assert!(stranger.needs_somebody());
    let forged = Dial { cookie: Some("__Host-joywire-1=\n".into()), ..house.dial() };
    assert!(matches!(refused(&forged).await, ConnectError::Key { .. }));

    let (fake, dial) = Fake::new();
    let serving = async {
        let mut socket = fake.web_socket().await;
        say(&mut socket, GREETING).await;
        say(&mut socket, r#"44{"message":"the robot's name is taken"}"#).await;
    };
    let ((), denied) = tokio::join!(serving, refused(&dial));
    assert!(denied.to_string().ends_with("does not let this program in: the robot's name is taken"), "{denied}");
    let (_, missing) = tokio::join!(fake.answer("404 Not Found", b"nothing"), refused(&dial));
    assert!(missing.to_string().contains("no relay: it answers 404"), "{missing}");
    let body = br#"{"code":5,"message":"Unsupported protocol version"}"#;
    let (_, old) = tokio::join!(fake.answer("400 Bad Request", body), refused(&dial));
    assert!(old.to_string().ends_with("(400): Unsupported protocol version"), "{old}");
}

/// Goal: whatever stands in the way, a sentence says what to look at.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_an_address_is_said() {
    let dial = |address: &str| Dial {
        address: address.parse().unwrap(),
        trust: Trust::Anyone,
        cookie: None,
        auth: Value::Null,
    };
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let nobody = refused(&dial(&format!("https://localhost:{}", free.port()))).await.to_string();
    assert!(nobody.starts_with("nothing listens at https://localhost:"), "{nobody}");
    let unknown = refused(&dial("https://nowhere.invalid:8080")).await.to_string();
    assert!(unknown.starts_with("there is no computer called nowhere.invalid"), "{unknown}");
    let distant = refused(&dial("https://192.0.2.1:8080")).await.to_string();
    assert!(distant.contains("on another computer"), "{distant}");

    let plain = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("https://127.0.0.1:{}", plain.local_addr().unwrap().port());
    let serving = async {
        let (mut stream, _) = plain.accept().await.unwrap();
        drop(tokio::io::AsyncWriteExt::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n").await);
        // Until the client has gone.
        raw::read_to_end(&mut stream).await;
    };
    let there = dial(&address);
    let ((), open) = tokio::join!(serving, refused(&there));
    assert!(open.to_string().contains("does not speak https"), "{open}");
}
