// Chat, the robot's replies, and the name under which this page speaks; everything is shown as plain text.
import * as event from "./events.js";
import { part, write } from "./hud.js";
import { keep, recall } from "./memory.js";
import { Sheet } from "./sheet.js";
import { inWords, t } from "./words.js";

const BIRDS = ["Heron", "Robin", "Kestrel", "Wren", "Plover", "Swift", "Puffin", "Curlew", "Osprey", "Finch", "Dipper", "Tern"];
const COLOURS = ["Blue", "Amber", "Coral", "Jade", "Silver", "Indigo", "Scarlet", "Golden", "Violet", "Copper"];
const LONGEST_NAME = 32;
const MOST_LINES = 200;

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
    inWords(() => this.#badge());
    socket.on(event.CHAT, (...args) => this.#chat(args));
    socket.on(event.REPLY, (...args) => this.#said("reply", t("chat.robot"), args));
    socket.on(event.NOTICES, (...args) => this.#said("notice", t("chat.notice"), args));
    socket.on(event.DIRECTION, (...args) => this.#add("press", t("chat.button"), plain(event.payload(args))));
  }

  /** Another robot: what was said to the last one is not shown beside it. */
  forget() {
    this.#lines.replaceChildren();
    this.#count = 0;
    this.#badge();
  }

  /** @param {HTMLInputElement} input */
  #rename(input) {
    this.name = input.value.trim().slice(0, LONGEST_NAME) || storedName();
    input.value = this.name;
    keep("name", this.name);
  }

  /** @param {unknown[]} args */
  #chat(args) {
    const list = args.length === 1 && Array.isArray(args[0]) ? args[0] : args;
    const sender = typeof list[1] === "string" && list[1] !== "" ? list[1].slice(0, LONGEST_NAME) : t("chat.somebody");
    this.#add(sender === this.name ? "own" : "other", sender, plain(event.payload([list])));
  }

  /**
   * @param {string} kind
   * @param {string} sender
   * @param {unknown[]} args
   */
  #said(kind, sender, args) {
    const said = event.payload(args);
    const words = said !== null && typeof said === "object" ? (/** @type {any} */ (said).data ?? said) : said;
    this.#add(kind, sender, plain(words));
  }

  /**
   * @param {string} kind
   * @param {string} sender
   * @param {string} text
   */
  #add(kind, sender, text) {
    const lines = this.#lines;
    const atEnd = lines.scrollHeight - lines.scrollTop - lines.clientHeight < 48;
    const line = document.createElement("li");
    line.className = kind;
    const who = document.createElement("b");
    who.textContent = sender;
    const words = document.createElement("span");
    words.textContent = text;
    line.append(who, words);
    lines.append(line);
    while (lines.children.length > MOST_LINES) lines.firstElementChild?.remove();
    if (atEnd) lines.scrollTop = lines.scrollHeight;
    if (this.#sheet.shown || kind === "press" || this.#always()) return;
    this.#count += 1;
    this.#badge();
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

/** @param {unknown} value */
function plain(value) {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}
