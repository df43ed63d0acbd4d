//! What processes cost: CPU time and memory, as the kernel counts them.

use std::fs;

/// CPU time of processes and all their threads since they began, ns.
pub fn cpu(pids: &[u32]) -> u64 {
    pids.iter().map(|pid| threads(*pid).max(all_that_ever_were(*pid))).sum()
}

/// The same with threads that have ended, such as Python's one for each event, in hundredths of a second.
fn all_that_ever_were(pid: u32) -> u64 {
    const TICK_NS: u64 = 10_000_000;
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let Some((_, rest)) = stat.rsplit_once(')') else { return 0 };
    // Behind the name in parentheses utime and stime are the 12th and 13th.
    rest.split_ascii_whitespace().skip(11).take(2).map(|ticks| ticks.parse().unwrap_or(0) * TICK_NS).sum()
}

fn threads(pid: u32) -> u64 {
    let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task")) else { return 0 };
    let times = tasks.flatten().filter_map(|task| {
        // Time on a CPU in ns, time waiting for one, turns.
        let text = fs::read_to_string(task.path().join("schedstat")).ok()?;
        text.split_ascii_whitespace().next()?.parse::<u64>().ok()
    });
    times.sum()
}

/// Memory of processes, bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// What they have in memory; pages that several have count several times.
    pub resident: u64,
    /// The same, each page that several have divided among them.
    pub proportional: u64,
}

/// What processes have in memory.
pub fn memory(pids: &[u32]) -> Memory {
    let found = pids.iter().map(|pid| {
        let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
        let of = |key: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(key));
            line.and_then(|rest| rest.split_ascii_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) * 1024
        };
        Memory { resident: of("Rss:"), proportional: of("Pss:") }
    });
    found.fold(Memory::default(), |sum, one| Memory {
        resident: sum.resident + one.resident,
        proportional: sum.proportional + one.proportional,
    })
}
