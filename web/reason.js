// Why a robot stopped: the sentence, the age that was too long, and where the cause lies.
import { said, t } from "./words.js";

/** What is said of an age that was too long. @type {Record<Exceeded["what"], import("./words.js").Key>} */
const LATE = { sample: "why.sample", tick: "why.tick", silence: "why.silence", pause: "why.pause" };

/** @param {number} ms */
export function brief(ms) {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(ms < 9950 ? 1 : 0)} s`;
}

/**
 * The age that made a stop, as a sentence without a capital; empty if none did. Programs of before tell no numbers.
 * @param {{numbers?: Numbers | null}} reason
 */
export function late({ numbers }) {
  const age = numbers?.exceeded;
  const key = age && Object.hasOwn(LATE, age.what) ? LATE[age.what] : null;
  return age && key ? t(key, { age: brief(age.ms), limit: brief(age.limit_ms) }) : "";
}

/**
 * What happened, for a line that may be cut: the number first.
 * @param {Reason} reason
 */
export function shortly(reason) {
  return [late(reason), said(reason.code, reason.text)].filter(Boolean).join(" · ");
}
