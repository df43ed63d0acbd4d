// Recordings as an operator's page begins, ends and lists them; knows no DOM.
import * as event from "./events.js";

/** @typedef {"list" | "start" | "stop"} Wish */

/** What there is, and whether one is being made. */
export class Recordings {
  /** The newest first. @type {Recording[]} */
  list = [];
  /** Whether one is running; null while nobody has said so. @type {boolean | null} */
  running = null;
  /** What is being asked for. @type {Wish | null} */
  busy = null;
  /** Whether the last question failed, and why; empty if there was no answer. @type {string | null} */
  why = null;
  /** Called when anything changed. */
  onchange = () => {};

  #line;
  /** Grows with every question: only the newest answer is shown. */
  #turn = 0;

  /** @param {Line} line to the robot */
  constructor(line) {
    this.#line = line;
  }

  /** The robot's own word, which comes with its telemetry. @param {boolean} runs */
  heard(runs) {
    if (this.running === runs || this.busy !== null) return;
    this.running = runs;
    this.onchange();
    // One that has ended has its length now, and one that began a name.
    void this.ask("list");
  }

  /** Begins one or ends it. */
  toggle() {
    if (this.busy === "start" || this.busy === "stop") return undefined;
    return this.ask(this.running ? "stop" : "start");
  }

  /** Another robot. */
  forget() {
    this.#turn += 1;
    this.list = [];
    this.running = this.busy = this.why = null;
    this.onchange();
  }

  /** @param {Wish} what */
  async ask(what) {
    // A list that is asked for meanwhile would take the answer's place.
    if (what === "list" && this.busy !== null && this.busy !== "list") return;
    const turn = (this.#turn += 1);
    this.busy = what;
    this.onchange();
    /** @type {RecordingsReply | null} */
    let reply = null;
    try {
      reply = await this.#line.request(event.RECORDINGS, [{ do: what }]);
    } catch {
      // Said below.
    }
    if (turn !== this.#turn) return;
    this.busy = null;
    this.why = reply?.ok ? null : (reply?.why ?? "");
    if (reply?.ok) {
      this.list = reply.recordings ?? [];
      this.running = reply.running === true;
    }
    this.onchange();
  }
}
