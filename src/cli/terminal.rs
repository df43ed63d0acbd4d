//! The terminal: what is said on it, and what a person there types.

use std::io::{self, BufRead, IsTerminal, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::time::Instant;

/// For the last words.
const LAST_WORDS: Duration = Duration::from_millis(300);

/// Lines on the terminal so far, ours, the log's and the person's: whoever wants to draw over its own lines must know
/// whether they are still the last ones.
static LINES: AtomicU64 = AtomicU64::new(0);

/// Says a line to whoever started the program. A closed standard output is no reason to stop driving.
pub fn say(line: &str) {
    count(line.as_bytes());
    LINES.fetch_add(1, Ordering::Relaxed);
    let mut out = io::stdout().lock();
    drop(writeln!(out, "{line}").and_then(|()| out.flush()));
}

/// Says the last words before the program ends. A paused terminal has a moment to take them, and no more.
pub fn farewell(line: &str) {
    let (line, (said, heard)) = (line.to_owned(), std::sync::mpsc::channel());
    let speaking = std::thread::Builder::new().spawn(move || {
        say(&line);
        said.send(()).ok();
    });
    if speaking.is_ok() {
        heard.recv_timeout(LAST_WORDS).ok();
    }
}

/// Asks for something on the line on which it will be typed.
pub fn prompt(question: &str) {
    count(question.as_bytes());
    let mut out = io::stdout().lock();
    drop(write!(out, "{question} ").and_then(|()| out.flush()));
}

/// Says a line on standard error.
pub fn complain(line: &str) {
    count(line.as_bytes());
    LINES.fetch_add(1, Ordering::Relaxed);
    drop(writeln!(io::stderr().lock(), "{line}"));
}

/// Lines on the terminal so far.
pub fn lines() -> u64 {
    LINES.load(Ordering::Relaxed)
}

/// Takes the last `count` lines off the terminal.
pub fn erase(count: u64) {
    let mut out = io::stdout().lock();
    drop(write!(out, "\x1b[{count}A\x1b[J").and_then(|()| out.flush()));
}

/// Whether someone looks at what is said.
pub fn is_watched() -> bool {
    io::stdout().is_terminal()
}

/// Whether someone can answer as well.
pub fn is_attended() -> bool {
    is_watched() && io::stdin().is_terminal()
}

/// Letters in a line of it; `None` if it is none.
pub fn width() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| is_watched() && *columns > 0)
}

/// Whether what is said may have colours.
pub fn has_colours() -> bool {
    is_watched() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// What is typed from now on, line by line, and when. What nobody takes is forgotten, for it must not wait and then look
/// new. The thread that waits for it ends with the program.
pub fn typed() -> io::Result<mpsc::Receiver<(Instant, String)>> {
    let (sender, receiver) = mpsc::channel(8);
    std::thread::Builder::new().name("typed".into()).spawn(move || {
        for line in io::stdin().lock().lines() {
            let Ok(line) = line else { return };
            LINES.fetch_add(1, Ordering::Relaxed);
            if let Err(TrySendError::Closed(_)) = sender.try_send((Instant::now(), line)) {
                return;
            }
        }
    })?;
    Ok(receiver)
}

/// Standard error, with its lines counted.
#[derive(Debug)]
pub struct Log;

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = io::stderr().write(bytes)?;
        count(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

fn count(bytes: &[u8]) {
    let lines = bytes.split(|byte| *byte == b'\n').count() - 1;
    LINES.fetch_add(lines.try_into().unwrap_or(u64::MAX), Ordering::Relaxed);
}
