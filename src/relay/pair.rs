//! The desk where a device shows its code and gets a session: `POST /pair`, `POST /pair/wait`, `GET /me`.

use std::sync::Arc;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::header::{self, HeaderValue};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::auth::{self, Peer, Refusal, Visitor};
use super::limits::pace::{self, Pace};
use crate::access::code::CodeError;
use crate::access::gate::{Admission, Gate, GateError, Patience, Welcome};
use crate::protocol::access::{PairAnswer, PairRequest, PairWait};
use crate::protocol::events::Role;

/// Requests are shorter than this, bytes.
const REQUEST_BYTES: usize = 1024;
/// Half a year after pairing a browser forgets its session; 400 days is the most that browsers allow.
const SESSION_SECONDS: u32 = 180 * 24 * 3600;

/// What the desk needs.
#[derive(Clone, Debug)]
struct Desk {
    gate: Arc<Gate>,
    port: u16,
    /// Where a device that was let in goes on, if that is not our own page.
    home: Option<String>,
    codes: Arc<Pace>,
    questions: Arc<Pace>,
}

/// Answers at `/pair`, `/pair/wait` and `/me`.
pub(super) fn desk(gate: Arc<Gate>, port: u16, home: Option<String>) -> Router {
    let (codes, questions) = (Arc::new(Pace::new(pace::CODES)), Arc::new(Pace::new(pace::QUESTIONS)));
    let desk = Desk { gate, port, home, codes, questions };
    let waiting = desk.clone();
    Router::new()
        .route("/pair", post(move |request: Request| async move { desk.pair(request).await }))
        .route("/pair/wait", post(move |request: Request| async move { waiting.wait(request).await }))
        .route("/me", get(|request: Request| std::future::ready(me(&request))))
}

impl Desk {
    async fn pair(self, request: Request) -> Response {
        if !allowed(&self.codes, &request) {
            return too_often();
        }
        let before = device(&request);
        let Some(PairRequest { code, name }) = read(request).await else { return malformed() };
        match self.gate.knock(&code, &name, before).await {
            Ok(Welcome::Admitted(admission)) => self.admitted(admission),
            Ok(Welcome::Waiting { ticket, number, role }) => waiting(ticket.text(), number, role),
            Err(GateError::Code(error)) => {
                let (status, code) = match error {
                    CodeError::Unknown => (StatusCode::FORBIDDEN, "unknown"),
                    CodeError::Void => (StatusCode::FORBIDDEN, "void"),
                    CodeError::Crowded => (StatusCode::CONFLICT, "crowded"),
                };
                refused(status, code, &error.to_string())
            }
            Err(error @ GateError::Random(_)) => broken(&error),
        }
    }

    async fn wait(self, request: Request) -> Response {
        if !allowed(&self.questions, &request) {
            return too_often();
        }
        let before = device(&request);
        let Some(PairWait { ticket }) = read(request).await else { return malformed() };
        match self.gate.collect(&ticket, before).await {
            Ok(Patience::Admitted(admission)) => self.admitted(admission),
            Ok(Patience::Waiting { number, role }) => waiting(ticket, number, role),
            Ok(Patience::Denied) => {
                let why = "nobody at the robot's computer said yes: ask there, then scan a new code";
                refused(StatusCode::FORBIDDEN, "denied", why)
            }
            Err(error) => broken(&error),
        }
    }

    /// Sets the session. No script can read it, no other site's page makes a browser send it, and it never leaves TLS.
    fn admitted(&self, admission: Admission) -> Response {
        let Admission { guest, token } = admission;
        let name = auth::cookie_name(self.port);
        let cookie =
            format!("{name}={}; Path=/; Max-Age={SESSION_SECONDS}; Secure; HttpOnly; SameSite=Strict", token.text());
        let home = self.home.clone();
        let admitted = PairAnswer::Admitted { role: guest.role, name: Some(guest.name), home };
        let mut response = answer(StatusCode::OK, &admitted);
        if let Ok(mut cookie) = HeaderValue::try_from(cookie) {
            cookie.set_sensitive(true);
            response.headers_mut().insert(header::SET_COOKIE, cookie);
        }
        response
    }
}

fn me(request: &Request) -> Response {
    match request.extensions().get::<Visitor>() {
        Some(visitor) => {
            let name = visitor.device.as_ref().map(|guest| guest.name.clone());
            answer(StatusCode::OK, &PairAnswer::Admitted { role: visitor.role, name, home: None })
        }
        None => refused(StatusCode::UNAUTHORIZED, "stranger", &Refusal::Stranger.to_string()),
    }
}

/// The device that the request's session is of, if it has one: pairing again replaces it.
fn device(request: &Request) -> Option<u64> {
    request.extensions().get::<Visitor>().and_then(|visitor| visitor.device.as_ref()).map(|guest| guest.id)
}

fn allowed(openings: &Pace, request: &Request) -> bool {
    let peer = request.extensions().get::<Peer>();
    peer.is_some_and(|peer| openings.take(peer.address.ip().to_canonical(), Instant::now()))
}

/// The request's JSON. Its type is asked for so that no form of another site can pass for it.
async fn read<T: DeserializeOwned>(request: Request) -> Option<T> {
    if !is_json(request.headers()) {
        return None;
    }
    let body = to_bytes(request.into_body(), REQUEST_BYTES).await.ok()?;
    serde_json::from_slice(&body).ok()
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

const NEVER_KEPT: [(header::HeaderName, HeaderValue); 1] =
    [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];

fn answer(status: StatusCode, answer: &PairAnswer) -> Response {
    let text = serde_json::to_string(answer).unwrap_or_default();
    let json = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    (status, NEVER_KEPT, json, text).into_response()
}

fn waiting(ticket: String, number: u16, role: Role) -> Response {
    answer(StatusCode::ACCEPTED, &PairAnswer::Waiting { role, ticket, number: format!("{number:04}") })
}

fn refused(status: StatusCode, code: &str, why: &str) -> Response {
    answer(status, &PairAnswer::Refused { code: code.to_owned(), why: why.to_owned() })
}

fn too_often() -> Response {
    refused(StatusCode::TOO_MANY_REQUESTS, "rate", "too many tries: wait a few seconds, then scan the code again")
}

fn malformed() -> Response {
    refused(StatusCode::BAD_REQUEST, "malformed", "the request was not understood: reload the page")
}

fn broken(error: &GateError) -> Response {
    tracing::error!(%error, "nobody can be let in");
    refused(StatusCode::INTERNAL_SERVER_ERROR, "malformed", &error.to_string())
}
