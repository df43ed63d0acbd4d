//! What the system says of this process, by the names that every program of Prometheus' has for it.

use std::fs;

use super::sheet::Sheet;
use super::table::Metric;

/// Of the clock in which Linux counts a process's time: 100 a second on every architecture that Rust runs on.
const TICK_NS: u64 = 10_000_000;

/// Reads it anew. Where there is no /proc it stays unknown.
pub(super) fn read(sheet: &Sheet) {
    let file = |name: &str| fs::read_to_string(format!("/proc/self/{name}")).unwrap_or_default();
    let (status, limits) = (file("status"), file("limits"));
    let ticks = ticks(&file("stat"));
    sheet.set(Metric::CpuTime, 0, ticks.unwrap_or(0).saturating_mul(TICK_NS));
    let bytes = |key| number(&status, key, 0).map(|kib| kib * 1024);
    sheet.set_if_known(Metric::ResidentMemory, bytes("VmRSS:"));
    sheet.set_if_known(Metric::VirtualMemory, bytes("VmSize:"));
    sheet.set_if_known(Metric::Threads, number(&status, "Threads:", 0));
    sheet.set_if_known(Metric::MostFiles, number(&limits, "Max open files", 0));
    // The folder itself is open while it is read.
    let open = fs::read_dir("/proc/self/fd").ok().map(|open| u64::try_from(open.count()).unwrap_or(u64::MAX));
    sheet.set_if_known(Metric::OpenFiles, open.map(|open| open.saturating_sub(1)));
}

/// The number behind `key`, after so many others.
fn number(text: &str, key: &str, after: usize) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(key)?.split_whitespace().nth(after)?.parse().ok())
}

/// Time in the program and in the system for it. The name before may hold blanks and brackets.
fn ticks(stat: &str) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11).map(str::parse::<u64>);
    Some(fields.next()?.ok()? + fields.next()?.ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: the time is found, whatever the program is called.
    #[test]
    fn time_is_found_behind_any_name() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194304 123 0 0 0 250 17 3 4 20 0 9 0 5000 1 2";
        assert_eq!(ticks(stat), Some(267));
        assert_eq!(ticks(""), None);
        assert_eq!(number("Max open files            1024  4096  files\n", "Max open files", 0), Some(1024));
    }
}
