// The names of everything this page says and hears (contract.d.ts has the shapes); mirrors src/protocol/events.rs.

/** Version of the contract that this page speaks. */
export const VERSION = 1;

export const WELCOME = "welcome";
export const DRIVE = "drive";
export const SEAT = "seat";
export const STOP = "stop";
export const RESET = "reset";
export const TELEMETRY = "telemetry";
export const HISTORY = "history";
export const LOG = "log";
export const RECORDINGS = "recordings";
export const REFUSED = "refused";
export const ECHO = "echo";
export const ACCESS = "access";
export const ROBOTS = "robots";
export const CALIBRATE = "calibrate";
export const DIRECTION = "direction";
export const CHAT = "chat";
export const REPLY = "reply";
export const NOTICES = "notices";

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
