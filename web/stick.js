// The round stick under one finger: from pointer to a position in the unit circle; knows no network.
import { onLeaving } from "./leaving.js";

/** Share of the radius around the centre that counts as centre. */
const DEAD = 0.08;

/**
 * Where a finger puts the stick.
 * @param {number} dx right of the centre, in pixels
 * @param {number} dy below the centre, in pixels
 * @param {number} radius at which the stick is at its stop, in pixels
 * @returns {{x: number, y: number}} right and forward, never outside the unit circle
 */
export function position(dx, dy, radius) {
  const reach = Math.hypot(dx, dy) / radius;
  if (!(reach > DEAD)) return { x: 0, y: 0 };
  const size = Math.min((reach - DEAD) / (1 - DEAD), 1);
  return { x: (dx / radius / reach) * size, y: (-dy / radius / reach) * size };
}

/** One stick, held by the finger that touched it first. */
export class Stick {
  /** Along which it moves. @type {"both" | "x" | "y"} */
  axis;
  #base;
  #knob;
  #hold;
  #release;
  /** @type {number | null} */
  #finger = null;

  /**
   * @param {HTMLElement} base the ring
   * @param {HTMLElement} knob inside it
   * @param {Hand} listener
   * @param {"both" | "x" | "y"} [axis] along which it moves
   */
  constructor(base, knob, { hold, release }, axis = "both") {
    this.axis = axis;
    this.#base = base;
    this.#knob = knob;
    this.#hold = hold;
    this.#release = release;
    base.addEventListener("pointerdown", (event) => this.#down(event));
    base.addEventListener("pointermove", (event) => this.#move(event));
    for (const end of /** @type {const} */ (["pointerup", "pointercancel", "lostpointercapture"])) {
      base.addEventListener(end, (event) => {
        if (event.pointerId === this.#finger) this.drop();
      });
    }
    base.addEventListener("contextmenu", (event) => event.preventDefault());
    onLeaving(() => this.drop());
  }

  /** Lets go, whatever the finger does. */
  drop() {
    if (this.#finger === null) return;
    const finger = this.#finger;
    this.#finger = null;
    this.#base.classList.remove("held");
    this.#knob.style.transform = "";
    this.#release();
    if (this.#base.hasPointerCapture(finger)) this.#base.releasePointerCapture(finger);
  }

  /** @param {PointerEvent} event */
  #down(event) {
    if (this.#finger !== null || event.button !== 0) return;
    this.#finger = event.pointerId;
    try {
      this.#base.setPointerCapture(event.pointerId);
    } catch {
      // The finger is already gone again; its pointerup follows.
    }
    this.#base.classList.add("held");
    this.#move(event);
  }

  /** @param {PointerEvent} event */
  #move(event) {
    if (event.pointerId !== this.#finger) return;
    const box = this.#base.getBoundingClientRect();
    const upright = this.axis === "y";
    const width = (box.width - this.#knob.offsetWidth) / 2;
    const height = (box.height - this.#knob.offsetHeight) / 2;
    const radius = upright ? height : this.axis === "x" ? width : Math.min(width, height);
    const dx = upright ? 0 : event.clientX - box.left - box.width / 2;
    const dy = this.axis === "x" ? 0 : event.clientY - box.top - box.height / 2;
    const over = Math.max(1, Math.hypot(dx, dy) / radius);
    this.#knob.style.transform = `translate(${dx / over}px, ${dy / over}px)`;
    const { x, y } = position(dx, dy, radius);
    this.#hold(x, y);
  }
}
