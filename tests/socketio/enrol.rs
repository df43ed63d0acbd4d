//! How a program gets its key.

use joywire::enrol::{EnrolError, Key, Pin, enrol, key_file};
use joywire::journal::Doer;
use joywire::protocol::access::AccessRequest;
use joywire::protocol::events::Role;
use joywire::socketio::{Client, Fingerprint};
use rcgen::{CertificateParams, KeyPair};
use serde_json::json;
use tokio::time::timeout;

use crate::fake::{Fake, Signer};
use crate::house::{House, PATIENCE, event};

async fn ask(house: &House, code: &str, fingerprint: Fingerprint) -> Result<Key, EnrolError> {
    let mut on_wait = |_: &str| panic!("nobody was to be asked");
    timeout(PATIENCE, enrol(&house.address, code, fingerprint, "Rover's Pi", &mut on_wait)).await.unwrap()
}

/// The role that a key opens.
async fn opens(key: &Key) -> String {
    let mut client = Client::connect(&key.dial(json!({}))).await.unwrap();
    let welcome = event(&mut client, "welcome").await;
    client.close().await;
    welcome[0]["role"].as_str().unwrap().to_owned()
}

/// Goal: a code becomes a key that opens the relay, is kept, and is still good after the relay was started anew; once the
/// device is thrown out, it opens nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_becomes_a_key_that_lasts() {
    let house = House::closed();
    let key = ask(&house, &house.code(Role::Driver), house.fingerprint()).await.unwrap();
    assert_eq!((key.role, key.name.as_str(), &key.relay), (Role::Driver, "Rover's Pi", &house.address));
    assert_eq!(key.pin, Pin::Authority(house.authority.clone().unwrap()));
    assert!(!format!("{key:?}").contains(&key.cookie) && !format!("{:?}", key.dial(json!({}))).contains(&key.cookie));
    assert_eq!(opens(&key).await, "driver");

    let robot = tempfile::tempdir().unwrap();
    key_file::keep(robot.path(), &key).unwrap();
    let house = house.restart(|settings| settings.local_operator = false).await;
    let found = key_file::find(robot.path(), &house.address, Role::Driver).unwrap().unwrap();
    assert_eq!(found, key);
    assert_eq!(opens(&found).await, "driver");

    let id = house.gate.access().devices[0].id;
    assert!(house.gate.ask(AccessRequest::Revoke { id }, Doer::here()).await.ok);
    let error = Client::connect(&found.dial(json!({}))).await.unwrap_err();
    assert!(error.needs_somebody() && error.to_string().contains("not paired"), "{error}");
}

/// Goal: where somebody must say yes, they see the same four digits as who brought the code; their no is told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_says_yes_or_no() {
    let house = House::with(|settings| (settings.confirm, settings.local_operator) = (true, false));
    for yes in [true, false] {
        let code = house.code(Role::Operator);
        let mut changes = house.gate.changes();
        let answering = async {
            loop {
                if let Some(waiting) = house.gate.access().waiting.first() {
                    let id = waiting.id;
                    let request = if yes { AccessRequest::Approve { id } } else { AccessRequest::Deny { id } };
                    let (name, number) = (waiting.name.clone(), waiting.number.clone());
                    assert!(house.gate.ask(request, Doer::here()).await.ok);
                    return (name, number);
                }
                changes.changed().await.unwrap();
            }
        };
        let mut told = Vec::new();
        let mut on_wait = |number: &str| told.push(number.to_owned());
        let enrolling = enrol(&house.address, &code, house.fingerprint(), "Pi", &mut on_wait);
        let ((name, number), key) = timeout(PATIENCE, async { tokio::join!(answering, enrolling) }).await.unwrap();
        assert_eq!((name.as_str(), told), ("Pi", vec![number]));
        match key {
            Ok(key) if yes => assert_eq!(opens(&key).await, "operator"),
            Err(error) if !yes => assert!(error.to_string().contains("nobody at the robot's computer said yes")),
            other => panic!("{yes}: {other:?}"),
        }
    }
}

/// Goal: whoever answers in the relay's place never sees the code: neither one with a certificate of their own, nor one that
/// passes the relay's certificate on without having its key.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_is_shown_to_nobody_else() {
    let house = House::closed();
    let code = house.code(Role::Driver);
    let wrong = ask(&house, &code, Fingerprint::of(b"another")).await.unwrap_err();
    assert!(matches!(wrong, EnrolError::Stranger { .. }), "{wrong:?}");
    assert!(wrong.to_string().contains("the code was not shown"), "{wrong}");

    let signer = Signer::new("Somebody else");
    let own = signer.certificate();
    let relays = house.authority.clone().unwrap();
    let mut with_relays = signer.sign("localhost", |_| {});
    with_relays.chain.push(relays.clone());
    for (shown, status, body) in [
        (signer.sign("localhost", |_| {}), "200 OK", own.as_ref()),
        (signer.sign("localhost", |_| {}), "200 OK", relays.as_ref()),
        (signer.sign("localhost", |_| {}), "404 Not Found", b"".as_slice()),
        (with_relays, "404 Not Found", b"".as_slice()),
        (signer.sign("localhost", |_| {}), "500 Internal Server Error", b"broken".as_slice()),
    ] {
        let fake = Fake::showing(&shown);
        let address = fake.address();
        let heard = std::sync::Mutex::new(Vec::new());
        let serving = async {
            loop {
                let request = fake.answer(status, body).await;
                heard.lock().unwrap().push(request);
            }
        };
        let mut on_wait = |_: &str| panic!("it was taken for the relay");
        let told = tokio::select! {
            () = serving => unreachable!("it serves for ever"),
            told = enrol(&address, &code, house.fingerprint(), "Pi", &mut on_wait) => told.unwrap_err(),
        };
        let heard = heard.into_inner().unwrap();
        assert!(heard.iter().flatten().all(|request| request.starts_with("GET /joywire.crt ")), "{heard:?}");
        assert!(!format!("{heard:?}").contains(&code), "{told}");
        assert!(told.to_string().contains("in its place") || told.to_string().contains("broken"), "{told}");
    }
    assert!(ask(&house, &code, house.fingerprint()).await.is_ok(), "the code was used up");
}

/// Goal: a relay with a certificate that its owner brought is known by that one's fingerprint.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_with_a_brought_certificate_gives_keys_too() {
    let files = tempfile::tempdir().unwrap();
    let key = KeyPair::generate().unwrap();
    let own = CertificateParams::new(vec!["robot.example.org".to_owned()]).unwrap().self_signed(&key).unwrap();
    let [certificate_file, key_file] = ["own.crt", "own.key"].map(|name| files.path().join(name));
    std::fs::write(&certificate_file, own.pem()).unwrap();
    std::fs::write(&key_file, key.serialize_pem()).unwrap();
    let house = House::with(|settings| {
        settings.own_certificate = Some((certificate_file, key_file));
        settings.local_operator = false;
    });
    let fingerprint = Fingerprint::of(own.der());
    let key = ask(&house, &house.code(Role::Viewer), fingerprint).await.unwrap();
    assert_eq!(key.pin, Pin::Shown(fingerprint));
    assert_eq!(opens(&key).await, "viewer");
}

/// Goal: a code that is not good is refused in the relay's words.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_code_is_refused_with_the_reason() {
    let house = House::closed();
    let used = house.code(Role::Driver);
    ask(&house, &used, house.fingerprint()).await.unwrap();
    for code in [used.as_str(), "", "nonsense"] {
        let said = ask(&house, code, house.fingerprint()).await.unwrap_err().to_string();
        assert!(said.contains("says no: this code is not valid any more"), "{code}: {said}");
    }
}
