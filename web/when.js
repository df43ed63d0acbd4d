// When something was, as people read it: the time of day, and the day where it changes.
import { locale } from "./words.js";

const DAY_MS = 86_400_000;

/** Formats cost more than what they write. @type {Map<string, Intl.DateTimeFormat>} */
const formats = new Map();

/**
 * @param {number} at ms since 1970
 * @param {Intl.DateTimeFormatOptions} how
 */
function written(at, how) {
  const key = locale() + JSON.stringify(how);
  const format = formats.get(key) ?? new Intl.DateTimeFormat(locale(), how);
  formats.set(key, format);
  return format.format(at);
}

/** @param {number} at ms since 1970 */
const midnight = (at) => new Date(at).setHours(0, 0, 0, 0);

/**
 * @param {number} at ms since 1970
 * @param {boolean} [exact] with seconds
 */
export function hour(at, exact = false) {
  return written(at, { timeStyle: exact ? "medium" : "short" });
}

/**
 * Whether one is on another day than the other, here.
 * @param {number} one
 * @param {number} other
 */
export function otherDay(one, other) {
  return midnight(one) !== midnight(other);
}

/**
 * @param {number} at ms since 1970
 * @param {number} [now]
 */
export function day(at, now = Date.now()) {
  // A day of summer time has an hour more or less.
  const ago = Math.round((midnight(now) - midnight(at)) / DAY_MS);
  if (ago === 0 || ago === 1) {
    const said = new Intl.RelativeTimeFormat(locale(), { numeric: "auto" }).format(-ago, "day");
    return said.charAt(0).toUpperCase() + said.slice(1);
  }
  const year = new Date(at).getFullYear() !== new Date(now).getFullYear();
  return written(at, { weekday: "long", day: "numeric", month: "long", ...(year ? { year: "numeric" } : {}) });
}
