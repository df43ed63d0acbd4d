//! Stories of ports that are someone else's, and of the real program at a port that comes and goes.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use joywire::protocol::events::State;
use rustix::fs::{FlockOperation, Mode, OFlags, flock};
use rustix::io::Errno;
use rustix::process::Signal;

use crate::board::Board;
use crate::desk::{Desk, uno};
use crate::program::{Running, Shell};
use crate::rig::{PATIENCE, Rig, cable};

/// A user who is not root: root passes permissions and the terminal's exclusive mode.
const NOBODY: u32 = 65_534;

/// Does nothing if this is not root already.
fn as_nobody(command: &mut Command) -> &mut Command {
    if fs::metadata("/proc/self").unwrap().uid() == 0 { command.uid(NOBODY).gid(NOBODY) } else { command }
}

/// Goal: row 12, a port that another program holds is told with the name of that program.
#[tokio::test]
async fn port_in_use_is_told_with_its_holder() {
    let (desk, robot) = (Desk::new(), Board::robot());
    desk.plug("ttyUSB0", uno("75433317", "1-1"), &robot);
    let mut other = Command::new("flock").args([robot.path(), "sleep", "60"]).process_group(0).spawn().unwrap();
    let end = Instant::now() + PATIENCE;
    let told = loop {
        match cable(&desk.dev("ttyUSB0"), &desk) {
            Err(error) => break error.to_string(),
            Ok(cable) => drop(cable),
        }
        assert!(Instant::now() < end, "the lock is never seen");
        thread::sleep(Duration::from_millis(10));
    };
    let group = rustix::process::Pid::from_child(&other);
    rustix::process::kill_process_group(group, Signal::KILL).unwrap();
    other.wait().unwrap();
    assert!(told.contains("is in use by ") && told.contains("(process "), "{told}");
    assert!(told.contains("flock") || told.contains("sleep"), "{told}");
    assert_eq!(robot.heard(), b"");
    // The last of them to die lets the port go.
    while let Err(error) = cable(&desk.dev("ttyUSB0"), &desk) {
        assert!(Instant::now() < end, "{error}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// Goal: row 12, while we drive nobody else gets in: not another user, and not root who asks for the lock.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_opens_our_port() {
    let (desk, robot) = (Desk::new(), Board::robot());
    desk.plug("ttyUSB0", uno("75433317", "1-1"), &robot);
    fs::set_permissions(robot.path(), fs::Permissions::from_mode(0o666)).unwrap();
    let mut rig = Rig::start(&desk.dev("ttyUSB0"), &desk);
    rig.ready().await;
    let script = format!("exec 3<>{}", robot.path());
    let mut shell = Command::new("sh");
    let output = as_nobody(shell.args(["-c", &script]).stderr(Stdio::piped())).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("busy"), "{said}");
    match rustix::fs::open(robot.path(), OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty()) {
        Ok(as_root) => assert_eq!(flock(&as_root, FlockOperation::NonBlockingLockExclusive), Err(Errno::AGAIN)),
        Err(error) => assert_eq!(error, Errno::BUSY),
    }
    rig.end().await;
}

/// Goal: `auto` passes over a port that is someone else's and drives the robot at the next; it tells both
/// reasons when there is none.
#[tokio::test(flavor = "multi_thread")]
async fn auto_passes_over_a_port_in_use() {
    let (desk, held, robot) = (Desk::new(), Board::robot(), Board::robot());
    desk.plug("ttyACM0", uno("75433311", "1-1"), &held);
    let lock = rustix::fs::open(held.path(), OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty()).unwrap();
    flock(&lock, FlockOperation::LockExclusive).unwrap();
    let mut rig = Rig::start("auto", &desk);
    let told = rig.says("is in use by another program").await;
    assert!(told.contains(&desk.by_id(uno("75433311", "1-1"))), "{told}");
    assert_eq!(rig.now().state, State::NoRobot);
    desk.plug("ttyACM1", uno("75433312", "1-2"), &robot);
    rig.ready().await;
    assert_eq!(held.heard(), b"");
    rig.end().await;
}

/// Goal: row 12, whoever may not open a port is told what to do about it, at the start.
#[test]
fn forbidden_port_is_told_at_the_start() {
    let (shell, robot) = (Shell::new(), Board::robot());
    fs::set_permissions(robot.path(), fs::Permissions::from_mode(0o000)).unwrap();
    fs::set_permissions(shell.home.path(), fs::Permissions::from_mode(0o777)).unwrap();
    // Somebody else may not get to where the program was built.
    let program = shell.path("joywire-copy");
    fs::copy(env!("CARGO_BIN_EXE_joywire"), &program).unwrap();
    let mut command = Command::new(program);
    command.args(["run", "--port", "0", "--serial", robot.path()]).env("HOME", shell.home.path());
    command.env("XDG_DATA_HOME", shell.home.path()).env("XDG_CONFIG_HOME", shell.home.path());
    let output = as_nobody(&mut command).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(&format!("no permission for {}: its mode is 000", robot.path())), "{said}");
}

/// Goal: row 10, the real program whose robot vanishes rests while it is away, and finds it under another
/// name that the configuration allows.
#[test]
fn program_rests_while_its_robot_is_away() {
    let shell = Shell::new();
    let sim = |name: &str| {
        let mut sim = Running::start(shell.command(&["sim", "--link", shell.path(name).to_str().unwrap()]));
        sim.says(name);
        sim
    };
    let mut command = shell.command(&["run", "--port", "0", "--serial", "auto"]);
    command.env("JOYWIRE_ROBOT__PORTS", format!("[\"{}\"]", shell.path("robot-*").display()));
    // What is plugged into this very machine is none of this test's business.
    command.env("JOYWIRE_ROBOT__USB", "[]");
    let mut run = Running::start(command);
    run.says("no robot found: plug it in");
    let robot = sim("robot-a");
    run.says("INFO robot answers");
    // First the name: the next pseudo-terminal of another test may get the same number.
    fs::remove_file(shell.path("robot-a")).unwrap();
    drop(robot);
    run.says("robot-a was unplugged");
    let (before, start) = (cpu(run.child.id()), Instant::now());
    thread::sleep(Duration::from_secs(2));
    let share = cpu(run.child.id()).saturating_sub(before).as_secs_f64() / start.elapsed().as_secs_f64();
    assert!(share < 0.2, "it uses {:.0} % of a core while its robot is away", share * 100.0);
    let _robot = sim("robot-b");
    run.says("INFO robot answers");
    run.signal(Signal::INT);
    assert_eq!(run.end().0, Some(0));
}

/// Time that a process has computed so far.
fn cpu(process: u32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    // Fields 14 and 15 of the whole line, in hundredths of a second on every Linux.
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_millis(ticks * 10)
}
