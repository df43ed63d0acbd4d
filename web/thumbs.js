// Two thumbs: two sticks that are one hand, and what they ask for together.
import { Stick } from "./stick.js";

/**
 * @typedef {{x: number, y: number}} Place right and forward of a stick's centre
 * @typedef {"both" | "x" | "y"} Axis
 * @typedef {{axes: readonly [Axis, Axis], mix: (first: Place, second: Place) => {x: number, y: number, strafe?: number}}} How
 */

/** The first stick alone. @type {How} */
export const ALONE = { axes: ["both", "x"], mix: ({ x, y }) => ({ x, y }) };

/** One forward and back, the other left and right. Two full pushes make a diagonal of the same length as one. @type {How} */
export const CROSS = {
  axes: ["y", "x"],
  mix: ({ y }, { x }) => {
    const size = Math.max(1, Math.hypot(x, y));
    return { x: x / size, y: y / size };
  },
};

/** One moves any way without turning, the other turns: for robots that go sideways. @type {How} */
export const SLIDE = { axes: ["both", "x"], mix: ({ x, y }, turn) => ({ x: turn.x, y, strafe: x }) };

/** One a side, as in a tank. @type {How} */
export const TANK = { axes: ["y", "y"], mix: (left, right) => ({ x: (left.y - right.y) / 2, y: (left.y + right.y) / 2 }) };

/** Two sticks. Lifting either makes its part neutral; lifting both lets go. */
export class Thumbs {
  /** @type {[Place, Place]} */
  #places = [{ x: 0, y: 0 }, { x: 0, y: 0 }];
  /** @type {Set<number>} */
  #held = new Set();
  #hand;
  #how;
  #sticks;

  /**
   * @param {HTMLElement} first
   * @param {HTMLElement} second
   * @param {Hand} hand
   * @param {How} how
   */
  constructor(first, second, hand, how) {
    this.#hand = hand;
    this.#how = how;
    const stick = (/** @type {HTMLElement} */ base, /** @type {0 | 1} */ which) => {
      const knob = /** @type {HTMLElement} */ (base.querySelector(".knob"));
      const listener = {
        hold: (/** @type {number} */ x, /** @type {number} */ y) => this.#hold(which, x, y),
        release: () => this.#release(which),
      };
      return new Stick(base, knob, listener, how.axes[which]);
    };
    this.#sticks = /** @type {const} */ ([stick(first, 0), stick(second, 1)]);
  }

  /** What the sticks are for; whoever held one must take it anew. */
  set how(/** @type {How} */ how) {
    if (how === this.#how) return;
    this.drop();
    this.#how = how;
    this.#sticks[0].axis = how.axes[0];
    this.#sticks[1].axis = how.axes[1];
  }

  /** Lets go, whatever the thumbs do. */
  drop() {
    for (const stick of this.#sticks) stick.drop();
  }

  /**
   * @param {0 | 1} which
   * @param {number} x
   * @param {number} y
   */
  #hold(which, x, y) {
    this.#held.add(which);
    this.#places[which] = { x, y };
    this.#tell();
  }

  /** @param {0 | 1} which */
  #release(which) {
    this.#held.delete(which);
    this.#places[which] = { x: 0, y: 0 };
    if (this.#held.size === 0) this.#hand.release();
    else this.#tell();
  }

  #tell() {
    const { x, y, strafe } = this.#how.mix(...this.#places);
    this.#hand.hold(x, y, strafe);
  }
}
