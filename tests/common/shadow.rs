//! Shadow: a firmware's acceptance rules once more, kept by the judge from its own look at the cable.

use joywire::protocol::message::Drive;

/// The oldest tick that may drive, ms (I3).
const MAX_AGE: u32 = 230;

/// What the judge knows of the robot from its own look at the cable.
#[derive(Clone, Debug)]
pub struct Shadow {
    pub session: Option<u32>,
    pub arm_asked: bool,
    pub armed: bool,
    seq: Option<u16>,
    fresh_at: Option<u64>,
    link_since: Option<u64>,
    neutral_since: Option<u64>,
    pub owes_neutral: bool,
    /// Moment up to which a pushed, fresh command of this session may drive.
    pub proven_until: Option<u64>,
    /// Upper bounds of the outputs, permille times 300.
    pub bounds: [i32; 2],
}

impl Shadow {
    /// A robot that has just started.
    pub fn new() -> Self {
        Self {
            session: None,
            arm_asked: false,
            armed: false,
            seq: None,
            fresh_at: None,
            link_since: None,
            neutral_since: None,
            owes_neutral: true,
            proven_until: None,
            bounds: [0; 2],
        }
    }

    /// A session begins: nothing of the last one counts but what the motors do.
    pub fn open(&mut self, session: u32) {
        *self = Self { session: Some(session), bounds: self.bounds, ..Self::new() };
    }

    /// A DRIVE arrives when the robot's clock shows `tick`.
    pub fn drive(&mut self, now: u64, tick: u32, drive: &Drive) {
        let newer = self.seq.is_none_or(|seq| (1..1 << 15).contains(&drive.seq.wrapping_sub(seq)));
        if self.session != Some(drive.session) || !newer {
            return;
        }
        let age = tick.wrapping_sub(drive.tick);
        if drive.is_neutral() {
            self.seq = Some(drive.seq);
        }
        if age > MAX_AGE {
            return;
        }
        self.seq = Some(drive.seq);
        self.fresh_at = Some(now);
        let link_since = *self.link_since.get_or_insert(now);
        // Moments are a robot's milliseconds, which may be half a percent longer or shorter.
        self.armed |= self.arm_asked && now - link_since >= 496;
        if drive.is_neutral() {
            let since = *self.neutral_since.get_or_insert(now);
            self.owes_neutral &= now - since < 198;
        } else {
            self.neutral_since = None;
            let until = now + u64::from(MAX_AGE - age) + 2;
            self.proven_until = Some(self.proven_until.map_or(until, |before| before.max(until)));
        }
    }

    /// Notes how long the link has been silent.
    pub fn pass(&mut self, now: u64) {
        let pause = self.fresh_at.map_or(0, |at| now - at);
        if pause > 252 {
            self.link_since = None;
            self.neutral_since = None;
        }
        if pause > 1006 {
            self.owes_neutral = true;
        }
    }
}
