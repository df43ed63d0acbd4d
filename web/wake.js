// Keeps the screen on while this page drives: a screen that dims is a hidden page, and a hidden page stops.

/**
 * @typedef {{release: () => Promise<unknown>, addEventListener: (name: "release", run: () => void) => void}} Lock
 * @typedef {{wakeLock?: {request: (kind: "screen") => Promise<Lock>}}} Device
 * @typedef {{visibilityState: string, addEventListener: (name: "visibilitychange", run: () => void) => void}} Page
 */

/** The screen's lock, taken again when the page comes back: browsers take it away from a hidden page. */
export class Wake {
  #device;
  #page;
  #wanted = false;
  #asking = false;
  /** @type {Lock | null} */
  #lock = null;

  /**
   * @param {Device} [device]
   * @param {Page} [page]
   */
  constructor(device = navigator, page = document) {
    this.#device = device;
    this.#page = page;
    page.addEventListener("visibilitychange", () => void this.#take());
  }

  /** Whether the browser can keep a screen on. */
  get able() {
    return this.#device.wakeLock !== undefined;
  }

  /** @param {boolean} awake */
  async keep(awake) {
    if (awake === this.#wanted) return;
    this.#wanted = awake;
    if (awake) await this.#take();
    else await this.#free();
  }

  async #take() {
    if (!this.#wanted || this.#lock || this.#asking || this.#page.visibilityState !== "visible") return;
    this.#asking = true;
    try {
      const lock = (await this.#device.wakeLock?.request("screen")) ?? null;
      this.#lock = lock;
      lock?.addEventListener("release", () => {
        if (this.#lock === lock) this.#lock = null;
      });
    } catch {
      // A battery saver may say no; driving works without.
    }
    this.#asking = false;
    if (!this.#wanted) await this.#free();
  }

  async #free() {
    const lock = this.#lock;
    this.#lock = null;
    await lock?.release();
  }
}
