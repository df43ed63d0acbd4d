// A relay with several robots, each with an agent in a process of its own, as in a class.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { program, until } from "./harness.mjs";
import { House } from "./house.mjs";

/** The program beside a robot, which dials in to the relay. The robot is a simulated one. */
export class Agent {
  /** Everything that it said since it was started. */
  said = "";
  #home = mkdtempSync(join(tmpdir(), "joywire-agent-"));
  #name;
  #relay;
  #child = null;

  /**
   * @param {string} name of its robot
   * @param {string} relay its address
   */
  constructor(name, relay) {
    this.#name = name;
    this.#relay = relay;
    writeFileSync(join(this.#home, "joywire.toml"), "");
  }

  /** Starts it, or starts it again with the same data. */
  run(...more) {
    this.said = "";
    const line = ["agent", "--relay", this.#relay, "--name", this.#name, "--serial", "sim", "--config", join(this.#home, "joywire.toml")];
    const options = { env: { ...process.env, XDG_DATA_HOME: this.#home }, stdio: ["ignore", "pipe", "pipe"] };
    this.#child = spawn(program, [...line, ...more], options);
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => (this.said += text));
    }
  }

  /** As a machine that stands still, and goes on later. @param {"SIGSTOP" | "SIGCONT"} signal */
  signal(signal) {
    this.#child.kill(signal);
  }

  /** Ends it without a word. */
  async kill() {
    const child = this.#child;
    this.#child = null;
    if (!child || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
  }

  async stop() {
    await this.kill();
    rmSync(this.#home, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** The relay, open to phones, with its agents. */
export class School extends House {
  /** By the names of their robots. @type {Map<string, Agent>} */
  agents = new Map();

  /** @param {string[]} names of the robots */
  static async with(...names) {
    const school = await this.open({ command: "relay" });
    for (const name of names) await school.enrol(name);
    return school;
  }

  /** An agent is let in by its code, and brings its robot. */
  async enrol(name) {
    const agent = new Agent(name, this.url);
    this.agents.set(name, agent);
    const [, code, fingerprint] = await this.pairs(/--code (\S+) --fingerprint (\S+)\s/, "agent");
    agent.run("--code", code, "--fingerprint", fingerprint);
    try {
      await this.approve(name);
      await until("the agent to be in", () => /brings .* to the relay/.test(agent.said));
    } catch (error) {
      throw new Error(`${error.message}: ${agent.said}`);
    }
  }

  async stop() {
    for (const agent of this.agents.values()) await agent.stop();
    await super.stop();
  }
}
