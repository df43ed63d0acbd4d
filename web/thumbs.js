// Two thumbs: one pushes forward and back, the other left and right; together they are one stick.
import { Stick } from "./stick.js";

/** Two sticks of one direction each. Lifting either makes its direction neutral; lifting both lets go. */
export class Thumbs {
  #x = 0;
  #y = 0;
  /** @type {Set<string>} */
  #held = new Set();
  #hand;
  #sticks;

  /**
   * @param {HTMLElement} ahead forward and back
   * @param {HTMLElement} aside left and right
   * @param {Hand} hand
   */
  constructor(ahead, aside, hand) {
    this.#hand = hand;
    const stick = (/** @type {HTMLElement} */ base, /** @type {"x" | "y"} */ axis) => {
      const knob = /** @type {HTMLElement} */ (base.querySelector(".knob"));
      return new Stick(base, knob, { hold: (x, y) => this.#hold(axis, x, y), release: () => this.#release(axis) }, axis);
    };
    this.#sticks = [stick(ahead, "y"), stick(aside, "x")];
  }

  /** Lets go, whatever the thumbs do. */
  drop() {
    for (const stick of this.#sticks) stick.drop();
  }

  /**
   * @param {"x" | "y"} axis
   * @param {number} x
   * @param {number} y
   */
  #hold(axis, x, y) {
    this.#held.add(axis);
    if (axis === "x") this.#x = x;
    else this.#y = y;
    this.#tell();
  }

  /** @param {"x" | "y"} axis */
  #release(axis) {
    this.#held.delete(axis);
    if (axis === "x") this.#x = 0;
    else this.#y = 0;
    if (this.#held.size === 0) this.#hand.release();
    else this.#tell();
  }

  /** Two full pushes make a diagonal of the same length as one. */
  #tell() {
    const size = Math.max(1, Math.hypot(this.#x, this.#y));
    this.#hand.hold(this.#x / size, this.#y / size);
  }
}
