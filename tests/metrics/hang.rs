//! The thread that drives hangs, and somebody else says so.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::house::{House, free_port, get};
use crate::program::Shell;

/// Starts a program, as its first argument says where to look for wishes, and can make its first thread hang: a debugger may
/// do that to its own child.
const DEBUGGER: &str = r#"
import ctypes, os, subprocess, sys, time
wishes = sys.argv[1]
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
SEIZE, INTERRUPT, DETACH = 0x4206, 0x4207, 17
def ptrace(what):
    if libc.ptrace(what, program.pid, None, None) != 0:
        print("ptrace:", os.strerror(ctypes.get_errno()), flush=True)
# It goes with us, however we go.
program = subprocess.Popen(sys.argv[2:], preexec_fn=lambda: libc.prctl(1, 9))
hangs = False
try:
    while os.path.exists(wishes + ".alive"):
        wish = os.path.exists(wishes)
        if wish and not hangs:
            ptrace(SEIZE)
            ptrace(INTERRUPT)
            os.waitpid(program.pid, 0x40000000)
        if hangs and not wish:
            ptrace(DETACH)
        hangs = wish
        time.sleep(0.01)
finally:
    program.kill()
"#;

/// Asks until the answer has this status.
fn until(port: u16, status: u16) -> Value {
    let end = Instant::now() + Duration::from_secs(10);
    loop {
        let answer = get(port, "/healthz", "");
        if answer.status == status {
            return serde_json::from_str(&answer.body).unwrap();
        }
        assert!(Instant::now() < end, "it stays at {answer:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Goal: when the thread that drives hangs, metrics are still told, health says so after a second, and again when it goes on.
#[test]
fn a_thread_that_hangs_is_told_by_another() {
    let (shell, port) = (Shell::new(), free_port());
    let (wish, alive) = (shell.path("hang"), shell.path("hang.alive"));
    std::fs::write(&alive, "").unwrap();
    let wishes = wish.clone();
    let mut house = House::open_with(shell, port, &port.to_string(), move |program| {
        let mut debugger = Command::new("python3");
        debugger.args(["-c", DEBUGGER]).arg(wishes).arg(program.get_program()).args(program.get_args());
        debugger.current_dir(program.get_current_dir().unwrap()).stdin(Stdio::null());
        for (name, value) in program.get_envs() {
            match value {
                Some(value) => debugger.env(name, value),
                None => debugger.env_remove(name),
            };
        }
        debugger
    });
    house.running.says("robot is ready");
    let well = until(port, 200);
    assert_eq!((&well["ok"], &well["robots"][0]["state"]), (&true.into(), &"ready".into()), "{well}");

    std::fs::write(&wish, "").unwrap();
    let hung = Instant::now();
    let ill = until(port, 503);
    assert!(hung.elapsed() > Duration::from_millis(700), "it is told too soon: {ill}");
    // Which of the two loops went round first is chance.
    until_why(port, "drives Joywire robot has hung");
    until_why(port, "the relay's loop has hung");
    assert!(house.numbers().of("joywire_frames_sent_total") > 0.0);

    std::fs::remove_file(&wish).unwrap();
    assert_eq!(until(port, 200)["why"], serde_json::json!([]));
    std::fs::remove_file(&alive).unwrap();
}

fn until_why(port: u16, words: &str) {
    let end = Instant::now() + Duration::from_secs(5);
    while !get(port, "/healthz", "").body.contains(words) {
        assert!(Instant::now() < end, "nobody says {words:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Goal: an absent robot is told, and is an alarm only for those who ask for it: nothing here would mend it.
#[test]
fn an_absent_robot_is_an_alarm_for_those_who_ask() {
    let (shell, port) = (Shell::new(), free_port());
    let house = House::open_with(shell, port, &port.to_string(), |mut command| {
        command.args(["--serial", "auto"]).env("JOYWIRE_ROBOT__USB", "[]");
        command
    });
    let well = until(house.metrics, 200);
    assert_eq!(well["robots"][0]["state"], "no_robot", "{well}");
    let answer = get(port, "/healthz?robot", "");
    assert!(answer.status == 503 && answer.body.contains("absent: check its cable"), "{answer:?}");
}
