//! File descriptors: each connection takes one, and many systems give a program 1024 unless it asks for more.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::config::Config;

/// What is open beside people's connections: log, recording, cable, gamepads, listeners, metrics, the control socket.
const OTHERS: u64 = 128;

/// Asks the system for as many as the configured connections need. Fewer are no reason not to drive, but are said.
pub fn provide(config: &Config) {
    let connections = u64::try_from(config.limits.connections).unwrap_or(u64::MAX);
    let ports = if config.server.public && config.server.trust_port != 0 { 2 } else { 1 };
    let needed = connections.saturating_mul(ports).saturating_add(OTHERS);
    let limit = getrlimit(Resource::Nofile);
    let Some(wanted) = wanted(limit.current, limit.maximum, needed) else { return };
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum: limit.maximum }) {
        tracing::debug!(%error, "the system gives no more file descriptors");
    }
    if let Some(most) = getrlimit(Resource::Nofile).current.filter(|most| *most < needed) {
        tracing::warn!(
            "limits.connections is {connections}, for which {needed} files must be open at once, but the system allows {most}: \
             the last to come will get no answer. Raise its limit (`ulimit -n`, or LimitNOFILE= of a service), or lower \
             limits.connections"
        );
    }
}

/// What the limit is to be, if it is below what is needed and can be raised. `None` of the system's stands for no limit.
fn wanted(current: Option<u64>, maximum: Option<u64>, needed: u64) -> Option<u64> {
    let current = current.filter(|current| *current < needed)?;
    Some(maximum.map_or(needed, |maximum| needed.min(maximum)).max(current))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: the limit is raised only where it is too low, and never beyond what the system allows.
    #[test]
    fn as_many_as_are_needed_are_asked_for() {
        assert_eq!(wanted(Some(1024), Some(20_000), 384), None);
        assert_eq!(wanted(None, None, 384), None);
        assert_eq!(wanted(Some(256), Some(20_000), 384), Some(384));
        assert_eq!(wanted(Some(256), None, 384), Some(384));
        assert_eq!(wanted(Some(1024), Some(4096), 10_128), Some(4096));
        assert_eq!(wanted(Some(1024), Some(1024), 10_128), Some(1024));
    }
}
