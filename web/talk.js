// What was said at a robot, as lines: heard as it came or told by the log, and one list of both; knows no DOM.
import * as event from "./events.js";

/**
 * @typedef {object} Line
 * @property {string} event `chat`, `direction`, `reply`, `notices` or `gap`
 * @property {string} sender as they call themselves; empty if nobody in particular
 * @property {string} text
 * @property {number} at when, ms since 1970; by the relay's clock if the log tells it, else by this page's
 * @property {boolean} logged whether the log tells it
 * @property {number} id in the log; 0 if it is not known
 * @property {number | null} lost entries that are missing, of a gap; null if nobody knows how many
 */

const LONGEST_NAME = 32;
const MOST = 200;
/** The same entry may have been told with times that differ this much, ms: once before it was written, once after. */
const SAME_MS = 5000;

/** @param {unknown} value */
function plain(value) {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

/**
 * @param {string} name of the event
 * @param {unknown[]} args
 * @returns {{sender: string, text: string}}
 */
function read(name, args) {
  if (name === event.CHAT) {
    const list = args.length === 1 && Array.isArray(args[0]) ? args[0] : args;
    const sender = typeof list[1] === "string" ? list[1].slice(0, LONGEST_NAME) : "";
    return { sender, text: plain(event.payload([list])) };
  }
  const told = event.payload(args);
  const inside = name !== event.DIRECTION && told !== null && typeof told === "object";
  return { sender: "", text: plain(inside ? (/** @type {any} */ (told).data ?? told) : told) };
}

/**
 * A line that has just been heard.
 * @param {string} name of the event
 * @param {unknown[]} args
 * @param {number} at
 * @returns {Line}
 */
export function heard(name, args, at) {
  return { event: name, ...read(name, args), at, logged: false, id: 0, lost: null };
}

/**
 * A line that the log tells.
 * @param {Entry} entry
 * @returns {Line}
 */
export function logged({ id, at_ms, event: name, who, text, data }) {
  const line = { event: name, at: at_ms, logged: true, id, lost: null };
  if (name === "gap") {
    const lost = Number.isFinite(data?.lost) ? data.lost : null;
    return { ...line, sender: "", text: whyMissing(data), lost };
  }
  // A long one comes without its data.
  const args = Array.isArray(data) ? data : [data ?? text, ...(name === event.CHAT && who ? [who] : [])];
  return { ...line, ...read(name, args) };
}

/**
 * Why entries are missing, as the log tells it; empty if it does not.
 * @param {any} data of a gap
 */
export function whyMissing(data) {
  return typeof data?.why === "string" ? data.why : "";
}

/**
 * The lines that there were, and what the log tells when a connection begins: each once, in order.
 * @param {Line[]} lines
 * @param {Line[]} told by the log, oldest first
 * @param {{now: number, since: number}} when `since` is when this connection began
 * @returns {Line[]}
 */
export function merged(lines, told, { now, since }) {
  const newest = told.at(-1)?.at ?? 0;
  /** @param {Line} line @param {Line} entry */
  const same = (line, entry) => {
    if (line.id && entry.id) return line.id === entry.id;
    if (line.event !== entry.event || line.text !== entry.text || line.sender !== entry.sender) return false;
    if (line.logged) return Math.abs(line.at - entry.at) < SAME_MS;
    // The clocks of page and relay need not agree. Still, an entry that is older than the newest by more than the age of the line is not it.
    return newest - entry.at <= now - line.at + SAME_MS;
  };
  const pairs = longest(lines, told, same);
  /** @type {Line[]} */
  const all = [];
  let [from, next] = [0, 0];
  for (const [line, entry] of [...pairs, /** @type {[number, number]} */ ([lines.length, told.length])]) {
    const alone = lines.slice(from, line);
    all.push(...alone.filter(({ at, logged }) => logged || at < since), ...told.slice(next, entry));
    // What this connection has brought itself is newer than what the log told at its beginning.
    all.push(...alone.filter(({ at, logged }) => !logged && at >= since));
    const match = told[entry];
    if (match) all.push(match);
    [from, next] = [line + 1, entry + 1];
  }
  return all.slice(-MOST);
}

/**
 * One more line.
 * @param {Line[]} lines
 * @param {Line} line
 */
export function added(lines, line) {
  return [...lines, line].slice(-MOST);
}

/**
 * The longest sequence that both have, as pairs of places.
 * @param {Line[]} ours
 * @param {Line[]} theirs
 * @param {(our: Line, their: Line) => boolean} same
 * @returns {[number, number][]}
 */
function longest(ours, theirs, same) {
  const width = theirs.length + 1;
  // How long it is from these two places on.
  const length = new Uint16Array((ours.length + 1) * width);
  /** @param {number} i @param {number} k */
  const at = (i, k) => length[i * width + k] ?? 0;
  const fits = ours.map((our) => theirs.map((their) => same(our, their)));
  for (let i = ours.length - 1; i >= 0; i -= 1) {
    for (let k = theirs.length - 1; k >= 0; k -= 1) {
      length[i * width + k] = fits[i]?.[k] ? at(i + 1, k + 1) + 1 : Math.max(at(i + 1, k), at(i, k + 1));
    }
  }
  /** @type {[number, number][]} */
  const pairs = [];
  let [i, k] = [0, 0];
  while (i < ours.length && k < theirs.length) {
    if (fits[i]?.[k] && at(i, k) === at(i + 1, k + 1) + 1) pairs.push([i++, k++]);
    else if (at(i + 1, k) >= at(i, k + 1)) i += 1;
    else k += 1;
  }
  return pairs;
}
