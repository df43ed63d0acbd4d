//! House: the program with a simulated robot, and what it tells at its port for metrics.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::program::{PATIENCE, Running, Shell};
use crate::socketio_client::Dial;
use crate::text::Numbers;

/// The program, and the port that it was told for metrics.
pub struct House {
    pub shell: Shell,
    pub running: Running,
    pub metrics: u16,
    https: SocketAddr,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl House {
    /// Its robot is ready.
    pub fn open() -> Self {
        let port = free_port();
        let mut house = Self::open_with(Shell::new(), port, &port.to_string(), |command| command);
        house.running.says("robot is ready");
        house
    }

    /// Told this about metrics; `wrapped` may start it in another way.
    pub fn open_with(shell: Shell, metrics: u16, told: &str, wrapped: impl FnOnce(Command) -> Command) -> Self {
        std::fs::write(shell.path("joywire.toml"), "").unwrap();
        let command = shell.command(&["run", "--port", "0", "--metrics", told, "--config", "joywire.toml"]);
        let mut running = Running::start(wrapped(command));
        let line = running.says("https://localhost:");
        let port = line.split("localhost:").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
        Self { shell, running, metrics, https: ([127, 0, 0, 1], port).into() }
    }

    /// The way in for clients.
    pub fn dial(&self) -> Dial {
        Dial::new(self.https, &self.shell.path("joywire"))
    }

    /// Its port for people.
    pub fn https(&self) -> u16 {
        self.https.port()
    }

    /// What it tells now, read strictly.
    pub fn numbers(&self) -> Numbers {
        let answer = get(self.metrics, "/metrics", "");
        assert_eq!(answer.status, 200, "{answer:?}");
        Numbers::read_classic(&answer.body)
    }

    /// Waits until a series has that value; returns everything as it was then.
    pub fn until(&self, series: &str, value: f64) -> Numbers {
        let end = Instant::now() + PATIENCE;
        loop {
            let numbers = self.numbers();
            #[expect(clippy::float_cmp, reason = "these are whole numbers")]
            if numbers.of(series) == value {
                return numbers;
            }
            assert!(Instant::now() < end, "{series} is {} and not {value}", numbers.of(series));
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// One request to a port of this machine, with further header lines.
pub fn get(port: u16, path: &str, lines: &str) -> Answer {
    request(port, &format!("GET {path} HTTP/1.1"), &format!("Host: localhost:{port}\r\n{lines}"))
}

/// One request, all of whose lines are told.
pub fn request(port: u16, first: &str, lines: &str) -> Answer {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(format!("{first}\r\n{lines}\r\n").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    Answer { status, head: head.to_lowercase(), body: body.to_owned() }
}

/// A port that nobody has right now.
pub fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}
