// The shapes of everything this page says and hears, for the type checker alone; mirrors events.rs, reason.rs, fleet.rs, access.rs,
// calibration.rs and journal.rs in src/protocol/.

/** What a client may do, weakest first. An agent runs robots, and may nothing that people may. */
type Role = "agent" | "viewer" | "driver" | "operator";
type RobotState = "no_robot" | "starting" | "ready" | "driving" | "stopped" | "latched";

/** One connected client as others see it. */
interface Person {
  id: number;
  name: string;
}

/** `welcome`: everything a client needs to begin. */
interface Welcome {
  version: number;
  you: Person;
  role: Role;
  /** Without a name if one of `robots` must be chosen first. */
  robot: RobotCard;
  robots: RobotSummary[];
  limits: Limits;
  seat: SeatView;
  telemetry: Telemetry;
}

interface RobotCard {
  name: string;
  /** `#rrggbb`. */
  color: string;
  simulated: boolean;
  /** How its wheels make its motion. */
  wheels: "differential" | "skid" | "mecanum" | "omni" | "ackermann";
  /** Whether it goes sideways. */
  strafe: boolean;
  /** Between left and right wheels; null if nobody has measured it. */
  track_m: number | null;
  top_speed_mps: number | null;
}

/** One robot in the list that everybody sees. */
interface RobotSummary {
  /** By which clients ask for it. */
  name: string;
  /** `#rrggbb`, of no other robot. */
  color: string;
  simulated: boolean;
  /** Whether its agent is connected to the relay. */
  here: boolean;
  state: RobotState;
  reason: Reason | null;
  holder: Person | null;
  /** How many clients look at it. */
  clients: number;
}

/** `robots`, client to relay, acknowledged; all but `list` from operators. */
type RobotsRequest = { do: "list" } | { do: "stop"; reason: string } | { do: "kick"; robot: string };

interface RobotsReply {
  /** For `stop`: whether every robot has confirmed its latch. */
  ok: boolean;
  why?: string;
  robots: RobotSummary[];
}

interface Limits {
  /** `drive` samples a second while a stick is held. */
  sample_hz: number;
  control_bytes: number;
  event_bytes: number;
  events_per_second: number;
  command_timeout_ms: number;
  /** The seat is free after this long without a sample. */
  seat_ms: number;
  reset_hold_ms: number;
}

/** One for each motor in the robot's order, permille of full; 0 for those that there are not. */
type Outputs = [number, number, number, number];

/** `drive`: one sample of the stick. */
interface Sample {
  seq: number;
  /** Right of centre, −1…1. */
  x: number;
  /** Forward of centre, −1…1. */
  y: number;
  /** To the right without turning, −1…1; absent where there is no such control. */
  strafe?: number;
  /** Instead of the stick: an output of its own for each motor, permille; for calibration. */
  motors?: Outputs;
  /** Newest `telemetry.tick` this page has seen, and the session it belongs to. */
  tick: number | null;
  session: number | null;
  /** Under which the sender holds the seat. */
  epoch: number;
}

type SeatRequest = { want: "take" | "ask" | "release" | "clear" } | { want: "give"; to: number };

/** `seat`, to everyone: who drives. */
interface SeatView {
  holder: Person | null;
  /** Grows at every change of holder. */
  epoch: number;
  /** Who waits, first first. */
  queue: Person[];
}

interface SeatReply {
  ok: boolean;
  why?: string;
  seat: SeatView;
}

interface StopRequest {
  reason: string;
}

interface StopReply {
  ok: boolean;
  why?: string;
}

interface ResetRequest {
  nonce?: number;
}

interface ResetReply {
  ok: boolean;
  nonce?: number;
  why?: string;
}

/** Ages when a stop began, ms; null where there was nothing to measure. */
interface Numbers {
  /** The age that made the stop. */
  exceeded: Exceeded | null;
  sample_ms: number | null;
  tick_ms: number | null;
  silence_ms: number | null;
  pause_ms: number | null;
}

/** An age that was too long. */
interface Exceeded {
  what: "sample" | "tick" | "silence" | "pause";
  ms: number;
  limit_ms: number;
}

/** A stable word for programs and a sentence for people. */
interface Reason {
  code: string;
  text: string;
  /** Where the cause lies; empty if unknown. */
  hop: "person" | "network" | "agent" | "cable" | "robot" | "";
  /** As measured when the stop began, ms. */
  numbers: Numbers;
}

/** By odometry: x forward, y left, heading left-positive. */
interface Pose {
  x_m: number;
  y_m: number;
  heading_rad: number;
}

/** The cable to the robot. */
interface Link {
  silence_ms: number;
  frames_sent: number;
  bad_frames: number;
  rejected: number;
  refused: number;
  /** Lines on which the robot was heard, after the first. */
  reconnects: number;
  /** Times that the robot restarted while its line was open. */
  restarts: number;
  robot: Counters;
}

/** What became of our messages at the robot, by its own count, modulo 65536. */
interface Counters {
  accepted: number;
  damaged: number;
  no_message: number;
  foreign_session: number;
  old_seq: number;
  stale: number;
  barred: number;
}

/** By what the motors are told; nobody measured it. REP-103. */
interface Speed {
  linear_mps: number;
  lateral_mps: number;
  angular_radps: number;
}

/** `telemetry`: one bundled snapshot, 20 to 40 a second. */
interface Telemetry {
  /** The robot's own clock, ms. */
  tick: number | null;
  session: number | null;
  /** Age of the newest command at the wheels. */
  age_ms: number | null;
  /** Permille of full: left, right; or front left, front right, rear left, rear right; or drive and steering (left positive). */
  wheels: number[];
  /** Null if nobody knows. */
  speed: Speed | null;
  state: RobotState;
  reason: Reason | null;
  last_stop: Reason | null;
  battery_mv: number | null;
  pose: Pose | null;
  epoch: number;
  /** Whether this drive is being recorded. */
  recording: boolean;
  link: Link;
}

/** `history`, from the relay: what was said at the robot lately, oldest first. */
interface History {
  entries: Entry[];
}

/** One entry of the log. */
interface Entry {
  /** Its number in the log; 0 for one that is not written yet. */
  id: number;
  /** Since 1970. */
  at_ms: number;
  /** `chat`, `direction`, `reply`, `notices`, `seat`, `stop`, `reset`, `fault`, `connection`, `access`, `gap` and the like. */
  event: string;
  /** Empty if it is about none. */
  robot: string;
  who: string | null;
  device: number | null;
  text: string;
  data: any;
}

/** `log`, operator to relay, acknowledged. */
interface LogRequest {
  text?: string;
  events?: string[];
  robot?: string | null;
  device?: number | null;
  since_ms?: number | null;
  until_ms?: number | null;
  /** Older than the entry of this number. */
  before?: number | null;
  /** 1…200. */
  most?: number | null;
}

interface LogReply {
  ok: boolean;
  why?: string;
  /** The newest that fit, oldest first. */
  entries: Entry[];
  /** Whether older ones fit, too. */
  more: boolean;
}

/** `recordings`, operator to relay, acknowledged. */
type RecordingsRequest = { do: "list" | "start" | "stop" };

interface RecordingsReply {
  ok: boolean;
  why?: string;
  running: boolean;
  /** The newest first. */
  recordings: Recording[];
}

interface Recording {
  /** Downloaded from `/recordings/NAME` if it is here. */
  name: string;
  robot: string;
  at_ms: number;
  length_ms: number;
  bytes: number;
  running: boolean;
  here: boolean;
}

interface Refused {
  event: string;
  code: string;
  why: string;
}

/** What drive.js and stop.js need of a connection. */
interface Line {
  readonly ready: boolean;
  /** True once the value is on the wire. */
  latest(name: string, value: unknown): boolean;
  request(name: string, args: unknown[]): Promise<any>;
}

interface Clock {
  /** Milliseconds. */
  now(): number;
  /** Runs once later; returns the way to cancel. */
  after(run: () => void, ms: number): () => void;
}

/** A speed that a hand asks for instead of the slider's. */
type Pace = "slow" | "full" | null;

/** What a hand does to a stick: right and forward in the unit circle, and to the right without turning. */
interface Hand {
  hold(x: number, y: number, strafe?: number, pace?: Pace): void;
  release(): void;
}

/** `access`, operator to relay, acknowledged. */
type AccessRequest =
  | { do: "list" }
  | { do: "approve" | "deny" | "revoke"; id: number }
  | { do: "invite"; role: Role; robot?: string }
  | { do: "assign"; id: number; robot: string | null };

interface AccessReply {
  ok: boolean;
  why: string | null;
  access: Access;
  invite: Invite | null;
}

/** `access`, relay to operators: who may come in, whenever that changes. */
interface Access {
  waiting: Waiting[];
  devices: Device[];
}

/** A device that waits to be let in. */
interface Waiting {
  id: number;
  name: string;
  role: Role;
  /** The robot that it is for; null: any. */
  robot: string | null;
  /** The device shows it, too. */
  number: string;
}

/** A device that was let in. Times are seconds since 1970. */
interface Device {
  id: number;
  name: string;
  role: Role;
  /** The robot that it is for: a viewer or driver sees no other; null: any. */
  robot: string | null;
  paired: number;
  seen: number;
  here: boolean;
}

/** What a motor needs, as calibration finds it. */
interface MotorNeeds {
  /** Whether it turns backward when told forward. */
  inverted: boolean;
  /** Share of its speed that it is allowed, 0.5…1, so that the robot goes straight. */
  trim: number;
  /** Output below which it only hums, permille, 0…400. */
  dead_band: number;
}

/** `calibrate`, operator to relay, acknowledged. Motors are in the order of the outputs. */
type CalibrateRequest =
  | { want: "show" }
  | { want: "preview"; motors: MotorNeeds[] }
  | { want: "write"; motors: MotorNeeds[]; mark: string };

interface CalibrateReply {
  ok: boolean;
  why?: string;
  wheels: RobotCard["wheels"];
  /** As they are in force; after a write, as they are from the next rest on. */
  motors: MotorNeeds[];
  /** Which is or would be written. */
  file: string;
  /** What would change in it, each `- ` or `+ ` and a line. */
  lines: string[];
  /** Of the lines: `write` sends it back, so that only what was shown is written. */
  mark: string;
}

interface Invite {
  url: string;
  role: Role;
  /** The robot that it is for; null: any. */
  robot: string | null;
  /** Of the certificate that vouches for the relay, for programs that come with the code. */
  fingerprint: string | null;
  seconds: number;
  /** A text a row, `#` dark and space light, without the quiet zone. */
  qr: string[];
}

/** `POST /pair` with a code, and `POST /pair/wait` with the ticket of the answer, once a second while it waits. */
type PairRequest = { code: string; name: string };
type PairWait = { ticket: string };

/** The answer: status 200, 202, or 4xx with a sentence. `GET /me` answers `admitted`, or 401 and `refused`. */
type PairAnswer =
  | { status: "admitted"; role: Role; name: string | null; home?: string }
  | { status: "waiting"; role: Role; ticket: string; number: string }
  | { status: "refused"; code: "unknown" | "void" | "crowded" | "denied" | "rate" | "malformed" | "stranger"; why: string };
