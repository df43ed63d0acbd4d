//! Newer: a relay of a version to come, spoken by hand, with the certificate of a relay that has run on that machine.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::server::TlsStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use crate::machine::Machine;
use crate::program::PATIENCE;

const GREETING: &str = r#"0{"sid":"x","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":100000}"#;

/// The relay.
pub struct Newer {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl Newer {
    /// Starts it.
    pub async fn start(machine: &Machine) -> Self {
        let pem = std::fs::read(machine.data().join("tls/leaf.pem")).unwrap();
        let chain = CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>().unwrap();
        let key = PrivateKeyDer::from_pem_slice(&pem).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        Self { listener, acceptor: TlsAcceptor::from(Arc::new(config)) }
    }

    /// How an agent on its machine calls it.
    pub fn address(&self) -> String {
        format!("https://localhost:{}", self.listener.local_addr().unwrap().port())
    }

    /// Lets an agent in; what it brings.
    pub async fn agent(&self) -> (Talk, Value) {
        let (stream, _) = timeout(PATIENCE, self.listener.accept()).await.unwrap().unwrap();
        let stream = self.acceptor.accept(stream).await.unwrap();
        let socket = tokio_tungstenite::accept_async(stream).await.unwrap();
        let mut talk = Talk { socket, asked: 0, report: Value::Null };
        talk.say(GREETING).await;
        assert!(talk.hear().await.starts_with("40"));
        talk.say(r#"40{"sid":"y"}"#).await;
        let enlist = talk.hear().await;
        let mut brought: Value = serde_json::from_str(enlist.strip_prefix("420").unwrap()).unwrap();
        assert_eq!(brought[0], "enlist");
        (talk, brought[1].take())
    }
}

/// A connection with an agent.
pub struct Talk {
    socket: WebSocketStream<TlsStream<TcpStream>>,
    asked: u64,
    /// The agent's newest.
    pub report: Value,
}

impl Talk {
    /// Answers what it brought.
    pub async fn enlisted(&mut self, answer: Value) {
        self.say(&format!("430{}", json!([answer]))).await;
    }

    /// Says something that is not answered.
    pub async fn emit(&mut self, event: &str, what: Value) {
        self.say(&format!("42{}", json!([event, what]))).await;
    }

    /// Asks, and waits for the answer.
    pub async fn ask(&mut self, event: &str, what: Value) -> Value {
        self.asked += 1;
        self.say(&format!("42{}{}", self.asked, json!([event, what]))).await;
        let answer = format!("43{}", self.asked);
        loop {
            let text = self.hear().await;
            if let Some(answer) = text.strip_prefix(&answer) {
                return serde_json::from_str::<Value>(answer).unwrap()[0].take();
            }
        }
    }

    /// Listens for a while.
    pub async fn listen(&mut self, time: Duration) {
        drop(timeout(time, async { while !self.hear().await.is_empty() {} }).await);
    }

    async fn say(&mut self, text: &str) {
        self.socket.send(Message::text(text)).await.unwrap();
    }

    async fn hear(&mut self) -> String {
        let message = timeout(PATIENCE, self.socket.next()).await.expect("the agent says something in time");
        let text = message.expect("the agent stays").unwrap().into_text().unwrap();
        if let Some(packet) = text.strip_prefix(r#"42["report","#) {
            self.report = serde_json::from_str(packet.strip_suffix(']').unwrap()).unwrap();
        }
        text.as_str().to_owned()
    }
}
