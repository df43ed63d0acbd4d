//! World: people, links, agent, cable and robot in virtual time, one millisecond after the other, from one seed.

use joywire::drive::{Command, Source, Stamp};
use joywire::robot::body::Build;
use joywire::robot::sim::SimRobot;
use joywire::time::Time;

use super::agent::Agent;
use super::bugs::{Bug, Seams};
use super::cable::Wire;
use super::faults::{Kind, Story, Tally, Weather};
use super::intruder::{Intruder, Played};
use super::judge::{Judge, Violation};
use super::link::{Link, Quality};
use super::people::{Mood, News, Part, Person};
use super::random::Random;

/// The agent steps at least this often, ms.
const STEP_EVERY: u64 = 20;
/// What the host's system keeps of a line that nobody reads, bytes.
const HOST_BUFFER: usize = 4_096;

/// What came of a run.
#[derive(Clone, Debug)]
pub struct Report {
    pub seed: u64,
    pub story: Story,
    pub length: u64,
    pub tally: Tally,
    pub moved_ms: u64,
    pub worst: u64,
    pub violation: Option<Violation>,
}

/// Everything.
#[derive(Debug)]
pub struct World {
    seed: u64,
    now: u64,
    random: Random,
    weather: Weather,
    tally: Tally,
    people: Vec<Person>,
    up: Vec<Link<Command>>,
    down: Vec<Link<News>>,
    agent: Agent,
    to_robot: Wire,
    to_agent: Wire,
    robot: SimRobot,
    /// The robot's clock gains or loses a millisecond in 200.
    skew: i8,
    replug_at: u64,
    reset_on_replug: bool,
    intruder: Intruder,
    long_fault_at: u64,
    seams: Seams,
    judge: Judge,
    still_since: u64,
}

impl World {
    pub fn new(seed: u64, bug: Bug) -> Self {
        let mut random = Random::new(seed);
        let weather = Weather::new(seed, &mut random);
        let people = cast(weather.story, &mut random);
        let up: Vec<_> = people.iter().map(|person| link(person, &weather, &mut random)).collect();
        let down: Vec<_> = people.iter().map(|person| link(person, &weather, &mut random)).collect();
        let wire = |random: &mut Random| Wire::new(weather.capacity, weather.bursts, weather.damage, random);
        let quiet = weather.story == Story::Quiet;
        // Some clocks wrap within the run.
        let tick = if random.once_in(4) { u32::MAX - 6_000 } else { random.u32() >> random.below(32) };
        let long_fault_at = if weather.story == Story::LongStall { random.between(3_000, 10_000) } else { u64::MAX };
        Self {
            seed,
            now: 0,
            agent: Agent::new(people.len(), random.u32(), None),
            to_robot: wire(&mut random),
            to_agent: wire(&mut random),
            robot: SimRobot::new(Build::default(), random.u16()).after_running(tick),
            skew: if quiet { 0 } else { random.one_of(&[-1, 0, 0, 1]) },
            judge: Judge::new(&people, false),
            people,
            up,
            down,
            weather,
            tally: Tally::default(),
            replug_at: u64::MAX,
            reset_on_replug: false,
            intruder: Intruder::new(),
            long_fault_at,
            seams: Seams::new(bug),
            still_since: 0,
            random,
        }
    }

    /// Makes the judge look for one rule only.
    pub fn judged_by(mut self, rule: &'static str) -> Self {
        self.judge.only = Some(rule);
        self
    }

    /// Runs to the end or to the first broken promise.
    pub fn run(mut self) -> Report {
        while self.now < self.weather.length && self.judge.violation.is_none() {
            self.now += 1;
            self.meet_faults();
            self.let_people_act();
            self.run_agent();
            self.run_robot();
            self.judge_robots_latch();
            self.judge_liveness();
        }
        Report {
            seed: self.seed,
            story: self.weather.story,
            length: self.now,
            tally: self.tally,
            moved_ms: self.judge.moved_ms,
            worst: self.judge.worst,
            violation: self.judge.violation,
        }
    }

    fn meet_faults(&mut self) {
        while let Some(kind) = self.weather.strikes(self.now, &mut self.random) {
            self.tally.count(kind);
            self.judge.note(self.now, name(kind), 0, 0);
            self.strike(kind);
        }
        if self.now == self.long_fault_at {
            let end = self.now + self.random.between(65_000, 66_000);
            let kind = self.random.one_of(&[Kind::LongPause, Kind::LongStall]);
            self.tally.count(kind);
            self.judge.note(self.now, name(kind), end, 0);
            if kind == Kind::LongPause { self.agent.paused_until = end } else { self.to_robot.stall(end) }
        }
        if self.now == self.replug_at {
            self.replug();
        }
        if self.now == self.weather.calm_from && self.weather.story == Story::StormThenCalm {
            self.calm_down();
        }
    }

    fn strike(&mut self, kind: Kind) {
        let random = &mut self.random;
        let short = random.between(50, 400);
        let end = self.now + if random.once_in(2) { short } else { random.between(300, 5_000) };
        let someone = random.index(self.people.len());
        match kind {
            Kind::UplinkStall => self.up[someone].stall(end),
            Kind::DownlinkStall => self.down[someone].stall(end),
            Kind::PhoneGone => {
                self.people[someone].gone_until = end;
                if random.once_in(2) {
                    self.up[someone].cut();
                }
            }
            Kind::AgentPause => self.agent.paused_until = self.agent.paused_until.max(end),
            Kind::AgentCrash => self.kill_agent(),
            Kind::CableStall => {
                if random.once_in(2) {
                    self.to_robot.stall(end);
                } else {
                    self.to_agent.stall(end);
                }
            }
            Kind::Unplug if self.to_robot.plugged => {
                self.reset_on_replug = random.once_in(2);
                self.replug_at = self.now + random.between(20, 2_000);
                self.to_robot.unplug();
                self.to_agent.unplug();
                self.agent.controller.cable_down(Time::from_millis(self.now), "the robot was unplugged");
            }
            Kind::RobotReset => self.reset_robot(),
            Kind::FrameReplay => match self.intruder.play(self.robot.tick(), random) {
                Some(Played::ToRobot(bytes)) => self.deliver_to_robot(&bytes),
                Some(Played::ToAgent(bytes)) => self.agent.inbox.extend(bytes),
                None => {}
            },
            Kind::Garbage => {
                let noise: Vec<u8> = (0..random.between(1, 400)).map(|_| random.u8()).collect();
                if random.once_in(4) {
                    self.agent.inbox.extend_from_slice(&noise);
                } else {
                    self.deliver_to_robot(&noise);
                }
            }
            _ => {}
        }
    }

    fn replug(&mut self) {
        self.replug_at = u64::MAX;
        self.to_robot.plugged = true;
        self.to_agent.plugged = true;
        self.agent.controller.cable_up();
        if self.reset_on_replug {
            self.reset_robot();
        }
    }

    fn reset_robot(&mut self) {
        self.robot.reset();
        self.seams.robot_reset(&mut self.robot);
        self.judge.robot_reset(self.now);
    }

    fn kill_agent(&mut self) {
        let dead_until = self.now + self.random.between(20, 2_000);
        let disk = self.seams.remembered(self.agent.disk.take());
        self.agent = Agent { dead_until, ..Agent::new(self.people.len(), self.random.u32(), disk) };
        self.judge.agent_died();
    }

    /// The storm is over: one driver and an operator remain.
    fn calm_down(&mut self) {
        self.to_robot.heal();
        self.to_agent.heal();
        self.agent.paused_until = self.now;
        self.agent.dead_until = self.agent.dead_until.min(self.now);
        if self.replug_at != u64::MAX {
            self.replug();
        }
        let quality = Quality { delay: 5, jitter: 10, ..Quality::default() };
        for (place, person) in self.people.iter_mut().enumerate() {
            self.up[place] = Link::new(quality);
            self.down[place] = Link::new(quality);
            let mood = match (place, person.part) {
                (0, _) | (_, Part::Operator) => Mood::Eager,
                _ => Mood::Resting,
            };
            person.change_mood(self.now, mood);
        }
    }

    fn let_people_act(&mut self) {
        let mut said = Vec::new();
        let mut arrived = Vec::new();
        let mut news = Vec::new();
        for place in 0..self.people.len() {
            let person = &mut self.people[place];
            self.down[place].deliver(self.now, &mut news);
            if let Some(newest) = news.drain(..).next_back()
                && self.now >= person.gone_until
            {
                person.news = newest;
            }
            person.act(self.now, self.weather.story, &mut self.random, &mut said);
            for command in said.drain(..) {
                self.judge.sampled(self.now, place, &command);
                self.up[place].send(self.now, command, &mut self.random, &mut self.tally);
                if let Command::Sample(sample) = command
                    && self.random.once_in(30)
                    && let Some(cheat) = self.people.iter_mut().find(|other| other.part == Part::Cheat)
                {
                    cheat.overhear(sample);
                }
            }
            self.up[place].deliver(self.now, &mut arrived);
            for command in arrived.drain(..) {
                self.agent.post(self.now, place, command);
            }
        }
    }

    fn run_agent(&mut self) {
        if self.now < self.agent.dead_until || self.now < self.agent.paused_until {
            return;
        }
        self.agent_reads_cable();
        let arrived = self.agent_reads_mail();
        self.agent.eager |= arrived;
        let since = self.now - self.agent.stepped;
        if (self.agent.eager && self.to_robot.is_free()) || since >= STEP_EVERY {
            self.agent.eager = false;
            self.agent.stepped = self.now;
            let mut bytes = Vec::new();
            self.agent.controller.step(Time::from_millis(self.now), &mut bytes, &mut |_| {});
            self.show_seat();
            let bytes = self.seams.out_of_agent(self.now, bytes);
            self.judge.sent(self.now, &bytes);
            self.intruder.record(&bytes, &mut self.random);
            self.to_robot.write(&bytes);
        }
        self.agent.remember();
    }

    fn agent_reads_cable(&mut self) {
        if self.agent.inbox.is_empty() {
            return;
        }
        let now = Time::from_millis(self.now);
        let bytes = std::mem::take(&mut self.agent.inbox);
        if self.agent.controller.receive(now, &bytes, &mut |_| {}) {
            let telemetry = self.agent.controller.telemetry(now);
            let stamp = telemetry.tick.zip(telemetry.session).map(|(tick, session)| Stamp { session, tick });
            let holder = self.agent.controller.seat().holder();
            let latched = self.agent.controller.latch().is_some();
            for (place, person) in self.people.iter().enumerate() {
                let epoch = if holder == Some(person.id) || person.part == Part::Cheat { telemetry.epoch } else { 0 };
                let news = News { stamp, epoch, holder, latched };
                self.down[place].send(self.now, news, &mut self.random, &mut self.tally);
            }
        }
    }

    /// Hands what waits to the controller. Whether there was anything.
    fn agent_reads_mail(&mut self) -> bool {
        let stops = std::mem::take(&mut self.agent.stops);
        let queue = std::mem::take(&mut self.agent.queue);
        let mut any = !stops.is_empty() || !queue.is_empty();
        for place in stops {
            self.hand_in(place, Command::Stop);
        }
        for (place, command) in queue {
            self.hand_in(place, command);
        }
        for place in 0..self.people.len() {
            if let Some(sample) = self.agent.slots[place].take() {
                any = true;
                self.hand_in(place, Command::Sample(sample));
            }
        }
        any
    }

    fn hand_in(&mut self, place: usize, command: Command) {
        let now = Time::from_millis(self.now);
        let person = &self.people[place];
        self.judge.handled(self.now, place, &command);
        let seat = self.agent.controller.seat();
        let (epoch, holder) = (seat.epoch(), seat.holder());
        let stamp = self.newest_stamp();
        for (from, command) in self.seams.command(person.id, command, epoch, holder, stamp) {
            match command {
                Command::Stop => self.agent.controller.stop(now, from, person.source, "someone".to_owned()),
                Command::PressReset(nonce) if self.seams.reset_needs_no_hold() => {
                    let long_ago = Time::from_millis(self.now.saturating_sub(2_000));
                    self.agent.controller.command(long_ago, from, person.source, command);
                    self.agent.controller.command(now, from, person.source, Command::ReleaseReset(nonce));
                }
                _ => drop(self.agent.controller.command(now, from, person.source, command)),
            }
        }
        self.agent.remember();
        self.show_seat();
    }

    fn newest_stamp(&self) -> Option<Stamp> {
        if self.seams.bug != Bug::StampOnArrival {
            return None;
        }
        let telemetry = self.agent.controller.telemetry(Time::from_millis(self.now));
        telemetry.tick.zip(telemetry.session).map(|(tick, session)| Stamp { session, tick })
    }

    fn show_seat(&mut self) {
        let seat = self.agent.controller.seat();
        self.judge.seat(self.now, seat.epoch(), seat.holder());
    }

    fn run_robot(&mut self) {
        let mut bytes = Vec::new();
        self.to_robot.read(self.now, &mut bytes, &mut self.random, &mut self.tally);
        self.deliver_to_robot(&bytes);
        let gains = i64::from(self.now.is_multiple_of(200)) * i64::from(self.skew);
        for _ in 0..=gains {
            self.robot.tick_ms();
            let outputs = self.seams.outputs(self.robot.sides());
            self.judge.ramp(self.now, outputs);
        }
        let mut said = Vec::new();
        self.robot.transmit(&mut said);
        if !said.is_empty() {
            let said = self.seams.out_of_robot(said, &mut self.robot);
            self.intruder.overhear(&said, &mut self.random);
            self.judge.said(self.now, &said);
            self.to_agent.write(&said);
        }
        let outputs = self.seams.outputs(self.robot.sides());
        self.judge.wheels(self.now, outputs);
        let room = HOST_BUFFER.saturating_sub(self.agent.inbox.len());
        let before = self.agent.inbox.len();
        self.to_agent.read(self.now, &mut self.agent.inbox, &mut self.random, &mut self.tally);
        self.agent.inbox.truncate(before + room);
    }

    fn deliver_to_robot(&mut self, bytes: &[u8]) {
        self.judge.arrived(self.now, self.robot.tick(), bytes);
        self.seams.reach_robot(bytes, &mut self.robot);
    }

    /// A latched agent tells the robot until it is latched, too (I6).
    fn judge_robots_latch(&mut self) {
        let quiet_for = self.now.saturating_sub(self.weather.calm_from.max(self.judge.latched_at));
        if self.weather.story == Story::StormThenCalm
            && self.judge.latched
            && (1_000..1_500).contains(&quiet_for)
            && !self.robot.is_latched()
        {
            self.judge.accuse(self.now, "I6 robot's own latch", || "the robot never learnt of STOP".to_owned());
        }
    }

    /// In quiet runs the wheels follow the hand; after a storm they do so again.
    fn judge_liveness(&mut self) {
        let person = &self.people[0];
        let (now, quiet_since) = match self.weather.story {
            Story::Quiet => (self.now, 3_000),
            Story::StormThenCalm => (self.now, self.weather.calm_from + 7_500),
            Story::Storm | Story::LongStall => return,
        };
        let outputs = self.robot.sides();
        if outputs != [0; 2] {
            self.still_since = now;
        }
        let held = person.pressed && person.pressed_at > quiet_since.min(self.weather.calm_from + 4_000);
        let held_for = now - person.pressed_at.min(now);
        // After a reset the robot wants 200 ms of neutral, and then the stick released.
        let driving_again = self.judge.cleared_at + 600;
        if now < quiet_since || self.judge.latched || (driving_again > 600 && person.pressed_at < driving_again) {
            return;
        }
        let follows = outputs.iter().zip(person.signs).all(|(wheel, sign)| wheel * sign > 0);
        if held && held_for >= 500 && !follows {
            self.judge.accuse(now, "liveness", || format!("held for {held_for} ms, outputs {outputs:?}"));
        }
        if !person.pressed && held_for > 150 && outputs != [0; 2] {
            self.judge.accuse(now, "I2 release", || format!("released {held_for} ms ago, outputs {outputs:?}"));
        }
        if now == self.weather.length && now - self.still_since.max(self.judge.cleared_at) > 4_500 {
            let shown = self.agent.controller.telemetry(Time::from_millis(now));
            self.judge.accuse(now, "liveness", || format!("nothing has moved at the end of a calm: {shown:?}"));
        }
    }
}

fn link<T: Clone>(person: &Person, weather: &Weather, random: &mut Random) -> Link<T> {
    let wired = Quality { delay: 1, ..Quality::default() };
    Link::new(if person.source == Source::Gamepad { wired } else { weather.link(random) })
}

/// The people of a run. Each drives in a direction of its own.
fn cast(story: Story, random: &mut Random) -> Vec<Person> {
    let push = [0.35, 0.7, 1.0][random.index(3)];
    let forward = (0.0, push);
    let mut people = vec![Person::new(1, Part::Driver, Source::Network, forward, random)];
    if story == Story::Quiet {
        return people;
    }
    let source = if random.once_in(2) { Source::Gamepad } else { Source::Network };
    people.push(Person::new(2, Part::Driver, source, (0.0, -push), random));
    if random.once_in(2) {
        people.push(Person::new(3, Part::Buttons, Source::Network, (-1.0, 0.0), random));
    }
    if random.once_in(2) {
        people.push(Person::new(4, Part::Cheat, Source::Network, (1.0, 0.0), random));
    }
    if random.once_in(2) {
        people.push(Person::new(5, Part::Stopper, Source::Network, (0.0, 1.0), random));
    }
    people.push(Person::new(6, Part::Operator, Source::Network, (0.0, 1.0), random));
    people
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::UplinkStall => "uplink stalls",
        Kind::DownlinkStall => "downlink stalls",
        Kind::PhoneGone => "phone gone",
        Kind::AgentPause => "agent paused",
        Kind::AgentCrash => "agent crashed",
        Kind::CableStall => "cable stalls",
        Kind::Unplug => "unplugged",
        Kind::RobotReset => "power failed",
        Kind::FrameReplay => "frame replayed",
        Kind::Garbage => "garbage",
        Kind::LongPause => "long pause of the agent",
        Kind::LongStall => "long stall of the cable",
        Kind::Loss | Kind::Reorder | Kind::Replay => "bad link",
        Kind::BitFlip | Kind::ByteDrop | Kind::ByteInsert | Kind::ByteDuplicate => "bad cable",
    }
}
