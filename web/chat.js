// Chat, the robot's replies, and the name under which this page speaks; everything is shown as plain text.
import * as event from "./events.js";
import { part, write } from "./hud.js";

const BIRDS = ["Heron", "Robin", "Kestrel", "Wren", "Plover", "Swift", "Puffin", "Curlew", "Osprey", "Finch", "Dipper", "Tern"];
const COLOURS = ["Blue", "Amber", "Coral", "Jade", "Silver", "Indigo", "Scarlet", "Golden", "Violet", "Copper"];
const STORE = "joywire.name";
const LONGEST_NAME = 32;
const MOST_LINES = 200;

/** @param {string[]} list */
const any = (list) => list[Math.floor(Math.random() * list.length)];

function storedName() {
  try {
    const name = localStorage.getItem(STORE) ?? `${any(COLOURS)} ${any(BIRDS)}`;
    localStorage.setItem(STORE, name);
    return name;
  } catch {
    return `${any(COLOURS)} ${any(BIRDS)}`;
  }
}

/** The chat sheet. */
export class Chat {
  name = storedName();
  #lines = part("chat-lines");
  #sheet = part("chat");
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
    socket.auth = { name: this.name };
    name.addEventListener("change", () => {
      this.#rename(name);
      socket.auth = { name: this.name };
    });
    part("chat-form").addEventListener("submit", (submit) => {
      submit.preventDefault();
      const line = text.value.trim();
      if (!line) return;
      if (socket.emit(event.CHAT, line, this.name)) text.value = "";
      else refuse("No connection: the message was not sent", "chat");
    });
    this.#toggle.addEventListener("click", () => this.show(!this.shown));
    part("chat-close").addEventListener("click", () => {
      this.show(false);
      this.#toggle.focus();
    });
    this.#sheet.addEventListener("keydown", (key) => {
      if (key.key !== "Escape") return;
      this.show(false);
      this.#toggle.focus();
    });
    socket.on(event.CHAT, (...args) => this.#chat(args));
    socket.on(event.REPLY, (...args) => this.#said("reply", "Robot", args));
    socket.on(event.NOTICES, (...args) => this.#said("notice", "Notice", args));
    socket.on(event.DIRECTION, (...args) => this.#add("press", "Button", plain(event.payload(args))));
  }

  get shown() {
    return document.body.classList.contains("chatting");
  }

  /** @param {boolean} shown */
  show(shown) {
    document.body.classList.toggle("chatting", shown);
    this.#toggle.setAttribute("aria-expanded", String(shown));
    if (!shown) return;
    this.#count = 0;
    this.#badge();
    this.#lines.scrollTop = this.#lines.scrollHeight;
  }

  /** @param {HTMLInputElement} input */
  #rename(input) {
    this.name = input.value.trim().slice(0, LONGEST_NAME) || storedName();
    input.value = this.name;
    try {
      localStorage.setItem(STORE, this.name);
    } catch {
      // Private windows may forget it.
    }
  }

  /** @param {unknown[]} args */
  #chat(args) {
    const list = args.length === 1 && Array.isArray(args[0]) ? args[0] : args;
    const sender = typeof list[1] === "string" && list[1] !== "" ? list[1].slice(0, LONGEST_NAME) : "Somebody";
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
    if (this.shown || kind === "press" || this.#sheetOpen()) return;
    this.#count += 1;
    this.#badge();
  }

  /** On a wide screen the chat is always there. */
  #sheetOpen() {
    return getComputedStyle(this.#toggle).display === "none";
  }

  #badge() {
    this.#unread.hidden = this.#count === 0;
    write(this.#unread, this.#count > 9 ? "9+" : String(this.#count));
    this.#toggle.setAttribute("aria-label", this.#count ? `Chat, ${this.#count} unread` : "Chat");
  }
}

/** @param {unknown} value */
function plain(value) {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}
