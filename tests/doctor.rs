//! Stories of `joywire doctor`: the real program on machines that have one thing wrong each.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test's own tools stop at the first surprise, too")]
#![expect(clippy::disallowed_methods, reason = "whether a program hangs is a matter of real time")]

#[path = "common/namespace.rs"]
mod namespace;
#[path = "common/program.rs"]
mod program;

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use program::{Running, Shell, terminal, text};
use rustix::process::Signal;
use serde_json::Value;

/// A doctor who takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the doctor found.
struct Report {
    code: Option<i32>,
    findings: Vec<Value>,
}

impl Report {
    /// Reads what it says as JSON, and holds it to what is true of every report.
    fn of(mut command: Command) -> Self {
        let before = Instant::now();
        let output: Output = command.output().unwrap();
        assert!(before.elapsed() < PATIENCE, "it took {:?}", before.elapsed());
        let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
        let Ok(Value::Array(findings)) = serde_json::from_slice(&output.stdout) else { panic!("no list: {said}") };
        for finding in &findings {
            assert_eq!(finding["level"] == "fine", finding["advice"].is_null(), "{finding}");
            assert!(!finding["what"].as_str().unwrap().is_empty());
        }
        let problem = findings.iter().any(|finding| finding["level"] == "problem");
        assert_eq!(output.status.code(), Some(i32::from(problem)), "{said}");
        Self { code: output.status.code(), findings }
    }

    /// The first finding about `subject` with `words` in what was found.
    fn has(&self, subject: &str, level: &str, words: &str) -> &Value {
        let fits = |finding: &&Value| {
            finding["subject"] == subject
                && finding["level"] == level
                && finding["what"].as_str().unwrap().contains(words)
        };
        self.findings
            .iter()
            .find(fits)
            .unwrap_or_else(|| panic!("no {level} about {subject} with {words:?}: {:#?}", self.findings))
    }
}

/// The program in a network that `script` sets up.
fn inside(shell: &Shell, script: &str, args: &str) -> Command {
    let mut command = namespace::shell(&format!("{script}\n\"$PROGRAM\" {args}"));
    command.env("PROGRAM", env!("CARGO_BIN_EXE_joywire"));
    command.env("XDG_DATA_HOME", shell.home.path()).env("XDG_CONFIG_HOME", shell.home.path());
    command
}

/// Goal: a machine that is as it should be has no problem, and is told everything that was looked at, in order.
#[test]
fn fine_machine_has_no_problem() {
    if !namespace::possible() {
        return;
    }
    let shell = Shell::new();
    let report = Report::of(inside(&shell, namespace::LAPTOP, "doctor --json"));
    assert_eq!(report.code, Some(0));
    report.has("addresses", "fine", "Wi-Fi (wlan0): phones in this network open https://192.168.77.5:8080");
    report.has("port", "fine", "8080 is free");
    report.has("page", "fine", "got through to this machine at https://192.168.77.5:8080");
    report.has("firewall", "fine", "phones");
    report.has("wi-fi", "note", "guest networks");
    let mut subjects: Vec<&str> = report.findings.iter().map(|finding| finding["subject"].as_str().unwrap()).collect();
    subjects.dedup();
    let all = joywire::doctor::finding::Subject::ALL.map(joywire::doctor::finding::Subject::text);
    let expected: Vec<&str> = all.into_iter().filter(|subject| *subject != "certificate").collect();
    assert_eq!(subjects, expected);

    let output = inside(&shell, namespace::LAPTOP, "doctor").output().unwrap();
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.lines().last().unwrap().starts_with("no problem found"), "{said}");
    assert!(said.lines().all(|line| line.chars().count() <= 100 || line.contains('`')), "{said}");
    assert!(shell.home.path().read_dir().unwrap().next().is_none(), "the doctor changed something");
}

/// Goal: a machine without any network has the one problem that keeps every phone away.
#[test]
fn machine_without_network_is_told_to_connect() {
    if namespace::possible() {
        let report = Report::of(inside(&Shell::new(), "", "doctor --json"));
        let finding = report.has("addresses", "problem", "no network");
        assert!(finding["advice"].as_str().unwrap().contains("connect this machine"));
    }
}

/// Goal: rules that keep phones out are found, whoever made them, with the command that lets them in; the command
/// does.
#[test]
fn rules_that_keep_phones_out_come_with_the_command() {
    if !namespace::possible() {
        return;
    }
    let nft = "PATH=$PATH:/usr/sbin:/sbin
        nft add table inet guard
        nft 'add chain inet guard in { type filter hook input priority 0; policy drop; }'
        nft add rule inet guard in ct state established,related accept
        nft add rule inet guard in iifname lo accept
        nft add rule inet guard in tcp dport 22 accept";
    let iptables = "PATH=$PATH:/usr/sbin:/sbin
        iptables -A INPUT -i lo -j ACCEPT
        iptables -A INPUT -p tcp --dport 22 -j ACCEPT
        iptables -P INPUT DROP";
    for (by, script, command) in [
        ("nftables", nft, "nft insert rule inet guard in tcp dport 8080 accept"),
        ("iptables", iptables, "iptables -I INPUT -p tcp --dport 8080 -j ACCEPT"),
    ] {
        let shell = Shell::new();
        let script = format!("{}\n{script}", namespace::LAPTOP);
        if !inside(&shell, &script, "--version").output().unwrap().status.success() {
            drop(writeln!(std::io::stderr(), "left out, as rules of {by} cannot be made here"));
            continue;
        }
        let report = Report::of(inside(&shell, &script, "doctor --json"));
        let finding = report.has("firewall", "problem", &format!("{by} keeps phones out of port 8080"));
        assert_eq!(finding["advice"], format!("open it: `sudo {command}`"));
        let report = Report::of(inside(&shell, &format!("{script}\n{command}"), "doctor --json"));
        report.has("firewall", "fine", "phones in to port 8080");
        report.has("firewall", "warning", "phones out of port 8081");
    }
}

/// Goal: whoever has the port is named, and if it only sits there and says nothing, nobody waits for it.
#[test]
fn program_that_has_the_port_is_named() {
    let shell = Shell::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let report = Report::of(shell.command(&["doctor", "--json", "--port", &port]));
    let by = format!("HTTPS port {port} is in use by doctor-");
    let finding = report.has("port", "problem", &by);
    assert!(finding["what"].as_str().unwrap().ends_with(&format!("(process {})", std::process::id())), "{finding}");
    let output = shell.output(&["doctor", "--port", &port]);
    let said = text(&output.stdout);
    assert!(
        output.status.code() == Some(1) && said.contains("problem") && said.contains("-> end that program"),
        "{said}"
    );
}

/// Goal: Joywire that runs is not taken for a stranger, and the certificate that it shows is looked at.
#[test]
fn joywire_that_runs_is_known_by_its_page_and_certificate() {
    let shell = Shell::new();
    let mut relay = Running::start(shell.command(&["relay", "--port", "0"]));
    let line = relay.says("https://localhost:");
    let (_, after) = line.split_once("https://localhost:").unwrap();
    let port: String = after.chars().take_while(char::is_ascii_digit).collect();
    let report = Report::of(shell.command(&["doctor", "--json", "--port", &port]));
    let by = format!("joywire (process {})", relay.child.id());
    let finding = report.has("port", "fine", "Joywire runs there");
    assert!(finding["what"].as_str().unwrap().ends_with(&by), "{finding}");
    let finding = report.has("certificate", "fine", "days left");
    assert!(finding["what"].as_str().unwrap().contains("localhost"), "{finding}");
    assert!(report.findings.iter().any(|one| one["subject"] == "page" && one["level"] != "problem"));
    relay.signal(Signal::INT);
    assert_eq!(relay.end().0, Some(0), "the doctor disturbed it");
}

/// Goal: what the folder of keys and STOP lacks is told, and a latch with its reason.
#[test]
fn folder_and_latch_are_looked_at() {
    let shell = Shell::new();
    let home = shell.path("joywire");
    fs::create_dir_all(home.join("agent")).unwrap();
    fs::set_permissions(&home, fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(home.join("agent/latch"), "joywire latch 1: latched\nAnne: it smokes\n").unwrap();
    let report = Report::of(shell.command(&["doctor", "--json", "--port", "0"]));
    report.has("data folder", "warning", "mode 755");
    report.has("stop", "note", "STOP is latched, no robot drives: ");
    assert!(report.has("stop", "note", "it smokes")["advice"].as_str().unwrap().contains("reset"));
}

/// Goal: who may not open the robot's port, nor write the folder, is told so for each, with the way out.
#[test]
fn user_without_rights_is_told_what_is_missing() {
    let shell = Shell::new();
    let (_ours, robot) = terminal();
    fs::set_permissions(&robot, fs::Permissions::from_mode(0o600)).unwrap();
    // Programs below a private folder cannot be started by others.
    let program = shell.path("program");
    fs::copy(env!("CARGO_BIN_EXE_joywire"), &program).unwrap();
    fs::set_permissions(shell.home.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(program);
    command.args(["doctor", "--json", "--port", "0"]).env("XDG_DATA_HOME", shell.home.path());
    command.env("JOYWIRE_ROBOT__PORTS", format!("[\"{robot}\"]")).env("JOYWIRE_ROBOT__SERIAL", "auto");
    command.env("XDG_CONFIG_HOME", shell.home.path());
    let tried = Command::new("setpriv").args(["--reuid=65534", "--regid=65534", "--clear-groups", "true"]).status();
    if !tried.is_ok_and(|status| status.success()) {
        drop(writeln!(std::io::stderr(), "left out, as only root can become somebody else"));
        return;
    }
    let report = Report::of(command);
    let finding = report.has("serial ports", "problem", &format!("you may not open {robot}"));
    assert!(finding["advice"].as_str().unwrap().contains("chmod"), "{finding}");
    report.has("data folder", "problem", "you may not make");
    assert!(!report.findings.iter().any(|one| one["subject"] == "firewall" && one["level"] == "problem"));
}

/// Goal: the rule that the doctor prints is the one that is shipped, and an unknown setting is refused as elsewhere.
#[test]
fn device_rule_is_printed_and_settings_are_checked() {
    let shell = Shell::new();
    let output = shell.output(&["doctor", "--device-rule"]);
    assert_eq!(text(&output.stdout), joywire::doctor::device_rule::RULE);
    fs::write(shell.path("bad.toml"), "[server]\nport = 70000\n").unwrap();
    assert!(shell.complaint(&["doctor", "--config", "bad.toml"], 1).contains("bad.toml:2"));
}
