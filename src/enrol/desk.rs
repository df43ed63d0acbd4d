//! ASYNC. From a code to a key: first the relay proves who it is, then we show the code, then somebody there says yes.

use std::time::Duration;

use hyper::HeaderMap;
use hyper::StatusCode;
use hyper::header::SET_COOKIE;
use serde::Serialize;
use tokio::time::{sleep, timeout};
use tokio_rustls::rustls::pki_types::CertificateDer;

use super::error::EnrolError;
use super::key::{Key, Pin};
use super::line::{Answer, Line};
use crate::protocol::access::{PairAnswer, PairRequest, PairWait};
use crate::protocol::events::Role;
use crate::socketio::{Address, Fingerprint, introduce, secure, sentence};

/// Between two questions whether somebody said yes.
const PAUSE: Duration = Duration::from_secs(1);
/// That somebody says yes; a relay gives up earlier.
const PATIENCE: Duration = Duration::from_mins(5);
/// Questions in a row that may fail.
const FAILURES: u32 = 5;
/// How the session's cookie begins, whatever the port.
const COOKIE: &str = "__Host-joywire-";
/// A session is shorter, bytes.
const COOKIE_BYTES: usize = 1024;

/// Gets a key for the relay at `address` with a code and the fingerprint that its terminal shows. `name` is what this
/// device is to be called there. `on_wait` is told the four digits that somebody there is to compare, if somebody must
/// say yes; they have some minutes for it.
///
/// The code is shown only over a connection to whoever has the certificate with that fingerprint.
///
/// # Errors
/// [`EnrolError`], with a sentence for the person who brought the code.
pub async fn enrol(
    address: &Address,
    code: &str,
    fingerprint: Fingerprint,
    name: &str,
    on_wait: &mut dyn FnMut(&str),
) -> Result<Key, EnrolError> {
    // Boxed, as TLS and its buffers make it large.
    let pin = Box::pin(meet(address, fingerprint)).await?;
    let mut desk = Desk { address, pin, line: None };
    let answer = desk.ask("/pair", &PairRequest { code: code.to_owned(), name: name.to_owned() }).await;
    let ticket = match desk.understood(answer.map_err(|error| error.told(address))?, name)? {
        Reply::Key(key) => return Ok(*key),
        Reply::Refused { why, .. } => return Err(EnrolError::Refused { address: address.clone(), why }),
        Reply::Wait { ticket, number } => {
            on_wait(&number);
            ticket
        }
    };
    let waited = timeout(PATIENCE, desk.wait(ticket, name)).await;
    waited.unwrap_or(Err(EnrolError::Unanswered { limit: PATIENCE }))
}

/// Looks who answers, and by what they can be known again. Nothing is told them.
async fn meet(address: &Address, wanted: Fingerprint) -> Result<Pin, EnrolError> {
    let (stream, shown) = introduce(address).await?;
    let broken = |detail| EnrolError::Broken { address: address.clone(), detail };
    let mut line = Line::open(address, stream).await.map_err(broken)?;
    let Answer { status, body, .. } = line.get("/joywire.crt").await.map_err(broken)?;
    let pin = match status {
        StatusCode::OK if Fingerprint::of(&body) == wanted => Pin::Authority(CertificateDer::from(body.to_vec())),
        // Its owner brought a certificate. Whether it is good for this name is seen when we connect with it.
        StatusCode::NOT_FOUND if shown.iter().any(|one| Fingerprint::of(one) == wanted) => Pin::Shown(wanted),
        StatusCode::OK | StatusCode::NOT_FOUND => return Err(EnrolError::Stranger { address: address.clone() }),
        status => {
            let (address, why) = (address.clone(), sentence(&body));
            return Err(EnrolError::TurnedAway { address, status: status.as_u16(), why });
        }
    };
    Ok(pin)
}

/// What the relay says to a code or a ticket.
enum Reply {
    Key(Box<Key>),
    Wait { ticket: String, number: String },
    Refused { code: String, why: String },
}

/// Why a question was not answered.
enum Failure {
    Connect(crate::socketio::ConnectError),
    Broken(String),
}

impl Failure {
    fn told(self, address: &Address) -> EnrolError {
        match self {
            Self::Connect(error) => error.into(),
            Self::Broken(detail) => EnrolError::Broken { address: address.clone(), detail },
        }
    }
}

/// The relay's desk, over connections to whom we trust alone.
struct Desk<'a> {
    address: &'a Address,
    pin: Pin,
    line: Option<Line>,
}

impl Desk<'_> {
    async fn ask<T: Serialize>(&mut self, path: &str, question: &T) -> Result<Answer, Failure> {
        let json = serde_json::to_string(question).map_err(|error| Failure::Broken(error.to_string()))?;
        let mut line = if let Some(line) = self.line.take() {
            line
        } else {
            let stream = secure(self.address, self.pin.trust()).await.map_err(Failure::Connect)?;
            Line::open(self.address, stream).await.map_err(Failure::Broken)?
        };
        let answer = line.post(path, json).await.map_err(Failure::Broken)?;
        self.line = Some(line);
        Ok(answer)
    }

    /// Asks until somebody has answered.
    async fn wait(&mut self, ticket: String, name: &str) -> Result<Key, EnrolError> {
        let question = PairWait { ticket };
        let mut failures = 0;
        loop {
            sleep(PAUSE).await;
            let answer = match self.ask("/pair/wait", &question).await {
                Ok(answer) => answer,
                // A relay with many strangers ends connections; the ticket is still good.
                Err(_) if failures < FAILURES => {
                    failures += 1;
                    continue;
                }
                Err(failure) => return Err(failure.told(self.address)),
            };
            failures = 0;
            match self.understood(answer, name)? {
                Reply::Key(key) => return Ok(*key),
                Reply::Wait { .. } => {}
                Reply::Refused { code, .. } if code == "rate" => {}
                Reply::Refused { why, .. } => return Err(EnrolError::Refused { address: self.address.clone(), why }),
            }
        }
    }

    fn understood(&self, answer: Answer, name: &str) -> Result<Reply, EnrolError> {
        let Answer { status, headers, body } = answer;
        let address = || self.address.clone();
        match serde_json::from_slice(&body) {
            Ok(PairAnswer::Admitted { role, name: called, home: _ }) => {
                let cookie = session(&headers).ok_or_else(|| EnrolError::NotUnderstood { address: address() })?;
                Ok(Reply::Key(Box::new(self.key(role, called.unwrap_or_else(|| name.to_owned()), cookie))))
            }
            Ok(PairAnswer::Waiting { ticket, number, role: _ }) => Ok(Reply::Wait { ticket, number }),
            Ok(PairAnswer::Refused { code, why }) => Ok(Reply::Refused { code, why: sentence(why.as_bytes()) }),
            Err(_) if status.is_success() => Err(EnrolError::NotUnderstood { address: address() }),
            Err(_) => {
                let (status, why) = (status.as_u16(), sentence(&body));
                Err(EnrolError::TurnedAway { address: address(), status, why })
            }
        }
    }

    fn key(&self, role: Role, name: String, cookie: String) -> Key {
        Key { relay: self.address.clone(), pin: self.pin.clone(), cookie, role, name }
    }
}

/// The session that is set, `NAME=VALUE`.
fn session(headers: &HeaderMap) -> Option<String> {
    let set = headers.get_all(SET_COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = set.filter_map(|line| line.split(';').next()).map(str::trim);
    let plain = |pair: &str| pair.bytes().all(|byte| byte.is_ascii_graphic() && !b"\",\\".contains(&byte));
    let good =
        |pair: &&str| pair.starts_with(COOKIE) && pair.contains('=') && pair.len() <= COOKIE_BYTES && plain(pair);
    pairs.find(good).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: the session is kept exactly as it was set, and nothing else is taken for it.
    #[test]
    fn session_is_found_among_cookies() {
        let found = |lines: &[&str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(SET_COOKIE, line.parse().unwrap());
            }
            session(&headers)
        };
        let set = "__Host-joywire-8080=abc; Path=/; Secure; HttpOnly";
        assert_eq!(found(&["theme=dark", set]).as_deref(), Some("__Host-joywire-8080=abc"));
        for none in ["", "theme=dark", "__Host-joywire-8080", "__Host-joywire-8080=a b; Path=/"] {
            assert_eq!(found(&[none]), None, "{none}");
        }
    }
}
