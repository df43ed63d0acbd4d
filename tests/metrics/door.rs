//! Who may ask, and how much it costs when somebody asks too much.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::house::{House, get, request};
use crate::program::Shell;

/// Where a process listens, as hexadecimal addresses with ports.
fn listening(pid: u32) -> BTreeSet<(String, u16)> {
    let links =
        fs::read_dir(format!("/proc/{pid}/fd")).unwrap().filter_map(|entry| fs::read_link(entry.unwrap().path()).ok());
    let sockets: BTreeSet<String> =
        links.filter_map(|link| Some(link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned())).collect();
    let tables =
        ["tcp", "tcp6"].map(|table| fs::read_to_string(format!("/proc/{pid}/net/{table}")).unwrap_or_default());
    let mut found = BTreeSet::new();
    for line in tables.iter().flat_map(|table| table.lines().skip(1)) {
        let fields: Vec<&str> = line.split_whitespace().collect();
        if fields[3] == "0A" && sockets.contains(fields[9]) {
            let (address, port) = fields[1].split_once(':').unwrap();
            found.insert((address.to_owned(), u16::from_str_radix(port, 16).unwrap()));
        }
    }
    found
}

const LOOPBACK: [&str; 2] = ["0100007F", "00000000000000000000000001000000"];

/// Goal: nobody but this machine can ask, and off is off.
#[test]
fn it_is_on_loopback_alone_or_off() {
    let house = House::open();
    let at = listening(house.running.child.id());
    let ports: BTreeSet<u16> = at.iter().map(|(_, port)| *port).collect();
    assert_eq!(ports, BTreeSet::from([house.https(), house.metrics]), "{at:?}");
    assert!(at.iter().all(|(address, _)| LOOPBACK.contains(&address.as_str())), "{at:?}");
    // Linux answers on every 127.x.y.z; only the one that was bound may be.
    assert!(TcpStream::connect(("127.0.0.2", house.metrics)).is_err(), "it listens elsewhere, too");

    for told in ["off", "0"] {
        let house = House::open_with(Shell::new(), 0, told, |command| command);
        let ports: BTreeSet<u16> = listening(house.running.child.id()).into_iter().map(|(_, port)| port).collect();
        assert_eq!(ports, BTreeSet::from([house.https()]), "--metrics {told}");
    }
    let said = Shell::new().output(&["run", "--metrics", "on"]);
    let said = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(said.contains("1 to 65535, or off"), "{said}");
}

/// Goal: a second program on the machine says once that it has no port for metrics, and drives.
#[test]
fn a_taken_port_keeps_nobody_from_driving() {
    let first = House::open();
    let mut second = House::open_with(Shell::new(), first.metrics, &first.metrics.to_string(), |command| command);
    second.running.says("robot is ready");
    second.running.signal(Signal::TERM);
    let (code, said) = second.running.end();
    let warnings: Vec<&str> = said.lines().filter(|line| line.contains("WARN")).collect();
    assert!(code == Some(0) && warnings.len() == 1, "{said}");
    assert!(warnings[0].contains("--metrics off") && warnings[0].contains(&first.metrics.to_string()), "{said}");
    assert_eq!(get(first.metrics, "/healthz", "").status, 200);
}

/// Goal: pages that lead a name of their own here read nothing, and nothing can be changed.
#[test]
fn questions_that_are_none_are_turned_away() {
    let house = House::open();
    let port = house.metrics;
    let host = format!("Host: localhost:{port}\r\n");
    for (first, lines, status) in [
        ("GET /metrics HTTP/1.1", "Host: evil.example\r\n", 421),
        ("GET /metrics HTTP/1.1", "Host: 192.168.1.5\r\n", 421),
        ("GET /metrics HTTP/1.1", "", 421),
        ("GET /metrics HTTP/1.1", "Host: localhost\r\nHost: evil.example\r\n", 421),
        ("GET http://evil.example/metrics HTTP/1.1", &host, 421),
        ("POST /metrics HTTP/1.1", &host, 405),
        ("DELETE /healthz HTTP/1.1", &host, 405),
        ("GET /etc/passwd HTTP/1.1", &host, 404),
        ("GET /../metrics HTTP/1.1", &host, 404),
        ("GET / HTTP/1.1", &host, 200),
        ("GET /metrics HTTP/1.0", &host, 200),
        ("GET /metrics HTTP/1.1", "Host: [::1]\r\n", 200),
    ] {
        let answer = request(port, first, lines);
        assert_eq!(answer.status, status, "{first} {lines:?}: {answer:?}");
        assert!(!answer.head.contains("access-control"), "{answer:?}");
    }
    let head = request(port, "HEAD /metrics HTTP/1.1", &host);
    assert!(head.status == 200 && head.body.is_empty(), "{head:?}");
    let long = format!("{host}X: {}\r\n", "x".repeat(20_000));
    assert_eq!(request(port, "GET /metrics HTTP/1.1", &long).status, 431);
    let many = format!("{host}{}", "X: y\r\n".repeat(100));
    assert_eq!(request(port, "GET /metrics HTTP/1.1", &many).status, 431);
}

/// Goal: whoever holds connections without end, asks slowly or does not read keeps nobody out, costs no more than a few
/// descriptors, and does not hold up the robot.
#[test]
fn those_who_ask_without_end_exhaust_nothing() {
    let house = House::open();
    let before = house.numbers();
    let mut held = Vec::new();
    for number in 0..150 {
        let mut stream = TcpStream::connect(("127.0.0.1", house.metrics)).unwrap();
        // Some never end their question, some say nothing, some never read the answer.
        let words =
            ["GET /metrics HTTP/1.1\r\nHost: localhost\r\nX: ", "", "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"];
        drop(stream.write_all(words[number % 3].as_bytes()));
        held.push(stream);
        if number % 50 == 49 {
            let asked = Instant::now();
            let now = house.numbers();
            assert!(asked.elapsed() < Duration::from_secs(1), "an answer took {:?}", asked.elapsed());
            assert!(now.of("process_open_fds") <= before.of("process_open_fds") + 40.0);
        }
    }
    std::thread::sleep(Duration::from_millis(3500));
    let after = house.numbers();
    assert!(after.of("process_open_fds") <= before.of("process_open_fds") + 2.0, "connections are kept for ever");
    assert!(after.sum("joywire_stops_total") < 0.5, "{:?}", after.all("joywire_stops_total"));
    assert_eq!(get(house.metrics, "/healthz", "").status, 200);
}
