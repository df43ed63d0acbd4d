//! Oracle: the C core as a process at the end of two pipes, built with sanitizers.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::OnceLock;

/// The process, and what it has not been told yet.
pub struct Oracle {
    child: Child,
    stdin: ChildStdin,
    stdout: ChildStdout,
    script: Vec<u8>,
}

impl Oracle {
    pub fn start() -> Self {
        // Tests run side by side, and must not build the same file at the same time.
        static MADE: OnceLock<bool> = OnceLock::new();
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let made = *MADE.get_or_init(|| {
            let make = Command::new("make").args(["--silent", "-C", "firmware", "oracle"]).current_dir(root).status();
            make.expect("this test needs make: install build-essential").success()
        });
        assert!(made, "the C core does not build");
        let mut child = Command::new(root.join("target/firmware/oracle"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Self { child, stdin, stdout, script: Vec::new() }
    }

    pub fn switch_on(&mut self, motors: u8, boot_count: u16, tick: u32) {
        self.script.push(b'B');
        self.script.extend(boot_count.to_le_bytes());
        self.script.extend(0u32.to_le_bytes());
        self.script.extend(tick.to_le_bytes());
        self.script.push(motors);
    }

    pub fn receive(&mut self, bytes: &[u8]) {
        self.bytes(b'R', bytes);
    }

    pub fn pass(&mut self, milliseconds: u8) {
        self.script.extend([b'T', milliseconds]);
    }

    /// Time in which the loop does not look; the timer interrupt goes on.
    pub fn look_away(&mut self, milliseconds: u16) {
        self.script.push(b'W');
        self.script.extend(milliseconds.to_le_bytes());
    }

    pub fn power_failure(&mut self) {
        self.script.push(b'Z');
    }

    pub fn frames(&mut self, bytes: &[u8]) {
        self.bytes(b'F', bytes);
    }

    pub fn message(&mut self, body: &[u8]) {
        self.bytes(b'M', body);
    }

    /// What all of that gave. The pipes are small: nothing is asked before everything is told.
    pub fn log(&mut self) -> Vec<u8> {
        self.script.push(b'S');
        self.stdin.write_all(&self.script).expect("the C core has ended: see its message above");
        self.script.clear();
        let mut len = [0; 4];
        self.stdout.read_exact(&mut len).expect("the C core has ended: see its message above");
        let mut log = vec![0; usize::try_from(u32::from_le_bytes(len)).unwrap()];
        self.stdout.read_exact(&mut log).unwrap();
        log
    }

    fn bytes(&mut self, command: u8, bytes: &[u8]) {
        for part in bytes.chunks(255) {
            self.script.extend([command, u8::try_from(part.len()).unwrap()]);
            self.script.extend(part);
        }
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
