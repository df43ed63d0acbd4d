// A classic script with a global `io`, so that pages written for the stock Socket.IO bundle run here unmodified.
"use strict";

(() => {
  const RETRY_MS = [500, 5000];
  const SETTLE_MS = 10_000;
  const MOST_WAITING = 100;
  /** Events that move a robot: said late they would move it late, so offline they are thrown away. */
  const MOTION = new Set(["direction", "drive"]);
  const SAID = new Set();

  /** @typedef {((...args: any[]) => void) & {listener?: Listener}} Listener `listener`: whom it stands for, once */
  /** @typedef {Record<string, unknown> | ((tell: (auth: Record<string, unknown>) => void) => void)} Auth */
  /** @typedef {{ackTimeout?: number, retries?: number, auth?: Auth, autoConnect?: boolean, reconnection?: boolean}} Options */
  /** @typedef {{kind: string, id: string, data: any, wanted: number, parts: ArrayBuffer[]}} Packet */

  /** Says once what this script is not. @param {string} what */
  function warn(what) {
    if (!SAID.has(what)) console.warn(`joywire: this \`io\` ${what}`);
    SAID.add(what);
  }

  /** @param {unknown} value @returns {value is ArrayBuffer | ArrayBufferView | Blob} */
  function isBinary(value) {
    // By its tag, as what comes from another window is no instance of anything here.
    const kind = Object.prototype.toString.call(value);
    return ArrayBuffer.isView(value) || ["[object ArrayBuffer]", "[object Blob]", "[object File]"].includes(kind);
  }

  /**
   * Puts a number where JSON cannot carry what is there, and keeps that for later.
   * @param {any} value
   * @param {Array<ArrayBuffer | ArrayBufferView | Blob>} parts
   * @returns {any}
   */
  function takeOut(value, parts) {
    if (isBinary(value)) return { _placeholder: true, num: parts.push(value) - 1 };
    if (Array.isArray(value)) return value.map((item) => takeOut(item, parts));
    if (typeof value !== "object" || value === null || typeof value.toJSON === "function") return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, takeOut(item, parts)]));
  }

  /**
   * The reverse of it.
   * @param {any} value
   * @param {ArrayBuffer[]} parts
   * @returns {any}
   */
  function putBack(value, parts) {
    if (typeof value !== "object" || value === null) return value;
    if (value._placeholder === true) return parts[value.num];
    for (const key of Object.keys(value)) value[key] = putBack(value[key], parts);
    return value;
  }

  class Client {
    connected = false;
    /** @type {string | undefined} */
    id = undefined;
    /** @type {Auth} sent along with every connection */
    auth;
    #url;
    #options;
    #wanted = false;
    #attempts = 0;
    #ackId = 0;
    /** @type {WebSocket | null} */
    #wire = null;
    /** @type {Map<string, Set<Listener>>} */
    #listeners = new Map();
    /** @type {Set<Listener>} */
    #all = new Set();
    /** @type {Map<number, Listener>} */
    #acks = new Map();
    /** @type {Array<{name: string, args: unknown[], limit: number | undefined}>} */
    #waiting = [];
    /** @type {Packet | null} what came without its binary data so far */
    #incomplete = null;
    /** What the relay takes, bytes: a longer event would cost the connection. */
    #most = Infinity;
    /** @type {number | undefined} */
    #timer;
    /** @type {number | undefined} */
    #watchdog;

    /**
     * @param {string} url
     * @param {Options} options
     */
    constructor(url, options) {
      this.#url = url;
      this.#options = options;
      this.auth = options.auth ?? {};
      if (options.autoConnect !== false) this.connect();
    }

    get disconnected() {
      return !this.connected;
    }

    /** Whether it is connected or tries to be. */
    get active() {
      return this.#wanted;
    }

    /**
     * @param {string} name
     * @param {Listener} listener
     */
    on(name, listener) {
      const set = this.#listeners.get(name) ?? new Set();
      this.#listeners.set(name, set.add(listener));
      return this;
    }

    /**
     * @param {string} name
     * @param {Listener} listener
     */
    once(name, listener) {
      /** @type {Listener} */
      const first = (...args) => {
        this.off(name, first);
        listener.apply(this, args);
      };
      return this.on(name, Object.assign(first, { listener }));
    }

    /**
     * @param {string} [name] all events if there is none
     * @param {Listener} [listener] all of the event's if there is none
     */
    off(name, listener) {
      if (name === undefined) this.#listeners.clear();
      else if (!listener) this.#listeners.delete(name);
      else {
        const set = this.#listeners.get(name) ?? new Set();
        for (const each of set) if (each === listener || each.listener === listener) set.delete(each);
      }
      return this;
    }

    /**
     * @param {string} name
     * @param {Listener} [listener]
     */
    removeListener(name, listener) {
      return this.off(name, listener);
    }

    /** @param {string} [name] */
    removeAllListeners(name) {
      return this.off(name);
    }

    /** Hears every event of the server, its name first. @param {Listener} listener */
    onAny(listener) {
      this.#all.add(listener);
      return this;
    }

    /** @param {Listener} [listener] all of them if there is none */
    offAny(listener) {
      if (listener) this.#all.delete(listener);
      else this.#all.clear();
      return this;
    }

    /** Says what follows now or never. */
    get volatile() {
      const emit = (/** @type {string} */ name, /** @type {any[]} */ ...args) => {
        if (this.connected) this.#say(name, args);
        return this;
      };
      return { emit };
    }

    /** Asks what follows with a time limit: the callback is told of an error first. @param {number} ms */
    timeout(ms) {
      const emit = (/** @type {string} */ name, /** @type {any[]} */ ...args) => this.#emit(name, args, ms);
      const emitWithAck = (/** @type {string} */ name, /** @type {any[]} */ ...args) => this.#ask(name, args, ms);
      return { emit, emitWithAck };
    }

    /**
     * @param {string} name
     * @param {...any} args
     * @returns {Promise<any>}
     */
    emitWithAck(name, ...args) {
      return this.#ask(name, args, this.#options.ackTimeout);
    }

    /** The stock client's manager, as far as pages look at it. */
    get io() {
      warn("has no manager: listen to connect, disconnect and connect_error of the socket instead");
      const manager = { on: () => manager, once: () => manager, off: () => manager };
      return manager;
    }

    /** @param {...any} args */
    send(...args) {
      return this.#emit("message", args);
    }

    /**
     * @param {string} name
     * @param {...any} args the last may be a function: it is called with the acknowledgement
     */
    emit(name, ...args) {
      return this.#emit(name, args);
    }

    /**
     * @param {string} name
     * @param {any[]} args
     * @param {number} [limit]
     */
    #emit(name, args, limit) {
      if (this.connected) this.#say(name, args, limit);
      else if (!MOTION.has(name)) {
        this.#waiting.push({ name, args, limit });
        if (this.#waiting.length > MOST_WAITING) this.#waiting.shift();
      }
      return this;
    }

    connect() {
      if (this.#wanted) return this;
      this.#wanted = true;
      this.#attempts = 0;
      this.#dial();
      return this;
    }

    open() {
      return this.connect();
    }

    disconnect() {
      if (!this.#wanted) return this;
      this.#wanted = false;
      this.#send("41");
      this.#drop("io client disconnect");
      return this;
    }

    close() {
      return this.disconnect();
    }

    /**
     * @param {string} name
     * @param {any[]} args
     * @param {number} [limit]
     * @returns {Promise<any>}
     */
    #ask(name, args, limit) {
      return new Promise((resolve, reject) => {
        const told = (/** @type {Error | null} */ error, /** @type {any} */ answer) => (error ? reject(error) : resolve(answer));
        // With a limit, be it none at all, the callback is told of an error first.
        this.#emit(name, [...args, told], limit ?? Infinity);
      });
    }

    /**
     * @param {string} name
     * @param {any[]} args
     * @param {number} [limit] of this call
     */
    #say(name, args, limit) {
      const last = args.at(-1);
      if (typeof last !== "function") {
        this.#write(2, "", [name, ...args]);
        return;
      }
      this.#ackId += 1;
      const id = this.#ackId;
      const { ackTimeout, retries } = limit === undefined ? this.#options : { ackTimeout: limit, retries: undefined };
      // As in the stock client: with a time limit the callback is told of an error first.
      const errorFirst = ackTimeout !== undefined || retries !== undefined;
      const late = () => this.#settle(id, [new Error("operation has timed out")]);
      const timer = ackTimeout && Number.isFinite(ackTimeout) ? setTimeout(late, ackTimeout) : undefined;
      this.#acks.set(id, (...answer) => {
        clearTimeout(timer);
        if (errorFirst && !(answer[0] instanceof Error)) last(null, ...answer);
        else if (errorFirst || !(answer[0] instanceof Error)) last(...answer);
      });
      this.#write(2, String(id), [name, ...args.slice(0, -1)]);
    }

    /**
     * Writes an event (2) or an acknowledgement (3), and what is binary in it after that.
     * @param {2 | 3} type
     * @param {string} id of the acknowledgement
     * @param {any[]} data
     */
    #write(type, id, data) {
      /** @type {Array<ArrayBuffer | ArrayBufferView | Blob>} */
      const parts = [];
      const text = JSON.stringify(takeOut(data, parts));
      const length = parts.reduce((sum, part) => sum + ("size" in part ? part.size : part.byteLength), text.length);
      if (length > this.#most) {
        warn(`does not send ${length} bytes at once (${type === 2 ? data[0] : "acknowledgement"}): ${this.#most} is the most`);
        return;
      }
      this.#send(`4${parts.length > 0 ? `${type + 3}${parts.length}-` : type}${id}${text}`);
      for (const part of parts) this.#send(part);
    }

    /**
     * @param {number} id
     * @param {any[]} answer
     */
    #settle(id, answer) {
      const ack = this.#acks.get(id);
      this.#acks.delete(id);
      ack?.(...answer);
    }

    /** @param {string | ArrayBuffer | ArrayBufferView | Blob} data */
    #send(data) {
      if (this.#wire?.readyState === WebSocket.OPEN) this.#wire.send(/** @type {any} */ (data));
    }

    #dial() {
      clearTimeout(this.#timer);
      const wire = new WebSocket(this.#url);
      this.#wire = wire;
      this.#expect(SETTLE_MS);
      wire.binaryType = "arraybuffer";
      wire.onmessage = ({ data }) => {
        if (this.#wire !== wire) return;
        if (typeof data === "string") this.#hear(data);
        else this.#complete(data);
      };
      wire.onclose = wire.onerror = () => {
        if (this.#wire === wire) this.#drop("transport close");
      };
    }

    /**
     * The connection counts as dead if nothing is heard for so long.
     * @param {number} ms
     */
    #expect(ms) {
      clearTimeout(this.#watchdog);
      this.#watchdog = setTimeout(() => this.#drop("ping timeout"), ms);
    }

    /** @type {number} */
    #patience = SETTLE_MS;

    /** @param {string} text */
    #hear(text) {
      this.#expect(this.#patience);
      const [, kind = "", count = "", id = "", body = "null"] = /^([0-3]|4[0-6])(?:(\d+)-)?(\d*)(.*)$/s.exec(text) ?? [];
      /** @type {any} */
      let data;
      try {
        data = JSON.parse(body || "null");
      } catch {
        return;
      }
      if (kind.startsWith("4")) this.#incomplete = null;
      switch (kind) {
        case "0":
          this.#patience = data.pingInterval + data.pingTimeout;
          this.#introduce();
          break;
        case "2":
          this.#send("3");
          break;
        case "40":
          this.#welcome(data);
          break;
        case "42":
        case "43":
          this.#deliver(kind, id, data);
          break;
        case "45":
        case "46":
          this.#incomplete = { kind: kind === "45" ? "42" : "43", id, data, wanted: Number(count), parts: [] };
          break;
        case "44":
          this.#tell("connect_error", [new Error(data?.message ?? "refused")]);
          this.#wanted = false;
          this.#drop("refused");
          break;
        case "41":
          this.#wanted = false;
          this.#drop("io server disconnect");
          break;
        case "1":
          this.#drop("transport close");
          break;
        default:
          break;
      }
    }

    /** @param {ArrayBuffer} part of what came before */
    #complete(part) {
      this.#expect(this.#patience);
      const packet = this.#incomplete;
      if (!packet || packet.parts.push(part) < packet.wanted) return;
      this.#incomplete = null;
      this.#deliver(packet.kind, packet.id, putBack(packet.data, packet.parts));
    }

    /**
     * @param {string} kind
     * @param {string} id
     * @param {any} data
     */
    #deliver(kind, id, data) {
      if (kind === "43") {
        this.#settle(Number(id), data);
        return;
      }
      if (data[0] === "welcome") this.#most = data[1]?.limits?.event_bytes ?? Infinity;
      for (const listener of [...this.#all]) listener.apply(this, data);
      this.#tell(data[0], this.#answering(data.slice(1), id));
    }

    #introduce() {
      const tell = (/** @type {Record<string, unknown>} */ auth) => this.#send(`40${JSON.stringify(auth)}`);
      if (typeof this.auth === "function") this.auth(tell);
      else tell(this.auth);
    }

    /** @param {{sid?: string} | null} data */
    #welcome(data) {
      this.connected = true;
      this.#attempts = 0;
      this.id = data?.sid;
      const waiting = this.#waiting;
      this.#waiting = [];
      this.#tell("connect", []);
      for (const { name, args, limit } of waiting) this.#say(name, args, limit);
    }

    /**
     * A listener may acknowledge: its last argument is then a function.
     * @param {any[]} args
     * @param {string} id
     */
    #answering(args, id) {
      if (id === "") return args;
      return [...args, (/** @type {any[]} */ ...answer) => this.#write(3, id, answer)];
    }

    /**
     * @param {string} name
     * @param {any[]} args
     */
    #tell(name, args) {
      for (const listener of [...(this.#listeners.get(name) ?? [])]) listener.apply(this, args);
    }

    /** @param {string} why */
    #drop(why) {
      const wire = this.#wire;
      const was = this.connected;
      this.#wire = null;
      this.connected = false;
      this.id = undefined;
      this.#incomplete = null;
      this.#most = Infinity;
      this.#patience = SETTLE_MS;
      clearTimeout(this.#watchdog);
      wire?.close();
      for (const id of [...this.#acks.keys()]) this.#settle(id, [new Error("socket has been disconnected")]);
      clearTimeout(this.#timer);
      if (this.#options.reconnection === false) this.#wanted = false;
      if (this.#wanted) {
        const [first = 0, longest = 0] = RETRY_MS;
        const pause = Math.min(first * 2 ** this.#attempts, longest) * (0.5 + Math.random());
        this.#attempts += 1;
        this.#timer = setTimeout(() => this.#dial(), pause);
      }
      if (was) this.#tell("disconnect", [why]);
      else if (why !== "refused" && why !== "io client disconnect") {
        this.#tell("connect_error", [new Error("websocket error")]);
      }
    }
  }

  /**
   * @param {string | Options} [url] of the page's own server if there is none
   * @param {Options} [options]
   */
  function io(url, options) {
    if (typeof url === "object") return io(undefined, url);
    warn("speaks WebSocket only; no polling, namespaces or re-sending");
    const place = new URL(url ?? "/", location.href);
    if (place.pathname !== "/" && url?.startsWith("/")) {
      warn(`has no namespaces: ${place.pathname} is the same as /, and everyone there hears it`);
    }
    place.protocol = place.protocol.replace("http", "ws");
    place.pathname = "/socket.io/";
    place.search = "?EIO=4&transport=websocket";
    place.hash = "";
    return new Client(place.href, options ?? {});
  }

  Object.assign(globalThis, { io: Object.assign(io, { io, connect: io }) });
})();
