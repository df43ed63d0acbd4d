// How long the pins took to rest, told in one line.
import assert from "node:assert/strict";

/** The promise if no other is given: pins off this long after the cause at most, ms. */
const PROMISED_MS = 250;

/** Times of one cause. */
export class Stops {
  #what;
  #includes;
  #promised;
  #times = [];

  /** `includes` says what is in the times beside the stop itself; `promised` how long a stop may take, ms. */
  constructor(what, includes, promised = PROMISED_MS) {
    this.#what = what;
    this.#includes = includes;
    this.#promised = promised;
  }

  /** `rest`: when the pins came to rest. The cause was somewhere between `before` and `after`, ms. */
  add(rest, before, after = before) {
    // At rest before: the machine was too busy to drive, and so this tells nothing.
    if (rest < before) return;
    this.#times.push(rest - before);
    const took = rest - after;
    assert.ok(took <= this.#promised, `${this.#what}: the pins were off ${took.toFixed(1)} ms after it, ${this.#promised} are promised`);
  }

  /** Tells what was measured. */
  tell() {
    const sorted = [...this.#times].sort((a, b) => a - b);
    if (sorted.length === 0) throw new Error(`waited in vain for a measured stop: ${this.#what}`);
    const [median, worst] = [sorted[Math.floor(sorted.length / 2)], sorted[sorted.length - 1]];
    const ms = (time) => `${time.toFixed(1)} ms`;
    console.error(`${this.#what}: pins off after ${ms(median)} (p50), ${ms(worst)} (worst), n = ${sorted.length}; ${this.#includes}`);
  }
}
