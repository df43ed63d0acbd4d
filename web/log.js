// A search of the log as an operator's page makes it: asked when the typing rests, older pages on demand; knows no DOM.
import { pageClock } from "./drive.js";
import * as event from "./events.js";

/** Typing rests for this long before it is asked, ms. */
const REST_MS = 300;
const MOST = 50;

/** @typedef {{text: string, events: string[], robot: string | null}} Query */

/** What fits, oldest first, and how the search goes. */
export class LogSearch {
  /** @type {Query} */
  query = { text: "", events: [], robot: null };
  /** @type {Entry[]} */
  entries = [];
  /** Whether older ones fit, too. */
  more = false;
  /** `idle` before the first question, `asking` also while the typing goes on. @type {"idle" | "asking" | "found" | "failed"} */
  state = "idle";
  /** Whether older ones are being asked for. */
  older = false;
  /** Why it failed; empty if there was no answer. */
  why = "";
  /** Called when anything changed. */
  onchange = () => {};

  #line;
  #clock;
  /** @type {(() => void) | null} */
  #cancel = null;
  /** Grows with every change of the query: answers to what was asked before are not wanted any more. */
  #turn = 0;

  /**
   * @param {Pick<Line, "request">} line to the relay
   * @param {Clock} [clock]
   */
  constructor(line, clock = pageClock) {
    this.#line = line;
    this.#clock = clock;
  }

  /** Whether everything is asked for. */
  get plain() {
    return this.query.text === "" && this.query.events.length === 0 && this.query.robot === null;
  }

  /** Something was typed: asked when the typing rests. @param {string} text */
  type(text) {
    const trimmed = text.trim();
    if (trimmed === this.query.text) return;
    this.query = { ...this.query, text: trimmed };
    this.#begin();
    this.#cancel = this.#clock.after(() => void this.#ask(), REST_MS);
  }

  /** Something was chosen, or it is to be looked at again: asked at once. @param {Partial<Query>} [change] */
  look(change = {}) {
    this.query = { ...this.query, ...change };
    this.#begin();
    return this.#ask();
  }

  /** Nobody looks any more. */
  leave() {
    this.#begin();
    this.state = "idle";
  }

  #begin() {
    this.#cancel?.();
    this.#cancel = null;
    this.#turn += 1;
    this.state = "asking";
    this.older = false;
    this.onchange();
  }

  async #ask() {
    const turn = this.#turn;
    const reply = await this.#request({});
    if (turn !== this.#turn) return;
    this.state = reply?.ok ? "found" : "failed";
    this.why = reply?.why ?? "";
    this.entries = reply?.ok ? reply.entries : [];
    this.more = reply?.ok === true && reply.more;
    this.onchange();
  }

  /** The page before. */
  async back() {
    const [first] = this.entries;
    if (this.state !== "found" || this.older || !first || !this.more) return;
    const turn = this.#turn;
    this.older = true;
    this.why = "";
    this.onchange();
    const reply = await this.#request({ before: first.id });
    if (turn !== this.#turn) return;
    this.older = false;
    if (reply?.ok) {
      this.entries = [...reply.entries.filter(({ id }) => id < first.id), ...this.entries];
      this.more = reply.more && reply.entries.length > 0;
    } else {
      this.state = "failed";
      this.why = reply?.why ?? "";
    }
    this.onchange();
  }

  /**
   * @param {Pick<LogRequest, "before">} page
   * @returns {Promise<LogReply | null>} null without an answer
   */
  async #request(page) {
    const { text, events, robot } = this.query;
    /** @type {LogRequest} */
    const request = { text, events, robot, most: MOST, ...page };
    try {
      const reply = await this.#line.request(event.LOG, [request]);
      return reply && Array.isArray(reply.entries) ? reply : reply?.ok ? null : (reply ?? null);
    } catch {
      return null;
    }
  }
}
