// A house where everyone must pair: invitations, devices that were let in before, and somebody who only watches.
import assert from "node:assert/strict";
import { request } from "node:https";
import { setTimeout as pause } from "node:timers/promises";
import { io } from "socket.io-client";
import { Robot, until } from "./harness.mjs";

/** Everyone must pair, also this machine's own browsers; nothing is told to the network that the test runs in. */
const STRICT = `[server]
host = "localhost"
trust_port = 0
mdns = false
[access]
local_operator = false
`;

/** The program, open to phones. */
export class House extends Robot {
  /** Sources of requests so far: each address of this machine may show so many codes. */
  #sources = 1;

  /** @param {{args?: string[], command?: string, terminal?: boolean}} [options] */
  static open({ args = [], ...more } = {}) {
    return this.start(STRICT, { args: ["--public", ...args], ...more });
  }

  /** The address that `joywire pair` prints. */
  async invitation(role, ...more) {
    return (await this.pairs(/https:\/\/\S+\/p#\S+(?=\s)/, role, ...more))[0];
  }

  /** What `joywire pair` prints that fits. @param {RegExp} what */
  async pairs(what, role, ...more) {
    const pair = this.begin("pair", "--role", role, ...more);
    let said = "";
    for (const stream of [pair.stdout, pair.stderr]) stream.setEncoding("utf8").on("data", (text) => (said += text));
    try {
      return await until("a code", () => what.exec(said));
    } catch (error) {
      throw new Error(`${error.message}: ${said}`);
    } finally {
      pair.kill();
    }
  }

  /** Who waits and who is in. */
  async access() {
    return JSON.parse(await this.command("devices", "list", "--json"));
  }

  /** Waits until a device of that name waits. */
  waiting(name) {
    return until(`${name} to wait`, async () => (await this.access()).waiting.find((device) => device.name === name));
  }

  async approve(name) {
    await this.command("devices", "approve", String((await this.waiting(name)).id));
  }

  /** The number of a device that is in. */
  async id(name) {
    const device = (await this.access()).devices.find((device) => device.name === name);
    assert.ok(device, `${name} is not in`);
    return String(device.id);
  }

  /** Posts JSON as a device that nobody has seen before. */
  post(path, body) {
    const options = {
      method: "POST",
      host: "127.0.0.1",
      port: this.port,
      path,
      headers: { host: `localhost:${this.port}`, "content-type": "application/json" },
      localAddress: `127.0.0.${1 + this.#sources}`,
      rejectUnauthorized: false,
    };
    return new Promise((resolve, reject) => {
      const asked = request(options, (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (more) => (text += more));
        answer.on("end", () => resolve({ answer: JSON.parse(text), cookie: answer.headers["set-cookie"]?.[0] }));
      });
      asked.on("error", reject).end(JSON.stringify(body));
    });
  }

  /** Shows a code as a device that nobody has seen before. */
  show(code, name) {
    this.#sources += 1;
    return this.post("/pair", { code, name });
  }

  /**
   * A device that was let in at some earlier time; returns its cookies, as a browser keeps them.
   * @param {"viewer" | "driver" | "operator"} role
   */
  async guest(role, name) {
    let { answer, cookie } = await this.show((await this.invitation(role)).split("#")[1], name);
    if (answer.status === "waiting") {
      await this.approve(name);
      ({ answer, cookie } = await this.post("/pair/wait", { ticket: answer.ticket }));
    }
    assert.equal(answer.status, "admitted", JSON.stringify(answer));
    const [key, value] = cookie.split(";")[0].split("=");
    return [{ name: key, value, url: `${this.url}/`, secure: true, httpOnly: true, sameSite: "Strict" }];
  }

  /** Somebody who was let in and has no page: hears everything, and says what a test wants to be said. */
  async listener(role, name) {
    const listener = new Listener(this.url, await this.guest(role, name));
    await until("a greeting", () => listener.welcome);
    return listener;
  }
}

/** What the robot and the relay tell everyone, as it came. */
export class Listener {
  /** Every `seat` event. @type {{epoch: number, holder: {id: number, name: string} | null}[]} */
  seats = [];
  /** Every `telemetry` event, with `at`, when it came, ms. @type {any[]} */
  heard = [];
  /** @type {any} */
  welcome = null;
  #socket;

  constructor(url, [{ name, value }]) {
    const extraHeaders = { cookie: `${name}=${value}` };
    this.#socket = io(url, { transports: ["websocket"], extraHeaders, rejectUnauthorized: false, forceNew: true });
    this.#socket.on("welcome", (welcome) => {
      this.welcome = welcome;
      this.seats.push(welcome.seat);
    });
    this.#socket.on("seat", (seat) => this.seats.push(seat));
    this.#socket.on("telemetry", (telemetry) => this.heard.push({ ...telemetry, at: performance.now() }));
  }

  close() {
    this.#socket.close();
  }

  /** The newest of each. */
  get seat() {
    return this.seats.at(-1);
  }

  get wheels() {
    return this.heard.at(-1)?.wheels ?? [];
  }

  get turning() {
    return this.wheels.some((wheel) => wheel !== 0);
  }

  /** Waits until the wheels turn forward, or backward. */
  turns(way = 1, ms = 5000) {
    return until("the wheels to turn", () => this.wheels.length > 0 && this.wheels.every((wheel) => Math.sign(wheel) === way), ms);
  }

  rests(ms = 2000) {
    return until("the wheels to rest", () => this.wheels.length > 0 && !this.turning, ms);
  }

  /** Fails if a wheel turns within `ms`. */
  async staysAtRest(ms) {
    const from = this.heard.length;
    await pause(ms);
    const since = this.heard.slice(from);
    assert.ok(since.length > 0, "nothing was heard of the robot");
    assert.deepEqual(since.filter(({ wheels }) => wheels.some((wheel) => wheel !== 0)), [], "a wheel turned");
  }

  /** Says something and returns the answer. */
  ask(event, value) {
    return this.#socket.timeout(5000).emitWithAck(event, value);
  }

  /** Opens the latch, as an operator's held finger does. */
  async unlatch() {
    const { nonce } = await this.ask("reset", {});
    await pause(this.welcome.limits.reset_hold_ms + 50);
    const reply = await this.ask("reset", { nonce });
    assert.equal(reply.ok, true, JSON.stringify(reply));
  }
}
