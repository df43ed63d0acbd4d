// Our Socket.IO client: WebSocket only, newest value wins, and nothing said offline is ever said later.
import { t } from "./words.js";

/**
 * @typedef {{kind: "open", data: {pingInterval: number, pingTimeout: number}}
 *   | {kind: "close"} | {kind: "ping"} | {kind: "connect"} | {kind: "disconnect"}
 *   | {kind: "refused", why: string}
 *   | {kind: "event", args: unknown[]} | {kind: "ack", id: number, args: unknown[]}} Packet
 */

/**
 * Writes an event as an Engine.IO 4 / Socket.IO 5 text packet.
 * @param {string} name
 * @param {unknown[]} args
 * @param {number} [id] of the acknowledgement that is wanted
 */
export function encode(name, args, id) {
  return `42${id ?? ""}${JSON.stringify([name, ...args])}`;
}

/**
 * Reads a text packet; `null` for anything this client does not speak (binary, namespaces, damage).
 * @param {unknown} text
 * @returns {Packet | null}
 */
export function decode(text) {
  if (typeof text !== "string") return null;
  if (text.startsWith("2")) return { kind: "ping" };
  if (text === "1") return { kind: "close" };
  try {
    if (text.startsWith("0")) return { kind: "open", data: JSON.parse(text.slice(1)) };
    const found = /^4([0-4])(\d*)([[{].*)?$/s.exec(text);
    if (!found) return null;
    const [, type, id, body] = found;
    const data = body === undefined ? undefined : JSON.parse(body);
    if (type === "0") return { kind: "connect" };
    if (type === "1") return { kind: "disconnect" };
    if (type === "4") return { kind: "refused", why: String(data?.message ?? t("socket.refused")) };
    if (!Array.isArray(data)) return null;
    if (type === "2") return typeof data[0] === "string" ? { kind: "event", args: data } : null;
    return id ? { kind: "ack", id: Number(id), args: data } : null;
  } catch {
    return null;
  }
}

/** Times in milliseconds; `retry` is the first and the longest pause between attempts. */
const TIMES = { retry: [250, 5000], greeting: 5000, silence: 5000, watch: 250, backlog: 5, ack: 3000 };

/** One connection that heals itself. It counts as ready once the relay's greeting arrived. */
export class Socket {
  /** Called when the relay has greeted, before the greeting's own listeners. */
  onready = () => {};
  /** Called with a sentence when a connection or an attempt at one has ended. @type {(why: string) => void} */
  onlost = () => {};
  /** What the relay is told of us at the next connection. @type {Record<string, unknown>} */
  auth = {};

  #url;
  #greeting;
  #times;
  #WebSocket;
  /** @type {WebSocket | null} */
  #wire = null;
  #ready = false;
  #wanted = false;
  #attempts = 0;
  #heardAt = 0;
  #openedAt = 0;
  #patience = Infinity;
  #ackId = 0;
  /** @type {Map<string, Set<(...args: unknown[]) => void>>} */
  #listeners = new Map();
  /** @type {Map<number, {done: (args: unknown[]) => void, fail: (error: Error) => void}>} */
  #acks = new Map();
  /** @type {Map<string, unknown>} */
  #slots = new Map();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #retry;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #drain;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #watch;

  /**
   * @param {string} url of the relay's Socket.IO endpoint, `wss://…`
   * @param {{greeting?: string, times?: Partial<typeof TIMES>, WebSocket?: new (url: string) => any}} [options]
   */
  constructor(url, options = {}) {
    this.#url = url;
    this.#greeting = options.greeting ?? "welcome";
    this.#times = { ...TIMES, ...options.times };
    this.#WebSocket = options.WebSocket ?? globalThis.WebSocket;
  }

  /** Whether events can be sent now. */
  get ready() {
    return this.#ready;
  }

  /** Since anything was heard, ms; of a connection that is just being made, since its beginning. */
  get silence_ms() {
    return Date.now() - this.#heardAt;
  }

  /**
   * @param {string} name
   * @param {(...args: any[]) => void} listener
   */
  on(name, listener) {
    const set = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, set.add(listener));
    return this;
  }

  /** Connects, and reconnects until `close`. */
  open() {
    this.#wanted = true;
    if (!this.#wire) this.#connect();
  }

  /** Ends the connection for good. */
  close() {
    this.#wanted = false;
    clearTimeout(this.#retry);
    this.#drop(t("socket.closed"));
  }

  /** Ends this connection and makes another at once, at which the relay is told what `auth` says by now. */
  renew() {
    this.#drop(t("socket.closed"));
    this.hurry();
  }

  /** Tries at once instead of waiting for the next attempt: the network came back, or the person did. */
  hurry() {
    this.#attempts = 0;
    if (this.#wanted && !this.#wire) this.#connect();
  }

  /**
   * Sends an event now, or not at all.
   * @param {string} name
   * @param {...unknown} args
   * @returns {boolean} false if there is no connection: nothing is kept for later
   */
  emit(name, ...args) {
    return this.#ready && this.#send(encode(name, args));
  }

  /**
   * Sends an event and waits for its acknowledgement.
   * @param {string} name
   * @param {unknown[]} args
   * @param {number} [patience] ms
   * @returns {Promise<any>} the acknowledgement's first argument
   */
  request(name, args, patience = this.#times.ack) {
    if (!this.#ready) return Promise.reject(new Error(t("socket.offline")));
    const id = (this.#ackId += 1);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => end(() => reject(new Error(t("socket.noAnswer", { name, ms: patience })))), patience);
      const end = (/** @type {() => void} */ how) => {
        clearTimeout(timer);
        this.#acks.delete(id);
        how();
      };
      this.#acks.set(id, {
        done: (answer) => end(() => resolve(answer[0])),
        fail: (error) => end(() => reject(error)),
      });
      this.#send(encode(name, args, id));
    });
  }

  /**
   * Sends the newest value of an event: while the wire is busy it waits in a slot, where a newer one replaces it.
   * @param {string} name
   * @param {unknown} value
   * @returns {boolean} true once handed to the wire; false if it waits or was thrown away for want of a connection
   */
  latest(name, value) {
    if (!this.#ready || !this.#wire) return false;
    this.#slots.set(name, value);
    this.#flush();
    return !this.#slots.has(name);
  }

  #flush() {
    clearTimeout(this.#drain);
    for (const [name, value] of this.#slots) {
      if (!this.#wire || this.#wire.bufferedAmount > 0) break;
      this.#slots.delete(name);
      this.#send(encode(name, [value]));
    }
    if (this.#slots.size > 0) this.#drain = setTimeout(() => this.#flush(), this.#times.backlog);
  }

  /** @param {string} text */
  #send(text) {
    if (this.#wire?.readyState !== 1) return false;
    this.#wire.send(text);
    return true;
  }

  #connect() {
    clearTimeout(this.#retry);
    const wire = new this.#WebSocket(this.#url);
    this.#wire = wire;
    this.#openedAt = this.#heardAt = Date.now();
    this.#patience = Infinity;
    wire.onmessage = (/** @type {MessageEvent} */ message) => {
      if (this.#wire === wire) this.#hear(message.data);
    };
    wire.onclose = wire.onerror = () => {
      if (this.#wire === wire) this.#drop(t("socket.broke"));
    };
    this.#watch = setInterval(() => this.#guard(), this.#times.watch);
  }

  /** A connection can be dead for a minute before anybody closes it, so silence counts as the end. */
  #guard() {
    const now = Date.now();
    const silence = now - this.#heardAt;
    if (!this.#ready && now - this.#openedAt > this.#times.greeting) this.#drop(t("socket.silent"));
    else if (silence > Math.min(this.#times.silence, this.#patience)) {
      this.#drop(t("socket.quiet", { n: Math.round(silence / 1000) }));
    }
  }

  /** @param {unknown} text */
  #hear(text) {
    this.#heardAt = Date.now();
    const packet = decode(text);
    switch (packet?.kind) {
      case "open":
        this.#patience = packet.data.pingInterval + packet.data.pingTimeout;
        this.#send(`40${JSON.stringify(this.auth)}`);
        break;
      case "ping":
        this.#send("3");
        break;
      case "event":
        this.#deliver(packet.args);
        break;
      case "ack":
        this.#acks.get(packet.id)?.done(packet.args);
        break;
      case "refused":
        this.#drop(packet.why);
        break;
      case "close":
      case "disconnect":
        this.#drop(t("socket.ended"));
        break;
      default:
        break;
    }
  }

  /** @param {unknown[]} args name first */
  #deliver([name, ...args]) {
    if (name === this.#greeting && !this.#ready) {
      this.#ready = true;
      this.#attempts = 0;
      this.onready();
    }
    for (const listener of this.#listeners.get(String(name)) ?? []) listener(...args);
  }

  /** @param {string} why */
  #drop(why) {
    const wire = this.#wire;
    this.#wire = null;
    this.#ready = false;
    this.#slots.clear();
    clearTimeout(this.#drain);
    clearInterval(this.#watch);
    wire?.close();
    for (const ack of [...this.#acks.values()]) ack.fail(new Error(why));
    if (this.#wanted) {
      const [first, longest] = this.#times.retry;
      const pause = Math.min(first * 2 ** this.#attempts, longest) * (0.75 + Math.random() / 2);
      this.#attempts += 1;
      this.#retry = setTimeout(() => this.#connect(), pause);
    }
    if (wire) this.onlost(why);
  }
}
