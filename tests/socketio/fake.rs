//! Servers that are not ours: with any certificate, saying anything, reading or not.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use futures_util::{SinkExt, StreamExt};
use joywire::socketio::{Address, Dial, Trust};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::server::TlsStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use crate::house::PATIENCE;

/// What a server says first, usually.
pub const GREETING: &str = r#"0{"sid":"x","upgrades":[],"pingInterval":25000,"pingTimeout":20000}"#;

/// Somebody who signs certificates.
pub struct Signer(pub CertifiedIssuer<'static, KeyPair>);

impl Signer {
    /// One with this name, and a key of its own.
    pub fn new(name: &str) -> Self {
        Self::again(name, KeyPair::generate().unwrap(), |_| {})
    }

    /// One with this key, and this much changed.
    pub fn again(name: &str, key: KeyPair, change: impl FnOnce(&mut CertificateParams)) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        change(&mut params);
        Self(CertifiedIssuer::self_signed(params, key).unwrap())
    }

    /// Its certificate.
    pub fn certificate(&self) -> CertificateDer<'static> {
        self.0.der().clone()
    }

    /// A certificate for `name`, and its key.
    pub fn sign(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Shown {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let leaf = params.signed_by(&key, &self.0).unwrap();
        Shown { chain: vec![leaf.der().clone()], key }
    }
}

/// What a server shows.
pub struct Shown {
    /// Certificates, its own first.
    pub chain: Vec<CertificateDer<'static>>,
    /// The key that it has; the first certificate's, or not.
    pub key: KeyPair,
}

#[derive(Debug)]
struct Always(Arc<CertifiedKey>);

impl ResolvesServerCert for Always {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }
}

/// A server.
pub struct Fake {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

pub type Socket = WebSocketStream<TlsStream<TcpStream>>;

impl Fake {
    /// One that shows this.
    pub fn showing(shown: &Shown) -> Self {
        let provider = ring::default_provider();
        let key = PrivateKeyDer::try_from(shown.key.serialize_der()).unwrap();
        let key = provider.key_provider.load_private_key(key).unwrap();
        let certified = Arc::new(CertifiedKey::new(shown.chain.clone(), key));
        let config = ServerConfig::builder_with_provider(Arc::new(provider))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(Always(certified)));
        let socket = TcpSocket::new_v4().unwrap();
        // So that a reader who stands still is noticed soon.
        socket.set_recv_buffer_size(16 * 1024).unwrap();
        socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
        Self { listener: socket.listen(16).unwrap(), acceptor: TlsAcceptor::from(Arc::new(config)) }
    }

    /// One with a certificate of its own, and the way there.
    pub fn new() -> (Self, Dial) {
        let signer = Signer::new("A relay's authority");
        let fake = Self::showing(&signer.sign("localhost", |_| {}));
        let dial = fake.dial(Trust::Authority(signer.certificate()));
        (fake, dial)
    }

    /// Where it is.
    pub fn address(&self) -> Address {
        format!("https://localhost:{}", self.listener.local_addr().unwrap().port()).parse().unwrap()
    }

    /// The way there.
    pub fn dial(&self, trust: Trust) -> Dial {
        Dial { address: self.address(), trust, cookie: None, auth: Value::Null }
    }

    /// The next connection over TLS; `None` if it came to none.
    pub async fn accept(&self) -> Option<TlsStream<TcpStream>> {
        let (stream, _) = timeout(PATIENCE, self.listener.accept()).await.unwrap().unwrap();
        self.acceptor.accept(stream).await.ok()
    }

    /// The next WebSocket.
    pub async fn web_socket(&self) -> Socket {
        tokio_tungstenite::accept_async(self.accept().await.unwrap()).await.unwrap()
    }

    /// The next client, let in.
    pub async fn client(&self) -> Socket {
        let mut socket = self.web_socket().await;
        say(&mut socket, GREETING).await;
        assert_eq!(heard(&mut socket).await.as_deref(), Some("40"));
        say(&mut socket, r#"40{"sid":"y"}"#).await;
        socket
    }

    /// Answers one request on the next connection: the bytes of the request as far as they came, or `None` if it came
    /// to no TLS.
    pub async fn answer(&self, status: &str, body: &[u8]) -> Option<String> {
        let mut stream = self.accept().await?;
        let (mut request, mut bytes) = (Vec::new(), [0; 4096]);
        while !request.windows(4).any(|end| end == b"\r\n\r\n") {
            match stream.read(&mut bytes).await {
                Ok(read) if read > 0 => request.extend_from_slice(&bytes[..read]),
                Ok(_) | Err(_) => break,
            }
        }
        let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
        drop(stream.write_all(&[head.as_bytes(), body].concat()).await);
        drop(stream.shutdown().await);
        Some(String::from_utf8_lossy(&request).into_owned())
    }
}

/// Says a text.
pub async fn say(socket: &mut Socket, text: &str) {
    socket.send(Message::text(text)).await.unwrap();
}

/// The next text; `None` at the end.
pub async fn heard(socket: &mut Socket) -> Option<String> {
    match timeout(PATIENCE, socket.next()).await.unwrap() {
        Some(Ok(Message::Text(text))) => Some(text.as_str().to_owned()),
        Some(Ok(_) | Err(_)) | None => None,
    }
}
