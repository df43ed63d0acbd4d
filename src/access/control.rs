//! The control socket: lets other commands of the same user ask the running program who may come in.
//!
//! One JSON line each way. The socket lies in a folder that is closed to everyone else, and is closed itself.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use super::gate::Gate;
use crate::journal::Doer;
use crate::private_file;
use crate::protocol::access::{AccessReply, AccessRequest};

/// A request is shorter than this, bytes.
const REQUEST_BYTES: u64 = 1024;
/// A request is there, and its answer read, within this.
const PATIENCE: Duration = Duration::from_secs(5);
/// Requests at once.
const AT_ONCE: usize = 16;
/// Pause when the system has no descriptor left for a connection.
const EXHAUSTED: Duration = Duration::from_millis(100);

/// The socket of a running program. It vanishes with this value.
#[derive(Debug)]
pub struct Control {
    listener: UnixListener,
    path: PathBuf,
}

/// A socket's path is no longer than this, bytes.
const PATH_BYTES: usize = 100;

/// The way to the socket of a program whose access folder is `dir`, and the folder held open if the way leads over that:
/// sockets take no long paths.
fn way(dir: &Path) -> io::Result<(PathBuf, Option<File>)> {
    let path = dir.join("control");
    if path.as_os_str().len() <= PATH_BYTES {
        return Ok((path, None));
    }
    let folder = File::open(dir)?;
    Ok((PathBuf::from(format!("/proc/self/fd/{}/control", folder.as_raw_fd())), Some(folder)))
}

impl Control {
    /// Opens the socket in `dir`, closed to others. One that a killed program left is replaced: whoever opens it has the
    /// list of devices in `dir` to themselves.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(dir: &Path) -> io::Result<Self> {
        private_file::directory(dir)?;
        let path = dir.join("control");
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let (way, _folder) = way(dir)?;
        let listener = UnixListener::bind(way)?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
        Ok(Self { listener, path })
    }

    /// Answers until it is dropped.
    pub async fn serve(self, gate: Arc<Gate>) {
        let places = Arc::new(Semaphore::new(AT_ONCE));
        loop {
            let Ok(place) = places.clone().acquire_owned().await else { return };
            match self.listener.accept().await {
                Ok((stream, _)) => {
                    let gate = gate.clone();
                    tokio::spawn(async move {
                        if let Ok(Err(error)) = timeout(PATIENCE, answer(stream, &gate)).await {
                            tracing::debug!(%error, "a request on the control socket was not answered");
                        }
                        drop(place);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept on the control socket");
                    sleep(EXHAUSTED).await;
                }
            }
        }
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        // Gone already is as good.
        drop(std::fs::remove_file(&self.path));
    }
}

async fn answer(mut stream: UnixStream, gate: &Gate) -> io::Result<()> {
    let (reader, mut writer) = stream.split();
    let mut line = String::new();
    BufReader::new(reader.take(REQUEST_BYTES)).read_line(&mut line).await?;
    let reply = match serde_json::from_str::<AccessRequest>(&line) {
        Ok(request) => gate.ask(request, Doer::here()).await,
        Err(error) => {
            let why = Some(format!("the request was not understood: {error}"));
            AccessReply { ok: false, why, access: gate.access(), invite: None }
        }
    };
    let mut text = serde_json::to_vec(&reply)?;
    text.push(b'\n');
    writer.write_all(&text).await
}

/// Asks the program whose access folder is `dir`.
///
/// # Errors
/// What the system says; `NotFound` or `ConnectionRefused` if no program runs there.
pub async fn ask(dir: &Path, request: AccessRequest) -> io::Result<AccessReply> {
    let exchange = async {
        let (way, _folder) = way(dir)?;
        let mut stream = UnixStream::connect(way).await?;
        let mut text = serde_json::to_vec(&request)?;
        text.push(b'\n');
        stream.write_all(&text).await?;
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).await?;
        Ok(serde_json::from_str(&line)?)
    };
    timeout(PATIENCE, exchange).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}
