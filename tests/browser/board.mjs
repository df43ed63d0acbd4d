// An emulated Arduino Uno with the real firmware: its port, and what its motor pins do, in its own time.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { until } from "./harness.mjs";

const built = fileURLToPath(new URL("../../target/firmware/", import.meta.url));

/** Milliseconds of the clock that board and tests share. */
export const now = () => Number(process.hrtime.bigint()) / 1e6;

export class Board {
  /** Where the program opens it. */
  port = "";
  /** `[ms of the shared clock, left, right]` of every change, permille. */
  outputs = [[0, 0, 0]];
  #child = null;
  #start = 0;

  static async start() {
    const board = new Board();
    const sketch = join(built, "uno/TwoMotors.elf");
    board.#child = spawn(join(built, "board-uno"), ["--json", sketch], { stdio: ["pipe", "pipe", "inherit"] });
    const ended = new Promise((_, reject) => {
      board.#child.once("error", reject);
      board.#child.once("exit", (code) => reject(new Error(`the board ended (${code}): make firmware builds it`)));
    });
    ended.catch(() => {});
    createInterface({ input: board.#child.stdout }).on("line", (line) => board.#hear(JSON.parse(line)));
    await Promise.race([until("the board's port", () => board.port), ended]);
    return board;
  }

  #hear({ us, port, start_ns: start, out }) {
    if (port) {
      this.port = port;
      this.#start = start / 1e6;
    }
    if (out) this.outputs.push([this.#start + us / 1000, ...out]);
  }

  get #newest() {
    return this.outputs[this.outputs.length - 1];
  }

  /** Waits until both motors turn forward, at least this fast, permille. */
  turns(least = 300, ms = 3000) {
    return until("motor pins to move", () => this.#newest[1] >= least && this.#newest[2] >= least, ms);
  }

  /** Waits until both motors are off; since when. */
  async rests(ms = 3000) {
    await until("motor pins at rest", () => this.#newest[1] === 0 && this.#newest[2] === 0, ms);
    return this.#newest[0];
  }

  /** Lets time pass; throws if a motor pin was not at rest all along. */
  async staysOff(ms) {
    const from = now();
    await pause(ms + 10);
    const before = this.outputs.findLastIndex(([time]) => time <= from);
    const moved = this.outputs.slice(before).filter(([, left, right]) => left !== 0 || right !== 0);
    if (moved.length > 0) throw new Error(`the pins were to stay at rest: ${JSON.stringify(moved.slice(0, 5))}`);
  }

  /** Holds the process up, or lets it go on. Its own time goes on meanwhile; nothing is said or heard. */
  hold(held) {
    this.#child.kill(held ? "SIGSTOP" : "SIGCONT");
  }

  end() {
    this.#child?.removeAllListeners("exit");
    this.#child?.kill("SIGKILL");
  }
}
