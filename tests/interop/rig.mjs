// A robot on a pseudo-terminal, a tap in its cable, the program at the other end, and clients that talk to it.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { io } from "socket.io-client";
import { Reader, kind } from "./frames.mjs";

export const root = fileURLToPath(new URL("../../", import.meta.url));
export const program = process.env.JOYWIRE_BIN ?? join(root, "target/debug/joywire");
export const python = process.env.JOYWIRE_PYTHON ?? join(root, "target/venv/bin/python");
/** A program of examples/, as cargo built it. */
export function built(name) {
  const path = join(dirname(program), "examples", name);
  assert.ok(existsSync(path), `${path} is not there: cargo build --examples`);
  return path;
}
export const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/** Milliseconds of CLOCK_MONOTONIC, which the tap's times count as well. */
export const now = () => Number(process.hrtime.bigint()) / 1e6;

/** Waits until `look` yields something true and returns it. */
export async function until(what, look, ms = 10_000) {
  const end = Date.now() + ms;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited ${ms} ms for ${typeof what === "function" ? what() : what}`);
    await pause(5);
  }
}

/** A program and the lines that it prints. */
export class Program {
  lines = [];
  errors = "";

  constructor(command, args, env = {}) {
    this.name = [command.split("/").pop(), ...args].join(" ");
    this.child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ["pipe", "pipe", "pipe"] });
    this.ended = new Promise((resolve) => {
      this.child.once("close", (code, signal) => resolve(code ?? signal));
      this.child.once("error", (error) => {
        this.errors += error;
        resolve(String(error));
      });
    });
    createInterface({ input: this.child.stdout }).on("line", (line) => this.hear(line));
    this.child.stderr.on("data", (text) => (this.errors += text));
  }

  hear(line) {
    this.lines.push(line);
  }

  /** The first line that `pick` makes something of. */
  says(what, pick, ms = 20_000) {
    const told = () => `${this.name} to say ${what}; it said:\n${this.lines.join("\n")}\n${this.errors}`;
    return until(
      told,
      () => {
        for (const line of this.lines) {
          const picked = pick(line);
          if (picked) return picked;
        }
        if (this.child.exitCode !== null) throw new Error(`${this.name} ended:\n${this.errors}`);
        return null;
      },
      ms,
    );
  }

  /** Ends it in order and returns its exit code. */
  end(signal = "SIGTERM") {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill(signal);
    return this.ended;
  }
}

/** The tap: every message that passes, in both directions. */
class Tap extends Program {
  toRobot = new Reader();
  toHost = new Reader();

  hear(line) {
    const { t, to, hex, path } = JSON.parse(line);
    if (path) this.lines.push(path);
    else (to === "robot" ? this.toRobot : this.toHost).push(t, Buffer.from(hex, "hex"));
  }

  end() {
    this.child.stdin.end();
    return this.ended;
  }
}

/** Robot, cable and program. */
export class Rig {
  #home = mkdtempSync(join(tmpdir(), "joywire-interop-"));
  #clients = [];

  /**
   * One program for all; or `apart`: a relay and an agent, each a program of its own; or `classic`: an agent alone, at the
   * server of that address. `args` and `env`: what the program is told beyond that.
   * @param {{apart?: boolean, classic?: string, args?: string[], env?: Record<string, string>}} how
   */
  static async start(how = {}) {
    assert.ok(existsSync(program), `${program} is not there: cargo build, or set JOYWIRE_BIN`);
    const rig = new Rig();
    try {
      await rig.#start(how);
    } catch (error) {
      await rig.stop();
      throw error;
    }
    return rig;
  }

  async #start({ apart = false, classic, args = [], env: further = {} }) {
    const env = { XDG_DATA_HOME: this.#home, XDG_CONFIG_HOME: this.#home, ...further };
    const config = join(this.#home, "empty.toml");
    writeFileSync(config, "");
    const link = join(this.#home, "robot");
    this.sim = new Program(program, ["sim", "--link", link, "--config", config], env);
    await this.sim.says("where its port is", (line) => line === link);
    this.tap = new Tap("python3", [here("tap.py"), link]);
    const port = await this.tap.says("where its port is", (line) => line);
    const end = ["--serial", port, "--config", config];
    if (classic) {
      this.url = classic;
    } else {
      const work = apart ? ["relay", "--config", config] : ["run", ...end];
      this.joywire = new Program(program, [...work, "--port", "0", ...args], env);
      [this.url] = await this.joywire.says("its address", (line) => /https:\/\/localhost:\d+/.exec(line));
    }
    if (apart || classic) {
      this.agent = new Program(program, ["agent", "--relay", this.url, ...(classic ? ["--classic"] : []), ...end], env);
      await this.agent.says("what it brings", (line) => line.startsWith("joywire brings"));
    }
  }

  /** A Node.js client that has been welcomed by a robot that is ready to drive. */
  async client(options = {}) {
    const client = new Client(this.url, options);
    this.#clients.push(client);
    await client.welcomed();
    await client.robotIs("ready");
    return client;
  }

  /** The Python client of the original. */
  async classic(transport) {
    const missing = `${python} has no python-socketio: run \`make test\`, which installs it, or set JOYWIRE_PYTHON`;
    assert.ok(existsSync(python), missing);
    // requests lets these variables win over ssl_verify=False.
    const env = { REQUESTS_CA_BUNDLE: "", CURL_CA_BUNDLE: "" };
    const classic = new Program(python, [here("classic_client.py"), this.url, transport], env);
    this.#clients.push(classic);
    await classic.says("that it is connected", (line) => line === '["connected"]');
    return classic;
  }

  /** DRIVE messages to the robot since a time. */
  drives(since = 0) {
    return this.said(kind.drive, since);
  }

  /** Messages to the robot from the first of a kind since a time on, in the order of the wire. */
  from(wanted, since) {
    const all = this.tap.toRobot.messages;
    const first = all.findIndex((message) => message.kind === wanted && message.t >= since);
    return first < 0 ? [] : all.slice(first);
  }

  /** Messages to the robot of a kind since a time. */
  said(wanted, since = 0) {
    return this.tap.toRobot.messages.filter((message) => message.kind === wanted && message.t >= since);
  }

  /** Statuses of the robot since a time. */
  statuses(since = 0) {
    return this.tap.toHost.messages.filter((message) => message.kind === kind.status && message.t >= since);
  }

  /** Waits until the robot has been told to rest at least this long. */
  rests(ms = 250) {
    return until("the robot to rest", () => {
      const lately = this.drives(now() - ms);
      return lately.length >= 3 && lately.every((drive) => drive.still);
    });
  }

  /** Sends every client home. */
  async leave() {
    for (const client of this.#clients.splice(0)) await client.end();
  }

  async stop() {
    await this.leave();
    await this.agent?.end();
    await this.joywire?.end();
    await this.tap?.end();
    await this.sim?.end();
    rmSync(this.#home, { recursive: true, force: true });
  }
}

/** A Node.js client and everything that it heard, in order. */
export class Client {
  /** Names and arguments, telemetry apart. */
  heard = [];
  telemetry = null;
  #seq = 0;

  constructor(url, options) {
    this.socket = io(url, { rejectUnauthorized: false, reconnection: false, forceNew: true, ...options });
    this.socket.onAny((event, ...args) => {
      if (event === "telemetry") [this.telemetry] = args;
      if (event !== "telemetry" || this.heard.length === 0) this.heard.push([event, ...args]);
    });
    this.socket.on("connect_error", (error) => (this.error = error));
  }

  async welcomed() {
    await until(() => `a welcome (${this.error})`, () => this.heard.length > 0);
    const [first, welcome] = this.heard[0];
    assert.equal(first, "welcome", "something came before the welcome");
    this.welcome = welcome;
  }

  robotIs(state) {
    return until(() => `state ${state}; it is ${this.telemetry?.state}`, () => this.telemetry?.state === state);
  }

  /** The first event of this name whose arguments fit. */
  hears(event, fits = () => true) {
    const told = () => `${event}; heard:\n${this.heard.map((what) => JSON.stringify(what)).join("\n")}`;
    return until(told, () => this.heard.find(([name, ...args]) => name === event && fits(...args)));
  }

  ask(event, payload) {
    return this.socket.timeout(5000).emitWithAck(event, payload);
  }

  emit(event, ...args) {
    this.socket.emit(event, ...args);
  }

  /** Takes the seat as soon as it is free, and shows a released stick. */
  async takeSeat() {
    let reply;
    do reply = await this.ask("seat", { want: "take" });
    while (!reply.ok);
    this.epoch = reply.seat.epoch;
    await this.release();
  }

  /** Shows a released stick, and waits until the agent has seen it: the next sample would replace it. */
  async release() {
    const sent = this.drive(0, 0);
    await this.ask("seat", { want: "take" });
    return sent;
  }

  /** Sends one sample with the newest tick; returns it and when it was sent. */
  drive(x, y) {
    const { tick, session } = this.telemetry;
    const sample = { seq: (this.#seq += 1), x, y, tick, session, epoch: this.epoch };
    const t = now();
    this.socket.emit("drive", sample);
    return { t, ...sample };
  }

  /** Holds the stick for a time, 30 samples a second; returns the last one. */
  async hold(x, y, ms) {
    const end = now() + ms;
    let last = this.drive(x, y);
    while (now() < end) {
      await pause(33);
      last = this.drive(x, y);
    }
    return last;
  }

  async end() {
    this.socket.disconnect();
  }
}

/** The value that a share `q` of the values does not pass. */
export function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
}
