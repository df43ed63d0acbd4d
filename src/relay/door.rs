//! The door: every request passes it, is let in as somebody or turned away, and leaves with the protecting headers.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, Version, header};
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
    request.extensions_mut().insert(visitor);
    None
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
