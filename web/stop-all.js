// STOP for every robot at once, said until all of them have confirmed it; knows no DOM.
import { pageClock } from "./drive.js";
import * as event from "./events.js";
import { isRobots } from "./fleet.js";

/** It is repeated this often until there is an answer, ms. */
const REPEAT_MS = 200;
/** And this often while the answer is that some have not confirmed it, ms: slow enough to hear of a reset in between. */
const AGAIN_MS = 1000;

/**
 * What became of it. `owed`: those that are missing are stopped by the relay as soon as they are back. `reset`: a robot that had
 * confirmed it was reset since, so it is not said again. `refused`: this page may not.
 * @typedef {"none" | "waiting" | "offline" | "done" | "owed" | "reset" | "refused"} Outcome
 */

/** One press of STOP ALL. */
export class StopAll {
  /** Called when any of what follows changed. */
  onchange = () => {};
  /** Called with all robots as an answer tells them. @type {(robots: RobotSummary[]) => void} */
  onrobots = () => {};
  /** @type {Outcome} */
  outcome = "none";
  /** Who has not confirmed it. @type {string[]} */
  missing = [];
  /** What the relay says of it. */
  why = "";

  #line;
  #clock;
  #press = 0;
  /** Who has confirmed this press. @type {Set<string>} */
  #confirmed = new Set();
  /** @type {(() => void) | null} */
  #cancel = null;

  /**
   * @param {Line} line to the relay
   * @param {Clock} [clock]
   */
  constructor(line, clock = pageClock) {
    this.#line = line;
    this.#clock = clock;
  }

  /** Whether it is still being said. */
  get waiting() {
    return this.outcome === "waiting" || this.outcome === "offline";
  }

  /**
   * Acts at once, and goes on through lost connections: it is never too late for it.
   * @param {string} reason
   * @param {RobotSummary[]} robots as they are known
   */
  press(reason, robots) {
    this.#press += 1;
    this.#confirmed.clear();
    this.missing = robots.filter((robot) => !latched(robot)).map(({ name }) => name);
    this.why = "";
    this.#become("waiting");
    this.#say(reason, this.#press);
  }

  /** This page may not stop all any more. */
  forget() {
    this.#cancel?.();
    if (this.outcome !== "none") this.#become("none");
  }

  /** All robots as they are now: whoever was stopped by this press and is not any more was reset by somebody. @param {RobotSummary[]} robots */
  heard(robots) {
    if (!this.waiting || !robots.some((robot) => robot.here && this.#confirmed.has(robot.name) && released(robot))) return;
    this.#cancel?.();
    this.#become("reset");
  }

  /** @param {Outcome} outcome */
  #become(outcome) {
    this.outcome = outcome;
    this.onchange();
  }

  /**
   * @param {string} reason
   * @param {number} press
   */
  #say(reason, press) {
    if (!this.waiting || press !== this.#press) return;
    this.#after(reason, press, REPEAT_MS);
    if (!this.#line.ready) return this.#become("offline");
    this.#line.request(event.ROBOTS, [{ do: "stop", reason }]).then(
      (/** @type {RobotsReply} */ reply) => {
        if (this.waiting && press === this.#press) this.#answered(reply, reason, press);
      },
      () => {
        // It is being said again already.
      },
    );
    return undefined;
  }

  /**
   * @param {RobotsReply} reply
   * @param {string} reason
   * @param {number} press
   */
  #answered(reply, reason, press) {
    const robots = isRobots(reply?.robots) ? reply.robots : [];
    const missing = robots.filter((robot) => !latched(robot));
    this.missing = reply?.ok ? [] : missing.map(({ name }) => name);
    this.why = reply?.why ?? "";
    for (const robot of robots) if (latched(robot)) this.#confirmed.add(robot.name);
    if (robots.length > 0) this.onrobots(robots);
    if (reply?.ok || robots.length === 0 || missing.every(({ here }) => !here)) {
      this.#cancel?.();
      return this.#become(reply?.ok ? "done" : robots.length === 0 ? "refused" : "owed");
    }
    this.#after(reason, press, AGAIN_MS);
    return this.#become("waiting");
  }

  /**
   * @param {string} reason
   * @param {number} press
   * @param {number} ms
   */
  #after(reason, press, ms) {
    this.#cancel?.();
    this.#cancel = this.#clock.after(() => this.#say(reason, press), ms);
  }
}

/** @param {RobotSummary} robot */
function latched({ state }) {
  return state === "latched";
}

/** Whether its latch is open for certain. @param {RobotSummary} robot */
function released({ state }) {
  return state === "starting" || state === "ready" || state === "driving" || state === "stopped";
}
