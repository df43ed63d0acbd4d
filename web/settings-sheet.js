// The sheet with the choices: buttons that show what holds, and a sentence for what this browser cannot do.
import { wireFullScreen } from "./full-screen.js";
import { part, write } from "./hud.js";
import { Sheet } from "./sheet.js";
import { inWords, speak, t, pick } from "./words.js";

/** @typedef {import("./settings.js").Choice} Choice */

/** Shows the settings and puts them into effect. */
export class SettingsSheet {
  sheet = new Sheet("settings");
  #settings;
  #full = false;
  #moreContrast = matchMedia("(prefers-contrast: more)");

  /**
   * @param {import("./settings.js").Settings} settings
   * @param {{wake: boolean, vibration: boolean}} able what this browser has
   */
  constructor(settings, able) {
    this.#settings = settings;
    for (const button of this.#buttons) {
      const [what, value] = this.#meaning(button);
      button.addEventListener("click", () => settings.set(what, value));
    }
    part("swap").addEventListener("click", () => settings.set("hand", settings.get("hand") === "left" ? "right" : "left"));
    part("contrast").addEventListener("click", () => settings.set("contrast", this.contrast === "more" ? "normal" : "more"));
    part("vibration").addEventListener("click", () => {
      settings.set("vibration", settings.get("vibration") === "on" ? "off" : "on");
    });
    this.#moreContrast.addEventListener("change", () => settings.onchange("contrast"));
    addEventListener("languagechange", () => this.apply("language"));
    const fullScreen = wireFullScreen(part("full-screen"), (full) => {
      this.#full = full;
      this.#show();
    });
    part("full-screen").hidden = !fullScreen;
    part("no-full-screen").hidden = fullScreen;
    part("vibration").hidden = !able.vibration;
    part("no-vibration").hidden = able.vibration;
    part("no-wake").hidden = able.wake;
    this.apply("language");
    inWords(() => this.#show());
  }

  /** The contrast that holds: by choice, or else as the system wants it. */
  get contrast() {
    const chosen = this.#settings.get("contrast");
    return chosen === "more" || (chosen === "auto" && this.#moreContrast.matches) ? "more" : "normal";
  }

  /**
   * Puts a choice into effect. early.js has done it for the layout when the page began.
   * @param {Choice} what
   */
  apply(what) {
    const page = document.documentElement.dataset;
    if (what === "hand") page.hand = this.#settings.get("hand");
    if (what === "steer") page.steer = this.#settings.get("steer");
    if (what === "contrast") page.contrast = this.contrast;
    if (what === "language") speak(pick(this.#settings.get("language"), navigator.languages));
    this.#show();
  }

  /** There is something to shake after all: a gamepad. */
  rumbles() {
    part("vibration").hidden = false;
    part("no-vibration").hidden = true;
  }

  /** What the person should know about the way of steering. @param {string} text */
  note(text) {
    write(part("steer-note"), text);
  }

  get #buttons() {
    return /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("#settings [data-choice]"));
  }

  /**
   * @param {HTMLElement} button
   * @returns {[Choice, string]}
   */
  #meaning(button) {
    const [what = "", value = ""] = (button.dataset.choice ?? "").split(":");
    return [/** @type {Choice} */ (what), value];
  }

  #show() {
    for (const button of this.#buttons) {
      const [what, value] = this.#meaning(button);
      button.setAttribute("aria-pressed", String(this.#settings.get(what) === value));
    }
    part("swap").setAttribute("aria-checked", String(this.#settings.get("hand") === "left"));
    part("contrast").setAttribute("aria-checked", String(this.contrast === "more"));
    part("vibration").setAttribute("aria-checked", String(this.#settings.get("vibration") === "on"));
    write(part("full-screen"), t(this.#full ? "settings.leaveFull" : "settings.full"));
  }
}
