//! Which frame shows which command.

use super::matching::{Matched, Seen, Sent, matched};
use super::triangle::Triangle;

const MS: u64 = 1_000_000;

/// Commands that are sent every 10 ms.
fn sent(count: usize, step: i16) -> Vec<Sent> {
    let times = (1..).map(|n| n * 10 * MS);
    times
        .zip(Triangle::of_steps(step))
        .take(count)
        .map(|(t, permille)| Sent { intended: t, handed: t, permille })
        .collect()
}

fn after(command: &Sent, us: u64) -> Seen {
    Seen { at: command.intended + us * 1000, permille: command.permille }
}

/// Goal: each command is matched with its own frame, over both turning points, and repetitions count nothing.
#[test]
fn commands_are_matched_with_their_own_frames() {
    let sent = sent(1000, 3);
    let seen: Vec<Seen> = sent.iter().flat_map(|command| [after(command, 500), after(command, 9000)]).collect();
    let found = matched(&sent, &seen, 50);
    assert_eq!((found.own, found.lost, found.out_of_order), (1000, 0, 0));
    assert!(found.latencies.iter().all(|ms| (ms - 0.5).abs() < 1e-9));
}

/// Goal: a command that was replaced waits until the newer one is readable, from its own time.
#[test]
fn replaced_commands_count_from_their_own_time() {
    let sent = sent(3, 2);
    let found = matched(&sent, &[after(&sent[2], 1000)], 50);
    assert_eq!(found, Matched { latencies: vec![21.0, 11.0, 1.0], own: 1, lost: 0, out_of_order: 0 });
}

/// Goal: half of a step answers it, as the ramp is no latency; the rest of the step is a repetition.
#[test]
fn the_first_frame_on_the_way_counts() {
    let sent = sent(2, 4);
    let half = Seen { at: sent[0].intended + MS, permille: sent[0].permille - 2 };
    let found = matched(&sent, &[half, after(&sent[0], 3000), after(&sent[1], 2000)], 50);
    assert_eq!(found, Matched { latencies: vec![1.0, 2.0], own: 2, lost: 0, out_of_order: 0 });
}

/// Goal: what is never shown is lost, what comes late is out of order, and what was not said yet is no answer.
#[test]
fn losses_and_disorder_are_counted() {
    let sent = sent(5, 2);
    let seen = [
        Seen { at: sent[0].intended - MS, permille: sent[0].permille },
        after(&sent[2], 100),
        Seen { at: sent[2].intended + MS, permille: sent[0].permille },
        after(&sent[3], 100),
    ];
    let found = matched(&sent, &seen, 50);
    assert_eq!((found.latencies.len(), found.own, found.lost, found.out_of_order), (4, 2, 1, 1));
}
