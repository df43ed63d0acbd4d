// A sheet over the map: one at a time, never over a control that drives or stops.
import { part } from "./hud.js";

/** @type {Sheet | null} */
let open = null;

/** A panel with a button that shows it and one that closes it. */
export class Sheet {
  /** Called when it was shown or closed. @type {(shown: boolean) => void} */
  onchange = () => {};
  /** Called when it was shown. */
  onopen = () => {};
  #sheet;
  #toggle;

  /**
   * @param {string} name of the sheet, which `name-close` closes
   * @param {string} [toggle] the button that shows it
   */
  constructor(name, toggle = `${name}-toggle`) {
    this.#sheet = part(name);
    this.#toggle = part(toggle);
    this.#toggle.addEventListener("click", () => this.show(!this.shown));
    part(`${name}-close`).addEventListener("click", () => this.#leave());
    this.#sheet.addEventListener("keydown", (key) => {
      if (key.key === "Escape") this.#leave();
    });
  }

  get shown() {
    return open === this;
  }

  /** @param {boolean} shown */
  show(shown) {
    if (shown === this.shown) return;
    if (shown) open?.show(false);
    open = shown ? this : null;
    this.#sheet.classList.toggle("shown", shown);
    this.#toggle.setAttribute("aria-expanded", String(shown));
    this.onchange(shown);
    if (shown) this.onopen();
  }

  #leave() {
    this.show(false);
    this.#toggle.focus();
  }
}
