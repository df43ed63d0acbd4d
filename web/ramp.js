// Keys jump, hands do not: a wish that moves to where the keys point instead; knows no DOM.
import { pageClock } from "./drive.js";

/** From rest to full, ms. */
const RISE_MS = 250;
/** From full back to rest, while another key is still down, ms. */
const FALL_MS = 120;
/** Between two steps, ms. */
const STEP_MS = 20;

/** @typedef {{x: number, y: number, strafe: number}} Wish */

/**
 * Moves a value towards another: away from rest gently, back to it quickly, and through it when the direction changes.
 * @param {number} value
 * @param {number} wanted
 * @param {number} ms
 * @returns {number}
 */
export function towards(value, wanted, ms) {
  const back = value !== 0 && (Math.sign(wanted) !== Math.sign(value) || Math.abs(wanted) < Math.abs(value));
  if (!back) return step(value, wanted, ms / RISE_MS);
  const floor = Math.sign(wanted) === Math.sign(value) ? wanted : 0;
  const need = Math.abs(value - floor) * FALL_MS;
  if (ms < need) return step(value, floor, ms / FALL_MS);
  return floor === wanted ? wanted : towards(0, wanted, ms - need);
}

/**
 * @param {number} value
 * @param {number} wanted reached exactly, if it is near enough
 * @param {number} most
 */
function step(value, wanted, most) {
  const way = wanted - value;
  return Math.abs(way) <= most ? wanted : value + Math.sign(way) * most;
}

/** Holds a hand at a wish that grows. Letting go is not softened: it is said at once. */
export class Ramp {
  #hand;
  #clock;
  /** @type {Wish} */
  #at = { x: 0, y: 0, strafe: 0 };
  /** @type {Wish | null} */
  #wanted = null;
  /** @type {Pace} */
  #pace = null;
  #movedAt = 0;
  /** @type {(() => void) | null} */
  #cancel = null;

  /**
   * @param {Hand} hand
   * @param {Clock} [clock]
   */
  constructor(hand, clock = pageClock) {
    this.#hand = hand;
    this.#clock = clock;
  }

  /**
   * What the keys ask for now.
   * @param {Wish} wanted
   * @param {Pace} pace
   */
  aim(wanted, pace) {
    // The first step is taken at once: nobody waits for a timer to begin. One that runs goes on as it is.
    if (!this.#cancel) this.#movedAt = this.#clock.now() - STEP_MS;
    this.#wanted = wanted;
    this.#pace = pace;
    this.#step();
  }

  /** No key is down any more. */
  release() {
    this.#cancel?.();
    this.#cancel = null;
    if (!this.#wanted) return;
    this.#wanted = null;
    this.#at = { x: 0, y: 0, strafe: 0 };
    this.#hand.release();
  }

  #step() {
    this.#cancel?.();
    this.#cancel = null;
    const wanted = this.#wanted;
    if (!wanted) return;
    const now = this.#clock.now();
    const ms = now - this.#movedAt;
    this.#movedAt = now;
    const { x, y, strafe } = this.#at;
    this.#at = { x: towards(x, wanted.x, ms), y: towards(y, wanted.y, ms), strafe: towards(strafe, wanted.strafe, ms) };
    this.#hand.hold(this.#at.x, this.#at.y, this.#at.strafe, this.#pace);
    const there = this.#at.x === wanted.x && this.#at.y === wanted.y && this.#at.strafe === wanted.strafe;
    if (!there) this.#cancel = this.#clock.after(() => this.#step(), STEP_MS);
  }
}
