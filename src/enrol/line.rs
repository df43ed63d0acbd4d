//! ASYNC. Requests over one TLS connection, each answered in time and in few bytes.

use std::fmt;
use std::pin::{Pin, pin};
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use hyper::client::conn::http1::{self, Connection, SendRequest};
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{HeaderMap, Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::time::timeout;

use crate::socketio::{Address, Secure};

/// For a request and its answer.
const ANSWER: Duration = Duration::from_secs(10);
/// Answers are shorter, bytes.
const BYTES: usize = 64 * 1024;

/// An answer.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// A connection.
pub(super) struct Line {
    host: String,
    sender: SendRequest<Body>,
    connection: Pin<Box<Connection<TokioIo<Secure>, Body>>>,
    ended: bool,
}

impl Line {
    /// Speaks HTTP on this stream.
    pub(super) async fn open(address: &Address, stream: Secure) -> Result<Self, String> {
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(said)?;
        Ok(Self { host: address.authority(), sender, connection: Box::pin(connection), ended: false })
    }

    /// `GET path`.
    pub(super) async fn get(&mut self, path: &str) -> Result<Answer, String> {
        let request = Request::get(path).header(HOST, &self.host).body(Body::empty());
        self.ask(request.map_err(said)?).await
    }

    /// `POST path` with JSON.
    pub(super) async fn post(&mut self, path: &str, json: String) -> Result<Answer, String> {
        let request = Request::post(path).header(HOST, &self.host).header(CONTENT_TYPE, "application/json");
        self.ask(request.body(Body::from(json)).map_err(said)?).await
    }

    async fn ask(&mut self, request: Request<Body>) -> Result<Answer, String> {
        let sender = &mut self.sender;
        let mut exchange = pin!(timeout(ANSWER, async move {
            sender.ready().await.map_err(said)?;
            let (parts, body) = sender.send_request(request).await.map_err(said)?.into_parts();
            let body = to_bytes(Body::new(body), BYTES).await.map_err(said)?;
            Ok(Answer { status: parts.status, headers: parts.headers, body })
        }));
        loop {
            tokio::select! {
                biased;
                answer = &mut exchange => return answer.map_err(|_| "no answer in time".to_owned())?,
                // The exchange learns of it, and perhaps has an answer already.
                _ = &mut self.connection, if !self.ended => self.ended = true,
            }
        }
    }
}

fn said(error: impl fmt::Display) -> String {
    error.to_string()
}
