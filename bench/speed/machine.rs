//! The machine: what it is, and whether something else is busy on it.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::clock;

/// More than this share of one CPU spent on others: the round tells nothing.
const FOREIGN: f64 = 0.15;
/// The kernel's own beat of these counts, a second.
const TICKS: f64 = 100.0;

/// A flag of the kernel's own threads.
const KERNEL: u64 = 0x0020_0000;

/// CPU time since some beginning, in ticks, and the moment, ns.
#[derive(Clone, Copy, Debug)]
struct Spent {
    all: f64,
    ours: f64,
    /// The kernel's threads: they carry what is written to a pseudo-terminal, and so work for us.
    kernel: f64,
    at: u64,
}

/// Looks at what others do meanwhile.
#[derive(Debug)]
pub struct Watch(Spent);

impl Watch {
    /// From now on.
    pub fn start() -> Self {
        Self(spent())
    }

    /// The share of one CPU that others took since, if that is too much. Everything that we started meanwhile must have
    /// ended: the kernel counts children to us only then.
    pub fn disturbed(&self) -> Option<f64> {
        let now = spent();
        let seconds = super::matching::ms(now.at - self.0.at) / 1000.0;
        let foreign = (now.all - self.0.all) - (now.ours - self.0.ours) - (now.kernel - self.0.kernel).max(0.0);
        let share = foreign / TICKS / seconds;
        (share > FOREIGN).then_some(share)
    }
}

fn spent() -> Spent {
    let numbers =
        |text: &str| text.split_ascii_whitespace().map(|word| word.parse().unwrap_or(0.0)).collect::<Vec<f64>>();
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    // user, nice, system; the rest is rest, interrupts, and other machines.
    let all = stat.lines().next().map(|line| numbers(line).iter().skip(1).take(3).sum()).unwrap_or_default();
    // Behind the name in parentheses: flags are the 7th; utime, stime, cutime, cstime the 12th to 15th.
    let fields = |process: &Path| {
        let text = fs::read_to_string(process.join("stat")).unwrap_or_default();
        text.rsplit_once(')').map(|(_, rest)| numbers(rest)).unwrap_or_default()
    };
    let ours = fields(Path::new("/proc/self")).iter().skip(11).take(4).sum();
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten().map(|process| fields(&process.path()));
    let kernels = processes.filter(|fields| fields.get(6).is_some_and(|flags| is_kernel(*flags)));
    let kernel = kernels.map(|fields| fields.iter().skip(11).take(2).sum::<f64>()).sum();
    Spent { all, ours, kernel, at: clock::now() }
}

fn is_kernel(flags: f64) -> bool {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "32 flags, read as a number")]
    let flags = flags as u64;
    flags & KERNEL != 0
}

/// What the figures were found on, for the report.
pub fn described() -> Value {
    let line = |path: &str, key: &str| {
        let text = fs::read_to_string(path).unwrap_or_default();
        let found = text.lines().find(|line| line.starts_with(key)).and_then(|line| line.split_once(':'));
        found.map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
    };
    let said = |program: &str, words: &[&str]| {
        let output = Command::new(program).args(words).output().ok();
        output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
    };
    json!({
        "date": said("date", &["--utc", "+%Y-%m-%d"]),
        "cpu": line("/proc/cpuinfo", "model name"),
        "cpus": std::thread::available_parallelism().map_or(0, std::num::NonZero::get),
        "memory": line("/proc/meminfo", "MemTotal"),
        "kernel": said("uname", &["-sr"]),
        "rustc": said("rustc", &["--version"]),
        "node": said("node", &["--version"]),
        "joywire": env!("CARGO_PKG_VERSION"),
        "commit": said("git", &["rev-parse", "--short", "HEAD"]),
    })
}
