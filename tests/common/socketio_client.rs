//! A Socket.IO client that speaks the protocol by hand, so that it can also speak it wrongly.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use socket2::{Domain, Socket, Type};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

/// Longer than anything here should take, on a machine that does much else.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// How a connection is to be made.
#[derive(Clone, Debug)]
pub struct Dial {
    /// The relay.
    pub to: SocketAddr,
    /// The certificate of the relay's authority, which is trusted.
    pub certificate: Arc<CertificateDer<'static>>,
    /// The address to come from.
    pub from: IpAddr,
    /// Bytes that are received before they are read.
    pub receive_buffer: Option<usize>,
    /// The cookie that is shown.
    pub session: Option<String>,
}

impl Dial {
    /// The usual way to the relay that keeps its certificate in `home`.
    pub fn new(to: SocketAddr, home: &Path) -> Self {
        let pem = std::fs::read(home.join("tls/authority.pem")).expect("the relay has made its authority");
        let certificate = CertificateDer::from_pem_slice(&pem).expect("a certificate is in the file");
        let from = IpAddr::V4(Ipv4Addr::LOCALHOST);
        Self { to, certificate: Arc::new(certificate), from, receive_buffer: None, session: None }
    }

    /// A TCP connection.
    pub async fn tcp(&self) -> io::Result<TcpStream> {
        let socket = Socket::new(Domain::for_address(self.to), Type::STREAM, None)?;
        socket.set_nonblocking(true)?;
        if let Some(bytes) = self.receive_buffer {
            socket.set_recv_buffer_size(bytes)?;
        }
        socket.set_tcp_nodelay(true)?;
        if self.to.is_ipv4() {
            socket.bind(&SocketAddr::new(self.from, 0).into())?;
        }
        TcpSocket::from_std_stream(socket.into()).connect(self.to).await
    }

    /// A TLS connection that checks the certificate as a browser that trusts it would.
    pub async fn tls(&self) -> io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add((*self.certificate).clone()).expect("the certificate can be trusted");
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the provider has the usual versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("localhost").expect("a name");
        TlsConnector::from(Arc::new(config)).connect(name, self.tcp().await?).await
    }

    /// Sends one request and returns the status and the whole answer. A `Host` is added unless given.
    pub async fn http(&self, first_line: &str, lines: &str, body: &str) -> (u16, String) {
        let mut stream = self.tls().await.expect("TLS connection");
        let host = if lines.starts_with("Host:") { String::new() } else { format!("Host: {}\r\n", self.host()) };
        let (length, cookie) = (body.len(), self.cookie_line());
        let request = format!(
            "{first_line} HTTP/1.1\r\n{host}{lines}{cookie}Connection: close\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        // The relay may answer and close before it has read everything.
        drop(stream.write_all(request.as_bytes()).await);
        let answer = read_to_end(&mut stream).await;
        let status = answer.get(9..12).and_then(|digits| digits.parse().ok()).unwrap_or(0);
        (status, answer)
    }

    fn cookie_line(&self) -> String {
        self.session.as_ref().map_or_else(String::new, |session| format!("Cookie: {session}\r\n"))
    }

    /// Our name for the relay, as a browser writes it.
    pub fn host(&self) -> String {
        format!("localhost:{}", self.to.port())
    }

    /// A connected client that has read its welcome.
    pub async fn client(&self) -> Client {
        self.client_with(json!({})).await
    }

    /// A connected client, or none if the relay has no room for it now.
    pub async fn try_client(&self) -> Option<Client> {
        self.try_client_with(json!({})).await
    }

    /// The same with an `auth` payload.
    pub async fn try_client_with(&self, auth: Value) -> Option<Client> {
        let mut client = self.try_web_socket().await?;
        client.raw(&format!("40{auth}")).await;
        let (first, mut arguments) = client.event().await?;
        assert_eq!(first, "welcome", "something came before welcome");
        client.welcome = arguments.remove(0);
        Some(client)
    }

    /// The same with an `auth` payload.
    pub async fn client_with(&self, auth: Value) -> Client {
        let mut client = self.web_socket().await;
        client.raw(&format!("40{auth}")).await;
        let (first, arguments) = client.event().await.expect("a welcome");
        assert_eq!(first, "welcome", "something came before welcome");
        client.welcome = arguments[0].clone();
        client
    }

    /// A WebSocket on which nothing of Socket.IO was said yet.
    pub async fn web_socket(&self) -> Client {
        self.try_web_socket().await.expect("the relay takes a WebSocket in time")
    }

    async fn try_web_socket(&self) -> Option<Client> {
        self.try_web_socket_of("").await
    }

    /// The same that goes on with a session, or none if it may not: `&sid=…`.
    pub async fn try_web_socket_of(&self, session: &str) -> Option<Client> {
        let address = format!("wss://{}/socket.io/?EIO=4&transport=websocket{session}", self.host());
        let mut request = address.into_client_request().expect("a request");
        if let Some(session) = &self.session {
            request.headers_mut().insert("cookie", session.parse().expect("a cookie"));
        }
        let stream = self.tls().await.ok()?;
        let (socket, _) = timeout(PATIENCE, tokio_tungstenite::client_async(request, stream)).await.ok()?.ok()?;
        let (waiting, acknowledged) = (VecDeque::new(), VecDeque::new());
        Some(Client { socket, waiting, acknowledged, asked: 0, welcome: Value::Null })
    }
}

/// Everything until the end, however the end comes.
pub async fn read_to_end<S: tokio::io::AsyncRead + Unpin>(stream: &mut S) -> String {
    let mut answer = Vec::new();
    // An end without the farewell of TLS is an error, and an end.
    drop(timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("the connection ends in time"));
    String::from_utf8_lossy(&answer).into_owned()
}

/// A client on a WebSocket.
#[derive(Debug)]
pub struct Client {
    socket: WebSocketStream<TlsStream<TcpStream>>,
    waiting: VecDeque<(String, Vec<Value>)>,
    acknowledged: VecDeque<(u64, Vec<Value>)>,
    asked: u64,
    /// What the relay said first.
    pub welcome: Value,
}

impl Client {
    /// Its number.
    pub fn id(&self) -> u64 {
        self.welcome["you"]["id"].as_u64().expect("a number in the welcome")
    }

    /// Sends one text of Engine.IO as it is. What becomes of it is seen by reading.
    pub async fn raw(&mut self, text: &str) {
        drop(self.socket.send(Message::text(text)).await);
    }

    /// Sends one attachment.
    pub async fn attachment(&mut self, bytes: &[u8]) {
        drop(self.socket.send(Message::binary(bytes.to_vec())).await);
    }

    /// Sends without waiting until it is on its way.
    pub async fn feed(&mut self, text: &str) {
        drop(self.socket.feed(Message::text(text)).await);
    }

    /// Puts everything fed on its way.
    pub async fn flush(&mut self) {
        drop(self.socket.flush().await);
    }

    /// Emits an event.
    pub async fn emit(&mut self, event: &str, arguments: &[Value]) {
        self.raw(&format!("42{}", packet(event, arguments))).await;
    }

    /// Emits an event and waits for its acknowledgement. Events that come before it are kept.
    pub async fn ask(&mut self, event: &str, arguments: &[Value]) -> Vec<Value> {
        self.asked += 1;
        let number = self.asked;
        self.raw(&format!("42{number}{}", packet(event, arguments))).await;
        let deadline = Instant::now() + PATIENCE;
        loop {
            assert!(Instant::now() < deadline, "{event} was not acknowledged in time");
            if let Some(at) = self.acknowledged.iter().position(|(asked, _)| *asked == number) {
                return self.acknowledged.remove(at).expect("it was found there").1;
            }
            assert!(self.read().await, "the connection ended before {event} was acknowledged");
        }
    }

    /// The next event, or `None` at the end of the connection.
    pub async fn event(&mut self) -> Option<(String, Vec<Value>)> {
        while self.waiting.is_empty() {
            if !self.read().await {
                return None;
            }
        }
        self.waiting.pop_front()
    }

    /// The name of the next event that has been read already.
    pub fn event_now(&mut self) -> Option<String> {
        self.waiting.pop_front().map(|(name, _)| name)
    }

    /// The newest event of this name that has come; what came before it is forgotten, with all other events.
    pub fn newest(&mut self, name: &str) -> Option<Value> {
        let events: Vec<_> = self.waiting.drain(..).collect();
        events.into_iter().rev().find(|(event, _)| event == name).map(|(_, mut arguments)| arguments.remove(0))
    }

    /// The next event of this name; others are skipped.
    pub async fn event_named(&mut self, name: &str) -> Vec<Value> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            assert!(Instant::now() < deadline, "{name} did not come in time");
            let (event, arguments) = self.event().await.unwrap_or_else(|| panic!("the connection ended before {name}"));
            if event == name {
                return arguments;
            }
        }
    }

    /// The next message as it is, heartbeats apart, which are answered.
    pub async fn message(&mut self) -> Option<Message> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match timeout_at(deadline, self.socket.next()).await.expect("the relay says something in time")? {
                Ok(Message::Text(text)) if text.as_str() == "2" => self.raw("3").await,
                Ok(message) => return Some(message),
                Err(_) => return None,
            }
        }
    }

    /// Waits until the relay has closed the connection.
    pub async fn ended(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        while self.read().await {
            assert!(Instant::now() < deadline, "the connection did not end in time");
        }
    }

    /// Reads one message; `false` at the end.
    async fn read(&mut self) -> bool {
        let Some(message) = self.message().await else { return false };
        let Message::Text(text) = message else { return !message.is_close() };
        let text = text.as_str();
        if let Some(packet) = text.strip_prefix("42") {
            let mut arguments: Vec<Value> = serde_json::from_str(packet).expect("an event is an array");
            let name = arguments.remove(0).as_str().expect("an event has a name").to_owned();
            self.waiting.push_back((name, arguments));
        } else if let Some(packet) = text.strip_prefix("43") {
            let (number, arguments) = packet.split_at(packet.find('[').expect("an acknowledgement is an array"));
            let arguments = serde_json::from_str(arguments).expect("an acknowledgement is JSON");
            self.acknowledged.push_back((number.parse().expect("a number"), arguments));
        }
        text != "1" && text != "41"
    }
}

/// An event as it stands in a packet.
pub fn packet(event: &str, arguments: &[Value]) -> Value {
    std::iter::once(&json!(event)).chain(arguments).cloned().collect()
}
