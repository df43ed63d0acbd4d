// Tilting as a stick: what a phone's attitude means, and when it counts; knows no DOM.
import { pageClock } from "./drive.js";

/** Tilted this far from where the thumb came down the stick is at its stop, degrees. */
const FULL = 28;
/** Share of that around the start that counts as centre: hands tremble. */
const DEAD = 0.14;
/** After the thumb came down the first attitude must come within this time, ms. */
const FIRST_MS = 1000;
/** While it is held the sensors must not be silent for this long, ms. */
const SILENCE_MS = 300;
/** Browsers are silent about an attitude that does not change at all, and only for so long is that believed, ms. */
const STILL_MS = 2000;
/** Nearer than this to standing on its side edge, a phone has no forward. */
const STEEP = 0.25;

/** @typedef {{x: number, y: number, z: number}} Up where up is, seen from the glass: right, top, out of it */

const RAD = Math.PI / 180;

/**
 * Where up is for somebody who looks at the screen.
 * @param {number} beta degrees, front to back (W3C Device Orientation)
 * @param {number} gamma degrees, left to right
 * @param {number} turned the screen's own rotation, `screen.orientation.angle`
 * @returns {Up}
 */
export function up(beta, gamma, turned) {
  const [b, g, s] = [beta * RAD, gamma * RAD, turned * RAD];
  const x = -Math.cos(b) * Math.sin(g);
  const y = Math.sin(b);
  return {
    x: x * Math.cos(s) - y * Math.sin(s),
    y: x * Math.sin(s) + y * Math.cos(s),
    z: Math.cos(b) * Math.cos(g),
  };
}

/**
 * What a tilt asks for: the right edge down is right, the top edge down is forward. It works for a phone that lies
 * flat and for one that is held upright like a steering wheel.
 * @param {Up} start when the thumb came down
 * @param {Up} now
 * @returns {{x: number, y: number}} in the unit circle
 */
export function stick(start, now) {
  if (Math.min(Math.hypot(start.y, start.z), Math.hypot(now.y, now.z)) < STEEP) return { x: 0, y: 0 };
  const side = (/** @type {Up} */ { x }) => Math.asin(Math.max(-1, Math.min(1, -x)));
  const pitch = (/** @type {Up} */ { y, z }) => Math.atan2(y, z);
  // The short way round, should the pitch pass upside down.
  const forward = Math.atan2(Math.sin(pitch(start) - pitch(now)), Math.cos(pitch(start) - pitch(now)));
  const x = (side(now) - side(start)) / (FULL * RAD);
  const y = forward / (FULL * RAD);
  const reach = Math.hypot(x, y);
  if (!(reach > DEAD)) return { x: 0, y: 0 };
  const size = Math.min((reach - DEAD) / (1 - DEAD), 1) / reach;
  return { x: x * size, y: y * size };
}

/** Drives while a thumb is down and the sensors speak, from the attitude that there was at the touch. */
export class Tilt {
  /** Called when sensors fell silent under a thumb: `never` if they had not spoken at all. @type {(never: boolean) => void} */
  onsilence = () => {};
  /** Called with where the stick is, for the eyes. @type {(x: number, y: number) => void} */
  onmove = () => {};

  #hand;
  #clock;
  #down = false;
  /** @type {Up | null} */
  #start = null;
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

  /** Whether a thumb is down and counts. */
  get held() {
    return this.#down;
  }

  /** The thumb comes down: neutral, until the first attitude says from where. */
  press() {
    if (this.#down) return;
    this.#down = true;
    this.#start = null;
    this.#move(0, 0);
    this.#expect(FIRST_MS);
  }

  /** The thumb comes up, or cannot be sure any more. */
  lift() {
    if (!this.#down) return;
    this.#down = false;
    this.#cancel?.();
    this.#cancel = null;
    this.onmove(0, 0);
    this.#hand.release();
  }

  /**
   * An attitude, as `deviceorientation` brings it.
   * @param {{beta: number | null, gamma: number | null}} attitude without a sensor both are nothing
   * @param {number} turned the screen's own rotation
   */
  sensed({ beta, gamma }, turned) {
    if (!this.#down || beta === null || gamma === null || !Number.isFinite(beta + gamma)) return;
    const now = up(beta, gamma, turned);
    this.#start ??= now;
    this.#movedAt = this.#clock.now();
    this.#expect(SILENCE_MS);
    const { x, y } = stick(this.#start, now);
    this.#move(x, y);
  }

  /** A sign of life from the sensors without a new attitude: the phone is held still. */
  alive() {
    if (!this.#down || !this.#start) return;
    const left = this.#movedAt + STILL_MS - this.#clock.now();
    if (left > 0) this.#expect(Math.min(SILENCE_MS, left));
  }

  /**
   * @param {number} x
   * @param {number} y
   */
  #move(x, y) {
    this.#hand.hold(x, y);
    this.onmove(x, y);
  }

  /** @param {number} ms until the next word of the sensors */
  #expect(ms) {
    this.#cancel?.();
    this.#cancel = this.#clock.after(() => {
      const never = this.#start === null;
      this.lift();
      this.onsilence(never);
    }, ms);
  }
}
