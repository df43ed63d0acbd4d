//! Who drives: one client for every contestant, on one thread, which says when each command was meant to be sent.

use std::future::pending;
use std::io::Write as _;
use std::process::ChildStdin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use futures_util::SinkExt;
use joywire::protocol::events::{self, Drive, SeatReply, State, Telemetry, Welcome, name};
use joywire::socketio::{Address, Client, Dial, Incoming, Trust};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

use super::clock::{Beat, now};
use super::contestant::{Contestant, Running};
use super::line::Line;
use super::matching::Sent;
use super::triangle::{LOW, Triangle};

/// A contestant answers within this.
const PATIENCE: Duration = Duration::from_secs(10);
/// From rest to the speed at which commands begin.
const SPEED_UP: Duration = Duration::from_millis(500);
/// The last frames of a round come within this.
const LINGER: Duration = Duration::from_millis(200);

/// A client that may drive.
pub struct Driver {
    link: Link,
    began: bool,
}

/// How it is connected.
enum Link {
    /// Ours: a seat, and evidence of freshness in each sample.
    Seated(Box<Seated>),
    /// The original's: `direction` with a number.
    Classic(Box<Client>),
    WebSocket(Box<WebSocketStream<TlsStream<TcpStream>>>),
    Tcp(TcpStream),
    Pipe(ChildStdin),
}

/// Who has a seat at ours.
struct Seated {
    client: Client,
    telemetry: Telemetry,
    epoch: u32,
    seq: u32,
}

/// Something that the driver heard.
#[derive(Debug)]
pub struct Heard {
    /// When, ns.
    pub at: u64,
    /// Its name; `telemetry` of ours was read already.
    pub event: String,
    /// What it carries.
    pub args: Vec<Value>,
}

impl Driver {
    /// Connects to a contestant that was started; at ours it takes the seat as soon as the robot is ready.
    ///
    /// # Errors
    /// If it is not let in, or the robot does not become ready.
    pub async fn connect(running: &mut Running) -> anyhow::Result<Self> {
        let link = match running.contestant {
            Contestant::Joywire | Contestant::JoywireApart => {
                Link::Seated(Box::new(Seated::sit(running.address()?).await?))
            }
            Contestant::Original | Contestant::OriginalUnlocked => {
                Link::Classic(Box::new(Client::connect(&dial(running.address()?)).await?))
            }
            Contestant::WebSocket => Link::WebSocket(Box::new(web_socket(running).await?)),
            Contestant::Tcp => {
                let stream = TcpStream::connect(running.address()?.authority()).await?;
                stream.set_nodelay(true)?;
                Link::Tcp(stream)
            }
            Contestant::Pty => {
                let process = running.processes.first_mut().context("the process of the floor")?;
                Link::Pipe(process.child.stdin.take().context("its standard input")?)
            }
        };
        Ok(Self { link, began: false })
    }

    /// The robot's newest snapshot, at ours.
    pub fn telemetry(&self) -> Option<&Telemetry> {
        match &self.link {
            Link::Seated(seated) => Some(&seated.telemetry),
            Link::Classic(_) | Link::WebSocket(_) | Link::Tcp(_) | Link::Pipe(_) => None,
        }
    }

    /// Asks for a speed, permille. It is sent as soon as the driver listens, or at once where nobody answers.
    ///
    /// # Errors
    /// If the connection has ended.
    pub async fn say(&mut self, permille: i16) -> anyhow::Result<()> {
        match &mut self.link {
            Link::Seated(seated) => seated.sample(0.0, f64::from(permille) / 1000.0),
            Link::Classic(client) => {
                client.emit(name::DIRECTION, &[json!(permille)]);
            }
            Link::WebSocket(socket) => socket.send(Message::text(permille.to_string())).await?,
            Link::Tcp(stream) => stream.write_all(format!("{permille}\n").as_bytes()).await?,
            Link::Pipe(pipe) => pipe.write_all(format!("{permille}\n").as_bytes())?,
        }
        Ok(())
    }

    /// Emits any event, at those that have events.
    ///
    /// # Errors
    /// If it has none.
    pub fn emit(&mut self, event: &str, args: &[Value]) -> anyhow::Result<()> {
        let client = match &mut self.link {
            Link::Seated(seated) => &mut seated.client,
            Link::Classic(client) => client,
            Link::WebSocket(_) | Link::Tcp(_) | Link::Pipe(_) => bail!("it has no events"),
        };
        anyhow::ensure!(client.emit(event, args), "{event} was not sent: too much waits");
        Ok(())
    }

    /// Waits for whatever is said to us, and sends meanwhile what waits; for ever where nobody says anything. Safe to
    /// cancel.
    ///
    /// # Errors
    /// If the connection has ended.
    pub async fn listen(&mut self) -> anyhow::Result<Heard> {
        let client = match &mut self.link {
            Link::Seated(seated) => return seated.listen().await,
            Link::Classic(client) => client,
            Link::WebSocket(_) | Link::Tcp(_) | Link::Pipe(_) => return pending().await,
        };
        loop {
            if let Incoming::Event { name, args, .. } = client.next().await? {
                return Ok(Heard { at: now(), event: name, args });
            }
        }
    }

    /// Listens for so long.
    ///
    /// # Errors
    /// If the connection has ended.
    pub async fn listen_for(&mut self, time: Duration) -> anyhow::Result<()> {
        let end = Instant::now() + time;
        while let Ok(heard) = tokio::time::timeout_at(end, self.listen()).await {
            heard?;
        }
        Ok(())
    }

    /// Holds one speed, 50 samples a second.
    ///
    /// # Errors
    /// If the connection has ended.
    pub async fn hold(&mut self, permille: i16, time: Duration) -> anyhow::Result<()> {
        let end = Instant::now() + time;
        while Instant::now() < end {
            self.say(permille).await?;
            self.listen_for(Duration::from_millis(20)).await?;
        }
        Ok(())
    }

    /// Asks for the speed at which [`Driver::open_loop`] begins, until it is reached. What was seen on the line before it
    /// counts for nothing.
    ///
    /// # Errors
    /// If the connection has ended.
    pub async fn speed_up(&mut self) -> anyhow::Result<()> {
        self.began = true;
        self.hold(LOW, SPEED_UP).await
    }

    /// Sends commands in an open loop: each at its own time, whatever became of those before; each asks for another speed.
    ///
    /// Returns the commands as they were to be sent. Frames are in the line, see `matching::matched`.
    ///
    /// # Errors
    /// If the connection has ended.
    pub async fn open_loop(&mut self, line: &Line, hz: u32, time: Duration, step: i16) -> anyhow::Result<Vec<Sent>> {
        if !self.began {
            self.speed_up().await?;
        }
        drop(line.take());
        let count = usize::try_from(time.as_millis() * u128::from(hz) / 1000)?;
        let mut speeds = Triangle::of_steps(step);
        let mut sent = Vec::with_capacity(count);
        let mut beat = Beat::every(Duration::from_secs(1) / hz)?;
        while sent.len() < count {
            tokio::select! {
                biased;
                moments = beat.next() => {
                    for intended in moments? {
                        let permille = speeds.next().context("triangles have no end")?;
                        sent.push(Sent { intended, handed: now(), permille });
                        self.say(permille).await?;
                    }
                }
                heard = self.listen() => drop(heard?),
            }
        }
        self.listen_for(LINGER).await?;
        // The next round begins where this one began.
        self.began = false;
        Ok(sent)
    }

    /// Lets go, and waits until that was sent; returns when it was handed to the client, ns.
    ///
    /// # Errors
    /// If the connection has ended.
    pub async fn release(&mut self) -> anyhow::Result<u64> {
        let at = now();
        self.say(0).await?;
        self.began = false;
        self.listen_for(Duration::from_millis(300)).await?;
        Ok(at)
    }
}

impl Seated {
    async fn sit(address: &Address) -> anyhow::Result<Self> {
        let client = Client::connect(&dial(address)).await?;
        let mut seated = Self { client, telemetry: Telemetry::default(), epoch: 0, seq: 0 };
        let end = Instant::now() + PATIENCE;
        while !matches!(seated.telemetry.state, State::Ready | State::Driving) {
            let heard = tokio::time::timeout_at(end, seated.listen()).await;
            heard.with_context(|| format!("the robot is not ready: {:?}", seated.telemetry.reason))??;
        }
        seated.take_seat().await?;
        seated.sample(0.0, 0.0);
        // What is sent after it must not take its place before the robot has seen it.
        seated.take_seat().await?;
        Ok(seated)
    }

    async fn take_seat(&mut self) -> anyhow::Result<()> {
        let asked = self.client.ask(name::SEAT, &[json!({ "want": "take" })]).context("a question for the seat")?;
        let answer = async {
            loop {
                if let Incoming::Ack { id, args } = self.client.next().await?
                    && id == asked
                {
                    return Ok::<_, anyhow::Error>(args);
                }
            }
        };
        let args = timeout(PATIENCE, answer).await.context("no answer to the question for the seat")??;
        let reply: SeatReply = events::parse(name::SEAT, &args)?;
        anyhow::ensure!(reply.ok, "the seat is not to be had: {:?}", reply.why);
        self.epoch = reply.seat.epoch;
        Ok(())
    }

    fn sample(&mut self, x: f64, y: f64) {
        self.seq = self.seq.wrapping_add(1);
        let (tick, session) = (self.telemetry.tick, self.telemetry.session);
        let drive = Drive { seq: self.seq, x, y, strafe: 0.0, motors: None, tick, session, epoch: self.epoch };
        // In their order and each of them, as the others get them, although of ours only the newest matters.
        self.client.emit(name::DRIVE, &[serde_json::to_value(drive).unwrap_or_default()]);
    }

    async fn listen(&mut self) -> anyhow::Result<Heard> {
        loop {
            let Incoming::Event { name: event, args, .. } = self.client.next().await? else { continue };
            let at = now();
            match event.as_str() {
                name::TELEMETRY => self.telemetry = events::parse(name::TELEMETRY, &args)?,
                name::WELCOME => self.telemetry = events::parse::<Welcome>(name::WELCOME, &args)?.telemetry,
                name::REFUSED => bail!("a command had no effect: {args:?}"),
                _ => {}
            }
            return Ok(Heard { at, event, args });
        }
    }
}

/// Programs on this machine need no code, and nobody else can stand before their certificates.
pub fn dial(address: &Address) -> Dial {
    Dial { address: address.clone(), trust: Trust::Anyone, cookie: None, auth: Value::Null }
}

async fn web_socket(running: &Running) -> anyhow::Result<WebSocketStream<TlsStream<TcpStream>>> {
    let address = running.address()?;
    let mut roots = RootCertStore::empty();
    roots.add(running.certificate.clone().context("its certificate")?)?;
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(address.authority()).await?;
    stream.set_nodelay(true)?;
    let stream = TlsConnector::from(Arc::new(config)).connect(ServerName::try_from("localhost")?, stream).await?;
    let (socket, _) = client_async(format!("wss://{}/", address.authority()), stream).await?;
    Ok(socket)
}

/// A runtime of one thread, for the one who drives.
///
/// # Errors
/// If the system does not give one.
pub fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}
