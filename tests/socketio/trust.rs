//! Whose certificates are believed.

use std::process::Command;
use std::time::Duration;

use joywire::certificate::Name;
use joywire::socketio::{Client, ConnectError, Fingerprint, Trust};
use rcgen::{CertificateParams, KeyPair};
use tokio::time::timeout;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

use crate::fake::{Fake, Shown, Signer};
use crate::house::{House, PATIENCE};

const DAY: Duration = Duration::from_hours(24);

/// What becomes of a connection to a server that shows this.
async fn judged(shown: &Shown, trust: Trust) -> Result<(), ConnectError> {
    let fake = Fake::showing(shown);
    let dial = fake.dial(trust);
    let serving = async {
        if let Some(stream) = fake.accept().await
            && let Ok(mut socket) = tokio_tungstenite::accept_async(stream).await
        {
            crate::fake::say(&mut socket, crate::fake::GREETING).await;
            crate::fake::say(&mut socket, "40").await;
            while crate::fake::heard(&mut socket).await.is_some() {}
        }
    };
    let connecting = async {
        let client = timeout(PATIENCE, Client::connect(&dial)).await.unwrap()?;
        client.close().await;
        Ok(())
    };
    Box::pin(async { tokio::join!(serving, connecting).1 }).await
}

fn stranger(judged: &Result<(), ConnectError>) -> bool {
    let told = judged.as_ref().is_err_and(|error| error.to_string().contains("somebody else answers in its place"));
    told && matches!(judged, Err(error @ ConnectError::Stranger { .. }) if error.needs_somebody())
}

fn days_from_now(params: &mut CertificateParams, begin: i64, end: i64) {
    let start = rcgen::date_time_ymd(1970, 1, 1) + std::time::UNIX_EPOCH.elapsed().unwrap();
    let shift =
        |days: i64| start + DAY * u32::try_from(days.max(0)).unwrap() - DAY * u32::try_from((-days).max(0)).unwrap();
    (params.not_before, params.not_after) = (shift(begin), shift(end));
}

/// Goal: the relay's authority is what counts: not the name, not the certificate of today, not a clock that is behind; but
/// no other authority, not even one that calls itself the same, and nothing that has expired.
#[tokio::test]
async fn an_authority_vouches_for_its_relay_and_nobody_else_does() {
    let signer = Signer::new("The relay's authority");
    let trust = || Trust::Authority(signer.certificate());
    for name in ["localhost", "other.local", "192.168.77.1"] {
        assert!(judged(&signer.sign(name, |_| {}), trust()).await.is_ok(), "{name}");
    }
    let early = signer.sign("localhost", |params| days_from_now(params, 3000, 3100));
    judged(&early, trust()).await.unwrap();
    let late = signer.sign("localhost", |params| days_from_now(params, -9, -2));
    assert!(matches!(judged(&late, trust()).await, Err(ConnectError::Expired { .. })));

    let imposter = Signer::new("The relay's authority");
    assert!(stranger(&judged(&imposter.sign("localhost", |_| {}), trust()).await));
    let mut with_chain = imposter.sign("localhost", |_| {});
    with_chain.chain.push(signer.certificate());
    assert!(stranger(&judged(&with_chain, trust()).await));
    // What the relay shows, without its key.
    let mut stolen = signer.sign("localhost", |_| {});
    stolen.key = KeyPair::generate().unwrap();
    assert!(judged(&stolen, trust()).await.is_err());

    // The same authority, written anew.
    let key = KeyPair::generate().unwrap();
    let old = Signer::again("It", KeyPair::from_pem(&key.serialize_pem()).unwrap(), |p| days_from_now(p, -100, 100));
    let new = Signer::again("It", key, |params| days_from_now(params, -1, 3650));
    assert_ne!(old.certificate(), new.certificate());
    judged(&new.sign("localhost", |_| {}), Trust::Authority(old.certificate())).await.unwrap();
}

/// Goal: a certificate that its owner brought is known by its fingerprint, or by that of one that vouches for it, and then
/// for its names alone.
#[tokio::test]
async fn a_shown_certificate_is_known_again() {
    let signer = Signer::new("Some authority");
    let by_leaf = |shown: &Shown| Trust::Shown(Fingerprint::of(&shown.chain[0]));
    let by_signer = || Trust::Shown(Fingerprint::of(&signer.certificate()));
    let other_name = signer.sign("example.org", |params| days_from_now(params, -9, -2));
    judged(&other_name, by_leaf(&other_name)).await.unwrap();

    let mut good = signer.sign("localhost", |_| {});
    assert!(stranger(&judged(&good, by_signer()).await), "what vouches for it was not shown");
    good.chain.push(signer.certificate());
    judged(&good, by_signer()).await.unwrap();
    assert!(stranger(&judged(&good, Trust::Shown(Fingerprint::of(b"another"))).await));

    let mut other_name = signer.sign("example.org", |_| {});
    other_name.chain.push(signer.certificate());
    let said = judged(&other_name, by_signer()).await.unwrap_err().to_string();
    assert!(said.contains("is for another name") && said.contains("example.org"), "{said}");

    let mut imposter = Signer::new("Some authority").sign("localhost", |_| {});
    imposter.chain.push(signer.certificate());
    assert!(stranger(&judged(&imposter, by_signer()).await));
    let mut stolen = signer.sign("localhost", |_| {});
    stolen.key = KeyPair::generate().unwrap();
    assert!(judged(&stolen, by_leaf(&stolen)).await.is_err());
}

/// Goal: where anyone is believed, it is still somebody who has the key of what they show.
#[tokio::test]
async fn anyone_must_have_their_own_key() {
    let mut shown = Signer::new("Nobody").sign("example.org", |params| days_from_now(params, -9, -2));
    judged(&shown, Trust::Anyone).await.unwrap();
    shown.key = KeyPair::generate().unwrap();
    assert!(judged(&shown, Trust::Anyone).await.is_err());
}

/// Goal: our own relay may get new names, and another certificate with them; who knows its authority knows it still. After
/// its data directory was lost nobody does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_relay_is_known_by_its_authority() {
    let house = House::open();
    let dial = house.dial();
    Client::connect(&dial).await.unwrap().close().await;
    let leaf = std::fs::read(house.home.path().join("tls/leaf.pem")).unwrap();
    let names: Vec<Name> = vec!["192.168.77.1".parse().unwrap()];
    let house = house.restart(|settings| settings.names = tokio::sync::watch::channel(names).1).await;
    assert_ne!(std::fs::read(house.home.path().join("tls/leaf.pem")).unwrap(), leaf);
    Client::connect(&dial).await.unwrap().close().await;
    std::fs::remove_dir_all(house.home.path().join("tls")).unwrap();
    let _house = house.restart(|_| {}).await;
    assert!(stranger(&Client::connect(&dial).await.map(|_| ())));
}

/// Goal: a certificate of the first form, as OpenSSL 3.0 makes them when it is asked for nothing else, does where anyone is
/// believed or it was shown; but only from who has its key.
#[tokio::test]
async fn certificates_of_the_first_form_do() {
    let folder = tempfile::tempdir().unwrap();
    for command in [
        "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -keyout leaf.key -out leaf.csr",
        "x509 -req -in leaf.csr -signkey leaf.key -days 9 -out leaf.crt",
    ] {
        let openssl = Command::new("openssl").args(command.split(' ')).current_dir(folder.path()).output();
        assert!(openssl.expect("openssl is installed: tests/tools.sh sees to it").status.success(), "{command}");
    }
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    let leaf = CertificateDer::from_pem_slice(read("leaf.crt").as_bytes()).unwrap();
    let mut shown = Shown { chain: vec![leaf.clone()], key: KeyPair::from_pem(&read("leaf.key")).unwrap() };
    let by_leaf = || Trust::Shown(Fingerprint::of(&leaf));
    judged(&shown, Trust::Anyone).await.unwrap();
    judged(&shown, by_leaf()).await.unwrap();
    shown.key = KeyPair::generate().unwrap();
    for trust in [Trust::Anyone, by_leaf()] {
        assert!(judged(&shown, trust).await.is_err());
    }
}
