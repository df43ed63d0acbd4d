//! One side is newer than the other: they agree on what both speak, or say which is to be updated.

use std::time::Duration;

use serde_json::{Value, json};

use crate::board::{Board, Model};
use crate::machine::Machine;
use crate::newer::Newer;
use crate::program::Running;
use crate::relay::{Relay, wait};

const LOCAL_AGENT: &str = r#"40{"agent":true}"#;

fn rover(extra: &Value) -> Value {
    json!({"name": "Rover", "simulated": true, "wheels": "differential", "strafe": false, "track_m": null,
        "top_speed_mps": null, "horn": extra})
}

/// Goal: an agent that speaks other versions alone is refused, in words that say which side is older, and has no robot
/// there; one that speaks more is taken at what both speak, and what the relay does not know of it is ignored.
#[test]
fn relay_takes_agents_of_other_versions_or_says_which_side_to_update() {
    let relay = Relay::start(Machine::here(), "localhost");
    let enlist = async |min: u32, max: u32| {
        let mut agent = relay.dial().web_socket().await;
        agent.raw(LOCAL_AGENT).await;
        // Whoever speaks before they are let in is thrown out.
        while !agent.message().await.unwrap().into_text().unwrap().starts_with("40") {}
        let brought = json!({"versions": {"min": min, "max": max, "beta": 9}, "instance": 7, "program": "joywire 9.0",
            "robots": [rover(&json!("loud"))], "moon": "full"});
        (agent.ask("enlist", &[brought]).await[0].clone(), agent)
    };
    wait(async {
        let mut people = relay.dial().client().await;
        for (min, max, older) in [(2, 3, "update the relay"), (0, 0, "update the agent")] {
            let (answer, mut agent) = enlist(min, max).await;
            assert_eq!(answer["ok"], false, "{answer}");
            let why = answer["why"].as_str().unwrap();
            assert!(why.contains(older) && why.contains("joywire 9.0"), "{why}");
            let robots = people.ask("robots", &[json!({"do": "list"})]).await;
            assert_eq!(robots[0]["robots"], json!([]), "an agent that was refused has no robot here");
            agent.ended().await;
        }
        let (answer, mut agent) = enlist(1, 3).await;
        assert_eq!((&answer["ok"], &answer["version"]), (&json!(true), &json!(1)), "{answer}");
        agent.emit("barometer", &[json!(3)]).await;
        let telemetry = json!({"tick": 5, "session": 1, "age_ms": null, "wheels": [0, 0], "speed": null, "state": "ready",
            "reason": null, "last_stop": null, "battery_mv": 7000, "pose": null, "epoch": 0, "link": {"silence_ms": 0,
            "frames_sent": 0, "bad_frames": 0, "rejected": 0, "refused": 0, "reconnects": 0, "restarts": 0, "robot":
            {"accepted": 0, "damaged": 0, "no_message": 0, "foreign_session": 0, "old_seq": 0, "stale": 0, "barred": 0,
            "bored": 0}}, "mood": "good"});
        let seat = json!({"holder": null, "epoch": 0, "queue": [], "cushion": true});
        agent.emit("report", &[json!({"robot": 0, "telemetry": telemetry, "seat": seat, "echo": 1})]).await;
        loop {
            if people.event_named("telemetry").await[0]["battery_mv"] == 7000 {
                break;
            }
        }
    });
}

/// An agent on the machine of a relay that has run there once, on its way to a newer one.
fn old_agent(story: impl AsyncFnOnce(Newer, Running, Board)) {
    let mut once = Relay::start(Machine::here(), "localhost");
    once.kill();
    wait(async {
        let newer = Newer::start(once.machine()).await;
        let board = Board::start(Model::Core, &[]);
        let mut agent = once.machine().command(&["agent", "--relay", &newer.address(), "--serial"]);
        agent.arg(board.port());
        story(newer, Running::start(agent), board).await;
    });
}

/// Goal: a relay that is too new for the agent says so, and the agent ends with that sentence.
#[test]
fn agent_that_is_too_old_for_its_relay_says_so() {
    old_agent(async |newer, agent, board| {
        let (mut talk, brought) = newer.agent().await;
        assert_eq!(brought["versions"], json!({"min": 1, "max": 1}));
        talk.enlisted(json!({"ok": false, "why": "the relay speaks versions 2 to 3: update the agent"})).await;
        let (code, said) = tokio::task::spawn_blocking(|| agent.end()).await.unwrap();
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains("update the agent"), "{said}");
        board.stays_off(Duration::from_millis(100), "nobody drives");
    });
}

/// Goal: what a newer relay tells beyond the contract is ignored; only in a sample, which moves a robot, is it refused.
#[test]
fn agent_understands_a_newer_relay_but_moves_for_nothing_unknown() {
    old_agent(async |newer, _agent, board| {
        let (mut talk, _) = newer.agent().await;
        talk.enlisted(json!({"ok": true, "version": 1, "weather": "fine"})).await;
        talk.emit("fanfare", json!({"loud": true})).await;
        while talk.report["telemetry"]["state"] != "ready" {
            talk.listen(Duration::from_millis(50)).await;
        }
        let anne = json!({"id": 1, "name": "Anne", "hat": "red"});
        let what = json!({"do": "seat", "request": {"want": "take"}, "politely": true});
        let order = json!({"robot": 0, "from": anne, "role": "driver", "what": what, "since": 5});
        let seat = talk.ask("order", order).await;
        assert_eq!(seat["ok"], true, "{seat}");
        let epoch = seat["seat"]["epoch"].clone();
        let mut seq = 0;
        let mut push = async |y: f64, extra: Option<&str>, times: u32| {
            for _ in 0..times {
                talk.listen(Duration::from_millis(33)).await;
                seq += 1;
                let telemetry = &talk.report["telemetry"];
                let mut drive = json!({"seq": seq, "x": 0.0, "y": y, "strafe": 0.0, "tick": telemetry["tick"],
                    "session": telemetry["session"], "epoch": epoch});
                if let Some(extra) = extra {
                    drive[extra] = json!(1);
                }
                let sample = json!({"from": anne, "role": "driver", "drive": drive, "lane": 3});
                talk.emit("samples", json!({"robot": 0, "samples": [sample], "compressed": false})).await;
            }
        };
        push(0.0, None, 15).await;
        push(1.0, None, 45).await;
        assert!(board.soon(Duration::from_millis(5), |outputs| outputs == [1000, 1000]));
        let from = board.now_us();
        push(-1.0, Some("gear"), 45).await;
        let outputs = board.outputs(from, board.now_us());
        assert!(outputs.iter().all(|(_, both)| both.iter().all(|output| *output >= 0)), "{outputs:?}");
        assert_eq!(outputs.last().unwrap().1, [0, 0], "nothing fresh that is understood has come");
    });
}
