//! Asks another program of this machine something, and does not wait for ever.

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// An answer takes no longer.
const PATIENCE: Duration = Duration::from_secs(2);
/// Nor is it longer, bytes.
const MOST: u64 = 4 * 1024 * 1024;
/// Where administrators' programs are, which users do not have on their path.
const FOLDERS: [&str; 4] = ["/usr/sbin", "/sbin", "/usr/bin", "/bin"];

/// What a program writes; `None` if it is not there, fails, or takes too long.
#[must_use]
pub fn ask(program: &str, arguments: &[&str]) -> Option<String> {
    let path = FOLDERS.iter().map(|folder| Path::new(folder).join(program)).find(|path| path.is_file())?;
    let mut command = Command::new(path);
    command.args(arguments).env("LC_ALL", "C").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().ok()?;
    let stream = child.stdout.take()?;
    let (teller, told) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = stream.take(MOST).read_to_end(&mut bytes);
        // Whoever asked may have left since.
        drop(teller.send(read.map(|_| bytes)));
    });
    let answer = told.recv_timeout(PATIENCE);
    if answer.is_err() {
        drop(child.kill());
    }
    let fine = child.wait().is_ok_and(|status| status.success());
    let bytes = answer.ok()?.ok()?;
    fine.then(|| String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    /// Goal: a program that hangs, fails or is not there is no answer, and holds nobody up.
    #[test]
    fn only_answers_in_time_count() {
        let clock = Clock::start();
        assert_eq!(ask("echo", &["yes"]).as_deref(), Some("yes\n"));
        assert_eq!(ask("false", &[]), None);
        assert_eq!(ask("no-such-program", &[]), None);
        assert_eq!(ask("sleep", &["60"]), None);
        assert!(clock.now().elapsed() < PATIENCE * 3);
    }
}
