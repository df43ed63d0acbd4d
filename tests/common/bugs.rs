//! Bugs: mistakes planted between the parts, to see that the judge notices each.
//!
//! The product has no switches for them: they sit on the cable, before the controller or at the
//! motors, and turn honest parts into careless ones.

use joywire::drive::{Command, DriverId, Sample, Stamp, Stick};
use joywire::protocol::frame::{self, Accumulator};
use joywire::protocol::message::{Drive, FromMcu, PerMotor, ToMcu};
use joywire::robot::sim::SimRobot;

/// A mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// No mistake.
    None,
    /// Firmware rule A: a command is as fresh as its arrival.
    ArrivalTime,
    /// Firmware rule B: the echoed tick has 16 bits, and neither session nor sequence counts.
    ShortTick,
    /// Firmware rule C: a 32-bit tick, but neither session nor sequence counts.
    TickAlone,
    /// The firmware keeps its session over a power failure.
    SessionOverReset,
    /// The firmware leaves the motors on when the deadline passes, until the next frame.
    LateZero,
    /// The firmware goes to full speed at once.
    NoRamp,
    /// An adapter fills pauses of the link with neutral frames.
    KeepAlive,
    /// The agent repeats the last command while no other comes.
    RepeatedCommand,
    /// The agent takes every sample for the holder's.
    AnyoneDrives,
    /// The agent stamps samples when they arrive.
    StampOnArrival,
    /// The agent takes a new seat for a released stick.
    HeldStickAccepted,
    /// Frames of the last holder linger after the seat has changed.
    LingeringHolder,
    /// A reset of the latch needs no hold.
    ResetWithoutHold,
    /// The agent forgets the latch when it restarts, and the robot was never told of it.
    ForgottenLatch,
    /// The robot never hears of the latch.
    UnheardLatch,
    /// Samples may come in any order and again.
    AnyOrder,
}

impl Bug {
    pub const ALL: [Self; 16] = [
        Self::ArrivalTime,
        Self::ShortTick,
        Self::TickAlone,
        Self::SessionOverReset,
        Self::LateZero,
        Self::NoRamp,
        Self::KeepAlive,
        Self::RepeatedCommand,
        Self::AnyoneDrives,
        Self::StampOnArrival,
        Self::HeldStickAccepted,
        Self::LingeringHolder,
        Self::ResetWithoutHold,
        Self::ForgottenLatch,
        Self::UnheardLatch,
        Self::AnyOrder,
    ];
}

/// The seams of one run, honest or not.
#[derive(Clone, Debug)]
pub struct Seams {
    pub bug: Bug,
    to_robot: Accumulator,
    from_robot: Accumulator,
    on_wire: Accumulator,
    /// The robot's session as its own answers tell it.
    session: Option<u32>,
    /// The session that the host still believes in.
    alias: Option<u32>,
    /// The nonce of a HELLO of our own making.
    forged: Option<u16>,
    seq: u16,
    /// The host's newest number in this session.
    host_seq: Option<u16>,
    quiet_for: u32,
    last_outputs: [i16; 2],
    frame_came: bool,
    last_motion: Option<(Drive, u64)>,
    counter: u32,
}

impl Seams {
    pub fn new(bug: Bug) -> Self {
        Self {
            bug,
            to_robot: Accumulator::new(),
            from_robot: Accumulator::new(),
            on_wire: Accumulator::new(),
            session: None,
            alias: None,
            forged: None,
            seq: 0,
            host_seq: None,
            quiet_for: 0,
            last_outputs: [0; 2],
            frame_came: false,
            last_motion: None,
            counter: 0,
        }
    }

    /// Bytes on their way into the robot.
    pub fn reach_robot(&mut self, bytes: &[u8], robot: &mut SimRobot) {
        match self.bug {
            Bug::ArrivalTime | Bug::ShortTick | Bug::TickAlone | Bug::SessionOverReset | Bug::KeepAlive => {
                self.rewrite(bytes, robot);
            }
            Bug::LateZero => {
                self.frame_came = !bytes.is_empty();
                robot.receive(bytes);
            }
            _ => robot.receive(bytes),
        }
    }

    fn rewrite(&mut self, bytes: &[u8], robot: &mut SimRobot) {
        self.quiet_for = if bytes.is_empty() { self.quiet_for + 1 } else { 0 };
        if self.bug == Bug::KeepAlive && self.quiet_for > 60 && self.quiet_for.is_multiple_of(20) {
            let motors = PerMotor::new(&[0, 0]).expect("two");
            let filler =
                Drive { session: 0, seq: 0, tick: robot.tick(), ttl_ms: 230, motors, aux: 0, epoch: 0, cause: 0 };
            self.pass_on(filler, robot);
        }
        for byte in bytes {
            let Some(Ok(body)) = self.to_robot.push(*byte) else { continue };
            match ToMcu::decode(body.as_slice()) {
                Ok(ToMcu::Drive(drive)) => self.hand_over(drive, robot),
                Ok(message) => {
                    if matches!(message, ToMcu::Hello { .. }) {
                        self.alias = None;
                        self.forged = None;
                    }
                    feed(&message, robot);
                }
                Err(_) => {}
            }
        }
    }

    fn hand_over(&mut self, mut drive: Drive, robot: &mut SimRobot) {
        let age = robot.tick().wrapping_sub(drive.tick);
        let bug = self.bug;
        match bug {
            Bug::ArrivalTime => drive.tick = robot.tick(),
            Bug::ShortTick => drive.tick = robot.tick().wrapping_sub(age & 0xffff),
            Bug::SessionOverReset if self.alias != Some(drive.session) => return feed(&ToMcu::Drive(drive), robot),
            Bug::KeepAlive if self.is_old(&drive) => return,
            _ => {}
        }
        self.pass_on(drive, robot);
    }

    /// Gives a frame the present session and a new number.
    fn pass_on(&mut self, mut drive: Drive, robot: &mut SimRobot) {
        // What the real firmware would refuse only for its age must not use up a number.
        if let Some(session) = self.session
            && (drive.is_neutral() || robot.tick().wrapping_sub(drive.tick) < u32::from(drive.ttl_ms))
        {
            self.seq = self.seq.wrapping_add(1);
            drive = Drive { session, seq: self.seq, ..drive };
        }
        feed(&ToMcu::Drive(drive), robot);
    }

    /// What an adapter that knows session and sequence would not pass on.
    fn is_old(&mut self, drive: &Drive) -> bool {
        let newer = self.host_seq.is_none_or(|seq| (1..1 << 15).contains(&drive.seq.wrapping_sub(seq)));
        let old = self.session != Some(drive.session) || !newer;
        if !old {
            self.host_seq = Some(drive.seq);
        }
        old
    }

    /// The robot has just lost power.
    pub fn robot_reset(&mut self, robot: &mut SimRobot) {
        if self.bug == Bug::SessionOverReset
            && let Some(session) = self.session
        {
            self.alias.get_or_insert(session);
            let [_, _, low, high] = session.to_le_bytes();
            let nonce = u16::from_le_bytes([low, high]);
            self.forged = Some(nonce);
            feed(&ToMcu::Hello { nonce, min_major: 1, max_major: 1 }, robot);
        } else {
            self.session = None;
        }
    }

    /// Bytes on their way out of the robot.
    pub fn out_of_robot(&mut self, bytes: Vec<u8>, robot: &mut SimRobot) -> Vec<u8> {
        if self.bug == Bug::None || bytes.is_empty() {
            return bytes;
        }
        let mut altered = Vec::new();
        for byte in &bytes {
            let Some(Ok(body)) = self.from_robot.push(*byte) else { continue };
            let Ok(mut message) = FromMcu::decode(body.as_slice()) else { continue };
            if let FromMcu::HelloAck(ack) = message {
                if self.session != Some(ack.session()) {
                    self.seq = 0;
                    self.host_seq = None;
                }
                self.session = Some(ack.session());
                if self.forged == Some(ack.nonce) {
                    feed(&ToMcu::Arm { session: ack.session() }, robot);
                    continue;
                }
            }
            if let FromMcu::Status(status) = &mut message
                && let Some(alias) = self.alias
            {
                status.session = alias;
            }
            frame::encode(message.encode().as_slice(), &mut altered);
        }
        if self.alias.is_some() { altered } else { bytes }
    }

    /// What the motors do.
    pub fn outputs(&mut self, outputs: [i16; 2]) -> [i16; 2] {
        match self.bug {
            Bug::NoRamp => outputs.map(|output| output.signum() * 1000),
            Bug::LateZero => {
                if outputs != [0; 2] || self.frame_came {
                    self.last_outputs = outputs;
                }
                self.last_outputs
            }
            _ => outputs,
        }
    }

    /// A command of `from` on its way into the controller; `None` swallows it.
    pub fn command(
        &mut self,
        from: DriverId,
        command: Command,
        epoch: u32,
        holder: Option<DriverId>,
        stamp: Option<Stamp>,
    ) -> Vec<(DriverId, Command)> {
        let Command::Sample(sample) = command else { return vec![(from, command)] };
        self.counter = self.counter.wrapping_add(2);
        let seq = self.counter;
        match self.bug {
            Bug::AnyoneDrives => {
                let fake = Sample { seq, epoch, ..sample };
                vec![(holder.unwrap_or(from), Command::Sample(fake))]
            }
            Bug::StampOnArrival => vec![(from, Command::Sample(Sample { stamp, ..sample }))],
            Bug::HeldStickAccepted if holder == Some(from) => {
                let neutral = Sample { seq: seq - 1, stick: Stick::NEUTRAL, ..sample };
                vec![(from, Command::Sample(neutral)), (from, Command::Sample(Sample { seq, ..sample }))]
            }
            Bug::AnyOrder if holder == Some(from) => vec![(from, Command::Sample(Sample { seq, epoch, ..sample }))],
            _ => vec![(from, command)],
        }
    }

    /// Whether a reset counts as held from the first touch.
    pub fn reset_needs_no_hold(&self) -> bool {
        self.bug == Bug::ResetWithoutHold
    }

    /// What a new agent finds of the latch on disk.
    pub fn remembered(&self, latch: Option<String>) -> Option<String> {
        latch.filter(|_| self.bug != Bug::ForgottenLatch)
    }

    /// Bytes on their way from the agent to the cable.
    pub fn out_of_agent(&mut self, now: u64, bytes: Vec<u8>) -> Vec<u8> {
        if !matches!(self.bug, Bug::RepeatedCommand | Bug::LingeringHolder | Bug::ForgottenLatch | Bug::UnheardLatch) {
            return bytes;
        }
        let mut altered = Vec::new();
        for byte in bytes {
            let Some(Ok(body)) = self.on_wire.push(byte) else { continue };
            let message = ToMcu::decode(body.as_slice()).expect("the agent speaks well");
            let message = match message {
                ToMcu::Latch if matches!(self.bug, Bug::ForgottenLatch | Bug::UnheardLatch) => continue,
                ToMcu::Drive(drive) => ToMcu::Drive(self.linger(now, drive)),
                _ => message,
            };
            frame::encode(message.encode().as_slice(), &mut altered);
        }
        altered
    }

    fn linger(&mut self, now: u64, drive: Drive) -> Drive {
        if !drive.is_neutral() {
            self.last_motion = Some((drive, now));
            return drive;
        }
        match self.last_motion {
            Some((last, at)) if self.bug == Bug::RepeatedCommand && last.epoch == drive.epoch && now - at < 3_000 => {
                Drive { motors: last.motors, ..drive }
            }
            Some((last, at)) if self.bug == Bug::LingeringHolder && last.epoch != drive.epoch && now - at < 100 => {
                Drive { motors: last.motors, ..drive }
            }
            _ => drive,
        }
    }
}

fn feed(message: &ToMcu, robot: &mut SimRobot) {
    let mut wire = Vec::new();
    frame::encode(message.encode().as_slice(), &mut wire);
    robot.receive(&wire);
}
