// The phone shakes when something happened that a thumb should notice without the eyes: STOP, and a seat that is lost.

/** Pulses and pauses, ms. */
const STOP = [60];
const SEAT_LOST = [40, 60, 120];

/** Vibration, where there is a motor for it and the person wants it. */
export class Buzz {
  wanted = true;
  /** Called as well: a gamepad has motors of its own. */
  onshake = () => {};
  #device;

  /** @param {{vibrate?: (pattern: number[]) => boolean}} [device] */
  constructor(device = navigator) {
    this.#device = device;
  }

  /** Whether the browser has it at all: iPhones do not. */
  get able() {
    return typeof this.#device.vibrate === "function";
  }

  stop() {
    this.#shake(STOP);
  }

  seatLost() {
    this.#shake(SEAT_LOST);
  }

  /** @param {number[]} pattern */
  #shake(pattern) {
    if (!this.wanted) return;
    if (this.able) this.#device.vibrate?.(pattern);
    this.onshake();
  }
}
