// The choices that a person makes once and that stay: hand, steering, contrast, vibration, language; knows no DOM.
import { keep, recall } from "./memory.js";

/** What there is to choose; the first is what holds until somebody chooses. */
const CHOICES = {
  hand: ["right", "left"],
  steer: ["stick", "thumbs", "tank", "tilt"],
  contrast: ["auto", "more", "normal"],
  vibration: ["on", "off"],
  language: ["auto", "en", "de"],
};

/** @typedef {keyof typeof CHOICES} Choice */

/** Remembered choices; what an older or a newer page left behind counts as not chosen. */
export class Settings {
  /** Called with what was changed. @type {(what: Choice) => void} */
  onchange = () => {};

  /**
   * @param {Choice} what
   * @returns {string}
   */
  get(what) {
    const [first = ""] = CHOICES[what];
    const kept = recall(what);
    return kept !== null && CHOICES[what].includes(kept) ? kept : first;
  }

  /**
   * @param {Choice} what
   * @param {string} value
   */
  set(what, value) {
    if (!CHOICES[what].includes(value) || value === this.get(what)) return;
    keep(what, value);
    this.onchange(what);
  }
}
