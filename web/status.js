// One word for everything that goes on: what the page shows at a glance, decided in one table.

/**
 * @typedef {"connecting" | "lost" | "no_robot" | "starting" | "ready" | "driving" | "watching" | "stopped" | "latched"} View
 * @typedef {object} Situation
 * @property {boolean} ready whether the relay has greeted
 * @property {boolean} met whether it ever had
 * @property {string} trouble why there is no connection
 * @property {number} silence_ms since the newest telemetry
 * @property {Telemetry | null} telemetry
 * @property {SeatView} seat
 * @property {boolean} mine whether this page holds the seat
 * @property {Role} role
 */

/** Without telemetry for this long the page says so, ms. */
const SILENCE_MS = 1000;

/** The word on the page for each view. @type {Record<View, string>} */
export const WORDS = {
  connecting: "Connecting",
  lost: "Link lost",
  no_robot: "No robot",
  starting: "Starting",
  ready: "Ready",
  driving: "Driving",
  watching: "Watching",
  stopped: "Stopped",
  latched: "STOP latched",
};

/**
 * What to show, strongest first.
 * @param {Situation} now
 * @returns {{view: View, hint: string, detail: string}} `hint` fits beside the word, `detail` is the whole sentence
 */
export function judge(now) {
  const { telemetry, seat, mine } = now;
  if (!now.ready && !now.met) return { view: "connecting", hint: "to the robot…", detail: now.trouble };
  if (!now.ready) {
    return { view: "lost", hint: "reconnecting…", detail: `${now.trouble}. The robot stops by itself.` };
  }
  if (!telemetry || now.silence_ms > SILENCE_MS) {
    const seconds = Math.floor(now.silence_ms / 1000);
    return {
      view: "lost",
      hint: `silent for ${seconds} s`,
      detail: "Radio silence: no word from the robot. It stops by itself.",
    };
  }
  const why = telemetry.reason?.text ?? "";
  const driver = seat.holder?.name ?? "";
  switch (telemetry.state) {
    case "latched":
      return { view: "latched", hint: mine ? "you drive" : driver && `${driver} drives`, detail: why };
    case "no_robot":
      return { view: "no_robot", hint: "plug it in", detail: why || "No robot answers at the other end of the cable." };
    case "starting":
      return { view: "starting", hint: "getting ready…", detail: why };
    case "stopped":
      return { view: "stopped", hint: mine ? "you drive" : driver && `${driver} drives`, detail: why };
    default:
      break;
  }
  if (seat.holder && !mine) return { view: "watching", hint: `${driver} drives`, detail: "" };
  if (telemetry.state === "driving" && mine) return { view: "driving", hint: "you have the wheel", detail: "" };
  if (now.role === "viewer") return { view: "watching", hint: "you may STOP", detail: "" };
  return { view: "ready", hint: mine ? "you have the wheel" : "touch the stick", detail: "" };
}
