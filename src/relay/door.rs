//! The door: every request passes it, is let in as somebody or turned away, and leaves with the protecting headers.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, Version, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::time::{Instant, timeout};

use super::assets;
use super::auth::{self, House, Peer, Refusal, Visitor};
use super::limits::pace::Pace;
use super::sessions::Sessions;
use crate::metrics::{Rejection, RelayMeter};

/// Whoever is turned away is not listened to further.
const CLOSE: [(HeaderName, HeaderValue); 1] = [(header::CONNECTION, HeaderValue::from_static("close"))];

/// What Socket.IO reads of a request's headers.
const READ: [HeaderName; 3] = [header::CONTENT_LENGTH, header::CONTENT_TYPE, header::SEC_WEBSOCKET_KEY];

/// What the doorman needs to know.
#[derive(Clone, Debug)]
pub(super) struct Door {
    /// Who is let in.
    pub(super) house: House,
    /// For the body of a request.
    pub(super) body_timeout: Duration,
    /// How fast sessions may be opened.
    pub(super) openings: Arc<Pace>,
    /// How fast strangers may ask.
    pub(super) strangers: Arc<Pace>,
    /// Whose each session is.
    pub(super) sessions: Arc<Sessions>,
    /// What is counted of them.
    pub(super) meter: Arc<RelayMeter>,
}

/// Asks the doorman, and puts the protecting headers on whatever is answered.
pub(super) async fn attend(door: Door, mut request: Request, next: Next) -> Response {
    let mut response = if let Some(refusal) = turn_away(&door, &mut request) {
        refusal
    } else if request.method() == Method::POST {
        timeout(door.body_timeout, next.run(request))
            .await
            .unwrap_or_else(|_| (StatusCode::REQUEST_TIMEOUT, "the request took too long\n").into_response())
    } else {
        next.run(request).await
    };
    assets::protect(response.headers_mut());
    response
}

/// The answer to a request that is not let in. One that is carries its visitor from here on.
fn turn_away(door: &Door, request: &mut Request) -> Option<Response> {
    let Some(peer) = request.extensions().get::<Peer>().cloned() else {
        return Some(StatusCode::FORBIDDEN.into_response());
    };
    let address = peer.address;
    // Browsers and our clients speak HTTP/1.1; older is what proxies speak to those behind them.
    let admitted = if request.version() < Version::HTTP_11 {
        Err(Refusal::Forwarded { header: "HTTP/1.0".to_owned() })
    } else {
        auth::admit(&door.house, &peer, request.uri(), request.headers())
    };
    let visitor = match admitted {
        Ok(visitor) => visitor,
        Err(refusal) => {
            door.meter.rejected(Rejection::TurnedAway);
            tracing::debug!(%address, %refusal, path = request.uri().path(), "turned away");
            return Some((refusal.status(), CLOSE, format!("{refusal}\n")).into_response());
        }
    };
    let Some(visitor) = visitor else {
        // A stranger: pages, and the desk where codes are shown. Too many requests end the connection, as the next
        // one costs a handshake, of which there are few.
        let welcome = door.strangers.take(address.ip().to_canonical(), Instant::now());
        if !welcome {
            door.meter.rejected(Rejection::TooFast);
        }
        let refusal = (StatusCode::TOO_MANY_REQUESTS, CLOSE, "too many requests: wait a few seconds\n");
        return (!welcome).then(|| refusal.into_response());
    };
    peer.place.is_known();
    if auth::is_session(request.uri())
        && let Some(refusal) = turn_session_away(door, &visitor, request)
    {
        door.meter.rejected(Rejection::Session);
        tracing::debug!(%address, "turned away from a session");
        return Some(refusal);
    }
    if auth::is_session(request.uri()) {
        slim(request);
    }
    request.extensions_mut().insert(visitor);
    None
}

/// Leaves of a request what Socket.IO reads, as copies: it keeps the first one as long as its client stays, and with it
/// the 8 KiB that it was read into.
fn slim(request: &mut Request) {
    let copied = |name: &HeaderName| {
        let value = HeaderValue::from_bytes(request.headers().get(name)?.as_bytes()).ok()?;
        Some((name.clone(), value))
    };
    let kept: Vec<_> = READ.iter().filter_map(copied).collect();
    // Collected, it would have room for six.
    let mut headers = HeaderMap::with_capacity(kept.len());
    headers.extend(kept);
    let address = request.uri().path_and_query().and_then(|address| address.as_str().parse::<PathAndQuery>().ok());
    if let Some(address) = address {
        *request.uri_mut() = Uri::from(address);
    }
    *request.headers_mut() = headers;
}

/// The answer to a visitor's request that opens one session too many, or names one that is not theirs.
fn turn_session_away(door: &Door, visitor: &Visitor, request: &Request) -> Option<Response> {
    let query = request.uri().query().unwrap_or_default();
    let mut named = query.split('&').filter_map(|pair| pair.strip_prefix("sid="));
    let now = Instant::now();
    match (named.next(), named.next()) {
        (None, _) if door.openings.take(visitor.address, now) => None,
        (None, _) => Some((StatusCode::TOO_MANY_REQUESTS, "too many new sessions: wait a second\n").into_response()),
        (Some(sid), None) => {
            let moves = request.headers().contains_key(header::UPGRADE);
            let theirs = door.sessions.admits(sid, visitor, moves, now);
            (!theirs).then(|| (StatusCode::FORBIDDEN, "this session is not yours, or has ended\n").into_response())
        }
        (Some(_), Some(_)) => Some(StatusCode::BAD_REQUEST.into_response()),
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    /// Goal: a client that stays for hours holds nothing of its first request but what was said to Socket.IO.
    #[test]
    fn request_is_kept_slim() {
        let buffer = axum::body::Bytes::from(vec![b'a'; 8192]);
        let address = axum::body::Bytes::from_static(b"https://localhost:8080/socket.io/?EIO=4&transport=websocket");
        let mut request = Request::new(Body::empty());
        *request.uri_mut() = Uri::from_maybe_shared(address.clone()).unwrap();
        let shared = HeaderValue::from_maybe_shared(buffer.slice(..24)).unwrap();
        request.headers_mut().insert(header::SEC_WEBSOCKET_KEY, shared.clone());
        request.headers_mut().insert(header::USER_AGENT, shared.clone());
        drop(shared);
        assert!(!buffer.is_unique());
        slim(&mut request);
        assert!(buffer.is_unique(), "its buffer is kept");
        assert_eq!(request.uri(), "/socket.io/?EIO=4&transport=websocket");
        let names: Vec<_> = request.headers().keys().collect();
        assert_eq!(names, [header::SEC_WEBSOCKET_KEY]);
        assert_eq!(request.headers()[header::SEC_WEBSOCKET_KEY].as_bytes(), [b'a'; 24]);
    }
}
