//! Recordings for operators: the `recordings` event, and `GET /recordings/NAME` at a pace that leaves the line to whoever drives.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::stream;
use rustix::fs::OFlags;
use socketioxide::extract::AckSender;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep_until};

use super::auth::Visitor;
use super::client::{Arrival, acknowledge};
use crate::mailbox::Command;
use crate::protocol::events::{Role, name};
use crate::protocol::journal::{RecordingsReply, RecordingsRequest, is_recording_name};

/// What is read and sent at once.
const PIECE: usize = 64 * 1024;
/// One piece each: 2 MiB a second. Encrypting more would cost the thread that drives, and sending more its Wi-Fi.
const PACE: Duration = Duration::from_millis(31);
/// Downloads at a time.
const AT_ONCE: usize = 2;

/// Answers below `/recordings/`.
pub(super) fn desk(folder: Option<PathBuf>) -> Router {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let Some(folder) = folder else { return Router::new() };
    Router::new().route(
        "/recordings/{name}",
        get(move |request: Request| {
            let (folder, places) = (folder.clone(), places.clone());
            let role = request.extensions().get::<Visitor>().map(|visitor| visitor.role);
            let name = request.uri().path().rsplit('/').next().map(str::to_owned).unwrap_or_default();
            async move { answer(&folder, places, role, name).await }
        }),
    )
}

impl Arrival<'_> {
    /// Recordings of the robot: begun, ended and listed by its agent.
    pub(super) fn recordings(&self, ack: AckSender) {
        let reply = |why: &str| RecordingsReply { why: Some(why.to_owned()), ..RecordingsReply::default() };
        if !self.may(Role::Operator) {
            acknowledge(ack, &reply("only an operator records"));
        } else if let Some(request) = self.payload::<RecordingsRequest>(name::RECORDINGS, usize::MAX) {
            let here = self.robot.remote.is_none() && self.rooms.has_recordings();
            let told = move |mut list: RecordingsReply| {
                list.recordings.iter_mut().for_each(|recording| recording.here = here);
                list
            };
            self.ask_and(ack, |answer| Command::Recordings(request, answer), reply, told);
        } else {
            acknowledge(ack, &reply("recordings was not understood"));
        }
    }
}

async fn answer(folder: &Path, places: Arc<Semaphore>, role: Option<Role>, name: String) -> Response {
    if role < Some(Role::Operator) {
        return (StatusCode::FORBIDDEN, "only an operator gets recordings\n").into_response();
    }
    let missing = || (StatusCode::NOT_FOUND, "there is no recording of that name\n").into_response();
    if !is_recording_name(&name) {
        return missing();
    }
    let Ok(place) = places.try_acquire_owned() else {
        let why = "other recordings are being downloaded: try again in a minute\n";
        return (StatusCode::SERVICE_UNAVAILABLE, why).into_response();
    };
    let path = folder.join(&name);
    match spawn_blocking(move || open(&path)).await {
        Ok(Ok((file, length))) => send(&name, file, length, place),
        Ok(Err(_)) | Err(_) => missing(),
    }
}

/// Opens a file of the folder, and no link; one that is still being written counts as far as it is.
fn open(path: &Path) -> io::Result<(File, u64)> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let flags = i32::try_from(flags.bits()).map_err(io::Error::other)?;
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let told = file.metadata()?;
    if !told.is_file() {
        return Err(io::ErrorKind::NotFound.into());
    }
    Ok((file, told.len()))
}

fn send(name: &str, file: File, length: u64, place: OwnedSemaphorePermit) -> Response {
    let pieces = stream::unfold(Piece { file, left: length, due: Instant::now(), _place: place }, Piece::next);
    let mut response = Body::from_stream(pieces).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    // A download that broke off begins again.
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("none"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(told) = HeaderValue::try_from(format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, told);
    }
    response
}

/// The rest of a download.
struct Piece {
    file: File,
    left: u64,
    due: Instant,
    _place: OwnedSemaphorePermit,
}

impl Piece {
    /// The next piece, when it is due. A file that became shorter meanwhile ends the connection.
    async fn next(mut self) -> Option<(io::Result<Bytes>, Self)> {
        if self.left == 0 {
            return None;
        }
        sleep_until(self.due).await;
        self.due = Instant::now() + PACE;
        let most = usize::try_from(self.left).map_or(PIECE, |left| left.min(PIECE));
        let read = spawn_blocking(move || {
            let mut bytes = vec![0; most];
            let read = self.file.read_exact(&mut bytes);
            (read.map(|()| Bytes::from(bytes)), self)
        });
        match read.await {
            Ok((Ok(bytes), mut rest)) => {
                rest.left -= bytes.len() as u64;
                Some((Ok(bytes), rest))
            }
            Ok((Err(error), mut rest)) => {
                rest.left = 0;
                Some((Err(error), rest))
            }
            Err(_) => None,
        }
    }
}
