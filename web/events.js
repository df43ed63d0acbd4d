// The names and shapes of everything this page says and hears; mirrors src/protocol/events.rs.

/** Version of the contract that this page speaks. */
export const VERSION = 1;

export const WELCOME = "welcome";
export const DRIVE = "drive";
export const SEAT = "seat";
export const STOP = "stop";
export const RESET = "reset";
export const TELEMETRY = "telemetry";
export const REFUSED = "refused";
export const ECHO = "echo";
export const DIRECTION = "direction";
export const CHAT = "chat";
export const REPLY = "reply";
export const NOTICES = "notices";

/** @typedef {"viewer" | "driver" | "operator"} Role What a client may do, weakest first. */
/** @typedef {"no_robot" | "starting" | "ready" | "driving" | "stopped" | "latched"} RobotState */

/**
 * @typedef {object} Person One connected client as others see it.
 * @property {number} id number of the connection
 * @property {string} name at most 32 characters
 */
/**
 * @typedef {object} RobotCard
 * @property {string} name
 * @property {boolean} simulated
 * @property {number} track_m distance between left and right wheels, metres
 * @property {number} top_speed_mps speed at full stick
 */
/**
 * @typedef {object} Limits
 * @property {number} sample_hz `drive` samples a second while a stick is held
 * @property {number} control_bytes
 * @property {number} event_bytes
 * @property {number} events_per_second
 * @property {number} command_timeout_ms
 * @property {number} seat_ms the seat is free after this long without a sample
 * @property {number} reset_hold_ms a reset button must be held this long
 */
/**
 * @typedef {object} SeatView Who drives.
 * @property {Person | null} holder
 * @property {number} epoch grows at every change of holder
 * @property {Person[]} queue who waits, first first
 */
/**
 * @typedef {object} Reason
 * @property {string} code a stable word, for programs
 * @property {string} text a sentence, for people
 */
/**
 * @typedef {object} Pose By odometry: x forward, y left, heading left-positive.
 * @property {number} x_m
 * @property {number} y_m
 * @property {number} heading_rad
 */
/**
 * @typedef {object} Link The cable to the robot.
 * @property {number} silence_ms
 * @property {number} frames_sent
 * @property {number} bad_frames
 * @property {number} rejected
 * @property {number} refused
 */
/**
 * @typedef {object} Telemetry One bundled snapshot, 20 to 40 a second.
 * @property {number | null} tick the robot's own clock, ms
 * @property {number | null} session
 * @property {number | null} age_ms age of the newest command at the wheels
 * @property {number[]} wheels permille of full
 * @property {RobotState} state
 * @property {Reason | null} reason
 * @property {Reason | null} last_stop
 * @property {number | null} battery_mv
 * @property {Pose | null} pose
 * @property {number} epoch
 * @property {Link} link
 */
/**
 * @typedef {object} Welcome Everything a client needs to begin.
 * @property {number} version
 * @property {Person} you
 * @property {Role} role
 * @property {RobotCard} robot
 * @property {Limits} limits
 * @property {SeatView} seat
 * @property {Telemetry} telemetry
 */
/**
 * @typedef {object} Drive One sample of the stick.
 * @property {number} seq
 * @property {number} x right of centre, −1…1
 * @property {number} y forward of centre, −1…1
 * @property {number | null} tick newest `telemetry.tick` this page has seen
 * @property {number | null} session the session of that tick
 * @property {number} epoch under which the sender holds the seat
 */
/** @typedef {{want: "take" | "ask" | "release"} | {want: "give", to: number}} SeatRequest */
/** @typedef {{ok: boolean, why?: string, seat: SeatView}} SeatReply */
/** @typedef {{ok: boolean, why?: string}} StopReply */
/** @typedef {{ok: boolean, nonce?: number, why?: string}} ResetReply */
/** @typedef {{event: string, code: string, why: string}} Refused */

/**
 * The first argument of an event, bare or wrapped in arrays by relays on the way (three at most).
 * @param {unknown[]} args
 * @returns {unknown}
 */
export function payload(args) {
  let first = args[0];
  for (let layer = 0; layer < 3 && Array.isArray(first); layer += 1) first = first[0];
  return first;
}
