// One word for everything that goes on, and which link is down: what the page shows at a glance, decided in one table.
import { late } from "./reason.js";
import { said, t } from "./words.js";

/**
 * A link of the chain from this page to the robot, by what is at its far end.
 * @typedef {"relay" | "agent" | "robot"} Broken
 *
 * Where the robot's own reason lies while all links hold: on the way of the driver's commands, in its program, in itself.
 * @typedef {"network" | "agent" | "robot"} Cause
 * @typedef {"connecting" | "lost" | "no_robot" | "starting" | "ready" | "driving" | "watching" | "stopped" | "latched" | "choosing"} View
 * @typedef {object} Situation
 * @property {boolean} ready whether the relay has greeted
 * @property {boolean} met whether it ever had
 * @property {string} trouble why there is no connection
 * @property {number} silence_ms since the newest telemetry
 * @property {number} quiet_ms since anything was heard of the relay
 * @property {Telemetry | null} telemetry
 * @property {SeatView} seat
 * @property {boolean} mine whether this page holds the seat
 * @property {Role} role
 * @property {string | null} missing the robot that is waited for in the lobby; empty if one must be chosen, null outside
 */

/** Without telemetry for this long the page says so, ms. */
const SILENCE_MS = 1000;
/** Once telemetry is missing the relay is asked four times a second: if it has not answered for this long, it is not there, ms. */
const QUIET_MS = 800;

/** Whether the relay itself says that nothing comes from the robot's program; more may not come then. @param {Telemetry} telemetry */
function orphaned({ state, reason }) {
  return state === "no_robot" && (reason?.code.startsWith("agent_") ?? false);
}

/** @param {Situation} now */
function silent({ telemetry, silence_ms, quiet_ms }) {
  if (!telemetry) return true;
  return silence_ms > SILENCE_MS && !(orphaned(telemetry) && quiet_ms <= SILENCE_MS);
}

/**
 * The first link that is down, as seen from here; null if all of them hold.
 * @param {Situation} now
 * @returns {Broken | null}
 */
export function broken(now) {
  const { telemetry } = now;
  if (!now.ready) return now.met || now.trouble ? "relay" : null;
  if (now.missing !== null) return now.missing ? "agent" : null;
  if (!telemetry || silent(now)) return now.quiet_ms > QUIET_MS ? "relay" : "agent";
  if (orphaned(telemetry)) return "agent";
  const hop = telemetry.reason?.hop;
  if (hop) return hop === "cable" ? "robot" : null;
  return telemetry.state === "no_robot" ? "robot" : null;
}

/**
 * Where the cause of a stop lies; null if a link is down, or a person wanted it.
 * @param {Situation} now
 * @returns {Cause | null}
 */
export function cause(now) {
  const hop = now.telemetry?.reason?.hop;
  if (!hop || hop === "person" || hop === "cable" || !now.ready || now.missing !== null) return null;
  return broken(now) ? null : hop;
}

/**
 * What to show, strongest first.
 * @param {Situation} now
 * @returns {{view: View, hint: string, detail: string, number?: string}} `hint` fits beside the word, `detail` is the whole sentence,
 *   `number` the age that was too long
 */
export function judge(now) {
  const { telemetry, seat, mine } = now;
  if (!now.ready && !now.met) return { view: "connecting", hint: t("hint.connecting"), detail: now.trouble };
  if (!now.ready) {
    return { view: "lost", hint: t("hint.lost"), detail: t("detail.lost", { why: now.trouble }) };
  }
  if (now.missing !== null) {
    const hint = now.missing ? t("hint.missing", { name: now.missing }) : t("hint.choosing");
    return { view: "choosing", hint, detail: "" };
  }
  if (!telemetry || silent(now)) {
    const seconds = Math.floor(now.silence_ms / 1000);
    return {
      view: "lost",
      hint: t("hint.silent", { n: seconds }),
      detail: t("detail.silent"),
    };
  }
  const why = telemetry.reason ? said(telemetry.reason.code, telemetry.reason.text) : "";
  const number = telemetry.reason ? late(telemetry.reason) : "";
  const driver = seat.holder ? t("seat.drives", { name: seat.holder.name }) : "";
  const who = mine ? t("hint.mine") : driver;
  switch (telemetry.state) {
    case "latched":
      return { view: "latched", hint: who, detail: why };
    case "no_robot":
      return { view: "no_robot", hint: t(orphaned(telemetry) ? "hint.noAgent" : "hint.noRobot"), detail: why || t("drive.noRobot"), number };
    case "starting":
      return { view: "starting", hint: t("hint.starting"), detail: why };
    case "stopped":
      return { view: "stopped", hint: who, detail: why, number };
    default:
      break;
  }
  if (seat.holder && !mine) return { view: "watching", hint: driver, detail: "" };
  if (telemetry.state === "driving" && mine) return { view: "driving", hint: t("hint.wheel"), detail: "" };
  if (now.role === "viewer") return { view: "watching", hint: t("hint.viewer"), detail: "" };
  return { view: "ready", hint: t(mine ? "hint.wheel" : "hint.ready"), detail: "" };
}
