// Chat, the robot's replies, what was said before, and the name under which this page speaks; all of it is shown as plain text.
import * as event from "./events.js";
import { because } from "./gap.js";
import { part, write } from "./hud.js";
import { keep, recall } from "./memory.js";
import { Sheet } from "./sheet.js";
import { added, heard, logged, merged } from "./talk.js";
import { day, hour, otherDay } from "./when.js";
import { inWords, t } from "./words.js";

/** @typedef {import("./talk.js").Line} Line */

const BIRDS = ["Heron", "Robin", "Kestrel", "Wren", "Plover", "Swift", "Puffin", "Curlew", "Osprey", "Finch", "Dipper", "Tern"];
const COLOURS = ["Blue", "Amber", "Coral", "Jade", "Silver", "Indigo", "Scarlet", "Golden", "Violet", "Copper"];
const LONGEST_NAME = 32;
/** As far from the end somebody reads the newest line, px. */
const AT_END = 48;

/** Who is named where nobody names themselves. @type {Record<string, import("./words.js").Key>} */
const NAMES = { chat: "chat.somebody", reply: "chat.robot", notices: "chat.notice", direction: "chat.button" };

/** How each looks. @type {Record<string, string>} */
const LOOKS = { reply: "reply", notices: "notice", direction: "press", gap: "gap" };

/** @param {string[]} list */
const any = (list) => list[Math.floor(Math.random() * list.length)];

function storedName() {
  const name = recall("name") ?? `${any(COLOURS)} ${any(BIRDS)}`;
  keep("name", name);
  return name;
}

/** The chat sheet. */
export class Chat {
  name = storedName();
  #lines = part("chat-lines");
  #sheet = new Sheet("chat");
  #toggle = part("chat-toggle");
  #unread = part("unread");
  #count = 0;
  /** What is shown. @type {Line[]} */
  #talk = [];
  /** When this connection began. */
  #since = 0;

  /**
   * @param {import("./socket.js").Socket} socket
   * @param {(why: string, code: string) => void} refuse
   */
  constructor(socket, refuse) {
    const text = /** @type {HTMLInputElement} */ (part("chat-text"));
    const name = /** @type {HTMLInputElement} */ (part("chat-name"));
    name.value = this.name;
    socket.auth.name = this.name;
    name.addEventListener("change", () => {
      this.#rename(name);
      socket.auth.name = this.name;
    });
    part("chat-form").addEventListener("submit", (submit) => {
      submit.preventDefault();
      const line = text.value.trim();
      if (!line) return;
      if (socket.emit(event.CHAT, line, this.name)) text.value = "";
      else refuse(t("chat.offline"), "chat");
    });
    this.#sheet.onchange = (shown) => {
      if (!shown) return;
      this.#count = 0;
      this.#badge();
      this.#lines.scrollTop = this.#lines.scrollHeight;
    };
    inWords(() => {
      this.#badge();
      this.#draw();
    });
    socket.on(event.WELCOME, () => (this.#since = Date.now()));
    socket.on(event.HISTORY, (...args) => this.#history(/** @type {any} */ (event.payload(args))?.entries));
    for (const name of [event.CHAT, event.REPLY, event.NOTICES, event.DIRECTION]) {
      socket.on(name, (...args) => this.#add(heard(name, args, Date.now())));
    }
  }

  /** Another robot: what was said to the last one is not shown beside it. */
  forget() {
    this.#talk = [];
    this.#draw();
    this.#count = 0;
    this.#badge();
  }

  /** @param {HTMLInputElement} input */
  #rename(input) {
    this.name = input.value.trim().slice(0, LONGEST_NAME) || storedName();
    input.value = this.name;
    keep("name", this.name);
  }

  /** What was said before; after a lost connection also what is shown already. @param {unknown} entries */
  #history(entries) {
    if (!Array.isArray(entries)) return;
    this.#talk = merged(this.#talk, entries.map(logged), { now: Date.now(), since: this.#since });
    this.#draw();
  }

  /** @param {Line} line */
  #add(line) {
    const lines = this.#lines;
    const atEnd = lines.scrollHeight - lines.scrollTop - lines.clientHeight < AT_END;
    const last = this.#talk.at(-1);
    this.#talk = added(this.#talk, line);
    lines.append(...this.#drawn(line, last));
    if (lines.querySelectorAll("li:not(.day)").length > this.#talk.length) lines.querySelector("li:not(.day)")?.remove();
    while (lines.querySelector(".day:first-child + .day")) lines.firstElementChild?.remove();
    if (atEnd) lines.scrollTop = lines.scrollHeight;
    if (this.#sheet.shown || line.event === event.DIRECTION || this.#always()) return;
    this.#count += 1;
    this.#badge();
  }

  /** All of it, which nobody wants to have read out. */
  #draw() {
    const lines = this.#lines;
    const fromEnd = lines.scrollHeight - lines.scrollTop;
    lines.setAttribute("aria-live", "off");
    lines.replaceChildren(...this.#talk.flatMap((line, place) => this.#drawn(line, this.#talk[place - 1])));
    lines.scrollTop = fromEnd - lines.clientHeight < AT_END ? lines.scrollHeight : lines.scrollHeight - fromEnd;
    setTimeout(() => lines.removeAttribute("aria-live"));
  }

  /**
   * A line, and the day above it where that is another one than before.
   * @param {Line} line
   * @param {Line} [before]
   */
  #drawn(line, before) {
    const { event: name, sender, text, at, lost } = line;
    const own = name === event.CHAT && sender === this.name ? "own" : "other";
    const time = made("time", hour(at));
    time.dateTime = new Date(at).toISOString();
    const item = made("li");
    item.className = LOOKS[name] ?? own;
    if (name === "gap") item.append(made("span", missing(lost, text)), time);
    else item.append(made("b", sender || t(NAMES[name] ?? "chat.somebody")), made("span", text), time);
    if (!otherDay(at, before?.at ?? Date.now())) return [item];
    const mark = made("li", day(at));
    mark.className = "day";
    return [mark, item];
  }

  /** On a wide screen the chat is always there. */
  #always() {
    return getComputedStyle(this.#toggle).display === "none";
  }

  #badge() {
    this.#unread.hidden = this.#count === 0;
    write(this.#unread, this.#count > 9 ? "9+" : String(this.#count));
    this.#toggle.setAttribute("aria-label", this.#count ? t("chat.unread", { n: this.#count }) : t("chat.title"));
  }
}

/**
 * @template {keyof HTMLElementTagNameMap} N
 * @param {N} name
 * @param {string} text
 */
function made(name, text = "") {
  const element = document.createElement(name);
  element.textContent = text;
  return element;
}

/**
 * What is said of a gap.
 * @param {number | null} lost
 * @param {string} why
 */
function missing(lost, why) {
  return because(lost === null ? t("chat.gap") : lost === 1 ? t("chat.gapOne") : t("chat.gapMany", { n: lost }), why);
}
