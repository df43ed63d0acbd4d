//! A network of its own for a test: interfaces that nobody else sees, and one of its tests run inside.

use std::io::Write;
use std::process::{Command, Stdio};

/// Makes interfaces: `wires NAME…`, or `wires --to PID NAME` for a cable to the network of another process.
const TOOLS: &str = r#"
wires() {
    mkfifo "$SCRATCH/ready"
    python3 "$WIRES" "$@" >"$SCRATCH/ready" 2>&1 &
    read -r said <"$SCRATCH/ready" && rm "$SCRATCH/ready"
    [ "$said" = ready ] || { echo "no wires: $said"; exit 1; }
}
ip link set lo up
# What this machine's own firewall is set to is another story.
[ ! -d /etc/ufw ] || mount -t tmpfs none /etc/ufw
"#;

/// Interfaces as on a laptop: a Wi-Fi and the bridge of a container program.
pub const LAPTOP: &str = "
wires wlan0 docker0
ip addr add 192.168.77.5/24 dev wlan0 && ip addr add fd00:77::5/64 dev wlan0 nodad && ip link set wlan0 up
ip addr add 172.17.0.1/16 dev docker0 && ip link set docker0 up
";

/// Whether this system lets its users make networks; without it these stories cannot be told.
///
/// # Panics
/// If a program that they need is not installed.
pub fn possible() -> bool {
    for (program, package) in [("unshare", "util-linux"), ("ip", "iproute2"), ("python3", "python3")] {
        let there = Command::new(program).arg("-V").output().is_ok();
        assert!(there, "{program} is missing: install {package}, or run `make tools`");
    }
    let tried = shell("wires try0").output();
    let possible = tried.as_ref().is_ok_and(|output| output.status.success());
    if !possible {
        drop(writeln!(std::io::stderr(), "left out, as no network can be made here: {tried:?}"));
    }
    possible
}

/// A shell with a network of its own, in which `script` is run. What it leaves running ends with it.
pub fn shell(script: &str) -> Command {
    let scratch = tempfile::tempdir().unwrap();
    let mut command = Command::new("unshare");
    let script = format!("trap 'rm -rf \"$SCRATCH\"' EXIT\n{TOOLS}\n{script}");
    command.args(["-rn", "--pid", "--mount-proc", "--fork", "--kill-child", "sh", "-ec", &script]);
    command.env("SCRATCH", scratch.keep()).env("WIRES", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/wires.py"));
    command.stdin(Stdio::null());
    command
}

/// Runs the ignored test `name` of this very program in a network that `script` sets up; returns what it said.
#[allow(dead_code, reason = "the doctor's stories run the program itself")]
pub fn tell(script: &str, name: &str) -> String {
    tell_beside(&format!("{script}\n\"$PROGRAM\" --ignored --exact {name} --nocapture"))
}

/// The same, where `script` itself runs an ignored test of `$PROGRAM`.
#[allow(dead_code, reason = "the doctor's stories run the program itself")]
pub fn tell_beside(script: &str) -> String {
    let output = shell(script).env("PROGRAM", std::env::current_exe().unwrap()).output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    said
}
