// One word for everything that goes on: what the page shows at a glance, decided in one table.
import { said, t } from "./words.js";

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

/**
 * What to show, strongest first.
 * @param {Situation} now
 * @returns {{view: View, hint: string, detail: string}} `hint` fits beside the word, `detail` is the whole sentence
 */
export function judge(now) {
  const { telemetry, seat, mine } = now;
  if (!now.ready && !now.met) return { view: "connecting", hint: t("hint.connecting"), detail: now.trouble };
  if (!now.ready) {
    return { view: "lost", hint: t("hint.lost"), detail: t("detail.lost", { why: now.trouble }) };
  }
  if (!telemetry || now.silence_ms > SILENCE_MS) {
    const seconds = Math.floor(now.silence_ms / 1000);
    return {
      view: "lost",
      hint: t("hint.silent", { n: seconds }),
      detail: t("detail.silent"),
    };
  }
  const why = telemetry.reason ? said(telemetry.reason.code, telemetry.reason.text) : "";
  const driver = seat.holder ? t("seat.drives", { name: seat.holder.name }) : "";
  const who = mine ? t("hint.mine") : driver;
  switch (telemetry.state) {
    case "latched":
      return { view: "latched", hint: who, detail: why };
    case "no_robot":
      return { view: "no_robot", hint: t("hint.noRobot"), detail: why || t("drive.noRobot") };
    case "starting":
      return { view: "starting", hint: t("hint.starting"), detail: why };
    case "stopped":
      return { view: "stopped", hint: who, detail: why };
    default:
      break;
  }
  if (seat.holder && !mine) return { view: "watching", hint: driver, detail: "" };
  if (telemetry.state === "driving" && mine) return { view: "driving", hint: t("hint.wheel"), detail: "" };
  if (now.role === "viewer") return { view: "watching", hint: t("hint.viewer"), detail: "" };
  return { view: "ready", hint: t(mine ? "hint.wheel" : "hint.ready"), detail: "" };
}
