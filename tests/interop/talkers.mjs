// Every client of the matrix behind one face: it says, asks, and keeps what it hears.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import vm from "node:vm";
import WebSocket from "ws";
import { io as io48 } from "socket.io-client";
import { io as io40 } from "socket.io-client-4.0";
import { Socket } from "../../web/socket.js";
import { Program, built, here, python, until } from "./rig.mjs";

/** Binary data as `{base64: text}` and everything else as JSON has it, from whichever world it comes. */
export function plain(value) {
  if (Array.isArray(value)) return Array.from(value, plain);
  if (ArrayBuffer.isView(value)) {
    return { base64: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64") };
  }
  if (Object.prototype.toString.call(value) === "[object ArrayBuffer]") return plain(new Uint8Array(value));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}

/** A WebSocket that takes any certificate, as a browser does whose user said so. */
class Trusting extends WebSocket {
  constructor(url) {
    super(url, { rejectUnauthorized: false });
  }
}

/** A client in this process. */
class Talker {
  /** Names and arguments in order, telemetry apart. */
  heard = [];

  hear(name, ...args) {
    if (name !== "telemetry") this.heard.push(plain([name, ...args]));
  }

  get welcomed() {
    return this.heard.some(([name]) => name === "welcome");
  }
}

/** socket.io-client, whichever version. */
class Official extends Talker {
  constructor(io, url, transport) {
    super();
    const options = { rejectUnauthorized: false, reconnection: false, forceNew: true, transports: [transport] };
    this.socket = io(url, options);
    this.socket.onAny((...event) => this.hear(...event));
  }

  connected() {
    return until("a connection", () => this.socket.connected);
  }

  say(name, ...args) {
    this.socket.emit(name, ...args);
  }

  ask(name, ...args) {
    return new Promise((resolve) => this.socket.emit(name, ...args, (...answer) => resolve(plain(answer))));
  }

  end() {
    this.socket.disconnect();
  }
}

/** The global `io` of pages, as they load it. */
class Classic extends Official {
  static script = readFileSync(new URL("../../web/classic.js", import.meta.url), "utf8");

  constructor(url) {
    const globals = { WebSocket: Trusting, URL, location: { href: `${url}/chat.html` }, setTimeout, clearTimeout };
    globals.console = { warn: () => {} };
    vm.runInContext(Classic.script, vm.createContext(globals));
    super(() => globals.io(), url);
  }
}

/** The client of our own page. It counts as connected once it was greeted. */
class Page extends Talker {
  constructor(url, greeting) {
    super();
    const address = `${url.replace("https", "wss")}/socket.io/?EIO=4&transport=websocket`;
    this.socket = new Socket(address, { WebSocket: Trusting, greeting });
    for (const name of Page.listensTo) this.socket.on(name, (...args) => this.hear(name, ...args));
    this.socket.open();
  }

  connected() {
    return until("a greeting", () => this.welcomed);
  }

  get welcomed() {
    return this.socket.ready;
  }

  say(name, ...args) {
    assert.ok(this.socket.emit(name, ...args), `${name} could not be sent`);
  }

  async ask(name, ...args) {
    const answer = await this.socket.request(name, args);
    return answer === undefined ? [] : [plain(answer)];
  }

  end() {
    this.socket.close();
  }
}

/** A program that reads and writes JSON lines, as talk.py says. */
class Spoken extends Program {
  heard = [];
  #answers = [];

  hear(line) {
    const said = JSON.parse(line);
    if (said.connected) this.lines.push(line);
    if (said.heard !== undefined) this.heard.push([said.heard, ...said.args]);
    if (said.answered) this.#answers.push(said.answered);
  }

  get welcomed() {
    return this.heard.some(([name]) => name === "welcome");
  }

  connected() {
    return this.says("that it is connected", (line) => line);
  }

  say(emit, ...args) {
    this.#tell({ emit, args: plain(args), ack: false });
  }

  ask(emit, ...args) {
    this.#tell({ emit, args: plain(args), ack: true });
    return until(`an answer to ${emit}\n${this.errors}`, () => this.#answers.shift());
  }

  end() {
    this.child.stdin.end();
    return this.ended;
  }

  #tell(words) {
    this.child.stdin.write(`${JSON.stringify(words)}\n`);
  }
}

function spokenPython(kind) {
  return (url, transport) => {
    assert.ok(existsSync(python), `${python} is not there: run \`make test\`, which installs it, or set JOYWIRE_PYTHON`);
    // requests lets these variables win over ssl_verify=False.
    return new Spoken(python, [here("talk.py"), kind, url, transport], { REQUESTS_CA_BUNDLE: "", CURL_CA_BUNDLE: "" });
  };
}

const BOTH = ["websocket", "polling"];
const ALONE = ["websocket"];

/**
 * The clients: how each is started, what it speaks, and what it cannot or only hears, with the note that says why.
 * `escapes`: it writes letters outside ASCII as JSON escapes.
 * @param {string} greeting an event that everybody hears soon after connecting
 * @param {string[]} names of the events that will be heard, for a client that cannot listen to all
 */
export function talkers(greeting, names) {
  Page.listensTo = names;
  return [
    { name: "socket.io-client 4.0", transports: BOTH, start: (...where) => new Official(io40, ...where) },
    { name: "socket.io-client 4.8", transports: BOTH, start: (...where) => new Official(io48, ...where) },
    { name: "python-socketio 5, sync", transports: BOTH, start: spokenPython("sync"), escapes: true },
    { name: "python-socketio 5, asyncio", transports: BOTH, start: spokenPython("asyncio"), escapes: true },
    {
      name: "our page (web/socket.js)",
      transports: ALONE,
      start: (url) => new Page(url, greeting),
      cannot: { binary: "the page has no use for binary data: it neither sends it nor minds it" },
    },
    { name: "our global io (web/classic.js)", transports: ALONE, start: (url) => new Classic(url) },
    {
      name: "our Rust client (src/socketio)",
      transports: ALONE,
      start: (url) => new Spoken(built("talk"), [url]),
      mute: { binary: "hears binary data, and sends none" },
    },
  ];
}

/** Who looks on: the newest official client. */
export function onlooker(url) {
  return new Official(io48, url, "websocket");
}
