//! Ctrl-C, a closed terminal, or a service manager: the first asks everything to stop in order, the second does not ask.

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Exit code of a program that was interrupted.
const INTERRUPTED: i32 = 130;

/// Returns a token that is cancelled by the first SIGINT, SIGTERM or SIGHUP; a second one ends the process.
pub fn shutdown() -> std::io::Result<CancellationToken> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    let token = CancellationToken::new();
    let first = token.clone();
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = interrupt.recv() => {},
                _ = terminate.recv() => {},
                _ = hang_up.recv() => {},
            }
            if first.is_cancelled() {
                // Without a word: whoever would read it may be what hangs.
                std::process::exit(INTERRUPTED);
            }
            first.cancel();
        }
    });
    Ok(token)
}
