//! The certificate by those who judge it: OpenSSL, TLS clients on real sockets, and whoever asks for what is not theirs.

#![expect(clippy::unwrap_used, reason = "a test's own tools stop at the first surprise, too")]
#![expect(clippy::disallowed_methods, reason = "a program is given real time to notice a file")]

#[path = "common/program.rs"]
#[expect(dead_code, reason = "the stories of the command line use the rest")]
mod program;
#[path = "common/socketio_client.rs"]
#[expect(dead_code, reason = "the stories of the relay use the rest")]
mod socketio_client;

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use joywire::certificate::{Keeper, Name, Settings as Source};
use joywire::mailbox::{AgentEnd, mailbox};
use joywire::protocol::events::RobotCard;
use joywire::relay::{Relay, Settings};
use program::{PATIENCE, Running, Shell, text};
use socketio_client::{Dial, read_to_end};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::sync::watch;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_util::sync::CancellationToken;

/// Runs OpenSSL; whether it succeeded, and everything it said.
fn openssl(folder: &Path, args: &str) -> (bool, String) {
    let output = Command::new("openssl")
        .args(args.split_whitespace())
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .expect("openssl is installed: tests/tools.sh sees to it");
    (output.status.success(), text(&output.stdout) + &text(&output.stderr))
}

/// The same, when it must succeed.
fn done(folder: &Path, args: &str) -> String {
    let (done, said) = openssl(folder, args);
    assert!(done, "openssl {args}\n{said}");
    said
}

fn names(list: &str) -> Vec<Name> {
    list.split(' ').map(|name| name.parse().unwrap()).collect()
}

/// A folder with `ca.pem`, and below it `tls/` as the program keeps it.
fn issued(list: &str) -> TempDir {
    let home = tempfile::tempdir().unwrap();
    let source = Source { data_directory: home.path().to_owned(), own: None };
    let keeper = Keeper::open(&source, &names(list), UnixTime::now()).unwrap();
    fs::write(home.path().join("ca.pem"), keeper.authority().unwrap().pem()).unwrap();
    home
}

/// A key and a certificate for `name` that signed itself, as a user might bring them.
fn brought(folder: &Path, name: &str, stem: &str) {
    let request = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 -subj /CN=brought";
    done(folder, &format!("{request} -addext subjectAltName=DNS:{name} -keyout {stem}.key -out {stem}.crt"));
}

/// Goal: what is issued is right in every point that the strictest common judge looks at.
#[test]
fn openssl_finds_nothing_wrong() {
    let home = issued("192.168.1.5 10.0.0.1 fd12::5 fe80::1 robot.local");
    let verify = "verify -x509_strict -check_ss_sig -CAfile ca.pem -purpose sslserver";
    for (option, list) in [
        ("-verify_ip", "127.0.0.1 ::1 192.168.1.5 10.0.0.1 fd12::5 fe80::1"),
        ("-verify_hostname", "localhost robot.local"),
    ] {
        for name in list.split(' ') {
            done(home.path(), &format!("{verify} {option} {name} tls/leaf.pem"));
        }
    }
    for wrong in ["-verify_ip 192.168.1.6", "-verify_hostname other.local", "-verify_hostname 192.168.1.5"] {
        assert!(!openssl(home.path(), &format!("{verify} {wrong} tls/leaf.pem")).0, "{wrong}");
    }
    assert!(!openssl(home.path(), "verify -CAfile ca.pem -purpose sslclient tls/leaf.pem").0);

    let authority = done(home.path(), "x509 -in ca.pem -noout -text -fingerprint -sha256");
    for words in [
        "Public-Key: (256 bit)",
        "ASN1 OID: prime256v1",
        "Name Constraints: critical",
        "CA:TRUE, pathlen:0",
        "Basic Constraints: critical",
        "Key Usage: critical",
        "Certificate Sign, CRL Sign",
        "Subject Key Identifier",
        "Authority Key Identifier",
        "IP:10.0.0.0/255.0.0.0",
        "IP:172.16.0.0/255.240.0.0",
        "IP:192.168.0.0/255.255.0.0",
        "IP:169.254.0.0/255.255.0.0",
        "IP:127.0.0.0/255.0.0.0",
        "IP:100.64.0.0/255.192.0.0",
        "IP:FC00:0:0:0:0:0:0:0/FE00:0:0:0:0:0:0:0",
        "IP:FE80:0:0:0:0:0:0:0/FFC0:0:0:0:0:0:0:0",
        "DNS:localhost",
        "DNS:local\n",
        "this computer's own authority",
    ] {
        assert!(authority.contains(words), "{words}\n{authority}");
    }
    let keeper = Source { data_directory: home.path().to_owned(), own: None };
    let keeper = Keeper::open(&keeper, &[], UnixTime::now()).unwrap();
    assert!(authority.contains(&keeper.authority().unwrap().fingerprint()), "another fingerprint than OpenSSL's");

    let leaf = done(home.path(), "x509 -in tls/leaf.pem -noout -text");
    for words in [
        "prime256v1",
        "Digital Signature",
        "TLS Web Server Authentication",
        "Authority Key Identifier",
        "IP Address:192.168.1.5",
        "IP Address:FD12:0:0:0:0:0:0:5",
        "DNS:robot.local",
    ] {
        assert!(leaf.contains(words), "{words}\n{leaf}");
    }
    assert!(!leaf.contains("CA:TRUE"), "{leaf}");
    let days = |days: u64| format!("x509 -in tls/leaf.pem -noout -checkend {}", days * 24 * 3600);
    assert!(openssl(home.path(), &days(394)).0 && !openssl(home.path(), &days(396)).0);
    assert!(openssl(home.path(), &days(3640).replace("tls/leaf.pem", "ca.pem")).0);
}

/// Goal: even a stolen key of the authority opens no bank: what it signs beyond its bounds is refused.
#[test]
fn a_stolen_authority_vouches_for_nobody_on_the_internet() {
    let home = issued("localhost");
    let folder = home.path();
    let key =
        "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=stolen -keyout stolen.key -out stolen.csr";
    done(folder, key);
    let sign = "x509 -req -in stolen.csr -CA tls/authority.pem -CAkey tls/authority.pem -CAcreateserial -days 90";
    for (alternative, good) in [
        ("DNS:printer.local", true),
        ("IP:192.168.77.1", true),
        ("IP:fd00::1", true),
        ("DNS:bank.example.org", false),
        ("DNS:local.example.org", false),
        ("DNS:notlocal", false),
        ("IP:8.8.8.8", false),
        ("IP:172.32.0.1", false),
        ("IP:2001:db8::1", false),
        ("DNS:printer.local,DNS:bank.example.org", false),
    ] {
        fs::write(folder.join("names.cnf"), format!("subjectAltName={alternative}\n")).unwrap();
        done(folder, &format!("{sign} -extfile names.cnf -out stolen.crt"));
        let (accepted, said) = openssl(folder, "verify -CAfile ca.pem -purpose sslserver stolen.crt");
        assert_eq!(accepted, good, "{alternative}: {said}");
        assert!(good || said.contains("permitted subtree violation"), "{alternative}: {said}");
    }
    // Nor does it make other authorities.
    fs::write(folder.join("names.cnf"), "basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign\n").unwrap();
    done(folder, &format!("{sign} -extfile names.cnf -out below.crt"));
    fs::write(folder.join("names.cnf"), "subjectAltName=DNS:printer.local\n").unwrap();
    let below = "x509 -req -in stolen.csr -CA below.crt -CAkey stolen.key -CAcreateserial -days 90 -extfile names.cnf";
    done(folder, &format!("{below} -out deep.crt"));
    let (accepted, said) = openssl(folder, "verify -CAfile ca.pem -untrusted below.crt deep.crt");
    assert!(!accepted, "{said}");
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The port that a running program names.
fn port(run: &mut Running) -> u16 {
    let line = run.says("https://localhost:");
    let digits = line.split("https://localhost:").nth(1).unwrap();
    digits.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap()
}

/// The body of a page over plain HTTP.
fn fetch(port: u16, path: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    answer.split_off(end + 4)
}

/// Goal: the real program, met for the first time: the certificate is fetched in the open, compared, and then
/// OpenSSL trusts what it sees on the wire; old TLS is refused, and the keys are the user's alone.
#[test]
fn the_program_is_trusted_by_what_it_hands_out() {
    let shell = Shell::new();
    let trust = free_port();
    fs::write(shell.path("joywire.toml"), format!("[server]\npublic = true\ntrust_port = {trust}\n")).unwrap();
    let mut run = Running::start(shell.command(&["run", "--port", "0", "--config", "joywire.toml"]));
    let port = port(&mut run);
    fs::write(shell.path("fetched.crt"), fetch(trust, "/joywire.crt")).unwrap();
    done(shell.home.path(), "x509 -inform DER -in fetched.crt -out fetched.pem");
    let connect = |options: &str| {
        openssl(
            shell.home.path(),
            &format!("s_client -connect localhost:{port} -CAfile fetched.pem -verify_return_error {options}"),
        )
    };
    for options in ["-verify_ip 127.0.0.1", "-verify_ip ::1", "-verify_hostname localhost", "-tls1_2", "-tls1_3"] {
        let (connected, said) = connect(options);
        assert!(connected && said.contains("Verify return code: 0 (ok)"), "{options}: {said}");
    }
    assert!(connect("-alpn h2,http/1.1").1.contains("ALPN protocol: http/1.1"));
    for options in ["-tls1_1 -cipher ALL:@SECLEVEL=0", "-tls1 -cipher ALL:@SECLEVEL=0"] {
        let (connected, said) = connect(options);
        // The alert is the server's: it was understood, and refused.
        assert!(!connected && said.contains("SSL alert number") && said.contains("NONE"), "{options}: {said}");
    }
    for options in ["-verify_ip 127.0.0.2", "-tls1_2 -cipher AES128-SHA:AES256-GCM-SHA384"] {
        assert!(!connect(options).0, "{options}");
    }
    let (connected, said) =
        openssl(shell.home.path(), &format!("s_client -connect localhost:{port} -verify_return_error"));
    assert!(!connected && said.contains("verify error"), "trusted without being told to: {said}");

    let folder = shell.path("joywire/tls");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode(&folder), 0o700);
    let files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 2, "{files:?}");
    assert!(files.iter().all(|file| mode(file) == 0o600), "{files:?}");
}

/// Goal: a certificate that the user brought is shown, read again when it changes, and kept when what comes is broken.
#[test]
fn a_certificate_of_ones_own_is_followed_while_the_program_runs() {
    let shell = Shell::new();
    for stem in ["first", "second", "third"] {
        brought(shell.home.path(), "robot.example.org", stem);
    }
    let put = |certificate: &str, key: &str| {
        fs::copy(shell.path(certificate), shell.path("live.crt")).unwrap();
        fs::copy(shell.path(key), shell.path("live.key")).unwrap();
    };
    let trust = free_port();
    let config = format!(
        "[server]\npublic = true\ntrust_port = {trust}\nhost = \"robot.example.org\"\n[tls]\ncert = \"live.crt\"\nkey = \"live.key\"\n"
    );
    fs::write(shell.path("joywire.toml"), config).unwrap();
    let start = &["run", "--port", "0", "--config", "joywire.toml"];
    put("first.crt", "second.key");
    let complaint = shell.complaint(start, 1);
    assert!(complaint.contains("live.key does not belong") && complaint.contains("live.crt"), "{complaint}");

    put("first.crt", "first.key");
    let mut run = Running::start(shell.command(start));
    let port = port(&mut run);
    let shown = |stem: &str| {
        let connect = format!("s_client -connect localhost:{port} -CAfile {stem}.crt -verify_return_error");
        openssl(shell.home.path(), &format!("{connect} -verify_hostname robot.example.org")).0
    };
    assert!(shown("first") && !shown("second"));
    put("second.crt", "second.key");
    let end = Instant::now() + PATIENCE;
    while !shown("second") {
        assert!(Instant::now() < end, "the new certificate is not shown");
    }
    put("third.crt", "first.key");
    run.says("stays the old one: the key in live.key does not belong");
    assert!(shown("second"), "what is broken is shown");
    fs::remove_file(shell.path("live.crt")).unwrap();
    run.says("stays the old one: cannot read live.crt");
    assert!(shown("second"));
    put("third.crt", "third.key");
    let end = Instant::now() + PATIENCE;
    while !shown("third") {
        assert!(Instant::now() < end, "the mended certificate is not shown");
    }
    let page = text(&fetch(trust, "/trust"));
    assert!(page.contains("Nothing needs to be installed") && !page.contains("joywire.crt"), "{page}");
    assert!(text(&fetch(trust, "/joywire.crt")).contains("nothing to install"));
    assert!(!shell.path("joywire/tls").exists(), "an authority was made that nobody needs");
}

/// Goal: a name of the internet is refused at the start, with what it takes instead.
#[test]
fn a_public_name_needs_a_certificate_of_its_own() {
    let shell = Shell::new();
    for (host, words) in [("robot.example.org", "tls.cert"), ("8.8.8.8", "tls.cert"), ("a b", "neither an address")] {
        fs::write(shell.path("joywire.toml"), format!("[server]\npublic = true\nhost = \"{host}\"\n")).unwrap();
        let (code, said) = Running::start(shell.command(&["run", "--port", "0", "--config", "joywire.toml"])).end();
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains(host) && said.contains(words), "{said}");
    }
}

/// A relay on free ports, with the page for phones.
struct World {
    home: TempDir,
    dial: Dial,
    trust: SocketAddr,
    names: watch::Sender<Vec<Name>>,
    _agent: AgentEnd,
}

impl World {
    fn new(change: impl FnOnce(&mut Settings)) -> Self {
        let home = tempfile::tempdir().unwrap();
        let robot = RobotCard { name: "Rover".into(), simulated: true, ..RobotCard::default() };
        let mut settings = Settings::new(0, robot, home.path().to_owned());
        let (names, receiver) = watch::channel(Name::local().to_vec());
        settings.names = receiver;
        settings.trust_port = Some(0);
        change(&mut settings);
        let (relay_end, agent) = mailbox();
        let relay = Relay::bind(settings, Some(relay_end)).unwrap();
        let dial = Dial::new(relay.local_addrs()[0], home.path());
        let trust = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), relay.trust_addrs()[0].port());
        tokio::spawn(relay.serve(CancellationToken::new()));
        Self { home, dial, trust, names, _agent: agent }
    }

    /// Says something on the HTTPS port without TLS, or on the other port, and hears the whole answer.
    async fn plain(&self, port: u16, said: &str) -> String {
        let mut stream = tokio::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
        drop(stream.write_all(said.as_bytes()).await);
        read_to_end(&mut stream).await
    }

    /// The certificate that someone sees who asks for `name` and trusts the authority; `None` if it does not do.
    async fn seen_as(&self, name: &str) -> Option<Vec<u8>> {
        let mut roots = RootCertStore::empty();
        roots.add((*self.dial.certificate).clone()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from(name.to_owned()).unwrap();
        let stream = TlsConnector::from(Arc::new(config)).connect(name, self.dial.tcp().await.unwrap()).await.ok()?;
        stream.get_ref().1.peer_certificates()?.first().map(|certificate| certificate.to_vec())
    }
}

/// Goal: a phone's hotspot gives this machine another address, and phones that trust it go on trusting it: without
/// a restart, and without an open connection noticing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn new_names_are_covered_without_a_restart() {
    let world = World::new(|_| {});
    let mut client = world.dial.client().await;
    let before = world.seen_as("localhost").await.unwrap();
    assert_eq!(world.seen_as("192.168.43.1").await, None);
    world.names.send(names("192.168.43.1 rover.local")).unwrap();
    let end = Instant::now() + PATIENCE;
    let after = loop {
        match world.seen_as("192.168.43.1").await {
            Some(after) => break after,
            None => assert!(Instant::now() < end, "the new address is not covered"),
        }
    };
    assert_ne!(after, before);
    assert_eq!(world.seen_as("rover.local").await, Some(after.clone()));
    assert_eq!(world.seen_as("127.0.0.1").await, Some(after.clone()), "this machine's own names went");
    client.ask("echo", &[]).await;
    // A name that nobody may vouch for changes nothing for the others.
    world.names.send(names("robot.example.org 192.168.43.2")).unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(world.seen_as("192.168.43.1").await, Some(after));
    world.names.send(names("192.168.43.2")).unwrap();
    let end = Instant::now() + PATIENCE;
    while world.seen_as("192.168.43.2").await.is_none() {
        assert!(Instant::now() < end, "a name that was refused ended the renewals");
    }
    client.ask("echo", &[]).await;
}

/// Goal: who types http arrives; who speaks neither is closed; nobody dawdles or talks without end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plain_http_on_the_https_port_is_redirected() {
    let world = World::new(|settings| {
        settings.handshake_timeout = Duration::from_millis(300);
        settings.request_timeout = Duration::from_millis(300);
    });
    let port = world.dial.to.port();
    for (request, status, target) in [
        (
            format!("GET /trust?a=b HTTP/1.1\r\nHost: 192.168.1.5:{port}\r\n\r\n"),
            "308",
            format!("https://192.168.1.5:{port}/trust?a=b"),
        ),
        (format!("HEAD / HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n"), "308", format!("https://localhost:{port}/")),
        (format!("GET / HTTP/1.0\r\nHost: localhost:{port}\r\n\r\n"), "308", format!("https://localhost:{port}/")),
        (
            format!("POST /x HTTP/1.1\r\nHost: localhost:{port}\r\nContent-Length: 5\r\n\r\nsecret"),
            "400",
            String::new(),
        ),
        ("GET / HTTP/1.1\r\nHost: a\\b\r\n\r\n".to_owned(), "400", String::new()),
        ("GET / HTTP/1.1\r\n\r\n".to_owned(), "400", String::new()),
        ("GET / HTTP/1.1\r\nHost: x\r\n X-Folded: y\r\n\r\n".to_owned(), "400", String::new()),
    ] {
        let answer = world.plain(port, &request).await;
        assert!(answer.starts_with("HTTP/1.") && answer[9..].starts_with(status), "{request}\n{answer}");
        let location = answer.lines().find_map(|line| line.strip_prefix("location: ")).unwrap_or_default();
        assert_eq!(location, target, "{request}");
        assert!(!answer.contains("set-cookie"), "{answer}");
    }
    for noise in ["\0\0\0\0", "hello\r\n\r\n", "\r\n\r\n", "\u{80}\u{3}\u{1}"] {
        assert_eq!(world.plain(port, noise).await, "", "{noise:?}");
    }
    let start = Instant::now();
    for slow in ["", "G", "GET / HTTP/1.1\r\nHost: a\r\n"] {
        let answer = world.plain(port, slow).await;
        assert!(!answer.contains("308"), "{answer}");
    }
    let endless = format!("GET / HTTP/1.1\r\nHost: a\r\n{}", "X-A: b\r\n".repeat(100_000));
    assert!(!world.plain(port, &endless).await.contains("308"));
    let long = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(1_000_000));
    assert!(!world.plain(port, &long).await.contains("308"));
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    world.dial.client().await;
}

/// Goal: in the open there is what phones fetch there and nothing else, with the same care as on the other port.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_open_port_serves_the_page_and_the_certificate_alone() {
    let world = World::new(|settings| {
        settings.request_timeout = Duration::from_millis(300);
        settings.connections_per_local_address = 2;
    });
    let port = world.trust.port();
    let get = async |path: &str| {
        let request = format!("GET {path} HTTP/1.1\r\nHost: 192.168.1.5:{port}\r\nConnection: close\r\n\r\n");
        world.plain(port, &request).await
    };
    for (path, status) in [
        ("/trust", "200"),
        ("/trust.css", "200"),
        ("/joywire.crt", "200"),
        ("/joywire.mobileconfig", "200"),
        ("/", "404"),
        ("/index.html", "404"),
        ("/main.js", "404"),
        ("/socket.io/?EIO=4&transport=polling", "404"),
        ("/socket.io/socket.io.js", "404"),
    ] {
        let answer = get(path).await;
        assert_eq!(&answer[9..12], status, "{path}");
        let answer = answer.to_lowercase();
        assert!(answer.contains("default-src 'none'") && answer.contains("nosniff"), "{path}: {answer}");
        assert!(!answer.contains("set-cookie"), "{path}");
    }
    let page = get("/trust").await;
    assert!(page.contains(&format!("https://192.168.1.5:{}/", world.dial.to.port())), "{page}");
    assert!(page.contains("without encryption"), "the page does not say that it can be forged");
    let nowhere = world.plain(port, "GET /trust HTTP/1.1\r\nHost: \"><b>\r\n\r\n").await;
    assert!(nowhere.starts_with("HTTP/1.1 400"), "{nowhere}");
    let posted = format!("POST /trust HTTP/1.1\r\nHost: a:{port}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    assert!(world.plain(port, &posted).await.starts_with("HTTP/1.1 405"));
    let start = Instant::now();
    world.plain(port, "GET / HTTP/1.1\r\n").await;
    assert!(start.elapsed() < Duration::from_secs(3), "headers are waited for without end");
    // Who fills this port keeps nobody from driving.
    let crowd: Vec<_> = (0..2).map(|_| TcpStream::connect(world.trust).unwrap()).collect();
    world.dial.client().await;
    drop(crowd);
}

/// Goal: a port that another program has costs the page, and not the robot.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_taken_trust_port_is_no_reason_not_to_drive() {
    let taken = TcpListener::bind("0.0.0.0:0").unwrap();
    let home = tempfile::tempdir().unwrap();
    let robot = RobotCard { name: "Rover".into(), simulated: true, ..RobotCard::default() };
    let mut settings = Settings::new(0, robot, home.path().to_owned());
    settings.trust_port = Some(taken.local_addr().unwrap().port());
    let (relay_end, _agent) = mailbox();
    let relay = Relay::bind(settings, Some(relay_end)).unwrap();
    assert_eq!(relay.trust_addrs(), []);
    let dial = Dial::new(relay.local_addrs()[0], home.path());
    tokio::spawn(relay.serve(CancellationToken::new()));
    dial.client().await;
}

/// Goal: no way of asking brings out a private key, on either port.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_key_is_ever_served() {
    let world = World::new(|_| {});
    let kept: Vec<String> = ["authority.pem", "leaf.pem"]
        .map(|file| fs::read_to_string(world.home.path().join("tls").join(file)).unwrap())
        .into();
    // The first two lines hold the secret number; the third is the public key, which everyone is shown.
    let secrets: Vec<&str> = kept
        .iter()
        .flat_map(|text| text.split("-----BEGIN PRIVATE KEY-----").nth(1).unwrap().lines().skip(1).take(2))
        .collect();
    assert!(secrets.len() == 4 && secrets.iter().all(|line| line.len() == 64));
    let home = world.home.path().to_str().unwrap();
    let mut paths = vec!["/".to_owned(), "/trust".to_owned(), "/trust.html".to_owned(), "/joywire.crt".to_owned()];
    paths.extend(["/joywire.mobileconfig", "/joywire.pem", "/joywire.key", "/trust.css"].map(str::to_owned));
    for file in ["tls/authority.pem", "tls/leaf.pem", "tls/", "authority.pem", "leaf.pem"] {
        for prefix in [
            "/",
            "//",
            "/./",
            "/../",
            "/../../../../../../../..",
            "/..%2f",
            "/%2e%2e/",
            "/..%5c",
            "/trust/../",
            "/trust/..%2f..%2f",
            "/joywire.crt/../",
            "/%00/",
            "/socket.io/../",
        ] {
            paths.push(format!("{prefix}{file}"));
            paths.push(format!("{prefix}{home}/{file}"));
        }
    }
    let mut served = 0;
    for path in &paths {
        let (_, secure) = world.dial.http(&format!("GET {path}"), "", "").await;
        let port = world.trust.port();
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n");
        let open = world.plain(port, &request).await;
        for answer in [&secure, &open] {
            served += usize::from(answer.starts_with("HTTP/1.1 200"));
            assert!(!answer.contains("PRIVATE KEY"), "{path}");
            assert!(secrets.iter().all(|secret| !answer.contains(secret)), "{path}");
        }
    }
    assert!(served >= 8, "only {served} answers: does this test still ask?");
    let authority = CertificateDer::from_pem_slice(kept[0].as_bytes()).unwrap();
    let handed_out = fetch(world.trust.port(), "/joywire.crt");
    assert_eq!(handed_out, authority.as_ref());
}
