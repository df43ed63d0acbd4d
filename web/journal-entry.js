// One entry of the log, and one recording, as people read them.
import { ages, where } from "./details.js";
import { because } from "./gap.js";
import { tell } from "./journal-words.js";
import { late } from "./reason.js";
import { whyMissing } from "./talk.js";
import { day, hour, otherDay } from "./when.js";
import { locale, said, t } from "./words.js";

/** @typedef {import("./journal-words.js").Word} Word */

/** What each kind of entry is called. @type {Record<string, Word>} */
const NAMES = {
  chat: "event.chat",
  direction: "event.direction",
  reply: "event.reply",
  notices: "event.notices",
  topic: "event.topic",
  seat: "event.seat",
  stop: "event.stop",
  reset: "event.reset",
  fault: "event.fault",
  robot: "event.robot",
  motors: "event.motors",
  access: "event.access",
  connection: "event.connection",
  recording: "event.recording",
  program: "event.program",
  gap: "event.gap",
};

/**
 * @template {keyof HTMLElementTagNameMap} N
 * @param {N} name
 * @param {string} text
 * @param {string} look
 */
function made(name, text, look = "") {
  const element = document.createElement(name);
  if (look) element.className = look;
  element.textContent = text;
  return element;
}

/** @param {number} at ms since 1970 */
function stamp(at) {
  const time = made("time", hour(at, true));
  time.dateTime = new Date(at).toISOString();
  return time;
}

/** Whether an entry says that a stop is over. @param {Entry} entry */
const over = ({ event, data }) => event === "fault" && data?.code === null;

/**
 * What an entry says, in the language of the page where its data allow it.
 * @param {Entry} entry
 */
export function sentence(entry) {
  const { event, text, data } = entry;
  if (event === "gap") {
    const lost = Number.isFinite(data?.lost) ? data.lost : null;
    return because(lost === null ? tell("gap") : lost === 1 ? tell("gap.one") : tell("gap.many", { n: lost }), whyMissing(data));
  }
  if (event === "seat" && data?.changed) return data.holder ? t("seat.drives", { name: data.holder }) : t("seat.nobody");
  // Its name says it.
  if (over(entry)) return "";
  return typeof data?.code === "string" ? said(data.code, data.text ?? text) : text;
}

/**
 * Where a stop had its cause, and what was measured; nothing for other entries.
 * @param {Entry} entry
 */
export function evidence({ data }) {
  const place = where(data?.hop);
  const age = late(data ?? {});
  const first = [place, age].filter(Boolean).join(" · ");
  const all = age ? ages(data.numbers).join(" · ") : "";
  return [first, all].filter(Boolean);
}

/**
 * An entry, and the day above it where that is another one than before.
 * @param {Entry} entry
 * @param {Entry | undefined} before
 * @param {boolean} several whether there are robots to tell apart
 */
export function drawn(entry, before, several) {
  const { event, at_ms, who, robot } = entry;
  const item = made("li", "");
  item.dataset.event = over(entry) ? "ready" : event;
  item.dataset.id = String(entry.id);
  const head = made("p", "", "head");
  const name = NAMES[event];
  head.append(stamp(at_ms), made("b", over(entry) ? tell("event.ready") : name ? tell(name) : event));
  const people = [who ?? "", several ? robot : ""].filter(Boolean).join(" · ");
  if (people) head.append(made("span", people));
  const words = sentence(entry);
  item.append(head, ...(words ? [made("p", words, "text")] : []), ...evidence(entry).map((line) => made("p", line, "evidence")));
  return before && !otherDay(at_ms, before.at_ms) ? [item] : [made("li", day(at_ms), "day"), item];
}

/** @param {number} bytes */
export function size(bytes) {
  const [value, unit] = bytes < 999_500 ? [bytes / 1000, "kilobyte"] : [bytes / 1e6, "megabyte"];
  const style = /** @type {const} */ ({ style: "unit", unit, maximumFractionDigits: value < 10 ? 1 : 0 });
  return new Intl.NumberFormat(locale(), style).format(value);
}

/** As clocks show it. @param {number} ms */
export function length(ms) {
  const seconds = Math.round(ms / 1000);
  const [minutes, rest] = [Math.floor(seconds / 60), String(seconds % 60).padStart(2, "0")];
  if (minutes < 60) return `${minutes}:${rest}`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${rest}`;
}

/** @param {Recording} recording */
export function recorded({ name, robot, at_ms, length_ms, bytes, running, here }) {
  const item = made("li", "");
  item.dataset.name = name;
  const words = document.createElement("div");
  const when = `${day(at_ms)}, ${hour(at_ms)}`;
  words.append(made("b", robot), made("span", when));
  // How long it is grows by the second.
  if (running) words.append(made("span", tell("record.running"), "running"));
  else words.append(made("span", `${length(length_ms)} · ${size(bytes)}`));
  item.append(words);
  if (!here) {
    words.append(made("span", tell("record.there"), "there"), made("code", name));
  } else if (!running) {
    const link = made("a", tell("record.download"), "download");
    link.href = `/recordings/${encodeURIComponent(name)}`;
    link.download = name;
    link.setAttribute("aria-label", `${tell("record.download")}: ${robot}, ${when}`);
    item.append(link);
  }
  return item;
}
