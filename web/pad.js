// The five direction buttons, which drive while they are held.
import { onLeaving } from "./leaving.js";

/** Right, forward and sideways of each button and key. @type {Record<string, readonly [number, number, number]>} */
const WAYS = {
  up: [0, 1, 0],
  down: [0, -1, 0],
  left: [-1, 0, 0],
  right: [1, 0, 0],
  "slide-left": [0, 0, -1],
  "slide-right": [0, 0, 1],
};

/**
 * The sum of some directions, in the unit circle; `strafe` is a push to the right without turning.
 * @param {Iterable<string>} ways
 */
export function sum(ways) {
  let x = 0;
  let y = 0;
  let strafe = 0;
  for (const way of ways) {
    x += WAYS[way]?.[0] ?? 0;
    y += WAYS[way]?.[1] ?? 0;
    strafe += WAYS[way]?.[2] ?? 0;
  }
  const size = Math.max(1, Math.hypot(x, y));
  return { x: x / size, y: y / size, strafe };
}

/** The buttons; two neighbours held together drive a curve. */
export class Pad {
  /** Which finger (or key) holds which direction. @type {Map<number | string, HTMLElement>} */
  #held = new Map();
  #listener;

  /**
   * @param {HTMLElement} root around buttons with `data-way`
   * @param {Hand & {halt: () => void}} listener
   */
  constructor(root, listener) {
    this.#listener = listener;
    for (const button of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-way]"))) {
      button.addEventListener("pointerdown", (event) => {
        if (event.button !== 0) return;
        try {
          button.setPointerCapture(event.pointerId);
        } catch {
          // The finger is already gone again; its pointerup follows.
        }
        this.#down(event.pointerId, button);
      });
      for (const end of /** @type {const} */ (["pointerup", "pointercancel", "lostpointercapture"])) {
        button.addEventListener(end, (event) => this.#up(event.pointerId));
      }
      button.addEventListener("keydown", (event) => {
        if (event.key === "Enter" && !event.repeat) this.#down("Enter", button);
      });
      button.addEventListener("keyup", (event) => {
        if (event.key === "Enter") this.#up("Enter");
      });
      button.addEventListener("blur", () => this.#up("Enter"));
      button.addEventListener("contextmenu", (event) => event.preventDefault());
    }
    onLeaving(() => {
      for (const finger of [...this.#held.keys()]) this.#up(finger);
    });
  }

  /**
   * @param {number | string} finger
   * @param {HTMLElement} button
   */
  #down(finger, button) {
    this.#held.set(finger, button);
    button.classList.add("held");
    if (button.dataset.way === "stop") this.#listener.halt();
    else this.#tell();
  }

  /** @param {number | string} finger */
  #up(finger) {
    const button = this.#held.get(finger);
    if (!button) return;
    this.#held.delete(finger);
    button.classList.remove("held");
    if (button.dataset.way !== "stop") this.#tell();
  }

  #tell() {
    const ways = [...this.#held.values()].map((button) => button.dataset.way ?? "").filter((way) => way in WAYS);
    if (ways.length === 0) return this.#listener.release();
    const { x, y } = sum(ways);
    return this.#listener.hold(x, y);
  }
}
