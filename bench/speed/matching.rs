//! PURE. Which frame shows which command: by its speed, as commands have no other mark on the wire.
//!
//! A robot's ramp may need two frames for one step of speed. The first that has left the speed before it is the answer to
//! the command; what the ramp does then is comfort and no latency. A command that a newer one has replaced counts from its
//! own intended time until a frame with it or a newer one could be read.

use super::triangle::LOW;

/// A command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// When it was to be sent, ns.
    pub intended: u64,
    /// When it was handed to the client, ns.
    pub handed: u64,
    /// The speed that it asks for, permille.
    pub permille: i16,
}

/// A frame as the robot's end read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// When its last byte could be read, ns.
    pub at: u64,
    /// The speed of its first motor, permille.
    pub permille: i16,
}

/// What became of the commands of a round.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matched {
    /// From each command's intended time until it or a newer one was readable, ms; those that never were are missing.
    pub latencies: Vec<f64>,
    /// Frames that showed a newer command than all before.
    pub own: usize,
    /// Commands that no frame answered.
    pub lost: usize,
    /// Frames that went back to an older command.
    pub out_of_order: usize,
}

/// Matches commands, oldest first, with the frames that were read from the first command on.
///
/// `ahead`: at most so many commands are searched beyond the newest that was shown.
pub fn matched(sent: &[Sent], seen: &[Seen], ahead: usize) -> Matched {
    let mut found = Matched::default();
    // The first that no frame has answered yet.
    let mut next = 0;
    for frame in seen {
        // Nothing is answered before it was said.
        let said = sent[next..].iter().take(ahead).take_while(|command| command.handed <= frame.at).count();
        let answered = (next..next + said).rev().find(|place| shows(sent, *place, frame.permille));
        if let Some(newest) = answered {
            let answered = &sent[next..=newest];
            found.latencies.extend(answered.iter().map(|command| ms(frame.at.saturating_sub(command.intended))));
            found.own += 1;
            next = newest + 1;
        } else if next > 0 && !shows(sent, next - 1, frame.permille) {
            // A repetition shows the newest command again; this is an older one.
            let older = (next.saturating_sub(ahead + 1)..next - 1).any(|place| sent[place].permille == frame.permille);
            found.out_of_order += usize::from(older);
        }
    }
    found.lost = sent.len() - next;
    found
}

/// Whether a speed is on the way from the command before this one to this one, or there.
fn shows(sent: &[Sent], place: usize, permille: i16) -> bool {
    let before = place.checked_sub(1).map_or(LOW, |before| sent[before].permille);
    let wanted = sent[place].permille;
    if before < wanted { before < permille && permille <= wanted } else { wanted <= permille && permille < before }
}

/// Nanoseconds as milliseconds.
pub fn ms(ns: u64) -> f64 {
    std::time::Duration::from_nanos(ns).as_secs_f64() * 1000.0
}
